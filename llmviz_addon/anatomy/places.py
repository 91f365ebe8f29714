"""Room that is kept free of blocks for what is drawn beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .block import Block
from .label import Point
from .space import Space


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle in the plane of the residual stream, kept free of blocks.

    Attributes
    ----------
    least, greatest
        Its corners in cells; y is the same in both.
    """

    least: Point
    greatest: Point

    @property
    def center(self) -> Point:
        """Its middle."""
        x0, y0, z0 = self.least
        x1, y1, z1 = self.greatest
        return ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)


def places(blocks: Mapping[str, Block], space: Space) -> dict[str, Place]:
    """The free places of a network.

    Returns
    -------
    dict
        ``"model_card"``, to the right of the embedding, and ``"key"`` below it.
    """
    m = space.margin
    _, (_, _, top) = blocks["tokens"].bounds
    _, (edge, _, _) = blocks["wpe"].bounds
    left = edge + 3 * m
    foot = top - 4 * m
    return {
        "model_card": Place((left, 0.0, foot), (left + 11 * m, 0.0, top + 3 * m)),
        "key": Place((left, 0.0, foot - 3.6 * m), (left + 9.5 * m, 0.0, foot - 0.4 * m)),
    }
