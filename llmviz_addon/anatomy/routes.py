"""The ways of the arrows between blocks, relative to a layer.

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
from .space import LAYERS_PER_COLUMN, Space

if TYPE_CHECKING:
    from .block import Block

BEHIND = 0.7
"""How many cells behind a post a ribbon passes: blocks are one cell deep, ribbons are flat."""

Point = tuple[float, float, float]
Way = tuple[str, str, float, np.ndarray]
"""Source and target patterns, width in thin ribbons, path."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The way of one kind of arrow: name patterns, width in cells, (N, 3) path."""

    source: str
    target: str
    width: float
    shape: np.ndarray


@dataclass(frozen=True, slots=True)
class Rect:
    """A block's outline: left and right x, its plane y, upper and lower z."""

    left: float
    right: float
    y: float
    top: float
    bottom: float

    def side_left(self, f: float = 0.5) -> Point:
        """The point of the left edge at the fraction `f` of its height, from the top."""
        return (self.left, self.y, self.top + f * (self.bottom - self.top))

    def side_right(self, f: float = 0.5) -> Point:
        """The point of the right edge at the fraction `f` of its height, from the top."""
        return (self.right, self.y, self.top + f * (self.bottom - self.top))

    def side_top(self, f: float = 0.5) -> Point:
        """The point of the upper edge at the fraction `f` of its width, from the left."""
        return (self.left + f * (self.right - self.left), self.y, self.top)

    def side_bottom(self, f: float = 0.5) -> Point:
        """The point of the lower edge at the fraction `f` of its width, from the left."""
        return (self.left + f * (self.right - self.left), self.y, self.bottom)


