"""The geometry group that stands a box on every brick of a slab or a shape.

A brick is a vertex of the object's mesh, with its size as an attribute. The box comes from a small
palette, in the color of the object's kind for Solid mode, and wears the material of the page that
holds the slab's values.
"""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph
from .palettes import named_size, standing_on


def build(palette: bpy.types.Collection) -> bpy.types.GeometryNodeTree:
    """Make the group; `palette` has a box for each kind of block, sorted by name."""
    with Graph.group(names.GROUP_SLABS, "GeometryNodeTree") as g:
        bricks = g.input(
            "NodeSocketGeometry", "Bricks", description="A mesh of one vertex for each brick."
        )
        material = g.input(
            "NodeSocketMaterial", "Material", description="Of the page that holds the values."
        )
        kind = g.input("NodeSocketInt", "Kind", description="Which box of the palette.")
        stood = standing_on(g, bricks, palette, kind, scale=named_size(g))
        worn = g.node("GeometryNodeSetMaterial", geometry=stood, material=material)
        g.output("NodeSocketGeometry", "Slabs", worn)
    return g.tree
