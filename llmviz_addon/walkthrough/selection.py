"""Selectors: a script's names for blocks, sections, cells and strips, and the places of these.

A selector is one of

- a block's name (``"embedding"``, ``"layer{layer}.mlp"``), with ``*`` for any part of it,
- ``companion:<n>`` for the box of another model in the scene, counted from 0 in order of size,
  ``companions:<n>`` for this model and those up to the n-th, ``companions`` for all models;
  negative ones count from the last,
- ``section:`` and a section's path (``"section:layer{layer}.attention"``), ``"model"`` for
  everything, or ``"weights"`` for all that was learned,
- ``strip:input`` or ``strip:output``, optionally of one position (``"strip:input:3"``) or of the
  prompt's (``"strip:input:prompt"``); ``candidates`` for the list of the best next tokens beside
  the output strip; ``card`` (the large one, where there is one) or ``key``,
- a selector ``but`` another: ``"layer0.head* but layer0.head2.*"``,
- cells of a block: ``"embedding[0:6]"`` for columns, ``"embedding[0:6, 10:20]"`` for columns and
  rows, from the first up to, not including, the second; ``"wte[-64:]"`` for the last 64. In a
  block that has not so many, the nearest ones are meant, so that one script fits small models,
  too. Tiles of a strip alike: ``"strip:input:prompt[:12]"``.

- ``on:`` and the name of what a gesture brings onto the stage (``"on:dot_product"``).

``{layer}``, ``{head}`` and other numbers in braces are filled in first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import translate
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..anatomy import Piece
from ..anatomy.strips import Tile, candidates, input_strip, output_strip
from . import targets
from .errors import AuthoringError

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from .companions import Companion
    from .run import Run

_CELLS = re.compile(r"(?P<name>[^\[]+)\[(?P<columns>[^,\]]*)(?:,(?P<rows>[^\]]*))?\]")
_WILD = re.compile(r"[*?\[]")
_AROUND = re.compile(r"\s*(\d+)~(\d+)\s*")
_FIELD = re.compile(r"\{(\w+)\}")
_PLACES = {targets.CARD: ("model_card_large", "model_card"), targets.KEY: ("key",)}
"""Places by name, the preferred one first; a name means the first of its places that exists."""


def fill(selector: str, names: Mapping[str, int | str]) -> str:
    """A selector with its braces filled in.

    Raises
    ------
    AuthoringError
        If it has braces that nothing is known for.
    """
    for name in _FIELD.findall(selector):
        if name not in names:
            raise AuthoringError(
                f"{selector!r} has {{{name}}}; known here are {', '.join(sorted(names))}."
            )
    return _FIELD.sub(lambda match: str(names[match[1]]), selector)


def common_names(anatomy: Anatomy, run: Run | None) -> dict[str, int | str]:
    """Values for the names that may stand in braces in every beat and every still."""
    config = anatomy.config
    names: dict[str, int | str] = {
        "last_layer": config.n_layer - 1,
        "next_layer": min(1, config.n_layer - 1),
        "last_head": config.n_head - 1,
    }
    if run is not None:
        names |= {
            "last_column": run.n_prompt - 1,
            "end_column": run.n_tokens - 1,
            "first_appended": min(run.n_prompt, run.n_tokens - 1),
            # Of the head that the film follows, the key that the last column attends to most.
            "last_key": int(run.measures.get(run.n_prompt - 1, {}).get("best_key", 0)),
        }
    return names


ON = "on:"
"""The beginning of a selector of what stands on the stage; its name follows."""


@dataclass(frozen=True)
class CellRange:
    """A rectangle of cells of one block: columns and rows from the first up to, not including, the
    last.
    """

    block: str
    columns: range
    rows: range

    @property
    def places(self) -> tuple[list[int], list[int]]:
        """Column and row of each cell, column after column."""
        pairs = [(column, row) for column in self.columns for row in self.rows]
        return [column for column, _ in pairs], [row for _, row in pairs]

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)


@dataclass(frozen=True)
class Selection:
    """Resolves selectors in one anatomy, for a prompt and a finished sequence of so many tokens.

    Attributes
    ----------
    shifts
        By block, how far it has been moved from its place, in cells.
    stages
        By name, the corners of what gestures brought onto the stage.
    """

    anatomy: Anatomy
    n_prompt: int
    n_tokens: int
    companions: tuple[Companion, ...] = ()
    shifts: dict[str, np.ndarray] = field(default_factory=dict, compare=False)
    stages: dict[str, np.ndarray] = field(default_factory=dict, compare=False)

    @classmethod
    def of(
        cls, anatomy: Anatomy, run: Run | None, companions: tuple[Companion, ...] = ()
    ) -> Selection:
        """The selection of a run, None for a model without numbers, beside other models."""
        counts = (0, 0) if run is None else (run.n_prompt, run.n_tokens)
        return cls(anatomy, *counts, companions)

    def blocks(self, selector: str) -> list[str]:
        """The names of the blocks that a selector means, in the order of computation.

        Raises
        ------
        AuthoringError
            If there are none.
        """
        found = self.found(selector)
        if not found and " but " not in selector:
            blocks = self.anatomy.blocks
            sections = {targets.section(block.section) for block in blocks.values()}
            similar = get_close_matches(selector, [*blocks, *sections], n=1)
            hint = f" Did you mean {similar[0]!r}?" if similar else ""
            raise AuthoringError(f"This model has nothing called {selector!r}.{hint}")
        return found

    def found(self, selector: str) -> list[str]:
        """As `blocks`, but none for what is no block, such as a strip, a place or a mistake."""
        if selector not in self._known:
            self._known[selector] = self._found(selector)
        return self._known[selector].copy()

    @cached_property
    def _known(self) -> dict[str, list[str]]:
        """The blocks of the selectors that have been asked for."""
        return {}

    def _found(self, selector: str) -> list[str]:
        blocks = self.anatomy.blocks
        wanted, but, unwanted = selector.partition(" but ")
        if but:
            left_out = set(self.blocks(unwanted))
            return [name for name in self.blocks(wanted) if name not in left_out]
        if selector == "model":
            return list(blocks)
        if selector == "weights":
            return [name for name, block in blocks.items() if block.kind == "weight"]
        if selector in blocks:
            return [selector]
        _, is_section, path = selector.rpartition(targets.SECTION)
        if is_section:
            return [n for n, b in blocks.items() if f"{b.section}.".startswith(f"{path}.")]
        if not _WILD.search(selector):
            return []
        is_meant = re.compile(translate(selector)).match
        return [name for name in blocks if is_meant(name)]

    def points(self, selectors: Iterable[str]) -> np.ndarray:
        """(N, 3) corners of everything that selectors mean, in cells.

        Raises
        ------
        AuthoringError
            If a selector means nothing.
        """
        return np.concatenate([self._corners(selector) for selector in selectors])

    def beside(self, selectors: Iterable[str]) -> frozenset[str]:
        """The ids of the other models that selectors mean.

        Raises
        ------
        AuthoringError
            If there are not so many.
        """
        found: set[str] = set()
        for selector in selectors:
            word, _, number = selector.rpartition(":")
            if selector == "companions" or word in ("companion", "companions"):
                last = self._companion(selector, word, number)
                first = last if word == "companion" else 0
                found.update(c.id for c in self.companions[first : last + 1])
        return frozenset(found)

    def cells(self, selector: str) -> CellRange:
        """The cells that a selector of one block means, of those that have numbers.

        In a model without numbers these are all that are drawn.

        Raises
        ------
        AuthoringError
            If there is no such block, or several, or this is not how cells are written.
        """
        match = _CELLS.fullmatch(selector)
        names = self.blocks(match["name"] if match else selector)
        if len(names) != 1:
            raise AuthoringError(f"{selector!r}: cells can be chosen from one block only.")
        count = self.n_tokens or self.anatomy.n_tokens
        columns, rows = self.anatomy.blocks[names[0]].extent(count)
        across, down = (match["columns"], match["rows"] or ":") if match else (":", ":")
        return CellRange(
            names[0],
            range(*_span(selector, across, columns)),
            range(*_span(selector, down, rows)),
        )

    def span(self, text: str, size: int) -> tuple[int, int]:
        """The first and one past the last of so many places that a text means, such as ``"0:6"``.

        Raises
        ------
        AuthoringError
            If that is not how cells are written.
        """
        return _span(text, text, size)

    def places(self, cells: CellRange) -> np.ndarray:
        """(N, 3) the middles of cells, where they stand now, column after column."""
        block = self.anatomy.blocks[cells.block]
        right, up = block.spec.places(*map(np.array, cells.places))
        away = np.zeros(len(cells))
        middles = np.column_stack([right, away, up]) + np.array(block.origin)
        return middles + self.shifts.get(cells.block, 0.0)

    def center(self, selector: str) -> np.ndarray:
        """(3,) the middle of everything that a selector means, in cells."""
        corners = self._corners(selector)
        return (corners.min(axis=0) + corners.max(axis=0)) / 2

    def tiles(self, strip: str) -> tuple[Tile, ...]:
        """The tiles of ``strip:input`` or ``strip:output``, one for each token of the sequence.

        Raises
        ------
        AuthoringError
            If there is no sequence.
        """
        if not self.n_tokens:
            raise AuthoringError(f"A model without numbers has no {strip}.")
        make = input_strip if strip == targets.INPUT else output_strip
        return make(self.anatomy, self.n_tokens).tiles

    def _corners(self, selector: str) -> np.ndarray:
        if selector.startswith(ON):
            return self._on_stage(selector)
        match = _CELLS.fullmatch(selector)
        if match:
            return self._cells(selector, match)
        strip, _, position = selector.rpartition(":")
        if selector in (targets.INPUT, targets.OUTPUT):
            return _corners([tile.corners for tile in self.tiles(selector)])
        if strip in (targets.INPUT, targets.OUTPUT):
            return self._of_strip(selector, strip, position)
        if selector == "companions" or strip in ("companion", "companions"):
            return self._boxes(selector, strip, position)
        if selector == "candidates":
            # Without tiles there is no list beside them; `tiles` raises then.
            rows = candidates(self.anatomy, len(self.tiles(targets.OUTPUT)))
            return _corners([row.corners for row in rows])
        for name in _PLACES.get(selector, ()):
            if name in self.anatomy.places:
                place = self.anatomy.places[name]
                return place.corners
        # The corners of each block rather than of their common box, which has empty corners that
        # would take room in the picture.
        names = self.blocks(selector)
        if len(names) == len(self.anatomy.blocks):
            return self._silhouette
        boxes = self.anatomy.boxes[[self._places[name] for name in names]]
        if self.shifts:
            moved = [self.shifts.get(name, np.zeros(3)) for name in names]
            boxes = boxes + np.array(moved)[:, None]
        return _corners(boxes)

    def _of_strip(self, selector: str, strip: str, position: str) -> np.ndarray:
        tiles = self.tiles(strip)
        if position == "prompt":
            return _corners([tile.corners for tile in tiles[: self.n_prompt]])
        if not (position.isdigit() and int(position) < len(tiles)):
            raise AuthoringError(f"{selector!r}: {strip} has positions 0 to {len(tiles) - 1}.")
        return _corners([tiles[int(position)].corners])

    def _on_stage(self, selector: str) -> np.ndarray:
        name = selector.removeprefix(ON)
        if name not in self.stages:
            known = ", ".join(sorted(self.stages)) or "nothing"
            raise AuthoringError(
                f"{selector!r}: nothing is on the stage by that name, but {known}."
            )
        points = self.stages[name]
        return _corners([[points.min(axis=0), points.max(axis=0)]])

    @cached_property
    def _silhouette(self) -> np.ndarray:
        """Corners of all blocks, and of the stream, that could be at the edge of a picture.

        Boxes that stand in a row away from the viewer, as heads do, are taken as one from the first
        to the last; GPT-3 has 131,150 boxes in 2,894 rows.
        """
        boxes = self.anatomy.boxes
        across, up = boxes[:, :, 0], boxes[:, :, 2]
        order = np.lexsort([*across.T, *up.T])
        sides = np.hstack([across, up])[order]
        first = np.append(0, 1 + np.flatnonzero((np.diff(sides, axis=0) != 0).any(axis=1)))
        rows = boxes[order[first]]
        rows[:, 0, 1] = np.minimum.reduceat(boxes[order, 0, 1], first)
        rows[:, 1, 1] = np.maximum.reduceat(boxes[order, 1, 1], first)
        return np.concatenate([_corners(rows), self.anatomy.layout.rails])

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: place for place, name in enumerate(self.anatomy.blocks)}

    def _boxes(self, selector: str, word: str, number: str) -> np.ndarray:
        """Corners of other models, and of this one where all up to a number are meant."""
        last = self._companion(selector, word, number)
        if word == "companion":
            return _corners([self.companions[last].bounds])
        own = self._corners("model")
        return np.concatenate([own, _corners([c.bounds for c in self.companions[: last + 1]])])

    def _companion(self, selector: str, word: str, number: str) -> int:
        """The place of the last companion that a selector means."""
        count = len(self.companions)
        try:
            return range(count)[int(number) if word else -1]
        except (ValueError, IndexError):
            raise AuthoringError(f"{selector!r}: there are {count} other models here.") from None

    def _cells(self, selector: str, match: re.Match[str]) -> np.ndarray:
        strip = match["name"].removesuffix(":prompt")
        if strip in (targets.INPUT, targets.OUTPUT):
            count = self.n_tokens if strip == match["name"] else self.n_prompt
            first, last = _span(selector, match["columns"], count)
            return _corners([tile.corners for tile in self.tiles(strip)[first:last]])
        names = self.blocks(match["name"])
        if len(names) != 1:
            raise AuthoringError(f"{selector!r}: cells can be chosen from one block only.")
        block = self.anatomy.blocks[names[0]]
        left, right = _span(selector, match["columns"], block.columns)
        top, bottom = _span(selector, match["rows"] or ":", block.rows)
        lines = (_common(piece, left, right, top, bottom) for piece in block.spec.pieces)
        boxes = np.array([block.bounds_of(line) for line in lines if line is not None])
        return _corners(boxes + self.shifts.get(block.name, np.zeros(3)))


def _common(piece: Piece, left: int, right: int, top: int, bottom: int) -> Piece | None:
    """The part of a rectangle of cells that lies within columns and rows; None without one."""
    first, last = max(piece.column, left), min(piece.column + piece.columns, right)
    head, foot = max(piece.row, top), min(piece.row + piece.rows, bottom)
    if first >= last or head >= foot:
        return None
    return Piece(first, head, last - first, foot - head)


def _corners(bounds: ArrayLike) -> np.ndarray:
    """(8 N, 3) the corners of boxes, given as (N, 2, 3) least and greatest ones."""
    picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1)
    corners = np.asarray(bounds, float)[:, picks, np.arange(3)[:, None]]
    return corners.transpose(0, 2, 1).reshape(-1, 3)


def _span(selector: str, text: str, size: int) -> tuple[int, int]:
    """First and one past the last cell that a script means on an axis of this size, 1 or more.

    Negative numbers count from the end; ``7~2`` is cell 7 with two cells on either side, or as many
    as there are before it. A range that reaches beyond a small model's block moves back until it
    ends with it, and becomes shorter where the whole block is; never empty.

    Raises
    ------
    AuthoringError
        If this is not how cells are written, or a range ends before it begins in every model.
    """
    around = _AROUND.fullmatch(text)
    if around:
        middle, reach = map(int, around.groups())
        text = f"{max(0, middle - reach)}:{middle + reach + 1}"
    first, colon, last = (part.strip() for part in text.partition(":"))
    try:
        start = int(first or "0")
        stop = (int(last) if last else None) if colon else start + 1 or None
    except ValueError:
        raise AuthoringError(f"{selector!r}: cells are written like [0:6, 10:20].") from None
    if stop is not None and (start < 0) == (stop < 0) and stop <= start:
        raise AuthoringError(f"{selector!r} has no cells: a range ends after it begins.")
    begins = start if start >= 0 else max(0, start + size)
    ends = size if stop is None else stop if stop >= 0 else stop + size
    length = min(max(1, ends - begins), size)
    begins = min(begins, size - length)
    return begins, begins + length
