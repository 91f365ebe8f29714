"""Explanations: all that there is to say of one cell, as plain data that writes itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..anatomy import number
from ..counting import counted
from .addresses import Cell
from .reading import EXACT, NO_NUMBERS
from .report import report

if TYPE_CHECKING:
    from ..anatomy import BlockCells, Formula
    from .reading import Reading
    from .uses import Uses

State = Literal["number", "masked", "unused", "pending", "absent"]

MOST_NAMED = 5
"""Contributions that an explanation names, the largest first."""


@dataclass(frozen=True)
class Source:
    """The cells that a cell takes from one block.

    Attributes
    ----------
    part
        Their part in the operation, such as ``"weight"``.
    title
        The block's title and where it is.
    cells
        The block's name, and the cells' columns and rows.
    reading
        Their numbers.
    """

    part: str
    title: str
    cells: BlockCells
    reading: Reading

    @property
    def values(self) -> NDArray[np.float32]:
        """(n,) float32, NaN where there is no number."""
        return self.reading.values

    def __len__(self) -> int:
        return len(self.cells.columns)

    def cell(self, index: int) -> Cell:
        """One of the cells."""
        block, columns, rows = self.cells
        return Cell(block, int(columns[index]), int(rows[index]))

    @property
    def summary(self) -> str:
        """The part, and the cell with its number, or the first and the last cell with a range."""
        if not len(self):
            return f"{self.part}: none of {self.cells.block}"
        known = self.reading.exactness != NO_NUMBERS
        if len(self) == 1:
            said = f"{self.part}: {self.cell(0)}"
            return f"{said} = {number(float(self.values[0]), 4)}" if known else said
        _, column, row = self.cell(len(self) - 1)
        said = f"{self.part}: {self.cell(0)} to [{column}, {row}], "
        said += counted(len(self), "cell")
        if not known:
            return said
        low, high = float(self.values.min()), float(self.values.max())
        return f"{said}, {number(low)} to {number(high)}"


@dataclass(frozen=True)
class Contribution:
    """One term of the sum that makes up a value.

    Attributes
    ----------
    index
        Its place in `Contributions.values`.
    words
        What it is: ``"channel 447"``, or a block's title where the term is one cell.
    written
        The term with its numbers: ``"1.52 × −0.83"``.
    value
        What it adds.
    cells
        The cells that it is made of.
    """

    index: int
    words: str
    written: str
    value: float
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Contributions:
    """The terms of the sum that makes up a value, or of which it is the largest.

    Attributes
    ----------
    over
        ``"sum"`` or ``"max"``.
    function
        ``"√"`` where the value is the square root of the sum; else empty.
    values
        (n,) float64, what each term adds, in the order of the formula.
    largest
        The largest terms by magnitude (of a maximum, by value), `MOST_NAMED` or fewer.
    """

    over: Literal["sum", "max"]
    function: str
    values: NDArray[np.float64]
    largest: tuple[Contribution, ...]

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Explanation:
    """All that there is to say of one cell; `print` shows it.

    Attributes
    ----------
    cell
        The block's name, column and row.
    title
        The block's title and where it is: ``"Attention, head 1 of layer 0"``.
    kind
        The block's kind: ``"weight"``, ``"activation"`` or ``"aggregate"``.
    place
        The cell in words: ``"query 3, token B, looks at key 1, token A"``.
    column_words, row_words
        The same for each axis; empty for an axis of one cell.
    state
        ``"number"``; ``"masked"`` or ``"unused"`` where there never is one; ``"pending"`` where it
        comes later in the film, so that it is known but not shown; ``"absent"`` where the model has
        none.
    why
        A sentence on a state that is not ``"number"``; else empty.
    value
        The number; None where there is none.
    exactness
        ``"exact"``, ``"255 levels"`` or ``"none"``.
    value_words
        The value as it is said: ``"0.312, one of 255 levels"``.
    numpy_address
        The cell in the arrays of a trace: ``trace["layer0.head1.attention"][3, 1]``.
    checkpoint_address
        A weight's place in the checkpoint; empty for what is computed, and without a checkpoint.
    sources
        The cells that it is computed from, by operand, in the order of the formula.
    context
        Cells that explain it without being operands: the row that a softmax is taken over.
    uses
        The cells that are computed from it.
    formula
        Its recipe; None for what is given: weights and tokens.
    parts
        The numbers of each part of the formula, float64; empty where they are not known.
    contributions
        The terms that its value is made of; None where it has no number or no formula.
    recomputed
        The value computed in float64 from the sources; None where these have no numbers.
    description
        The formula in words; empty for what is given.
    """

    cell: Cell
    title: str
    kind: str
    place: str
    column_words: str
    row_words: str
    state: State
    why: str
    value: float | None
    exactness: str
    value_words: str
    numpy_address: str
    checkpoint_address: str
    sources: tuple[Source, ...]
    context: tuple[Source, ...]
    uses: Uses
    formula: Formula | None
    parts: dict[str, NDArray[np.float64]]
    contributions: Contributions | None
    recomputed: float | None
    description: str

    @property
    def n_sources(self) -> int:
        """Number of cells that it is computed from."""
        return sum(map(len, self.sources))

    @cached_property
    def text(self) -> str:
        """The formula of the cell in symbols; empty for what is given."""
        return "" if self.formula is None else self.formula.text(self.cell.column, self.cell.row)

    @cached_property
    def with_numbers(self) -> str:
        """The right side of the formula with numbers put in, and what comes out; or empty."""
        if self.formula is None or self.recomputed is None:
            return ""
        exact = all(source.reading.exactness == EXACT for source in self.sources)
        equals = "=" if exact else "≈"
        return f"{self.formula.with_numbers(self.parts)} {equals} {number(self.recomputed)}"

    @cached_property
    def latex(self) -> str:
        """The formula of the cell as LaTeX, in symbols and with numbers; empty for a weight."""
        if self.formula is None:
            return ""
        column, row = self.cell.column, self.cell.row
        if self.recomputed is None:
            return self.formula.latex(column, row)
        return self.formula.latex(column, row, self.parts)

    @property
    def definition(self) -> str:
        """The function in the formula that has a name of its own, written out; or empty."""
        return "" if self.formula is None else self.formula.definition

    @cached_property
    def summary(self) -> str:
        """The number of terms and the largest: ``"768 terms; channel 447: 1.52 × −0.83 = …"``."""
        found = self.contributions
        if found is None or len(found) < 2:
            return ""
        named = [f"{c.words}: {_term(c)}" for c in found.largest]
        more = ["…"] if len(found) > len(named) else []
        return "; ".join([counted(len(found), "term"), *named, *more])

    @cached_property
    def strengths(self) -> tuple[NDArray[np.float64], ...]:
        """The weight that each cell of each source has, (n,) from 0 to 1 for each of `sources`.

        That is the magnitude of the term in which it stands, over the largest one. Cells that stand
        in every term, and all cells where numbers are not known, count in full.
        """
        full = tuple(np.ones(len(source)) for source in self.sources)
        if self.formula is None or not self.parts:
            return full
        count = max(map(len, self.parts.values()))
        for term in self.formula.addends(count).terms:
            values = np.abs(self.formula.values_of(term, self.parts))
            most = float(values.max(initial=0.0)) or 1.0
            self._share(self.formula.names_in(term), values / most, full)
        return full

    def _share(
        self, names: list[str], values: NDArray[np.float64], into: tuple[NDArray[np.float64], ...]
    ) -> None:
        """Write the terms of a sum to the cells of the parts that run along it."""
        for name in names:
            same = [index for index, s in enumerate(self.sources) if s.part == name]
            if len(values) < 2 or sum(len(self.sources[index]) for index in same) != len(values):
                continue
            start = 0
            for index in same:
                into[index][:] = values[start : start + len(into[index])]
                start += len(into[index])

    @property
    def largest_source(self) -> Cell | None:
        """The source that contributes most, a computed cell rather than a weight."""
        if self.contributions is not None and self.contributions.largest:
            kinds = {source.cells.block: source.part for source in self.sources}
            cells = self.contributions.largest[0].cells
            return max(cells, key=lambda cell: kinds.get(cell.block) != "weight", default=None)
        return next((source.cell(0) for source in self.sources if len(source)), None)

    def __str__(self) -> str:
        return report(self)

    __repr__ = __str__


def _term(term: Contribution) -> str:
    value = number(term.value)
    return value if term.written == value else f"{term.written} = {value}"
