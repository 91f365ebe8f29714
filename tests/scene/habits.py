"""Habits of people with a file in which models stand, each with Blender's own means.

A habit returns whether it was possible, and notes in the desk's book what was meant.
"""

from __future__ import annotations

import bpy

from llmviz_addon import scene as scene_room

from . import photo as photos
from .desk import Desk
from .photo import SETTINGS, datablocks, photo, uid

PLACE = ("move", "rename", "hide", "parent", "unparent", "away", "hang")
LOOKS = ("key", "key film", "gain", "words", "light", "dress", "modify", "mode")
NUMBER = ("delete", "copy", "linked copy")
PART = ("rename", "hide", "exclude", "dissolve", "inside")
ROOT = ("away", "copy", "dissolve", "delete")


class Habits:
    """Somebody's habits, at a desk."""

    desk: Desk

    def _is_moved(self, obj, path):
        """True if a curve moves one of its properties."""
        return any(key.startswith(f"curve {path}|") for key, _ in photos.curves(obj))

    def _move(self, obj):
        if self._is_moved(obj, "location"):
            return False
        obj.location.x += 0.25
        self.desk.touch(obj, "location")
        return True

    def _rename(self, obj):
        obj.name = f"Mine {self.desk.number()}"
        self.desk.touch(obj, "name")

    def _hide(self, obj):
        number = self.desk.number()
        if number % 3 == 0:
            obj.hide_render = not obj.hide_render
            self.desk.touch(obj, "hide_render")
        elif number % 3 == 1:
            obj.hide_viewport = not obj.hide_viewport
            self.desk.touch(obj, "hide_viewport")
        elif obj.name in bpy.context.view_layer.objects:
            obj.hide_set(not obj.hide_get())
            layer = bpy.context.view_layer
            self.desk.touch(obj, f"hidden in {bpy.context.scene.name} {layer.name}")

    def _empty(self):
        """Something of one's own."""
        empty = bpy.data.objects.new(f"Own {self.desk.number()}", None)
        bpy.context.scene.collection.objects.link(empty)
        empty.location = (3, 1, 0)
        self.desk.book.theirs.add(uid(empty))
        bpy.context.view_layer.update()
        return empty

    def _select(self, *objects):
        """Select objects, the last of them as the active one; whether that was possible."""
        layer = bpy.context.view_layer
        if any(o.name not in layer.objects or o.hide_get() or o.hide_viewport for o in objects):
            return False
        for obj in layer.objects:
            obj.select_set(False)
        for obj in objects:
            obj.select_set(True)
        layer.objects.active = objects[-1]
        return all(o.select_get() for o in objects)

    def _parent(self, obj):
        empty = self._empty()
        if self._select(obj, empty):
            bpy.ops.object.parent_set(type="OBJECT", keep_transform=True)
        else:
            place = obj.matrix_world.copy()
            obj.parent = empty
            obj.matrix_world = place
        self.desk.touch(obj, "parent", "inverse")
        if not self._is_moved(obj, "location"):
            self.desk.touch(obj, "location")

    def _unparent(self, obj):
        if obj.parent is None or not self._select(obj):
            return False
        bpy.ops.object.parent_clear(type="CLEAR_KEEP_TRANSFORM")
        self.desk.touch(obj, "parent")
        return True

    def _key(self, obj):
        if self._is_moved(obj, "rotation_euler"):
            return False
        obj.keyframe_insert("rotation_euler", frame=self.desk.number())
        self.desk.touch(obj, *(f"curve rotation_euler|{i}" for i in range(3)))
        return True

    def _key_film(self, obj):
        if not self._is_moved(obj, '["opacity"]'):
            return False
        obj.keyframe_insert('["opacity"]', frame=self.desk.number())
        self.desk.touch(obj, 'curve ["opacity"]|0')
        return True

    def _gain(self, obj):
        if "gain" not in obj:
            return False
        obj["gain"] = obj["gain"] * 1.5
        self.desk.touch(obj, '["gain"]')
        return True

    def _words(self, obj):
        if "llmviz_text" not in obj:
            return False
        obj["llmviz_text"] = f"w{self.desk.number()}"
        self.desk.touch(obj, '["llmviz_text"]')
        return True

    def _light(self, obj):
        if obj.type != "LIGHT":
            return False
        obj.data.energy += 1.5
        self.desk.touch(obj, "data.energy")
        return True

    def _dress(self, obj):
        if not obj.material_slots:
            return False
        slot = obj.material_slots[0]
        slot.link = "OBJECT"
        slot.material = bpy.data.materials.new(f"Own {self.desk.number()}")
        self.desk.touch(obj, "materials")
        return True

    def _modify(self, obj):
        if obj.type != "MESH":
            obj.constraints.new("LIMIT_SCALE").name = f"Own {self.desk.number()}"
            self.desk.touch(obj, "constraints")
        else:
            obj.modifiers.new(f"Own {self.desk.number()}", "SUBSURF").show_viewport = False
            self.desk.touch(obj, "modifiers")

    def _delete(self, obj):
        desk = self.desk
        for scene in bpy.data.scenes:
            for standing in scene_room.find(scene):
                key = str(obj.get("llmviz_key"))
                if standing.objects.get(key) == obj:
                    desk.book.gone.add((uid(scene), standing.id, key))
        desk.book.theirs.discard(uid(obj))
        for child in bpy.data.objects:
            if child.parent == obj:
                desk.book.touched.get(uid(child), set()).difference_update({"parent", "inverse"})
        bpy.data.objects.remove(obj)
        return True

    def _copy(self, obj, linked=False):
        if not self._select(obj):
            return False
        before = {uid(d) for d in datablocks()}
        bpy.ops.object.duplicate(linked=linked)
        made = {uid(d) for d in datablocks()} - before
        self.desk.book.theirs |= made
        self.desk.book.linked |= made if linked else set()
        return True

    def _linked_copy(self, obj):
        return self._copy(obj, linked=True)

    def _away(self, obj):
        """Move it into a collection of one's own."""
        home = bpy.data.collections.new(f"Own {self.desk.number()}")
        bpy.context.scene.collection.children.link(home)
        for old in list(obj.users_collection):
            old.objects.unlink(obj)
        home.objects.link(obj)
        self.desk.touch(obj, "collections")

    def _hang(self, obj):
        """Hang something of one's own on it, in its collection."""
        empty = self._empty()
        empty.parent = obj
        for home in obj.users_collection[:1]:
            for old in list(empty.users_collection):
                old.objects.unlink(empty)
            home.objects.link(empty)

    def _mode(self, obj):
        if bpy.context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
            return True
        if obj.type != "MESH" or not self._select(obj):
            return False
        bpy.ops.object.mode_set(mode="EDIT")
        return True

    # What a person does with collections, the scene and time

    def _part_rename(self, part):
        part.name = f"Part {self.desk.number()}"
        self.desk.touch(part, "name")

    def _part_hide(self, part):
        part.hide_render = not part.hide_render
        self.desk.touch(part, "hide_render")

    def _part_exclude(self, part):
        waiting = [bpy.context.view_layer.layer_collection]
        while waiting:
            place = waiting.pop()
            waiting += place.children
            if place.collection == part:
                place.exclude = not place.exclude

    def _part_inside(self, part):
        part.children.link(bpy.data.collections.new(f"Own {self.desk.number()}"))

    def _part_dissolve(self, part):
        if part.get("llmviz_key") == "model":
            return False
        for scene in bpy.data.scenes:
            for standing in scene_room.find(scene):
                key = str(part["llmviz_key"])
                if standing.collections.get(key) == part:
                    self.desk.book.gone.add((uid(scene), standing.id, key))
        dissolve(part)
        return True

    def _root_away(self, root):
        """Put it into a collection of one's own."""
        home = bpy.data.collections.new(f"Own {self.desk.number()}")
        self.desk.scene.collection.children.link(home)
        for parent in parents_of(root):
            parent.children.unlink(root)
        home.children.link(root)

    def _root_dissolve(self, root):
        dissolve(root)

    def _root_delete(self, root):
        """Delete it with all that is in it."""
        objects, parts = list(root.all_objects), [root, *root.children_recursive]
        self.desk.book.theirs -= {uid(o) for o in objects}
        bpy.data.batch_remove([*objects, *parts])

    def _root_copy(self, root):
        """Duplicate it as the Outliner does."""
        before = {uid(d) for d in datablocks()}
        duplicate(root, parents_of(root)[0])
        self.desk.book.theirs |= {uid(d) for d in datablocks()} - before


