"""Light, background and camera of a look, and the scene settings that go with them.

A look needs a few settings of the scene itself (world, camera, frame range, view transform). What
was there before is remembered on our root collection and comes back when the model is removed,
unless the user has changed it since.
"""

from __future__ import annotations

import json
import math
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from .. import compat, names
from ..drawn.blocks import CELL
from ..pictures.rendering import set_path
from .looks import Look, linear
from .nodes import Graph

REMEMBERED = "llmviz_before"

# Scene settings that Build changes, by path from the scene.
_SETTINGS = (
    "frame_start",
    "frame_end",
    "frame_current",
    "render.fps",
    "render.fps_base",
    "view_settings.view_transform",
    "view_settings.look",
    "view_settings.exposure",
)
_DATABLOCKS = ("world", "camera")


def settings(scene: bpy.types.Scene) -> dict[str, Any]:
    """The settings of a scene that Build changes, by path from the scene."""
    return {path: scene.path_resolve(path) for path in _SETTINGS}


def remember(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Note on `root` what the scene's settings are before we change them."""
    root[REMEMBERED] = json.dumps(settings(scene))
    for path in _DATABLOCKS:
        root[f"{REMEMBERED}_{path}"] = getattr(scene, path)


def note_changes(
    scene: bpy.types.Scene, root: bpy.types.Collection, before: dict[str, Any]
) -> None:
    """Note on `root` what we changed since `before`, to tell later what the user has changed."""
    ours = json.loads(root.get(f"{REMEMBERED}_set", "{}"))
    now = settings(scene)
    ours |= {path: value for path, value in now.items() if value != before[path]}
    root[f"{REMEMBERED}_set"] = json.dumps(ours)


def restore(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Give the scene back the settings it had, where they are still the ones that we set."""
    before = json.loads(root.get(REMEMBERED, "{}"))
    ours = json.loads(root.get(f"{REMEMBERED}_set", "{}"))
    for path, value in before.items():
        if path in ours and scene.path_resolve(path) == ours[path]:
            set_path(scene, path, value)
    for path in _DATABLOCKS:
        current = getattr(scene, path)
        if current is None or current.get(names.OURS):
            setattr(scene, path, root.get(f"{REMEMBERED}_{path}"))


def hand_over(old: bpy.types.Collection, root: bpy.types.Collection) -> None:
    """Pass what was remembered from a model to the one that replaces it."""
    for key in old.keys():  # noqa: SIM118  (a collection iterates over nothing)
        if key.startswith(REMEMBERED):
            root[key] = old[key]


def clear_of(scene: bpy.types.Scene, low: Vector, high: Vector) -> tuple[float, float]:
    """Where on the ground a model is clear of what else the scene has.

    A model whose box is from `low` to `high` (metres, relative to where it stands) moves to the
    right until what renders in the scene is as far from it as the model is tall: a cube in the
    middle of it, or a lamp beside it, would spoil every shot.
    """
    right = None
    for obj in scene.objects:
        if obj.get(names.OURS) or obj.hide_render or obj.type in {"CAMERA", "EMPTY", "SPEAKER"}:
            continue
        corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
        edge = max(corner.x for corner in corners)
        right = edge if right is None else max(right, edge)
    if right is None:
        return 0.0, 0.0
    return right - low.x + (high.z - low.z), 0.0


def world() -> bpy.types.World:
    """A background that shades from the horizon up; the values come from `paint`."""
    made = bpy.data.worlds.new("LLM World")
    made[names.OURS] = True
    # Cycles chooses directions by a map of the sky; its own choice of resolution takes seconds to
    # fill, and this sky is smooth.
    made.cycles.sampling_method, made.cycles.sample_map_resolution = "MANUAL", 64
    compat.use_nodes(made)
    tree = made.node_tree
    tree.nodes.clear()
    g = Graph(tree)
    direction = g.node("ShaderNodeNewGeometry", out="Incoming")
    height = g.node("ShaderNodeSeparateXYZ", out="Z", vector=direction)
    rise = g.smoothstep(g.math("MULTIPLY", height, -1.0), -0.35, 0.6)
    horizon = g.node("ShaderNodeRGB", title="horizon")
    horizon.socket.node.name = "horizon"
    zenith = g.node("ShaderNodeRGB", title="zenith")
    zenith.socket.node.name = "zenith"
    strength = g.node("ShaderNodeValue", title="strength")
    strength.socket.node.name = "strength"
    light = g.node("ShaderNodeBackground", color=g.mix(rise, horizon, zenith), strength=strength)
    out = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(light.socket, out.inputs["Surface"])
    return made


def paint_world(made: bpy.types.World, look: Look) -> None:
    """Give our world the colours of a look."""
    nodes = made.node_tree.nodes
    nodes["horizon"].outputs[0].default_value = linear(look.world["horizon"])
    nodes["zenith"].outputs[0].default_value = linear(look.world["zenith"])
    nodes["strength"].outputs[0].default_value = float(look.world["strength"])


LAMP_DISTANCE = 60.0


def camera(name: str) -> bpy.types.Object:
    """A camera as the framing of shots assumes it: 36 mm along the picture's longer side."""
    data = bpy.data.cameras.new(name)
    data.clip_start, data.clip_end = 0.01, 200_000.0
    data.sensor_width, data.sensor_fit = 36.0, "AUTO"
    made = bpy.data.objects.new(name, data)
    made[names.OURS] = data[names.OURS] = True
    return made


def lights(
    look: Look,
    collection: bpy.types.Collection,
    anchor: bpy.types.Object,
    *,
    shine: bool = True,
) -> None:
    """Replace what is in `collection` by the lights of a look, and its backdrop if it has one.

    Without `shine` it is left empty: where several models stand, one has the light for all.
    """
    for old in list(collection.objects):
        data = old.data
        bpy.data.objects.remove(old)
        bpy.data.batch_remove([data])
    if not shine:
        return
    for table in look.lights:
        data = bpy.data.lights.new(f"{table['name']} Light", "SUN")
        data.energy = float(table["strength"])
        data.angle = math.radians(float(table["angle"]))
        data.color = linear(table["color"])[:3]
        lamp = bpy.data.objects.new(data.name, data)
        direction = Vector(table["direction"]).normalized()
        lamp.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()
        # A sun shines from anywhere; from here its line in the viewport crosses no shot.
        lamp.location = -LAMP_DISTANCE * direction
        _hang(lamp, collection, anchor)
    if look.backdrop:
        _hang(_backdrop(look, anchor), collection, anchor)


def _hang(
    obj: bpy.types.Object, collection: bpy.types.Collection, anchor: bpy.types.Object
) -> None:
    obj[names.OURS] = obj.data[names.OURS] = True
    obj.parent = anchor
    collection.objects.link(obj)


def _backdrop(look: Look, anchor: bpy.types.Object) -> bpy.types.Object:
    """A floor that bends up into a wall behind the model, as in a photographer's studio.

    It is as wide as any camera can see, and takes the model's shadows.
    """
    far, bend = 40_000.0, 150 * CELL
    behind = max((child.location.y for child in anchor.children), default=0.0)
    y = behind + float(look.backdrop["distance"]) * CELL
    z = float(anchor.get(names.FLOOR, 0.0))
    turn = np.linspace(0.0, np.pi / 2, 17)
    profile = [(-far, z)]
    profile += [(y + bend * (math.sin(t) - 1), z + bend * (1 - math.cos(t))) for t in turn]
    profile.append((y, z + far))
    mesh = bpy.data.meshes.new("Backdrop")
    corners = [(side * far, *point) for point in profile for side in (-1, 1)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    mesh.from_pydata(corners, [], faces)
    mesh.shade_smooth()
    mesh.materials.append(_backdrop_material(look))
    sweep = bpy.data.objects.new("Backdrop", mesh)
    # Only in renders: in the viewport it would be in the way of every view from behind.
    sweep.hide_viewport = True
    sweep.hide_select = True
    return sweep


def _backdrop_material(look: Look) -> bpy.types.Material:
    material = bpy.data.materials.new(names.MATERIAL_BACKDROP)
    material[names.OURS] = True
    with Graph.material(material) as g:
        surface = g.node(
            "ShaderNodeBsdfDiffuse", color=linear(look.backdrop["color"]), roughness=1.0
        )
        out = g.tree.nodes.new("ShaderNodeOutputMaterial")
        g.tree.links.new(surface.socket, out.inputs["Surface"])
    return material


def apply_view(scene: bpy.types.Scene, look: Look) -> None:
    """Set the scene's view transform to the look's."""
    view = scene.view_settings
    view.view_transform = look.render["view_transform"]
    view.look = look.render["look"]
    view.exposure = float(look.render["exposure"])
