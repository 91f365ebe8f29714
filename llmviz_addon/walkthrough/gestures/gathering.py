"""A gesture that gathers the same cells of several blocks, so that they are seen side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..actors import Labels
from ..errors import AuthoringError
from ..selection import CellRange
from ..stage import Moment, Stage
from .base import Gesture, Vector
from .flying import Copies, bring
from .fronting import backing, before_layer

Floats = NDArray[np.float64]

MOST = 16
"""Columns and rows of each block up to which they are gathered; of more, the last ones are."""

AIR = 1.8
"""Cells between two copies, without the room for their numbers."""

NAME = 2.2
"""Font size of the numbers below copies, for copies of eight cells."""

ROOM = 1.3
"""Width over height of what a caption leaves of a picture, over that of the picture."""

LATE = 0.4
"""Part of the time over which the copies leave, one after the other."""


@dataclass(frozen=True, kw_only=True)
class Gather(Gesture):
    """Gather copies of the same cells of several blocks before their layer, in rows that fill the
    picture, each with the number of its head below it.
    """

    verb = "gather"

    subject: str
    name: str = "gathered"
    offset: Vector = (0.0, 0.0, 0.0)

    def natural(self, run: object) -> float:
        """The time in which all copies arrive."""
        del run
        return 2.6

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of all copies."""
        places, pitch, _ = self._places(stage, self._cells(stage, moment))
        return {self.name: _corners(places, pitch)}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Make the copies where the originals stand, and carry them."""
        found = self._cells(stage, moment)
        numbers = [stage.numbers(cells.block, *cells.places) for cells in found]
        if not all(np.isfinite(values).any() for values in numbers):
            stage.lack(self.name)
            return
        places, pitch, size = self._places(stage, found)
        thing = stage.bring(self.name, moment)
        plate = backing(stage, thing, _corners(places, pitch))
        stage.appear(plate.name, moment.start, moment.at(0.4), moment.id)
        for index, (cells, values, middle) in enumerate(zip(found, numbers, places, strict=True)):
            here = stage.selection.places(cells)
            # Cells that have no number, such as those above the diagonal, stay where they are.
            known = np.isfinite(values)
            start = here[known]
            center = (here.min(axis=0) + here.max(axis=0)) / 2
            goal = start[0] - center + middle + (0.0, 0.0, 0.6 * size)
            copies = Copies(cells.block, values[known], start)
            bring(stage, thing, copies, start, moment)
            leaves = moment.at(LATE * index / max(1, len(found) - 1))
            arrives = leaves + (1 - LATE) * moment.seconds
            stage.fly(copies.actors[0], leaves, arrives, goal, moment.id)
        self._name(
            stage, found, places - (0.0, 0.6, (pitch[2] - AIR) / 2 - 0.4 * size), size, moment
        )

    def _cells(self, stage: Stage, moment: Moment) -> list[CellRange]:
        """The cells of each block."""
        blocks, bracket, places = self.subject.partition("[")
        named = stage.blocks([blocks], moment)
        found = [stage.cells(f"{name}{bracket}{places}", moment) for name in named]
        found = [
            replace(cells, columns=cells.columns[-MOST:], rows=cells.rows[-MOST:])
            for cells in found
        ]
        if len({(len(cells.columns), len(cells.rows)) for cells in found}) > 1:
            raise AuthoringError(f"{moment.id}: gather takes as many cells of each block.")
        return found

    def _places(self, stage: Stage, found: Sequence[CellRange]) -> tuple[Floats, Floats, float]:
        """(n, 3) the middles of the copies' rooms, (3,) such a room, and the size of numbers."""
        here = stage.selection.places(found[0])
        extent = np.ptp(here, axis=0) + 1.0
        size = NAME * float(max(extent)) / 8.0
        pitch: Floats = extent + (AIR, 0.0, AIR + 1.2 * size)
        columns = _columns(len(found), pitch[0] / pitch[2], stage.aspect * ROOM)
        rows = -(-len(found) // columns)
        index = np.arange(len(found))
        grid = np.column_stack([index % columns, np.zeros(len(found)), -(index // columns)])
        middle = grid - ((columns - 1) / 2, 0.0, -(rows - 1) / 2)
        front = before_layer(stage, found[0]) + np.array(self.offset)
        return front + middle * pitch, pitch, size

    def _name(
        self,
        stage: Stage,
        found: Sequence[CellRange],
        below: Floats,
        size: float,
        moment: Moment,
    ) -> None:
        """Write the number of its head below each copy."""
        blocks = [stage.anatomy.blocks[cells.block] for cells in found]
        thing = stage.things[self.name]
        label = Labels(
            name=stage.name(thing, "numbers"),
            group=thing.group,
            texts=tuple(
                str(index if block.head is None else block.head)
                for index, block in enumerate(blocks)
            ),
            offsets=tuple((x, y, z) for x, y, z in below.tolist()),
            size=size,
            tone=1,
        )
        stage.add(thing, label)
        stage.appear(label.name, moment.at(0.7), moment.end, moment.id)


def _corners(places: Floats, room: Floats) -> Floats:
    """(2 n, 3) the corners of rooms around places, (n, 3)."""
    found: Floats = np.concatenate([places - room / 2, places + room / 2])
    return found


def _columns(count: int, shape: float, aspect: float) -> int:
    """The number of columns in which so many rooms are largest in a picture.

    `shape` is the width of a room over its height, `aspect` that of the picture.
    """

    def scale(columns: int) -> float:
        rows = math.ceil(count / columns)
        return min(aspect / (columns * shape), 1.0 / rows)

    return max(range(1, count + 1), key=lambda columns: (round(scale(columns), 6), -columns))