def furnish() -> dict[str, object]:
    """Put things of a person's own into an empty scene; returns what the scene is like then."""
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add()
    scene.camera = bpy.data.objects.new("Own Camera", bpy.data.cameras.new("Own Camera"))
    scene.collection.objects.link(scene.camera)
    scene.world = bpy.data.worlds.new("Own World")
    scene.frame_start, scene.frame_end, scene.render.fps = 7, 77, 30
    scene.frame_set(20)
    scene.view_settings.exposure = 0.5
    scene.timeline_markers.new("Own", frame=9)
    found = photo(photos.name)[photos.name(scene)]
    return {path: found[path] for path in (*SETTINGS, "world", "camera")}


def parents_of(part: bpy.types.Collection) -> list[bpy.types.Collection]:
    """The collections that a collection lies in."""
    every = (*bpy.data.collections, *(s.collection for s in bpy.data.scenes))
    return [c for c in every if part.name in c.children]


def dissolve(part: bpy.types.Collection) -> None:
    """Delete a collection as the Outliner does, which leaves what is in it to its parent."""
    for parent in parents_of(part):
        for things, home in ((part.objects, parent.objects), (part.children, parent.children)):
            for thing in things:
                if thing.name not in home:
                    home.link(thing)
    bpy.data.collections.remove(part)


def duplicate(part: bpy.types.Collection, home: bpy.types.Collection) -> bpy.types.Collection:
    """Duplicate a collection with all that is in it, as the Outliner does."""
    copies: dict[bpy.types.Object, bpy.types.Object] = {}
    made = _duplicate(part, home, copies)
    actions = {}
    for original, mine in copies.items():
        mine.parent = copies.get(original.parent, original.parent)
        for was, owner in ((original, mine), (original.data, mine.data)):
            if was is not None and was.animation_data and was.animation_data.action:
                action, slot = was.animation_data.action, was.animation_data.action_slot
                if action not in actions:
                    actions[action] = action.copy()
                owner.animation_data.action = actions[action]
                owner.animation_data.action_slot = actions[action].slots[slot.identifier]
    return made


def _duplicate(
    part: bpy.types.Collection,
    home: bpy.types.Collection,
    copies: dict[bpy.types.Object, bpy.types.Object],
) -> bpy.types.Collection:
    made = part.copy()
    for things in (made.objects, made.children):
        for thing in list(things):
            things.unlink(thing)
    home.children.link(made)
    for obj in part.objects:
        copies[obj] = obj.copy()
        if obj.data is not None:
            copies[obj].data = obj.data.copy()
        made.objects.link(copies[obj])
    for child in part.children:
        _duplicate(child, made, copies)
    return made
