"""The anatomy of a network: all its blocks, where they stand and how they hang together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import arrows, gpt2, patterns, sections
from .arrangement import Arrangement
from .arrows import Arrow
from .block import Block, BlockSpec
from .errors import AnatomyError
from .label import Bounds, Point
from .layout import Layout, Part, lay_out
from .patterns import ArrowPattern, TitlePattern
from .picking import Hit, Picker, corners
from .places import Place, places
from .sections import Section
from .space import Space
from .uses import User, Users

if TYPE_CHECKING:
    from ..model import Config


@dataclass(frozen=True, slots=True)
class Dim:
    """A dimension of the network: its key, its label, and its size in cells."""

    key: str
    label: str
    size: int


@dataclass(frozen=True)
class Anatomy:
    """A network as blocks in space. Lengths are in cells; x right, y away, z up.

    Attributes
    ----------
    config
        The architecture.
    blocks
        Name to block, in the order of computation, weights before the block that uses them.
    layout
        The parts of the network at their places.
    """

    config: Config
    blocks: dict[str, Block]
    layout: Layout

    @property
    def space(self) -> Space:
        """The distances behind it: margins, title sizes, widths of arrows."""
        return self.layout.space

    @property
    def n_tokens(self) -> int:
        """Number of positions that are drawn: the columns of the activations."""
        return self.space.sizes["T"]

    @cached_property
    def root(self) -> Section:
        """The section tree: model, embedding, layers, their parts, output."""
        return sections.grow(self.blocks.values(), self.space)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Paths of the sections right below the model, without growing the tree."""
        paths = (block.section.partition(".")[0] for block in self.blocks.values())
        return tuple(dict.fromkeys(paths))

    @cached_property
    def boxes(self) -> NDArray[np.float64]:
        """(blocks, 2, 3) least and greatest corners of all blocks, in the order of `blocks`."""
        low, high = corners(self.blocks.values())
        return np.stack([low, high], axis=1)

    @cached_property
    def arrows(self) -> tuple[Arrow, ...]:
        """The flow arrows between blocks."""
        return tuple(arrows.draw(self.blocks, self.layout))

    @cached_property
    def arrow_patterns(self) -> tuple[ArrowPattern, ...]:
        """The same arrows, those that repeat only once, with all their places."""
        return tuple(patterns.arrow_patterns(self.layout))

    @cached_property
    def title_patterns(self) -> tuple[TitlePattern, ...]:
        """The labels of all blocks, one for each role, with all its places."""
        return tuple(patterns.title_patterns(self.layout))

    @cached_property
    def places(self) -> dict[str, Place]:
        """Room for what is not a block, by name."""
        return places(self.layout, self.bounds())

    @cached_property
    def dims(self) -> dict[str, Dim]:
        """The dimensions that block grids refer to, by key; ``"1"`` is not among them.

        ``"T"`` counts the positions that are drawn, ``"P"`` those that the context has room for.
        """
        size = self.space.sizes
        wide = size["F"] == 4 * size["C"]
        labels = {
            "T": "T",
            "P": "T" if size["P"] == size["T"] else "n_ctx",
            "C": "C",
            "A": "A (head size)",
            "F": "4C" if wide else "F",
            "V": "n_vocab",
        }
        return {key: Dim(key, label, size[key]) for key, label in labels.items()}

    def size_of(self, dim: str) -> int:
        """The number of cells along a dimension, 1 for ``"1"``."""
        return 1 if dim == "1" else self.dims[dim].size

    def section(self, path: str) -> Section:
        """The section at a dotted path, ``"model"`` for the root.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self._sections[path]

    def bounds(self, names: Iterable[str] | None = None) -> Bounds:
        """Least and greatest corner of blocks, cell edges included.

        Parameters
        ----------
        names
            Names of blocks; all of them unless given.

        Raises
        ------
        KeyError
            If a name is not that of a block.
        """
        if names is None:
            x0, y0, z0 = self.boxes[:, 0].min(axis=0).tolist()
            x1, y1, z1 = self.boxes[:, 1].max(axis=0).tolist()
            return (x0, y0, z0), (x1, y1, z1)
        return sections.union(self.blocks[name].bounds for name in names)

    def pick(self, origin: Sequence[float], direction: Sequence[float]) -> Hit | None:
        """The first cell that a ray meets; blocks count as solid, gaps between cells included.

        Parameters
        ----------
        origin, direction
            In anatomy space; the direction need not have length 1. A ray that begins in a block
            meets it there.

        Returns
        -------
        Hit or None
            None where it meets no block.

        Raises
        ------
        ValueError
            If these are not three finite numbers each, or the direction leads nowhere.
        """
        return self.picker.pick(origin, direction)

    def users(self, block: Block) -> list[User]:
        """The formulas that a block's cells go into, each with the operand that the block is."""
        return self._users.of(block)

    @cached_property
    def _users(self) -> Users:
        return Users(self.blocks)

    @cached_property
    def picker(self) -> Picker:
        """The bounds of all blocks, to find cells that rays meet."""
        return Picker(self.blocks)

    @cached_property
    def _sections(self) -> dict[str, Section]:
        return {section.name: section for section in self.root.walk()}


