"""A photo of the open file: all that a person could see or set, to compare one moment with another.

It is plain Python, so it outlives undo and files. Datablocks are told apart by their session's
number, or by name where another session is compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import bpy
import numpy as np

Aspects = dict[str, object]
Photo = dict[object, Aspects]

SETTINGS = (
    "frame_start",
    "frame_end",
    "frame_current",
    "render.fps",
    "render.fps_base",
    "view_settings.view_transform",
    "view_settings.look",
    "view_settings.exposure",
    "eevee.use_raytracing",
)
"""The scene settings that a film or a look borrows, but for world and camera."""

_PLACE = ("location", "rotation_euler", "scale")
_FLAGS = ("hide_viewport", "hide_render", "hide_select", "display_type", "parent_type")
_DATA = {
    "LIGHT": ("energy", "color", "angle"),
    "CAMERA": ("lens", "clip_start", "clip_end"),
}


def uid(datablock: bpy.types.ID | None) -> object:
    """A datablock by its session's number, which undo keeps."""
    return None if datablock is None else datablock.session_uid


def name(datablock: bpy.types.ID | None) -> object:
    """A datablock by its kind and name, which a file keeps."""
    return None if datablock is None else (datablock.id_type, datablock.name_full)


def is_ours(datablock: bpy.types.ID) -> bool:
    """True if it carries the mark of the extension, as a copy of it does, too."""
    return bool(datablock.get("llmviz"))


def photo(of: Callable[[bpy.types.ID | None], object] = uid) -> Photo:
    """The file as it is now, every datablock by `of`."""
    found: Photo = {of(c): _collection(c, of) for c in bpy.data.collections}
    cells = {of(m): _cells(m) for m in bpy.data.meshes}
    found |= {of(o): dict(_object(o, of)) for o in bpy.data.objects}
    for obj in bpy.data.objects:
        if obj.type == "MESH":
            found[of(obj)]["cells"] = cells.get(of(obj.data))
    for collection in (*bpy.data.collections, *(s.collection for s in bpy.data.scenes)):
        for obj in collection.objects:
            found[of(obj)]["collections"].append(of(collection))
    for scene in bpy.data.scenes:
        found[of(scene)] = dict(_scene(scene, of))
        for layer in scene.view_layers:
            for obj in layer.objects:
                hidden = obj.hide_get(view_layer=layer)
                found[of(obj)][f"hidden in {scene.name} {layer.name}"] = hidden
    for owner in (*bpy.data.materials, *bpy.data.node_groups, *bpy.data.worlds):
        tree = owner if isinstance(owner, bpy.types.NodeTree) else owner.node_tree
        found[of(owner)] = {
            "ours": is_ours(owner),
            "name": owner.name_full,
            "nodes": _nodes(tree),
            **_own(owner),
        }
    for pool in (bpy.data.meshes, bpy.data.actions, bpy.data.curves, bpy.data.lights):
        found |= {of(d): _data(d) for d in pool}
    return found


def _data(data: bpy.types.ID) -> Aspects:
    return {"ours": is_ours(data), "name": data.name_full, "users": data.users, **_own(data)}


def _collection(collection: bpy.types.Collection, of: Callable) -> Aspects:
    return {
        "kind": "collection",
        "ours": is_ours(collection),
        "name": collection.name_full,
        "objects": sorted(map(str, map(of, collection.objects))),
        "children": sorted(map(str, map(of, collection.children))),
        "hide_viewport": collection.hide_viewport,
        "hide_render": collection.hide_render,
        "color_tag": collection.color_tag,
        **_own(collection),
    }


def _object(obj: bpy.types.Object, of: Callable) -> Iterator[tuple[str, object]]:
    yield "kind", "object"
    yield "ours", is_ours(obj)
    yield "name", obj.name_full
    yield "parent", of(obj.parent)
    yield "inverse", tuple(map(tuple, obj.matrix_parent_inverse))
    for prop in _PLACE:
        yield prop, tuple(getattr(obj, prop))
    for prop in _FLAGS:
        yield prop, getattr(obj, prop)
    yield "data", of(obj.data)
    # Filled in from the collections: to ask each object takes long.
    yield "collections", []
    yield "modifiers", [m.name for m in obj.modifiers if not m.name.startswith("LLM ")]
    yield "constraints", [(c.name, c.type) for c in obj.constraints]
    yield "materials", [(s.link, of(s.material)) for s in obj.material_slots]
    for prop in _DATA.get(obj.type, ()):
        yield f"data.{prop}", plain(getattr(obj.data, prop))
    yield from _own(obj).items()
    yield from curves(obj)
    if obj.type == "CAMERA":
        yield from ((f"data {path}", keys) for path, keys in curves(obj.data))


