"""Routes: the paths of arrows, from the formulas' operands and where their blocks stand.

Every operand that has an arrow becomes a route. Its path follows from the relation between the two
blocks: straight where they stand side by side or below each other, in a bow where one stands behind
the other, around a corner where neither is. What stands in between in the same plane is passed
behind. Only the residual stream has a way of its own: see `stream`.

Arrows that leave or reach a block at one edge share that edge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from . import paths, stream
from .block import BlockSpec
from .label import Point
from .outline import Edge, Outline
from .relations import Composition
from .space import Space

BEHIND = 0.7
"""Cells from a block to a ribbon that passes behind it: blocks are one cell deep, ribbons flat."""

SHARE = 0.8
"""The part of an edge that arrows may take."""

WIDE, NARROW = 3.0, 1.5
"""Widths of arrows in ribbons, between blocks and from or to blocks of one row or column."""

EACH_HEAD, STREAM = "{each_head}", "{stream}"
"""Names in formulas for the blocks of all heads, and for the block that the stream comes from."""

Flow = Literal["weight", "activation"]
FLOWS: tuple[Flow, ...] = get_args(Flow)
"""Kinds of arrows, by what flows along them: the model's weights, or what a prompt computes."""

Port = tuple[str, Edge]
"""A role and one of its edges."""


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """The path of one kind of arrow.

    Attributes
    ----------
    source, target
        Names of blocks with ``{layer}``, ``{head}`` and ``{stream}`` for prefixes.
    flow
        The kind of what flows: ``"weight"`` or ``"activation"``.
    section
        Path of the target's section, with ``{i}`` and ``{j}`` for the numbers of layer and head.
    width
        In cells.
    shape
        (N, 3) points, relative to the part that it is in.
    in_stream
        True if it is the residual stream itself.
    """

    source: str
    target: str
    flow: Flow
    section: str
    width: float
    shape: np.ndarray
    in_stream: bool = False

    @property
    def within_head(self) -> bool:
        """True if it starts and ends in one head, and so looks the same in all of them."""
        return self.source.startswith("{head}") and self.target.startswith("{head}")


@dataclass(frozen=True, slots=True)
class _Link:
    """An operand and the block that it goes to, with the edges that its arrow joins."""

    source: str
    target: str
    start: Port
    end: Port

    @property
    def straight(self) -> bool:
        """True if it leaves and arrives in the same direction."""
        sides = ("left", "right")
        return (self.start[1] in sides) == (self.end[1] in sides)


