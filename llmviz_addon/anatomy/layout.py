"""The layout: the parts of a network at their places, as an arrangement asks for it.

Each part is composed by itself, from the relations that its family states. In a tower they stand
below each other: embedding, layers, output. In rows the embedding comes first, then the layers in
columns, and last the output, all on one ground, which is z = 0; the feet of the last residuals
stand on it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from . import strips
from .arrangement import Arrangement, enlargement
from .block import BlockSpec
from .fold import Fold, FoldAxis, line_length
from .gpt2.specs import Specs
from .label import Point
from .outline import Outline
from .outline import around as outline_around
from .relations import Composition, Relations
from .router import Router
from .space import Space
from .stream import around, down


@dataclass(frozen=True)
class Part:
    """A part of the network, composed by itself.

    Attributes
    ----------
    composition
        Where its blocks stand to each other; of the heads, the first.
    specs
        Its roles, by name with ``{layer}`` and ``{head}`` for prefixes.
    blocks, words
        The outline around all blocks, and around them and their names.
    """

    composition: Composition
    specs: Mapping[str, BlockSpec]
    blocks: Outline
    words: Outline

    @classmethod
    def of(
        cls,
        specs: Mapping[str, BlockSpec],
        place: Callable[[Composition, Space], None],
        space: Space,
    ) -> Part:
        """A part from its roles and the relations between them."""
        composition = Composition(specs.values(), space.sizes["T"])
        place(composition, space)
        outlines = composition.placed()
        blocks = outline_around(outlines.values())
        written = [_written(spec, outlines[spec.role]) for spec in specs.values()]
        return cls(composition, specs, blocks, outline_around([blocks, *written]))

    def corner(self, role: str) -> Point:
        """The upper left corner of a role."""
        outline = self.composition.outlines[role]
        return (outline.left, outline.y, outline.top)

    @property
    def foot(self) -> float:
        """The lower edge of what stands lowest in the stream, or of all blocks without a stream."""
        found = [self.composition.outlines[role].bottom for role in self.composition.in_stream]
        return min(found, default=self.blocks.bottom)


@dataclass(frozen=True)
class Layout:
    """The places of all parts.

    Attributes
    ----------
    space
        The distances.
    specs
        All roles, with the folds of those that are laid in lines.
    embedding, layer, output
        The parts.
    columns
        The layers of each column, in order.
    tower
        True if the embedding stands above the layers and the output below them, rather than
        beside them.
    """

    space: Space
    specs: Specs
    embedding: Part
    layer: Part
    output: Part
    columns: tuple[range, ...]
    tower: bool

    @property
    def n_layer(self) -> int:
        """Number of layers."""
        return self.columns[-1].stop

    @cached_property
    def layer_height(self) -> float:
        """From the top of a layer to the foot of its last residual, in cells."""
        return -self.layer.foot

    @cached_property
    def layer_pitch(self) -> float:
        """From the top of a layer to that of the next one below it."""
        return self.layer_height + self.space.layer_gap

    def height_of(self, column: int) -> float:
        """Height of a column of layers."""
        return len(self.columns[column]) * self.layer_pitch - self.space.layer_gap

    @cached_property
    def offsets(self) -> tuple[Point, ...]:
        """The tops of all layers: the middle of the stream."""
        found = []
        for column, layers in enumerate(self.columns):
            x, top = self._streams[column], self.height_of(column)
            found += [(x, 0.0, top - place * self.layer_pitch) for place in range(len(layers))]
        return tuple(found)

    @cached_property
    def embedding_offset(self) -> Point:
        """The place of the embedding: the middle of the stream, at the top of the tokens."""
        if self.tower:
            foot = self.embedding.blocks.bottom
            return (0.0, 0.0, self.height_of(0) + self.space.layer_gap - foot)
        return (0.0, 0.0, -self.embedding.blocks.bottom)

    @cached_property
    def output_offset(self) -> Point:
        """The place of the output: the middle of the stream, at its top."""
        if self.tower:
            return (0.0, 0.0, -self.space.layer_gap)
        return (self._streams[-1], 0.0, self._bars - self.output.blocks.bottom)

    @property
    def _bars(self) -> float:
        """Room for the strip below the probabilities."""
        return strips.reach(self.space, -1)

    def outer(self, side: strips.Side) -> tuple[float, float]:
        """Left and right limit of the strip above the embedding (1) or below the output (-1)."""
        if self.tower:
            return -np.inf, np.inf
        if side > 0:
            return -np.inf, self.embedding.words.right
        return self._streams[-1] + self.output.words.left, np.inf

    @property
    def _room(self) -> float:
        """Distance from a part to the one at its right: room for the stream between them."""
        return 2.5 * self.space.margin + self.space.stream

    @cached_property
    def _streams(self) -> tuple[float, ...]:
        """x of the stream in each column of layers, and at the output."""
        if self.tower:
            return (0.0, 0.0)
        right = self.embedding.words.right
        found = []
        for part in (*(self.layer for _ in self.columns), self.output):
            found.append(right + self._room - part.words.left)
            right = found[-1] + part.words.right
        return tuple(found)

    def approach(self, layer: int) -> np.ndarray:
        """(N, 3) corners of the stream's way to a layer, relative to its top; see `stream`."""
        column = next(i for i, layers in enumerate(self.columns) if layer in layers)
        if layer != self.columns[column].start:
            return down(self.space.layer_gap)
        if self.tower:
            return down(self._embedded - self.offsets[layer][2])
        return self._approach(column, self.offsets[layer], self.layer)

    def approach_output(self) -> np.ndarray:
        """(N, 3) corners of the stream's way to the output, relative to its top; see `stream`."""
        if self.tower:
            return down(self.space.layer_gap)
        return self._approach(len(self.columns), self.output_offset, self.output)

    def _approach(self, column: int, at: Point, part: Part) -> np.ndarray:
        """The way into a column, from the foot of the one before or of the embedding."""
        x, _, z = at
        start = (self._streams[column - 1], 0.0) if column else (0.0, self._embedded)
        m, half = self.space.margin, self.space.stream / 2
        lane = part.words.left - 1.5 * m - half
        return around((start[0] - x, start[1] - z), lane, -m - half - z, 1.75 * m + half)

    @property
    def _embedded(self) -> float:
        """z of the foot of the input embedding, where the stream begins."""
        return self.embedding_offset[2] + self.embedding.foot

    @cached_property
    def rails(self) -> np.ndarray:
        """(N, 3) corners of the stream's ways between columns, at its outer edge."""
        if self.tower:
            return np.empty((0, 3))
        firsts = [layers.start for layers in self.columns]
        ways = [self.approach(layer) + np.array(self.offsets[layer]) for layer in firsts]
        ways.append(self.approach_output() + np.array(self.output_offset))
        half = self.space.stream / 2
        return np.concatenate([way + (0.0, 0.0, side) for way in ways for side in (-half, half)])

    @cached_property
    def size(self) -> tuple[float, float]:
        """Width and height of all blocks as they are seen from the front."""
        parts = [(self.embedding, self.embedding_offset), (self.output, self.output_offset)]
        parts += [(self.layer, at) for at in self.offsets]
        found = outline_around([part.blocks.moved(x=at[0], z=at[2]) for part, at in parts])
        return found.right - found.left, found.top - found.bottom

    # Routes

    def router(self, part: Part) -> Router:
        """The router of a part."""
        return Router(part.composition, part.specs, self.space)


