"""Room that is kept free of blocks: for the model card, and for the key to colors and shapes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .label import Bounds, Point
from .layout import Layout
from .strips import reach

# Width and height of a model card, in margins, and the degrees by which it leans back.
_CARD, _LEAN = (12.0, 7.8), 32

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
    def corners(self) -> np.ndarray:
        """(4, 3) its corners."""
        (x0, y0, z0), (x1, y1, z1) = self.least, self.greatest
        return np.array([(x0, y0, z0), (x1, y0, z0), (x1, y1, z1), (x0, y1, z1)])

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


def places(layout: Layout, bounds: Bounds) -> dict[str, Place]:
    """The free places of a network.

    Parameters
    ----------
    layout
        Its layout.
    bounds
        Least and greatest corner of all blocks.

    Returns
    -------
    dict
        ``"model_card"`` and below it ``"key"``, beside the embedding in a tower and above it in
        rows; where the model is so large that the card cannot be read from where all of it is in
        view, also ``"model_card_large"``.
    """
    m = layout.space.margin
    height, width = _CARD[1] * m, _CARD[0] * m
    longer = max(bounds[1][0] - bounds[0][0], bounds[1][2] - bounds[0][2])
    large = _SHARE * longer if longer > _FAR * height else 0.0
    if layout.tower:
        return _beside(layout, width, height, large)
    return _above(layout, bounds, width, height, large)


def _beside(layout: Layout, width: float, height: float, large: float) -> dict[str, Place]:
    """Places to the right of the embedding; the large card to the right of the layers below it."""
    m = layout.space.margin
    left = layout.embedding.blocks.right + 3 * m
    foot = layout.embedding_offset[2] - 4.6 * m
    key = _key(layout, left, foot - 3.4 * m)
    found = {"model_card": _leaning(left, foot, width, height), "key": key}
    if large:
        left = layout.layer.words.right + 4 * m
        top = min(layout.offsets[0][2], key.least[2] - m)
        found["model_card_large"] = _upright(left, top - large, large)
    return found


def _above(
    layout: Layout, bounds: Bounds, width: float, height: float, large: float
) -> dict[str, Place]:
    """Places above the embedding and its strip, at its left end; the card as high as the layers."""
    m = layout.space.margin
    # Near the tokens. What is wider than the embedding reaches out of the model, not into its
    # layers.
    end = layout.embedding.words.right
    left = min(max(layout.embedding.blocks.left, -2 * width), end - width)
    foot = layout.embedding_offset[2] + reach(layout.space, 1) + 2 * m
    key = _key(layout, left, foot)
    above, top = key.greatest[2] + m, bounds[1][2]
    found = {"model_card": _leaning(left, max(above, top - height), width, height), "key": key}
    if large:
        wide = large * _CARD[0] / _CARD[1]
        found["model_card"] = _leaning(left, above, width, height)
        above = found["model_card"].greatest[2] + m
        found["model_card_large"] = _upright(min(left, end - wide), max(above, top - large), large)
    return found


def _key(layout: Layout, left: float, foot: float) -> Place:
    m = layout.space.margin
    return Place((left, 0.0, foot), (left + 9.5 * m, 0.0, foot + 3.2 * m))


def _leaning(left: float, foot: float, width: float, height: float) -> Place:
    """A card for views from the front and from above: it leans back like a book on a stand."""
    lean = math.radians(_LEAN)
    upper = (left + width, math.sin(lean) * height, foot + math.cos(lean) * height)
    return Place((left, 0.0, foot), upper)


def _upright(left: float, foot: float, height: float) -> Place:
    return Place((left, 0.0, foot), (left + height * _CARD[0] / _CARD[1], 0.0, foot + height))
