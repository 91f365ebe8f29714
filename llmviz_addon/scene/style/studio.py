"""The studio of a look: lights, background and ground; and cameras."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy
from mathutils import Vector

from .. import compat, names
from . import ground
from .kit import CELL
from .looks import Look, linear
from .nodes import Graph, Socket

# The rim over which the sun's disc ends softly, as a part of one minus the cosine of its radius.
_RIM = 0.06
# Nodes that place it: a direction away from it, and the cosine of its radius.
_AWAY, _COSINE = "away from the sun", "cosine of the sun"
# Away from a sun that has set: only stills have room for it.
_SET = (0.0, 0.0, 1.0)


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
    band = _named(g, "Value", "band")
    rise = g.math("SUBTRACT", 1.0, g.math("EXPONENT", above * -1.0 / band))
    horizon, zenith = _named(g, "RGB", "horizon"), _named(g, "RGB", "zenith")
    strength = _named(g, "Value", "strength")
    # What is seen may be brighter than what lights the model: else a white sky would wash it out.
    ambient = _named(g, "Value", "ambient")
    seen = g.node("ShaderNodeLightPath", out="Is Camera Ray")
    seen = g.math("MAXIMUM", seen, g.outputs(seen, "Is Glossy Ray"))
    shown = g.mix(seen, ambient, strength, data_type="FLOAT")
    sun, sky = _sun(g, direction, height, seen), g.mix(rise, horizon, zenith)
    sky = g.mix(sun, sky, _named(g, "RGB", "sun"))
    light = g.node("ShaderNodeBackground", color=sky, strength=shown)
    out = tree.nodes.new("ShaderNodeOutputWorld")
    tree.links.new(light.socket, out.inputs["Surface"])
    return made


def _named(g: Graph, kind: str, name: str) -> Socket:
    """A node that holds a value of the look, found by its name."""
    found = g.node(f"ShaderNode{kind}", title=name)
    found.socket.node.name = name
    return found


def _sun(g: Graph, direction: Socket, height: Socket, seen: Socket) -> Socket:
    """1 on the part of a sun's disc that is above the horizon, for eyes and mirrors; else 0.

    It lights nothing, so that a still may set it where there is room.
    """
    near = g.node("ShaderNodeVectorMath", "Value", operation="DOT_PRODUCT", vector=direction)
    near.socket.node.name = _AWAY
    rim = _named(g, "Value", _COSINE)
    disc = g.math("DIVIDE", near - rim, (1.0 - rim) * _RIM, clamp=True)
    return disc * (height < 0.0) * seen


def _paint_sun(nodes: bpy.types.Nodes, sun: dict[str, Any] | None) -> None:
    """Set the sun of a look; one without has a disc of no size."""
    if "sun" not in nodes:
        # A world of a scene that was built before there were suns.
        return
    if sun is None:
        nodes[_COSINE].outputs[0].default_value = 1.0
        return
    nodes[_AWAY].inputs[1].default_value = _SET
    nodes[_COSINE].outputs[0].default_value = math.cos(math.radians(float(sun["radius"])))
    color = linear(sun["color"])
    bright = float(sun["strength"])
    nodes["sun"].outputs[0].default_value = (*(bright * part for part in color[:3]), 1.0)


def has_sun_of(world: bpy.types.World | None, look: Look) -> bool:
    """True if a look has a sun, and a world of ours has it below the horizon, where it rests."""
    if "sun" not in look.world or world is None or names.OURS not in world:
        return False
    node = None if world.node_tree is None else world.node_tree.nodes.get(_AWAY)
    return node is not None and tuple(node.inputs[1].default_value) == _SET


@contextmanager
def sun_toward(world: bpy.types.World, look: Look, way: Vector) -> Iterator[None]:
    """Have the sun of a look rise in a level direction, while this context lasts."""
    socket = world.node_tree.nodes[_AWAY].inputs[1]
    lift = math.radians(float(look.world["sun"]["elevation"]))
    level = Vector((way.x, way.y, 0.0)).normalized() * math.cos(lift)
    try:
        socket.default_value = (-level.x, -level.y, -math.sin(lift))
        yield
    finally:
        socket.default_value = _SET


def paint_world(made: bpy.types.World, look: Look) -> None:
    """Give our world the colors and the strength of a look."""
    nodes = made.node_tree.nodes
    nodes["horizon"].outputs[0].default_value = linear(look.world["horizon"])
    nodes["zenith"].outputs[0].default_value = linear(look.world["zenith"])
    for key in ("strength", "ambient", "band"):
        nodes[key].outputs[0].default_value = float(look.world[key])
    _paint_sun(nodes, look.world.get("sun"))


LAMP_DISTANCE = 60.0


def camera(name: str) -> bpy.types.Object:
    """A camera as the framing of shots assumes it: 36 mm along the picture's longer side."""
    data = bpy.data.cameras.new(name)
    data.clip_start, data.clip_end = 0.01, 200_000.0
    data.sensor_width, data.sensor_fit = 36.0, "AUTO"
    # What is beside the picture is hardly seen in the viewport, so that the film is looked at as it
    # will be.
    data.passepartout_alpha = 0.92
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


def reflections(look: Look) -> int:
    """The number of reflections in a row that a look's pictures show; 0 without any mirror."""
    return int(look.render.get("reflections", 0))


def view_settings(look: Look) -> dict[str, object]:
    """The settings of a scene that belong to a look, by path: the view transform, and whether
    EEVEE shows what is mirrored.
    """
    return {
        "eevee.use_raytracing": reflections(look) > 0,
        "view_settings.view_transform": look.render["view_transform"],
        "view_settings.look": look.render["look"],
        "view_settings.exposure": float(look.render["exposure"]),
    }
