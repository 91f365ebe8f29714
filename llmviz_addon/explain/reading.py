"""Cell readers: the numbers of any cells of a model, and how exact they are.

A reader knows the anatomy, the tokens of the sequence, and where the numbers are. `ModelReader`
takes them from a trace and a checkpoint; the scene has one that falls back on what is drawn.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .. import languages
from ..detail import EXACTNESS

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block
    from ..languages import Language
    from ..model import Model, Trace

Places = NDArray[np.int64]
Array = NDArray[np.float32]

EXACT, LEVELS, NO_NUMBERS = EXACTNESS["cubes"], EXACTNESS["slab"], EXACTNESS["shape"]


# Cells of a whole block that are read at a time.
_CHUNK = 2**20


@dataclass(frozen=True)
class Reading:
    """Numbers of some cells of one block.

    Attributes
    ----------
    values
        (n,) float32, NaN where there is no number.
    exactness
        ``"exact"``, ``"255 levels"`` or ``"none"``.
    clipped
        (n,) True where the number is the first or last of its levels, so that what it stands for
        may be beyond; None where numbers are exact.
    step
        The distance of two levels; 0 where numbers are exact.
    """

    values: Array
    exactness: str = EXACT
    clipped: NDArray[np.bool_] | None = None
    step: float = 0.0


def nothing(count: int) -> Reading:
    """The reading of cells that have no numbers."""
    return Reading(np.full(count, np.nan, np.float32), NO_NUMBERS)


class CellReader(ABC):
    """The numbers of a model, wherever they are.

    Attributes
    ----------
    anatomy
        The model's blocks.
    title
        The model's title.
    tokens
        (T,) int64, the ids of the sequence whose numbers there are; empty for a model without.
    n_prompt
        Tokens of the prompt, which comes first in the sequence.
    language
        The language in which cells are explained; English unless given.
    """

    def __init__(
        self,
        anatomy: Anatomy,
        title: str,
        tokens: Sequence[int],
        n_prompt: int,
        language: Language | None = None,
    ) -> None:
        self.anatomy, self.title, self.n_prompt = anatomy, title, n_prompt
        self.language = language or languages.load()
        self.tokens = np.array(tokens, np.int64)

    @property
    def n_tokens(self) -> int:
        """Positions that have numbers."""
        return len(self.tokens)

    @abstractmethod
    def label(self, token: int) -> str:
        """A token of the vocabulary as it is written; empty where that is not known."""

    @abstractmethod
    def read(self, block: Block, columns: Places, rows: Places) -> Reading:
        """The numbers of cells of one block.

        Parameters
        ----------
        columns, rows
            (n,) places in its grid, all of which exist.
        """

    def read_all(self, block: Block) -> Reading:
        """The numbers of all cells of a block: (columns, rows), as are those that are `clipped`."""
        each = max(1, _CHUNK // block.rows)
        found = [
            self._read_columns(block, np.arange(start, min(start + each, block.columns)))
            for start in range(0, block.columns, each)
        ]
        shape = block.columns, block.rows
        values = np.concatenate([part.values for part in found]).reshape(shape)
        marks = [part.clipped for part in found if part.clipped is not None]
        clipped = np.concatenate(marks).reshape(shape) if marks else None
        return replace(found[0], values=values, clipped=clipped)

    def _read_columns(self, block: Block, columns: Places) -> Reading:
        rows = np.arange(block.rows)
        return self.read(block, np.repeat(columns, rows.size), np.tile(rows, columns.size))

    def is_pending(self, block: Block, column: int, row: int) -> bool:
        """True if a cell is not computed yet at the moment that is shown."""
        return False

    def checkpoint_address(self, block: Block, column: int, row: int) -> str:
        """The place of a weight in the checkpoint; empty where that is not known."""
        return ""


class ModelReader(CellReader):
    """The numbers of a loaded model, from its checkpoint and the trace of a sequence.

    Parameters
    ----------
    model
        The model.
    trace
        The pass whose numbers are read; None for a model that has none.
    n_prompt
        Tokens of the prompt; the whole sequence unless given.
    anatomy
        The model's blocks.
    language
        The language in which cells are explained; English unless given.
    """

    def __init__(
        self,
        model: Model,
        trace: Trace | None,
        anatomy: Anatomy,
        n_prompt: int | None = None,
        language: Language | None = None,
    ) -> None:
        ids = [] if trace is None else trace.ids
        prompt = len(ids) if n_prompt is None else n_prompt
        super().__init__(anatomy, model.title, ids, prompt, language)
        self.model, self.trace = model, trace

    def label(self, token: int) -> str:
        return self.model.tokenizer.label(token)

    def read(self, block: Block, columns: Places, rows: Places) -> Reading:
        if self.trace is None:
            return nothing(len(columns))
        if block.kind == "weight":
            return Reading(self.model.weight_cells(block.name, block.address(columns, rows)))
        across, down = block.extent(self.n_tokens)
        there = (columns < across) & (rows < down)
        if block.causal:
            there &= columns <= rows
        if there.all():
            found = self.trace[block.name][block.address(columns, rows)]
            return Reading(np.asarray(found, np.float32))
        values = np.full(len(columns), np.nan, np.float32)
        values[there] = self.trace[block.name][block.address(columns[there], rows[there])]
        return Reading(values)

    def checkpoint_address(self, block: Block, column: int, row: int) -> str:
        if block.kind != "weight":
            return ""
        name, index = self.model.weight_source(block.name)
        place = list(block.address(column, row))
        if index is not ...:
            place[-1] += index[-1].start
        return f'weights["{name}"][{", ".join(map(str, place))}]'