class Router:
    """The routes of one part of the network.

    Parameters
    ----------
    part
        How its blocks stand.
    specs
        Its roles; those in heads by a name that begins with ``{head}``, and so on.
    space
        The distances.
    """

    def __init__(self, part: Composition, specs: Mapping[str, BlockSpec], space: Space) -> None:
        self._specs, self._space = specs, space
        self._roles = {spec.role: spec for spec in specs.values()}
        self._outlines = part.placed()
        self._in_stream = part.in_stream
        self._heads = {spec.role for name, spec in specs.items() if name.startswith("{head}")}
        self._links = [
            self._link(source, name)
            for source, name in self._operands()
            if source != STREAM and _role(source) not in self._in_stream
        ]
        self._fractions = self._shares()

    def fixed(self) -> Iterator[Route]:
        """The routes that neither start nor end in a head, but for the stream from outside."""
        for link in self._links:
            if not _ends(link) & self._heads:
                yield self._route(link, 0)
        for source in dict.fromkeys(source for source, _ in self._operands()):
            if source != STREAM and _role(source) in self._in_stream:
                foot = self._outlines[_role(source)].bottom
                yield from self._streaming(source, stream.down(foot))

    def of_head(self, head: int) -> Iterator[Route]:
        """The routes that start or end in a head."""
        for link in self._links:
            if _ends(link) & self._heads:
                yield self._route(link, head)

    def entering(self, approach: np.ndarray) -> Iterator[Route]:
        """The routes of the stream from outside the part.

        Parameters
        ----------
        approach
            (N, 3) corners of the stream's way until it runs down into the part.
        """
        return self._streaming(STREAM, approach)

    def _streaming(self, source: str, approach: np.ndarray) -> Iterator[Route]:
        """The routes from one block in the stream."""
        targets = [target for name, target in self._operands() if name == source]
        found = {name: self._outlines[_role(name)] for name in targets}
        into = {name: _role(name) in self._in_stream for name in targets}
        for name, main, shape in stream.ways(found, into, approach, self._space):
            spec = self._specs[name]
            edge = spec.columns if into[name] else spec.rows
            width = min(self._space.stream if main else self._space.branch, SHARE * edge)
            yield self._made(source, name, width, shape, in_stream=main)

    def _made(
        self, source: str, target: str, width: float, shape: np.ndarray, in_stream: bool = False
    ) -> Route:
        kind = "activation" if source == STREAM else self._roles[_role(source)].kind
        flow: Flow = "weight" if kind == "weight" else "activation"
        return Route(source, target, flow, self._specs[target].section, width, shape, in_stream)

    def _operands(self) -> Iterator[tuple[str, str]]:
        """Source and target of each operand that has an arrow."""
        for name, target in self._specs.items():
            for operand in target.formula.operands if target.formula else ():
                if operand.arrow:
                    yield operand.block, name

    def _link(self, source: str, target: str) -> _Link:
        role, into = _role(source), _role(target)
        start, end = self._edges(role, into)
        return _Link(source, target, (role, start), (into, end))

    def _edges(self, source: str, target: str) -> tuple[Edge, Edge]:
        """The edges that an arrow joins, by where its blocks stand to each other."""
        a, b = self._outlines[source], self._outlines[target]
        across: tuple[Edge, Edge] = ("right", "left") if b.left >= a.right else ("left", "right")
        if min(a.top, b.top) > max(a.bottom, b.bottom):
            return across
        if min(a.right, b.right) > max(a.left, b.left):
            return ("bottom", "top") if a.bottom >= b.top else ("top", "bottom")
        # Around a corner: down and then across where that way is free, else across and then down.
        (x, _, top), (end, _, z) = _middle(a, "bottom"), _middle(b, across[1])
        corner = (x, a.y, z)
        legs = ((x, a.y, top), corner), (corner, (end, a.y, z))
        if any(self._between(*leg, {source, target}, 0.0) for leg in legs):
            return across[0], "top"
        return "bottom", across[1]

    def _shares(self) -> dict[_Link, tuple[float, int]]:
        """For each link the place along its edges, from 0 to 1, and the number that share them."""
        counts = Counter(port for link in self._links for port in {link.start, link.end})
        taken: dict[Port, set[int]] = {}
        found = {}
        for link in self._links:
            ports = [link.start, link.end]
            count = max(counts[port] for port in ports)
            used = set().union(*(taken.setdefault(port, set()) for port in ports))
            place = next((i for i in range(count) if i not in used), 0)
            for port in ports:
                taken[port].add(place)
            found[link] = (place + 0.5) / count, count
        return found

    def _route(self, link: _Link, head: int) -> Route:
        leaving, arriving = link.start[1], link.end[1]
        away = head * self._space.head_pitch
        a, b = (
            self._face(role, edge).moved(y=away if role in self._heads else 0.0)
            for role, edge in (link.start, link.end)
        )
        fraction, count = self._fractions[link]
        width = self._width(link, count)
        if not link.straight:
            start, end = _middle(a, leaving), _middle(b, arriving)
            corner = (start[0], a.y, end[2]) if leaving == "bottom" else (end[0], a.y, start[2])
            shape = paths.rounded([start, corner, end], 0.6 * self._space.margin)
        elif leaving in ("left", "right"):
            high, low = min(a.top, b.top), max(a.bottom, b.bottom)
            z = high + fraction * (low - high)
            shape = self._across(a.point(leaving, z), b.point(arriving, z), link, width)
        else:
            left, right = max(a.left, b.left), min(a.right, b.right)
            x = left + fraction * (right - left)
            start, end = a.point(leaving, x), b.point(arriving, x)
            if EACH_HEAD in link.source:
                # Side by side from head to head.
                end = (b.left + (head + 0.5) / self._space.n_head * (b.right - b.left), *end[1:])
            shape = self._down(start, end, link, width, away)
        return self._made(link.source, link.target, width, shape)

    def _across(self, start: Point, end: Point, link: _Link, width: float) -> np.ndarray:
        if start[1] != end[1]:
            return paths.s_curve(start, end, axis=0)
        return self._past(start, end, link, width)

    def _down(self, start: Point, end: Point, link: _Link, width: float, away: float) -> np.ndarray:
        if start[1] == end[1]:
            return self._past(start, end, link, width)
        # Where blocks stand in the target's plane above it, the way goes down behind them first.
        y = end[1] - (away if link.end[0] in self._heads else 0.0)
        over = self._between((start[0], y, start[2]), (end[0], y, end[2]), _ends(link), width)
        if not over:
            return paths.s_curve(start, end, axis=2)
        turn = min(outline.bottom for outline in over)
        return paths.joined(start, paths.s_curve((start[0], start[1], turn), end, axis=2))

    def _past(self, start: Point, end: Point, link: _Link, width: float) -> np.ndarray:
        """A line, behind all that stands between its ends."""
        y = self._outlines[link.end[0]].y
        passed = self._between((start[0], y, start[2]), (end[0], y, end[2]), _ends(link), width)
        if not passed:
            return paths.straight(start, end)
        axis = 0 if start[2] == end[2] else 2
        spans = [(o.left, o.right) if axis == 0 else (o.bottom, o.top) for o in passed]
        free = min(
            min(abs(edge - place[axis]) for span in spans for edge in span)
            for place in (start, end)
        )
        return paths.straight(start, end, BEHIND, 0.9 * free)

    def _between(self, start: Point, end: Point, but: set[str], width: float) -> list[Outline]:
        """The blocks in the plane of a line along an axis that a ribbon along it would cross."""
        half, found = 0.5 * width, []
        left, right = sorted((start[0], end[0]))
        low, high = sorted((start[2], end[2]))
        if left == right:
            left, right = left - half, right + half
        else:
            low, high = low - half, high + half
        for role, outline in self._outlines.items():
            beside = outline.right <= left or right <= outline.left
            apart = beside or outline.top <= low or high <= outline.bottom
            if role not in but and abs(outline.y - start[1]) <= 1.0 and not apart:
                found.append(outline)
        return found

    def _width(self, link: _Link, count: int) -> float:
        """Wide as what flows, but within its share of both edges."""
        specs = [self._roles[role] for role, _ in (link.start, link.end)]
        narrow = any("1" in spec.dims for spec in specs)
        width = (NARROW if narrow else WIDE) * self._space.ribbon
        for spec, (_, edge) in zip(specs, (link.start, link.end), strict=True):
            length = spec.rows if edge in ("left", "right") else spec.columns
            width = min(width, SHARE * length / count)
        return width

    def _face(self, role: str, edge: Edge) -> Outline:
        """The outline of a block, or of the line of a fold that faces an edge."""
        outline, spec = self._outlines[role], self._roles[role]
        if spec.fold is None:
            return outline
        last = edge == ("bottom" if spec.fold.along == "columns" else "right")
        piece = spec.pieces[-1 if last else 0]
        right, up = spec.places(np.array(piece.column), np.array(piece.row))
        left, top = outline.left + float(right), outline.top + float(up)
        return Outline(left, left + piece.columns, outline.y, top, top - piece.rows)


def _role(name: str) -> str:
    """The role that a name in a formula ends in."""
    return name.rpartition("}")[2]


def _ends(link: _Link) -> set[str]:
    return {link.start[0], link.end[0]}


def _middle(outline: Outline, edge: Edge) -> Point:
    sides = edge in ("left", "right")
    middle = outline.top + outline.bottom if sides else outline.left + outline.right
    return outline.point(edge, middle / 2)
