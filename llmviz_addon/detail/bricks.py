"""Bricks: the boxes that a slab or a shape is drawn as.

One box could be as large as its block, but a renderer does not know exactly enough where a ray
falls on a very large one. So blocks are cut into bricks, without visible seams; and where a window
of a slab is opened, the bricks leave it out.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .bundles import Bundle
from .pages import Layout

if TYPE_CHECKING:
    from ..anatomy import Block

LARGEST = {"slab": 2048, "shape": 16_384}
"""Most cells along a brick's side, by way. A shape shows no single numbers, so its bricks can be
larger; a large model has many shapes, so they had better be few."""

COLUMNS, ROWS, CAUSAL, ALWAYS, NEVER, SHAPE = range(6)
"""Modes of bricks, by the way their cells come to their numbers: position by position along
columns, along rows, or row by row up to the diagonal; all from the start; never, as context that is
not used; or a shape, which shows no numbers."""

SEAMS = LEFT, RIGHT, TOP, BOTTOM = 1, 2, 4, 8
"""Sides of a brick at which its block goes on, which have no outline."""


class Rect(NamedTuple):
    """Cells of a grid: the first column and row, the count of each, and if they have numbers.

    Numbered rectangles lie within the part that is computed, the others in context that is not
    used.
    """

    column: int
    row: int
    columns: int
    rows: int
    numbered: bool = True


@dataclass(frozen=True)
class Bricks:
    """The bricks of a bundle, one row each.

    Attributes
    ----------
    block
        Index of the block within the bundle.
    center, size
        (N, 3) float32, in cells: where the box stands and how large it is, depth included.
    extent
        (N, 4) float32: columns, rows, the step of its layer, and the bundle's number of steps.
    first
        (N, 4) float32: first column, first row, mode, and cells of one position.
    texel
        (N, 4) float32: place along the ribbon, line, 1 where transposed and twice the sum of its
        `SEAMS`, pitch (see `pages`).
    """

    block: NDArray[np.int32]
    center: NDArray[np.float32]
    size: NDArray[np.float32]
    extent: NDArray[np.float32]
    first: NDArray[np.float32]
    texel: NDArray[np.float32]


def rects(block: Block, computed: int, largest: int) -> list[Rect]:
    """The bricks of one block: its computed part, and the rest of the context beside it."""
    columns, rows = block.extent(computed)
    whole = [Rect(0, 0, columns, rows)]
    if columns < block.columns:
        whole.append(Rect(columns, 0, block.columns - columns, rows, numbered=False))
    if rows < block.rows:
        whole.append(Rect(0, rows, block.columns, block.rows - rows, numbered=False))
    lines = [line for rect in whole for line in _lines(rect, block)]
    return [piece for line in lines for piece in _pieces(line, largest)]


def _lines(rect: Rect, block: Block) -> Iterable[Rect]:
    """A rectangle in the lines that its block is laid in."""
    for piece in block.spec.pieces:
        left, top = max(rect.column, piece.column), max(rect.row, piece.row)
        right = min(rect.column + rect.columns, piece.column + piece.columns)
        bottom = min(rect.row + rect.rows, piece.row + piece.rows)
        if left < right and top < bottom:
            yield Rect(left, top, right - left, bottom - top, rect.numbered)


def _pieces(rect: Rect, largest: int) -> Iterable[Rect]:
    """A rectangle in pieces of at most `largest` cells a side, of about the same size."""
    for column, columns in _cuts(rect.columns, largest):
        for row, rows in _cuts(rect.rows, largest):
            yield Rect(rect.column + column, rect.row + row, columns, rows, rect.numbered)


def _cuts(size: int, largest: int) -> Iterable[tuple[int, int]]:
    count = -(-size // largest)
    edges = [round(size * i / count) for i in range(count + 1)]
    for low, high in itertools.pairwise(edges):
        yield low, high - low


def cut(rects: Iterable[Rect], window: Rect) -> list[Rect]:
    """Rectangles with a window left out of them: up to four remain of each that it touches."""
    left, right = window.column, window.column + window.columns
    top, bottom = window.row, window.row + window.rows
    kept = []
    for rect in rects:
        start, end = rect.column, rect.column + rect.columns
        head, foot = rect.row, rect.row + rect.rows
        if right <= start or left >= end or bottom <= head or top >= foot:
            kept.append(rect)
            continue
        above, below = max(head, top), min(foot, bottom)
        for column, row, past, under in (
            (start, head, end, above),
            (start, below, end, foot),
            (start, above, max(start, left), below),
            (min(end, right), above, end, below),
        ):
            if past > column and under > row:
                kept.append(Rect(column, row, past - column, under - row, rect.numbered))
    return kept


def common(rects: Iterable[Rect], window: Rect) -> list[Rect]:
    """The parts of rectangles that lie within a window."""
    kept = []
    for rect in rects:
        left, top = max(rect.column, window.column), max(rect.row, window.row)
        right = min(rect.column + rect.columns, window.column + window.columns)
        bottom = min(rect.row + rect.rows, window.row + window.rows)
        if left < right and top < bottom:
            kept.append(Rect(left, top, right - left, bottom - top, rect.numbered))
    return kept


def mode_of(block: Block) -> int:
    """The mode of a block's numbered cells."""
    if block.time_axis is None:
        return ALWAYS
    return {"columns": COLUMNS, "rows": ROWS, "both": CAUSAL}[block.time_axis]


