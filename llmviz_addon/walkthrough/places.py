"""Places beside a thing in a picture at which its title could stand, each with its price.

A place is where the last baseline of the title begins. All lengths are in points.
"""

from __future__ import annotations

import numpy as np

from .picture import STEP, Outlines, Picture
from .titles import EDGE, GAP, PAD, Wording

Place = tuple[float, float, float]
"""Price, and across and up."""

# Parts of the free width at which words begin above and below a thing, and their prices.
_SHARES = ((0.0, 0.0), (0.5, 0.02), (1.0, 0.04), (0.25, 0.05), (0.75, 0.06))
# Heights at its sides, and their prices.
_HEIGHTS = ((0.85, 0.0), (0.5, 0.02), (0.15, 0.04))


def above(x: float, top: float, words: Wording, picture: Picture) -> list[Place]:
    """Places above a thing that is only a speck, from which a line can lead down to it."""
    farthest = picture.width - EDGE - words.width
    return [
        (
            0.02 * step + 0.01 * (part != 0.5),
            min(max(x - part * words.width, EDGE + words.capital), farthest),
            top + (2.0 + 0.8 * step) * words.capital,
        )
        for step in range(17)
        for part in (0.5, 0.0, 1.0)
    ]


def beside(outline: Outlines, words: Wording) -> list[Place]:
    """Places around the outline of one thing."""
    left, bottom, right, top = outline.rect[0].tolist()
    picture, wide, capital = outline.picture, words.width, words.capital
    pad, gap = PAD[0] * capital, (GAP + PAD[1]) * capital
    # What can be seen of it, since a title stands beside that.
    left, right = max(left, EDGE), min(right, picture.width - EDGE)
    bottom, top = max(bottom, EDGE), min(top, picture.height - EDGE)
    found: list[Place] = []

    def add(price: float, x: float, y: float) -> None:
        highest = picture.height - EDGE - 0.7 * capital - words.height
        x = max(EDGE + pad, min(x, picture.width - EDGE - pad - wide))
        found.append((price, x, max(EDGE + 1.1 * capital, min(y, highest))))

    def edges(x: float) -> tuple[float, float]:
        """The lower and the upper edge of the thing along words that begin at `x`."""
        along = slice(int(max(x, 0) // STEP), int(max(x + wide, 0) // STEP) + 1)
        low = float(outline.low[0, along].min(initial=np.inf))
        high = float(outline.high[0, along].max(initial=-np.inf))
        return low if low < np.inf else bottom, high if high > -np.inf else top

    begins = [(price, left + share * (right - left - wide)) for share, price in _SHARES]
    along = [(price, x, *edges(x)) for price, x in begins]
    for step in range(3):
        up = gap + step * 1.9 * capital
        for price, x, low, high in along:
            add(price + 0.1 * step, x, high + up)
            add(price + 0.16 + 0.1 * step, x, low - up - words.height)
    for height, price in _HEIGHTS:
        y = bottom + height * (top - bottom) - words.height / 2
        add(0.13 + price, right + gap, y)
        add(0.14 + price, left - gap - wide, y)
    if right - left > wide + 4 * pad and top - bottom > 3 * capital + words.height:
        for x, price in ((left + 1.6 * pad, 0.0), (right - 1.6 * pad - wide, 0.03)):
            add(0.3 + price, x, edges(x)[1] - gap - 0.2 * capital - words.height)
    return found
