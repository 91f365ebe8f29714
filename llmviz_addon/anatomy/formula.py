"""Formulas: the recipes by which a block's cells follow from cells of other blocks.

A formula is an operation and its operands. An operand names a block and says, for each axis of
its grid, which cells a target cell at (column, row) needs. From that one description come the
dependency highlight, the inspector's text, the order of computation and the tests that compute
every cell and compare it with the model's trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .operations import Operation

if TYPE_CHECKING:
    from ..model import Config

Values = Mapping[str, np.ndarray] | Callable[[str], np.ndarray]
"""Block name to its cells, (columns, rows), as a mapping or a function."""


class Pick(Enum):
    """The cells along one axis of an operand's grid that a target cell at (column, row) needs."""

    ZERO = "the only one"
    COLUMN = "the target's column"
    ROW = "the target's row"
    ALL = "all along a channel axis"
    UP_TO_COLUMN = "positions up to the target's column"
    UP_TO_ROW = "positions up to the target's row"
    TOKEN = "the id of the token at the target's column"


class SourceCells(NamedTuple):
    """Cells of one block: `columns` and `rows` are int arrays of equal length."""

    block: str
    columns: np.ndarray
    rows: np.ndarray


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
    operation
        The computation.
    operands
        The inputs of the computation.
    surroundings
        Cells that are no operands but are highlighted along with them: the row that a softmax
        normalizes over.
    causal
        True if there are no cells whose column (key) is later than their row (query).
    config
        The model's configuration.
    """

    target: str
    symbol: str
    letters: tuple[str, str]
    operation: Operation
    operands: tuple[Operand, ...]
    surroundings: tuple[Operand, ...]
    causal: bool
    config: Config

    def sources(
        self, column: int, row: int, n_tokens: int, values: Values | None = None
    ) -> list[SourceCells]:
        """The operand cells of one cell.

        Parameters
        ----------
        column, row
            The cell.
        n_tokens
            Positions that are computed; no source lies beyond them.
        values
            Cells of the blocks. Only a table look-up needs them; without them its sources are
            all the entries that could be looked up.

        Returns
        -------
        list of SourceCells
            One for each operand, in the order of the formula; empty for a cell that does not
            exist (above the causal diagonal).
        """
        return self._gather(self.operands, column, row, n_tokens, values)

    def context(self, column: int, row: int, n_tokens: int) -> list[SourceCells]:
        """Cells that are not operands but explain the cell: the row of a softmax."""
        return self._gather(self.surroundings, column, row, n_tokens, None)

    def evaluate(self, column: int, row: int, values: Values) -> float:
        """Compute one cell in float64 from the cells of other blocks.

        Raises
        ------
        ValueError
            If the cell does not exist (above the causal diagonal).
        """
        if not self._exists(column, row):
            raise ValueError(f"{self.target} has no cell at column {column}, row {row}.")
        parts: dict[str, list[np.ndarray]] = {}
        n_tokens = self.config.n_ctx
        sources = self.sources(column, row, n_tokens, values)
        for operand, source in zip(self.operands, sources, strict=True):
            cells = _cells(values, source.block)[source.columns, source.rows]
            parts.setdefault(operand.part, []).append(cells.astype(np.float64))
        joined = {part: np.concatenate(arrays) for part, arrays in parts.items()}
        return float(self.operation.compute(joined, self.config))

    @property
    def equation(self) -> str:
        """The formula in general, e.g. ``q[t, a] = Σ_i W[i, a] · ln_1[t, i] + b[a]``."""
        return self._write(*self.letters)

    def text(self, column: int, row: int, value: float | None = None) -> str:
        """The formula of one cell, e.g. ``q[3, 15] = Σ_i W[i, 15] · ln_1[3, i] + b[15]``.

        Parameters
        ----------
        column, row
            The cell.
        value
            Appended with four significant digits where given.
        """
        if not self._exists(column, row):
            return f"{self.symbol}[{column}, {row}] is masked: a later token"
        letters = self.letters
        written = self._write(
            str(column) if letters[0] else "",
            str(row) if letters[1] else "",
        )
        return written if value is None else f"{written} = {value:.4g}"

    def _exists(self, column: int, row: int) -> bool:
        return not (self.causal and column > row)

    def _gather(
        self,
        operands: tuple[Operand, ...],
        column: int,
        row: int,
        n_tokens: int,
        values: Values | None,
    ) -> list[SourceCells]:
        if not self._exists(column, row):
            return []
        found = []
        for operand in operands:
            columns = self._pick(operand.columns, operand.shape[0], column, row, values)
            rows = self._pick(operand.rows, operand.shape[1], column, row, values)
            if _is_time(operand.columns):
                columns = columns[columns < n_tokens]
            if _is_time(operand.rows):
                rows = rows[rows < n_tokens]
            size = (columns.size, rows.size)
            grid_columns = np.broadcast_to(columns[:, None], size).reshape(-1)
            grid_rows = np.broadcast_to(rows[None, :], size).reshape(-1)
            found.append(SourceCells(operand.block, grid_columns, grid_rows))
        return found

    def _pick(
        self, pick: Pick, count: int, column: int, row: int, values: Values | None
    ) -> np.ndarray:
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
        if pick is Pick.TOKEN and values is not None:
            return np.array([int(_cells(values, "tokens")[column, 0])])
        return np.arange(count)

    def _write(self, column: str, row: str) -> str:
        last = row if any(Pick.UP_TO_ROW in (o.columns, o.rows) for o in self.operands) else column
        symbols = {
            operand.part: operand.symbol + _index(operand, column, row) for operand in self.operands
        }
        bounded = any(_is_time(o.columns) or _is_time(o.rows) for o in self.operands)
        form = self.operation.form
        for part, addition in self.operation.optional:
            if part in symbols:
                form += addition
        symbols["i"] = f"{{i≤{last}}}" if bounded else "i"
        symbols["d_head"] = str(self.config.d_head)
        return f"{self.symbol}{_brackets(column, row)} = {form.format(**symbols)}"


def _is_time(pick: Pick) -> bool:
    return pick in (Pick.UP_TO_COLUMN, Pick.UP_TO_ROW)


def _cells(values: Values, name: str) -> np.ndarray:
    return values(name) if callable(values) else values[name]


def _index(operand: Operand, column: str, row: str) -> str:
    """The operand's indices, without those of axes that have one cell."""
    written = {
        Pick.ZERO: "",
        Pick.COLUMN: column,
        Pick.ROW: row,
        Pick.ALL: "i",
        Pick.UP_TO_COLUMN: "i",
        Pick.UP_TO_ROW: "i",
        Pick.TOKEN: f"tokens[{column}]",
    }
    return _brackets(written[operand.columns], written[operand.rows])


def _brackets(*indices: str) -> str:
    return f"[{', '.join(index for index in indices if index)}]"
