"""The studio of a look: lights, background and backdrop; and cameras."""

from __future__ import annotations

import math

import bpy
import numpy as np
from mathutils import Vector

from .. import compat, names
from .kit import CELL
from .looks import Look, linear
from .nodes import Graph


def world() -> bpy.types.World:
    """A background that shades from the horizon up; `paint_world` sets its values."""
    made = bpy.data.worlds.new("LLM World")
    made[names.OURS] = True
    # Cycles samples directions by a map of the sky. At the resolution that it would choose, filling
    # the map takes seconds, and this smooth sky does not need it.
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
    """Give our world the colors and the strength of a look."""
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
    look: Look, collection: bpy.types.Collection, floor: float, behind: float
) -> list[bpy.types.Object]:
    """Make the lights of a look in `collection`, and its backdrop if it has one.

    The model stands on the height `floor` and reaches as far back as `behind`, both in meters from
    its anchor.
    """
    made = []
    for table in look.lights:
        data = bpy.data.lights.new(f"{table['name']} Light", "SUN")
        data.energy = float(table["strength"])
        data.angle = math.radians(float(table["angle"]))
        data.color = linear(table["color"])[:3]
        lamp = bpy.data.objects.new(data.name, data)
        direction = Vector(table["direction"]).normalized()
        lamp.rotation_euler = direction.to_track_quat("-Z", "Y").to_euler()
        # A sun gives the same light from any place. From here, the line that the viewport draws for
        # it crosses no shot.
        lamp.location = -LAMP_DISTANCE * direction
        made.append(lamp)
    if look.backdrop:
        made.append(_backdrop(look, floor, behind))
    for obj in made:
        obj[names.OURS] = obj.data[names.OURS] = True
        collection.objects.link(obj)
    return made


def _backdrop(look: Look, floor: float, behind: float) -> bpy.types.Object:
    """A floor that bends up into a wall behind the model, as in a photographer's studio.

    It is so wide that no camera sees its ends, and the model's shadows fall on it.
    """
    far, bend = 40_000.0, 150 * CELL
    y = behind + float(look.backdrop["distance"]) * CELL
    z = floor
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
    # It shows only in renders: in the viewport it would hide the model from every view from behind.
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


def view_settings(look: Look) -> dict[str, object]:
    """The view transform of a look, as settings of a scene by path."""
    return {
        "view_settings.view_transform": look.render["view_transform"],
        "view_settings.look": look.render["look"],
        "view_settings.exposure": float(look.render["exposure"]),
    }
