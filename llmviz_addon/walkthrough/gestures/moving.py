"""Gestures that move blocks, with all that is their own, and bring them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...detail import Rect
from .. import targets
from ..errors import AuthoringError
from ..stage import Moment, Stage
from .base import Gesture, Texts, Vector, words_of
from .parting import Piece, part

Side = Literal["left", "right", "above", "below", "front", "behind"]

_AWAY: Mapping[str, tuple[int, int]] = {
    "left": (0, -1),
    "right": (0, 1),
    "front": (1, -1),
    "behind": (1, 1),
    "below": (2, -1),
    "above": (2, 1),
}
"""By side, the axis and the direction along it."""


@dataclass(frozen=True, kw_only=True)
class _Moving(Gesture):
    """The base of gestures that move blocks."""

    needs_numbers = False

    subject: Texts

    def natural(self, run: object) -> float:
        """The time of a block's way."""
        del run
        return 1.2

    def shifts(self, stage: Stage, moment: Moment) -> dict[str, np.ndarray]:
        """The way of each block from its place in the layout, (3,) in cells."""
        raise NotImplementedError

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """Nothing new; but shots look where blocks will stand."""
        found = self.shifts(stage, moment)
        stage.coming[self] = found
        stage.selection.shifts.update(found)
        return {}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Move each block without its arrows; one that shares an object sends a copy."""
        shifts = stage.coming.pop(self)
        home = [block for block, shift in shifts.items() if not shift.any()]
        away = [block for block in shifts if block not in home]
        stage.fade_arrows(away, moment.start, moment.at(0.4), 0.0, moment.id)
        stage.fade_arrows(home, moment.at(0.6), moment.end, 1.0, moment.id)
        for block, shift in shifts.items():
            if block in stage.stand_ins and not stage.stand_ins[block].told == "copy":
                raise AuthoringError(f"{moment.id}: {block} is open; close it before it is moved.")
            if stage.leads.is_own(block):
                stage.shift(block, targets.OFFSET, moment.start, moment.end, shift, moment.id)
            else:
                self._send(stage, block, shift, moment)

    def _send(self, stage: Stage, block: str, shift: np.ndarray, moment: Moment) -> None:
        """Move a copy of a block that cannot move itself."""
        if block not in stage.stand_ins:
            whole = tuple(Rect(*piece) for piece in stage.anatomy.blocks[block].spec.pieces)
            del stage.selection.shifts[block]
            thing = part(stage, block, [Piece(whole)], _at(moment))
            thing.told = "copy"
            stage.selection.shifts[block] = shift
        (name,) = stage.stand_ins[block].members
        goal = np.array(stage.actors[name].place) + shift
        # A new copy has just stepped before its block, and leaves from there.
        away = _at(moment).end
        stage.shift(name, targets.LOCATION, away, moment.end, goal, moment.id)


def _at(moment: Moment) -> Moment:
    """The very beginning of a moment."""
    return Moment(moment.id, moment.start, moment.start + 1e-3, moment.names)


@dataclass(frozen=True, kw_only=True)
class Slide(_Moving):
    """Move the subjects `by` so many cells, or `beside` another block; until they go back."""

    verb = "slide"
    choices = {"Side": words_of(Side)}

    by: Vector = (0.0, 0.0, 0.0)
    beside: str = ""
    side: Side = "left"
    gap: float = 6.0

    def shifts(self, stage: Stage, moment: Moment) -> dict[str, np.ndarray]:
        """The same way for all subjects, which stay together."""
        blocks = stage.blocks(self.subject, moment)
        shift = np.array(self.by)
        if self.beside:
            own, other = _box(stage, blocks), _box(stage, stage.blocks((self.beside,), moment))
            axis, sign = _AWAY[self.side]
            # Level with the other block: tops and fronts are in line.
            shift = shift + np.array(
                [other[0, 0] - own[0, 0], other[0, 1] - own[0, 1], other[1, 2] - own[1, 2]]
            )
            near, far = (own[0], other[1]) if sign > 0 else (own[1], other[0])
            shift[axis] = self.by[axis] + far[axis] - near[axis] + sign * self.gap
        before = stage.selection.shifts
        return {block: before.get(block, np.zeros(3)) + shift for block in blocks}


@dataclass(frozen=True, kw_only=True)
class Stack(_Moving):
    """Stand the subjects on top of each other, the first one on top; until they go back."""

    verb = "stack"

    gap: float = 0.0
    by: Vector = (0.0, 0.0, 0.0)

    def shifts(self, stage: Stage, moment: Moment) -> dict[str, np.ndarray]:
        """Each below the one before, in the plane of the nearest, around their common middle."""
        blocks = stage.blocks(self.subject, moment)
        boxes = [_box(stage, [block]) for block in blocks]
        least = np.min([box[0] for box in boxes], axis=0)
        greatest = np.max([box[1] for box in boxes], axis=0)
        heights = [box[1, 2] - box[0, 2] for box in boxes]
        top = (least[2] + greatest[2] + sum(heights) + self.gap * (len(boxes) - 1)) / 2
        found = {}
        for block, box, height in zip(blocks, boxes, heights, strict=True):
            shift = np.array([least[0] - box[0, 0], least[1] - box[0, 1], top - box[1, 2]])
            before = stage.selection.shifts.get(block, np.zeros(3))
            found[block] = before + shift + np.array(self.by)
            top -= height + self.gap
        return found


@dataclass(frozen=True, kw_only=True)
class Back(_Moving):
    """Bring the subjects back to their places in the layout."""

    verb = "back"

    def shifts(self, stage: Stage, moment: Moment) -> dict[str, np.ndarray]:
        """No way from there, for all that have moved."""
        moved = stage.selection.shifts
        return {b: np.zeros(3) for b in stage.blocks(self.subject, moment) if b in moved}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Move each block back; a copy that went in its place is gone then."""
        blocks = list(stage.coming.get(self, ()))
        super().play(stage, moment)
        for block in blocks:
            if not stage.selection.shifts[block].any():
                # It may leave again in the same beat.
                del stage.selection.shifts[block]
            if block in stage.stand_ins:
                stage.unveil(block, moment.end, moment.id)


def _box(stage: Stage, blocks: list[str]) -> np.ndarray:
    """(2, 3) the least and greatest corner of blocks, where they stand now."""
    corners = stage.selection.points(blocks)
    return np.stack([corners.min(axis=0), corners.max(axis=0)])
