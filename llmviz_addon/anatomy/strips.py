"""The strips at both ends of the stream: tokens that go in, and predictions that come out.

A tile is wider than the cell that it belongs to, so that its letter or word can be read from
afar; the strips fan out from the columns that they are wired to. All their parts are multiples
of a unit that grows with the model, one cell in a small one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from .anatomy import Anatomy
    from .space import Space

Side = Literal[-1, 1]

LETTERS = 256
"""Vocabularies of up to so many tokens are letters; larger ones have words."""

CANDIDATES = 5
"""Number of most probable next tokens that gauges, lists and captions show."""

SPREAD = 100
"""Columns up to which a strip keeps room for all that are drawn; with more, only for its tokens."""

# In units. Pairs are for letters and for words of some eight letters: distance between the middles
# of tiles, width of a tile, height of a bar.
_PITCH, _WIDTH, _BAR = (3.4, 10.8), (3.0, 10.0), (15.0, 20.0)

# In units: height of a tile, least distance to the block, least width of a wire, and width of the
# list of candidates.
_TILE, _GAP, _WIRE, _LIST = 5.0, 4.0, 0.09, 22.0

# Height of the fan of wires over the distance that its outermost wire goes sideways.
_SLOPE = 0.2

# Least width of a wire over the width of the strip, so that it can be seen when all of the strip is
# in view, and its greatest width at the block in cells, where each column is a cell wide.
_SEEN, _NARROW = 0.0004, 0.6


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle that faces the viewer: its center, width and height, in cells."""

    center: tuple[float, float, float]
    width: float
    height: float

    @property
    def corners(self) -> np.ndarray:
        """(2, 3) its lower left and its upper right corner."""
        half = np.array([self.width / 2, 0.0, self.height / 2])
        return np.stack([self.center - half, self.center + half])


@dataclass(frozen=True, slots=True)
class Strip:
    """One strip for `count` positions.

    Attributes
    ----------
    tiles
        The tile or bar of each position.
    wires
        (count, 4, 3) polylines between each position's cell and its tile.
    unit
        The unit that parts of its tiles are measured in, in cells: 1 in a small model. A tile for
        a letter is 3 units wide and 5 high, a bar 15 high.
    wire_sides
        (count, 4, 3) from the middle of each wire to its right side, at each of its points.
    """

    tiles: tuple[Tile, ...]
    wires: np.ndarray
    unit: float
    wire_sides: np.ndarray


def reach(space: Space, side: Side) -> float:
    """Room for a strip above (`side` 1) or below (-1) its block, for all positions drawn."""
    columns, words = space.sizes["T"], space.sizes["V"] > LETTERS
    height = _TILE if side > 0 else _BAR[words]
    return _gap(space.margin / 8, columns, words) + height * space.margin / 8


def _gap(unit: float, room: int, words: bool) -> float:
    """Distance from a block to the tiles of a strip for so many positions."""
    fanned = min(room, SPREAD)
    return max(_GAP * unit, _SLOPE * (fanned - 1) / 2 * (_PITCH[words] * unit - 1))


def letter_size(text: str, width: float, height: float) -> float:
    """The largest font size at which a text fits a tile of this width and height, in cells."""
    return min(0.56 * height, 1.6 * width / max(1, len(text)))


def input_strip(anatomy: Anatomy, count: int | None = None) -> Strip:
    """Tiles above the tokens, one for each position that is drawn, or for the first `count`.

    Raises
    ------
    ValueError
        If not so many positions are drawn.
    """
    return _strip(anatomy, "tokens", count, _TILE, 1)


def output_strip(anatomy: Anatomy, count: int | None = None) -> Strip:
    """Bars under the probabilities, one for each position drawn, or for the first `count`.

    Raises
    ------
    ValueError
        If not so many positions are drawn.
    """
    return _strip(anatomy, "probabilities", count, _BAR[_words(anatomy)], -1)