def lay_out(
    specs: Specs, relations: Relations, space: Space, arrangement: Arrangement, n_layer: int
) -> Layout:
    """The layout of a network.

    Of several ways in which its layers may stand, the one by which it fills a wide picture best.

    Parameters
    ----------
    specs, relations
        The roles of a family, and how they stand to each other.
    space
        The distances.
    arrangement
        The ways to choose from.
    n_layer
        Number of layers.
    """
    roles = _named(specs.layer_start, specs.head, specs.layer_end)
    layer = Part.of(roles, relations.layer, space)
    tower = arrangement.kind == "tower"
    made: dict[int, Layout] = {}
    for columns in arrangement.choices(n_layer):
        found = Layout(
            space,
            specs,
            Part.of(_named(specs.embedding), relations.embedding, space),
            layer,
            Part.of(_named(specs.output), relations.output, space),
            tuple(columns),
            tower,
        )
        # Of columns that are as high, the fewest are the fullest.
        if len(columns[0]) not in made:
            folded = _folded(found, relations) if arrangement.folded else found
            made[len(columns[0])] = folded
    return max(made.values(), key=_filling)


def _filling(layout: Layout) -> float:
    """The share of a wide picture that a layout fills, up to a factor that all of them have.

    The room under columns that are shorter than the first is empty.
    """
    full = layout.n_layer / (len(layout.columns) * len(layout.columns[0]))
    return enlargement(*layout.size) ** 2 * full


def _folded(layout: Layout, relations: Relations) -> Layout:
    """A layout with long blocks folded.

    Those of the embedding become no wider than a layer, and those of the output no higher than the
    columns; below a tower, half as high as it.
    """
    space, specs, layer = layout.space, layout.specs, layout.layer
    width = layer.blocks.right - layer.blocks.left
    embedding = _in_lines(specs.embedding, "columns", width, space)
    height = layout.height_of(0) / (2 if layout.tower else 1) - strips.reach(space, -1)
    longest = max(spec.rows for spec in specs.output)
    for pieces in itertools.count(1):
        output = _in_lines(specs.output, "rows", longest / pieces, space)
        part = Part.of(_named(output), relations.output, space)
        # Pieces are at least as high as the blocks that are as high as a layer norm.
        if -part.blocks.bottom <= height or longest <= pieces * space.sizes["C"]:
            break
    return replace(
        layout,
        specs=replace(specs, embedding=embedding, output=output),
        embedding=Part.of(_named(embedding), relations.embedding, space),
        output=part,
    )


def _in_lines(
    specs: Iterable[BlockSpec], along: FoldAxis, limit: float, space: Space
) -> tuple[BlockSpec, ...]:
    """Specs, those that exceed a limit along an axis folded."""
    found = []
    for spec in specs:
        size, other = spec.columns, spec.rows
        if along == "rows":
            size, other = other, size
        length = line_length(size, limit)
        fold = Fold(along, length, other + space.margin) if length < size else None
        found.append(replace(spec, fold=fold))
    return tuple(found)


def _named(
    specs: Iterable[BlockSpec], heads: Iterable[BlockSpec] = (), after: Iterable[BlockSpec] = ()
) -> dict[str, BlockSpec]:
    """Roles by the names that formulas know them by; without heads those of no layer."""
    heads = tuple(heads)
    own = "{layer}" if heads else ""
    return {
        **{own + spec.role: spec for spec in specs},
        **{"{head}" + spec.role: spec for spec in heads},
        **{own + spec.role: spec for spec in after},
    }


def _written(spec: BlockSpec, outline: Outline) -> Outline:
    """The outline of a block's name."""
    tag = spec.tag
    bounds = (outline.left, outline.y, outline.bottom), (outline.right, outline.y, outline.top)
    label = tag.beside(bounds, spec.short_title if tag.short else spec.title)
    (left, y, bottom), (right, _, top) = label.bounds
    return Outline(left, right, y, top, bottom)
