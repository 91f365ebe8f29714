"""The shader group that turns a cell's number into color, light and presence.

A positive number fills the cell with its kind's color, a negative one draws the color as a frame
around a hollow face, and magnitude is the strength of either. So sign and magnitude are legible to
people who cannot tell hues apart. Of a cell that is not computed yet only a small plate is seen on
the block's body: the shell around it is transparent.

The body fills the gaps between cells in the color of their kind, so that from afar a block is a
body with a texture of numbers. Cubes have a box of their own for it (`groups.cells`), slabs have it
drawn on them.

Cubes and slabs share the group. A cube passes it one number. A slab calls it once for one cell and
once with the average look of a patch of cells, which is seen where a pixel covers many of them, so
that nothing flickers from afar.

It reads `highlight` and `opacity` from the block's object; everything else comes through its
inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ....detail.levels import BODY, GLOW
from ... import names
from ..nodes import Graph, Socket

# Within a cell that spans -0.5 to 0.5: the distances from the middle over which the frame of a
# negative cell blends in, and the one that separates the small plate from the shell.
FRAME_FROM, FRAME_TO = 0.25, 0.275
INNER = 0.41
# Half the small plate, which slabs draw on their faces.
INNER_HALF = 0.21

# Shares of area, seen from the front: of the cell in its place, of the small plate in that place,
# and of the frame in the cell.
COVER, INNER_COVER, FRAME_SHARE = 0.81, 0.18, 0.66


def from_instance(g: Graph, name: str, out: str = "Factor") -> Socket:
    """An attribute of the instance or, without one, a custom property of the instancing object.

    EEVEE on 4.5 gives a material eight different ones at most, and 0 for any further one.
    """
    return g.node(
        "ShaderNodeAttribute", out=out, title=name, attribute_type="INSTANCER", attribute_name=name
    )


def look_color(g: Graph, key: str) -> Socket:
    """A color that the look sets; found again by the node's name."""
    socket = g.node("ShaderNodeRGB", title=key)
    socket.socket.node.name = key
    return socket


def look_value(g: Graph, key: str) -> Socket:
    """A number that the look sets; found again by the node's name."""
    socket = g.node("ShaderNodeValue", title=key)
    socket.socket.node.name = key
    return socket


def not_(g: Graph, value: Socket) -> Socket:
    """1 - value."""
    return g.math("SUBTRACT", 1.0, value)


@dataclass(frozen=True)
class _Hues:
    """The colors of a block's kind."""

    zero: Socket
    positive: Socket
    negative: Socket
    neutral: Socket
    hollow: Socket
    body: Socket


def _by_kind(g: Graph, kind: Socket, sign: str) -> Socket:
    weight, activation, aggregate = (look_color(g, f"{sign} {name}") for name in names.KINDS)
    first = g.mix(kind > 0.5, weight, activation)
    return g.mix(kind > 1.5, first, aggregate)


def _hues(g: Graph, kind: Socket) -> _Hues:
    g.frame("The colors of its kind")
    zero, positive = look_color(g, "zero"), _by_kind(g, kind, "positive")
    return _Hues(
        zero=zero,
        positive=positive,
        negative=_by_kind(g, kind, "negative"),
        # Zero keeps a trace of its kind's color, so that a block far away still tells its kind.
        neutral=g.mix(look_value(g, "tint"), zero, positive),
        # The middle of a negative cell does, too.
        hollow=g.mix(look_value(g, "hollow tint"), look_color(g, "hollow"), positive),
        body=g.mix(look_value(g, "body tint"), look_color(g, "gap"), positive),
    )


def body(g: Graph, kind: Socket) -> tuple[Socket, Socket, Socket]:
    """The color of a block's body, and the color and strength of its light."""
    positive = _by_kind(g, kind, "positive")
    color = g.mix(look_value(g, "body tint"), look_color(g, "gap"), positive)
    highlight = from_instance(g, names.HIGHLIGHT) * look_value(g, "highlight glow")
    return color, positive, _body_light(g, highlight)


def _body_light(g: Graph, highlight: Socket) -> Socket:
    return look_value(g, "body glow") + highlight * 0.03


