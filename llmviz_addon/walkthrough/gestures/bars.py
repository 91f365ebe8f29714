"""Gestures of bars: cells grow into bars, take other values, and become cells again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Labels, Words
from ..errors import AuthoringError
from ..selection import CellRange
from ..stage import Moment, Stage
from .base import Gesture, Vector
from .charts import FOOT, LABELED, Chart, bring, chart, land, turn

Floats = NDArray[np.float64]

GROWING, CHANGING = 2.0, 1.8
"""Natural seconds in which cells become bars, and in which bars take other values."""

BESIDE = 6.0
"""Cells on both sides of the bars, where a temperature is written."""


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
    tokens: bool = False
    """True if the tokens of their columns, which are positions, stand below the bars."""

    def natural(self, run: object) -> float:
        """The time in which cells become bars."""
        del run
        return GROWING

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of the bars."""
        return {self.name: self._chart(stage, moment).corners}

    def _chart(self, stage: Stage, moment: Moment) -> Chart:
        found = chart(stage, stage.cells(self.subject, moment), self.height, self.offset)
        found.beside = BESIDE
        return found

    def play(self, stage: Stage, moment: Moment) -> None:
        """Bring the bars, and let them rise."""
        found = self._chart(stage, moment)
        if not np.isfinite(found.values).all():
            stage.lack(self.name)
        else:
            bring(stage, self.name, found, moment)
            unit = found.unit(found.values, self.full)
            turn(stage, found, found.boxes(found.values, unit), found.values, moment)
            if self.tokens and len(found.values) <= LABELED:
                _name(stage, found, moment)


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
        if self.land:
            land(stage, thing, found, cells, moment)
            return
        values, full = self._values(stage, found, cells)
        if self.softmax:
            _tell(stage, found, self.softmax, moment)
        unit, scale = found.unit(values, self.full or full), "" if full else cells.block
        turn(stage, found, found.boxes(values, unit), values, moment, scale)

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


def _name(stage: Stage, found: Chart, moment: Moment) -> None:
    """Write the tokens of the bars' positions below the room of the bars."""
    assert found.thing is not None
    size = min(1.9, found.pitch / 1.8)
    names = Labels(
        name=stage.name(found.thing, "tokens"),
        group=found.thing.group,
        place=tuple((found.middle + (0.0, -0.6, -found.height - FOOT)).tolist()),
        texts=tuple(stage.run.label(stage.run.ids[column]) for column in found.cells.columns),
        offsets=tuple((across, 0.0, 0.0) for across in found.across.tolist()),
        size=size,
        tone=1,
    )
    stage.add(found.thing, names)
    stage.appear(names.name, moment.at(0.7), moment.end, moment.id)


def _tell(stage: Stage, found: Chart, temperature: float, moment: Moment) -> None:
    """Write a temperature beside the bars, in place of the one before."""
    assert found.thing is not None
    for name in found.notes.get("T", ()):
        stage.board.ramp(name, targets.OPACITY, moment.start, moment.at(0.2), 0.0, moment.id)
    left = float(found.across[0]) - found.pitch / 2 - BESIDE / 2
    words = Words(
        name=stage.name(found.thing, "temperature"),
        group=found.thing.group,
        place=tuple((found.middle + (left, -0.6, found.height / 2)).tolist()),
        text=f"T = {temperature:g}",
        size=1.9,
    )
    found.notes["T"] = [stage.add(found.thing, words)]
    stage.appear(words.name, moment.at(0.3), moment.at(0.7), moment.id)
