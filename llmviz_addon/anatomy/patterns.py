"""Arrows and titles that repeat in a network, each once, with all the places where they stand.

All layers are alike, and all heads but for the paths into and out of them. GPT-3 has 168,000
arrows and 131,000 titles, but only some 430 different arrows and 50 different titles. To draw such
a model, each pattern is drawn once and then placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .arrows import Arrow, flow_from
from .block import Block, BlockSpec
from .gpt2 import Specs
from .label import Align
from .routes import Route, Routes
from .space import LAYERS_PER_COLUMN, Corner, Space

Region = Literal["embedding", "layer", "output"]
"""A part of the network in which arrows come and go together; all layers are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Repeats:
    """Places at which the same thing stands again and again.

    Attributes
    ----------
    offsets
        (N, 3) float64, in cells, what to add to each point.
    layers, heads
        (N,) int32, the layer and the head at each place; -1 outside of layers or heads.
    """

    offsets: np.ndarray
    layers: np.ndarray
    heads: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class ArrowPattern:
    """Arrows that stand together at several places.

    Attributes
    ----------
    region
        The part of the network: ``"embedding"``, ``"layer"`` or ``"output"``.
    arrows
        Relative to their place. Their names and sections have ``{i}`` for the layer, ``{j}`` for
        the head, and ``{stream}`` for the block that the stream comes from.
    places
        The places at which they repeat.
    """

    region: Region
    arrows: tuple[Arrow, ...]
    places: Repeats


@dataclass(frozen=True, slots=True, eq=False)
class TitlePattern:
    """The name tags of all blocks of one role.

    Attributes
    ----------
    role
        The role; a block's name without layer and head.
    text, size, align
        As of a `Label`.
    section
        Path of their section, with ``{i}`` and ``{j}`` for the numbers of layer and head.
    anchor
        (3,) float64, the text's anchor relative to the block's origin.
    places
        The origins of the blocks: the center of the cell at column 0, row 0.
    """

    role: str
    text: str
    size: float
    align: Align
    section: str
    anchor: np.ndarray
    places: Repeats

    @property
    def anchors(self) -> np.ndarray:
        """(N, 3) float64 anchors of all of them."""
        return self.places.offsets + self.anchor


def arrow_patterns(blocks: Mapping[str, Block], space: Space) -> Iterator[ArrowPattern]:
    """All arrows of a network, each once; see :class:`ArrowPattern`."""
    roles = {block.role: block for block in blocks.values() if not block.layer and not block.head}
    routes = Routes(roles, space)
    yield _pattern("embedding", roles, routes.embedding(), once((0.0, 0.0, 0.0)))
    layers = layer_places(space)
    after_column = (layers.layers > 0) & (layers.layers % LAYERS_PER_COLUMN == 0)
    for joined in (False, True):
        chosen = after_column == joined
        if chosen.any():
            places = Repeats(*(a[chosen] for a in (layers.offsets, layers.layers, layers.heads)))
            yield _pattern("layer", roles, routes.stream(joined), places)
    heads = [routes.head(head) for head in range(space.n_head)]
    arrows = list(_relative(roles, routes.layer()))
    for head, own in enumerate(heads):
        arrows.extend(_relative(roles, (r for r in own if not r.within_head), str(head)))
    yield ArrowPattern("layer", tuple(arrows), layers)
    within = [route for route in heads[0] if route.within_head]
    yield _pattern("layer", roles, within, head_places(space))
    last = f"layer{space.n_layer - 1}.mlp_residual"
    found = tuple(_relative(roles, routes.output(), stream=last))
    yield ArrowPattern("output", found, once(space.output_offset))


def title_patterns(specs: Specs, space: Space) -> Iterator[TitlePattern]:
    """The titles of all blocks, role by role, in the order of computation."""
    nowhere, layers = once((0.0, 0.0, 0.0)), layer_places(space)
    parts: tuple[tuple[tuple[BlockSpec, ...], dict[str, Corner], Repeats], ...] = (
        (specs.embedding, space.embedding, nowhere),
        (specs.layer_start, space.layer, layers),
        (specs.head, space.head, head_places(space)),
        (specs.layer_end, space.layer, layers),
        (specs.output, space.output, once(space.output_offset)),
    )
    for found, corners, places in parts:
        for spec in found:
            x, y, d = corners[spec.role]
            origins = places.offsets + np.array([x + 0.5, y, -d - 0.5])
            first = Block(spec.role, None, None, (0.0, 0.0, 0.0), spec)
            label = first.label
            yield TitlePattern(
                role=spec.role,
                text=label.text,
                size=label.size,
                align=label.align,
                section=spec.section,
                anchor=np.array(label.anchor),
                places=Repeats(origins, places.layers, places.heads),
            )


def once(corner: Corner) -> Repeats:
    """One place outside of layers; `corner` has its depth."""
    nothing = np.full(1, -1, np.int32)
    return Repeats(np.array([corner]) * (1.0, 1.0, -1.0), nothing, nothing)


def layer_places(space: Space) -> Repeats:
    """The tops of all layers."""
    layers = np.arange(space.n_layer, dtype=np.int32)
    offsets = np.array([space.layer_offset(layer) for layer in layers.tolist()])
    return Repeats(offsets * (1.0, 1.0, -1.0), layers, np.full_like(layers, -1))


def head_places(space: Space) -> Repeats:
    """The planes of the queries of all heads, at the tops of their layers."""
    layers, n_head = layer_places(space), space.n_head
    heads = np.tile(np.arange(n_head, dtype=np.int32), len(layers))
    offsets = np.repeat(layers.offsets, n_head, axis=0)
    offsets[:, 1] += heads * space.head_pitch
    return Repeats(offsets, np.repeat(layers.layers, n_head), heads)


def _pattern(
    region: Region, roles: Mapping[str, Block], routes: Iterable[Route], places: Repeats
) -> ArrowPattern:
    return ArrowPattern(region, tuple(_relative(roles, routes)), places)


def _relative(
    roles: Mapping[str, Block],
    routes: Iterable[Route],
    head: str = "{j}",
    stream: str = "{stream}",
) -> Iterator[Arrow]:
    """Arrows with braces in their names, except for the head and the stream where given."""
    names = {"layer": "layer{i}.", "head": f"layer{{i}}.head{head}.", "stream": stream}
    for route in routes:
        yield Arrow(
            source=route.source.format_map(names),
            target=route.target.format_map(names),
            kind=flow_from(roles[route.source_role]),
            width=route.width,
            section=roles[route.target_role].spec.section.replace("{j}", head),
            shape=route.shape,
            offset=(0.0, 0.0, 0.0),
        )