def _face(g: Graph, position: Socket, flat: Socket) -> tuple[Socket, Socket]:
    """Two masks of a point on its cell: 1 on the frame of a face, and 1 on the small plate."""
    g.frame("Where on the cell")
    distance = g.node("ShaderNodeVectorMath", operation="ABSOLUTE", vector=position)
    x = g.node("ShaderNodeSeparateXYZ", out="X", vector=distance)
    y, z = g.outputs(x, "Y"), g.outputs(x, "Z")
    larger = g.math("MAXIMUM", x, y)
    outermost = g.math("MAXIMUM", larger, z)
    # The second largest of the three distances tells how close a point of a face is to its edge,
    # since the largest one is that of the face itself.
    middle = g.math("MAXIMUM", g.math("MINIMUM", x, y), g.math("MINIMUM", larger, z))
    inside = g.mix(flat, outermost < INNER, middle < INNER_HALF, data_type="FLOAT")
    return g.smoothstep(middle, FRAME_FROM, FRAME_TO), inside


@dataclass(frozen=True)
class _Inputs:
    """The inputs of the group; see the descriptions of its sockets."""

    number: Socket
    lead: Socket
    in_focus: Socket
    position: Socket
    traits: Socket
    far: Socket
    patch: Socket
    frame_light: Socket
    shape: Socket
    gap: Socket
    flat: Socket

    @classmethod
    def of(cls, g: Graph) -> _Inputs:
        number, vector = "NodeSocketFloat", "NodeSocketVector"
        return cls(
            g.input(number, "Number", description="-1 to 1 at full color."),
            g.input(number, "Lead", description="Progress less the cell's order."),
            g.input(number, "In Focus", description="1 in the column in focus."),
            g.input(vector, "Position", description="Within the cell."),
            g.input(vector, "Traits", description="Kind, wake and gain."),
            g.input(number, "Far", description="1 where a pixel covers many cells."),
            g.input(vector, "Patch", description="Mean fill, frame and light of the filled."),
            g.input(number, "Frame Light", description="Mean light of the frames."),
            g.input(number, "Shape", description="1 where there are no numbers."),
            g.input(number, "Gap", description="1 between two cells."),
            g.input(number, "Flat", description="1 where cells are drawn on a slab."),
        )


@dataclass(frozen=True)
class _Seen:
    """Body, light and hue of a cell or of many, and the strength of their numbers."""

    body: Socket
    glow: Socket
    hue: Socket
    strength: Socket


@dataclass(frozen=True)
class _Light:
    """The brightness of filled and of hollow cells, one node each, which the look sets."""

    filled: Socket
    hollow: Socket


def _one(g: Graph, number: Socket, frame: Socket, hues: _Hues, light: _Light) -> _Seen:
    g.frame("One cell")
    magnitude, positive = abs(number), number > 0.0
    strength = magnitude**BODY
    filled = g.mix(strength, hues.neutral, hues.positive)
    hollow = g.mix(strength, hues.neutral, g.mix(frame, hues.hollow, hues.negative))
    shine = (magnitude**GLOW) * light.filled
    hollow_shine = magnitude * frame * light.hollow
    return _Seen(
        body=g.mix(positive, hollow, filled),
        glow=g.mix(positive, hollow_shine, shine, data_type="FLOAT"),
        hue=g.mix(positive, hues.negative, hues.positive),
        strength=magnitude,
    )


def _many(g: Graph, given: _Inputs, hues: _Hues, shine: _Light) -> _Seen:
    g.frame("Many cells")
    fill = g.node("ShaderNodeSeparateXYZ", out="X", vector=given.patch)
    frames, light = g.outputs(fill, "Y"), g.outputs(fill, "Z")
    both = fill + frames
    negative = g.math("DIVIDE", frames, g.math("MAXIMUM", both, 1e-4))
    hollows = g.mix(FRAME_SHARE, hues.hollow, hues.negative)
    hollow_light = given.frame_light * (shine.hollow * FRAME_SHARE)
    return _Seen(
        body=g.mix(both, hues.neutral, g.mix(negative, hues.positive, hollows)),
        glow=light * shine.filled + hollow_light,
        hue=g.mix(negative, hues.positive, hues.negative),
        strength=both,
    )


