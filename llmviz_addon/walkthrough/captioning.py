"""Captions in the picture: their lines, and the room at its foot that is theirs alone.

All lengths are in points, 1080 of which are the picture's shorter side.
"""

from __future__ import annotations

import re

from . import lettering
from .picture import POINTS

CAPITAL = 28.0
"""Height of a capital."""

PITCH = 58.0
"""From one baseline to the next."""

FOOT = 52.0
"""From the picture's lower edge to the last baseline."""

TITLE, TITLE_GAP = 40.0, 34.0
"""Height of a capital of a chapter's title, and its distance from the caption below it."""

SIDE = 96.0
"""Least distance from the picture's left and right edge, half of it in an upright picture."""

CLEAR = 44.0
"""Room above a caption, in which the shade behind it ends."""

_COUNTED = re.compile(r"(?<=\d) (?=[^\W\d])")


def lines(text: str, aspect: float) -> list[str]:
    """The text in as few lines as it needs in a picture of this width over its height.

    A number stays in one line with the word that it counts.
    """
    side = SIDE if aspect > 1 else SIDE / 2
    most = (POINTS * max(1.0, aspect) - 2 * side) / CAPITAL
    found = lettering.wrapped(_COUNTED.sub("\u00a0", " ".join(text.split())), most)
    return [line.replace("\u00a0", " ") for line in found]


def top(count: int, titled: bool) -> float:
    """The upper end of the room for a caption of so many lines, with a chapter's title or not."""
    if not count:
        return 0.0
    upper = FOOT + (count - 1) * PITCH + CAPITAL
    return upper + (TITLE_GAP + TITLE if titled else 0.0) + CLEAR
