"""A model that stands in a scene, found once for one operation.

A person may rename, move, copy, reparent or delete anything of a model, so nothing is found by its
name or by the collection that it was put into. All that belongs to a model carries the model's id
and a key that names its part in it. `Standing` reads both once, tells originals from copies, and
knows which parts are missing. It refers to Blender's data, which may be gone after an undo or after
anything a person does, so it must not be kept beyond one operation or one step of a build.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, TypeVar

import bpy

from ...detail import Plan
from ...model import Config
from ...progress import Steps, run
from ...walkthrough import Run
from .. import names
from ..version import DRAWING, VERSION
from . import ledger, originals, recipe, tree
from .errors import StandingError
from .memory import Memory
from .recipe import Recipe

Datablock = TypeVar("Datablock", bpy.types.Object, bpy.types.Collection)

ANCHOR = "anchor"

# Groups of a model's objects; those of one group are always drawn together.
MODEL, STRIPS, FILM, LIGHTS = "model", "strips", "film", "lights"

SECTION = "section:"
"""Prefix of the keys of collections that hold a section of the model."""

# Properties by which an object says what it is or belongs to; its key is made from them.
_SAYS = (
    names.BLOCK,
    names.STRIP,
    names.ACTOR,
    names.CAPTION_OF,
    names.SHADE_OF,
    names.TITLES_OF,
    names.LABEL_OF,
    names.ARROWS_OF,
)

# The name under which the keys of collections are noted, as those of groups are under theirs.
COLLECTIONS = "collections"


class Standing:
    """A model in a scene.

    Attributes
    ----------
    scene, root
        The scene in which it stands, and its root collection, on which its recipe is kept.
    id
        The model's own mark, on all that belongs to it.
    """

    def __init__(self, scene: bpy.types.Scene, root: bpy.types.Collection):
        self.scene, self.root = scene, root
        self.id = str(root.get(names.MODEL, ""))

    @cached_property
    def _found(self) -> tuple[dict[str, bpy.types.Object], list[bpy.types.Object]]:
        every = dict.fromkeys((*self.scene.objects, *self.root.all_objects))
        return _sorted_out(self.scene, _of_model(self.id, every), self._is_here)

    @property
    def _is_here(self) -> bool:
        """True if it stands where it was made, and is neither appended nor part of a copied scene.

        Then its parts have the names that they were made with, unless a person has renamed them.
        """
        return ledger.is_named_as_made(self.root)

    @property
    def objects(self) -> dict[str, bpy.types.Object]:
        """Its original objects, by key, wherever in the scene they are."""
        return self._found[0]

    @property
    def copies(self) -> list[bpy.types.Object]:
        """Objects that a person copied from it; they belong to that person."""
        return self._found[1]

    @cached_property
    def _found_collections(
        self,
    ) -> tuple[dict[str, bpy.types.Collection], list[bpy.types.Collection]]:
        within = dict.fromkeys(
            (*self.root.children_recursive, *self.scene.collection.children_recursive)
        )
        found, copies = _sorted_out(self.scene, _of_model(self.id, within), self._is_here)
        copies += [c for c in (found.pop(MODEL, None),) if c not in (None, self.root)]
        return {MODEL: self.root} | found, [c for c in copies if c != self.root]

    @property
    def collections(self) -> dict[str, bpy.types.Collection]:
        """Its collections, by key."""
        return self._found_collections[0]

    # Its recipe

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe from which it was made.

        Raises
        ------
        StandingError
            If the recipe on the root collection cannot be read.
        """
        return recipe.recipe_of(self.root)

    @cached_property
    def config(self) -> Config:
        """The model's architecture; raises what `recipe` raises."""
        return recipe.config_of(self.root)

    @property
    def title(self) -> str:
        """The model's title."""
        return recipe.title_of(self.root)

    @cached_property
    def run(self) -> Run | None:
        """The run whose numbers it shows; None for a model without numbers."""
        return recipe.run_of(self.root)

    @property
    def plan(self) -> Plan:
        """The plan by which it is drawn."""
        return run(self.plan_steps())

    def plan_steps(self) -> Steps[Plan]:
        """`plan` in steps."""
        return recipe.plan_steps_of(self.root)

    @property
    def is_current(self) -> bool:
        """True if this version of the extension made it, or one that draws it alike."""
        made = self.root.get(names.VERSION), self.root.get(names.DRAWING)
        return made == (VERSION, DRAWING)

    @property
    def is_arranged(self) -> bool:
        """True if it stands as its plan says: models drawn before there were arrangements do
        not.
        """
        return recipe.is_arranged(self.root)

    @property
    def size(self) -> float:
        """Its number of parameters, by which models in a scene are ordered."""
        return float(self.root.get(names.PARAMETERS, 0.0))

    # Its parts

    @property
    def anchor(self) -> bpy.types.Object | None:
        """The empty that carries everything: move it to move the model. None if it is deleted."""
        return self.objects.get(ANCHOR)

    def part(self, key: str) -> bpy.types.Collection:
        """The collection with this key; the root where a person has deleted that collection."""
        return self.collections.get(key, self.root)

    def marked(self, mark: str) -> dict[str, bpy.types.Object]:
        """The objects that carry the property `mark`, by its value."""
        return {str(o[mark]): o for o in self.objects.values() if mark in o}

    def acting(self, name: str) -> list[bpy.types.Object]:
        """The objects that the film calls by this name."""
        return [o for o in self.objects.values() if o.get(names.ACTOR) == name]

    @cached_property
    def blocks(self) -> dict[str, bpy.types.Object]:
        """The objects of blocks, by the names of their bundles."""
        return self.marked(names.BLOCK)

    @cached_property
    def windows(self) -> list[bpy.types.Object]:
        """The objects whose cubes stand in place of a slab's cells."""
        return [o for o in self.objects.values() if names.WINDOW_OF in o]

    def drop(self, keys: Iterable[str]) -> None:
        """Forget objects that are about to be removed."""
        for key in keys:
            self.objects.pop(key, None)
        for name in ("blocks", "windows"):
            self.__dict__.pop(name, None)

    def add(self, obj: bpy.types.Object) -> None:
        """Add an object that has just been marked by `seal`."""
        self.objects[str(obj[names.KEY])] = obj
        originals.note(self.scene, self.id, [obj])
        for name in ("blocks", "windows"):
            self.__dict__.pop(name, None)

    def adopt(self, collection: bpy.types.Collection) -> None:
        """Make a collection part of it."""
        (key,) = seal_collections(self.id, [collection])
        self.collections[key] = collection
        originals.note(self.scene, self.id, [collection])

    def made(self, group: str) -> list[str]:
        """Keys of all objects of a group that the last build made, in order."""
        return recipe.read(self.root, names.MADE, {}).get(group, [])

    def note_made(self, group: str, keys: Iterable[str]) -> None:
        """Note the keys of all objects of a group that were made."""
        known = recipe.read(self.root, names.MADE, {})
        self.root[names.MADE] = json.dumps(known | {group: list(keys)})

    @property
    def missing(self) -> list[str]:
        """Keys of objects that were made and are gone, because a person has deleted them."""
        groups = recipe.read(self.root, names.MADE, {})
        known = [key for keys in groups.values() for key in keys]
        return [k for k in known if k not in self.objects and k not in self.collections]

    # Checks before it is changed

    @property
    def is_shared(self) -> bool:
        """True if another scene shows the same collection, as a linked copy of a scene does."""
        return any(scene != self.scene for scene in self.scenes)

    @property
    def scenes(self) -> list[bpy.types.Scene]:
        """The scenes that show it."""
        return [s for s in bpy.data.scenes if self.root in s.collection.children_recursive]

    def check(self) -> None:
        """Make sure that it can be changed.

        Raises
        ------
        StandingError
            If a part of it is linked from another file, or is being edited.
        """
        for datablock in (self.root, *self.objects.values()):
            data = getattr(datablock, "data", None)
            for each in filter(None, (datablock, data)):
                if each.library or each.override_library:
                    raise StandingError(
                        f"{each.name} belongs to another file; make it local first "
                        "(Object > Relations > Make Local)"
                    )
            if getattr(datablock, "mode", "OBJECT") != "OBJECT":
                raise StandingError(
                    f"{datablock.name} is being edited; go back to Object Mode first"
                )

    def check_arranged(self) -> None:
        """Make sure that its blocks stand where its plan says.

        Raises
        ------
        StandingError
            If it was drawn before models could be arranged.
        """
        if not self.is_arranged:
            raise StandingError(
                f"{self.root.name} was built before layers could stand in rows; build it again"
            )

    def disown_copies(self) -> None:
        """Take our marks off a person's copies, so that we never take them for ours."""
        _disown((*self.copies, *self._found_collections[1]))
        self.copies.clear()
        self._found_collections[1].clear()
        self.note_originals()

    def note_originals(self) -> None:
        """Note what belongs to it, so that no copy that is made from now on is taken for it."""
        found = (*self.objects.values(), *self.collections.values())
        originals.note(self.scene, self.id, found)


