"""Picks: which cells along one axis of an operand a cell needs, and which cells need one of them.

`picked` goes from a target cell to its sources, `wanted` from a source back to its targets. Each is
the inverse of the other.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pick(Enum):
    """The cells along one axis of an operand's grid that a target cell at (column, row) needs."""

    ZERO = "the only one"
    COLUMN = "the target's column"
    ROW = "the target's row"
    ALL = "all along a channel axis"
    UP_TO_COLUMN = "positions up to the target's column"
    UP_TO_ROW = "positions up to the target's row"
    TOKEN = "the id of the token at the target's column"


MANY = (Pick.ALL, Pick.UP_TO_COLUMN, Pick.UP_TO_ROW)
"""Picks of several cells, which a sum runs along."""

TIME = (Pick.UP_TO_COLUMN, Pick.UP_TO_ROW)
"""Picks along positions."""


def picked(pick: Pick, count: int, column: int, row: int, token: int | None) -> NDArray[np.int64]:
    """Places along an operand's axis of `count` cells that the cell at (column, row) needs.

    `token` is the id of the token at the column; where it is None, any could be looked up.
    """
    if pick is Pick.COLUMN:
        return np.array([column])
    if pick is Pick.ROW:
        return np.array([row])
    if pick is Pick.ZERO:
        return np.array([0])
    if pick is Pick.UP_TO_COLUMN:
        return np.arange(column + 1)
    if pick is Pick.UP_TO_ROW:
        return np.arange(row + 1)
    if pick is Pick.TOKEN and token is not None:
        return np.array([token])
    return np.arange(count)


def one_of(
    pick: Pick,
    columns: NDArray[np.int64],
    rows: NDArray[np.int64],
    index: int,
    tokens: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    """The place along an operand's axis that each of some targets needs for one term of its sum.

    Parameters
    ----------
    columns, rows
        The targets.
    index
        The number of the term, which a pick of several cells runs along.
    tokens
        The tokens of the sequence; needed for a look-up only.
    """
    if pick is Pick.COLUMN:
        return columns
    if pick is Pick.ROW:
        return rows
    if pick is Pick.TOKEN and tokens is not None:
        return tokens[columns]
    return np.full_like(columns, 0 if pick is Pick.ZERO else index)


class Wanted(NamedTuple):
    """Targets as limits on their columns and rows: each from a first to a last one, inclusive."""

    columns: tuple[int, int]
    rows: tuple[int, int]

    def narrowed(self, pick: Pick, place: int) -> Wanted:
        """Those of the targets whose `pick` along an axis holds the cell at `place`."""
        (left, right), (top, bottom) = self
        if pick is Pick.COLUMN:
            left, right = max(left, place), min(right, place)
        elif pick is Pick.ROW:
            top, bottom = max(top, place), min(bottom, place)
        elif pick is Pick.UP_TO_COLUMN:
            left = max(left, place)
        elif pick is Pick.UP_TO_ROW:
            top = max(top, place)
        return Wanted((left, right), (top, bottom))
