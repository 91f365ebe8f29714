"""The geometry group that writes a number in digits: a slot for each digit, the sign and the point.

A slot is a vertex with the power of ten that it shows, or that it is the sign's or the point's.
The glyphs come from a palette: ten digits, the minus, the point. So a film counts by one curve.
"""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph
from .palettes import standing_on

# Width of a digit and of the point over the font size.
PITCH, POINT_PITCH = 0.453, 0.2
# Places of the minus and the point in the palette, after the ten digits.
MINUS, DOT = 10, 11
# Digits before the point.
WHOLE = 4


def build(glyphs: bpy.types.Collection) -> bpy.types.GeometryNodeTree:
    """Make the group; `glyphs` are sorted by name."""
    with Graph.group(names.GROUP_COUNTER, "GeometryNodeTree") as g:
        slots = g.input("NodeSocketGeometry", "Slots", description="A vertex for each character.")
        value = g.input("NodeSocketFloat", "Value", 0.0, "The number that is shown.")
        decimals = g.input("NodeSocketFloat", "Decimals", 2.0, "Digits after the point.")
        size = g.input("NodeSocketFloat", "Size", 1.0, "Font size in meters.")

        g.frame("The digit of each slot")
        power = g.node(
            "GeometryNodeInputNamedAttribute", out="Attribute", data_type="FLOAT", name=names.POWER
        )
        scaled = g.math("ROUND", abs(value) * g.math("POWER", 10.0, decimals))
        unit = g.math("POWER", 10.0, power + decimals)
        digit = g.math("FLOORED_MODULO", g.math("FLOOR", scaled / unit + 1e-6), 10.0)
        sign = g.math("COMPARE", power, float(names.SIGN), 0.5)
        point = g.math("COMPARE", power, float(names.POINT), 0.5)
        index = g.mix(sign, g.mix(point, digit, DOT, data_type="FLOAT"), MINUS, data_type="FLOAT")

        g.frame("No zeros before the first digit, and no minus before zero")
        leading = (power > 0.5) * (scaled < unit - 0.5) * (power < names.POINT - 1.0)
        negative = (value < 0.0) * (scaled > 0.5)
        hidden = g.math("MAXIMUM", leading, sign * g.math("SUBTRACT", 1.0, negative))

        g.frame("The minus stands before the first digit")
        ahead = None
        for place in range(1, WHOLE):
            reached = scaled > g.math("POWER", 10.0, decimals + float(place)) - 0.5
            ahead = reached if ahead is None else ahead + reached
        across = g.node("ShaderNodeCombineXYZ", x=ahead * sign * (-PITCH) * size)

        g.frame("")
        moved = g.node("GeometryNodeSetPosition", geometry=slots, offset=across)
        whole = g.node("ShaderNodeMath", out="Value", operation="ROUND")
        g.tree.links.new(index.socket, whole.socket.node.inputs[0])
        shown = g.math("SUBTRACT", 1.0, hidden)
        scale = g.node("ShaderNodeCombineXYZ", x=size, y=size, z=size)
        written = standing_on(g, moved, glyphs, whole, selection=shown, scale=scale)
        g.output("NodeSocketGeometry", "Digits", written)
    return g.tree
