"""The model that tests share which only look, and the check that they leave it as it is.

The fixture `standing` in conftest.py hands it out; a test that wants a file of its own calls
`helpers.open_built`.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np

from llmviz_addon import scene as scene_room
from tests.scene import helpers


class Shared:
    """nano-gpt in a file that all tests look at, one after the other, and none changes."""

    def __init__(self) -> None:
        self._scene = 0
        self._before: dict[str, object] = {}

    @property
    def stands(self) -> bool:
        """True if its file is the one that is open."""
        return bpy.data.scenes[0].session_uid == self._scene

    def root(self) -> bpy.types.Collection:
        """The model's root collection, in a file that is opened where it is not open already."""
        if not self.stands:
            helpers.open_built()
            self._scene = bpy.data.scenes[0].session_uid
            self._before = everything()
        (root,) = scene_room.roots(bpy.context.scene)
        return root

    def changes(self) -> dict[str, object]:
        """Entries that are not as they were; the film may have been left at another frame."""
        if not self.stands:
            return {"the file": ("nano-gpt", "another")}
        scene = bpy.context.scene
        first = self._before[f"{scene.name}..frame_current"]
        if scene.frame_current != first or scene.frame_subframe:
            scene.frame_set(first)
        found = helpers.difference(self._before, everything())
        if found:
            self._scene = 0
        return found


shared = Shared()


def everything() -> dict[str, object]:
    """A census, and everything else that a test could leave to the next in the same file."""
    found = helpers.census()
    for mesh in bpy.data.meshes:
        place = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", place)
        found[f"mesh {mesh.name_full}"] = place.tobytes(), [_name(m) for m in mesh.materials]
    for obj in bpy.data.objects:
        found[f"modifiers of {obj.name_full}"] = [(m.name, m.type) for m in obj.modifiers]
        found[f"text of {obj.name_full}"] = obj.get("llmviz_text")
        moved = obj.animation_data
        found[f"animation of {obj.name_full}"] = moved and _name(moved.action)
    for owner in (*bpy.data.node_groups, *bpy.data.materials, *bpy.data.worlds):
        if tree := getattr(owner, "node_tree", owner if hasattr(owner, "nodes") else None):
            sockets = (socket for node in tree.nodes for socket in node.inputs)
            values = [_said(getattr(socket, "default_value", None)) for socket in sockets]
            found[f"nodes of {owner!r}"] = len(tree.nodes), len(tree.links), values
    for action in bpy.data.actions:
        found[f"curves of {action.name_full}"] = list(_curves(action))
    for scene in bpy.data.scenes:
        for layer in scene.view_layers:
            seen = list(_shown(layer))
            found[f"layer {scene.name} {layer.name}"] = _name(layer.objects.active), seen
    for screen in bpy.data.screens:
        for index, area in enumerate(screen.areas):
            if area.type == "VIEW_3D":
                for part in ("", "shading", "overlay", "region_3d"):
                    space = area.spaces.active
                    owner = getattr(space, part) if part else space
                    helpers.settings_of(owner, f"view {screen.name} {index} {part}", found)
    return found


def _name(block: bpy.types.ID | None) -> str:
    return block.name_full if block else ""


def _said(value: object) -> str:
    """A socket's value, the same wherever it lies in memory."""
    if isinstance(value, bpy.types.ID):
        return value.name_full
    return str([*value]) if hasattr(value, "__len__") and not isinstance(value, str) else str(value)


def _curves(action: bpy.types.Action) -> Iterator[tuple[object, ...]]:
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                for curve in bag.fcurves:
                    keys = curve.keyframe_points
                    yield curve.data_path, curve.array_index, len(keys), tuple(keys[-1].co)


def _shown(layer: bpy.types.ViewLayer) -> Iterator[tuple[str, bool, bool]]:
    """The collections of a layer and whether they are seen; the objects that are selected."""
    waiting = [layer.layer_collection]
    while waiting:
        found = waiting.pop()
        waiting += found.children
        yield found.name, found.exclude, found.hide_viewport
    for obj in layer.objects:
        if obj.select_get(view_layer=layer) or obj.hide_get(view_layer=layer):
            yield obj.name_full, obj.select_get(view_layer=layer), obj.hide_get(view_layer=layer)
