"""Formulas: the recipes by which a block's cells follow from cells of other blocks.

A formula is a tree of terms and its operands. An operand names a block and says, for each axis of
its grid, which cells a target cell at (column, row) needs. From that one description come a cell's
sources and, the other way round, the cells that it goes into, everything that is written of it, the
order of computation, and the tests that compute every cell and compare it with the model's trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import languages
from ..languages import Language
from .operations import OPERATIONS, settings
from .picks import MANY, TIME, Pick, Wanted, one_of, picked
from .terms import Addends, Numbers, Term, addends, element, evaluate, given, parts_of
from .writing import (
    Latex,
    Leaves,
    Script,
    Words,
    number,
    subscript,
    subscript_latex,
    symbol_latex,
)

if TYPE_CHECKING:
    from ..model import Config

Places = NDArray[np.int64]

Read = Callable[[str, Places, Places], np.ndarray]
"""Gives the numbers of cells from a block's name, their columns and their rows."""


class BlockCells(NamedTuple):
    """Cells of one block: `columns` and `rows` are int arrays of equal length."""

    block: str
    columns: Places
    rows: Places


def read_from(cells: Mapping[str, np.ndarray]) -> Read:
    """A way to read cells from whole grids, (columns, rows) by block."""
    return lambda block, columns, rows: cells[block][columns, rows]


@dataclass(frozen=True, slots=True)
class Operand:
    """One operand of a formula.

    Attributes
    ----------
    part
        Its part in the operation, e.g. ``"weight"``. Operands of one part are joined end to end,
        as the outputs of the heads are before the projection.
    block
        Name of the operand's block.
    columns, rows
        The cells that are needed along each axis.
    shape
        The operand's grid, (columns, rows).
    symbol
        Its symbol in an equation.
    """

    part: str
    block: str
    columns: Pick
    rows: Pick
    shape: tuple[int, int]
    symbol: str

    @property
    def is_joined(self) -> bool:
        """True if the target needs several of its cells, which a sum runs along."""
        return self.columns in MANY or self.rows in MANY


