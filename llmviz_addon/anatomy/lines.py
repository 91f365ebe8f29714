"""Numbers at the lines of folded blocks: the first column or row of each, so that cells can be
counted."""

from __future__ import annotations

from collections.abc import Iterator

from .block import Block
from .label import Label


def numbered(block: Block, size: float) -> Iterator[Label]:
    """The number of its first cell for each line of a folded block but the first.

    It stands to the left of a line, or above a piece.

    Parameters
    ----------
    block
        Any block; one in one piece has none.
    size
        Font size in cells.
    """
    fold = block.spec.fold
    if fold is None:
        return
    for piece in block.spec.pieces[1:]:
        (left, front, _), (_, back, top) = block.bounds_of(piece)
        y = (front + back) / 2
        if fold.along == "columns":
            yield Label(f"{piece.column:,}", (left - 0.6 * size, y, top - size), size, "right")
        else:
            yield Label(f"{piece.row:,}", (left, y, top + 0.4 * size), size, "left")
