"""Gestures of bars: cells grow into bars, take other values, and become cells again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import AuthoringError
from ..selection import CellRange
from ..stage import Moment, Stage
from .base import Gesture, Vector
from .charts import Chart, bring, chart, land, turn

Floats = NDArray[np.float64]

GROWING, CHANGING = 2.0, 1.8
"""Natural seconds in which cells become bars, and in which bars take other values."""


@dataclass(frozen=True, kw_only=True)
class BarsOf(Gesture):
    """Let copies of cells grow into bars, before all that stands in their layer."""

    verb = "bars"

    subject: str
    name: str = "bars"
    height: float = 8.0
    full: float = 0.0
    """The number that gets the full height; the largest one unless given."""
    offset: Vector = (0.0, 0.0, 0.0)

    def natural(self, run: object) -> float:
        """The time in which cells become bars."""
        del run
        return GROWING

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of the bars."""
        return {self.name: self._chart(stage, moment).corners}

    def _chart(self, stage: Stage, moment: Moment) -> Chart:
        return chart(stage, stage.cells(self.subject, moment), self.height, self.offset)

    def play(self, stage: Stage, moment: Moment) -> None:
        """Bring the bars, and let them rise."""
        found = self._chart(stage, moment)
        if np.isfinite(found.values).all():
            bring(stage, self.name, found, moment)
            unit = found.unit(found.values, self.full)
            turn(stage, found, found.boxes(found.values, unit), found.values, moment)


@dataclass(frozen=True, kw_only=True)
class Morph(Gesture):
    """Let bars take other values: those of other cells, or what follows from their own.

    `shift` subtracts the largest, `exp` takes the exponential of that, `softmax` divides it by the
    sum, at this temperature. With `land` they become cells again, those of `to` or their own.
    """

    verb = "morph"

    subject: str
    to: str = ""
    shift: bool = False
    exp: bool = False
    softmax: float = 0.0
    full: float = 0.0
    land: bool = False

    def natural(self, run: object) -> float:
        """The time of a step."""
        del run
        return CHANGING

    def play(self, stage: Stage, moment: Moment) -> None:
        """Turn the bars into what is asked for."""
        thing = stage.thing(self.subject, moment)
        if not isinstance(thing.told, Chart):
            raise AuthoringError(f"{moment.id}: {self.subject!r} are no bars.")
        found = thing.told
        cells = stage.cells(self.to, moment) if self.to else found.cells
        if len(cells) != len(found.values):
            raise AuthoringError(
                f"{moment.id}: morph has {len(found.values)} bars for {len(cells)} cells."
            )
        values, full = self._values(stage, found, cells)
        if not self.land:
            unit = found.unit(values, self.full or full)
            turn(stage, found, found.boxes(values, unit), values, moment)
            return
        land(stage, thing, found, cells, moment)

    def _values(self, stage: Stage, found: Chart, cells: CellRange) -> tuple[Floats, float]:
        """The new numbers, and the one that gets the full height; 0 for the largest."""
        if self.to:
            return stage.numbers(cells.block, *cells.places), 0.0
        own = stage.numbers(cells.block, *cells.places)
        if self.shift:
            return own - own.max(), 0.0
        if self.exp:
            return np.exp(own - own.max()), 1.0
        if self.softmax:
            powers = np.exp((own - own.max()) / self.softmax)
            return powers / powers.sum(), 1.0
        return own, 0.0
