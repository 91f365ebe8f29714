"""Titles by shot: those that are worth it, large enough to be read, where nothing is in their way.

The compiler knows the camera of each shot and of each still, so it knows where everything falls in
the picture. Of all titles those are chosen whose things are seen well; they stand beside these
things, upright in the picture, and so near to the camera that nothing hides them. No title covers
another one or the caption, and none is cut by the picture's edge. What is chosen first keeps its
place: models before sections, sections before their parts, these before blocks, and of each kind
those that the shot is about, then the largest.

All lengths in pictures are in points, 1080 of which are a picture's shorter side.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np

from ..bounded import Bounded
from . import lettering
from .picture import STEP, Outlines, Picture
from .scenery import RANKS, Named, Rank, Scenery, digest

Rect = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Ink = Literal["title", "quiet"]

SMALLEST, LARGEST = 16.0, 60.0
"""Heights of capitals."""

EDGE = 30.0
"""Least distance of words from the picture's edge."""

# Height of a capital, by rank: its part of the longer side of what it names, the least and the
# greatest.
_CAPITALS: dict[Rank, tuple[float, float, float]] = {
    "model": (0.09, 24.0, 46.0),
    "section": (0.05, 20.0, 40.0),
    "part": (0.035, 17.0, 26.0),
    "head": (0.04, 16.0, 24.0),
    "block": (0.035, 16.0, 21.0),
}
# Least length of the longer and of the shorter side of what has a title, and the greatest number of
# titles of one kind in a picture.
_LEAST: dict[Rank, tuple[float, float, int]] = {
    "model": (0.0, 0.0, 6),
    "section": (70.0, 14.0, 7),
    "part": (130.0, 60.0, 4),
    "head": (100.0, 40.0, 4),
    "block": (95.0, 12.0, 9),
}
# Sides of a model below which a line leads to it from its title, and the line's width.
_SPECK, _LINE = 90.0, 2.5
# Where more sections than this are in view, no heads and no blocks are named.
_WIDE = 1
# Least part of a thing within the picture, and least part of it that nothing hides.
_WITHIN, _UNHIDDEN = 0.55, 0.45
# The length of the shortest section that has a title.
_SHORTEST = min(_LEAST[rank][0] for rank in ("section", "part", "head"))
# Boxes that are looked at, of those in a picture, and things that are for one kind of title; they
# are the largest.
_MOST, _LOOKED_AT = 1500, 90
# The most that a place may cost, by rank; see `_Composer._cost`.
_DEAREST: dict[Rank, float] = {
    "model": 2.0,
    "section": 1.3,
    "part": 0.85,
    "head": 0.5,
    "block": 0.62,
}
# Room inside a plate, around words, in capitals; and between words and what they name.
_PAD, _GAP = (0.75, 0.6), 0.75
# The most that words may be out of focus.
_BLURRED = 2.5
# Words stand before what is behind them by this part of the distance.
_BEFORE = 0.985


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


