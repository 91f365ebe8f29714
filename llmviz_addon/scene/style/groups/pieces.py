"""The geometry group that shows a whole collection: the pieces of a tile as one object."""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph


def build() -> bpy.types.GeometryNodeTree:
    """Make the group; it shows the objects of its collection, each where it stands there."""
    with Graph.group(names.GROUP_PIECES, "GeometryNodeTree") as g:
        g.input("NodeSocketGeometry", "Geometry", description="Not used.")
        what = g.input("NodeSocketCollection", "Collection", description="What is shown.")
        pieces = g.node(
            "GeometryNodeCollectionInfo",
            out="Instances",
            collection=what,
            separate_children=True,
            reset_children=False,
        )
        g.output("NodeSocketGeometry", "Pieces", pieces)
    return g.tree
