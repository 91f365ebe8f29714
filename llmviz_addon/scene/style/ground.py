"""The ground that a model stands on: a plain, water, or a studio's sweep, up to the horizon.

It is one mesh and one material. The plain ends in the color that the world has at its horizon, so
that no edge is seen; a person who looks from below sees through it. What a model's contact with the
ground looks like is computed from the rectangle that it stands over, so that it costs no light and
is there in every engine.
"""

from __future__ import annotations

import math

import bpy
import numpy as np

from .. import names
from .groups.cell_color import look_color, look_value, not_
from .looks import Look, linear
from .materials import light_nothing
from .nodes import Graph, Socket

# Half the side of the plain, in meters; and cells of the bend of a sweep.
FAR, BEND = 400_000.0, 150.0

# Meters from the middle at which its faces end. A single one as large as the plain is more than the
# precision of graphics cards allows: parts of it would not be drawn.
_AWAY = np.geomspace(1.0, FAR, 12)

# The middle of the colors of a noise.
_MIDDLE = (0.5, 0.5, 0.5)

# Meters along a model for which the lengths of looks are meant.
USUAL = 13.0

# Lengths of the model that a camera may be away from it before the air gets clearer: so many as in
# pictures of that model alone. Where others stand beside it, a thousand times as large, the camera
# is far from it, and haze of the same depth would leave nothing of the ground.
ALONE = 1.5

# Least and greatest corner, (x, y), of the rectangle that a model stands over, in meters.
Footprint = tuple[tuple[float, float], tuple[float, float]]


def make(look: Look, height: float, footprint: Footprint, cell: float) -> bpy.types.Object:
    """The ground of a look at a height, around a model that stands over a rectangle.

    Parameters
    ----------
    look
        A look with a ground.
    height
        Of the ground, in meters.
    footprint
        The rectangle that the model stands over.
    cell
        Meters along a cell.
    """
    (left, front), (right, behind) = footprint
    across = (*-_AWAY[::-1], *_AWAY)
    profile = [(y, height) for y in across]
    if "wall" in look.ground:
        y, bend = behind + float(look.ground["wall"]) * cell, BEND * cell
        turn = np.linspace(0.0, np.pi / 2, 17)
        curve = [(y + bend * (math.sin(t) - 1), height + bend * (1 - math.cos(t))) for t in turn]
        before = [point for point in profile if point[0] < curve[0][0]]
        profile = [*before, *curve, *((y, height + bend + up) for up in _AWAY)]
    mesh = bpy.data.meshes.new("Ground")
    corners = [(x, *point) for point in profile for x in across]
    wide = len(across)
    faces = [
        (at, at + 1, at + wide + 1, at + wide)
        for row in range(len(profile) - 1)
        for at in range(row * wide, (row + 1) * wide - 1)
    ]
    mesh.from_pydata(corners, [], faces)
    mesh.shade_smooth()
    middle = ((left + right) / 2, (front + behind) / 2)
    half = ((right - left) / 2, (behind - front) / 2)
    mesh.materials.append(_material(look, middle, half, max(right - left, behind - front, 1.0)))
    ground = bpy.data.objects.new("Ground", mesh)
    # In most views it would hide the model.
    ground.hide_viewport = ground[names.BACKDROP] = True
    ground.hide_select = True
    ground[names.GROUND] = True
    return ground


def _material(
    look: Look, middle: tuple[float, float], half: tuple[float, float], size: float
) -> bpy.types.Material:
    material = bpy.data.materials.new(names.MATERIAL_GROUND)
    material[names.OURS] = True
    light_nothing(material)
    with Graph.material(material) as g:
        place = g.node("ShaderNodeNewGeometry", out="Position")
        at = g.node(
            "ShaderNodeVectorTransform",
            vector_type="POINT",
            convert_from="WORLD",
            convert_to="OBJECT",
            vector=place,
        )
        x = g.node("ShaderNodeSeparateXYZ", out="X", vector=at)
        y = g.outputs(x, "Y")
        distance = g.node("ShaderNodeCameraData", out="View Distance")
        color = _color(g, x, y, distance, 10.0 ** round(math.log10(size / USUAL)))
        shade = _contact(g, x, y, middle, half)
        color = g.mix(shade, color, look_color(g, "contact color"))
        strength = look_value(g, "world strength")
        surface = _surface(g, place, color, strength, "wave" in look.ground)
        # The plain ends where the world begins.
        horizon = g.node("ShaderNodeEmission", color=look_color(g, "horizon"), strength=strength)
        clear = look_value(g, "haze") * _clearness(g, middle, size * ALONE)
        gone = g.math("EXPONENT", distance * -1.0 / clear)
        surface = _mix(g, gone, horizon, surface)
        below = g.outputs(place, "Backfacing")
        surface = _mix(g, below, surface, g.node("ShaderNodeBsdfTransparent"))
        out = g.tree.nodes.new("ShaderNodeOutputMaterial")
        g.tree.links.new(surface.socket, out.inputs["Surface"])
    _paint(material, look, size / USUAL)
    return material


