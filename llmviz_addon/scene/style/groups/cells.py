"""The geometry group that stands a cube on every cell of a block.

A cell is a vertex of the block's mesh. In a render each vertex carries the beveled cell; in the
viewport a plain cube of the same size, tinted as the cell's `tint` says, because Solid mode knows
neither the material nor the attributes of an instance.

The body of the block is a box behind its cells that fills the gaps between them. It reaches from
one end of an edge of the mesh to the other: each rectangle of cells that stand together has an edge
from its first cell to its last.
"""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph, Socket
from .palettes import named, named_size, standing_on

# What the body is larger than the distance of its first cell from its last, in cells: less than
# a cell, so that the cells stand out at the block's edges; and its depth, over that of the boxes.
MARGIN, DEPTH = 0.72, 0.8


def _bodies(g: Graph, cells: Socket, boxes: bpy.types.Collection) -> Socket:
    """A box on every edge of the mesh."""
    g.frame("The body behind the cells")
    kind = g.input("NodeSocketInt", "Kind", description="Which box of the palette is the body.")
    worn = g.input("NodeSocketMaterial", "Body", description="The material of the body.")
    start = g.node("GeometryNodeInputMeshEdgeVertices", out="Position 1")
    span = g.vectors("SUBTRACT", g.outputs(start, "Position 2"), start)
    span = g.node("ShaderNodeVectorMath", operation="ABSOLUTE", vector=span)
    size = g.vectors("ADD", span, (MARGIN, DEPTH, MARGIN))
    sized = g.node(
        "GeometryNodeStoreNamedAttribute",
        data_type="FLOAT_VECTOR",
        domain="EDGE",
        geometry=cells,
        name=names.SIZE,
        value=size,
    )
    middles = g.node("GeometryNodeMeshToPoints", mode="EDGES", mesh=sized)
    stood = standing_on(g, middles, boxes, kind, scale=named_size(g))
    return g.node("GeometryNodeSetMaterial", geometry=stood, material=worn)


def build(
    cell: bpy.types.Object, palette: bpy.types.Collection, boxes: bpy.types.Collection
) -> bpy.types.GeometryNodeTree:
    """Make the group.

    Parameters
    ----------
    cell
        The object whose mesh a render instances.
    palette
        A collection of plain cubes, sorted by name; a vertex picks the one of its `tint`.
    boxes
        A collection of boxes, one for each kind of block, sorted by name.
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
        tint = named(g, names.TINT, "INT")
        drawn = standing_on(g, cells, palette, tint)
        g.frame("")
        viewport = g.node("GeometryNodeIsViewport")
        cubes = g.node(
            "GeometryNodeSwitch", input_type="GEOMETRY", switch=viewport, false=rendered, true=drawn
        )
        joined = g.node("GeometryNodeJoinGeometry", geometry=_bodies(g, cells, boxes))
        g.tree.links.new(cubes.socket, joined.socket.node.inputs[0])
        g.output("NodeSocketGeometry", "Cubes", joined)
    return g.tree