def candidates(anatomy: Anatomy, count: int) -> tuple[Tile, ...]:
    """Rows for the most probable next tokens, to the right of the last of `count` bars.

    A row has room for a word at its left end and a probability at its right end; the most
    probable token is on top. There are `CANDIDATES`.
    """
    strip = output_strip(anatomy, count)
    last = strip.tiles[-1]
    x, y, z = last.center
    left = x + last.width / 2 + 2 * strip.unit
    width, height = _LIST * strip.unit, last.height / CANDIDATES
    top = z + last.height / 2
    return tuple(
        Tile((left + width / 2, y, top - (row + 0.5) * height), width, height)
        for row in range(CANDIDATES)
    )


def _words(anatomy: Anatomy) -> bool:
    return anatomy.config.n_vocab > LETTERS


def _strip(anatomy: Anatomy, name: str, count: int | None, height: float, side: Side) -> Strip:
    """A strip above (`side` 1) or below (-1) the block `name`, tiles `height` units high."""
    block = anatomy.blocks[name]
    count = block.columns if count is None else count
    if not 1 <= count <= block.columns:
        raise ValueError(
            f"A strip for {count} positions does not fit the {block.columns} that are drawn."
        )
    # Of a folded block, the first piece.
    (left, front, bottom), (right, back, top) = block.bounds_of(block.spec.pieces[0])
    y = (front + back) / 2
    unit, words = anatomy.space.margin / 8, _words(anatomy)
    # The strip has room for tokens that will be appended, so that its tiles keep their places when
    # they are; but not in a wide block, where that room would take it far from its columns.
    room = block.columns if block.columns <= SPREAD else count
    middle = (left + right) / 2 if room == block.columns else left + room / 2
    half = room * _PITCH[words] * unit / 2
    # In rows the strips fan out away from the layers, not into them.
    low, high = anatomy.layout.outer(side)
    middle = max(min(middle, high - half), low + half)
    x = middle + (np.arange(count) - (room - 1) / 2) * _PITCH[words] * unit
    columns = left + 0.5 + np.arange(count)
    edge = top if side > 0 else bottom
    gap = _gap(unit, room, words)
    near = edge + side * gap
    height = height * unit
    tiles = tuple(
        Tile((float(c), float(y), float(near + side * height / 2)), _WIDTH[words] * unit, height)
        for c in x
    )
    heights = (edge, edge + side * 0.35 * gap, edge + side * 0.7 * gap, near)
    wires = np.empty((count, 4, 3))
    for corner, (across, z) in enumerate(zip((columns, columns, x, x), heights, strict=True)):
        wires[:, corner] = np.stack([across, np.full(count, y), np.full(count, z)], axis=-1)
    width = max(_WIRE * unit, _SEEN * (room - 1) * _PITCH[words] * unit)
    return Strip(tiles, wires, unit, _sides(wires, width, side, words))


def _sides(wires: np.ndarray, width: float, side: Side, words: bool) -> np.ndarray:
    """(count, 4, 3) half the width of each wire, to its right.

    Tiles for letters lie close together, so their wires are steep and their width is taken along x.
    Wires to words may run nearly flat, so theirs is taken at a right angle to the wire.
    """
    half = np.full(wires.shape[1], width / 2)
    half[:2] = min(width, _NARROW) / 2
    sides = np.zeros_like(wires)
    sides[..., 0] = half
    if words:
        steps = np.diff(wires, axis=1)
        steps /= np.linalg.norm(steps, axis=-1, keepdims=True)
        normals = side * np.stack(
            [steps[..., 2], np.zeros(steps.shape[:2]), -steps[..., 0]], axis=-1
        )
        # At a bend the edges of both pieces meet on the bisector of their normals; it is stretched
        # until each piece keeps its width.
        middle = normals[:, :-1] + normals[:, 1:]
        middle /= np.einsum("ijk,ijk->ij", middle, normals[:, :-1])[..., None]
        sides[:, 1:-1] = middle * half[1:-1, None]
    return sides
