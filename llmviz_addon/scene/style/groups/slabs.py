"""The geometry group that stands a box on every brick of a slab or a shape.

A brick is a vertex of the object's mesh, with its size as an attribute. The box comes from a small
palette, in the color of the object's kind for Solid mode, and wears the material of the page that
holds the slab's values.
"""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph


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
        boxes = g.node(
            "GeometryNodeCollectionInfo",
            out="Instances",
            collection=palette,
            separate_children=True,
            reset_children=True,
        )
        size = g.node(
            "GeometryNodeInputNamedAttribute",
            out="Attribute",
            data_type="FLOAT_VECTOR",
            name=names.SIZE,
        )
        stood = g.node(
            "GeometryNodeInstanceOnPoints",
            out="Instances",
            points=bricks,
            instance=boxes,
            pick_instance=True,
            instance_index=kind,
            scale=size,
        )
        worn = g.node("GeometryNodeSetMaterial", geometry=stood, material=material)
        g.output("NodeSocketGeometry", "Slabs", worn)
    return g.tree