class Routes:
    """The routes of one model.

    Parameters
    ----------
    roles
        A block of each role, for its size.
    space
        Where roles stand.
    """

    def __init__(self, roles: Mapping[str, Block], space: Space) -> None:
        self._roles = roles
        self._space = space
        self._places = {**space.embedding, **space.layer, **space.head}
        size = space.sizes
        # The width of a thin ribbon: one cell for a small model, visible beside a large one.
        self._w = min(size["T"] / 12, max(space.margin / 8, size["T"] / 48))
        self._bend = 0.6 * space.margin
        self._ramp = 0.4 * space.margin

    def embedding(self) -> tuple[Route, ...]:
        """From the tokens and the tables to the input embedding."""
        tokens, wte, wpe = self._rect("tokens"), self._rect("wte"), self._rect("wpe")
        into = self._rect("embedding")
        return self._routes(
            ("tokens", "embedding", 3, paths.straight(tokens.side_bottom(), into.side_top())),
            ("wte", "embedding", 3, paths.straight(wte.side_right(), into.side_left())),
            ("wpe", "embedding", 3, paths.straight(wpe.side_left(), into.side_right())),
        )

    def stream(self, joined: bool) -> tuple[Route, ...]:
        """The residual stream into a layer, up to the sum after attention.

        Parameters
        ----------
        joined
            Whether it comes from the foot of the column of layers before.
        """
        start = self._space.layer_gap
        return self._routes(
            *self._trunk("{stream}", "ln_1", "attention_residual", start, joined),
        )

    def layer(self) -> tuple[Route, ...]:
        """Everything else in a layer outside of its heads."""
        attended, residual = self._rect("attention_output"), self._rect("attention_residual")
        second, hidden = self._rect("ln_2"), self._rect("mlp")
        activated, result = self._rect("mlp_activation"), self._rect("mlp_result")
        added = self._rect("mlp_residual")
        weight = self._rect("mlp_weight")
        from_bias = hidden.side_top(0.6)
        if "mlp_bias" in self._roles:
            from_bias = self._rect("mlp_bias").side_bottom(0.6)
        elbow = (second.side_bottom()[0], 0.0, hidden.side_right()[2])
        over = (result.side_top(0.8)[0], 0.0, activated.side_right()[2])
        to_hidden = [second.side_bottom(), elbow, hidden.side_right()]
        to_result = [activated.side_right(), over, result.side_top(0.8)]
        name = "{layer}"
        return self._routes(
            *self._layer_norm("{layer}ln_1"),
            *self._linear("{layer}projection", "{layer}attention_output"),
            (
                f"{name}attention_output",
                f"{name}attention_residual",
                3,
                paths.straight(attended.side_right(), residual.side_left()),
            ),
            *self._trunk(
                "{layer}attention_residual", "ln_2", "mlp_residual", residual.bottom, False
            ),
            *self._layer_norm("{layer}ln_2"),
            (f"{name}ln_2", f"{name}mlp", 3, paths.rounded(to_hidden, self._bend)),
            (
                f"{name}mlp_weight",
                f"{name}mlp",
                6,
                paths.straight(weight.side_bottom(), hidden.side_top(), BEHIND, self._ramp),
            ),
            (
                f"{name}mlp_bias",
                f"{name}mlp",
                2,
                paths.straight(from_bias, hidden.side_top(0.6)),
            ),
            (
                f"{name}mlp",
                f"{name}mlp_activation",
                6,
                paths.straight(hidden.side_bottom(), activated.side_top()),
            ),
            (f"{name}mlp_activation", f"{name}mlp_result", 3, paths.rounded(to_result, self._bend)),
            *self._linear("{layer}mlp_projection", "{layer}mlp_result"),
            (
                f"{name}mlp_result",
                f"{name}mlp_residual",
                3,
                paths.straight(result.side_right(), added.side_left()),
            ),
        )

    def head(self, head: int) -> tuple[Route, ...]:
        """Into, through and out of a head."""
        y = self._space.head_pitch * head
        normed = self._rect("ln_1")
        rect = {
            role: self._rect(role, y)
            for role in (*"qkv", "attention_scores", "attention_max", "attention_sum", "attention")
        }
        scores, attention = rect["attention_scores"], rect["attention"]
        maximum, total = rect["attention_max"], rect["attention_sum"]
        output, attended = self._rect("output", y), self._rect("attention_output")
        found: list[Way] = []
        for letter in "qkv":
            into = rect[letter].side_right()
            start = (normed.left, normed.y, into[2])
            flat = into[1] == start[1]
            path = (
                paths.straight(start, into, BEHIND, self._ramp)
                if flat
                else paths.s_curve(start, into, axis=0)
            )
            found.append(("{layer}ln_1", f"{{head}}{letter}", 2, path))
            found.extend(self._linear(f"{{head}}{letter}", f"{{head}}{letter}", y))
        share = (head + 0.5) / self._roles["q"].spec.config.n_head
        below = (attention.side_bottom()[0], attention.y, output.side_left()[2])
        around = [attention.side_bottom(), below, output.side_left()]
        values = rect["v"].side_bottom(0.8)
        behind_scores = (values[0], values[1], scores.bottom)
        past_scores = paths.s_curve(behind_scores, output.side_top(0.8), axis=2)
        name = "{head}attention"
        return self._routes(
            *found,
            (
                "{head}q",
                f"{name}_scores",
                2,
                paths.s_curve(rect["q"].side_bottom(0.66), scores.side_top(0.66), axis=2),
            ),
            (
                "{head}k",
                f"{name}_scores",
                2,
                paths.straight(rect["k"].side_bottom(0.88), scores.side_top(0.88)),
            ),
            (
                f"{name}_scores",
                f"{name}_max",
                1.5,
                paths.straight(scores.side_left(0.3), maximum.side_right(0.3)),
            ),
            (
                f"{name}_max",
                f"{name}_sum",
                1.5,
                paths.straight(maximum.side_left(0.3), total.side_right(0.3)),
            ),
            (
                f"{name}_sum",
                name,
                1.5,
                paths.straight(total.side_left(0.3), attention.side_right(0.3)),
            ),
            (
                f"{name}_scores",
                name,
                2,
                paths.straight(
                    scores.side_left(0.6), attention.side_right(0.6), BEHIND, self._ramp
                ),
            ),
            (
                "{head}v",
                "{head}output",
                2,
                paths.joined(values, past_scores),
            ),
            (name, "{head}output", 2, paths.rounded(around, self._bend)),
            (
                "{head}output",
                "{layer}attention_output",
                2,
                paths.s_curve(output.side_bottom(), attended.side_top(share), axis=2),
            ),
        )

    def output(self) -> tuple[Route, ...]:
        """From the last residual to the probabilities, relative to the output."""
        places = self._space.output
        name, w = "ln_f", self._w
        rect = {role: self._outline(role, places[role]) for role in places if role in self._roles}
        normed, logits = rect[name], rect["logits"]
        mean, std = rect[f"{name}.mean"], rect[f"{name}.std"]
        maximum, total, probable = rect["logits_max"], rect["logits_sum"], rect["probabilities"]
        start = self._space.layer_gap
        ramp = 0.8 * self._space.row_gap

        def drop(x: float, target: Rect, top: float = start, behind: float = 0.0) -> np.ndarray:
            return paths.straight((x, 0.0, top), (x, 0.0, target.top), behind, ramp)

        head = rect["lm_head"]
        return self._routes(
            ("{stream}", f"{name}.mean", 1, drop(-4.8 * w, mean)),
            ("{stream}", f"{name}.std", 1, drop(-3.2 * w, std, behind=BEHIND)),
            ("{stream}", name, 3, drop(0.0, normed, behind=BEHIND)),
            (f"{name}.mean", name, 1, drop(3.2 * w, normed, mean.bottom, BEHIND)),
            (f"{name}.std", name, 1, drop(4.8 * w, normed, std.bottom)),
            *self._scale(name, rect),
            (name, "logits", 3, paths.straight(normed.side_bottom(), logits.side_top())),
            ("lm_head", "logits", 3, paths.straight(head.side_right(), logits.side_left())),
            ("logits", "logits_max", 1, drop(-3.5 * w, maximum, logits.bottom)),
            ("logits_max", "logits_sum", 1, drop(-3.5 * w, total, maximum.bottom)),
            ("logits_sum", "probabilities", 1, drop(-3.5 * w, probable, total.bottom)),
            ("logits", "probabilities", 3, drop(0.0, probable, logits.bottom, BEHIND)),
        )

    def _trunk(
        self, source: str, norm: str, residual: str, start: float, joined: bool
    ) -> Iterator[Way]:
        """The stream from `source` to the next residual, and its branches into a layer norm.

        They run side by side: what turns off first is outermost.
        """
        w, normed = self._w, self._rect(norm)
        branches = (
            (f"{{layer}}{norm}.mean", -5.0 * w, 0.9, self._rect(f"{norm}.mean").side_right()),
            (f"{{layer}}{norm}.std", -3.9 * w, 0.9, self._rect(f"{norm}.std").side_right()),
            (f"{{layer}}{norm}", -2.6 * w, 1.4, normed.side_right(0.25)),
        )
        for target, x, width, end in branches:
            corners = [*self._approach(x, start, joined), (x, 0.0, end[2]), end]
            yield source, target, width, paths.rounded(corners, self._bend)
        end = self._rect(residual).side_top()
        path = [*self._approach(0.0, start, joined), end]
        yield source, f"{{layer}}{residual}", 3.5, paths.rounded(path, self._bend)

    def _approach(self, x: float, start: float, joined: bool) -> list[Point]:
        """The corners of a strand of the stream at `x`, up to where it runs down.

        Between columns of layers it goes under the foot of the one, up between them, and over
        the top of the other; strands keep side by side around all the turns.
        """
        if not joined:
            return [(x, 0.0, start)]
        space = self._space
        left = -space.column_pitch
        foot = space.layer_gap - LAYERS_PER_COLUMN * space.layer_height
        floor = foot - 1.5 * space.margin + x
        lane = left + space.column_right + 2 * space.margin - x
        ceiling = 1.5 * space.margin + x
        return [
            (left + x, 0.0, foot),
            (left + x, 0.0, floor),
            (lane, 0.0, floor),
            (lane, 0.0, ceiling),
            (x, 0.0, ceiling),
        ]

    def _layer_norm(self, name: str) -> Iterator[Way]:
        short = name.removeprefix("{layer}")
        roles = [f"{short}{part}" for part in ("", ".mean", ".std", ".weight", ".bias")]
        rect = {role: self._rect(role) for role in roles if role in self._roles}
        normed, mean, std = rect[short], rect[f"{short}.mean"], rect[f"{short}.std"]
        ramp = 0.8 * self._space.row_gap
        past_std = paths.straight(mean.side_bottom(0.3), normed.side_top(0.3), BEHIND, ramp)
        yield f"{name}.mean", name, 0.9, past_std
        down = paths.straight(std.side_bottom(0.7), normed.side_top(0.7))
        yield f"{name}.std", name, 0.9, down
        yield from self._scale(name, rect)

    def _scale(self, name: str, rect: Mapping[str, Rect]) -> Iterator[Way]:
        """From γ and β to their layer norm, the latter behind the former."""
        short = name.removeprefix("{layer}")
        normed = rect[short]
        for part, f, behind in (("weight", 0.45, 0.0), ("bias", 0.6, BEHIND)):
            if f"{short}.{part}" in rect:
                start = rect[f"{short}.{part}"].side_right(f)
                path = paths.straight(start, normed.side_left(f), behind, self._ramp)
                yield f"{name}.{part}", name, 1.5, path

    def _linear(self, name: str, target: str, y: float = 0.0) -> Iterator[Way]:
        """From weights, behind their bias, and from the bias to the result on their right."""
        role = name.rpartition("}")[2]
        into = self._rect(target.rpartition("}")[2], y)
        for part, f, behind, width in (("weight", 0.4, BEHIND, 3), ("bias", 0.7, 0.0, 1.5)):
            if f"{role}_{part}" in self._roles:
                start = self._rect(f"{role}_{part}", y).side_right(f)
                yield (
                    f"{name}_{part}",
                    target,
                    width,
                    paths.straight(start, into.side_left(f), behind, self._ramp),
                )

    def _routes(self, *found: Way) -> tuple[Route, ...]:
        """Drop what this model does not have, and fit the widths to the edges they join."""
        return tuple(
            Route(source, target, self._fit(width * self._w, source, target, shape), shape)
            for source, target, width, shape in found
            if self._role(source) in self._roles
        )

    def _fit(self, width: float, source: str, target: str, shape: np.ndarray) -> float:
        """A ribbon's width, or most of the shorter of the two edges that it joins."""
        across = paths.across(shape)
        for name, direction in ((source, across[0]), (target, across[-1])):
            block = self._roles[self._role(name)]
            edge = block.columns if abs(direction[0]) > abs(direction[2]) else block.rows
            width = min(width, 0.8 * edge)
        return width

    def _role(self, pattern: str) -> str:
        """The role that a name pattern stands for; the stream looks like the embedding."""
        return "embedding" if pattern == "{stream}" else pattern.rpartition("}")[2]

    def _rect(self, role: str, y: float = 0.0) -> Rect:
        return self._outline(role, self._places[role], y)

    def _outline(self, role: str, place: tuple[float, float, float], y: float = 0.0) -> Rect:
        left, plane, d = place
        block = self._roles[role]
        return Rect(left, left + block.columns, plane + y, -d, -d - block.rows)
