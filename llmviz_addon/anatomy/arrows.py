"""Flow arrows: where each block's numbers go.

Every arrow is an operand of a formula; a few operands have no arrow because another one already
tells it (the sum of exponentials gets the maximum, which got the scores). Arrows of one role
have one shape in all layers and heads, which is made once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from . import paths
from .block import Block
from .routes import Route, Routes
from .space import LAYERS_PER_COLUMN, Space

Flow = Literal["weight", "activation"]
FLOWS: tuple[Flow, ...] = get_args(Flow)
"""Kinds of arrows, by what flows along them: the model's weights, or what a prompt computes."""


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
    """

    source: str
    target: str
    kind: Flow
    width: float
    section: str
    shape: np.ndarray
    offset: tuple[float, float, float]

    @property
    def points(self) -> np.ndarray:
        """(N, 3) float32, the path from the source's edge to the target's."""
        return (self.shape + np.array(self.offset)).astype(np.float32)

    @property
    def across(self) -> np.ndarray:
        """(N, 3) float32 unit vectors along which the ribbon is wide."""
        return paths.across(self.shape)


def flow_from(block: Block) -> Flow:
    """The kind of the arrows that leave a block."""
    return "weight" if block.kind == "weight" else "activation"


def draw(blocks: Mapping[str, Block], space: Space) -> Iterator[Arrow]:
    """All arrows, in the order of computation of their targets' layers."""
    config = next(iter(blocks.values())).spec.config
    roles = {block.role: block for block in blocks.values() if not block.layer and not block.head}
    routes = Routes(roles, space)
    yield from _place(routes.embedding(), blocks, {}, (0.0, 0.0, 0.0))
    within, entering = routes.layer(), routes.stream(joined=False)
    joining = routes.stream(joined=True) if space.n_layer > LAYERS_PER_COLUMN else ()
    heads = [routes.head(head) for head in range(config.n_head)]
    for layer in range(config.n_layer):
        x, y, d = space.layer_offset(layer)
        offset = (x, y, -d)
        scope = roles["ln_1"].spec.scope(layer, None)
        joined = layer and layer % LAYERS_PER_COLUMN == 0
        yield from _place(joining if joined else entering, blocks, scope, offset)
        for head, own in enumerate(heads):
            scope["head"] = f"layer{layer}.head{head}."
            yield from _place(own, blocks, scope, offset)
        yield from _place(within, blocks, scope, offset)
    x, y, d = space.output_offset
    scope = roles["ln_f"].spec.scope(None, None)
    yield from _place(routes.output(), blocks, scope, (x, y, -d))


def _place(
    routes: Iterable[Route],
    blocks: Mapping[str, Block],
    scope: Mapping[str, str],
    offset: tuple[float, float, float],
) -> Iterator[Arrow]:
    for route in routes:
        source = blocks[route.source.format_map(scope)]
        target = blocks[route.target.format_map(scope)]
        yield Arrow(
            source.name,
            target.name,
            flow_from(source),
            route.width,
            target.section,
            route.shape,
            offset,
        )
