"""The shader group that finds the cell of a slab at the point that is seen.

A slab is a box as large as its cells. From the place on the box follow the cell, the texel that
holds its number, the cell's order of computation, and the number of cells that a pixel covers.

It reads, from the instance: `extent` (columns, rows, step, steps), `first` (first column, first
row, mode, cells of a position) and `texel` (along, line, transposed and seams, pitch); from the
object: `progress` and `focus_column`; from the instanced box: `cell_co`.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ....detail.bricks import (
    ALWAYS,
    BOTTOM,
    CAUSAL,
    LEFT,
    NEVER,
    RIGHT,
    ROWS,
    SHAPE,
    TOP,
)
from ....detail.pages import WIDTH
from ... import names
from ..nodes import Graph, Socket
from .cell_color import from_instance, not_

# Distance from a cell's middle to its edge, a hair more than 0.45, since the slab's side faces lie
# right there and must not count as gaps.
HALF = 0.4505

# Cells across a pixel at which single cells begin to blend, and at which only averages are seen.
NEAR, FAR = 1.2, 5.0

# Cells across a pixel at which the outline of a box begins to glow, and does.
RIM_FROM, RIM_TO = 0.25, 0.7

# Grid lines: cells between two lines; then, in cells across a pixel, where the lines begin to
# appear and have appeared, and where they begin to go and are gone.
LINES = (
    (16, 0.2, 0.5, 1.5, 2.4),
    (256, 2.4, 5.0, 26.0, 38.0),
    (4096, 38.0, 70.0, 420.0, 880.0),
)
# Half the width of a line, in pixels.
LINE = 0.75
# Lines between single cells, where there are no numbers to tell them apart: cells across a pixel at
# which they begin to go, and are gone.
CELL_LINES = 0.14, 0.3
# The width of the outline of a shape, in pixels.
OUTLINE = 2.6

# The bevel of a cube, as distances from its middle: where it begins and where it is at 45 degrees;
# then the slope by which the smooth normal of the flat face leans where the bevel begins.
BEVEL_FROM, BEVEL_TO, LEAN = 0.385, 0.431, 0.185


@dataclass(frozen=True)
class _Four:
    """The four numbers of an attribute."""

    a: Socket
    b: Socket
    c: Socket
    d: Socket

    @classmethod
    def read(cls, g: Graph, name: str) -> _Four:
        color = from_instance(g, name, out="Color")
        red = g.node("ShaderNodeSeparateColor", out="Red", color=color)
        return cls(red, g.outputs(red, "Green"), g.outputs(red, "Blue"), g.outputs(color, "Alpha"))


@dataclass(frozen=True)
class _Axis:
    """Along one axis of a brick: the place in cells, the cell, and the place within the cell."""

    place: Socket
    cell: Socket
    within: Socket


def _axis(g: Graph, fraction: Socket, size: Socket) -> _Axis:
    """`fraction` runs from 0 to 1 over a box that is 0.1 smaller than its cells."""
    place = fraction * (size - 0.1) + 0.05
    cell = g.math("FLOOR", g.math("MINIMUM", place, size - 0.001))
    return _Axis(place, cell, place - cell - 0.5)


def _order(g: Graph, first: _Four, extent: _Four, column: Socket, row: Socket) -> Socket:
    """The cell's order of computation, as in `detail.order`."""
    g.frame("When it is computed")
    prompt = g.input("NodeSocketFloat", "Prompt", 1.0, "How many tokens the first pass computes.")
    tokens = g.input("NodeSocketFloat", "Tokens", 1.0, "How many tokens are computed in all.")
    mode, step, steps = first.c, extent.c, extent.d
    by_row = mode > ROWS - 0.5
    major = g.mix(by_row, column, row, data_type="FLOAT")
    minor = g.mix(by_row, row, column, data_type="FLOAT")
    causal = mode > CAUSAL - 0.5

    def before(position: Socket) -> Socket:
        """Cells before a position, in units of a position's cells."""
        triangle = position * (position + 1.0) * 0.5
        return g.mix(causal, position, triangle, data_type="FLOAT")

    width = g.mix(causal, first.d, 1.0, data_type="FLOAT")
    within = (minor + 1.0) / width
    share = g.mix(causal, 1.0, major + 1.0, data_type="FLOAT")
    early = step * before(prompt) + before(major) + within
    late = steps * before(major) + step * share + within
    rank = g.mix(major < prompt - 0.5, late, early, data_type="FLOAT")
    order = rank / (steps * before(tokens))
    masked = causal * (minor > major + 0.5)
    order = order + masked * 4.0
    weights = g.math("COMPARE", mode, float(ALWAYS), 0.5)
    never = g.math("COMPARE", mode, float(NEVER), 0.5)
    return order * not_(g, weights) * not_(g, never) + never * 4.0