def bricks(
    bundle: Bundle,
    computed: int,
    layout: Layout | None = None,
    windows: Iterable[tuple[int, Rect]] = (),
    part: tuple[int, Iterable[Rect]] | None = None,
) -> Bricks:
    """The bricks of a bundle, those of its first block first.

    Parameters
    ----------
    computed
        Positions that have numbers.
    layout
        The places of values on pages; without it the bundle is drawn as a shape.
    windows
        Cells to leave out: the index of a block within the bundle, and a rectangle of it.
    part
        The index of a block within the bundle, and the rectangles of it that are wanted alone; all
        of all blocks unless given.
    """
    largest = LARGEST["shape" if layout is None else "slab"]
    # A shape looks the same in its computed part and beside it, so it is not cut between them.
    numbered = computed if layout is not None else max(bundle.first.columns, bundle.first.rows)
    whole = rects(bundle.first, numbered, largest)
    opened: dict[int, list[Rect]] = {}
    for index, window in windows:
        opened[index] = cut(opened.get(index, whole), window)
    if part is not None:
        wanted = [piece for window in part[1] for piece in common(whole, window)]
        opened = {i: wanted if i == part[0] else [] for i in range(len(bundle.blocks))}
    counts = np.array([len(opened.get(i, whole)) for i in range(len(bundle.blocks))])
    block = np.repeat(np.arange(len(bundle.blocks), dtype=np.int32), counts)
    if opened:
        every = [r for i in range(len(bundle.blocks)) for r in opened.get(i, whole)]
        table = np.array(every, float).reshape(-1, 5)
    else:
        table = np.tile(np.array(whole, float), (len(bundle.blocks), 1))
    column, row, columns, rows, within = table.T
    center = bundle.origins[block]
    right, up = bundle.first.spec.places(column, row)
    center[:, 0] += right + (columns - 1) / 2
    center[:, 2] += up - (rows - 1) / 2
    mode = np.where(within > 0, SHAPE if layout is None else mode_of(bundle.first), NEVER)
    minor = bundle.first.columns if bundle.first.process == "rows" else bundle.first.rows
    of = np.full(len(block), float(bundle.n_steps))
    return Bricks(
        block=block,
        center=center.astype(np.float32),
        # A tenth of a cell smaller than its cells, so that a gap is left between two bricks as it
        # is between two cubes.
        size=np.stack([columns - 0.1, np.ones_like(rows), rows - 0.1], -1).astype(np.float32),
        extent=_floats(columns, rows, bundle.steps[block], of),
        first=_floats(column, row, mode, np.full(len(block), float(minor))),
        texel=_texels(bundle, layout, block, column, row, _seams(bundle.first, table)),
    )


def _seams(block: Block, table: np.ndarray) -> np.ndarray:
    """For each rectangle of a block, the sum of the sides at which its line goes on."""
    found = np.zeros(len(table))
    left, top, columns, rows, _ = table.T
    for piece in block.spec.pieces:
        across, down = left - piece.column, top - piece.row
        within = (across >= 0) & (across < piece.columns) & (down >= 0) & (down < piece.rows)
        sides = (
            (LEFT, across > 0),
            (RIGHT, across + columns < piece.columns),
            (TOP, down > 0),
            (BOTTOM, down + rows < piece.rows),
        )
        for seam, goes_on in sides:
            found += seam * (within & goes_on)
    return found


def _texels(
    bundle: Bundle,
    layout: Layout | None,
    block: np.ndarray,
    column: np.ndarray,
    row: np.ndarray,
    seams: np.ndarray,
) -> NDArray[np.float32]:
    none = np.zeros(len(block))
    if layout is None:
        return _floats(none, none, 2 * seams, none)
    places = [layout.places[b.name] for b in bundle.blocks]
    x, y = (np.array([getattr(p, key) for p in places], float)[block] for key in ("x", "y"))
    transposed = places[0].transposed
    along, across = (row, column) if transposed else (column, row)
    flags = transposed + 2 * seams
    return _floats(x + along, y + across, flags, np.full(len(block), float(places[0].pitch)))


def _floats(*columns: np.ndarray) -> NDArray[np.float32]:
    return np.stack(columns, -1).astype(np.float32)
