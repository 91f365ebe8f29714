"""The geometry group that shows one object at many places: arrows and titles of all layers."""

from __future__ import annotations

import bpy

from ... import names
from ..nodes import Graph


def build() -> bpy.types.GeometryNodeTree:
    """Make the group; it stands its object on every vertex, turned as the object is."""
    with Graph.group(names.GROUP_REPEATS, "GeometryNodeTree") as g:
        places = g.input("NodeSocketGeometry", "Places", description="A vertex for each place.")
        what = g.input("NodeSocketObject", "Object", description="What is shown at each of them.")
        shown = g.node("GeometryNodeObjectInfo", out="Geometry", object=what, as_instance=True)
        turn = g.outputs(shown, "Rotation")
        repeated = g.node(
            "GeometryNodeInstanceOnPoints",
            out="Instances",
            points=places,
            instance=shown,
            rotation=turn,
        )
        g.output("NodeSocketGeometry", "Repeats", repeated)
    return g.tree
