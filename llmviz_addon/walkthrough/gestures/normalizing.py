"""A gesture that shows a layer norm: a column as bars that are centered, scaled and shifted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import LABELS, Actor, Counter, Lines, Words
from ..errors import AuthoringError
from ..running import decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture, Vector
from .base import Words as Texts
from .charts import Chart, bring, chart, land, turn
from .fronting import before_layer

Floats = NDArray[np.float64]

SIGMA = 2.6
"""Cells of one standard deviation in a chart of normalized numbers."""

BESIDE = 9.5
"""Cells on both sides of the bars, where the signs of their lines stand."""

PHASES = ("bars", "mean", "center", "spread", "scale", "weigh", "shift", "land")
"""The steps of a layer norm, in order."""

SECONDS = {"bars": 2.0, "mean": 1.4, "spread": 1.4, "land": 1.6}
PER_STEP = 1.8
"""Natural seconds of steps; of those that are not listed, `PER_STEP`."""


@dataclass(frozen=True, kw_only=True)
class Normalize(Gesture):
    """Show the layer norm of one position: its column as bars, centered, scaled, and shifted."""

    verb = "normalize"

    subject: str
    phase: Texts = PHASES
    name: str = "normalize"
    height: float = 9.0
    offset: Vector = (0.0, 0.0, 0.0)

    def natural(self, run: object) -> float:
        """The sum of its phases."""
        del run
        for phase in self.phase:
            if phase not in PHASES:
                raise AuthoringError(
                    f"normalize has the phase {phase!r}; there are {', '.join(PHASES)}."
                )
        return sum(SECONDS.get(phase, PER_STEP) for phase in self.phase)

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of the bars."""
        return {self.name: self._begun(stage, moment).corners}

    def _parts(self, stage: Stage, moment: Moment) -> dict[str, CellRange]:
        """The cells of each part of the layer norm, for one position."""
        target = stage.cells(self.subject, moment)
        formula = stage.anatomy.blocks[target.block].formula
        if formula is None or formula.operation != "layer_norm" or len(target.columns) != 1:
            raise AuthoringError(f"{moment.id}: {self.subject!r} is no column of a layer norm.")
        found = {"target": target}
        for operand in formula.operands:
            column = target.columns if operand.shape[0] > 1 else range(1)
            rows = target.rows if operand.shape[1] > 1 else range(1)
            found[operand.part] = CellRange(operand.block, column, rows)
        return found

    def _begun(self, stage: Stage, moment: Moment) -> Chart:
        parts = self._parts(stage, moment)
        found = chart(stage, parts["input"], self.height, self.offset)
        found.middle = before_layer(stage, parts["target"]) + np.array(self.offset)
        found.beside = BESIDE
        return found

    def play(self, stage: Stage, moment: Moment) -> None:
        """Play the phases, one after the other."""
        self.natural(None)
        parts = self._parts(stage, moment)
        numbers = {part: stage.numbers(c.block, *c.places) for part, c in parts.items()}
        if not all(np.isfinite(values).all() for values in numbers.values()):
            stage.lack(self.name)
            return
        if self.phase[0] == "bars" or self.name not in stage.things:
            found = self._begun(stage, moment)
            bring(stage, self.name, found, moment)
        thing = stage.things[self.name]
        assert isinstance(thing.told, Chart)
        lengths = [SECONDS.get(phase, PER_STEP) for phase in self.phase]
        times = moment.start + moment.seconds * np.cumsum([0.0, *lengths]) / sum(lengths)
        for phase, start, end in zip(
            self.phase, times[:-1].tolist(), times[1:].tolist(), strict=True
        ):
            if phase in ("weigh", "shift") and _part_of(phase) not in parts:
                continue
            part = replace(moment, start=start, end=end)
            _normalize(stage, thing, parts, numbers, phase, part)


def _part_of(phase: str) -> str:
    return {"weigh": "weight", "shift": "bias"}[phase]