# A heading gets a plate where blocks cover more of its place than this.
_BUSY = 0.05


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
    f_stop, cell
        The aperture, 0 for no depth of field, and the length of a cell in meters.
    """

    subject: frozenset[str] = frozenset()
    unseen: frozenset[str] = frozenset()
    avoid: tuple[Rect, ...] = ()
    heading: tuple[str, ...] = ()
    f_stop: float = 0.0
    cell: float = 0.02

    @property
    def key(self) -> tuple[Hashable, ...]:
        """A key that tastes share if they are the same.

        Names of blocks count by their hashes, since there are many of them in a large model.
        """
        names = ((len(each), hash(each)) for each in (self.subject, self.unseen))
        return (*names, self.avoid, self.heading, self.f_stop, self.cell)


# Another prompt moves few cameras, so most of a film's words stand where they did.
_composed: Bounded[tuple[Hashable, ...], Lettering] = Bounded(1024)


def compose(scenery: Scenery, picture: Picture, taste: Taste) -> Lettering:
    """The words of a picture; the same object again for what has been composed lately."""
    key = (scenery.key, picture, taste.key)
    if key not in _composed:
        composer = _Composer(scenery, picture, taste)
        # Of a longer prompt there are more tiles, but most pictures have none in view.
        within = (*key[1:], *composer.key)
        if within not in _composed:
            _composed[within] = composer.go()
        _composed[key] = _composed[within]
    return _composed[key]


_Offer: TypeAlias = tuple[float, Words, Plate]
"""Words at a place: their cost, and they with their plate."""


@dataclass
class _Composer:
    scenery: Scenery
    picture: Picture
    taste: Taste
    _all: Outlines = field(init=False)
    _outlines: Outlines = field(init=False)
    _boxes: np.ndarray = field(init=False)
    _covered: np.ndarray = field(init=False)
    _about: frozenset[str] = field(init=False)
    _taken: list[Rect] = field(default_factory=list)
    _words: list[Words] = field(default_factory=list)
    _plates: list[Plate] = field(default_factory=list)
    _lines: list[Plate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._all = Outlines.of(self.picture, self.scenery.boxes)

    @property
    def key(self) -> tuple[Hashable, ...]:
        """A key that pictures share if they have the same in view."""
        seen = self._all.which
        return (self.scenery.still_key, digest(seen), digest(self.scenery.boxes[seen]))

    def _look(self) -> None:
        """Find what words may cover, and what may hide."""
        boxes, names = self.scenery.boxes, self.scenery.names
        largest, unseen = self._all.largest(_MOST), self.taste.unseen
        shown = [at >= len(names) or names[at] not in unseen for at in largest.which.tolist()]
        self._outlines = largest.chosen(np.array(shown, bool))
        self._boxes = boxes[self._outlines.which]
        covered = self._outlines.covered
        # Sums over all squares to the left and below; from them those in a rectangle are counted.
        self._covered = np.zeros(np.add(covered.shape, 1), np.int64)
        self._covered[1:, 1:] = covered.cumsum(0).cumsum(1)
        self._taken += self.taste.avoid
        self._about = self.scenery.parts_of(self.taste.subject)

    def go(self) -> Lettering:
        """Choose and place all words."""
        self._look()
        if self.taste.heading and not self.scenery.companions:
            self._card()
        said: set[str] = set()
        counts = dict.fromkeys(RANKS, 0)
        for rank in RANKS:
            if rank in ("head", "block") and counts["section"] > _WIDE:
                continue
            for named, outline in self._candidates(rank):
                if counts[rank] >= _LEAST[rank][2]:
                    break
                if named.text not in said and self._put(named, outline):
                    said.add(named.text)
                    counts[rank] += 1
        words, plates, lines = tuple(self._words), tuple(self._plates), tuple(self._lines)
        return Lettering(self.picture, words, plates, lines)

    # Which things are named.

    @cached_property
    def _of_sections(self) -> Outlines:
        return Outlines.of(self.picture, self.scenery.section_boxes, _SHORTEST / 2)

    def _things(self, rank: Rank) -> tuple[Outlines, Callable[[int], Named]]:
        """The outlines of all that may have a title of a rank, and the name of each."""
        scenery = self.scenery
        if rank == "model":
            models = scenery.models(self.taste.heading[0])
            boxes = np.array([model.box for model in models])
            return Outlines.of(self.picture, boxes, least=0.0), lambda at: models[at]
        if rank == "block":
            return self._all.chosen(self._all.which < len(scenery.names)), scenery.block
        return self._of_sections, scenery.section

    def _candidates(self, rank: Rank) -> Iterator[tuple[Named, Outlines]]:
        """Things of one rank that are seen well, the best first, each with its outline."""
        if rank == "model" and not (self.scenery.companions and self.taste.heading):
            return
        found, name = self._things(rank)
        longer, shorter, _ = _LEAST[rank]
        found = found.chosen(found.size.max(1) >= longer / 2).largest(4 * _LOOKED_AT)
        size = found.size
        within = self._within(found)
        good = (size.max(1) >= longer) & (size.min(1) >= shorter) & (within >= _WITHIN)
        if rank in ("section", "part"):
            # Their titles head them, so their upper edge must be in the picture.
            good &= found.rect[:, 3] <= self.picture.height
        order = np.flatnonzero(good)
        order = order[np.argsort(-size[order].prod(1))][:_LOOKED_AT]
        ranked = []
        for at in order.tolist():
            named = name(int(found.which[at]))
            if named.rank == rank and self._is_shown(named):
                ranked.append((self.taste.subject.isdisjoint(named.blocks), named, at))
        for _, named, at in sorted(ranked, key=lambda one: one[0]):
            if rank == "head":
                part = self._left_end(named, found.rect[at])
                if part is not None:
                    yield named, part
            elif rank != "block" or self._unhidden(named, found.rect[at]).mean() >= _UNHIDDEN:
                yield named, found.chosen(np.array([at]))

    def _is_shown(self, named: Named) -> bool:
        unseen = self.taste.unseen
        if named.rank in ("part", "head", "block") and named.part in unseen:
            return False
        # Names of what stands behind the subject would only distract from it.
        if self._about and named.part and named.part not in self._about:
            return False
        if len(self.taste.subject) == 1 and self.taste.subject.isdisjoint(named.blocks):
            return False
        return not named.blocks or not unseen.issuperset(named.blocks)

    def _within(self, found: Outlines) -> np.ndarray:
        """(N,) the part of each thing's rectangle that is within the picture."""
        rect, picture = found.rect, self.picture
        width = np.minimum(rect[:, 2], picture.width) - np.maximum(rect[:, 0], 0)
        height = np.minimum(rect[:, 3], picture.height) - np.maximum(rect[:, 1], 0)
        area = np.maximum((rect[:, 2] - rect[:, 0]) * (rect[:, 3] - rect[:, 1]), 1e-9)
        part: np.ndarray = np.maximum(width, 0) * np.maximum(height, 0) / area
        return part

    def _left_end(self, named: Named, rect: np.ndarray) -> Outlines | None:
        """The outline of the left third of a block, if nothing hides its upper edge."""
        if not self._unhidden(named, rect)[2, :2].all():
            return None
        box = named.box.copy()
        box[1, 0] = box[0, 0] + (box[1, 0] - box[0, 0]) / 3
        part = Outlines.of(self.picture, box[None])
        return part if len(part.which) else None

    def _unhidden(self, named: Named, rect: np.ndarray) -> np.ndarray:
        """(3, 3) True for points on a box's front, row by row from below, that no box hides."""
        low, high = named.box
        shares = np.array([0.12, 0.5, 0.88])
        points = np.stack(
            [
                np.tile(low[0] + shares * (high[0] - low[0]), 3),
                np.full(9, low[1] if self.picture.pose.location[1] < low[1] else high[1]),
                np.repeat(low[2] + shares * (high[2] - low[2]), 3),
            ],
            axis=1,
        )
        near = self._outlines.rect
        close = (near[:, 0] < rect[2]) & (near[:, 2] > rect[0])
        close &= (near[:, 1] < rect[3]) & (near[:, 3] > rect[1])
        close &= ~(np.abs(self._boxes - named.box) < 1e-6).all((1, 2))
        others = self._boxes[close]
        if not len(others):
            return np.ones((3, 3), bool)
        eye = np.array(self.picture.pose.location)
        way = points - eye
        way = np.where(np.abs(way) < 1e-9, 1e-9, way)
        # The parts of the way at which each box begins and ends; (points, boxes, axes).
        first = (others[None, :, 0] - eye) / way[:, None]
        last = (others[None, :, 1] - eye) / way[:, None]
        enters = np.minimum(first, last).max(2)
        leaves = np.maximum(first, last).min(2)
        hidden = ((enters < leaves) & (leaves > 0) & (enters < 0.999)).any(1)
        seen: np.ndarray = ~hidden.reshape(3, 3)
        return seen

    # Where words stand.

    def _put(self, named: Named, outline: Outlines) -> bool:
        """Write a title at the best place there is for it; False where there is none."""
        left, bottom, right, top = outline.rect[0].tolist()
        part, least, most = _CAPITALS[named.rank]
        capital = min(max(part * max(right - left, top - bottom), least), most)
        depth = float(outline.depth[0, 0])
        best: _Offer | None = None
        wide = lettering.width(named.text)
        pointing = named.rank == "model" and max(right - left, top - bottom) < _SPECK
        if pointing:
            places = self._above((left + right) / 2, top, wide * capital, capital)
        else:
            places = self._places(wide, outline, capital)
        for price, x, y in sorted(places, key=lambda place: place[0]):
            if best is not None and price >= best[0]:
                # From here on none can cost less.
                break
            found = self._offer(Words(named.text, named.rank, x, y, capital, depth), price, best)
            best = best if found is None else found
        if best is None:
            return False
        _, words, plate = best
        self._words.append(words)
        self._plates.append(plate)
        self._taken.append(plate.rect)
        if pointing:
            x = (left + right) / 2
            line = (x - _LINE / 2, top + 2 * _LINE, x + _LINE / 2, plate.rect[1])
            self._lines.append(Plate(line, plate.depth, 0.0))
        return True

    def _above(
        self, x: float, top: float, wide: float, capital: float
    ) -> list[tuple[float, float, float]]:
        """Places above a thing that is only a speck, from which a line can lead down to it."""
        farthest = self.picture.width - EDGE - wide
        return [
            (
                0.05 * step + 0.01 * (part != 0.5),
                min(max(x - part * wide, EDGE + capital), farthest),
                top + (2.0 + 1.9 * step) * capital,
            )
            for step in range(7)
            for part in (0.5, 0.06, 0.94)
        ]

    def _places(
        self, width: float, outline: Outlines, capital: float
    ) -> list[tuple[float, float, float]]:
        """Places at which a title could stand: its price, and where its baseline begins.

        `width` is that of its words, in heights of a capital.
        """
        left, bottom, right, top = outline.rect[0].tolist()
        picture, wide = self.picture, width * capital
        pad, gap = _PAD[0] * capital, (_GAP + _PAD[1]) * capital
        # What can be seen of it, since a title stands beside that.
        left, right = max(left, EDGE), min(right, picture.width - EDGE)
        bottom, top = max(bottom, EDGE), min(top, picture.height - EDGE)
        found: list[tuple[float, float, float]] = []

        def add(price: float, x: float, y: float) -> None:
            x = max(EDGE + pad, min(x, picture.width - EDGE - pad - wide))
            y = max(EDGE + 1.1 * capital, min(y, picture.height - EDGE - 1.7 * capital))
            found.append((price, x, y))

        def edges(x: float) -> tuple[float, float]:
            """The lower and the upper edge of the thing along words that begin at `x`."""
            along = slice(int(max(x, 0) // STEP), int(max(x + wide, 0) // STEP) + 1)
            low = float(outline.low[0, along].min(initial=np.inf))
            high = float(outline.high[0, along].max(initial=-np.inf))
            return low if low < np.inf else bottom, high if high > -np.inf else top

        shares = ((0.0, 0.0), (0.5, 0.02), (1.0, 0.04), (0.25, 0.05), (0.75, 0.06))
        begins = [(price, left + share * (right - left - wide)) for share, price in shares]
        along = [(price, x, *edges(x)) for price, x in begins]
        for step in range(3):
            up = gap + step * 1.9 * capital
            for price, x, low, high in along:
                add(price + 0.1 * step, x, high + up)
                add(price + 0.16 + 0.1 * step, x, low - up - capital)
        for height, price in ((0.5, 0.0), (0.85, 0.02), (0.15, 0.03)):
            y = bottom + height * (top - bottom) - capital / 2
            add(0.13 + price, right + gap, y)
            add(0.14 + price, left - gap - wide, y)
        if right - left > wide + 4 * pad and top - bottom > 4 * capital:
            for x, price in ((left + 1.6 * pad, 0.0), (right - 1.6 * pad - wide, 0.03)):
                add(0.3 + price, x, edges(x)[1] - gap - 1.2 * capital)
        return found

    def _offer(self, words: Words, price: float, best: _Offer | None) -> _Offer | None:
        """Words at a place, if they can be there and cost less than the best so far."""
        plate = _around(words)
        if not self._is_free(plate):
            return None
        cost = price + 1.1 * self._cover(plate)
        if cost > _DEAREST[words.rank] or (best is not None and cost >= best[0]):
            return None
        near = self._depth(plate, words.depth)
        return None if near is None else (cost, replace(words, depth=near), Plate(plate, near, 0.5))

    def _is_free(self, rect: Rect) -> bool:
        left, bottom, right, top = rect
        picture, margin = self.picture, 4.0
        if left < EDGE - 1 or bottom < EDGE - 1:
            return False
        if right > picture.width - EDGE + 1 or top > picture.height - EDGE + 1:
            return False
        return not any(
            left < r + margin and right > a - margin and bottom < t + margin and top > b - margin
            for a, b, r, t in self._taken
        )

    def _cover(self, rect: Rect) -> float:
        """The part of a rectangle that blocks cover."""
        columns, rows = np.subtract(self._covered.shape, 1)
        left, right = (_bounded(x, columns) for x in (rect[0], rect[2] + STEP))
        low, high = (_bounded(y, rows) for y in (rect[1], rect[3] + STEP))
        sums = self._covered
        count = sums[right, high] - sums[left, high] - sums[right, low] + sums[left, low]
        return float(count) / max(1, (right - left) * (high - low))

    def _depth(self, rect: Rect, depth: float) -> float | None:
        """A depth at which words are sharp, before all that is behind them; None without one."""
        found = self._outlines.depth[self._outlines.behind(rect), 0]
        near = min(depth, float(found.min(initial=np.inf))) * _BEFORE
        if near <= self.picture.near * 1.05:
            return None
        taste, picture = self.taste, self.picture
        if picture.blur(near, taste.f_stop, taste.cell) <= _BLURRED:
            return near
        focus = picture.pose.distance
        if near < focus:
            return None
        # Nearer than their thing, to where they are just sharp.
        while picture.blur(near, taste.f_stop, taste.cell) > _BLURRED:
            near += 0.1 * (focus - near)
        return near

    # The card of the model.

    def _card(self) -> None:
        """Write the model's title and what there is to say of it where there is most room."""
        title, *lines = self.taste.heading
        capital, small = 44.0, 19.0
        pitch = 2.1 * small
        width = max(
            [lettering.width(title) * capital, *(lettering.width(line) * small for line in lines)]
        )
        height = capital + (1.2 * small + pitch * len(lines) if lines else 0.0)
        best: tuple[float, Rect] | None = None
        picture, edge = self.picture, 1.8 * EDGE
        across = np.linspace(edge, picture.width - edge - width, 7)
        up = np.linspace(picture.height / 2, picture.height - edge - height, 7)
        for i, x in enumerate(across.tolist()):
            for j, y in enumerate(up.tolist()):
                rect = (x, y, x + width, y + height)
                if not self._is_free(rect):
                    continue
                # The corners of a picture are the best places, above all the upper right one: the
                # stream rises at the left, and the ground would hide words at the foot.
                price = 0.02 * (6 - i) + 0.03 * (6 - j) + 0.1 * (i % 6 > 0) + 0.1 * (j % 6 > 0)
                wider = (x - 30, y - 24, x + width + 30, y + height + 24)
                cost = price + 3 * self._cover(wider)
                if best is None or cost < best[0]:
                    best = cost, rect
        if best is None or best[0] > 1.2:
            return
        left, _, _, top = best[1]
        depth = self._depth(best[1], self.picture.pose.distance)
        if depth is None:
            return
        baseline = top - capital
        self._words.append(Words(title, "model", left, baseline, capital, depth))
        baseline -= 0.4 * small
        for line in lines:
            baseline -= pitch
            self._words.append(Words(line, "block", left, baseline, small, depth, "quiet"))
        left, bottom, right, top = best[1]
        around = left - 20, bottom - 20, right + 20, top + 20
        if self._cover(best[1]) > _BUSY:
            self._plates.append(Plate(around, depth, 0.12))
        self._taken.append(around)


def _bounded(place: float, most: int) -> int:
    """The number of a square, from 0 to `most`."""
    return max(0, min(int(place // STEP), most))


def _around(words: Words) -> Rect:
    """The plate of words."""
    left, _, right, _ = words.rect
    across, up = (pad * words.capital for pad in _PAD)
    return left - across, words.baseline - up, right + across, words.baseline + words.capital + up


def crowded(rects: Sequence[Rect]) -> bool:
    """True if two rectangles overlap."""
    return any(
        a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]
        for n, a in enumerate(rects)
        for b in rects[:n]
    )
