"""Text in anatomy space: its words, its place, and about how much room it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float, float]
Bounds = tuple[Point, Point]
Align = Literal["left", "center", "right"]
Side = Literal["above", "above_left", "above_right", "header", "left", "right", "below"]

CHARACTER = 0.52
"""Estimated width of a character in font sizes, for a sans-serif such as Inter."""

CAPITAL = 0.72
"""Height of a capital in font sizes."""


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of text in anatomy space.

    Attributes
    ----------
    text
        Its words.
    anchor
        The point on the baseline that `align` refers to.
    size
        Font size in cells; capitals are about 0.7 of it high.
    align
        ``"left"``, ``"center"`` or ``"right"``.
    """

    text: str
    anchor: Point
    size: float
    align: Align

    @property
    def bounds(self) -> Bounds:
        """Estimated corners of the text: (least x, y, z), (greatest x, y, z)."""
        width = len(self.text) * self.size * CHARACTER
        x, y, z = self.anchor
        left = x - {"left": 0.0, "center": 0.5, "right": 1.0}[self.align] * width
        return (left, y, z), (left + width, y, z + self.size * CAPITAL)


@dataclass(frozen=True, slots=True)
class Tag:
    """The placement of the name tags of one role.

    Attributes
    ----------
    side
        The side of the block: centered above or below, above and ending inside the block so that an
        arrow has room to its right (``"above_left"``), likewise but at the right end of a wide
        block (``"above_right"``), to the left or right of the upper edge, or over the aggregates
        above the block (``"header"``).
    size
        Font size in cells.
    lift
        Distance of a header from the block's upper edge, in cells.
    short
        True if there is only room for the short title.
    fraction
        Place above the block, from 0 at its left end to 1 at its right. Blocks that stand behind
        each other differ in it, so that all their titles can be read from the front. Centered
        unless given, or at the left end of a wide block.
    """

    side: Side
    size: float
    lift: float = 0.0
    short: bool = False
    fraction: float | None = None

    def beside(self, bounds: Bounds, text: str) -> Label:
        """The label of a block with these bounds."""
        (left, front, bottom), (right, back, top) = bounds
        y = (front + back) / 2
        middle = (left + right) / 2
        gap = 0.4 * self.size
        capital = CAPITAL * self.size
        wide = right - left > 1.2 * len(text) * CHARACTER * self.size
        match self.side:
            case "left":
                z = (top + bottom - capital) / 2
                return Label(text, (left - gap, y, z), self.size, "right")
            case "right":
                return Label(text, (right + gap, y, top - capital), self.size, "left")
            case "below":
                return Label(text, (middle, y, bottom - gap - capital), self.size, "center")
            case "header":
                return Label(text, (middle, y, top + self.lift + gap), self.size, "center")
        if self.fraction is not None:
            align: Align = ("left", "center", "right")[round(2 * self.fraction)]
            return Label(
                text, (left + self.fraction * (right - left), y, top + gap), self.size, align
            )
        if wide and self.side == "above_right":
            return Label(text, (right, y, top + gap), self.size, "right")
        if wide:
            return Label(text, (left, y, top + gap), self.size, "left")
        if self.side in ("above_left", "above_right"):
            x = left + 0.55 * (right - left)
            return Label(text, (x, y, top + gap), self.size, "right")
        return Label(text, (middle, y, top + gap), self.size, "center")
