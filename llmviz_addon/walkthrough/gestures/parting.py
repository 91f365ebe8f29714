"""Gestures that part blocks: they open, some of their columns stand alone, or spread like a fan.

The film moves no cell of a block. Parts of it, which show what it shows, stand in for it while it
is open, and where a block shares an object with others, they stand before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...detail import Rect, cut
from .. import targets
from ..actors import Part, Point
from ..selection import CellRange, fill
from ..stage import Moment, Stage, Thing
from .base import Gesture, Index, Texts

NATURAL = 0.8
"""Seconds in which a block opens or closes."""

BEFORE = 3.0
"""Cells before a block at which its parts stand where it shares an object with others."""

STEPPED_BACK = 0.12
"""Opacity of what is not shown."""


@dataclass(frozen=True)
class Piece:
    """A part of a block that moves as one: its cells, its way, and its opacity while it is open."""

    rects: tuple[Rect, ...]
    way: Point = (0.0, 0.0, 0.0)
    opacity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class _Parting(Gesture):
    """The base of gestures that part blocks."""

    needs_numbers = False

    subject: Texts

    def natural(self, run: object) -> float:
        """The time in which a block opens."""
        del run
        return NATURAL

    def pieces(self, stage: Stage, block: str, moment: Moment) -> list[Piece]:
        """The parts of a block; together they are all of it, unless its own cells stay."""
        raise NotImplementedError

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let parts stand in for each block, and go their ways."""
        for block in stage.blocks(self.subject, moment):
            part(stage, block, self.pieces(stage, block, moment), moment)

    def chosen(
        self, stage: Stage, block: str, moment: Moment, columns: str, rows: str
    ) -> CellRange:
        """The cells of a block in some columns and rows; empty texts mean all."""
        across, down = (fill(text, moment.names) or ":" for text in (columns, rows))
        return stage.cells(f"{block}[{across}, {down}]", moment)


@dataclass(frozen=True, kw_only=True)
class Open(_Parting):
    """Part the subjects at a column, at a row, or at both: a cell, until they are closed."""

    verb = "open"

    column: Index = ""
    row: Index = ""
    gap: float = 3.0
    to: float = 1.0
    """Opacity of all that is beside the gap."""

    def pieces(self, stage: Stage, block: str, moment: Moment) -> list[Piece]:
        """The cells that stand free, and what is left and right, above and below of them."""
        free = self.chosen(stage, block, moment, self.column, self.row)
        found = [Piece((_rect(free),))]
        spec = stage.anatomy.blocks[block].spec
        line = next(
            piece
            for piece in spec.pieces
            if free.columns.start < piece.column + piece.columns
            and free.rows.start < piece.row + piece.rows
        )
        whole = CellRange(
            block,
            range(line.column, line.column + line.columns),
            range(line.row, line.row + line.rows),
        )
        gap = self.gap
        if self.column:
            left = range(whole.columns.start, free.columns.start)
            right = range(free.columns.stop, whole.columns.stop)
            found += _piece(block, left, whole.rows, (-gap, 0.0, 0.0), self.to)
            found += _piece(block, right, whole.rows, (gap, 0.0, 0.0), self.to)
        if self.row:
            columns = free.columns if self.column else whole.columns
            above = range(whole.rows.start, free.rows.start)
            below = range(free.rows.stop, whole.rows.stop)
            found += _piece(block, columns, above, (0.0, 0.0, gap), self.to)
            found += _piece(block, columns, below, (0.0, 0.0, -gap), self.to)
        # The other lines of a folded block stay where they are.
        others = tuple(Rect(*p) for p in spec.pieces if p != line)
        return [*found, *([Piece(others, opacity=self.to)] if others else [])]


@dataclass(frozen=True, kw_only=True)
class Isolate(_Parting):
    """Let all but some columns or rows of the subjects step back, until they are closed."""

    verb = "isolate"

    columns: Index = ""
    rows: Index = ""
    to: float = STEPPED_BACK

    def pieces(self, stage: Stage, block: str, moment: Moment) -> list[Piece]:
        """The cells that stay, and all others."""
        kept = self.chosen(stage, block, moment, self.columns, self.rows)
        return [Piece((_rect(kept),)), *_rest(stage, block, [kept], self.to)]


