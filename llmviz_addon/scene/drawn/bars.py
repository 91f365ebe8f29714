"""Bars: boxes for the numbers of cells, as one mesh, whose shape keys are their states."""

from __future__ import annotations

import bpy
import numpy as np

from .. import names
from ..attributes import write_attribute
from ..style.kit import CELL, Kit

# Corners of a box, 0 at its least and 1 at its greatest; and its sides, seen from outside.
_CORNERS = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
_SIDES = np.array(
    [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
)
# Places of the corners within the cell, by which the material draws its face.
_WITHIN = (_CORNERS - 0.5) * 0.9


def create(name: str, boxes: np.ndarray, values: np.ndarray, kit: Kit) -> bpy.types.Object:
    """Make bars.

    Parameters
    ----------
    boxes
        (states, n, 2, 3) least and greatest corners in cells.
    values
        (n,) the numbers, for the color.
    """
    places = _points(boxes)
    count = boxes.shape[1]
    faces = (np.arange(count)[:, None, None] * 8 + _SIDES).reshape(-1, 4)
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.from_pydata(places[0].tolist(), [], faces.tolist())
    mesh.materials.append(kit.bars)
    write_attribute(mesh, names.CELL_CO, np.tile(_WITHIN, (count, 1)), "FLOAT_VECTOR")
    write_attribute(mesh, names.VALUE, np.repeat(values, 8), "FLOAT")
    obj = bpy.data.objects.new(name, mesh)
    if len(places) > 1:
        obj.shape_key_add(name="Basis", from_mix=False)
        for state, moved in enumerate(places[1:], 1):
            key = obj.shape_key_add(name=f"state{state}", from_mix=False)
            key.data.foreach_set("co", moved.astype(np.float32).reshape(-1))
            key.value = 0.0
    return obj


def _points(boxes: np.ndarray) -> np.ndarray:
    """(states, 8 n, 3) the corners of boxes, in meters."""
    least, greatest = boxes[:, :, None, 0], boxes[:, :, None, 1]
    corners = least + _CORNERS * (greatest - least)
    return corners.reshape(len(boxes), -1, 3) * CELL
