"""Routes of the arrows between blocks, relative to a layer.

One method for each part of the network, written as a table: from where, to where, along which
curve, how wide. Posts (biases, γ, maxima: blocks one cell wide) stand between a source and its
target on purpose; ribbons pass behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from . import paths
from .label import Point
from .outline import Outline
from .space import LAYERS_PER_COLUMN, Space

if TYPE_CHECKING:
    from .block import Block

BEHIND = 0.7
"""Cells from a post to a ribbon that passes behind it: blocks are one cell deep, ribbons flat."""

RouteRow = tuple[str, str, float, np.ndarray]
"""A row of a table of routes: source and target patterns, width in cells, (N, 3) path."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The path of one kind of arrow: name patterns, width in cells, (N, 3) points."""

    source: str
    target: str
    width: float
    shape: np.ndarray

    @property
    def source_role(self) -> str:
        """The role of the block it starts at: the embedding's for the stream, which looks alike."""
        return _role(self.source)

    @property
    def target_role(self) -> str:
        """The role of the block it ends at."""
        return _role(self.target)

    @property
    def within_head(self) -> bool:
        """True if it starts and ends in one head, and so looks the same in all of them."""
        return self.source.startswith("{head}") and self.target.startswith("{head}")


def _role(pattern: str) -> str:
    return "embedding" if pattern == "{stream}" else pattern.rpartition("}")[2]


