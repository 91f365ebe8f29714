"""A block's outline in its plane, and the points on it where arrows start and end."""

from __future__ import annotations

from dataclasses import dataclass

from .label import Point


@dataclass(frozen=True, slots=True)
class Outline:
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
