"""Relations by which blocks are placed: left of, right of, below, behind, in the stream.

A family states for each of its parts how its roles stand to each other, one after the other, each
by its relation to roles that stand already; places in numbers follow from that. A role that a model
does not have takes no room, so that relations need not ask for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from .block import BlockSpec
from .outline import Outline
from .space import Space

STREAM = "stream"
"""The residual stream, to which blocks can stand in relation as to a role."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations between the roles of a family, part by part."""

    embedding: Callable[[Composition, Space], None]
    layer: Callable[[Composition, Space], None]
    output: Callable[[Composition, Space], None]


class Composition:
    """A part of the network; its origin is in the middle of the stream, at its upper end.

    Parameters
    ----------
    specs
        The roles of the part.
    stream
        Width of the blocks that stand in the stream, in cells.

    Attributes
    ----------
    outlines
        The roles that stand, those that the model does not have among them as outlines of no size.
    in_stream
        The roles that stand in the stream.
    """

    def __init__(self, specs: Iterable[BlockSpec], stream: float) -> None:
        self._specs = {spec.role: spec for spec in specs}
        self.outlines = {STREAM: Outline(-stream / 2, stream / 2, 0.0, 0.0, 0.0)}
        self.in_stream: set[str] = set()

    def left_of(self, role: str, other: str, gap: float) -> None:
        """Put a role to the left of another, its upper edge level with that one's."""
        at = self.outlines[other]
        width, height = self._extent(role)
        right = at.left - gap
        self.outlines[role] = Outline(right - width, right, at.y, at.top, at.top - height)

    def right_of(self, role: str, other: str, gap: float) -> None:
        """Put a role to the right of another, its upper edge level with that one's."""
        at = self.outlines[other]
        width, height = self._extent(role)
        left = at.right + gap
        self.outlines[role] = Outline(left, left + width, at.y, at.top, at.top - height)

    def below(
        self, role: str, *others: str, gap: float, align: Literal["left", "right"] = "right"
    ) -> None:
        """Put a role below others, aligned with the first of them."""
        at = self.outlines[others[0]]
        width, height = self._extent(role)
        top = min(self.outlines[other].bottom for other in others) - gap
        left = at.left if align == "left" else at.right - width
        self.outlines[role] = Outline(left, left + width, at.y, top, top - height)

    def behind(self, role: str, other: str, step: float) -> None:
        """Put a role behind another, which is as wide."""
        at = self.outlines[other]
        self.outlines[role] = at.at(at.y + step)

    def beside_stream(self, role: str, gap: float, level: str = STREAM) -> None:
        """Put a role to the left of the stream, its upper edge level with another role's."""
        width, height = self._extent(role)
        right, top = self.outlines[STREAM].left - gap, self.outlines[level].top
        self.outlines[role] = Outline(right - width, right, 0.0, top, top - height)

    def into_stream(self, role: str, level: str = STREAM) -> None:
        """Put a role into the stream, its upper edge level with another role's."""
        width, height = self._extent(role)
        left, top = self.outlines[STREAM].left, self.outlines[level].top
        self.outlines[role] = Outline(left, left + width, 0.0, top, top - height)
        self.in_stream.add(role)

    def to_front(self, role: str) -> None:
        """Put a role into the plane of the stream."""
        self.outlines[role] = self.outlines[role].at(0.0)

    def placed(self) -> dict[str, Outline]:
        """The outlines of the roles that the model has."""
        return {role: self.outlines[role] for role in self._specs}

    def _extent(self, role: str) -> tuple[float, float]:
        return self._specs[role].extent if role in self._specs else (0.0, 0.0)
