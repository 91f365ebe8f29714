"""Arrangements: in how many columns the layers of a model stand, and whether long blocks fold."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["auto", "tower", "rows"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Ways to arrange the layers: in as many columns as fill a wide picture best, with the embedding
before them and the output after them on the same ground; everything below each other, in one tower;
or in a number of columns that somebody has chosen, one for each layer unless given."""

PICTURE = 16 / 9
"""Width over height of the picture that a model is arranged for."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A choice of arrangement.

    Attributes
    ----------
    kind
        One of `KINDS`.
    columns
        Columns of layers in rows; 0 for one for each layer.
    folded
        True if blocks that are much longer than a layer is wide fold into lines.
    """

    kind: Kind = "auto"
    columns: int = 0
    folded: bool = True

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            known = ", ".join(KINDS)
            raise ValueError(f"There is no arrangement {self.kind!r}; there are {known}.")
        if self.columns < 0:
            raise ValueError(f"{self.columns} columns cannot be drawn; 0 is one for each layer.")

    def choices(self, n_layer: int) -> list[list[range]]:
        """The ways in which so many layers may stand: the layers of each column, in order."""
        if self.kind == "tower":
            return [[range(n_layer)]]
        if self.kind == "rows":
            return [columns(n_layer, self.columns or n_layer)]
        return [columns(n_layer, count) for count in range(1, n_layer + 1)]


def columns(n_layer: int, count: int) -> list[range]:
    """Layers in so many columns, or one column for each if there are fewer; the first are longest,
    by at most a layer.
    """
    least, longer = divmod(n_layer, min(count, n_layer))
    heights = [least + (column < longer) for column in range(min(count, n_layer))]
    edges = [0, *itertools.accumulate(heights)]
    return [range(low, high) for low, high in itertools.pairwise(edges)]


def enlargement(width: float, height: float) -> float:
    """The scale at which something of this size fills a wide picture of unit height."""
    return min(PICTURE / width, 1 / height)
