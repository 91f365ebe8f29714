"""All of a model that may be seen in a picture, and the names that its parts have."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..anatomy.strips import LETTERS, candidates
from ..counting import counted
from . import targets
from .companions import Companion
from .run import elide

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Section
    from ..anatomy.label import Bounds
    from .picture import Picture
    from .selection import Selection
    from .titles import Taste

Rank = Literal["model", "section", "part", "head", "block"]
"""Of a title, from the most important one on: a model; embedding, a layer or the output; a part of
a layer, such as the MLP; a head; a block."""

RANKS: tuple[Rank, ...] = ("model", "section", "part", "head", "block")

# Blocks of a model from which on its arrows are too many to be looked at one by one.
_MANY_BLOCKS = 5000

_GENERAL = ("Layer Norm",)
"""Titles of sections that say nothing that the titles of their blocks do not say."""


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that a title may name.

    Attributes
    ----------
    text, rank
        Its title.
    box
        (2, 3) its least and greatest corner.
    part
        The target whose opacity says that it has been shown.
    blocks
        The blocks that it consists of, of which at least one is to be seen; empty for a model.
    facts
        Lines below its title.
    is_inset
        True if it is seen in an inset.
    """

    text: str
    rank: Rank
    box: np.ndarray
    part: str
    blocks: tuple[str, ...]
    facts: tuple[str, ...] = ()
    is_inset: bool = False