def _bare(g: Graph, given: _Inputs, computed: Socket, inside: Socket) -> Socket:
    """The share of a slab's surface at which its body is seen between the cells."""
    g.frame("Between the cells")
    socket = not_(g, computed) * not_(g, inside) * not_(g, given.shape)
    near = g.math("MAXIMUM", socket, given.gap) * given.flat
    # From afar a pixel covers gaps, too, and mixes their color in.
    cover = g.mix(computed, INNER_COVER, COVER, data_type="FLOAT")
    return g.mix(given.far, near, not_(g, cover), data_type="FLOAT")


def _color(
    g: Graph, given: _Inputs, seen: Socket, computed: Socket, hues: _Hues, bare: Socket
) -> Socket:
    g.frame("What is not computed, and what has no numbers")
    color = g.mix(computed, look_color(g, "empty"), seen)
    plain = g.mix(look_value(g, "shape tint"), hues.zero, hues.positive)
    color = g.mix(given.shape, color, plain)
    return g.mix(bare, color, hues.body)


def _glow(
    g: Graph, given: _Inputs, seen: _Seen, computed: Socket, wake: Socket, bare: Socket
) -> Socket:
    """The light of the numbers, and of a highlight: all cells a little, the column in focus more,
    and the cells that were just computed most.
    """
    g.frame("Highlight")
    trail = g.math("SUBTRACT", 1.0, given.lead / wake, clamp=True)
    highlight = from_instance(g, names.HIGHLIGHT) * look_value(g, "highlight glow")
    attention = (trail + given.in_focus * 0.6 + 0.15) * highlight
    extra = attention * (seen.strength * 0.85 + 0.15)
    g.frame("Glow")
    total = (seen.glow + extra) * computed
    total = g.mix(given.shape, total, look_value(g, "shape glow") + extra, data_type="FLOAT")
    return g.mix(bare, total, _body_light(g, highlight), data_type="FLOAT")


def build() -> bpy.types.ShaderNodeTree:
    """Make the group; its outputs are Color, Glow Color, Glow, Alpha and Gloss."""
    with Graph.group(names.GROUP_CELL_COLOR, "ShaderNodeTree") as g:
        given = _Inputs.of(g)
        g.frame("What it is")
        kind = g.node("ShaderNodeSeparateXYZ", out="X", vector=given.traits)
        wake, computed = g.outputs(kind, "Y"), given.lead > 0.0
        frame, inside = _face(g, given.position, given.flat)
        hues = _hues(g, kind)
        light = _Light(look_value(g, "glow"), look_value(g, "hollow glow"))
        one = _one(g, given.number, frame, hues, light)
        many = _many(g, given, hues, light)

        g.frame("Near or far")
        seen = _Seen(
            body=g.mix(given.far, one.body, many.body),
            glow=g.mix(given.far, one.glow, many.glow, data_type="FLOAT"),
            hue=g.mix(given.far, one.hue, many.hue),
            strength=g.mix(given.far, one.strength, many.strength, data_type="FLOAT"),
        )
        bare = _bare(g, given, computed, inside)
        color = _color(g, given, seen.body, computed, hues, bare)
        glow = _glow(g, given, seen, computed, wake, bare)

        g.frame("Presence")
        shell_gone = not_(g, computed) * not_(g, inside) * not_(g, given.flat)
        present = not_(g, shell_gone) * from_instance(g, names.OPACITY)
        # Cells that are not computed have no gloss: in it the rim light would look like a number.
        gloss = g.math("MAXIMUM", computed, given.shape) * not_(g, bare)

        g.frame("")
        g.output("NodeSocketColor", "Color", color)
        plain = g.math("MAXIMUM", given.shape, bare)
        g.output("NodeSocketColor", "Glow Color", g.mix(plain, seen.hue, hues.positive))
        g.output("NodeSocketFloat", "Glow", glow)
        g.output("NodeSocketFloat", "Alpha", present)
        g.output("NodeSocketFloat", "Gloss", gloss)
    return g.tree
