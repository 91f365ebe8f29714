"""Gestures of bars: cells grow into bars, take other values, and become cells again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import LABELS, Actor, Bars, Counter, Lines, Plate, Words
from ..errors import AuthoringError
from ..properties import STATES
from ..running import decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture, Vector
from .base import Words as Texts
from .flying import fill_in
from .summing import before_layer

Floats = NDArray[np.float64]

WIDTH, WIDEST = 40.0, 3.2
"""Cells that many bars take beside each other, and the most that one of them takes."""

LABELED = 16
"""Bars up to which each has its number below it."""

SIGMA = 2.6
"""Cells of one standard deviation in a chart of normalized numbers."""

PHASES = ("bars", "mean", "center", "spread", "scale", "weigh", "shift", "land")
"""The steps of a layer norm, in order."""

SECONDS = {"bars": 2.0, "mean": 1.4, "spread": 1.4, "land": 1.6}
PER_STEP = 1.8
"""Natural seconds of steps; of those that are not listed, `PER_STEP`."""


@dataclass
class Chart:
    """Bars on the stage.

    Attributes
    ----------
    cells
        The cells whose numbers they show.
    middle
        The middle of their base line.
    pitch, height
        Cells between two bars, and of the largest of them.
    values
        (n,) the numbers that they show now.
    actor
        Their target.
    state
        The number of the state that they are in.
    labels
        Counters below the bars; none where there are many.
    notes
        Further actors by what they show, such as the line of a mean.
    """

    cells: CellRange
    middle: Floats
    pitch: float
    height: float
    values: Floats
    actor: str = ""
    state: int = 0
    labels: list[str] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def across(self) -> Floats:
        """(n,) the middles of bars, from that of the base line."""
        count = len(self.values)
        places: Floats = (np.arange(count, dtype=np.float64) - (count - 1) / 2) * self.pitch
        return places

    def boxes(self, values: Floats, unit: float) -> Floats:
        """(n, 2, 3) the boxes of bars, `unit` cells high for the number 1, from the middle."""
        half = 0.41 * self.pitch
        ends = np.sort(np.stack([np.zeros_like(values), values * unit], -1), axis=1)
        # A bar of nothing is still seen.
        ends[:, 1] = np.maximum(ends[:, 1], ends[:, 0] + 0.04)
        deep = min(half, 0.45)
        least = np.stack([self.across - half, np.full_like(values, -deep), ends[:, 0]], -1)
        greatest = np.stack([self.across + half, np.full_like(values, deep), ends[:, 1]], -1)
        found: Floats = np.stack([least, greatest], axis=1)
        return found

    def as_cells(self, places: Floats) -> Floats:
        """(n, 2, 3) the boxes of cells that stand at places (n, 3), from the middle."""
        at = places - self.middle
        found: Floats = np.stack([at - 0.45, at + 0.45], axis=1)
        return found

    def unit(self, values: Floats, full: float = 0.0) -> float:
        """Cells for the number 1, where `full`, or the largest number, gets the full height."""
        most = full or float(np.abs(values).max(initial=0.0))
        return self.height / most if most else 0.0

    @property
    def corners(self) -> Floats:
        """(2, 3) the least and greatest corner of the room that it takes."""
        wide = len(self.values) * self.pitch / 2 + 6.5
        room = np.array([wide, 0.0, self.height + 2.0])
        found: Floats = np.stack([self.middle - room, self.middle + room])
        return found


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
        return SECONDS["bars"]

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
        return PER_STEP

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


@dataclass(frozen=True, kw_only=True)
class Normalize(Gesture):
    """Show the layer norm of one position: its column as bars, centered, scaled, and shifted."""

    verb = "normalize"

    subject: str
    phase: Texts = PHASES
    name: str = "normalize"
    height: float = 7.0
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
        return found

    def play(self, stage: Stage, moment: Moment) -> None:
        """Play the phases, one after the other."""
        self.natural(None)
        parts = self._parts(stage, moment)
        numbers = {part: stage.numbers(c.block, *c.places) for part, c in parts.items()}
        if not all(np.isfinite(values).all() for values in numbers.values()):
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
    # One unit for the numbers as they come, and one for the normalized ones.
    raw = found.unit(np.append(x, x - mean))
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
        scaled = (x - mean) / std
        unit = min(SIGMA, found.height / float(np.abs(scaled).max(initial=1e-9)))
        turn(stage, found, found.boxes(scaled, unit), scaled, moment)
        _widen(stage, found, std * raw, unit, moment)
    elif phase in ("weigh", "shift"):
        scaled = (x - mean) / std * numbers["weight"]
        if phase == "shift":
            scaled = scaled + numbers["bias"]
        _leave(stage, found, moment)
        turn(stage, found, found.boxes(scaled, found.unit(scaled)), scaled, moment)
    else:
        _leave(stage, found, moment)
        land(stage, thing, found, parts["target"], moment)


def chart(stage: Stage, cells: CellRange, height: float, offset: Vector) -> Chart:
    """The chart of cells, before their layer."""
    values = stage.numbers(cells.block, *cells.places)
    pitch = min(WIDEST, WIDTH / len(cells))
    middle = before_layer(stage, cells) + np.array(offset)
    return Chart(cells, middle, pitch, height, values)


def bring(stage: Stage, name: str, found: Chart, moment: Moment) -> None:
    """Bring bars onto the stage, as cells where their cells stand."""
    thing = stage.bring(name, moment)
    thing.told = found
    home = found.as_cells(stage.selection.places(found.cells))
    actor = Bars(
        name=stage.name(thing, "bars"),
        group=thing.group,
        place=tuple(found.middle.tolist()),
        block=found.cells.block,
        values=tuple(found.values.tolist()),
        boxes=(_plain(home),),
    )
    found.actor = stage.add(thing, actor)
    wide, high = len(found.values) * found.pitch + 8.0, 2 * found.height + 9.0
    plate = Plate(
        name=stage.name(thing, "plate"),
        group=thing.group,
        place=tuple((found.middle + (0.0, 1.6, 0.0)).tolist()),
        size=(wide, high),
        soft=3.0,
    )
    half = len(found.values) * found.pitch / 2 + 0.5
    line = Lines(
        name=stage.name(thing, "line"),
        group=thing.group,
        place=tuple(found.middle.tolist()),
        paths=(((-half, 0.0, 0.0), (half, 0.0, 0.0)),),
        width=0.07,
        tone=LABELS + 1,
    )
    for shown in (plate, line):
        stage.add(thing, shown)
        stage.appear(shown.name, moment.at(0.3), moment.at(0.8), moment.id)
    if len(found.values) <= LABELED:
        digits = decimals(found.values)
        for across, value in zip(found.across.tolist(), found.values.tolist(), strict=True):
            label = Counter(
                name=stage.name(thing, "label"),
                group=thing.group,
                place=tuple((found.middle + (across, -0.6, -found.height - 1.2)).tolist()),
                size=min(1.6, found.pitch / 2.1),
                decimals=min(digits, 2),
                value=value,
            )
            found.labels.append(stage.add(thing, label))
            stage.board.set(label.name, targets.OPACITY, 0.0, 0.0, moment.id)


def turn(stage: Stage, found: Chart, boxes: Floats, values: Floats, moment: Moment) -> None:
    """Let bars go over into another state."""
    actor = stage.actors[found.actor]
    assert isinstance(actor, Bars)
    if len(actor.boxes) > STATES:
        raise AuthoringError(f"{moment.id}: bars can change {STATES} times.")
    stage.actors[found.actor] = replace(actor, boxes=(*actor.boxes, _plain(boxes)))
    board, owner = stage.board, moment.id
    if found.state:
        board.ramp(found.actor, f"state{found.state}", moment.start, moment.end, 0.0, owner)
    found.state = len(actor.boxes)
    board.ramp(found.actor, f"state{found.state}", moment.start, moment.end, 1.0, owner)
    for label, old, new in zip(found.labels, found.values.tolist(), values.tolist(), strict=False):
        if not board.has(label, targets.COUNT):
            board.set(label, targets.COUNT, 0.0, old, owner)
        # It is gone while its bar is on its way, whose height is no number then.
        board.ramp(label, targets.OPACITY, moment.start, moment.at(0.2), 0.0, owner)
        board.set(label, targets.COUNT, moment.at(0.5), new, owner)
        board.ramp(label, targets.OPACITY, moment.at(0.85), moment.end, 1.0, owner)
    found.values = values


def land(stage: Stage, thing: Thing, found: Chart, cells: CellRange, moment: Moment) -> None:
    """Let bars become cells again, in the places of some."""
    goal = stage.selection.places(cells)
    for name in thing.members:
        if name != found.actor and stage.board.value(name, targets.OPACITY, np.inf):
            stage.board.ramp(name, targets.OPACITY, moment.start, moment.at(0.3), 0.0, moment.id)
    found.labels.clear()
    turn(stage, found, found.as_cells(goal), found.values, moment)
    fill_in(stage, cells, [moment.end] * len(cells), moment)
    stage.drop(thing.name, moment.end, moment.id)


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
            place=tuple((beside + (-half - 4.4, 0.0, 0.0)).tolist()),
            text=f"{symbol} =",
            size=1.5,
        ),
        Counter(
            name=f"{thing.group}:{symbol} value",
            group=thing.group,
            place=tuple((beside + (-half - 2.0, 0.0, 0.0)).tolist()),
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


def _plain(boxes: Floats) -> tuple:
    """Boxes as plain data."""
    return tuple(
        tuple(tuple(float(at) for at in corner) for corner in box) for box in boxes.tolist()
    )
