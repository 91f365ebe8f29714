"""A gesture that draws lines from the cells that a cell is computed from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..actors import Lines
from ..stage import Moment, Stage
from .base import Gesture, Texts

Floats = NDArray[np.float64]

BENDS = 10
"""Straight pieces of a line."""

BOW = 0.25
"""The way by which a line bends toward the viewer, as a part of its length."""

WIDTH = 0.14
"""Cells."""


@dataclass(frozen=True, kw_only=True)
class Link(Gesture):
    """Draw lines to cells from their sources, or from others, for the gesture's time.

    Of many sources, the `most` with the largest numbers are shown.
    """

    verb = "link"

    subject: str
    from_: Texts = ()
    most: int = 24
    name: str = "link"

    def natural(self, run: object) -> float:
        """The time in which lines can be followed."""
        del run
        return 3.0

    def play(self, stage: Stage, moment: Moment) -> None:
        """Bring the lines, and let them go when the time is over."""
        cells = stage.cells(self.subject, moment)
        goals = stage.selection.places(cells)
        starts = self._starts(stage, moment)
        if not len(starts):
            return
        thing = stage.bring(self.name, moment)
        pairs = [(start, goal) for goal in goals for start in starts]
        line = Lines(
            name=stage.name(thing, "lines"),
            group=thing.group,
            paths=tuple(path(start, goal) for start, goal in pairs),
            width=WIDTH,
        )
        stage.add(thing, line)
        fade = min(0.5, moment.seconds / 4)
        stage.appear(line.name, moment.start, moment.start + fade, moment.id)
        stage.board.ramp(line.name, "opacity", moment.end - fade, moment.end, 0.0, moment.id)
        stage.drop(thing.name, moment.end, moment.id)

    def _starts(self, stage: Stage, moment: Moment) -> Floats:
        """(n, 3) where the lines begin."""
        if self.from_:
            found = [stage.cells(selector, moment) for selector in self.from_]
            return np.concatenate([stage.selection.places(cells) for cells in found])
        target = stage.cells(self.subject, moment)
        formula = stage.anatomy.blocks[target.block].formula
        if formula is None:
            return np.zeros((0, 3))

        def read(name: str, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
            return stage.numbers(name, columns.tolist(), rows.tolist())

        column, row = target.columns.start, target.rows.start
        places, sizes = [], []
        for name, columns, rows in formula.sources(column, row, stage.run.n_tokens, read):
            block = stage.anatomy.blocks[name]
            right, up = block.spec.places(columns, rows)
            at = np.column_stack([right, np.zeros(len(columns)), up]) + np.array(block.origin)
            places.append(at + stage.selection.shifts.get(name, np.zeros(3)))
            sizes.append(np.abs(read(name, columns, rows)))
        order = np.argsort(-np.nan_to_num(np.concatenate(sizes)), kind="stable")[: self.most]
        chosen: Floats = np.concatenate(places)[np.sort(order)]
        return chosen


def path(start: Floats, goal: Floats) -> tuple[tuple[float, float, float], ...]:
    """The points of a line that bends toward the viewer."""
    done = np.linspace(0.0, 1.0, BENDS + 1)[:, None]
    bow = np.array([0.0, -BOW * float(np.linalg.norm(goal - start)), 0.0])
    points = start + done * (goal - start) + np.sin(np.pi * done) * bow
    # In front of the cells at both ends, not inside of them.
    points[:, 1] -= 0.55
    return tuple((float(x), float(y), float(z)) for x, y, z in points.tolist())
