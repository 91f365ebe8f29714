"""Asking: from a reader and a cell to its explanation.

Nothing here knows a role of a block: what is said follows from the formulas, their operands and the
axes of the grids.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..anatomy import first
from . import words
from .addresses import Cell, check, find
from .explanation import MOST_NAMED, Contribution, Contributions, Explanation, Source, State
from .reading import NO_NUMBERS, CellReader, Reading
from .uses import Uses, uses_of

if TYPE_CHECKING:
    from ..anatomy import Block, BlockCells


def explain(reader: CellReader, block: str | Block, column: int, row: int) -> Explanation:
    """All that there is to say of one cell.

    Parameters
    ----------
    reader
        Reads the model's numbers.
    block
        The block, or its name.
    column, row
        The cell in the block's grid: of attention, the key and the query.

    Raises
    ------
    CellError
        If there is no such block or cell.
    """
    found = find(reader.anatomy, block) if isinstance(block, str) else block
    cell = check(found, column, row)
    return _Question(reader, found, cell).answer()


class _Question:
    """A cell that is asked for, and what answering takes."""

    def __init__(self, reader: CellReader, block: Block, cell: Cell) -> None:
        self._reader, self._block, self._cell = reader, block, cell
        self._formula = block.formula
        self._n_tokens = reader.n_tokens or reader.anatomy.n_tokens

    def answer(self) -> Explanation:
        reader, block, cell = self._reader, self._block, self._cell
        state, why = self._state()
        reading = self._read(cell.block, np.array([cell.column]), np.array([cell.row]))
        value = None if np.isnan(reading.values[0]) else float(reading.values[0])
        if value is None and state in ("number", "pending"):
            state, why = "absent", words.absent(reader, block)
        live = state not in ("masked", "unused")
        sources = self._sources() if live else ()
        parts = self._parts(sources) if value is not None else {}
        formula = self._formula
        recomputed = formula.value(parts) if formula and parts else None
        tokens = reader.tokens if reader.n_tokens else None
        return Explanation(
            cell=cell,
            title=words.title(block, reader.language),
            kind=block.kind,
            place=words.place(reader, block, cell.column, cell.row),
            column_words=words.along(reader, block, "column", cell.column),
            row_words=words.along(reader, block, "row", cell.row),
            state=state,
            why=why,
            value=value,
            exactness=reading.exactness if value is not None else NO_NUMBERS,
            said=words.value(block, reading, reader),
            numpy_address=self._numpy_address(),
            checkpoint_address=reader.checkpoint_address(block, cell.column, cell.row),
            sources=sources,
            context=self._context() if live else (),
            uses=uses_of(reader, block, cell, self._n_tokens, tokens, self._values)
            if live
            else Uses((), reader.language),
            formula=formula,
            parts=parts,
            contributions=self._contributions(sources, parts),
            recomputed=recomputed,
            description=self._description(sources),
            language=reader.language,
        )

    def _state(self) -> tuple[State, str]:
        reader, block = self._reader, self._block
        _, column, row = self._cell
        if block.causal and column > row:
            return "masked", words.masked(reader, block, column, row)
        if reader.n_tokens == 0:
            return "absent", words.absent(reader, block)
        if block.time_axis is not None:
            position = block.position(column, row)
            if position >= reader.n_tokens:
                return "unused", words.unused(reader, block, position)
            if reader.is_pending(block, column, row):
                return "pending", words.pending(reader, block, position)
        return "number", ""

    def _read(self, name: str, columns: NDArray[np.int64], rows: NDArray[np.int64]) -> Reading:
        return self._reader.read(self._reader.anatomy.blocks[name], columns, rows)

    def _values(
        self, name: str, columns: NDArray[np.int64], rows: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        return self._read(name, columns, rows).values

    def _numpy_address(self) -> str:
        place = self._block.address(self._cell.column, self._cell.row)
        return f'trace["{self._block.name}"][{", ".join(map(str, place))}]'

    def _gathered(self, cells: Sequence[BlockCells], parts: Sequence[str]) -> tuple[Source, ...]:
        blocks, language = self._reader.anatomy.blocks, self._reader.language
        return tuple(
            Source(
                part, words.title(blocks[each.block], language), each, self._read(*each), language
            )
            for part, each in zip(parts, cells, strict=True)
        )

    def _sources(self) -> tuple[Source, ...]:
        formula = self._formula
        if formula is None:
            return ()
        read = self._values if self._reader.n_tokens else None
        _, column, row = self._cell
        cells = formula.sources(column, row, self._n_tokens, read)
        return self._gathered(cells, [operand.part for operand in formula.operands])

    def _context(self) -> tuple[Source, ...]:
        formula = self._formula
        if formula is None:
            return ()
        cells = formula.context(self._cell.column, self._cell.row, self._n_tokens)
        return self._gathered(cells, [operand.part for operand in formula.surroundings])

    def _parts(self, sources: Sequence[Source]) -> dict[str, NDArray[np.float64]]:
        joined: dict[str, list[NDArray[np.float64]]] = {}
        for source in sources:
            joined.setdefault(source.part, []).append(source.values.astype(np.float64))
        return {part: np.concatenate(arrays) for part, arrays in joined.items()}

    def _description(self, sources: Sequence[Source]) -> str:
        if self._formula is None:
            return ""
        joined = {operand.part for operand in self._formula.operands if operand.is_joined}
        count = sum(len(source) for source in sources if source.part == min(joined, default=""))
        blocks, language = self._reader.anatomy.blocks, self._reader.language
        noun = words.terms(self._reader, self._formula, count) if count else ""
        return self._formula.words(lambda name: language.say(blocks[name].title), noun, language)

    def _contributions(
        self, sources: Sequence[Source], parts: dict[str, NDArray[np.float64]]
    ) -> Contributions | None:
        formula = self._formula
        if formula is None or not parts:
            return None
        count = max(map(len, parts.values()))
        addends = formula.addends(count)
        pieces = [formula.values_of(term, parts) for term in addends.terms]
        values = np.concatenate(pieces)
        starts = np.cumsum([0, *map(len, pieces)])
        largest = []
        for index in first(values if addends.over == "max" else np.abs(values), MOST_NAMED):
            which = int(np.searchsorted(starts, index, side="right")) - 1
            term, within = addends.terms[which], index - int(starts[which])
            names = formula.names_in(term)
            cells = tuple(_cell_of(name, within, sources) for name in names)
            runs = any(o.is_joined for o in formula.operands if o.part in names)
            if runs:
                said = words.term(self._reader, formula, within)
            else:
                said = self._title_of(cells[0]) if cells else ""
            written = formula.write_term(term, parts, within)
            largest.append(
                Contribution(index, said or written, written, float(values[index]), cells)
            )
        return Contributions(addends.over, addends.function, values, tuple(largest))

    def _title_of(self, cell: Cell) -> str:
        return self._reader.language.say(self._reader.anatomy.blocks[cell.block].title)


def _cell_of(part: str, index: int, sources: Sequence[Source]) -> Cell:
    """The cell of a part in one term of a sum."""
    same = [source for source in sources if source.part == part]
    if len(same) == 1 and len(same[0]) == 1:
        return same[0].cell(0)
    for source in same:
        if index < len(source):
            return source.cell(index)
        index -= len(source)
    raise IndexError(part)
