"""Explanations: all that there is to say of one cell, as plain data that writes itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..anatomy import number
from .addresses import Cell
from .reading import EXACT, NO_NUMBERS
from .report import report

if TYPE_CHECKING:
    from ..anatomy import BlockCells, Formula
    from ..languages import Language
    from .reading import Reading
    from .uses import Uses
    from .words import Said

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
    language
        The language of its words.
    """

    part: str
    title: str
    cells: BlockCells
    reading: Reading
    language: Language

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
        known = self.reading.exactness != NO_NUMBERS
        said: dict[str, object] = {
            "part": self.language.tell(f"part.{self.part}"),
            "block": self.cells.block,
        }
        key = "none"
        if len(self) == 1:
            key = "one_value" if known else "one"
            said |= {"cell": self.cell(0), "value": number(float(self.values[0]), 4)}
        elif len(self):
            key = "several_values" if known else "several"
            low, high = float(self.values.min()), float(self.values.max())
            _, column, row = self.cell(len(self) - 1)
            said |= {
                "first": self.cell(0),
                "last": f"[{column}, {row}]",
                "cells": self.language.counted(len(self), "cell"),
                "low": number(low),
                "high": number(high),
            }
        return self.language.tell(f"explain.{key}", **said)


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
    said
        The value as it is said, and a note on it: ``"0.312"``, ``"one of 255 levels"``.
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
    language
        The language of its words.
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
    said: Said
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
    language: Language

    @property
    def value_words(self) -> str:
        """The value as it is said, with the note: ``"0.312, one of 255 levels"``."""
        if not self.said.note:
            return self.said.number
        value, note = self.said
        return self.language.tell("explain.with_note", value=value, note=note)

    @property
    def exactness_words(self) -> str:
        """The exactness of the value, or the token that it means, in words."""
        if self.said.note:
            return self.said.note
        if self.exactness == EXACT:
            return self.language.tell("explain.exact")
        levels = self.exactness.partition(" ")[0]
        return self.language.tell("explain.levels", levels=levels)

    @property
    def source_words(self) -> str:
        """The number of cells that it is computed from: ``"From 97 cells"``."""
        cells = self.language.counted(self.n_sources, "cell")
        return self.language.tell("explain.from_cells", cells=cells)

    @property
    def ways(self) -> str:
        """Where it comes from and where it goes: ``"From 97 cells, into 6 cells"``."""
        counted, tell = self.language.counted, self.language.tell
        sources, uses = counted(self.n_sources, "cell"), counted(len(self.uses), "cell")
        key = ("from_into" if self.n_sources else "into") + "_none" * (not len(self.uses))
        return tell(f"explain.{key}", sources=sources, uses=uses)

    @property
    def n_sources(self) -> int:
        """Number of cells that it is computed from."""
        return sum(map(len, self.sources))

    @cached_property
    def text(self) -> str:
        """The formula of the cell in symbols; empty for what is given."""
        if self.formula is None:
            return ""
        return self.formula.text(self.cell.column, self.cell.row, language=self.language)

    @cached_property
    def with_numbers(self) -> str:
        """The right side of the formula with numbers put in, and what comes out; or empty."""
        if self.formula is None or self.recomputed is None:
            return ""
        exact = all(source.reading.exactness == EXACT for source in self.sources)
        equals = "=" if exact else "≈"
        written = self.formula.with_numbers(self.parts, self.language)
        return f"{written} {equals} {number(self.recomputed)}"

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
        written = "" if self.formula is None else self.formula.definition
        return self.language.tell("explain.where", definition=written) if written else ""

    @cached_property
    def summary(self) -> str:
        """The number of terms and the largest: ``"768 terms; channel 447: 1.52 × −0.83 = …"``."""
        found = self.contributions
        if found is None or len(found) < 2:
            return ""
        tell = self.language.tell
        said = self.language.counted(len(found), "term")
        for each in found.largest:
            part = tell("explain.parts", words=each.words, written=_term(each))
            said = tell("explain.list", first=said, rest=part)
        if len(found) > len(found.largest):
            said = tell("explain.list", first=said, rest="…")
        return said

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
