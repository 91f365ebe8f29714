"""Collections of ours: making, hiding and deleting them, and sweeping up what nothing uses."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress

import bpy

from .. import names

_NUMBER = re.compile(r"\.\d{3,}$")


def new(name: str, parent: bpy.types.Collection, key: str) -> bpy.types.Collection:
    """A new collection of ours below `parent`."""
    made = bpy.data.collections.new(name)
    made[names.OURS] = True
    made[names.KEY], made[names.ROLE] = key, key.partition(":")[0]
    parent.children.link(made)
    return made


def plain_name(datablock: bpy.types.ID) -> str:
    """A datablock's name without the number that Blender appends to a name that is taken."""
    return plain(datablock.name)


def plain(name: str) -> str:
    """A name without the number that Blender appends to a name that is taken."""
    return _NUMBER.sub("", name)


def holds(children: bpy.types.bpy_prop_collection, child: bpy.types.ID) -> bool:
    """True if `child` is among `children`; a look-up by name could find a linked namesake."""
    return child.name in children and any(each == child for each in children)


def parents_of(collection: bpy.types.Collection) -> list[bpy.types.Collection]:
    """The collections of this file that contain a collection, except scenes' own."""
    every = (c for c in bpy.data.collections if c.library is None)
    return [parent for parent in every if holds(parent.children, collection)]


# In the viewports


def hide(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Hide a model in the viewports; it is still evaluated, and rendered."""
    for _, place in _places(scene, [root]):
        place.hide_viewport = True


def show(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Show a model that was drawn while it was hidden in the viewports."""
    for _, place in _places(scene, [root]):
        # Blender hides a collection that is made inside a hidden one by itself, too.
        for found in (place, *_below(place)):
            found.hide_viewport = False


@contextmanager
def out_of_view(scene: bpy.types.Scene) -> Generator[None, None, None]:
    """Keep models out of the viewports for as long as this context lasts."""

    def models() -> list[bpy.types.Collection]:
        found = scene.collection.children_recursive
        return [c for c in found if c.get(names.ROLE) == names.COMPLETE and c.library is None]

    hidden = set()
    for layer, place in _places(scene, models()):
        if not place.hide_viewport:
            hidden.add((layer.name, place.collection.session_uid))
            place.hide_viewport = True
    try:
        yield
    finally:
        # The scene may have been deleted meanwhile.
        with suppress(ReferenceError):
            for layer, place in _places(scene, models()):
                if (layer.name, place.collection.session_uid) in hidden:
                    place.hide_viewport = False


def _places(
    scene: bpy.types.Scene, chosen: list[bpy.types.Collection]
) -> Iterator[tuple[bpy.types.ViewLayer, bpy.types.LayerCollection]]:
    """The view layers' entries for these collections, which hold their visibility."""
    for layer in scene.view_layers:
        if layer.layer_collection is None:
            # A view layer has no entries before its first update.
            layer.update()
        # List them all before the caller changes any, which may make Blender rebuild the entries.
        yield from [(layer, p) for p in _below(layer.layer_collection) if p.collection in chosen]


def _below(place: bpy.types.LayerCollection) -> Iterator[bpy.types.LayerCollection]:
    for child in place.children:
        yield child
        yield from _below(child)


# Deleting


def delete(root: bpy.types.Collection, objects: Iterable[bpy.types.Object] = ()) -> None:
    """Remove a collection of ours with everything of ours in it, and our `objects` elsewhere.

    A person's own objects in our collections move to the parent of the root, and those that are
    parented to one of our objects keep their place in the world.
    """
    home = next(iter(parents_of(root)), None) or _scene_of(root).collection
    collections = [root, *(c for c in root.children_recursive if c.get(names.OURS))]
    doomed = {*objects, *(o for o in root.all_objects if o.get(names.OURS))}
    remove([*doomed, *collections], home)
    sweep()


def discard(root: bpy.types.Collection) -> None:
    """Delete what work has made that is stopped or fails, if it is still there.

    Work may be stopped late: after an undo, or when its scene or file is not open any more.
    """
    with suppress(ReferenceError):
        delete(root)


def remove(doomed: Iterable[bpy.types.ID], home: bpy.types.Collection) -> None:
    """Remove objects and collections; a person's own things in these move to `home`."""
    doomed = set(doomed)
    for collection in (d for d in doomed if isinstance(d, bpy.types.Collection)):
        for guests, hosts in (
            (collection.objects, home.objects),
            (collection.children, home.children),
        ):
            for guest in guests:
                if guest not in doomed and not holds(hosts, guest):
                    hosts.link(guest)
    for obj in bpy.data.objects:
        if obj.parent in doomed and obj not in doomed:
            place = obj.matrix_world.copy()
            obj.parent = None
            if not obj.get(names.OURS):
                # What is ours was just drawn, and keeps its place below the parent that it gets.
                obj.matrix_world = place
    bpy.data.batch_remove(list(doomed))


def let_go(scene: bpy.types.Scene, things: Iterable[bpy.types.ID]) -> None:
    """Take objects and collections out of a scene, and leave them to the others that show them."""
    shared = {c for s in bpy.data.scenes if s != scene for c in s.collection.children_recursive}
    things = set(things)
    for home in (scene.collection, *scene.collection.children_recursive):
        if home in shared:
            continue
        for held in (home.children, home.objects):
            for thing in [each for each in held if each in things]:
                held.unlink(thing)


def settle_names(named: Iterable[bpy.types.ID]) -> None:
    """Drop the numbers that Blender appended to names while another model still had them."""
    for datablock in named:
        plain = plain_name(datablock)
        if plain != datablock.name:
            datablock.name = plain


def _scene_of(root: bpy.types.Collection) -> bpy.types.Scene:
    """The scene that has a collection; any scene where its own was deleted."""
    having = (s for s in bpy.data.scenes if root in s.collection.children_recursive)
    return next(having, bpy.data.scenes[0])


def sweep() -> None:
    """Remove datablocks of ours that nothing uses any more, and whatever only these used."""
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
    while True:
        # User counts cannot be trusted: after an undo, Blender miscounts what modifiers refer to.
        users = bpy.data.user_map()
        unused = [
            d
            for pool in pools
            for d in pool
            if d.get(names.OURS) and d.library is None and not users.get(d) and not d.use_fake_user
        ]
        if not unused:
            break
        bpy.data.batch_remove(unused)
    # Blender loads its built-in typeface with the first text, which a model of an earlier version
    # has, and never saves it of its own accord, so without a user it can go.
    builtin = (f for f in bpy.data.fonts if f.filepath == "<builtin>" and not f.users)
    bpy.data.batch_remove(list(builtin))
