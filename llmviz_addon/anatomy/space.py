"""Distances that the places of all blocks are made from, in cells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import Config

ROOMY_HEADS = 16
"""Up to so many heads stand as far apart as looks best; more share the depth that these take."""


@dataclass(frozen=True)
class Space:
    """The distances in a model.

    Attributes
    ----------
    sizes
        Number of cells along each dimension: T (positions drawn), P (positions of the context),
        C, A, F and V.
    n_head
        Number of heads in a layer.
    margin
        The unit of white space, which titles are sized by: 8 cells, or what lets them be read in
        a view of a whole layer of a large model.
    """

    sizes: dict[str, int]
    n_head: int
    margin: float

    @classmethod
    def of(cls, config: Config, n_tokens: int) -> Space:
        """The distances in a model of which so many positions are drawn."""
        sizes = {
            "T": n_tokens,
            "P": config.n_ctx,
            "C": config.n_embd,
            "A": config.d_head,
            "F": config.d_ff,
            "V": config.n_vocab,
        }
        return cls(sizes, config.n_head, max(8.0, config.n_embd / 10, n_tokens / 8))

    @property
    def title_size(self) -> float:
        """Font size of block titles."""
        return 0.35 * self.margin

    @property
    def row_gap(self) -> float:
        """Distance between two rows of aggregates: room for the names at their left."""
        return 3 * self.margin / 8 - 2

    @property
    def header(self) -> float:
        """Height of the two aggregate rows over a layer norm, with the gap below them."""
        return 2 + self.row_gap + 0.5 * self.margin

    @property
    def layer_gap(self) -> float:
        """Distance between layers: room for the heads in the back, which show above those in
        front.
        """
        return 4 * self.margin

    @property
    def aside(self) -> float:
        """Distance to the left of a block with a column for each position.

        Where there are few positions it makes room for the block's title.
        """
        return max(self.sizes["T"], self.margin) - self.sizes["T"] + self.margin

    @cached_property
    def depth_step(self) -> float:
        """Distance between the planes of a head's queries, keys and values."""
        return (self.margin + self.sizes["C"] / 16) * self._crowding

    @cached_property
    def head_pitch(self) -> float:
        """Distance between heads: the gap between two is wider than between the planes of one."""
        rest = (3 * self.margin + self.sizes["C"] / 16) * self._crowding
        return 3.0 + 2 * self.depth_step + rest

    @property
    def _crowding(self) -> float:
        return min(1.0, ROOMY_HEADS / self.n_head)

    @cached_property
    def ribbon(self) -> float:
        """Width of a thin arrow: a cell in a small model, enough to be seen in a large one."""
        t = self.sizes["T"]
        return max(min(1.0, t / 12), self.sizes["C"] / 80, t / 48)

    @cached_property
    def stream(self) -> float:
        """Width of the residual stream's arrows, the same all along it."""
        return 0.6 * self.sizes["T"]

    @cached_property
    def branch(self) -> float:
        """Width of an arrow that branches off the stream."""
        return 0.12 * self.sizes["T"]
