"""A gesture that shows how long columns are, by a bar before each block.

So what each layer adds to the residual stream can be compared at one glance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Bars, Labels
from ..errors import AuthoringError
from ..properties import FORM
from ..selection import CellRange
from ..stage import Moment, Stage
from ..wording import figure
from .base import Gesture, Index, Texts
from .charts import plain

Floats = NDArray[np.float64]

HIGH, WIDE, LETTER, LEAST = 2.4, 0.36, 0.6, 2.0
"""Height of the longest bar, width of a bar, and size of its number, as parts of the height of its
block; and the least width in cells."""

BEFORE = 0.8
"""The way from a block to its bar, which stands to the left of it, in widths of this."""


@dataclass(frozen=True, kw_only=True)
class Lengths(Gesture):
    """Let a bar grow before each subject, as high as its column is long.

    That is the root of the sum of squares.
    """

    verb = "lengths"

    subject: Texts
    columns: Index
    """The position whose columns are measured."""
    together: bool = False
    """True if the columns of one layer are added, and have one bar before the last of them."""
    name: str = "lengths"

    def natural(self, run: object) -> float:
        """The time in which bars grow, one after the other."""
        del run
        return 2.4

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of all bars."""
        boxes = self._boxes(stage, self._columns(stage, moment), 1.0)
        return {self.name: boxes.reshape(-1, 3)}

    def _columns(self, stage: Stage, moment: Moment) -> list[CellRange]:
        found = [
            stage.cells(f"{block}[{self.columns}]", moment)
            for block in stage.blocks(self.subject, moment)
        ]
        if not found:
            raise AuthoringError(f"{moment.id}: lengths has no blocks to measure.")
        return found

    def _boxes(self, stage: Stage, columns: list[CellRange], parts: Floats | float) -> Floats:
        """(n, 2, 3) the boxes of bars that have these parts of their full height."""
        places = [stage.selection.places(cells) for cells in columns]
        foot = np.array([place[-1] for place in places])
        high = np.array([float(np.ptp(place[:, 2])) + 1.0 for place in places])
        wide = np.maximum(LEAST, WIDE * high)
        low = foot + np.stack([-1.4 * wide, -(BEFORE + 0.5) * wide, np.full_like(wide, -0.5)], -1)
        up = np.maximum(HIGH * high * parts, 0.02 * high)
        found: Floats = np.stack([low, low + np.stack([wide, wide, up], -1)], axis=1)
        return found

    def play(self, stage: Stage, moment: Moment) -> None:
        """Measure the columns, and let the bars grow."""
        columns = self._columns(stage, moment)
        numbers = [stage.numbers(cells.block, *cells.places) for cells in columns]
        if self.together:
            columns, numbers = _by_layer(stage, columns, numbers)
        lengths = np.array([float(np.linalg.norm(values)) for values in numbers])
        if not np.isfinite(lengths).all() or not lengths.any():
            stage.lack(self.name)
            return
        parts = lengths / lengths.max()
        flat, full = (self._boxes(stage, columns, each) for each in (0.0 * parts, parts))
        thing = stage.bring(self.name, moment)
        bars = Bars(
            name=stage.name(thing, "bars"),
            group=thing.group,
            block=columns[0].block,
            values=(tuple((0.0 * parts).tolist()), tuple(parts.tolist())),
            scales=("", ""),
            boxes=(plain(flat), plain(full)),
        )
        stage.add(thing, bars)
        end = moment.at(0.75)
        stage.board.ramp(bars.name, targets.STEP, moment.start, end, 1.0, moment.id)
        stage.board.ramp(bars.name, targets.FORM, moment.start, end, FORM, moment.id)
        size = LETTER / WIDE * float(np.ptp(full[0, :, 0]))
        above = full.mean(axis=1)
        above[:, 1], above[:, 2] = full[:, 0, 1], full[:, 1, 2] + 0.8 * size
        label = Labels(
            name=stage.name(thing, "numbers"),
            group=thing.group,
            texts=tuple(figure(length) for length in lengths.tolist()),
            offsets=tuple((x, y, z) for x, y, z in above.tolist()),
            size=size,
        )
        stage.add(thing, label)
        stage.appear(label.name, moment.at(0.6), moment.at(0.9), moment.id)


def _by_layer(
    stage: Stage, columns: list[CellRange], numbers: list[Floats]
) -> tuple[list[CellRange], list[Floats]]:
    """The last column of each layer, and the sum of all of them."""
    found: dict[int | None, tuple[CellRange, Floats]] = {}
    for cells, values in zip(columns, numbers, strict=True):
        layer = stage.anatomy.blocks[cells.block].layer
        before = found[layer][1] if layer in found else np.zeros(1)
        found[layer] = cells, before + values
    return [cells for cells, _ in found.values()], [values for _, values in found.values()]
