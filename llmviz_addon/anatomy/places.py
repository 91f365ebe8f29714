"""Room that is kept free of blocks for what is drawn beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .block import Block
from .label import Point
from .space import Space


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle that stands on the plane of the residual stream, kept free of blocks.

    Attributes
    ----------
    least, greatest
        Its lower left and its upper right corner in cells; y grows upwards where it leans back.
    """

    least: Point
    greatest: Point

    @property
    def height(self) -> float:
        """From its foot to its upper edge, along the slope."""
        return math.hypot(self.greatest[1] - self.least[1], self.greatest[2] - self.least[2])

    @property
    def lean(self) -> float:
        """How far it leans back from upright, in radians."""
        return math.atan2(self.greatest[1] - self.least[1], self.greatest[2] - self.least[2])

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
    left, foot = edge + 3 * m, top - 4.6 * m
    # The card is read from the front and from high above, so it leans back like a book on a stand.
    lean, height = math.radians(32), 7.8 * m
    upper = (left + 12 * m, math.sin(lean) * height, foot + math.cos(lean) * height)
    return {
        "model_card": Place((left, 0.0, foot), upper),
        "key": Place((left, 0.0, foot - 3.4 * m), (left + 9.5 * m, 0.0, foot - 0.2 * m)),
    }