def find(scene: bpy.types.Scene) -> list[Standing]:
    """The models that stand in a scene, the smallest first, whose film the scene shows.

    Models that are linked from other files are left out, because they cannot be changed here; so
    are copies that a person made of a model in the same scene, because they belong to that person.
    """
    found: dict[str, list[bpy.types.Collection]] = {}
    for root in scene.collection.children_recursive:
        if root.get(names.ROLE) == names.COMPLETE and root.library is None and names.MODEL in root:
            found.setdefault(str(root[names.MODEL]), []).append(root)
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


def leftovers(scene: bpy.types.Scene) -> list[bpy.types.ID]:
    """The remains in a scene of models whose root collection a person has deleted.

    Only models that were built in this scene count: parts that a person copied into it from another
    one belong to that person. Whatever another scene shows, too, is left to it.
    """
    elsewhere: set[bpy.types.ID] = set()
    for other in bpy.data.scenes:
        if other != scene:
            elsewhere |= {*other.objects, *other.collection.children_recursive}
    known = set(Memory(scene).models)
    roots = (c for c in bpy.data.collections if c.get(names.ROLE) == names.COMPLETE)
    known -= {str(root.get(names.MODEL)) for root in roots}
    left: list[bpy.types.ID] = []
    for model in known:
        for things in (scene.objects, scene.collection.children_recursive):
            found, _ = _sorted_out(scene, _of_model(model, dict.fromkeys(things)), True)
            left += [thing for thing in found.values() if thing not in elsewhere]
    return left


