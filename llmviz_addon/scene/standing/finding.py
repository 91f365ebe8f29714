"""The models of a scene, found by their marks, and what is left of others."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .. import names
from . import ledger, originals
from .copies import disown, original, sorted_out
from .errors import StandingError
from .keys import ANCHOR
from .memory import Memory
from .standing import Standing


def find(scene: bpy.types.Scene) -> list[Standing]:
    """The models that stand in a scene, the smallest first, whose film the scene shows.

    Models that are linked from other files are left out, because they cannot be changed here; so
    are copies that a person made of a model in the same scene, because they belong to that person.
    """
    found: dict[str, list[bpy.types.Collection]] = {}
    for root in scene.collection.children_recursive:
        if root.get(names.ROLE) == names.COMPLETE and root.library is None and names.MODEL in root:
            found.setdefault(str(root[names.MODEL]), []).append(root)
    for model, roots in found.items():
        if not originals.is_known(scene, model):
            shown = {*scene.objects, *roots, *(obj for root in roots for obj in root.all_objects)}
            originals.inherit(scene, model, shown)
    chosen = (_original_root(scene, roots) for roots in found.values())
    stand = in_order(Standing(scene, root) for root in chosen if root is not None)
    for standing in stand:
        if not originals.is_known(scene, standing.id):
            standing.note_originals()
    return stand


def find_one(scene: bpy.types.Scene, model: str) -> Standing | None:
    """The model with this id, looked up anew; None if it is gone."""
    return next((standing for standing in find(scene) if standing.id == model), None)


def in_order(found: Iterable[Standing]) -> list[Standing]:
    """Models in order of size, the smallest first."""
    return sorted(found, key=lambda standing: standing.size)


def roots(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """The root collections of the models in a scene, the smallest first."""
    return [standing.root for standing in find(scene)]


def of_root(root: bpy.types.Collection) -> Standing:
    """The model of a root collection, in the first scene that shows it."""
    scene = next((s for s in bpy.data.scenes if root in s.collection.children_recursive), None)
    if scene is None:
        raise StandingError(f"{root.name} is in no scene; link it into one first")
    return Standing(scene, root)


def unfinished(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Root collections of builds that were under way when the file was saved or Blender closed."""
    found = scene.collection.children_recursive
    return [c for c in found if c.get(names.ROLE) == names.UNFINISHED and c.library is None]


def leftovers(scene: bpy.types.Scene) -> tuple[list[bpy.types.ID], list[bpy.types.ID]]:
    """The remains in a scene of models whose root collection a person has deleted.

    Those that no other scene has a claim to, and the others, which are left to these scenes. Only
    models that were built in this scene count: parts that a person copied into it from another one
    belong to that person.
    """
    own: list[bpy.types.ID] = []
    shared: list[bpy.types.ID] = []
    for model in set(Memory(scene).models) - _with_roots(scene):
        of_model = [thing for thing in _shown(scene) if thing.get(names.MODEL) == model]
        originals.inherit(scene, model, of_model)
        # In a copy of a scene no part has the name that it was made with.
        copied = any(thing.get(names.ROLE) == ANCHOR for thing in of_model)
        here = not copied or any(map(ledger.is_named_as_made, of_model))
        elsewhere: set[bpy.types.ID] = set()
        for other in bpy.data.scenes:
            # What a person keeps in a collection of several scenes stays in all of them until the
            # model is removed from the last.
            if other != scene and model in _with_roots(other) | set(Memory(other).models):
                elsewhere.update(_shown(other))
        for kind in (bpy.types.Object, bpy.types.Collection):
            things = [thing for thing in of_model if isinstance(thing, kind)]
            for thing in sorted_out(scene, model, things, here)[0].values():
                (shared if thing in elsewhere else own).append(thing)
    return own, shared


def _shown(scene: bpy.types.Scene) -> tuple[bpy.types.ID, ...]:
    """All objects and collections of a scene."""
    return (*scene.objects, *scene.collection.children_recursive)


def _with_roots(scene: bpy.types.Scene) -> set[str]:
    """The ids of the models whose root collections are in a scene."""
    parts = scene.collection.children_recursive
    return {str(c.get(names.MODEL)) for c in parts if c.get(names.ROLE) == names.COMPLETE}


def disown_strays(scene: bpy.types.Scene) -> None:
    """Take our marks off copies that a person made of models that are gone from a scene."""
    stand = {standing.id for standing in find(scene)}
    copies = [t for t in _shown(scene) if originals.is_original(scene, t) is False]
    disown(thing for thing in copies if thing.get(names.MODEL) not in stand)


def settle_copies(scene: bpy.types.Scene) -> None:
    """Settle what is a person's copy, for a file that will not know any more which were made last.

    That is done before the file is saved, and does no more than the next build would do.
    """
    for standing in find(scene):
        standing.disown_doubtful_copies()
    disown_strays(scene)


def _original_root(
    scene: bpy.types.Scene, roots: list[bpy.types.Collection]
) -> bpy.types.Collection | None:
    """The root of a model among collections that are marked as its root, if one of them is.

    A copy of a root whose original was deleted takes its place if it holds what was made for it.
    """
    left = [root for root in roots if originals.is_original(scene, root) is not False]
    if not left:
        left = [r for r in roots if any(originals.is_original(scene, o) for o in r.all_objects)]
    return original(left) if left else None
