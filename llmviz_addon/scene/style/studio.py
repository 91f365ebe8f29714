"""The studio of a look: lights, background and ground; and cameras."""

from __future__ import annotations

import math

import bpy
from mathutils import Vector

from .. import compat, names
from . import ground
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
    # The sine of the elevation; the light of the horizon fades above it as haze does.
    above = g.math("MAXIMUM", height * -1.0, 0.0)
    band = g.node("ShaderNodeValue", title="band")
    band.socket.node.name = "band"
    rise = g.math("SUBTRACT", 1.0, g.math("EXPONENT", above * -1.0 / band))
    horizon = g.node("ShaderNodeRGB", title="horizon")
    horizon.socket.node.name = "horizon"
    zenith = g.node("ShaderNodeRGB", title="zenith")
    zenith.socket.node.name = "zenith"
    strength = g.node("ShaderNodeValue", title="strength")
    strength.socket.node.name = "strength"
    # What is seen may be brighter than what lights the model: else a white sky would wash it out.
    ambient = g.node("ShaderNodeValue", title="ambient")
    ambient.socket.node.name = "ambient"
    seen = g.node("ShaderNodeLightPath", out="Is Camera Ray")
    seen = g.math("MAXIMUM", seen, g.outputs(seen, "Is Glossy Ray"))
    shown = g.mix(seen, ambient, strength, data_type="FLOAT")
    light = g.node("ShaderNodeBackground", color=g.mix(rise, horizon, zenith), strength=shown)
    out = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(light.socket, out.inputs["Surface"])
    return made


def paint_world(made: bpy.types.World, look: Look) -> None:
    """Give our world the colors and the strength of a look."""
    nodes = made.node_tree.nodes
    nodes["horizon"].outputs[0].default_value = linear(look.world["horizon"])
    nodes["zenith"].outputs[0].default_value = linear(look.world["zenith"])
    for key in ("strength", "ambient", "band"):
        nodes[key].outputs[0].default_value = float(look.world[key])


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
    look: Look, collection: bpy.types.Collection, floor: float, footprint: ground.Footprint
) -> list[bpy.types.Object]:
    """Make the lights of a look in `collection`, and its ground.

    The model stands on the height `floor`, over the rectangle `footprint`, both in meters from its
    anchor.
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
        # A sun would show in ground that mirrors.
        lamp.visible_glossy = bool(table.get("mirrored", False))
        made.append(lamp)
    made.append(ground.make(look, floor, footprint, CELL))
    for obj in made:
        obj[names.OURS] = obj.data[names.OURS] = True
        collection.objects.link(obj)
    return made


def view_settings(look: Look) -> dict[str, object]:
    """The view transform of a look, as settings of a scene by path."""
    return {
        "view_settings.view_transform": look.render["view_transform"],
        "view_settings.look": look.render["look"],
        "view_settings.exposure": float(look.render["exposure"]),
    }
