"""The strips at both ends of the stream: what goes in, letter by letter, and what comes out.

A tile is wider than the cell that it belongs to, so that its letter can be read from afar; the
strips fan out from the columns that they are wired to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .anatomy import Anatomy

PITCH = 3.4
WIDTH = 3.0
TILE_HEIGHT = 5.0
BAR_HEIGHT = 15.0
GAP = 4.0


@dataclass(frozen=True, slots=True)
class Tile:
    """A rectangle that faces the viewer: its centre, width and height, in cells."""

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
        Where each position's tile or bar stands.
    wires
        (count, 4, 3) polylines between each position's cell and its tile.
    """

    tiles: tuple[Tile, ...]
    wires: np.ndarray


def _strip(anatomy: Anatomy, name: str, count: int, height: float, side: int) -> Strip:
    """A strip above (`side` 1) or below (-1) the block `name`."""
    block = anatomy.blocks[name]
    (left, front, bottom), (right, back, top) = block.bounds
    y = (front + back) / 2
    middle = (left + right) / 2
    edge = top if side > 0 else bottom
    gap = GAP
    x = middle + (np.arange(count) - (block.columns - 1) / 2) * PITCH
    columns = left + 0.5 + np.arange(count)
    near = edge + side * gap
    tiles = tuple(
        Tile((float(c), float(y), float(near + side * height / 2)), WIDTH, height) for c in x
    )

    def points(across: np.ndarray, z: float) -> np.ndarray:
        return np.stack([across, np.full(count, y), np.full(count, z)], axis=-1)

    wires = np.stack(
        [
            points(columns, edge),
            points(columns, edge + side * 0.35 * gap),
            points(x, edge + side * 0.7 * gap),
            points(x, near),
        ],
        axis=1,
    )
    return Strip(tiles, wires)


def input_strip(anatomy: Anatomy, count: int | None = None) -> Strip:
    """Tiles above the tokens, one for each position that is drawn, or for the first `count`."""
    return _strip(anatomy, "tokens", count or anatomy.n_tokens, TILE_HEIGHT, 1)


def output_strip(anatomy: Anatomy, count: int) -> Strip:
    """Bars under the probabilities, one for each of the first `count` positions."""
    return _strip(anatomy, "probabilities", count, BAR_HEIGHT, -1)
