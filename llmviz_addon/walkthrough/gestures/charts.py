"""Charts: bars on the stage that stand for cells, and how they change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import LABELS, Bars, Counter, Lines, Plate
from ..errors import AuthoringError
from ..properties import STATES
from ..running import decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Vector
from .exploding import before_layer
from .flying import fill_in

Floats = NDArray[np.float64]

WIDTH, WIDEST = 40.0, 3.2
"""Cells that many bars take beside each other, and the most that one of them takes."""

LABELED = 16
"""Bars up to which each has its number below it."""


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


def _plain(boxes: Floats) -> tuple:
    """Boxes as plain data."""
    return tuple(
        tuple(tuple(float(at) for at in corner) for corner in box) for box in boxes.tolist()
    )
