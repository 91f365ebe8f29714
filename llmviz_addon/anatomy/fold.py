"""Folding: a block that is much longer than its surroundings, laid in lines as a text is.

A fold along the columns lays line below line; a fold along the rows stands piece beside piece. The
cells keep their numbers: a fold only says where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

ROUND = (256, 16, 1)
"""Lengths of lines are multiples of one of these, the first that fits: the distances of the grid
lines that are seen on blocks, so that these go on from line to line."""

FULL = 0.6
"""Least length of the last line over that of the others."""


FoldAxis = Literal["columns", "rows"]


class Piece(NamedTuple):
    """A rectangle of cells that stand together: the first column and row, the count of each."""

    column: int
    row: int
    columns: int
    rows: int


@dataclass(frozen=True, slots=True)
class Fold:
    """A fold of a grid.

    Attributes
    ----------
    along
        The axis that is folded.
    length
        Cells in a line, along that axis.
    pitch
        From one line to the next, in cells.
    """

    along: FoldAxis
    length: int
    pitch: float

    def shift(self, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The way of cells from their places in the unfolded block: to the right, and up."""
        if self.along == "columns":
            line = column // self.length
            return -line * self.length, -line * self.pitch
        line = row // self.length
        return line * self.pitch, line * self.length

    def pieces(self, columns: int, rows: int) -> tuple[Piece, ...]:
        """The lines of a grid of this size, in order."""
        size = columns if self.along == "columns" else rows
        starts = range(0, size, self.length)
        if self.along == "columns":
            return tuple(Piece(s, 0, min(self.length, size - s), rows) for s in starts)
        return tuple(Piece(0, s, columns, min(self.length, size - s)) for s in starts)

    def extent(self, columns: int, rows: int) -> tuple[float, float]:
        """Width and height of a grid of this size when it is folded."""
        size = columns if self.along == "columns" else rows
        lines = -(-size // self.length)
        if self.along == "columns":
            return self.length, rows + (lines - 1) * self.pitch
        return columns + (lines - 1) * self.pitch, self.length


def line_length(size: int, limit: float) -> int:
    """The length of lines for so many cells: as few lines of up to about `limit` as there can be.

    The lines are alike, but for the last one, which is at least `FULL` as long. A size that hardly
    exceeds the limit stays in one line.
    """
    if size <= 1.25 * limit:
        return size
    lines = int(-(-size // max(1.0, limit)))
    for step in ROUND:
        length = -(-size // (lines * step)) * step
        last = size - (lines - 1) * length
        if last >= FULL * length:
            return length
    return -(-size // lines)
