"""A gesture that shows a cell's formula before the camera, with the model's own numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...explain import explain
from ..actors import Plate, Words
from ..errors import AuthoringError
from ..stage import Moment, Stage
from .base import Gesture, words_of

Corner = Literal["top left", "top right", "top"]

SIZE = 0.0225
"""Largest font size, as a part of the picture's width."""

LETTER = 0.46
"""Width of a letter over the font size."""

WIDEST = 0.62
"""The part of the picture's width that a card may take."""

MARGIN = 0.035
"""From the picture's edges, as a part of its width."""


@dataclass(frozen=True, kw_only=True)
class Card(Gesture):
    """Show the formula of a cell in symbols and with its numbers, as the inspector writes it.

    It stands in a corner of the picture until it is dropped, or the chapter ends.
    """

    verb = "card"
    choices = {"Corner": words_of(Corner)}

    subject: str
    corner: Corner = "top left"
    numbers: bool = True
    name: str = "formula"

    def natural(self, run: object) -> float:
        """The time in which it appears."""
        del run
        return 0.8

    def play(self, stage: Stage, moment: Moment) -> None:
        """Write the formula, and below it the numbers."""
        cells = stage.cells(self.subject, moment)
        if len(cells) != 1 or stage.reader is None:
            raise AuthoringError(f"{moment.id}: card explains one cell, not {len(cells)}.")
        found = explain(stage.reader, cells.block, cells.columns.start, cells.rows.start)
        lines = [found.text, f"= {found.with_numbers}" if self.numbers else ""]
        lines = [line for line in lines if line.strip("= ")]
        if not lines:
            return
        self._write(stage, lines, moment)

    def _write(self, stage: Stage, lines: list[str], moment: Moment) -> None:
        wide = 1.0
        high = 1.0 / stage.aspect
        size = min(SIZE * max(1.0, 1 / stage.aspect), WIDEST / (LETTER * max(map(len, lines))))
        width = LETTER * size * max(map(len, lines))
        left = {"top left": -wide / 2 + MARGIN, "top right": wide / 2 - MARGIN - width}.get(
            self.corner, -width / 2
        )
        top = high / 2 - MARGIN - size / 2
        thing = stage.bring(self.name, moment, hud=True)
        middle = np.array([left + width / 2, 0.0005, top - 0.8 * size * (len(lines) - 1)])
        plate = Plate(
            name=stage.name(thing, "plate"),
            group=thing.group,
            place=tuple(middle.tolist()),
            size=(width + 5 * size, (1.6 * len(lines) + 3.0) * size),
            soft=2.0 * size,
            strength=0.8,
        )
        stage.add(thing, plate)
        for index, line in enumerate(lines):
            words = Words(
                name=stage.name(thing, "line"),
                group=thing.group,
                place=(left, 0.0, top - 1.6 * size * index),
                text=line,
                size=size,
                align="LEFT",
                tone=index and 1,
            )
            stage.add(thing, words)
        for name in thing.members:
            stage.appear(name, moment.start, moment.end, moment.id)
