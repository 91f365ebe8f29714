"""Blocks: the tensors of a network as grids of cells in space.

A :class:`BlockSpec` holds what the blocks of one role share (all `q_weight`s of a model, say); a
:class:`Block` is one of them at its place. A model like GPT-3 has some ninety thousand blocks, so
a block stores only what is its own, and everything else is read from its spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import numpy as np

from ..bounded import Bounded
from .fold import Fold, Piece
from .formula import Formula, Operand
from .label import Bounds, Label, Point, Tag
from .picks import Pick

if TYPE_CHECKING:
    from ..model import Config

Kind = Literal["weight", "activation", "aggregate"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TimeAxis = Literal["columns", "rows", "both"] | None

# Orders of computation by what they follow from, since many blocks are alike, and the same lengths
# come again while somebody types. Those of blocks with more cells are not kept.
_orders: Bounded[tuple[object, ...], np.ndarray] = Bounded(256)
_FEW = 2**15

Count = TypeVar("Count", int, np.ndarray)
Place = TypeVar("Place", int, slice, np.ndarray)


@dataclass(frozen=True, slots=True)
class OperandSpec:
    """An operand of all blocks of one role; `block` has ``{layer}``, ``{head}``, ``{stream}``.

    ``{each_head}`` in `block` stands for one operand for each head of the layer.
    """

    part: str
    block: str
    columns: Pick
    rows: Pick
    shape: tuple[int, int]
    symbol: str
    arrow: bool = True
    """False if no arrow is drawn from it, because others tell its way already."""


@dataclass(frozen=True, slots=True)
class FormulaSpec:
    """The formula that all blocks of one role share, and how its result is written."""

    operation: str
    symbol: str
    operands: tuple[OperandSpec, ...]
    surroundings: tuple[OperandSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockSpec:
    """Everything that the blocks of one role share. See :class:`Block` for the attributes."""

    role: str
    title: str
    short_title: str
    kind: Kind
    dims: tuple[str, str]
    columns: int
    rows: int
    section: str
    tag: Tag
    config: Config
    n_tokens: int
    """Number of positions that are drawn."""
    time_axis: TimeAxis = None
    causal: bool = False
    transposed: bool = False
    """True if the first axis of the trace's array runs along the rows."""
    formula: FormulaSpec | None = None
    fold: Fold | None = None
    """The lines that it is laid in; None for a block in one piece."""

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height as it stands, in cells."""
        if self.fold is None:
            return float(self.columns), float(self.rows)
        return self.fold.extent(self.columns, self.rows)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The rectangles of cells that stand together: one, or the lines of a fold."""
        if self.fold is None:
            return (Piece(0, 0, self.columns, self.rows),)
        return self.fold.pieces(self.columns, self.rows)

    def places(self, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The middles of cells, from that of the cell at column 0, row 0: to the right, and up."""
        if self.fold is None:
            return column, -row
        right, up = self.fold.shift(column, row)
        return column + right, up - row

    def scope(self, layer: int | None, head: int | None) -> dict[str, str]:
        """The prefixes of the names that blocks at this place refer to."""
        before = (self.config.n_layer if layer is None else layer) - 1
        return {
            "layer": f"layer{layer}.",
            "head": f"layer{layer}.head{head}.",
            "stream": f"layer{before}.mlp_residual" if before >= 0 else "embedding",
        }


@dataclass(frozen=True, slots=True)
class Block:
    """One tensor as a grid of cells.

    Attributes
    ----------
    name
        Its name, shared with the trace, e.g. ``"layer0.head1.q"``.
    layer, head
        Numbers of its layer and head; None outside of layers or heads.
    origin
        Center of the cell at column 0, row 0, in cells. A column steps +x, a row -z, but for
        the lines of a fold.
    spec
        Everything that it shares with the other blocks of its role.
    """

    name: str
    layer: int | None
    head: int | None
    origin: Point
    spec: BlockSpec

    @property
    def role(self) -> str:
        """Its name without layer and head, e.g. ``"q_weight"``."""
        return self.spec.role

    @property
    def section(self) -> str:
        """Dotted path of its section."""
        return self.spec.section.format(i=self.layer, j=self.head)

    @property
    def title(self) -> str:
        """Its title in full, e.g. ``"Q Weights"``."""
        return self.spec.title

    @property
    def short_title(self) -> str:
        """A title for narrow places."""
        return self.spec.short_title

    @property
    def kind(self) -> Kind:
        """``"weight"``, ``"activation"`` or ``"aggregate"``."""
        return self.spec.kind

    @property
    def columns(self) -> int:
        """Cells along x."""
        return self.spec.columns

    @property
    def rows(self) -> int:
        """Cells along -z."""
        return self.spec.rows

    @property
    def column_dim(self) -> str:
        """The dimension that the columns count: a key of `Anatomy.dims`, or ``"1"``."""
        return self.spec.dims[0]

    @property
    def row_dim(self) -> str:
        """The dimension that the rows count: a key of `Anatomy.dims`, or ``"1"``."""
        return self.spec.dims[1]

    @property
    def time_axis(self) -> TimeAxis:
        """The axis that runs along token positions: both in attention, None for weights."""
        return self.spec.time_axis

    @property
    def process(self) -> Literal["columns", "rows"]:
        """The direction in which the film computes it: column by column or row by row."""
        return "rows" if self.spec.time_axis in ("rows", "both") else "columns"

    @property
    def causal(self) -> bool:
        """True if there are no cells whose column (key) is later than their row (query)."""
        return self.spec.causal

    @property
    def bounds(self) -> Bounds:
        """Least and greatest corner, cell edges and the gaps of a fold included."""
        x, y, z = self.origin
        width, height = self.spec.extent
        return (x - 0.5, y - 0.5, z - height + 0.5), (x + width - 0.5, y + 0.5, z + 0.5)

    def bounds_of(self, piece: Piece) -> Bounds:
        """Least and greatest corner of a rectangle of cells that stand together."""
        x, y, z = self.origin
        right, up = self.spec.places(np.array(piece.column), np.array(piece.row))
        left, top = x + float(right) - 0.5, z + float(up) + 0.5
        return (left, y - 0.5, top - piece.rows), (left + piece.columns, y + 0.5, top)

    @property
    def label(self) -> Label:
        """Its name tag: text, place and size."""
        tag = self.spec.tag
        return tag.beside(self.bounds, self.short_title if tag.short else self.title)

    @property
    def formula(self) -> Formula | None:
        """The formula of its cells; None for weights and for the tokens, which are given."""
        shared = self.spec.formula
        if shared is None:
            return None
        return Formula(
            target=self.name,
            symbol=shared.symbol,
            letters=self._letters(),
            shape=(self.columns, self.rows),
            operation=shared.operation,
            operands=self._bind(shared.operands),
            surroundings=self._bind(shared.surroundings),
            time=(self.time_axis in ("columns", "both"), self.time_axis in ("rows", "both")),
            causal=self.causal,
            config=self.spec.config,
        )

    def grid(self, array: np.ndarray) -> np.ndarray:
        """An array of the trace as it is drawn: a view, (columns, rows).

        Where an axis runs along positions, it has only those that are computed.

        Raises
        ------
        ValueError
            If the array does not fit the grid.
        """
        grid = array
        if array.ndim == 1:
            grid = array[None, :] if self.columns == 1 else array[:, None]
        elif self.spec.transposed:
            grid = array.T
        if not self._fits(grid.shape):
            raise ValueError(
                f"{self.name} is drawn as {self.columns} x {self.rows} cells, "
                f"but the trace holds {' x '.join(map(str, grid.shape))}."
            )
        return grid

    def array(self, grid: np.ndarray) -> np.ndarray:
        """A grid, (columns, rows), as the trace holds it: the inverse of `grid`."""
        if "1" in self.spec.dims:
            return grid.ravel()
        return grid.T if self.spec.transposed else grid

    def address(self, column: Place, row: Place) -> tuple[Place, ...]:
        """The index of cells in the trace's array: the inverse of `grid`."""
        if "1" in self.spec.dims:
            return (row if self.column_dim == "1" else column,)
        return (row, column) if self.spec.transposed else (column, row)

    def extent(self, computed: int) -> tuple[int, int]:
        """Columns and rows that have numbers when so many positions are computed."""
        columns, rows = self.columns, self.rows
        if self.time_axis in ("columns", "both"):
            columns = min(columns, computed)
        if self.time_axis in ("rows", "both"):
            rows = min(rows, computed)
        return columns, rows

    def cells(self, trace: Mapping[str, np.ndarray]) -> np.ndarray:
        """The numbers of all cells.

        Parameters
        ----------
        trace
            Block name to array, as a forward pass gives it.

        Returns
        -------
        numpy.ndarray
            (columns, rows) float32, NaN where there is no number: at positions past the last
            token and above the causal diagonal.

        Raises
        ------
        ValueError
            If the trace's array does not fit the grid.
        """
        grid = self.grid(np.asarray(trace[self.name]))
        cells = np.full((self.columns, self.rows), np.nan, dtype=np.float32)
        cells[: grid.shape[0], : grid.shape[1]] = grid
        if self.causal:
            cells[self._masked()] = np.nan
        return cells

    def order(self, n_prompt: int, n_tokens: int) -> np.ndarray:
        """The rank of each cell in the order of computation, as a fraction.

        Cells are computed position by position, and within a position down the rows (or along
        the columns where the rows are positions). A pass of generation adds positions at the
        end, so the same numbers hold for all passes.

        Parameters
        ----------
        n_prompt, n_tokens
            Positions computed by the first pass, and in all.

        Returns
        -------
        numpy.ndarray
            (columns, rows) float32, not to be written to: the rank divided by the number of
            cells that are ever computed, so in (0, 1]; NaN for cells that never are. Weights are
            there from the start: 0.

        Raises
        ------
        ValueError
            If not so many positions are drawn.
        """
        self._check(n_prompt, n_tokens)
        key = (self.columns, self.rows, self.time_axis, self.causal, n_tokens)
        found = _orders.get(key)
        if found is None:
            found = self._order(n_tokens)
            found.flags.writeable = False
            if found.size <= _FEW:
                _orders[key] = found
        return found

    def _order(self, n_tokens: int) -> np.ndarray:
        shape = (self.columns, self.rows)
        if self.time_axis is None:
            return np.zeros(shape, dtype=np.float32)
        order = np.full(shape, np.nan, dtype=np.float32)
        columns, rows = self.extent(n_tokens)
        column, row = np.ogrid[:columns, :rows]
        order[:columns, :rows] = self.rank(column, row) / self.cells_before(n_tokens)
        if self.causal:
            order[self._masked()] = np.nan
        return order

    def rank(self, column: Count, row: Count) -> Count:
        """The number of cells that are computed up to and including one, or each of some."""
        if self.causal or self.time_axis == "rows":
            return self.cells_before(row) + column + 1
        return self.cells_before(column) + row + 1

    def position(self, column: Count, row: Count) -> Count:
        """The token position that a cell of a computed block, or each of some, belongs to."""
        return row if self.time_axis in ("rows", "both") else column

    def progress_after(self, p: int, n_prompt: int, n_tokens: int) -> float:
        """The progress at which pass `p` is complete; 1 for weights.

        Pass 0 computes the prompt's positions and every further pass one more. The number is
        rounded to float32 as the orders are, so that it compares equal to the last cell's.

        Raises
        ------
        ValueError
            If not so many positions are drawn.
        """
        self._check(n_prompt, n_tokens)
        if self.time_axis is None:
            return 1.0
        computed = min(n_prompt + p, n_tokens)
        return float(np.float32(self.cells_before(computed) / self.cells_before(n_tokens)))

    def _check(self, n_prompt: int, n_tokens: int) -> None:
        drawn = self.spec.n_tokens
        if not 1 <= n_prompt <= n_tokens <= drawn:
            raise ValueError(
                f"A prompt of {n_prompt} and {n_tokens} tokens in all do not fit the {drawn} "
                f"positions that are drawn of a context of {self.spec.config.n_ctx}."
            )

    def cells_before(self, position: Count) -> Count:
        """Number of cells at the positions before `position`, for one or an array of them."""
        if self.causal:
            return position * (position + 1) // 2
        return position * (self.columns if self.time_axis == "rows" else self.rows)

    def _fits(self, shape: tuple[int, ...]) -> bool:
        time = {"columns": (True, False), "rows": (False, True), "both": (True, True)}
        free = time.get(self.time_axis or "", (False, False))
        grid = (self.columns, self.rows)
        return len(shape) == 2 and all(
            given <= size if may_be_less else given == size
            for given, size, may_be_less in zip(shape, grid, free, strict=True)
        )

    def _masked(self) -> np.ndarray:
        key, query = np.ogrid[: self.columns, : self.rows]
        return key > query

    def _letters(self) -> tuple[str, str]:
        if self.time_axis == "both":
            return ("s", "t")
        letters = {"T": "t", "P": "t", "C": "c", "A": "a", "F": "f", "V": "v", "1": ""}
        return (letters[self.column_dim], letters[self.row_dim])

    def _bind(self, operands: tuple[OperandSpec, ...]) -> tuple[Operand, ...]:
        scope = self.spec.scope(self.layer, self.head)
        bound = []
        for spec in operands:
            heads = self.spec.config.n_head if "{each_head}" in spec.block else 1
            for head in range(heads):
                name = spec.block.format(each_head=f"layer{self.layer}.head{head}.", **scope)
                bound.append(
                    Operand(spec.part, name, spec.columns, spec.rows, spec.shape, spec.symbol)
                )
        return tuple(bound)
