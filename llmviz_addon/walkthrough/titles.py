"""Titles in a picture: words with their place and size, the plates behind them, and lines.

All lengths in pictures are in points, 1080 of which are a picture's shorter side.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Literal

from . import lettering
from .picture import Picture
from .scenery import Rank

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Ink = Literal["title", "quiet"]

SMALLEST, LARGEST = 16.0, 60.0
"""Heights of capitals."""

EDGE = 30.0
"""Least distance of words from the picture's edge."""

GAP = 0.75
"""Between words and what they name, in capitals."""

PAD = (0.75, 0.6)
"""Room inside a plate, beside words and above and below them, in capitals."""

LINES, QUIET = 1.75, 0.56
"""From one line of a title of several to the next, in capitals of the lower one, and the height of
a capital of the lines below the first."""

# Height of a capital, by rank: its part of the longer side of what it names, the least and the
# greatest.
_CAPITALS: dict[Rank, tuple[float, float, float]] = {
    "model": (0.09, 30.0, 46.0),
    "section": (0.05, 20.0, 40.0),
    "part": (0.035, 17.0, 26.0),
    "head": (0.04, 16.0, 24.0),
    "block": (0.035, 16.0, 21.0),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Words in a picture: where the baseline begins, the height of a capital, and their depth."""

    text: str
    rank: Rank
    left: float
    baseline: float
    capital: float
    depth: float
    ink: Ink = "title"

    @property
    def rect(self) -> Rect:
        """Their room, letters that hang below the baseline included."""
        low = self.baseline - lettering.DESCENT * self.capital
        right = self.left + lettering.width(self.text) * self.capital
        return self.left, low, right, self.baseline + self.capital


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate behind words, which makes them legible on anything."""

    rect: Rect
    depth: float
    round: float


@dataclass(frozen=True)
class Lettering:
    """All words of a picture, the plates behind them, and lines from words to what they name."""

    picture: Picture
    words: tuple[Words, ...]
    plates: tuple[Plate, ...]
    lines: tuple[Plate, ...] = ()


@dataclass(frozen=True)
class Taste:
    """The wishes of a picture about its words.

    Attributes
    ----------
    subject
        The blocks that it is about.
    unseen
        The blocks, and the targets of sections and the card, that have not been shown or are faded.
    avoid
        Room for other things, such as the caption.
    heading
        The lines of a card about the model, the first one its title; empty for none.
    hangs
        True if the heading belongs below what hangs in the air, and not above what stands.
    f_stop, cell
        The aperture, 0 for no depth of field, and the length of a cell in meters.
    sizes
        True to say of each model how large it is, and how far away.
    still
        True if nothing moves, so that words need a plate only where something is behind them.
    models
        The ids of those companions that are named; all of them where None.
    shift
        The way from the scenery's own model to where it stands a second time near the camera.
    inset
        The room of an inset in which it does.
    """

    subject: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    avoid: tuple[Rect, ...] = ()
    heading: tuple[str, ...] = ()
    hangs: bool = False
    f_stop: float = 0.0
    cell: float = 0.02
    sizes: bool = False
    still: bool = False
    models: frozenset[str] | None = None
    shift: tuple[float, float, float] | None = None
    inset: Rect | None = None

    @property
    def key(self) -> tuple[Hashable, ...]:
        """A key that tastes share if they are the same.

        Names of blocks count by their hashes, since there are many of them in a large model.
        """
        names = ((len(each), hash(each)) for each in (self.subject, self.unseen))
        rest = (self.avoid, self.heading, self.hangs, self.f_stop, self.cell)
        return (*names, *rest, self.sizes, self.still, self.models, self.shift, self.inset)


@dataclass(frozen=True, slots=True)
class Wording:
    """The lines of one title, the height of a capital of the first, and how far below its baseline
    the last one stands.
    """

    lines: tuple[str, ...]
    rank: Rank
    capital: float

    @classmethod
    def of(cls, lines: tuple[str, ...], rank: Rank, side: float) -> Wording:
        """The wording for what has a longer side of so many points."""
        part, least, most = _CAPITALS[rank]
        return cls(lines, rank, min(max(part * side, least), most))

    @property
    def quiet(self) -> float:
        """The height of a capital of all lines but the first."""
        return max(SMALLEST, QUIET * self.capital)

    @property
    def width(self) -> float:
        """Of the widest line."""
        first, *others = self.lines
        widths = (lettering.width(line) * self.quiet for line in others)
        return max(lettering.width(first) * self.capital, *widths, 0.0)

    @property
    def drop(self) -> float:
        """From the first baseline to the last one."""
        return LINES * self.quiet * (len(self.lines) - 1)

    @property
    def height(self) -> float:
        """From the last baseline to the top."""
        return self.capital + self.drop

    def at(self, x: float, y: float, depth: float) -> tuple[Words, ...]:
        """The words with the last baseline beginning at a place."""
        first, *others = self.lines
        found = [Words(first, self.rank, x, y + self.drop, self.capital, depth)]
        for number, line in enumerate(others, 1):
            below = y + self.drop - LINES * self.quiet * number
            found.append(Words(line, self.rank, x, below, self.quiet, depth, "quiet"))
        return tuple(found)

    def plate(self, x: float, y: float) -> Rect:
        """The room of their plate."""
        across, up = (pad * self.capital for pad in PAD)
        return x - across, y - up, x + self.width + across, y + self.height + up
