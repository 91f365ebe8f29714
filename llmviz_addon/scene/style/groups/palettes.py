"""Pieces of geometry groups that stand the members of a palette on points."""

from __future__ import annotations

from typing import Any

import bpy

from ... import names
from ..nodes import Graph, Socket


def named(g: Graph, name: str, data_type: str) -> Socket:
    """A named attribute of the points."""
    return g.node(
        "GeometryNodeInputNamedAttribute", out="Attribute", data_type=data_type, name=name
    )


def named_size(g: Graph) -> Socket:
    """The size of the box that stands on a point, in cells."""
    return named(g, names.SIZE, "FLOAT_VECTOR")


def standing_on(
    g: Graph, points: Socket, palette: bpy.types.Collection, index: Socket, **how: Any
) -> Socket:
    """A member of a palette on each point.

    Parameters
    ----------
    palette
        A collection of objects, sorted by name.
    index
        The number of the member for a point.
    how
        Further inputs of the node: the scale of each, or a selection of the points.
    """
    members = g.node(
        "GeometryNodeCollectionInfo",
        out="Instances",
        collection=palette,
        separate_children=True,
        reset_children=True,
    )
    return g.node(
        "GeometryNodeInstanceOnPoints",
        out="Instances",
        points=points,
        instance=members,
        pick_instance=True,
        instance_index=index,
        **how,
    )