@dataclass(frozen=True, slots=True)
class Formula:
    """The recipe for a block's cells.

    Attributes
    ----------
    target
        Name of the block.
    symbol
        The symbol of its cells in an equation.
    letters
        Index letters of its columns and rows; empty for an axis of one cell.
    shape
        The block's grid, (columns, rows).
    operation
        The kind of computation, a key of `operations.OPERATIONS`.
    operands
        The inputs of the computation.
    surroundings
        Cells that are no operands but are highlighted along with them: the row that a softmax
        normalizes over.
    time
        True for each axis, columns and rows, that runs along positions.
    causal
        True if there are no cells whose column (key) is later than their row (query).
    config
        The model's configuration.
    """

    target: str
    symbol: str
    letters: tuple[str, str]
    shape: tuple[int, int]
    operation: str
    operands: tuple[Operand, ...]
    surroundings: tuple[Operand, ...]
    time: tuple[bool, bool]
    causal: bool
    config: Config

    @property
    def term(self) -> Term:
        """The tree of terms, whose parts are those of the operands."""
        parts = frozenset(operand.part for operand in self.operands)
        return given(OPERATIONS[self.operation], parts)

    # Where a cell comes from

    def sources(
        self, column: int, row: int, n_tokens: int, read: Read | None = None
    ) -> list[BlockCells]:
        """The operand cells of one cell.

        Parameters
        ----------
        column, row
            The cell.
        n_tokens
            Positions that are computed; no source lies beyond them.
        read
            Reads cells of the blocks. Only a table look-up needs it; without it, its sources are
            all the entries that could be looked up.

        Returns
        -------
        list of BlockCells
            One for each operand, in the order of the formula; empty for a cell that does not
            exist (above the causal diagonal).
        """
        return self._gather(self.operands, column, row, n_tokens, read)

    def context(self, column: int, row: int, n_tokens: int) -> list[BlockCells]:
        """Cells that are not operands but explain the cell: the row of a softmax."""
        return self._gather(self.surroundings, column, row, n_tokens, None)

    def parts(self, column: int, row: int, read: Read) -> dict[str, Numbers]:
        """The numbers that one cell is computed from, in float64: (1,) or (n,) for each part.

        Raises
        ------
        ValueError
            If the cell does not exist (above the causal diagonal).
        """
        if not self.exists(column, row):
            raise ValueError(f"{self.target} has no cell at column {column}, row {row}.")
        found: dict[str, list[Numbers]] = {}
        sources = self.sources(column, row, self.config.n_ctx, read)
        for operand, (block, columns, rows) in zip(self.operands, sources, strict=True):
            numbers = np.asarray(read(block, columns, rows), np.float64)
            found.setdefault(operand.part, []).append(numbers)
        return {part: np.concatenate(arrays) for part, arrays in found.items()}

    def evaluate(self, column: int, row: int, read: Read) -> float:
        """Compute one cell in float64 from the cells of other blocks; raises what `parts` does."""
        return self.value(self.parts(column, row, read))

    def value(self, parts: Mapping[str, Numbers]) -> float:
        """The value that follows from the numbers of the parts."""
        return float(evaluate(self.term, parts, settings(self.config))[0])

    def exists(self, column: int, row: int) -> bool:
        """False for a cell above the causal diagonal."""
        return not (self.causal and column > row)

    def addends(self, count: int) -> Addends:
        """The terms that make up a cell's value, of a sum of so many."""
        return addends(self.term, count)

    def names_in(self, term: Term) -> list[str]:
        """The parts of a term of the tree, in the order of the operands."""
        names = parts_of(term)
        return list(dict.fromkeys(o.part for o in self.operands if o.part in names))

    def values_of(self, term: Term, parts: Mapping[str, Numbers]) -> Numbers:
        """The values of one of the addends, one for each index that is summed over."""
        return evaluate(term, parts, settings(self.config))

    def write_term(self, term: Term, parts: Mapping[str, Numbers], index: int) -> str:
        """One of the addends with its numbers, at an index that is summed over."""
        return Script(Leaves({}, settings(self.config), element(parts, index))).write(term)

    # Where a cell goes

    def targets(
        self,
        operand: Operand,
        column: int,
        row: int,
        n_tokens: int,
        tokens: Places | None = None,
    ) -> BlockCells:
        """The cells of this formula's block that need one cell of an operand.

        Parameters
        ----------
        column, row
            The cell of the operand's block.
        n_tokens
            Positions that are computed; no target lies beyond them.
        tokens
            The ids of the tokens at these positions. Only a table look-up needs them; without
            them, every entry could have been looked up everywhere.
        """
        last = [
            min(size, n_tokens) - 1 if time else size - 1
            for size, time in zip(self.shape, self.time, strict=True)
        ]
        wanted = Wanted((0, last[0]), (0, last[1]))
        wanted = wanted.narrowed(operand.columns, column).narrowed(operand.rows, row)
        (left, right), (top, bottom) = wanted
        across, down = np.arange(left, right + 1), np.arange(top, bottom + 1)
        for pick, place in ((operand.columns, column), (operand.rows, row)):
            if pick is Pick.TOKEN and tokens is not None:
                across = across[tokens[across] == place]
        columns, rows = _product(across, down)
        if self.causal:
            kept = columns <= rows
            columns, rows = columns[kept], rows[kept]
        return BlockCells(self.target, columns, rows)

    def shares(
        self, operand: Operand, column: int, row: int, found: BlockCells, read: Read
    ) -> Numbers | None:
        """The term of each target's sum in which one cell of an operand stands, in float64.

        None where the cell is no factor of a single term: the mean, say, which is subtracted from
        every channel before a variance is taken.

        Parameters
        ----------
        column, row
            The cell of the operand's block.
        found
            Its targets.
        """
        index, count = self._index(operand, column, row)
        joined = {each.part for each in self.operands if each.is_joined}
        for term in self.addends(count).terms:
            names = parts_of(term)
            if operand.part in names and (operand.is_joined or not names & joined):
                parts = {name: self._terms_of(name, index, found, operand, read) for name in names}
                values = evaluate(term, parts, settings(self.config))
                return np.broadcast_to(values, found.columns.shape)
        return None

    def _index(self, operand: Operand, column: int, row: int) -> tuple[int, int]:
        """The number of the term in which an operand's cell stands, and the number of terms."""
        before = count = 0
        for each in self.operands:
            if each.part == operand.part:
                if each is operand:
                    before = count
                count += _length(each)
        place = column if operand.columns in MANY else row if operand.rows in MANY else 0
        return before + place, count

    def _terms_of(
        self, part: str, index: int, found: BlockCells, source: Operand, read: Read
    ) -> Numbers:
        """The numbers of a part in term `index` of each of some targets' sums."""
        same = [each for each in self.operands if each.part == part]
        if len(same) > 1:
            while index >= _length(same[0]):
                index -= _length(same.pop(0))
        operand = same[0]
        tokens = None
        if Pick.TOKEN in (operand.columns, operand.rows):
            some = np.arange(int(found.columns.max(initial=-1)) + 1)
            tokens = np.asarray(read("tokens", some, np.zeros_like(some)), np.int64)
        columns, rows = (
            one_of(pick, found.columns, found.rows, index, tokens)
            for pick in (operand.columns, operand.rows)
        )
        return np.asarray(read(operand.block, columns, rows), np.float64)

    # What is written of a cell

    @property
    def equation(self) -> str:
        """The formula in general, e.g. ``q[t, a] = Σ_i W[i, a] · ln_1[t, i] + b[a]``."""
        return self._equation(*self.letters)

    @property
    def definition(self) -> str:
        """The function in it that has a name of its own, e.g. ``ReLU(x) = max(0, x)``; or none."""
        term = self.term
        body = getattr(term, "body", None)
        if body is None:
            return ""
        script = Script(Leaves(dict.fromkeys(parts_of(term), "x"), settings(self.config)))
        return f"{script.write(term)} = {script.write(body)}"

    def text(
        self,
        column: int,
        row: int,
        value: float | None = None,
        language: Language | None = None,
    ) -> str:
        """The formula of one cell, e.g. ``q[3, 15] = Σ_i W[i, 15] · ln_1[3, i] + b[15]``.

        Parameters
        ----------
        column, row
            The cell.
        value
            Appended with four significant digits where given.
        language
            The language of the words in it; English unless given.
        """
        if not self.exists(column, row):
            cell = f"{self.symbol}[{column}, {row}]"
            return (language or languages.load()).tell("formula.masked", cell=cell)
        written = self._equation(*self._places(column, row))
        return written if value is None else f"{written} = {number(value, 4)}"

    def with_numbers(self, parts: Mapping[str, Numbers], language: Language | None = None) -> str:
        """The right side with numbers put in; of a long sum, the terms that count most."""
        spoken = language or languages.load()
        return Script(Leaves({}, settings(self.config), parts, language=spoken)).write(self.term)

    def latex(
        self,
        column: int | None = None,
        row: int | None = None,
        parts: Mapping[str, Numbers] | None = None,
    ) -> str:
        """The formula as LaTeX: in general, of one cell, or of one cell with numbers put in."""
        places = self.letters if column is None or row is None else self._places(column, row)
        left = symbol_latex(self.symbol) + subscript_latex(*places)
        symbols = {
            operand.part: symbol_latex(operand.symbol)
            + subscript_latex(*_indices(operand, *places, latex=True))
            for operand in self.operands
        }
        written = f"{left} = {Latex(self._leaves(symbols, *places)).write(self.term)}"
        if parts is None:
            return written
        numeric = Latex(Leaves({}, settings(self.config), parts))
        return f"{written} = {numeric.write(self.term)}"

    def words(
        self, title: Callable[[str], str], noun: str = "", language: Language | None = None
    ) -> str:
        """The right side in words, e.g. ``the sum of Q Weights times Layer Norm, plus Q Bias``.

        Parameters
        ----------
        title
            Gives a block's title.
        noun
            What a sum runs over, such as ``"48 channels"``.
        language
            The language of the words; English unless given.
        """
        spoken = language or languages.load()
        symbols: dict[str, str] = {}
        for operand in self.operands:
            said = title(operand.block)
            if operand.part in symbols:
                said = spoken.tell("formula.all_heads", title=said)
            symbols[operand.part] = said
        leaves = Leaves(symbols, settings(self.config), noun=noun, language=spoken)
        return Words(leaves).write(self.term)

    def _equation(self, column: str, row: str) -> str:
        symbols = {
            operand.part: operand.symbol + subscript(*_indices(operand, column, row))
            for operand in self.operands
        }
        right = Script(self._leaves(symbols, column, row)).write(self.term)
        return f"{self.symbol}{subscript(column, row)} = {right}"

    def _leaves(self, symbols: Mapping[str, str], column: str, row: str) -> Leaves:
        bound, count = "", 0
        for operand in self.operands:
            for pick, size in zip((operand.columns, operand.rows), operand.shape, strict=True):
                if pick in MANY:
                    count = size
                if pick in TIME:
                    bound = row if pick is Pick.UP_TO_ROW else column
        return Leaves(symbols, settings(self.config), bound=bound, count=count)

    def _places(self, column: int, row: int) -> tuple[str, str]:
        return str(column) if self.letters[0] else "", str(row) if self.letters[1] else ""

    def _gather(
        self,
        operands: tuple[Operand, ...],
        column: int,
        row: int,
        n_tokens: int,
        read: Read | None,
    ) -> list[BlockCells]:
        if not self.exists(column, row):
            return []
        found = []
        for operand in operands:
            token = None
            if read is not None and Pick.TOKEN in (operand.columns, operand.rows):
                token = int(read("tokens", np.array([column]), np.array([0]))[0])
            axes = []
            for pick, count in zip((operand.columns, operand.rows), operand.shape, strict=True):
                places = picked(pick, count, column, row, token)
                axes.append(places[places < n_tokens] if pick in TIME else places)
            found.append(BlockCells(operand.block, *_product(*axes)))
        return found


def _product(columns: Places, rows: Places) -> tuple[Places, Places]:
    """All pairs of a column and a row, column after column."""
    return np.repeat(columns, rows.size), np.tile(rows, columns.size)


def _length(operand: Operand) -> int:
    """Terms that an operand brings to a sum along a channel axis."""
    axes = zip((operand.columns, operand.rows), operand.shape, strict=True)
    return max((size for pick, size in axes if pick in MANY), default=1)


def _indices(operand: Operand, column: str, row: str, *, latex: bool = False) -> tuple[str, str]:
    """The operand's indices; empty for an axis that has one cell."""
    token = symbol_latex("tokens") + subscript_latex(column) if latex else f"tokens[{column}]"
    written = {
        Pick.ZERO: "",
        Pick.COLUMN: column,
        Pick.ROW: row,
        Pick.ALL: "i",
        Pick.UP_TO_COLUMN: "i",
        Pick.UP_TO_ROW: "i",
        Pick.TOKEN: token,
    }
    return written[operand.columns], written[operand.rows]