def build(
    config: Config, n_tokens: int | None = None, arrangement: Arrangement | None = None
) -> Anatomy:
    """The anatomy of a network.

    Parameters
    ----------
    config
        Its architecture.
    n_tokens
        Positions that are drawn: the columns of activations and aggregates. The whole context
        unless given. Weights, the position embedding among them, are always drawn in full.
    arrangement
        How its layers stand; so that it fills a wide picture, unless given.

    Raises
    ------
    AnatomyError
        If the architecture is not one that can be drawn, or does not have so many positions.
    """
    if n_tokens is None:
        n_tokens = config.n_ctx
    if not 1 <= n_tokens <= config.n_ctx:
        raise AnatomyError(
            f"{n_tokens} positions cannot be drawn of a context of {config.n_ctx}; "
            f"choose 1 to {config.n_ctx}."
        )
    specs, space = gpt2.specs(config, n_tokens), Space.of(config, n_tokens)
    arrangement = arrangement or Arrangement()
    layout = lay_out(specs, gpt2.RELATIONS, space, arrangement, config.n_layer)
    return Anatomy(config, {block.name: block for block in _blocks(layout)}, layout)


def n_cells(config: Config) -> int:
    """Number of cells in the anatomy of a network whose whole context is drawn.

    Raises
    ------
    AnatomyError
        If the architecture is not one that can be drawn.
    """
    specs = gpt2.specs(config, config.n_ctx)
    times = (
        (1, (*specs.embedding, *specs.output)),
        (config.n_layer, (*specs.layer_start, *specs.layer_end)),
        (config.n_layer * config.n_head, specs.head),
    )
    return sum(count * spec.columns * spec.rows for count, roles in times for spec in roles)


def _blocks(layout: Layout) -> Iterator[Block]:
    specs = layout.specs
    yield from _place(specs.embedding, layout.embedding, layout.embedding_offset)
    for layer, (x, y, z) in enumerate(layout.offsets):
        yield from _place(specs.layer_start, layout.layer, (x, y, z), layer)
        for head in range(layout.space.n_head):
            at = (x, y + head * layout.space.head_pitch, z)
            yield from _place(specs.head, layout.layer, at, layer, head)
        yield from _place(specs.layer_end, layout.layer, (x, y, z), layer)
    yield from _place(specs.output, layout.output, layout.output_offset)


def _place(
    specs: Iterable[BlockSpec],
    part: Part,
    offset: Point,
    layer: int | None = None,
    head: int | None = None,
) -> Iterator[Block]:
    """Blocks of these roles at their places."""
    across, away, up = offset
    prefix = "" if layer is None else f"layer{layer}."
    if head is not None:
        prefix += f"head{head}."
    for spec in specs:
        x, y, z = part.corner(spec.role)
        yield Block(
            name=prefix + spec.role,
            layer=layer,
            head=head,
            origin=(across + x + 0.5, away + y, up + z - 0.5),
            spec=spec,
        )
