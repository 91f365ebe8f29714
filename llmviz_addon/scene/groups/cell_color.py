"""The shader group that turns a cell's number into colour, light and presence.

What it shows. A positive number fills the cell with its kind's colour, a negative one draws the
colour as a frame around a hollow face, and magnitude is the strength of either, so sign and
magnitude are legible without telling hues apart. A cell that is not computed yet is only the small
cube inside: the shell around it is transparent.

What it reads. From the instance (attribute of the block's mesh): `value`, `order`, `column`,
`state`. From the block's object: `progress`, `highlight`, `opacity`, `focus_column`, `wake`,
`gain`, `kind`. From the instanced mesh: `cell_co`, the position within the cell.
"""

from __future__ import annotations

import bpy

from .. import names
from ..nodes import Graph, Socket

# Within a cell that spans -0.5 to 0.5: where the frame of a negative cell begins and ends to blend
# in, and the half size that separates the small cube inside from the shell around it.
FRAME_FROM, FRAME_TO = 0.25, 0.275
INNER = 0.26


def from_instance(g: Graph, name: str, out: str = "Factor") -> Socket:
    """An attribute of the instance, else a custom property of the object that instances."""
    return g.node(
        "ShaderNodeAttribute", out=out, title=name, attribute_type="INSTANCER", attribute_name=name
    )


def look_color(g: Graph, key: str) -> Socket:
    """A colour that the look sets; found again by the node's name."""
    socket = g.node("ShaderNodeRGB", title=key)
    socket.socket.node.name = key
    return socket


def look_value(g: Graph, key: str) -> Socket:
    """A number that the look sets; found again by the node's name."""
    socket = g.node("ShaderNodeValue", title=key)
    socket.socket.node.name = key
    return socket


def _by_kind(g: Graph, kind: Socket, sign: str) -> Socket:
    weight, activation, aggregate = (look_color(g, f"{sign} {name}") for name in names.KINDS)
    first = g.mix(kind > 0.5, weight, activation)
    return g.mix(kind > 1.5, first, aggregate)


def _face(g: Graph) -> tuple[Socket, Socket]:
    """Where a point is on its cell: 1 on the frame of a face, and 1 on the small cube inside."""
    g.frame("Where on the cell")
    position = g.node(
        "ShaderNodeAttribute",
        out="Vector",
        attribute_type="GEOMETRY",
        attribute_name=names.CELL_CO,
    )
    distance = g.node("ShaderNodeVectorMath", operation="ABSOLUTE", vector=position)
    x = g.node("ShaderNodeSeparateXYZ", out="X", vector=distance)
    y, z = g.outputs(x, "Y"), g.outputs(x, "Z")
    larger = g.math("MAXIMUM", x, y)
    outermost = g.math("MAXIMUM", larger, z)
    # The middle one of the three distances tells how close a point of a face is to its edge.
    middle = g.math("MAXIMUM", g.math("MINIMUM", x, y), g.math("MINIMUM", larger, z))
    return g.smoothstep(middle, FRAME_FROM, FRAME_TO), outermost < INNER


def _attention(g: Graph, lead: Socket, magnitude: Socket) -> Socket:
    """Extra light of a highlighted block: its column in focus, and the cells just computed."""
    g.frame("Highlight")
    column = abs(from_instance(g, names.COLUMN) - from_instance(g, names.FOCUS_COLUMN))
    in_focus = column < 0.5
    wake = g.math("SUBTRACT", 1.0, lead / from_instance(g, names.WAKE), clamp=True)
    attention = (wake + in_focus * 0.6 + 0.15) * from_instance(g, names.HIGHLIGHT)
    return attention * (magnitude * 0.85 + 0.15) * look_value(g, "highlight glow")


def build() -> bpy.types.ShaderNodeTree:
    """Make the group; its outputs are Color, Glow Color, Glow, Alpha and Gloss."""
    with Graph.group(names.GROUP_CELL_COLOR, "ShaderNodeTree") as g:
        g.frame("The number, -1 to 1")
        scaled = from_instance(g, names.VALUE) * from_instance(g, names.GAIN)
        number = g.node("ShaderNodeClamp", value=scaled, min=-1.0, max=1.0)
        magnitude = abs(number)
        positive = number > 0.0

        g.frame("Computed yet?")
        lead = from_instance(g, names.PROGRESS) + 1e-5 - from_instance(g, names.ORDER)
        computed = lead > 0.0
        frame, inside = _face(g)

        g.frame("Body")
        kind = from_instance(g, names.KIND)
        zero = look_color(g, "zero")
        hue = _by_kind(g, kind, "positive")
        dark_hue = _by_kind(g, kind, "negative")
        # Zero keeps a trace of its kind's colour, so that a block far away still tells its kind.
        neutral = g.mix(look_value(g, "tint"), zero, hue)
        strength = magnitude ** look_value(g, "body")
        filled = g.mix(strength, neutral, hue)
        hollow = g.mix(frame, look_color(g, "hollow"), dark_hue)
        body = g.mix(positive, g.mix(strength, neutral, hollow), filled)
        color = g.mix(computed, look_color(g, "empty"), body)

        extra = _attention(g, lead, magnitude)
        g.frame("Glow")
        glow = (magnitude ** look_value(g, "glow power")) * look_value(g, "glow")
        hollow_glow = magnitude * frame * look_value(g, "hollow glow")
        number_glow = g.mix(positive, hollow_glow, glow, data_type="FLOAT")
        total = (number_glow + extra) * computed

        g.frame("Presence")
        waiting = g.math("SUBTRACT", 1.0, computed)
        shell_gone = waiting * g.math("SUBTRACT", 1.0, inside)
        present = g.math("SUBTRACT", 1.0, shell_gone) * from_instance(g, names.OPACITY)

        g.frame("")
        g.output("NodeSocketColor", "Color", color)
        g.output("NodeSocketColor", "Glow Color", g.mix(positive, dark_hue, hue))
        g.output("NodeSocketFloat", "Glow", total)
        g.output("NodeSocketFloat", "Alpha", present)
        # What is not computed does not shine, or the rim light would colour it like a number.
        g.output("NodeSocketFloat", "Gloss", computed)
    return g.tree
