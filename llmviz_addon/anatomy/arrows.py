"""Flow arrows: where each block's numbers go.

Every arrow is an operand of a formula; a few operands have no arrow because another one already
tells it (the sum of exponentials gets the maximum, which got the scores). Arrows of one role
have one shape in all layers and heads, which is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from . import paths
from .block import Block, BlockSpec
from .layout import Layout
from .router import Flow, Route


@dataclass(frozen=True, slots=True, eq=False)
class Arrow:
    """A ribbon from one block to another.

    Attributes
    ----------
    source, target
        Names of the blocks.
    kind
        ``"weight"`` or ``"activation"``: what flows.
    width
        In cells.
    section
        Path of the section it is drawn in, the target's.
    shape
        (N, 3) float32, the path up to `offset`; shared between layers.
    offset
        Added to `shape`, in cells: the place of its layer.
    in_stream
        True if it is the residual stream itself, which is as solid everywhere.
    """

    source: str
    target: str
    kind: Flow
    width: float
    section: str
    shape: np.ndarray
    offset: tuple[float, float, float]
    in_stream: bool = False

    @property
    def points(self) -> np.ndarray:
        """(N, 3) float32, the path from the source's edge to the target's."""
        return (self.shape + np.array(self.offset)).astype(np.float32)

    @property
    def across(self) -> np.ndarray:
        """(N, 3) float32 unit vectors along which the ribbon is wide."""
        return paths.across(self.shape)


def draw(blocks: Mapping[str, Block], layout: Layout) -> Iterator[Arrow]:
    """All arrows, in the order of computation of their targets' layers."""
    n_head = layout.space.n_head
    scope = _scope(layout.specs.embedding[0], None)
    router = layout.router(layout.embedding)
    yield from _place(router.fixed(), blocks, scope, layout.embedding_offset)
    router = layout.router(layout.layer)
    entering: dict[bytes, tuple[Route, ...]] = {}
    within = tuple(router.fixed())
    heads = [tuple(router.of_head(head)) for head in range(n_head)]
    for layer, offset in enumerate(layout.offsets):
        approach = layout.approach(layer)
        key = approach.tobytes()
        if key not in entering:
            entering[key] = tuple(router.entering(approach))
        scope = _scope(layout.specs.layer_start[0], layer)
        yield from _place(entering[key], blocks, scope, offset)
        for head, own in enumerate(heads):
            scope["head"] = f"layer{layer}.head{head}."
            yield from _place(own, blocks, scope, offset)
        yield from _place(within, blocks, scope, offset)
    router, scope = layout.router(layout.output), _scope(layout.specs.output[0], None)
    found = (*router.entering(layout.approach_output()), *router.fixed())
    yield from _place(found, blocks, scope, layout.output_offset)


def _scope(spec: BlockSpec, layer: int | None) -> dict[str, str]:
    return spec.scope(layer, None)


def _place(
    routes: Iterable[Route],
    blocks: Mapping[str, Block],
    scope: Mapping[str, str],
    offset: tuple[float, float, float],
) -> Iterator[Arrow]:
    for route in routes:
        names = {**scope, "each_head": scope["head"]}
        source = blocks[route.source.format_map(names)]
        target = blocks[route.target.format_map(names)]
        yield Arrow(
            source.name,
            target.name,
            route.flow,
            route.width,
            target.section,
            route.shape,
            offset,
            route.in_stream,
        )
