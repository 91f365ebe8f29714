"""Titles by shot: those that are worth it, large enough to be read, where nothing is in their way.

The compiler knows the camera of each shot and of each still, so it knows where everything falls in
the picture. Of all titles those are chosen whose things are seen well (`candidates`); they stand
beside these things (`places`), upright in the picture, and so near to the camera that nothing hides
them. No title covers another one or the caption, and none is cut by the picture's edge. What is
chosen first keeps its place: models before sections, sections before their parts, these before
blocks, and of each kind those that the shot is about, then the largest.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from ..bounded import Bounded
from . import lettering
from .candidates import LEAST, Candidates
from .picture import STEP, Outlines, Picture
from .places import above, beside
from .scenery import RANKS, Named, Rank, Scenery, digest
from .titles import EDGE, Lettering, Plate, Rect, Taste, Wording, Words

# Sides of a model below which a line leads to it from its title, the line's width, and the room at
# its sides.
_SPECK, _LINE, _ASIDE = 120.0, 2.5, 2.0
# Where more sections than this are in view, no heads and no blocks are named.
_WIDE = 1
# Blocks that may be named, however many parts are.
_FEWEST = 3
# Boxes of a picture that are looked at; they are the largest.
_MOST = 1500
# The most that a place may cost, by rank; see `_Composer._offer`.
_DEAREST: dict[Rank, float] = {
    "model": 2.0,
    "section": 1.3,
    "part": 0.85,
    "head": 0.5,
    "block": 0.62,
}
# What it costs to cover blocks.
_COVERING: dict[Rank, float] = {
    "model": 3.0,
    "section": 1.4,
    "part": 1.1,
    "head": 1.1,
    "block": 1.1,
}
# The most that words may be out of focus.
_BLURRED = 2.5
# Words stand before what is behind them by this part of the distance; an inset's plate as much
# behind what it shows.
_BEFORE, _BEHIND = 0.985, 1.03
# Titles of models, sections and headings get a plate where blocks cover more of the place than so.
_BUSY = 0.02
# Heights of capitals of a heading's first line and of the others, and from one to the next.
_TITLE, _FACT, _PITCH = 44.0, 19.0, 2.1

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


_Offer: TypeAlias = tuple[float, tuple[Words, ...], Plate, bool]
"""Words at a place: their cost, and they with their plate, and True if that is to be seen."""


@dataclass
class _Composer:
    scenery: Scenery
    picture: Picture
    taste: Taste
    _all: Outlines = field(init=False)
    _outlines: Outlines = field(init=False)
    _behind: tuple[Outlines, ...] = field(init=False)
    _candidates: Candidates = field(init=False)
    _covered: np.ndarray = field(init=False)
    _crossed: np.ndarray = field(init=False)
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
        self._outlines, boxes = _shown(self.scenery, self._all, self.taste)
        covered = self._outlines.covered
        self._covered = _summed(covered)
        self._behind, self._crossed = (self._outlines,), self._covered
        if self.taste.still:
            thin = Outlines.of(self.picture, self.scenery.thin, least=0.0)
            self._behind, self._crossed = (self._outlines, thin), _summed(covered | thin.covered)
        self._taken += self.taste.avoid
        self._candidates = Candidates(
            self.scenery, self.picture, self.taste, self._all, self._outlines, boxes
        )

    def go(self) -> Lettering:
        """Choose and place all words."""
        self._look()
        if self.taste.heading and not self.scenery.companions:
            self._card()
        said: set[str] = set()
        sections: set[str] = set()
        counts = dict.fromkeys(RANKS, 0)
        for rank in RANKS:
            if rank in ("head", "block") and counts["section"] > _WIDE:
                continue
            dozens = self.scenery.anatomy.config.n_layer > LEAST["section"][2]
            if rank == "part" and dozens and counts["section"] > _WIDE:
                continue
            if rank != "model" and counts["model"]:
                # A picture of whole models is not about their parts.
                break
            most = LEAST[rank][2]
            if rank == "block":
                # Parts say already what most of their blocks are.
                most = max(_FEWEST, most - 2 * (counts["part"] + counts["head"]))
            for named, outline in self._candidates.of(rank):
                if counts[rank] >= most:
                    break
                if rank == "part" and sections and named.part not in sections:
                    # Which layer it is a part of would not be known.
                    continue
                if named.text not in said and self._put(named, outline):
                    said.add(named.text)
                    if rank == "section":
                        sections.add(named.part)
                    counts[rank] += 1
        words, plates, lines = tuple(self._words), tuple(self._plates), tuple(self._lines)
        return Lettering(self.picture, words, plates, lines)

    # Where words stand.

    def _put(self, named: Named, outline: Outlines) -> bool:
        """Write a title at the best place there is for it; False where there is none."""
        left, bottom, right, top = outline.rect[0].tolist()
        side, x = max(right - left, top - bottom), (left + right) / 2
        words = Wording.of((named.text, *named.facts), named.rank, side)
        depth = float(outline.depth[0, 0])
        if named.is_inset:
            return self._put_inset(named, outline, words)
        best: _Offer | None = None
        pointing = named.rank == "model" and side < _SPECK
        places = above(x, top, words, self.picture) if pointing else beside(outline, words)
        for price, across, up in sorted(places, key=lambda place: place[0]):
            if best is not None and price >= best[0]:
                # From here on none can cost less.
                break
            found = self._offer(words, (across, up, depth), price, best)
            best = best if found is None else found
        if best is None:
            return False
        _, written, plate, busy = best
        self._words += written
        if busy:
            self._plates.append(plate)
        self._taken.append(plate.rect)
        if pointing:
            self._point(x, top, plate)
        return True

    def _point(self, x: float, top: float, plate: Plate) -> None:
        """Draw a line from a plate down to a speck."""
        line = (x - _LINE / 2, top + 2 * _LINE, x + _LINE / 2, plate.rect[1])
        self._lines.append(Plate(line, plate.depth, 0.0))
        self._taken.append((line[0] - _ASIDE, line[1], line[2] + _ASIDE, line[3]))

    def _put_inset(self, named: Named, outline: Outlines, words: Wording) -> bool:
        """Write a title into the inset that shows its model, and have it point to the model."""
        inset = self.taste.inset
        assert inset is not None
        left, _, _, top = inset
        near, far = outline.depth[0].tolist()
        pad = 1.1 * words.capital
        self._words += words.at(left + pad, top - pad - words.height, near * _BEFORE)
        plate = Plate(inset, far * _BEHIND, 0.05)
        self._plates.append(plate)
        self._taken.append(inset)
        there = np.array(self.scenery.anatomy.bounds(), float)
        (speck,) = self.picture.project(there.mean(axis=0)[None])
        self._point(float(speck[0]), float(speck[1]), plate)
        return True

    def _offer(
        self, words: Wording, at: tuple[float, float, float], price: float, best: _Offer | None
    ) -> _Offer | None:
        """Words at a place, if they can be there and cost less than the best so far."""
        x, y, depth = at
        plate = words.plate(x, y)
        if not self._is_free(plate):
            return None
        cover = self._cover(plate)
        cost = price + _COVERING[words.rank] * cover
        if cost > _DEAREST[words.rank] or (best is not None and cost >= best[0]):
            return None
        near = self._depth(plate, depth)
        if near is None:
            return None
        bare = self.taste.still or words.rank in ("model", "section")
        busy = not bare or self._cover(plate, self._crossed) > _BUSY
        shape = Plate(plate, near, 0.5 if len(words.lines) < 2 else 0.16)
        return cost, words.at(x, y, near), shape, busy

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

    def _cover(self, rect: Rect, sums: np.ndarray | None = None) -> float:
        """The part of a rectangle that blocks cover, or what `sums` counts."""
        sums = self._covered if sums is None else sums
        columns, rows = np.subtract(sums.shape, 1)
        left, right = (_bounded(x, columns) for x in (rect[0], rect[2] + STEP))
        low, high = (_bounded(y, rows) for y in (rect[1], rect[3] + STEP))
        count = sums[right, high] - sums[left, high] - sums[right, low] + sums[left, low]
        return float(count) / max(1, (right - left) * (high - low))

    def _depth(self, rect: Rect, depth: float) -> float | None:
        """A depth at which words are sharp, before all that is behind them; None without one."""
        found = [each.depth[each.behind(rect), 0].min(initial=np.inf) for each in self._behind]
        near = min(depth, *map(float, found), self._to_ground(rect[1])) * _BEFORE
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

    def _to_ground(self, y: float) -> float:
        """The depth at which the ground is seen at a height in the picture; infinite above it."""
        pose, ground = self.picture.pose, self.scenery.ground
        up = (y - self.picture.height / 2) / self.picture.scale
        # The way at a depth of one; cameras do not roll, so all of a line in the picture falls
        # alike.
        fall = float(pose.rotation[2, 2] - up * pose.rotation[2, 1])
        high = pose.location[2] - ground
        return high / fall if fall > 1e-9 and high > 0 else np.inf

    # The card of the model.

    def _card(self) -> None:
        """Write the model's title and what there is to say of it where there is most room."""
        title, *lines = self.taste.heading
        pitch = _PITCH * _FACT
        width = max(
            [lettering.width(title) * _TITLE, *(lettering.width(line) * _FACT for line in lines)]
        )
        height = _TITLE + (1.2 * _FACT + pitch * len(lines) if lines else 0.0)
        best: tuple[float, Rect] | None = None
        picture, edge = self.picture, 1.8 * EDGE
        across = np.linspace(edge, picture.width - edge - width, 7)
        up = np.linspace(edge, picture.height - edge - height, 9)
        for i, x in enumerate(across.tolist()):
            for j, y in enumerate(up.tolist()):
                rect = (x, y, x + width, y + height)
                if not self._is_free(rect):
                    continue
                # The corners of a picture are the best places. Of a whole model it is the upper
                # right one: the stream rises at the left, and the ground is at the foot. A part
                # hangs in the air, with room below it.
                off = (i, j) if self.taste.hangs else (6 - i, 8 - j)
                low = 0.4 if off[1] > 4 else 0.0
                price = 0.02 * sum(off) + 0.1 * (i % 6 > 0) + 0.1 * (j % 8 > 0)
                wider = (x - 30, y - 24, x + width + 30, y + height + 24)
                cost = price + low + 6 * self._cover(wider)
                if best is None or cost < best[0]:
                    best = cost, rect
        if best is None or best[0] > 1.2:
            return
        left, _, _, top = best[1]
        depth = self._depth(best[1], self.picture.pose.distance)
        if depth is None:
            return
        baseline = top - _TITLE
        self._words.append(Words(title, "model", left, baseline, _TITLE, depth))
        baseline -= 0.4 * _FACT
        for line in lines:
            baseline -= pitch
            self._words.append(Words(line, "block", left, baseline, _FACT, depth, "quiet"))
        left, bottom, right, top = best[1]
        around = left - 20, bottom - 20, right + 20, top + 20
        if self._cover(best[1]) > _BUSY:
            self._plates.append(Plate(around, depth, 0.12))
        self._taken.append(around)


