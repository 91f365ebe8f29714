"""Room that is kept free of blocks: for the model card, and for the key to colors and shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .block import Block
from .label import Bounds, Point
from .space import Space

# Width and height of a model card, in margins.
_CARD = (12.0, 7.8)

# A model that is more than so many times as large as its card gets a second one, for views of the
# whole, whose height is this share of the model's longer side.
_FAR, _SHARE = 40.0, 0.11


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle that stands on the plane of the residual stream, kept free of blocks.

    Attributes
    ----------
    least, greatest
        Its lower left and its upper right corner in cells; y grows upward where it leans back.
    """

    least: Point
    greatest: Point

    @property
    def height(self) -> float:
        """From its foot to its upper edge, along the slope."""
        return math.hypot(self.greatest[1] - self.least[1], self.greatest[2] - self.least[2])

    @property
    def lean(self) -> float:
        """The angle by which it leans back from upright, in radians."""
        return math.atan2(self.greatest[1] - self.least[1], self.greatest[2] - self.least[2])

    @property
    def center(self) -> Point:
        """Its middle."""
        x0, y0, z0 = self.least
        x1, y1, z1 = self.greatest
        return ((x0 + x1) / 2, (y0 + y1) / 2, (z0 + z1) / 2)


def places(blocks: Mapping[str, Block], space: Space, bounds: Bounds) -> dict[str, Place]:
    """The free places of a network.

    Parameters
    ----------
    blocks, space
        The network's blocks, and the geometry behind them.
    bounds
        Least and greatest corner of all blocks.

    Returns
    -------
    dict
        ``"model_card"``, to the right of the embedding, and ``"key"`` below it; where the model is
        so large that the card cannot be read from where all of it is in view, also
        ``"model_card_large"``, to the right of the first layers of the last column.
    """
    m = space.margin
    _, (_, _, top) = blocks["tokens"].bounds
    _, (edge, _, _) = blocks["wpe"].bounds
    left, foot = edge + 3 * m, top - 4.6 * m
    # The card is read from the front and from high above, so it leans back like a book on a stand.
    lean, height = math.radians(32), _CARD[1] * m
    upper = (left + _CARD[0] * m, math.sin(lean) * height, foot + math.cos(lean) * height)
    found = {
        "model_card": Place((left, 0.0, foot), upper),
        "key": Place((left, 0.0, foot - 3.4 * m), (left + 9.5 * m, 0.0, foot - 0.2 * m)),
    }
    longer = max(bounds[1][0] - bounds[0][0], bounds[1][2] - bounds[0][2])
    if longer > _FAR * height:
        found["model_card_large"] = _large_card(space, _SHARE * longer, found["key"].least[2])
    return found


def _large_card(space: Space, height: float, below: float) -> Place:
    """A card of this height to the right of the last column, no higher than its first layer."""
    column = space.layer_offset(space.n_layer - 1)[0]
    left = column + space.column_right + 4 * space.margin
    top = min(-space.layers_top, below - space.margin)
    width = height * _CARD[0] / _CARD[1]
    return Place((left, 0.0, top - height), (left + width, 0.0, top))