def _lines(g: Graph, column: Socket, row: Socket, footprint: Socket) -> Socket:
    """The strength of grid lines at a point; a line is a pixel or two wide at any distance."""
    g.frame("Grid lines")
    half = g.math("MAXIMUM", footprint * LINE, 0.05)
    # Lines of one distance are gone before those of the next come, so only these are computed.
    pitch: Socket | float = float(LINES[0][0])
    shown = None
    for distance, comes, there, goes, gone in LINES:
        part = g.smoothstep(footprint, comes, there) * not_(g, g.smoothstep(footprint, goes, gone))
        shown = part if shown is None else shown + part
        pitch = g.mix(footprint > comes, pitch, float(distance), data_type="FLOAT")
    seen = None
    for place in (column, row):
        turn = g.math("FRACT", place / pitch + 0.5) - 0.5
        line = g.math("SUBTRACT", 1.0, abs(turn) * pitch / half, clamp=True)
        seen = line if seen is None else g.math("MAXIMUM", seen, line)
    return seen * shown


def _cell_lines(g: Graph, across: _Axis, down: _Axis, footprint: Socket) -> Socket:
    """The strength of lines between single cells, seen from near."""
    g.frame("Lines between cells")
    half = g.math("MAXIMUM", footprint * LINE, 0.03)
    away = 0.5 - g.math("MAXIMUM", abs(across.within), abs(down.within))
    line = g.math("SUBTRACT", 1.0, away / half, clamp=True)
    return line * not_(g, g.smoothstep(footprint, *CELL_LINES))


def _outline(
    g: Graph, across: _Axis, down: _Axis, extent: _Four, seams: Socket, footprint: Socket
) -> tuple[Socket, Socket]:
    """The strength of a line around the block, and the share of its height above a point."""
    g.frame("The outline")
    ends = None
    for seam, away in (
        (LEFT, across.place),
        (RIGHT, extent.a - across.place),
        (TOP, down.place),
        (BOTTOM, extent.b - down.place),
    ):
        goes_on = g.math("MODULO", g.math("FLOOR", seams / float(seam)), 2.0)
        end = away + goes_on * 1e6
        ends = end if ends is None else g.math("MINIMUM", ends, end)
    width = g.math("MAXIMUM", footprint * OUTLINE, 0.12)
    return g.math("SUBTRACT", 1.0, ends / width, clamp=True), down.place / extent.b


def _normal(g: Graph, across: Socket, deep: Socket, down: Socket, far: Socket) -> Socket:
    """The normal of a beveled cube, which gives the flat slab its relief; the slab's own from afar.

    On each axis the slope of a cube's surface is that of its own normal; on a face, the axis that
    it looks along has slope 1.
    """
    g.frame("Bevel")
    bent = None
    for axis, place in enumerate((across, deep, down * -1.0)):
        away = abs(place)
        edge = g.node(
            "ShaderNodeMapRange",
            value=away,
            from_min=BEVEL_FROM,
            from_max=BEVEL_TO,
            to_max=1 - LEAN,
        )
        slope = (edge + away * (LEAN / BEVEL_FROM)) * g.math("SIGN", place)
        # The instance is scaled to the size of its brick, so its axes give directions only, and are
        # normalized.
        turned = g.node(
            "ShaderNodeVectorTransform",
            vector_type="VECTOR",
            convert_from="OBJECT",
            convert_to="WORLD",
            vector=tuple(float(axis == other) for other in range(3)),
        )
        unit = g.node("ShaderNodeVectorMath", operation="NORMALIZE", vector=turned)
        part = g.node("ShaderNodeVectorMath", operation="SCALE", vector=unit, scale=slope)
        bent = part if bent is None else g.vectors("ADD", bent, part)
    bent = g.node("ShaderNodeVectorMath", operation="NORMALIZE", vector=bent)
    plain = g.node("ShaderNodeNewGeometry", out="Normal")
    mixed = g.mix(far, bent, plain, data_type="VECTOR")
    return g.node("ShaderNodeVectorMath", operation="NORMALIZE", vector=mixed)