def _normalize(
    stage: Stage,
    thing: Thing,
    parts: Mapping[str, CellRange],
    numbers: Mapping[str, Floats],
    phase: str,
    moment: Moment,
) -> None:
    """One phase of a layer norm."""
    found = thing.told
    assert isinstance(found, Chart)
    x, mean, std = numbers["input"], float(numbers["mean"][0]), float(numbers["std"][0])
    # One unit for the numbers as they come, and one for the normalized ones, so that it is seen
    # what γ and β do to these.
    raw = found.unit(np.append(x, x - mean))
    scaled = (x - mean) / std
    weighed = scaled * numbers.get("weight", np.ones(1))
    shifted = weighed + numbers.get("bias", np.zeros(1))
    most = float(np.abs([scaled, weighed, shifted]).max(initial=1e-9))
    unit = min(SIGMA, found.height / most)
    if phase == "bars":
        turn(stage, found, found.boxes(x, raw), x, moment)
    elif phase == "mean":
        _level(stage, thing, found, "μ", [mean * raw], mean, moment)
    elif phase == "center":
        turn(stage, found, found.boxes(x - mean, raw), x - mean, moment)
        _sink(stage, found, "μ", -mean * raw, moment)
    elif phase == "spread":
        _level(stage, thing, found, "σ", [std * raw, -std * raw], std, moment)
    elif phase == "scale":
        turn(stage, found, found.boxes(scaled, unit), scaled, moment, parts["target"].block)
        _widen(stage, found, std * raw, unit, moment)
    elif phase in ("weigh", "shift"):
        values = weighed if phase == "weigh" else shifted
        _leave(stage, found, moment)
        turn(stage, found, found.boxes(values, unit), values, moment)
    else:
        _leave(stage, found, moment)
        land(stage, thing, found, parts["target"], moment)


def _level(
    stage: Stage,
    thing: Thing,
    found: Chart,
    symbol: str,
    heights: Sequence[float],
    value: float,
    moment: Moment,
) -> None:
    """Show lines at some heights, with a symbol and its number beside the first of them."""
    half = len(found.values) * found.pitch / 2 + 1.5
    actors: list[Actor] = [
        Lines(
            name=f"{thing.group}:{symbol}{index}",
            group=thing.group,
            place=tuple((found.middle + (0.0, -0.7, height)).tolist()),
            paths=(((-half, 0.0, 0.0), (half, 0.0, 0.0)),),
            width=0.12,
            tone=LABELS,
        )
        for index, height in enumerate(heights)
    ]
    beside = found.middle + (0.0, -0.7, heights[0])
    actors += [
        Words(
            name=f"{thing.group}:{symbol} sign",
            group=thing.group,
            place=tuple((beside + (-half - 6.2, 0.0, 0.0)).tolist()),
            text=f"{symbol} =",
            size=1.5,
        ),
        Counter(
            name=f"{thing.group}:{symbol} value",
            group=thing.group,
            place=tuple((beside + (-half - 2.8, 0.0, 0.0)).tolist()),
            size=1.5,
            decimals=min(4, decimals(np.array([value]))),
            value=value,
        ),
    ]
    for actor in actors:
        stage.add(thing, actor)
        stage.stand(actor, moment.id)
        stage.appear(actor.name, moment.start, moment.at(0.6), moment.id)
    found.notes[symbol] = [actor.name for actor in actors]


def _sink(stage: Stage, found: Chart, symbol: str, way: float, moment: Moment) -> None:
    """Move a line and its number up or down; a mean that is subtracted is 0 then, and goes."""
    for name in found.notes.get(symbol, ()):
        height = stage.board.value(name, targets.LOCATION, moment.start, 2)
        stage.board.ramp(
            name, targets.LOCATION, moment.start, moment.end, height + way, moment.id, index=2
        )
        stage.board.ramp(name, targets.OPACITY, moment.at(0.6), moment.end, 0.0, moment.id)
    found.notes.pop(symbol, None)


def _widen(stage: Stage, found: Chart, before: float, after: float, moment: Moment) -> None:
    """Move the lines of one standard deviation to where 1 is now."""
    above, below, *beside = found.notes.get("σ", (None, None))
    for name, way in ((above, after - before), (below, before - after)):
        if name is not None:
            height = stage.board.value(name, targets.LOCATION, moment.start, 2)
            stage.board.ramp(
                name, targets.LOCATION, moment.start, moment.end, height + way, moment.id, index=2
            )
    for name in beside:
        assert name is not None
        height = stage.board.value(name, targets.LOCATION, moment.start, 2)
        stage.board.ramp(
            name,
            targets.LOCATION,
            moment.start,
            moment.end,
            height + after - before,
            moment.id,
            index=2,
        )
        if name.endswith("value"):
            counter = stage.actors[name]
            assert isinstance(counter, Counter)
            stage.board.set(name, targets.COUNT, 0.0, counter.value, moment.id)
            stage.board.set(name, targets.COUNT, moment.end, 1.0, moment.id)


def _leave(stage: Stage, found: Chart, moment: Moment) -> None:
    """Let all lines go."""
    for names in found.notes.values():
        for name in names:
            stage.board.ramp(name, targets.OPACITY, moment.start, moment.at(0.3), 0.0, moment.id)
    found.notes.clear()
