"""Room for what is drawn beside the blocks: strips of letters, the model card."""

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
        ``"input_strip"`` over the tokens and ``"output_strip"`` under the probabilities, as wide
        as they are, so that column *t* of a strip belongs to cell *t*; ``"model_card"`` to the
        right of the embedding.
    """
    m = space.margin
    (left, _, bottom), (right, _, _) = blocks["probabilities"].bounds
    (first, _, _), (last, _, top) = blocks["tokens"].bounds
    (_, _, _), (edge, _, _) = blocks["wpe"].bounds
    card = edge + 2 * m
    return {
        "input_strip": Place((first, 0.0, top + 0.5 * m), (last, 0.0, top + 2 * m)),
        "output_strip": Place((left, 0.0, bottom - 3.5 * m), (right, 0.0, bottom - 0.5 * m)),
        "model_card": Place((card, 0.0, top - 4 * m), (card + 10 * m, 0.0, top + 2 * m)),
    }
