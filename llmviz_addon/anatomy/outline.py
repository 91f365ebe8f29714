"""A block's outline in its plane, and the points on it where arrows start and end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from .label import Point

Edge = Literal["left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class Outline:
    """A block's outline: left and right x, its plane y, upper and lower z."""

    left: float
    right: float
    y: float
    top: float
    bottom: float

    def point(self, edge: Edge, at: float) -> Point:
        """The point of an edge at this z, or at this x of the upper and lower edges."""
        if edge in ("left", "right"):
            return (self.left if edge == "left" else self.right, self.y, at)
        return (at, self.y, self.top if edge == "top" else self.bottom)

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Outline:
        """The outline elsewhere."""
        return Outline(self.left + x, self.right + x, self.y + y, self.top + z, self.bottom + z)

    def at(self, y: float) -> Outline:
        """The outline in the plane `y`."""
        return replace(self, y=y)


def around(outlines: Iterable[Outline]) -> Outline:
    """The smallest outline around others, in the plane of the first."""
    found = list(outlines)
    return Outline(
        min(o.left for o in found),
        max(o.right for o in found),
        found[0].y,
        max(o.top for o in found),
        min(o.bottom for o in found),
    )