def _scene(scene: bpy.types.Scene, of: Callable) -> Iterator[tuple[str, object]]:
    yield "kind", "scene"
    yield "ours", False
    yield "name", scene.name
    for path in SETTINGS:
        yield path, plain(scene.path_resolve(path))
    yield "world", of(scene.world)
    yield "camera", of(scene.camera)
    yield "markers", sorted((m.name, m.frame) for m in scene.timeline_markers)
    yield "children", sorted(map(str, map(of, scene.collection.children)))
    yield "objects", sorted(map(str, map(of, scene.collection.objects)))
    for key in sorted(scene.keys()):
        if key.startswith("llmviz_"):
            kept = scene[key]
            yield f"memory {key}", of(kept) if isinstance(kept, bpy.types.ID) else plain(kept)
    for layer in scene.view_layers:
        waiting = list(layer.layer_collection.children) if layer.layer_collection else []
        while waiting:
            place = waiting.pop()
            waiting += place.children
            shown = place.exclude, place.hide_viewport
            yield f"layer {layer.name} {of(place.collection)}", shown


def _own(datablock: bpy.types.ID) -> Aspects:
    """Custom properties, by name."""
    return {
        f'["{key}"]': plain(value)
        for key, value in datablock.items()
        if not isinstance(value, bpy.types.ID)
    }


def curves(owner: bpy.types.ID) -> Iterator[tuple[str, object]]:
    """A datablock's curves, each by its path and index, and what it is like."""
    moved = owner.animation_data
    if moved is None or moved.action is None or moved.action_slot is None:
        return
    for layer in moved.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(moved.action_slot)
            for curve in bag.fcurves if bag else ():
                yield f"curve {curve.data_path}|{curve.array_index}", _keys(curve)


def _keys(curve: bpy.types.FCurve) -> tuple[object, ...]:
    at = np.empty(2 * len(curve.keyframe_points), np.float32)
    curve.keyframe_points.foreach_get("co", at)
    return len(curve.keyframe_points), tuple(at[:6]), _digest(at), curve.mute


def _cells(mesh: bpy.types.Mesh) -> object:
    place = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", place)
    parts = [place]
    for attribute in mesh.attributes:
        if attribute.name in ("value", "order", "state", "tint"):
            kind = np.float32 if attribute.data_type == "FLOAT" else np.int32
            values = np.empty(len(attribute.data), kind)
            attribute.data.foreach_get("value", values)
            parts.append(values)
    return [_digest(part) for part in parts]


def _nodes(tree: bpy.types.NodeTree | None) -> object:
    if tree is None:
        return None
    told = [
        plain(socket.default_value)
        for node in tree.nodes
        for socket in (*node.inputs, *(node.outputs if not node.inputs else ()))
        if hasattr(socket, "default_value") and not isinstance(socket.default_value, bpy.types.ID)
    ]
    return len(tree.nodes), len(tree.links), hash(repr(told))


def _digest(values: np.ndarray) -> int:
    return hash(values.tobytes())


def plain(value: object) -> object:
    """A value that says the same when its owner is gone."""
    if isinstance(value, str | int):
        return value
    if isinstance(value, float):
        return round(value, 5)
    if hasattr(value, "to_dict"):
        return str(value.to_dict())
    if hasattr(value, "__len__"):
        return [plain(v) for v in value]
    return value


def datablocks() -> Iterator[bpy.types.ID]:
    """All datablocks of the kinds that a photo shows."""
    for pool in (
        *(bpy.data.collections, bpy.data.objects, bpy.data.scenes, bpy.data.materials),
        *(bpy.data.node_groups, bpy.data.worlds, bpy.data.meshes, bpy.data.actions),
        *(bpy.data.curves, bpy.data.lights, bpy.data.cameras),
    ):
        yield from pool


def changes(then: Aspects, now: Aspects) -> dict[str, tuple[object, object]]:
    """Differences between two photos of one thing, whoever uses it."""
    aspects = (then.keys() | now.keys()) - {"users"}
    return {k: (then.get(k), now.get(k)) for k in aspects if then.get(k) != now.get(k)}


def difference(then: Photo, now: Photo) -> dict[object, object]:
    """Differences between two photos, by thing."""
    found: dict[object, object] = {}
    for key in then.keys() | now.keys():
        if key not in now or key not in then:
            which = then if key in then else now
            found[which[key]["name"]] = "is gone" if key in then else "is new"
        elif wrong := changes(then[key], now[key]):
            found[then[key]["name"]] = wrong
    return found