def _clearness(g: Graph, middle: tuple[float, float], usual: float) -> Socket:
    """The factor by which one sees farther than the look says: that of the camera's distance from
    the model over the `usual` one, at least 1.
    """
    g.frame("The air is clearer for a camera that is farther away")
    camera = g.node(
        "ShaderNodeVectorTransform",
        vector_type="POINT",
        convert_from="CAMERA",
        convert_to="OBJECT",
        vector=(0.0, 0.0, 0.0),
    )
    away = g.vectors("DISTANCE", camera, (*middle, 0.0), out="Value")
    clearness = g.math("MAXIMUM", away / usual, 1.0)
    g.frame("")
    return clearness


def _color(g: Graph, x: Socket, y: Socket, distance: Socket, unit: float) -> Socket:
    """The ground's color, with a line every `unit` meters, and a bold one every ten of them."""
    g.frame("Lines on the ground")
    color = look_color(g, "color")
    for pitch, key in ((unit, "fine line"), (10.0 * unit, "line")):
        half = g.math("MAXIMUM", distance * 0.0011, 0.004 * (pitch * unit) ** 0.5)
        seen = None
        for along in (x, y):
            turn = abs(g.math("FRACT", along / pitch + 0.5) - 0.5) * pitch
            line = not_(g, g.math("DIVIDE", turn, half, clamp=True))
            seen = line if seen is None else g.math("MAXIMUM", seen, line)
        near = not_(g, g.smoothstep(distance, 6.0 * pitch, 60.0 * pitch))
        color = g.mix(seen * near * look_value(g, key), color, look_color(g, "line color"))
    g.frame("")
    return color


def _contact(
    g: Graph, x: Socket, y: Socket, middle: tuple[float, float], half: tuple[float, float]
) -> Socket:
    """The share by which the model darkens the ground: less with the distance from it."""
    g.frame("Contact")
    reach, away = look_value(g, "contact reach"), None
    for along, center, half_side in zip((x, y), middle, half, strict=True):
        outside = g.math("MAXIMUM", abs(along - center) - half_side + reach * 0.5, 0.0) / reach
        part = outside * outside
        away = part if away is None else away + part
    shade = g.math("EXPONENT", away * -1.5) * look_value(g, "contact")
    g.frame("")
    return shade


def _surface(g: Graph, place: Socket, color: Socket, strength: Socket, waves: bool) -> Socket:
    g.frame("Matt, bright by itself, or like water")
    matt = g.node("ShaderNodeBsdfDiffuse", color=color)
    bright = g.node("ShaderNodeEmission", color=color, strength=strength)
    plain = _mix(g, look_value(g, "bright"), matt, bright)
    # A mirror that is perfectly sharp needs no lamps, which are most of what a blurred one
    # costs. So each ray gets a normal that leans another way, as on rough water: most lean little,
    # so that a light and its reflection are one shape that fades downward.
    grain = g.node("ShaderNodeTexWhiteNoise", out="Color", vector=place)
    lean = g.vectors("SUBTRACT", grain, _MIDDLE)
    cubed = g.vectors("MULTIPLY", lean, lean)
    steep = g.vectors("MULTIPLY", cubed, lean)
    lean = g.node("ShaderNodeVectorMath", operation="SCALE", vector=steep, scale=4.0)
    lean = g.node(
        "ShaderNodeVectorMath", operation="SCALE", vector=lean, scale=look_value(g, "roughness")
    )
    if waves:
        lean = g.vectors("ADD", lean, _waves(g, place))
    normal = g.vectors("ADD", g.outputs(place, "Normal"), lean)
    normal = g.node("ShaderNodeVectorMath", operation="NORMALIZE", vector=normal)
    mirror = g.node("ShaderNodeBsdfGlossy", roughness=0.0, normal=normal)
    facing = g.node("ShaderNodeLayerWeight", out="Facing", blend=0.5)
    share = look_value(g, "mirror") * (facing * facing * 0.8 + 0.2)
    surface = _mix(g, share, plain, mirror)
    g.frame("")
    return surface


def _waves(g: Graph, place: Socket) -> Socket:
    """The lean of the water's surface: low waves, long ones with shorter ones on them."""
    scaled = g.vectors("DIVIDE", place, look_value(g, "wave length"))
    waves = g.node("ShaderNodeTexNoise", out="Color", vector=scaled, scale=1.0, detail=2.0)
    lean = g.vectors("SUBTRACT", waves, _MIDDLE)
    return g.node(
        "ShaderNodeVectorMath", operation="SCALE", vector=lean, scale=look_value(g, "wave")
    )


def _mix(g: Graph, factor: Socket, one: Socket, other: Socket) -> Socket:
    mixed = g.tree.nodes.new("ShaderNodeMixShader")
    for socket, value in zip(mixed.inputs, (factor, one, other), strict=True):
        g.tree.links.new(value.socket, socket)
    return Socket(g, mixed.outputs[0])


def _paint(material: bpy.types.Material, look: Look, scale: float) -> None:
    table = {key.replace("_", " "): value for key, value in look.ground.items()}
    table |= {"horizon": look.world["horizon"], "world strength": look.world["strength"]}
    for key, value in table.items():
        node = material.node_tree.nodes.get(key)
        if node is not None:
            given = linear(value) if isinstance(value, str) else float(value)
            if key in ("haze", "contact reach", "wave length"):
                given *= scale
            node.outputs[0].default_value = given
