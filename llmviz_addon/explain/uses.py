"""Uses: the cells that are computed from a cell, counted, and those named to which it adds most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..anatomy import first, number
from .addresses import Cell

if TYPE_CHECKING:
    from ..anatomy import Block, BlockCells, Read
    from ..languages import Language
    from .reading import CellReader, Places


@dataclass(frozen=True)
class Use:
    """The cells of one block that are computed from a cell.

    Attributes
    ----------
    part
        The part that the cell plays in them, such as ``"weight"``.
    cells
        The block's name, and the cells' columns and rows.
    shares
        (n,) float64, the term of each cell's sum in which it is a factor; None where it is no
        factor of a single term, or there are no numbers.
    language
        The language of its words.
    """

    part: str
    cells: BlockCells
    shares: NDArray[np.float64] | None
    language: Language

    def __len__(self) -> int:
        return len(self.cells.columns)

    @cached_property
    def largest(self) -> int | None:
        """The place among the cells of the one to which it adds most; None where not known."""
        if self.shares is None or not len(self):
            return None
        return int(np.abs(self.shares).argmax())

    def cell(self, index: int) -> Cell:
        """One of the cells."""
        block, columns, rows = self.cells
        return Cell(block, int(columns[index]), int(rows[index]))

    @property
    def summary(self) -> str:
        """The number of cells, their block and the part, and the cell to which it adds most."""
        tell = self.language.tell
        said = {
            "cells": self.language.counted(len(self), "cell"),
            "block": self.cells.block,
            "part": tell(f"part.{self.part}"),
        }
        if self.largest is None or self.shares is None:
            return tell("explain.use", **said)
        share = number(float(self.shares[self.largest]))
        key = "explain.use_most" if len(self) > 1 else "explain.use_adds"
        return tell(key, **said, cell=self.cell(self.largest), value=share)


@dataclass(frozen=True)
class Uses:
    """All uses of a cell.

    Attributes
    ----------
    groups
        By block and part, those to whose cells it adds most first.
    language
        The language of their words.
    """

    groups: tuple[Use, ...]
    language: Language

    def __len__(self) -> int:
        """The number of cells that are computed from it."""
        return sum(map(len, self.groups))

    @property
    def largest(self) -> Cell | None:
        """The cell to which it adds most; the first where that is not known."""
        if not self.groups:
            return None
        return self.groups[0].cell(self.groups[0].largest or 0)

    def strongest(self, count: int) -> list[tuple[Cell, float]]:
        """The cells to which it adds most, each with what it adds; empty where that is not known.

        Parameters
        ----------
        count
            As many at most.
        """
        found = [
            (use.cell(index), float(use.shares[index]))
            for use in self.groups
            if use.shares is not None
            for index in first(np.abs(use.shares), count)
        ]
        found.sort(key=lambda each: abs(each[1]), reverse=True)
        return found[:count]

    @property
    def summary(self) -> str:
        """The number of cells and of their blocks, and the largest."""
        language, tell = self.language, self.language.tell
        if not self.groups:
            return tell("explain.no_use")
        first = self.groups[0]
        share = ""
        if first.largest is not None and first.shares is not None:
            share = number(float(first.shares[first.largest]))
        said = {
            "cell": self.largest,
            "cells": language.counted(len(self), "cell"),
            "blocks": language.counted(len({use.cells.block for use in self.groups}), "block"),
            "value": share,
        }
        if len(self) == 1:
            return tell("explain.one_use_adds" if share else "explain.one_use", **said)
        return tell("explain.uses_most" if share else "explain.uses", **said)


def uses_of(
    reader: CellReader,
    block: Block,
    cell: Cell,
    n_tokens: int,
    tokens: Places | None,
    read: Read,
) -> Uses:
    """The cells that are computed from a cell.

    Parameters
    ----------
    n_tokens
        Positions that are computed.
    tokens
        Their tokens; None for a model without numbers.
    read
        Reads cells of any block.
    """
    found = []
    for user in reader.anatomy.users(block):
        formula, operand = user.formula, user.operand
        cells = formula.targets(operand, cell.column, cell.row, n_tokens, tokens)
        if len(cells.columns):
            shares = None
            if tokens is not None:
                shares = formula.shares(operand, cell.column, cell.row, cells, read)
            found.append(Use(operand.part, cells, shares, reader.language))
    return Uses(tuple(sorted(found, key=_size, reverse=True)), reader.language)


def _size(use: Use) -> float:
    if use.largest is None or use.shares is None:
        return -1.0
    return abs(float(use.shares[use.largest]))