def disown_strays(scene: bpy.types.Scene) -> None:
    """Take our marks off copies that a person made of models that are gone from a scene."""
    stand = {standing.id for standing in find(scene)}
    every = (*scene.objects, *scene.collection.children_recursive)
    copies = [t for t in every if originals.is_original(scene, t) is False]
    _disown(thing for thing in copies if thing.get(names.MODEL) not in stand)


def _disown(copies: Iterable[bpy.types.ID]) -> None:
    for copy in copies:
        for mark in [key for key in copy.keys() if _is_ours(key)]:  # noqa: SIM118
            del copy[mark]


def seal(model: str, made: Iterable[bpy.types.Object]) -> list[str]:
    """Mark the objects that were drawn for a model, in order; returns their keys.

    A key is made of an object's own marks, with a number where several objects have the same.
    """
    seen: dict[str, int] = {}
    keys = []
    for obj in made:
        if not obj.get(names.OURS):
            continue
        key = _says(obj)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            key = f"{key} #{seen[key]}"
        obj[names.MODEL], obj[names.KEY] = model, key
        ledger.note(obj)
        keys.append(key)
    return keys


def seal_collections(model: str, made: Iterable[bpy.types.Collection]) -> list[str]:
    """Mark collections of a model; returns their keys."""
    keys = []
    for collection in made:
        collection[names.MODEL] = model
        ledger.note_name(collection)
        keys.append(str(collection[names.KEY]))
    return keys


def _says(obj: bpy.types.Object) -> str:
    """The part that an object plays in its model, by its marks and its original name."""
    if names.KEY in obj:
        return str(obj[names.KEY])
    if obj.get(names.ROLE) == ANCHOR:
        return ANCHOR
    owner = next((f"{obj[mark]}" for mark in _SAYS if mark in obj), "")
    return f"{owner}:{tree.plain_name(obj)}"


def _of_model(model: str, things: Iterable[Datablock]) -> Iterator[Datablock]:
    return (thing for thing in things if thing.get(names.MODEL) == model and names.KEY in thing)


def _sorted_out(
    scene: bpy.types.Scene, found: Iterable[Datablock], here: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The originals in a scene by key, and a list of all copies of them.

    With `here`, their model stands where it was made, so what is named like a copy is one.
    """
    by_key: dict[str, list[Datablock]] = {}
    for thing in found:
        by_key.setdefault(str(thing[names.KEY]), []).append(thing)
    chosen: dict[str, Any] = {}
    copies: list[Any] = []
    for key, same in by_key.items():
        left = [thing for thing in same if not _is_copy(scene, thing, here)]
        if left:
            chosen[key] = _original(left)
        copies += [thing for thing in same if thing != chosen.get(key)]
    return chosen, copies


def _is_copy(scene: bpy.types.Scene, thing: Datablock, here: bool) -> bool:
    """True if a datablock is surely a copy, also where what it was copied from is deleted."""
    known = originals.is_original(scene, thing)
    return (here and ledger.is_numbered(thing)) if known is None else not known


def _original(same: list[Datablock]) -> Datablock:
    """The one of several datablocks, none of them surely a copy, that is most likely no copy.

    A copy never has the name that was given to its original, and was made later.
    """
    if len(same) == 1:
        return same[0]
    return min(same, key=lambda thing: (not ledger.is_named_as_made(thing), thing.session_uid))


def _original_root(
    scene: bpy.types.Scene, roots: list[bpy.types.Collection]
) -> bpy.types.Collection | None:
    """The root of a model among collections that are marked as its root, if one of them is.

    A copy of a root whose original was deleted takes its place if it holds what was made for it.
    """
    left = [root for root in roots if not _is_copy(scene, root, False)]
    if not left:
        left = [r for r in roots if any(originals.is_original(scene, o) for o in r.all_objects)]
    return _original(left) if left else None


def _is_ours(prop: str) -> bool:
    return prop == names.OURS or prop.startswith(f"{names.OURS}_")
