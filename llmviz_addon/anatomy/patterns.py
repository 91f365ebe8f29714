"""Arrows and titles that repeat in a network, each once, with all the places where they stand.

All layers are alike, and all heads but for the paths into and out of them. GPT-3 has 168,000
arrows and 131,000 titles, but only some 430 different arrows and 50 different titles. To draw such
a model, each pattern is drawn once and then placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .arrows import Arrow
from .block import Block, BlockSpec
from .label import Align, Point
from .layout import Layout, Part
from .router import Route

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


def arrow_patterns(layout: Layout) -> Iterator[ArrowPattern]:
    """All arrows of a network, each once; see :class:`ArrowPattern`."""
    router = layout.router(layout.embedding)
    yield _pattern("embedding", router.fixed(), once(layout.embedding_offset))
    router, layers = layout.router(layout.layer), layer_places(layout)
    ways = [layout.approach(layer) for layer in range(layout.n_layer)]
    alike: dict[bytes, list[int]] = {}
    for layer, way in enumerate(ways):
        alike.setdefault(way.tobytes(), []).append(layer)
    for numbers in alike.values():
        places = Repeats(*(a[numbers] for a in (layers.offsets, layers.layers, layers.heads)))
        yield _pattern("layer", router.entering(ways[numbers[0]]), places)
    heads = [tuple(router.of_head(head)) for head in range(layout.space.n_head)]
    arrows = list(_relative(router.fixed()))
    for head, own in enumerate(heads):
        arrows.extend(_relative((r for r in own if not r.within_head), str(head)))
    yield ArrowPattern("layer", tuple(arrows), layers)
    within = [route for route in heads[0] if route.within_head]
    yield _pattern("layer", within, head_places(layout))
    router, last = layout.router(layout.output), f"layer{layout.n_layer - 1}.mlp_residual"
    routes = (*router.entering(layout.approach_output()), *router.fixed())
    found = tuple(_relative(routes, stream=last))
    yield ArrowPattern("output", found, once(layout.output_offset))


def title_patterns(layout: Layout) -> Iterator[TitlePattern]:
    """The titles of all blocks, role by role, in the order of computation."""
    specs, layers = layout.specs, layer_places(layout)
    parts: tuple[tuple[tuple[BlockSpec, ...], Part, Repeats], ...] = (
        (specs.embedding, layout.embedding, once(layout.embedding_offset)),
        (specs.layer_start, layout.layer, layers),
        (specs.head, layout.layer, head_places(layout)),
        (specs.layer_end, layout.layer, layers),
        (specs.output, layout.output, once(layout.output_offset)),
    )
    for found, part, places in parts:
        for spec in found:
            x, y, z = part.corner(spec.role)
            origins = places.offsets + np.array([x + 0.5, y, z - 0.5])
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


def once(place: Point) -> Repeats:
    """One place outside of layers."""
    nothing = np.full(1, -1, np.int32)
    return Repeats(np.array([place]), nothing, nothing)


def layer_places(layout: Layout) -> Repeats:
    """The tops of all layers."""
    layers = np.arange(layout.n_layer, dtype=np.int32)
    return Repeats(np.array(layout.offsets), layers, np.full_like(layers, -1))


def head_places(layout: Layout) -> Repeats:
    """The planes of the queries of all heads, at the tops of their layers."""
    layers, n_head = layer_places(layout), layout.space.n_head
    heads = np.tile(np.arange(n_head, dtype=np.int32), len(layers))
    offsets = np.repeat(layers.offsets, n_head, axis=0)
    offsets[:, 1] += heads * layout.space.head_pitch
    return Repeats(offsets, np.repeat(layers.layers, n_head), heads)


def _pattern(region: Region, routes: Iterable[Route], places: Repeats) -> ArrowPattern:
    return ArrowPattern(region, tuple(_relative(routes)), places)


def _relative(
    routes: Iterable[Route], head: str = "{j}", stream: str = "{stream}"
) -> Iterator[Arrow]:
    """Arrows with braces in their names, except for the head and the stream where given."""
    own = f"layer{{i}}.head{head}."
    names = {"layer": "layer{i}.", "head": own, "each_head": own, "stream": stream}
    for route in routes:
        yield Arrow(
            source=route.source.format_map(names),
            target=route.target.format_map(names),
            kind=route.flow,
            width=route.width,
            section=route.section.replace("{j}", head),
            shape=route.shape,
            offset=(0.0, 0.0, 0.0),
            in_stream=route.in_stream,
        )