@dataclass(frozen=True, kw_only=True)
class Fan(_Parting):
    """Spread some columns or rows of the subject with air between them, until it is closed."""

    verb = "fan"

    columns: Index = ""
    rows: Index = ""
    spread: float = 2.0
    to: float = STEPPED_BACK
    """Opacity of all others."""

    def pieces(self, stage: Stage, block: str, moment: Moment) -> list[Piece]:
        """A piece for each column or row, and all others."""
        kept = self.chosen(stage, block, moment, self.columns, self.rows)
        along_rows = bool(self.rows) and not self.columns
        lines = kept.rows if along_rows else kept.columns
        middle = (len(lines) - 1) / 2
        found = []
        for index, line in enumerate(lines):
            way = (index - middle) * self.spread
            one = range(line, line + 1)
            if along_rows:
                found += _piece(block, kept.columns, one, (0.0, 0.0, -way), 1.0)
            else:
                found += _piece(block, one, kept.rows, (way, 0.0, 0.0), 1.0)
        return [*found, *_rest(stage, block, [kept], self.to)]


@dataclass(frozen=True, kw_only=True)
class Close(Gesture):
    """Bring the subjects together again that were opened, isolated or fanned."""

    verb = "close"
    needs_numbers = False

    subject: Texts

    def natural(self, run: object) -> float:
        """The time in which a block opens."""
        del run
        return NATURAL

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let all parts return, and the block's own cells take their place."""
        for block in stage.blocks(self.subject, moment):
            if block not in stage.stand_ins:
                continue
            thing = stage.stand_ins[block]
            for name in thing.members:
                home = stage.actors[name].place
                stage.shift(name, targets.LOCATION, moment.start, moment.end, home, moment.id)
                stage.board.ramp(name, targets.OPACITY, moment.start, moment.end, 1.0, moment.id)
            stage.unveil(block, moment.end, moment.id)


def part(stage: Stage, block: str, pieces: Sequence[Piece], moment: Moment) -> Thing:
    """Let pieces stand in for a block, and go their ways."""
    if block in stage.stand_ins:
        stage.unveil(block, moment.start, moment.id)
    thing = stage.bring(f"parts of {block}", moment)
    ahead = 0.0 if stage.leads.is_own(block) else -BEFORE
    stage.veil(block, thing, moment.start, moment.id)
    for piece in pieces:
        place = tuple(first_cell(stage, block, piece.rects[0]))
        name = stage.name(thing)
        stage.add(
            thing, Part(name=name, group=thing.group, place=place, block=block, rects=piece.rects)
        )
        stage.stand(stage.actors[name], moment.id)
        goal = np.array(place) + piece.way + (0.0, ahead, 0.0)
        stage.shift(name, targets.LOCATION, moment.start, moment.end, goal, moment.id)
        stage.board.set(name, targets.OPACITY, moment.start, 1.0, moment.id)
        if piece.opacity < 1:
            stage.board.ramp(
                name, targets.OPACITY, moment.start, moment.end, piece.opacity, moment.id
            )
    return thing


def first_cell(stage: Stage, block: str, rect: Rect) -> np.ndarray:
    """(3,) the middle of the first cell of a rectangle, where its block stands now."""
    one = CellRange(block, range(rect.column, rect.column + 1), range(rect.row, rect.row + 1))
    found: np.ndarray = stage.selection.places(one)[0]
    return found


def _rect(cells: CellRange) -> Rect:
    return Rect(cells.columns.start, cells.rows.start, len(cells.columns), len(cells.rows))


def _piece(block: str, columns: range, rows: range, way: Point, opacity: float) -> list[Piece]:
    """A piece in a list, or none where there are no cells."""
    cells = CellRange(block, columns, rows)
    return [Piece((_rect(cells),), way, opacity)] if len(cells) else []


def _rest(stage: Stage, block: str, kept: Sequence[CellRange], opacity: float) -> list[Piece]:
    """All other cells of a block as one piece."""
    spec = stage.anatomy.blocks[block].spec
    left = [Rect(*piece) for piece in spec.pieces]
    for cells in kept:
        left = cut(left, _rect(cells))
    return [Piece(tuple(left), opacity=opacity)] if left else []
