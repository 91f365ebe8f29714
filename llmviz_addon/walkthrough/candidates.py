"""Things that are worth a title in a picture: seen well, and what the picture is about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from . import targets
from .picture import Outlines, Picture
from .scenery import Named, Rank, Scenery
from .titles import Taste

LEAST: dict[Rank, tuple[float, float, int]] = {
    "model": (0.0, 0.0, 6),
    "section": (70.0, 14.0, 7),
    "part": (130.0, 60.0, 4),
    "head": (100.0, 40.0, 4),
    "block": (95.0, 12.0, 9),
}
"""Least length of the longer and of the shorter side of what has a title, and the greatest number
of titles of one kind in a picture."""

# Least part of a thing within the picture, and least part of it that nothing hides.
_WITHIN, _UNHIDDEN = 0.55, 0.45
# The part of the picture that a thing fills if it may have a title though less of it is within.
_FILLING = 0.05
# Points by which a head or a block may be blurred that has a title.
_SHARP = 8.0
# The length of the shortest section that has a title.
_SHORTEST = min(LEAST[rank][0] for rank in ("section", "part", "head"))
# Things that are looked at for one kind of title; they are the largest.
_LOOKED_AT = 90


@dataclass
class Candidates:
    """The things in a picture that may have a title.

    Attributes
    ----------
    scenery, picture, taste
        What may be seen, how, and what is wished for.
    blocks
        The outlines of all boxes of the scenery that are in the picture.
    hiding, boxes
        The outlines of what may hide things, and the boxes (N, 2, 3) of these.
    """

    scenery: Scenery
    picture: Picture
    taste: Taste
    blocks: Outlines
    hiding: Outlines
    boxes: np.ndarray

    def of(self, rank: Rank) -> Iterator[tuple[Named, Outlines]]:
        """Things of one rank that are seen well, the best first, each with its outline."""
        if rank == "model" and not (self.scenery.companions and self.taste.heading):
            return
        found, name = self._things(rank)
        longer, shorter, most = LEAST[rank]
        found = found.chosen(found.size.max(1) >= longer / 2).largest(4 * _LOOKED_AT)
        size = found.size
        within = self._within(found)
        large = within * size.prod(1) >= _FILLING * self.picture.width * self.picture.height
        good = (size.max(1) >= longer) & (size.min(1) >= shorter) & ((within >= _WITHIN) | large)
        if rank in ("section", "part"):
            # Their titles head them, so their upper edge must be in the picture.
            good &= found.rect[:, 3] <= self.picture.height
        elif rank != "model" and self.taste.f_stop:
            good &= self._blurred(found) <= _SHARP
        order = np.flatnonzero(good)
        order = order[np.argsort(-size[order].prod(1))][:_LOOKED_AT]
        ranked = []
        for at in order.tolist():
            named = name(int(found.which[at]))
            if named.rank == rank and self._is_shown(named):
                ranked.append((self.taste.subject.isdisjoint(named.blocks), named, at))
        if rank == "section" and len(ranked) > most:
            # Of dozens of layers a few names would be clutter: the first and the last one tell all.
            ends = self._ends
            ranked = [one for one in ranked if one[1].part in ends]
        for _, named, at in sorted(ranked, key=lambda one: (not one[1].is_inset, one[0])):
            if rank == "head":
                part = self._left_end(named, found.rect[at])
                if part is not None:
                    yield named, part
            elif rank != "block" or self._unhidden(named, found.rect[at]).mean() >= _UNHIDDEN:
                yield named, found.chosen(np.array([at]))

    @cached_property
    def _ends(self) -> frozenset[str]:
        """The targets of embedding and output, and of the first and the last layer."""
        last = self.scenery.anatomy.config.n_layer - 1
        middle = (targets.section(f"layer{n}") for n in range(1, last))
        return frozenset(map(targets.section, self.scenery.anatomy.parts)) - frozenset(middle)

    @cached_property
    def _about(self) -> frozenset[str]:
        """The targets of the parts of the model that the picture is about."""
        return self.scenery.parts_of(self.taste.subject)

    @cached_property
    def _of_sections(self) -> Outlines:
        return Outlines.of(self.picture, self.scenery.section_boxes, _SHORTEST / 2)

    def _things(self, rank: Rank) -> tuple[Outlines, Callable[[int], Named]]:
        """The outlines of all that may have a title of a rank, and the name of each."""
        scenery = self.scenery
        if rank == "model":
            models = scenery.models(self.taste, self.picture)
            boxes = np.array([model.box for model in models])
            return Outlines.of(self.picture, boxes, least=0.0), lambda at: models[at]
        if rank == "block":
            return self.blocks.chosen(self.blocks.which < len(scenery.names)), scenery.block
        return self._of_sections, scenery.section

    def _is_shown(self, named: Named) -> bool:
        unseen, subject = self.taste.unseen, self.taste.subject
        if named.rank in ("part", "head", "block") and named.part in unseen:
            return False
        # Names of what stands behind or beside the subject would only distract from it.
        if self._about and named.part and named.part not in self._about:
            return False
        single = len(subject) == 1 or named.rank == "block"
        if subject and single and subject.isdisjoint(named.blocks):
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

    def _blurred(self, found: Outlines) -> np.ndarray:
        """(N,) points by which each thing's middle is blurred."""
        f_stop, cell = self.taste.f_stop, self.taste.cell
        return np.array([self.picture.blur(at, f_stop, cell) for at in found.depth.mean(1)])

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
        near = self.hiding.rect
        close = (near[:, 0] < rect[2]) & (near[:, 2] > rect[0])
        close &= (near[:, 1] < rect[3]) & (near[:, 3] > rect[1])
        close &= ~(np.abs(self.boxes - named.box) < 1e-6).all((1, 2))
        others = self.boxes[close]
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
