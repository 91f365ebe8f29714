"""Charts: bars on the stage that stand for cells, and how they change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import LABELS, Bars, Labels, Lines
from ..errors import AuthoringError
from ..properties import FORM, STATES
from ..running import decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Vector
from .flying import fill_in
from .fronting import backing, before_layer

Floats = NDArray[np.float64]

WIDTH, WIDEST = 40.0, 4.2
"""Cells that many bars take beside each other, and the most that one of them takes."""

LETTER = 0.56
"""Width of a digit over the font size."""

FOOT = 2.6
"""Cells below the lowest bar, for its number and for the names of bars."""

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
    beside
        Cells left free on both sides.
    thing
        What they are on the stage.
    label
        The actor of the numbers below the bars; empty where there are many.
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
    beside: float = 1.5
    thing: Thing | None = None
    label: str = ""
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
        wide = len(self.values) * self.pitch / 2 + self.beside
        low, high = self.height + FOOT + 1.6, self.height + FOOT
        found: Floats = self.middle + np.array([[-wide, 0.0, -low], [wide, 0.0, high]])
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
    thing.told, found.thing = found, thing
    home = found.as_cells(stage.selection.places(found.cells))
    actor = Bars(
        name=stage.name(thing, "bars"),
        group=thing.group,
        place=tuple(found.middle.tolist()),
        block=found.cells.block,
        values=(tuple(found.values.tolist()),),
        scales=(found.cells.block,),
        boxes=(plain(home),),
    )
    found.actor = stage.add(thing, actor)
    plate = backing(stage, thing, found.corners)
    half = len(found.values) * found.pitch / 2 + 0.5
    line = Lines(
        name=stage.name(thing, "line"),
        group=thing.group,
        place=tuple(found.middle.tolist()),
        paths=(((-half, 0.0, 0.0), (half, 0.0, 0.0)),),
        width=0.07,
        tone=LABELS + 1,
    )
    stage.add(thing, line)
    for shown in (plate, line):
        stage.appear(shown.name, moment.at(0.3), moment.at(0.8), moment.id)


def turn(
    stage: Stage,
    found: Chart,
    boxes: Floats,
    values: Floats,
    moment: Moment,
    scale: str | None = None,
    *,
    labeled: bool = True,
) -> None:
    """Let bars go over into another state, whose numbers are on the color scale of a block.

    That is `scale`, the one that they were on unless given; empty where 1 shines fully. Where
    `labeled`, the numbers of a few bars are written at their ends.
    """
    actor = stage.actors[found.actor]
    assert isinstance(actor, Bars)
    if len(actor.boxes) > STATES:
        raise AuthoringError(f"{moment.id}: bars can change {STATES} times.")
    stage.actors[found.actor] = replace(
        actor,
        values=(*actor.values, tuple(values.tolist())),
        scales=(*actor.scales, actor.scales[-1] if scale is None else scale),
        boxes=(*actor.boxes, plain(boxes)),
    )
    board, owner = stage.board, moment.id
    found.state = len(actor.boxes)
    board.ramp(found.actor, targets.STEP, moment.start, moment.end, float(found.state), owner)
    board.ramp(found.actor, targets.FORM, moment.start, moment.end, FORM * found.state, owner)
    found.values = values
    if labeled and len(values) <= LABELED:
        _relabel(stage, found, boxes, moment)


def _relabel(stage: Stage, found: Chart, boxes: Floats, moment: Moment) -> None:
    """Write the numbers at the ends of bars, once these have arrived."""
    thing, board = found.thing, stage.board
    assert thing is not None
    if found.label:
        board.ramp(found.label, targets.OPACITY, moment.start, moment.at(0.2), 0.0, moment.id)
    digits = min(decimals(found.values), 3 if np.abs(found.values).max() <= 1 else 2)
    texts = tuple(f"{value:.{digits}f}".replace("-", "−") for value in found.values.tolist())
    size = min(1.6, found.pitch / (LETTER * (max(map(len, texts)) + 0.6)))
    below, above = boxes[:, 0, 2], boxes[:, 1, 2]
    ends = np.where(found.values < 0, below - 0.8 * size, above + 0.8 * size)
    label = Labels(
        name=stage.name(thing, "numbers"),
        group=thing.group,
        place=tuple((found.middle + (0.0, -0.6, 0.0)).tolist()),
        texts=texts,
        offsets=tuple(
            (across, 0.0, up)
            for across, up in zip(found.across.tolist(), ends.tolist(), strict=True)
        ),
        size=size,
    )
    found.label = stage.add(thing, label)
    stage.appear(label.name, moment.at(0.85), moment.end, moment.id)


def land(stage: Stage, thing: Thing, found: Chart, cells: CellRange, moment: Moment) -> None:
    """Let bars become cells again, in the places of some."""
    goal = stage.selection.places(cells)
    for name in thing.members:
        if name != found.actor and stage.board.value(name, targets.OPACITY, np.inf):
            stage.board.ramp(name, targets.OPACITY, moment.start, moment.at(0.3), 0.0, moment.id)
    turn(stage, found, found.as_cells(goal), found.values, moment, labeled=False)
    fill_in(stage, cells, [moment.end] * len(cells), moment)
    stage.drop(thing.name, moment.end, moment.id)


def plain(boxes: Floats) -> tuple:
    """Boxes as plain data."""
    return tuple(
        tuple(tuple(float(at) for at in corner) for corner in box) for box in boxes.tolist()
    )
