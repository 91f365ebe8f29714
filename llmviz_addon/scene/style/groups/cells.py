"""The geometry group that stands a cube on every cell of a block.

A cell is a vertex of the block's mesh. In a render each vertex carries the beveled cell; in the
viewport a plain cube of the same size, tinted as the cell's `tint` says, because Solid mode knows
neither the material nor the attributes of an instance.
"""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph


def build(cell: bpy.types.Object, palette: bpy.types.Collection) -> bpy.types.GeometryNodeTree:
    """Make the group.

    Parameters
    ----------
    cell
        The object whose mesh a render instances.
    palette
        A collection of plain cubes, sorted by name; a vertex picks the one of its `tint`.
    """
    with Graph.group(names.GROUP_CELLS, "GeometryNodeTree") as g:
        cells = g.input(
            "NodeSocketGeometry", "Cells", description="A mesh of one vertex for each cell."
        )
        g.frame("In a render: the beveled cell")
        shape = g.node("GeometryNodeObjectInfo", out="Geometry", object=cell)
        rendered = g.node(
            "GeometryNodeInstanceOnPoints", out="Instances", points=cells, instance=shape
        )
        g.frame("In the viewport: a plain cube in the color of the number")
        tints = g.node(
            "GeometryNodeCollectionInfo",
            out="Instances",
            collection=palette,
            separate_children=True,
            reset_children=True,
        )
        tint = g.node(
            "GeometryNodeInputNamedAttribute",
            out="Attribute",
            data_type="INT",
            name=names.TINT,
        )
        drawn = g.node(
            "GeometryNodeInstanceOnPoints",
            out="Instances",
            points=cells,
            instance=tints,
            pick_instance=True,
            instance_index=tint,
        )
        g.frame("")
        viewport = g.node("GeometryNodeIsViewport")
        cubes = g.node(
            "GeometryNodeSwitch", input_type="GEOMETRY", switch=viewport, false=rendered, true=drawn
        )
        g.output("NodeSocketGeometry", "Cubes", cubes)
    return g.tree