class Routes:
    """The routes of one model.

    Parameters
    ----------
    roles
        A block of each role, for its size.
    space
        The places of the roles.
    """

    def __init__(self, roles: Mapping[str, Block], space: Space) -> None:
        self._roles = roles
        self._space = space
        self._places = {**space.embedding, **space.layer, **space.head}
        self._ribbon, self._strand = space.ribbon, space.strand
        self._head_ribbon = space.head_ribbon
        self._bend = 0.6 * space.margin
        self._ramp = 0.4 * space.margin

    def embedding(self) -> tuple[Route, ...]:
        """From the tokens and the tables to the input embedding."""
        tokens, wte, wpe = self._outline("tokens"), self._outline("wte"), self._outline("wpe")
        into, width = self._outline("embedding"), 3 * self._ribbon
        return self._routes(
            ("tokens", "embedding", width, paths.straight(tokens.side_bottom(), into.side_top())),
            ("wte", "embedding", width, paths.straight(wte.side_right(), into.side_left())),
            ("wpe", "embedding", width, paths.straight(wpe.side_left(), into.side_right())),
        )

    def stream(self, joined: bool) -> tuple[Route, ...]:
        """The residual stream into a layer, up to the sum after attention.

        Parameters
        ----------
        joined
            True if it comes from the foot of the column of layers before.
        """
        start = self._space.layer_gap
        return self._routes(
            *self._trunk("{stream}", "ln_1", "attention_residual", start, joined),
        )

    def layer(self) -> tuple[Route, ...]:
        """Everything else in a layer outside of its heads."""
        attended, residual = self._outline("attention_output"), self._outline("attention_residual")
        second, hidden = self._outline("ln_2"), self._outline("mlp")
        activated, result = self._outline("mlp_activation"), self._outline("mlp_result")
        added = self._outline("mlp_residual")
        weight = self._outline("mlp_weight")
        from_bias = hidden.side_top(0.6)
        if "mlp_bias" in self._roles:
            from_bias = self._outline("mlp_bias").side_bottom(0.6)
        elbow = (second.side_bottom()[0], 0.0, hidden.side_right()[2])
        over = (result.side_top(0.8)[0], 0.0, activated.side_right()[2])
        to_hidden = [second.side_bottom(), elbow, hidden.side_right()]
        to_result = [activated.side_right(), over, result.side_top(0.8)]
        name, w = "{layer}", self._ribbon
        return self._routes(
            *self._layer_norm("{layer}ln_1"),
            *self._linear("{layer}projection", "{layer}attention_output", w),
            (
                f"{name}attention_output",
                f"{name}attention_residual",
                3 * w,
                paths.straight(attended.side_right(), residual.side_left()),
            ),
            *self._trunk(
                "{layer}attention_residual", "ln_2", "mlp_residual", residual.bottom, False
            ),
            *self._layer_norm("{layer}ln_2"),
            (f"{name}ln_2", f"{name}mlp", 3 * w, paths.rounded(to_hidden, self._bend)),
            (
                f"{name}mlp_weight",
                f"{name}mlp",
                6 * w,
                paths.straight(weight.side_bottom(), hidden.side_top(), BEHIND, self._ramp),
            ),
            (
                f"{name}mlp_bias",
                f"{name}mlp",
                2 * w,
                paths.straight(from_bias, hidden.side_top(0.6)),
            ),
            (
                f"{name}mlp",
                f"{name}mlp_activation",
                6 * w,
                paths.straight(hidden.side_bottom(), activated.side_top()),
            ),
            (
                f"{name}mlp_activation",
                f"{name}mlp_result",
                3 * w,
                paths.rounded(to_result, self._bend),
            ),
            *self._linear("{layer}mlp_projection", "{layer}mlp_result", w),
            (
                f"{name}mlp_result",
                f"{name}mlp_residual",
                3 * w,
                paths.straight(result.side_right(), added.side_left()),
            ),
        )

    def head(self, head: int) -> tuple[Route, ...]:
        """Into, through and out of a head."""
        y = self._space.head_pitch * head
        fraction = (head + 0.5) / self._roles["q"].spec.config.n_head
        output, attended = self._outline("output", y), self._outline("attention_output")
        return self._routes(
            *self._vectors(y),
            *self._attention(y),
            (
                "{head}output",
                "{layer}attention_output",
                2 * self._strand,
                paths.s_curve(output.side_bottom(), attended.side_top(fraction), axis=2),
            ),
        )

    def _vectors(self, y: float) -> Iterator[RouteRow]:
        """From the layer norm and the weights to the queries, keys and values at depth `y`."""
        normed, w = self._outline("ln_1"), self._head_ribbon
        for letter in "qkv":
            into = self._outline(letter, y).side_right()
            start = (normed.left, normed.y, into[2])
            flat = into[1] == start[1]
            path = (
                paths.straight(start, into, BEHIND, self._ramp)
                if flat
                else paths.s_curve(start, into, axis=0)
            )
            yield "{layer}ln_1", f"{{head}}{letter}", 2 * w, path
            yield from self._linear(f"{{head}}{letter}", f"{{head}}{letter}", w, y)

    def _attention(self, y: float) -> Iterator[RouteRow]:
        """From the queries, keys and values at depth `y` to the output of the head."""
        q, k, v = (self._outline(letter, y) for letter in "qkv")
        scores, attention = self._outline("attention_scores", y), self._outline("attention", y)
        maximum, total = self._outline("attention_max", y), self._outline("attention_sum", y)
        output, w, name = self._outline("output", y), self._strand, "{head}attention"
        to_scores = f"{name}_scores"
        from_q = paths.s_curve(q.side_bottom(0.66), scores.side_top(0.66), axis=2)
        yield "{head}q", to_scores, 2 * w, from_q
        from_k = paths.straight(k.side_bottom(0.88), scores.side_top(0.88))
        yield "{head}k", to_scores, 2 * w, from_k
        for source, target, start, end in (
            (to_scores, f"{name}_max", scores, maximum),
            (f"{name}_max", f"{name}_sum", maximum, total),
            (f"{name}_sum", name, total, attention),
        ):
            path = paths.straight(start.side_left(0.3), end.side_right(0.3))
            yield source, target, 1.5 * w, path
        past = (scores.side_left(0.6), attention.side_right(0.6))
        yield to_scores, name, 2 * w, paths.straight(*past, BEHIND, self._ramp)
        values = v.side_bottom(0.8)
        past_scores = paths.s_curve(
            (values[0], values[1], scores.bottom), output.side_top(0.8), axis=2
        )
        yield "{head}v", "{head}output", 2 * w, paths.joined(values, past_scores)
        below = (attention.side_bottom()[0], attention.y, output.side_left()[2])
        around = paths.rounded([attention.side_bottom(), below, output.side_left()], self._bend)
        yield name, "{head}output", 2 * min(w, self._head_ribbon), around

    def output(self) -> tuple[Route, ...]:
        """From the last residual to the probabilities, relative to the output."""
        places = self._space.output
        name, w, wide = "ln_f", self._strand, 3 * self._ribbon
        outlines = {
            role: self._outline_at(role, places[role]) for role in places if role in self._roles
        }
        normed, logits = outlines[name], outlines["logits"]
        mean, std = outlines[f"{name}.mean"], outlines[f"{name}.std"]
        maximum, total = outlines["logits_max"], outlines["logits_sum"]
        probable = outlines["probabilities"]
        start = self._space.layer_gap
        ramp = 0.8 * self._space.row_gap

        def drop(x: float, target: Outline, top: float = start, behind: float = 0.0) -> np.ndarray:
            return paths.straight((x, 0.0, top), (x, 0.0, target.top), behind, ramp)

        head = outlines["lm_head"]
        return self._routes(
            ("{stream}", f"{name}.mean", w, drop(-4.8 * w, mean)),
            ("{stream}", f"{name}.std", w, drop(-3.2 * w, std, behind=BEHIND)),
            ("{stream}", name, 3 * w, drop(0.0, normed, behind=BEHIND)),
            (f"{name}.mean", name, w, drop(3.2 * w, normed, mean.bottom, BEHIND)),
            (f"{name}.std", name, w, drop(4.8 * w, normed, std.bottom)),
            *self._scale(name, outlines),
            (name, "logits", wide, paths.straight(normed.side_bottom(), logits.side_top())),
            ("lm_head", "logits", wide, paths.straight(head.side_right(), logits.side_left())),
            ("logits", "logits_max", w, drop(-3.5 * w, maximum, logits.bottom)),
            ("logits_max", "logits_sum", w, drop(-3.5 * w, total, maximum.bottom)),
            ("logits_sum", "probabilities", w, drop(-3.5 * w, probable, total.bottom)),
            ("logits", "probabilities", 3 * w, drop(0.0, probable, logits.bottom, BEHIND)),
        )

    def _trunk(
        self, source: str, norm: str, residual: str, start: float, joined: bool
    ) -> Iterator[RouteRow]:
        """The stream from `source` to the next residual, and its branches into a layer norm.

        They run side by side: what turns off first is outermost.
        """
        w, normed = self._strand, self._outline(norm)
        branches = (
            (f"{{layer}}{norm}.mean", -5.0 * w, 0.9, self._outline(f"{norm}.mean").side_right()),
            (f"{{layer}}{norm}.std", -3.9 * w, 0.9, self._outline(f"{norm}.std").side_right()),
            (f"{{layer}}{norm}", -2.6 * w, 1.4, normed.side_right(0.25)),
        )
        for target, x, width, end in branches:
            corners = [*self._approach(x, start, joined), (x, 0.0, end[2]), end]
            yield source, target, width * w, paths.rounded(corners, self._bend)
        x, width, bend = 0.0, 3.5 * w, self._bend
        if joined:
            # Between columns the stream is seen from far away and runs as wide as `Space.river`;
            # this is what the branches beside it leave. Wide ribbons need wide turns.
            left, right = -1.75 * w, self._space.river[1]
            x, width = (left + right) / 2, right - left
            bend = max(bend, 0.75 * width)
        end = (x, 0.0, self._outline(residual).top)
        path = [*self._approach(x, start, joined), end]
        yield source, f"{{layer}}{residual}", width, paths.rounded(path, bend)

    def _approach(self, x: float, start: float, joined: bool) -> list[Point]:
        """The corners of a strand of the stream at `x`, up to where it runs down.

        From one column of layers to the next it passes under the foot of the first, up between
        the two, and over the top of the second; strands keep side by side around all the turns.
        """
        if not joined:
            return [(x, 0.0, start)]
        space = self._space
        left = -space.column_pitch
        foot = space.layer_gap - LAYERS_PER_COLUMN * space.layer_height
        below, beside, above = space.lane
        floor, lane, ceiling = foot - below + x, left + beside - x, above + x
        return [
            (left + x, 0.0, foot),
            (left + x, 0.0, floor),
            (lane, 0.0, floor),
            (lane, 0.0, ceiling),
            (x, 0.0, ceiling),
        ]

    def _layer_norm(self, name: str) -> Iterator[RouteRow]:
        short = name.removeprefix("{layer}")
        roles = [f"{short}{part}" for part in ("", ".mean", ".std", ".weight", ".bias")]
        outlines = {role: self._outline(role) for role in roles if role in self._roles}
        normed, mean, std = outlines[short], outlines[f"{short}.mean"], outlines[f"{short}.std"]
        ramp = 0.8 * self._space.row_gap
        past_std = paths.straight(mean.side_bottom(0.3), normed.side_top(0.3), BEHIND, ramp)
        yield f"{name}.mean", name, 0.9 * self._strand, past_std
        down = paths.straight(std.side_bottom(0.7), normed.side_top(0.7))
        yield f"{name}.std", name, 0.9 * self._strand, down
        yield from self._scale(name, outlines)

    def _scale(self, name: str, outlines: Mapping[str, Outline]) -> Iterator[RouteRow]:
        """From γ and β to their layer norm, the latter behind the former."""
        short = name.removeprefix("{layer}")
        normed = outlines[short]
        for part, f, behind in (("weight", 0.45, 0.0), ("bias", 0.6, BEHIND)):
            if f"{short}.{part}" in outlines:
                start = outlines[f"{short}.{part}"].side_right(f)
                path = paths.straight(start, normed.side_left(f), behind, self._ramp)
                yield f"{name}.{part}", name, 1.5 * self._ribbon, path

    def _linear(self, name: str, target: str, w: float, y: float = 0.0) -> Iterator[RouteRow]:
        """From weights, behind their bias, and from the bias to the result on their right."""
        role = name.rpartition("}")[2]
        into = self._outline(target.rpartition("}")[2], y)
        for part, f, behind, width in (
            ("weight", 0.4, BEHIND, 3 * w),
            ("bias", 0.7, 0.0, 1.5 * w),
        ):
            if f"{role}_{part}" in self._roles:
                start = self._outline(f"{role}_{part}", y).side_right(f)
                yield (
                    f"{name}_{part}",
                    target,
                    width,
                    paths.straight(start, into.side_left(f), behind, self._ramp),
                )

    def _routes(self, *found: RouteRow) -> tuple[Route, ...]:
        """Drop what this model does not have, and fit the widths to the edges they join."""
        return tuple(
            Route(source, target, self._fit(width, source, target, shape), shape)
            for source, target, width, shape in found
            if _role(source) in self._roles
        )

    def _fit(self, width: float, source: str, target: str, shape: np.ndarray) -> float:
        """A ribbon's width, or most of the shorter of the two edges that it joins."""
        across = paths.across(shape)
        for name, direction in ((source, across[0]), (target, across[-1])):
            block = self._roles[_role(name)]
            edge = block.columns if abs(direction[0]) > abs(direction[2]) else block.rows
            width = min(width, 0.8 * edge)
        return width

    def _outline(self, role: str, y: float = 0.0) -> Outline:
        return self._outline_at(role, self._places[role], y)

    def _outline_at(self, role: str, place: tuple[float, float, float], y: float = 0.0) -> Outline:
        left, plane, d = place
        block = self._roles[role]
        return Outline(left, left + block.columns, plane + y, -d, -d - block.rows)
