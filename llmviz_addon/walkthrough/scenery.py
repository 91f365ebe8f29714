"""All of a model that may be seen in a picture, and the names that its parts have."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np

from . import targets
from .companions import Companion
from .errors import AuthoringError
from .run import elide

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Section
    from .selection import Selection

Rank = Literal["model", "section", "part", "head", "block"]
"""Of a title, from the most important one on: a model; embedding, a layer or the output; a part of
a layer, such as the MLP; a head; a block."""

RANKS: tuple[Rank, ...] = ("model", "section", "part", "head", "block")

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
        The blocks that it consists of, of which at least one is to be seen; empty for a companion.
    """

    text: str
    rank: Rank
    box: np.ndarray
    part: str
    blocks: tuple[str, ...]


@dataclass(frozen=True)
class Scenery:
    """A model, its strips and the models beside it, as boxes with names."""

    selection: Selection
    companions: tuple[Companion, ...] = ()

    @property
    def anatomy(self) -> Anatomy:
        """The model."""
        return self.selection.anatomy

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all blocks."""
        return tuple(self.anatomy.blocks)

    @cached_property
    def boxes(self) -> np.ndarray:
        """(N, 2, 3) the boxes of blocks in the order of `names`, then those of all other things."""
        others = [*self._rails, *((c.bounds[0], c.bounds[1]) for c in self.companions)]
        for strip in (targets.INPUT, targets.OUTPUT):
            if self.selection.n_tokens:
                others += [tuple(tile.corners) for tile in self.selection.tiles(strip)]
        boxes: np.ndarray = np.concatenate([self.anatomy.boxes, np.array(others, float)])
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
        found = (s for s in self.anatomy.root.walk() if s.name != "model")
        return tuple(s for s in found if s.title not in _GENERAL)

    @cached_property
    def section_boxes(self) -> np.ndarray:
        """(N, 2, 3) the boxes of `sections`; of a head, that of its weights for queries.

        Heads stand behind each other, and these reach out farthest to the left.
        """
        blocks = self.anatomy.blocks
        return np.array(
            [
                blocks[f"{section.name.replace('attention.', '')}.q_weight"].bounds
                if _is_head(section.name)
                else section.bounds
                for section in self.sections
            ],
            float,
        )

    def section(self, number: int) -> Named:
        """One of `sections` as a thing to be named."""
        section = self.sections[number]
        rank: Rank = "part" if "." in section.name else "section"
        return Named(
            section.title,
            "head" if _is_head(section.name) else rank,
            self.section_boxes[number],
            targets.section(section.name.partition(".")[0]),
            tuple(name for each in section.walk() for name in each.blocks),
        )

    def block(self, number: int) -> Named:
        """One of the blocks as a thing to be named."""
        name = self.names[number]
        block = self.anatomy.blocks[name]
        part = targets.section(block.section.partition(".")[0])
        return Named(block.title, "block", self.anatomy.boxes[number], part, (name,))

    def models(self, title: str) -> list[Named]:
        """All models, the scenery's own first, which has this title."""
        own = np.array(self.anatomy.bounds(), float)
        return [
            Named(title, "model", own, "", ()),
            *(
                Named(elide(c.title), "model", np.array(c.bounds, float), "", ())
                for c in self.companions
            ),
        ]

    def parts_of(self, blocks: Iterable[str]) -> frozenset[str]:
        """The targets of the embedding, layers and output that have any of these blocks."""
        sections = (self.anatomy.blocks[name].section for name in blocks)
        return frozenset(targets.section(path.partition(".")[0]) for path in sections)

    def subject(self, selectors: Iterable[str]) -> frozenset[str]:
        """The blocks that selectors name, by themselves or by cells of theirs."""
        found: set[str] = set()
        for selector in selectors:
            try:
                found.update(self.selection.blocks(selector.partition("[")[0]))
            except AuthoringError:
                # A strip, a place or another model.
                continue
        return frozenset(found)


def _is_head(path: str) -> bool:
    return path.rpartition(".")[2].startswith("head")
