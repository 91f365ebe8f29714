"""Bundles: blocks of one role that share an object.

A small model has an object for every block. In a large one the film dwells on the first layer and
the first head, so these blocks keep an object of their own. Of the others, those of one role share
an object: one for the other heads of the first layer, and one for all later layers. GPT-3 has
131,150 blocks, of which 50 have their own object and the others share 50.

The blocks of a bundle are computed side by side (heads) or one layer after the other, so one number
tells the progress of all of them: the mean over the layers, because `order` counts the cells of a
bundle pass by pass and, within a pass, layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block

MOST_OBJECTS = 500
"""Blocks of a model up to which each has an object of its own."""


@dataclass(frozen=True)
class Bundle:
    """Blocks of one role that are drawn as one object.

    Attributes
    ----------
    name
        The block's name if there is only one, else the layers, heads and role, such as
        ``"layers1-11.mlp_weight"`` or ``"layer0.heads1-11.q"``.
    blocks
        At least one; all have the same grid.
    """

    name: str
    blocks: tuple[Block, ...]

    @property
    def first(self) -> Block:
        """The block that stands for all: its grid, kind and formula are theirs."""
        return self.blocks[0]

    @property
    def role(self) -> str:
        """The role of its blocks, without layer and head."""
        return self.first.role

    @property
    def single(self) -> bool:
        """True if it is one block with an object of its own."""
        return len(self.blocks) == 1

    @property
    def title(self) -> str:
        """Its title, such as ``"MLP Weights, Layers 1–11"``."""
        scope = self.name.rpartition(self.first.role)[0].rstrip(".")
        if self.single or not scope:
            return self.first.title
        words = scope.replace("-", "–").replace(".", " ").split()
        spelled = (word.rstrip("0123456789–") for word in words)
        parts = [f"{s.capitalize()} {w[len(s) :]}" for s, w in zip(spelled, words, strict=True)]
        return ", ".join([self.first.title, *parts])

    @property
    def cells(self) -> int:
        """Number of cells of all its blocks."""
        return len(self.blocks) * self.first.columns * self.first.rows

    @cached_property
    def steps(self) -> np.ndarray:
        """(blocks,) int32, the place of each block's layer among the bundle's layers."""
        layers = np.array([-1 if b.layer is None else b.layer for b in self.blocks])
        return np.unique(layers, return_inverse=True)[1].astype(np.int32).reshape(-1)

    @property
    def n_steps(self) -> int:
        """Number of layers that it spans."""
        return int(self.steps[-1]) + 1

    @cached_property
    def origins(self) -> np.ndarray:
        """(blocks, 3) float64, in cells: the middle of each block's cell at column 0, row 0."""
        return np.array([block.origin for block in self.blocks], float).reshape(-1, 3)

    @cached_property
    def leads(self) -> tuple[Block, ...]:
        """One block of each layer, which the film moves in place of all blocks of that layer."""
        _, first = np.unique(self.steps, return_index=True)
        return tuple(self.blocks[place] for place in first)


def bundle(anatomy: Anatomy, most: int | None = None) -> tuple[Bundle, ...]:
    """The bundles of a model, in the order of computation of their first blocks.

    Parameters
    ----------
    anatomy
        The network.
    most
        Cells of later layers that one bundle may hold; a single layer is never cut. No limit unless
        given, which is right for shapes; slabs share pages of a limited size.
    """
    blocks = anatomy.blocks.values()
    if len(anatomy.blocks) <= MOST_OBJECTS:
        return tuple(Bundle(block.name, (block,)) for block in blocks)
    groups: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        groups.setdefault(_group(block), []).append(block)
    return tuple(made for members in groups.values() for made in _shared(members, most))


def _group(block: Block) -> tuple[str, str]:
    """A key that is the same for all blocks that are drawn as one object."""
    if block.layer:
        return ("later layers", block.role)
    return ("further heads", block.role) if block.head else ("own", block.name)


def _shared(members: list[Block], most: int | None) -> Iterator[Bundle]:
    """Bundles of blocks of one role, cut between layers where they would be too large."""
    layers: dict[int, list[Block]] = {}
    for block in members:
        layers.setdefault(block.layer or 0, []).append(block)
    size = members[0].columns * members[0].rows
    chunk: list[Block] = []
    for blocks in layers.values():
        if chunk and most is not None and (len(chunk) + len(blocks)) * size > most:
            yield Bundle(_name(chunk), tuple(chunk))
            chunk = []
        chunk += blocks
    yield Bundle(_name(chunk), tuple(chunk))


def _name(blocks: list[Block]) -> str:
    """The name of a bundle of these blocks."""
    if len(blocks) == 1:
        return blocks[0].name
    scope = _span("layer", (b.layer for b in blocks))
    if blocks[0].head is not None:
        scope += _span("head", (b.head for b in blocks))
    return scope + blocks[0].role


def _span(word: str, numbers: Iterable[int | None]) -> str:
    found = [n for n in numbers if n is not None]
    low, high = min(found), max(found)
    return f"{word}{low}." if low == high else f"{word}s{low}-{high}."
