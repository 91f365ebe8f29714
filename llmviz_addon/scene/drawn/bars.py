"""Bars: boxes for the numbers of cells, as one mesh, which goes from one state to the next.

The states' boxes are absolute shape keys, and their colors are attributes, so that one curve moves
each, however many states there are.
"""

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


def create(name: str, boxes: np.ndarray, levels: np.ndarray, kit: Kit) -> bpy.types.Object:
    """Make bars.

    Parameters
    ----------
    boxes
        (states, n, 2, 3) least and greatest corners in cells.
    levels
        (states, n) the strength of color, -1 to 1, where negative ones are hollow.
    """
    places = _points(boxes)
    count = boxes.shape[1]
    faces = (np.arange(count)[:, None, None] * 8 + _SIDES).reshape(-1, 4)
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.from_pydata(places[0].tolist(), [], faces.tolist())
    mesh.materials.append(kit.bars)
    write_attribute(mesh, names.CELL_CO, np.tile(_WITHIN, (count, 1)), "FLOAT_VECTOR")
    shown = np.zeros((3 * len(names.LEVELS), count))
    shown[: len(levels)] = levels.clip(-1.0, 1.0)
    for attribute, three in zip(names.LEVELS, np.split(shown, len(names.LEVELS)), strict=True):
        write_attribute(mesh, attribute, np.repeat(three.T, 8, axis=0), "FLOAT_VECTOR")
    obj = bpy.data.objects.new(name, mesh)
    obj[names.STEP] = 0.0
    if len(places) > 1:
        obj.shape_key_add(name="State 0", from_mix=False).interpolation = "KEY_LINEAR"
        mesh.shape_keys.use_relative = False
        for state, moved in enumerate(places[1:], 1):
            key = obj.shape_key_add(name=f"State {state}", from_mix=False)
            key.data.foreach_set("co", moved.astype(np.float32).reshape(-1))
            key.interpolation = "KEY_LINEAR"
    return obj


def _points(boxes: np.ndarray) -> np.ndarray:
    """(states, 8 n, 3) the corners of boxes, in meters."""
    least, greatest = boxes[:, :, None, 0], boxes[:, :, None, 1]
    corners = least + _CORNERS * (greatest - least)
    return corners.reshape(len(boxes), -1, 3) * CELL