@dataclass(frozen=True)
class Scenery:
    """A model, its strips and the models beside it, as boxes with names.

    `still` is the same scenery with all blocks in their places, where some have been moved.
    """

    selection: Selection
    companions: tuple[Companion, ...] = ()
    say: Callable[[str], str] = str
    """Titles in the language of the picture."""
    still: Scenery | None = None

    def moved(self, shifts: dict[str, np.ndarray]) -> Scenery:
        """The same with blocks moved; see `Selection.shifts`."""
        if not shifts:
            return self
        return replace(
            self, selection=replace(self.selection, shifts=shifts), still=self.still or self
        )

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """A key that sceneries share if they look alike, whatever the tokens that are written."""
        return (*self.still_key, digest(self.boxes))

    @cached_property
    def still_key(self) -> tuple[Hashable, ...]:
        """The same for all but what can move or is more for more tokens."""
        if self.still is not None:
            return self.still.still_key
        return (self.anatomy.config, self.companions, self.say, digest(self.anatomy.boxes))

    @property
    def anatomy(self) -> Anatomy:
        """The model."""
        return self.selection.anatomy

    @property
    def ground(self) -> float:
        """The height of the ground, or a little more: the lowest edge of all blocks."""
        return self.anatomy.bounds()[0][2]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all blocks."""
        return tuple(self.anatomy.blocks) if self.still is None else self.still.names

    @cached_property
    def boxes(self) -> np.ndarray:
        """(N, 2, 3) the boxes of blocks in the order of `names`, then those of all other things."""
        boxes: np.ndarray = np.concatenate([self.block_boxes, self._others])
        return boxes

    @cached_property
    def _others(self) -> np.ndarray:
        """(N, 2, 3) the boxes of all that is no block."""
        if self.still is not None:
            return self.still._others
        others = [*self._rails, *((c.bounds[0], c.bounds[1]) for c in self.companions)]
        for strip in (targets.INPUT, targets.OUTPUT):
            if self.selection.n_tokens:
                others += [tuple(tile.corners) for tile in self.selection.tiles(strip)]
        return np.array(others, float)

    @cached_property
    def block_boxes(self) -> np.ndarray:
        """(N, 2, 3) the boxes of blocks in the order of `names`, where they stand now."""
        boxes = self.anatomy.boxes
        shifts = self.selection.shifts
        if not shifts:
            return boxes
        moved = boxes.copy()
        for number, name in enumerate(self.names):
            if name in shifts:
                moved[number] += shifts[name]
        return moved

    @cached_property
    def thin(self) -> np.ndarray:
        """(N, 2, 3) boxes along the arrows, and of the list of best tokens: what words may cover.

        Arrows of very large models are left out; they are too many, and too thin to be seen.
        """
        if len(self.anatomy.blocks) > _MANY_BLOCKS:
            return np.zeros((0, 2, 3))
        found = [np.zeros((0, 2, 3))]
        for arrow in self.anatomy.arrows:
            ends = np.stack([arrow.points[:-1], arrow.points[1:]], axis=1)
            half = arrow.width / 2 * np.abs(arrow.across[:-1])
            found.append(np.stack([ends.min(1) - half, ends.max(1) + half], axis=1))
        if self.selection.n_tokens and self.anatomy.config.n_vocab > LETTERS:
            rows = candidates(self.anatomy, len(self.selection.tiles(targets.OUTPUT)))
            found.append(np.array([row.corners for row in rows], float))
        boxes: np.ndarray = np.concatenate(found)
        return boxes

    @property
    def _rails(self) -> Iterator[tuple[tuple[float, ...], tuple[float, ...]]]:
        """Boxes around the stream: along each layer, and on its way to each column."""
        layout = self.anatomy.layout
        half = layout.space.stream / 2
        firsts = {0} if layout.tower else {layers.start for layers in layout.columns}
        ways = [np.array([at, (at[0], at[1], at[2] + layout.layer.foot)]) for at in layout.offsets]
        ways += [layout.approach(layer) + np.array(layout.offsets[layer]) for layer in firsts]
        ways.append(layout.approach_output() + np.array(layout.output_offset))
        for way in ways:
            for ends in itertools.pairwise(way):
                yield tuple(np.min(ends, axis=0) - half), tuple(np.max(ends, axis=0) + half)

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The sections that have a title of their own."""
        if self.still is not None:
            return self.still.sections
        found = (s for s in self.anatomy.root.walk() if s.name != "model")
        return tuple(s for s in found if s.title not in _GENERAL)

    @cached_property
    def section_boxes(self) -> np.ndarray:
        """(N, 2, 3) the boxes of `sections`; of a head, that of its weights for queries.

        Heads stand behind each other, and these reach out farthest to the left. Attention is where
        its first head is, since its others reach far behind all other parts.
        """
        if self.still is not None:
            return self.still.section_boxes
        return np.array([self._box(section) for section in self.sections], float)

    def _box(self, section: Section) -> Bounds:
        if _is_head(section.name):
            return self.anatomy.blocks[f"{section.name.replace('attention.', '')}.q_weight"].bounds
        heads = (part for part in section.children if _is_head(part.name))
        return next(heads, section).bounds

    @cached_property
    def _named(self) -> dict[int, Named]:
        """Those of `sections` that have been asked for."""
        return {} if self.still is None else self.still._named

    def section(self, number: int) -> Named:
        """One of `sections` as a thing to be named."""
        if number not in self._named:
            section = self.sections[number]
            rank: Rank = "part" if "." in section.name else "section"
            self._named[number] = Named(
                self.say(section.title),
                "head" if _is_head(section.name) else rank,
                self.section_boxes[number],
                targets.section(section.name.partition(".")[0]),
                tuple(name for each in section.walk() for name in each.blocks),
            )
        return self._named[number]

    def block(self, number: int) -> Named:
        """One of the blocks as a thing to be named."""
        name = self.names[number]
        block = self.anatomy.blocks[name]
        part = targets.section(block.section.partition(".")[0])
        return Named(self.say(block.title), "block", self.block_boxes[number], part, (name,))

    def models(self, taste: Taste, picture: Picture) -> list[Named]:
        """All models, the scenery's own first, which is titled as the heading says."""
        own, say = np.array(self.anatomy.bounds(), float), self.say
        title, *more = taste.heading
        found = [(title, own, more[:1])]
        for companion in self.companions:
            if taste.models is not None and companion.id not in taste.models:
                continue
            count = say(counted(companion.config.n_parameters, "parameter"))
            found.append((elide(companion.title), np.array(companion.bounds, float), [count]))
        models = []
        for number, (name, box, facts) in enumerate(found):
            again = taste.shift if number == 0 else None
            seen = box if again is None else box + np.array(again)
            lines: tuple[str, ...] = ()
            if taste.sizes:
                lines = (*self._told(box, seen, taste, picture), *facts)
            inset = again is not None and taste.inset is not None
            models.append(Named(name, "model", seen, "", (), lines, inset))
        return models

    def _told(
        self, box: np.ndarray, seen: np.ndarray, taste: Taste, picture: Picture
    ) -> tuple[str, ...]:
        """The width of a model, and the distance or the magnification at which it is seen."""
        say, (wide, *_) = self.say, (box[1] - box[0]) * taste.cell
        eye = np.array(picture.pose.location)
        there, here = (
            float((each.mean(axis=0) - eye) @ -picture.pose.rotation[:, 2]) for each in (box, seen)
        )
        size = say(f"{_metric(wide)} wide")
        if taste.inset is not None:
            if here == there:
                return (size,)
            return size, say(f"enlarged {there / here:,.0f} times")
        away = float(np.linalg.norm(seen.mean(axis=0) - eye)) * taste.cell
        return (f"{size} · {say(f'{_metric(away)} away')}",)

    @cached_property
    def _all(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names of all blocks, and the targets of all parts."""
        if self.still is not None:
            return self.still._all
        return frozenset(self.names), frozenset(map(targets.section, self.anatomy.parts))

    def parts_of(self, blocks: frozenset[str]) -> frozenset[str]:
        """The targets of the embedding, layers and output that have any of these blocks."""
        everything, parts = self._all
        if len(blocks) == len(everything):
            return parts
        sections = (self.anatomy.blocks[name].section for name in blocks)
        return frozenset(targets.section(path.partition(".")[0]) for path in sections)

    def subject(self, selectors: Iterable[str]) -> frozenset[str]:
        """The blocks that selectors name, by themselves or by cells of theirs."""
        names = [selector.partition("[")[0] for selector in selectors]
        if "model" in names:
            return self._all[0]
        return frozenset(name for each in names for name in self.selection.found(each))


def _metric(meters: float) -> str:
    """A length in meters or kilometers, to three digits."""
    return f"{meters:.3g} m" if meters < 999.5 else f"{meters / 1000:.3g} km"


def digest(array: np.ndarray) -> bytes:
    """A digest of an array, for keys."""
    return hashlib.blake2b(array.tobytes(), digest_size=16).digest()


def _is_head(path: str) -> bool:
    return path.rpartition(".")[2].startswith("head")