def shown(scenery: Scenery, picture: Picture, taste: Taste) -> Outlines:
    """The outlines of what a picture shows of a scenery, of the largest ones where it is much."""
    return _shown(scenery, Outlines.of(picture, scenery.boxes), taste)[0]


def _shown(scenery: Scenery, inside: Outlines, taste: Taste) -> tuple[Outlines, np.ndarray]:
    """Those of all outlines in a picture that are seen, and their boxes (N, 2, 3)."""
    names, unseen, largest = scenery.names, taste.unseen, inside.largest(_MOST)
    seen = [at >= len(names) or names[at] not in unseen for at in largest.which.tolist()]
    found = largest.chosen(np.array(seen, bool))
    boxes = scenery.boxes[found.which]
    if taste.shift is None:
        return found, boxes
    # And the model where it stands a second time.
    own = np.array(scenery.anatomy.bounds(), float) + np.array(taste.shift)
    again = np.concatenate([boxes, own[None]])
    found = Outlines.of(inside.picture, again)
    return found, again[found.which]


def _summed(covered: np.ndarray) -> np.ndarray:
    """Sums over all squares to the left and below; from them those in a rectangle are counted."""
    sums = np.zeros(np.add(covered.shape, 1), np.int64)
    sums[1:, 1:] = covered.cumsum(0).cumsum(1)
    return sums


def _bounded(place: float, most: int) -> int:
    """The number of a square, from 0 to `most`."""
    return max(0, min(int(place // STEP), most))