def _footprint(g: Graph, pixel: Socket) -> Socket:
    """Cells that a pixel covers, along the direction in which it covers more."""
    g.frame("How many cells a pixel covers")
    distance = g.node("ShaderNodeCameraData", out="View Distance")
    normal = g.node("ShaderNodeNewGeometry", out="Normal")
    facing = g.vectors("DOT_PRODUCT", normal, g.outputs(normal, "Incoming"), out="Value")
    slant = g.math("SQRT", g.math("MAXIMUM", abs(facing), 0.04))
    return distance * pixel / slant


def build() -> bpy.types.ShaderNodeTree:
    """Make the group; its outputs feed `cell_color` and the slab's material."""
    with Graph.group(names.GROUP_SLAB_CELLS, "ShaderNodeTree") as g:
        height = g.input("NodeSocketFloat", "Page Height", 1.0, "Lines of the page.")
        pixel = g.input(
            "NodeSocketFloat", "Pixel", 0.001, "Width of a pixel at one cell's distance."
        )
        g.frame("Which cell")
        extent, first, texel = (_Four.read(g, n) for n in (names.EXTENT, names.FIRST, names.TEXEL))
        box = g.node(
            "ShaderNodeAttribute",
            out="Vector",
            attribute_type="GEOMETRY",
            attribute_name=names.CELL_CO,
        )
        x = g.node("ShaderNodeSeparateXYZ", out="X", vector=box)
        across, down = (
            _axis(g, x + 0.5, extent.a),
            _axis(g, g.math("SUBTRACT", 0.5, g.outputs(x, "Z")), extent.b),
        )
        deep = g.outputs(x, "Y")
        position = g.node("ShaderNodeCombineXYZ", x=across.within, y=deep, z=down.within)
        column, row = first.a + across.cell, first.b + down.cell
        outermost = g.math("MAXIMUM", abs(across.within), abs(down.within))

        g.frame("Where its number stands")
        transposed = g.math("MODULO", texel.c, 2.0)
        along = texel.a + g.mix(transposed, across.cell, down.cell, data_type="FLOAT")
        line = texel.b + g.mix(transposed, down.cell, across.cell, data_type="FLOAT")
        fold = g.math("FLOOR", (along + 0.5) / float(WIDTH))
        u = (along - fold * float(WIDTH) + 0.5) / float(WIDTH)
        v = g.math("SUBTRACT", 1.0, (line + fold * texel.d + 0.5) / height)
        uv = g.node("ShaderNodeCombineXYZ", x=u, y=v)

        footprint = _footprint(g, pixel)
        far = g.smoothstep(footprint, NEAR, FAR)

        seams = g.math("FLOOR", texel.c / 2.0)
        edge, fall = _outline(g, across, down, extent, seams, footprint)
        order = _order(g, first, extent, column, row)
        normal = _normal(g, across.within, deep, down.within, far)
        seen = _lines(g, first.a + across.place, first.b + down.place, footprint)
        g.frame("")
        progress = from_instance(g, names.PROGRESS)
        focus = abs(column - from_instance(g, names.FOCUS_COLUMN)) < 0.5
        g.output("NodeSocketVector", "Texel", uv, "Place in the page's image.")
        g.output("NodeSocketFloat", "Lead", progress + 1e-5 - order)
        g.output("NodeSocketFloat", "In Focus", focus)
        g.output("NodeSocketVector", "Position", position)
        g.output("NodeSocketFloat", "Gap", outermost > HALF)
        g.output("NodeSocketFloat", "Far", far)
        g.output("NodeSocketFloat", "Line", seen)
        cells = _cell_lines(g, across, down, footprint)
        g.output("NodeSocketFloat", "Cell Line", cells, "Lines between single cells, from near.")
        g.output("NodeSocketVector", "Normal", normal)
        g.output("NodeSocketFloat", "Edge", edge)
        rim = edge * edge * g.smoothstep(footprint, RIM_FROM, RIM_TO)
        g.output("NodeSocketFloat", "Rim", rim, "The outline of what is small in the picture.")
        g.output("NodeSocketFloat", "Fall", fall, "0 at the top of the box, 1 at its foot.")
        g.output("NodeSocketFloat", "Shape", g.math("COMPARE", first.c, float(SHAPE), 0.5))
    return g.tree
