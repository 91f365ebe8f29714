"""Collections of ours: one root for each model, with sub-collections after the section tree."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress

import bpy

from ...progress import Steps
from .. import names
from ..version import VERSION


def roots(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """The root collections of the models in `scene`, without those linked from other files.

    The smallest model first: the film is its own.
    """
    found = [
        c
        for c in scene.collection.children_recursive
        if c.get(names.ROLE) == "model" and c.library is None
    ]
    return in_order(found)


def in_order(found: list[bpy.types.Collection]) -> list[bpy.types.Collection]:
    """Root collections, that of the smallest model first."""
    return sorted(found, key=lambda root: root.get(names.PARAMETERS, 0.0))


def new(name: str, parent: bpy.types.Collection, role: str) -> bpy.types.Collection:
    """A collection of ours below `parent`."""
    made = bpy.data.collections.new(name)
    made[names.OURS] = True
    made[names.ROLE] = role
    parent.children.link(made)
    return made


def hide(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Keep a model out of the viewports; it is evaluated all the same, and rendered."""
    for _, place in _places(scene, {root.name}):
        place.hide_viewport = True


def show(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Show a model in the viewports that was drawn while it was hidden."""
    for _, place in _places(scene, {root.name}):
        # Collections that are made in a hidden one are hidden themselves.
        for found in (place, *_below(place)):
            found.hide_viewport = False


@contextmanager
def out_of_view(scene: bpy.types.Scene) -> Generator[None, None, None]:
    """The models that stand kept out of the viewports for a while."""
    models = {root.name for root in roots(scene)}
    hidden = set()
    for layer, place in _places(scene, models):
        if not place.hide_viewport:
            hidden.add((layer.name, place.name))
            place.hide_viewport = True
    try:
        yield
    finally:
        # The scene may have been deleted meanwhile.
        with suppress(ReferenceError):
            for layer, place in _places(scene, models):
                if (layer.name, place.name) in hidden:
                    place.hide_viewport = False


def _places(
    scene: bpy.types.Scene, called: set[str]
) -> Iterator[tuple[bpy.types.ViewLayer, bpy.types.LayerCollection]]:
    """Where view layers keep whether they show collections of these names."""
    for layer in scene.view_layers:
        if layer.layer_collection is None:
            # It has none before it is worked out for the first time.
            layer.update()
        # All of them before any is changed, which may make Blender work them out anew.
        yield from [(layer, c) for c in _below(layer.layer_collection) if c.name in called]


def _below(place: bpy.types.LayerCollection) -> Iterator[bpy.types.LayerCollection]:
    for child in place.children:
        yield child
        yield from _below(child)


def part(root: bpy.types.Collection, role: str) -> bpy.types.Collection | None:
    """The sub-collection of `root` with this role ("captions", "lights", ...)."""
    return next((c for c in root.children_recursive if c.get(names.ROLE) == role), None)


def objects(root: bpy.types.Collection, mark: str) -> dict[str, bpy.types.Object]:
    """Objects below `root` that carry the property `mark`, by its value."""
    return {str(o[mark]): o for o in root.all_objects if mark in o}


def blocks(root: bpy.types.Collection) -> dict[str, bpy.types.Object]:
    """The block objects of a model by the names of their blocks."""
    return objects(root, names.BLOCK)


def anchor_of(root: bpy.types.Collection) -> bpy.types.Object:
    """The empty that carries everything of a model: move it to move the model."""
    return next(o for o in root.objects if o.get(names.ROLE) == "anchor")


def _ours_in(root: bpy.types.Collection) -> Iterator[bpy.types.ID]:
    for obj in root.all_objects:
        if obj.get(names.OURS):
            yield obj
    for child in root.children_recursive:
        if child.get(names.OURS):
            yield child
    yield root


def delete(root: bpy.types.Collection) -> None:
    """Remove a model: what we made for it and nothing else.

    What a user has put into one of our collections moves to the parent of the root, and what hangs
    on one of our objects stays where it is.
    """
    parents = [c for c in bpy.data.collections if root.name in c.children]
    home = parents[0] if parents else _scene_of(root).collection
    ours = [root, *(c for c in root.children_recursive if c.get(names.OURS))]
    for collection in ours:
        for guests, hosts in (
            (collection.objects, home.objects),
            (collection.children, home.children),
        ):
            for guest in guests:
                if not guest.get(names.OURS) and guest.name not in hosts:
                    hosts.link(guest)
    doomed = set(_ours_in(root))
    for obj in bpy.data.objects:
        if obj.parent in doomed and obj not in doomed:
            place = obj.matrix_world.copy()
            obj.parent = None
            obj.matrix_world = place
    bpy.data.batch_remove(list(doomed))
    sweep()


def evaluate(scene: bpy.types.Scene) -> None:
    """Have Blender work out what was made since; text is most of it.

    Else all of it is left to the next time that the scene is drawn, in one go.
    """
    for layer in scene.view_layers:
        layer.update()


def evaluating(scene: bpy.types.Scene, work: Steps[None]) -> Steps[None]:
    """Work that draws, evaluated after each of its steps."""
    for told in work:
        evaluate(scene)
        yield told
    evaluate(scene)


def settle_names(root: bpy.types.Collection) -> None:
    """Drop the numbers that Blender put after names while another model had them."""
    drawn = blocks(root).values()
    named = (*root.children_recursive, *drawn, *(obj.data for obj in drawn))
    for datablock in (root, *named, *bpy.data.materials, *bpy.data.images):
        if datablock.get(names.OURS):
            datablock.name = re.sub(r"\.\d{3}$", "", datablock.name)


def _scene_of(root: bpy.types.Collection) -> bpy.types.Scene:
    return next(s for s in bpy.data.scenes if root in s.collection.children_recursive)


def sweep() -> None:
    """Remove datablocks of ours that nothing uses any more, and what only they used.

    What models share stays while there is a model: the next film needs it, and somebody may have
    changed it.
    """
    pools = (
        bpy.data.objects,
        bpy.data.meshes,
        bpy.data.curves,
        bpy.data.fonts,
        bpy.data.lights,
        bpy.data.cameras,
        bpy.data.actions,
        bpy.data.worlds,
        bpy.data.materials,
        bpy.data.images,
        bpy.data.node_groups,
        bpy.data.collections,
    )
    stands = any(c.get(names.ROLE) == "model" and not c.library for c in bpy.data.collections)
    shared = VERSION if stands else None
    while True:
        # Not by their counts of users: after an undo step those of what modifiers refer to are off.
        users = bpy.data.user_map()
        unused = [
            d
            for pool in pools
            for d in pool
            if d.get(names.OURS)
            and d.library is None
            and not users.get(d)
            and (shared is None or d.get(names.VERSION) != shared or d.get(names.OPTIONAL))
        ]
        if not unused:
            break
        bpy.data.batch_remove(unused)
    # Blender loads its built-in typeface with the first text, and writes it to no file by itself.
    builtin = (f for f in bpy.data.fonts if f.filepath == "<builtin>" and not f.users)
    bpy.data.batch_remove(list(builtin))
