"""The room before a layer, where gestures show numbers large, and the plates behind these."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..actors import Plate
from ..selection import CellRange
from ..stage import Stage, Thing

Floats = NDArray[np.float64]

SOFT = 14.0
"""Cells over which a plate fades out: far enough that no edge of it is seen."""


def before_layer(stage: Stage, cells: CellRange) -> Floats:
    """(3,) a place before some cells, and before all that stands in their layer."""
    block = stage.anatomy.blocks[cells.block]
    beside = [b.name for b in stage.anatomy.blocks.values() if b.layer == block.layer]
    front = stage.selection.points(beside)[:, 1].min()
    at = stage.selection.places(cells)[0]
    middle: Floats = np.array([at[0], front - 8.0, at[2]])
    return middle


def backing(stage: Stage, thing: Thing, corners: Floats) -> Plate:
    """Bring a plate with soft ends behind the room within `corners`, (N, 3)."""
    (wide, _, high), middle = np.ptp(corners, axis=0).tolist(), corners.mean(axis=0)
    plate = soft_plate(stage, thing, middle, wide, high, strength=0.92)
    stage.add(thing, plate)
    return plate


def soft_plate(
    stage: Stage, thing: Thing, middle: Floats, wide: float, high: float, strength: float = 0.94
) -> Plate:
    """A plate behind a room of a width and a height around `middle`, (3,), with soft ends."""
    return Plate(
        name=stage.name(thing, "plate"),
        group=thing.group,
        place=tuple((middle + (0.0, 1.6, 0.0)).tolist()),
        size=(wide + 2 * SOFT, high + 2 * SOFT),
        soft=SOFT,
        strength=strength,
    )
