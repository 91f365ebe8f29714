"""A gesture that mixes columns: each is weighed by its share, and they run together into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Cells, Labels
from ..errors import AuthoringError
from ..running import Factor, running
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture
from .charts import LETTER
from .exploding import hidden, hide, show
from .flying import fill_in
from .fronting import backing, before_layer

Floats = NDArray[np.float64]

MOST = 12
"""Columns that are shown; of more, those with the largest shares."""

PITCH, WIDER = 3.0, 1.5
"""Least number of cells from one column to the next, and the width of all columns over their height
where there are few of them."""

ABOVE = 2.2
"""Cells from a column's first cell up to its share."""


@dataclass(frozen=True)
class Mixture:
    """Columns and their shares.

    Attributes
    ----------
    target
        The column that is mixed.
    shares, columns
        The cells of the shares, and the first cell of each column.
    values
        (n, rows) the numbers of the columns.
    total
        (rows,) the numbers of the target.
    middle
        The middle of the columns, where they stand before the layer.
    """

    target: CellRange
    shares: Factor
    columns: Factor
    values: Floats
    total: Floats
    middle: Floats

    @property
    def pitch(self) -> float:
        """Cells from one column to the next."""
        count, rows = self.values.shape
        return max(PITCH, WIDER * rows / count)

    @property
    def across(self) -> Floats:
        """(n,) where the columns stand, from their middle."""
        count = len(self.values)
        found: Floats = (np.arange(count, dtype=np.float64) - (count - 1) / 2) * self.pitch
        return found

    @property
    def down(self) -> Floats:
        """(rows,) where the cells of a column stand, from its middle."""
        count = self.values.shape[1]
        return np.arange(count, dtype=np.float64)[::-1] - (count - 1) / 2

    @property
    def top(self) -> float:
        """Where the shares stand, from the middle up."""
        return float(self.down[0]) + ABOVE

    @property
    def corners(self) -> Floats:
        """(2, 3) the room that it takes."""
        side = float(self.across[-1]) + PITCH
        low, high = (-side, 0.0, float(self.down[-1]) - 1.0), (side, 0.0, self.top + 2.8)
        return np.stack([self.middle + low, self.middle + high])


@dataclass(frozen=True, kw_only=True)
class Mix(Gesture):
    """Mix a column that is a weighted sum of others, such as a head's output of its values.

    Copies of the columns come out, each is weighed by its share, and they slide together.
    """

    verb = "mix"

    subject: str
    name: str = "mix"

    def natural(self, run: object) -> float:
        """The time in which each step can be followed."""
        del run
        return 5.6

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The plane of the columns; the target itself where numbers are not known."""
        found = self._mixture(stage, moment)
        if found is None:
            return {self.name: stage.selection.places(stage.cells(self.subject, moment))}
        return {self.name: found.corners}

    def _mixture(self, stage: Stage, moment: Moment) -> Mixture | None:
        target = stage.cells(self.subject, moment)
        rows = target.rows
        if len(target.columns) != 1:
            raise AuthoringError(f"{moment.id}: mix takes one column, not {len(target.columns)}.")
        ends = [
            running(stage, replace(target, rows=range(row, row + 1))) for row in (rows[0], rows[-1])
        ]
        first, last = ends
        if first is None or last is None:
            return None
        if not first.paired:
            raise AuthoringError(f"{moment.id}: {self.subject!r} is no weighted sum of columns.")
        # What weighs is the same for all cells of the column.
        weighs = int(first.factors[1].rows == last.factors[1].rows and len(rows) > 1)
        shares, columns = first.factors[weighs], first.factors[1 - weighs]
        order = np.sort(np.argsort(-np.abs(shares.values), kind="stable")[:MOST]).tolist()
        shares, columns = shares.picked(order), columns.picked(order)
        values = [
            stage.numbers(block, [column] * len(rows), list(range(row, row + len(rows))))
            for block, column, row in zip(
                columns.blocks, columns.columns, columns.rows, strict=True
            )
        ]
        middle = before_layer(stage, target)
        middle[2] = stage.selection.places(target)[:, 2].mean()
        total = stage.numbers(target.block, *target.places)
        return Mixture(target, shares, columns, np.array(values), total, middle)

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let the columns come, be weighed, run together, and drop."""
        found = self._mixture(stage, moment)
        if found is None or not np.isfinite(found.values).all():
            stage.lack(self.name)
            return
        thing = stage.bring(self.name, moment)
        _back(stage, thing, found, moment)
        plain = _columns(stage, thing, found, moment)
        shares = _shares(stage, thing, found, moment)
        weighed = _weigh(stage, thing, found, moment, plain, shares)
        _run_together(stage, thing, found, moment, weighed)
        fill_in(stage, found.target, [moment.end] * len(found.target), moment)
        stage.drop(thing.name, moment.end, moment.id)


def _back(stage: Stage, thing: Thing, found: Mixture, moment: Moment) -> None:
    """The plate behind all of it."""
    plate = backing(stage, thing, found.corners)
    stage.appear(plate.name, moment.start, moment.at(0.2), moment.id)
    hide(stage, [plate.name], moment.at(0.84), 0.16 * moment.seconds, moment.id)


def _columns(stage: Stage, thing: Thing, found: Mixture, moment: Moment) -> str:
    """The columns as they are, spread from where they stand in their block."""
    firsts = [_place(stage, found.columns, index) for index in range(len(found.values))]
    home = np.mean(firsts, axis=0) - (0.0, 0.0, float(found.down[0]))
    offsets = [(across, 0.0, up) for across in found.across.tolist() for up in found.down.tolist()]
    actor = Cells(
        name=stage.name(thing, "columns"),
        group=thing.group,
        place=tuple((home - (0.0, 1.2, 0.0)).tolist()),
        block=found.columns.blocks[0],
        values=tuple(found.values.reshape(-1).tolist()),
        offsets=tuple(offsets),
    )
    hidden(stage, thing, actor, moment)
    stage.stand(actor, moment.id)
    show(stage, [actor.name], moment.start, 0.08 * moment.seconds, moment.id)
    stage.fly(actor.name, moment.at(0.04), moment.at(0.26), found.middle, moment.id)
    return actor.name


def _shares(stage: Stage, thing: Thing, found: Mixture, moment: Moment) -> list[str]:
    """The shares, which come above their columns, with their numbers."""
    home = np.mean([_place(stage, found.shares, i) for i in range(len(found.values))], axis=0)
    actor = Cells(
        name=stage.name(thing, "shares"),
        group=thing.group,
        place=tuple((home - (0.0, 1.2, 0.0)).tolist()),
        block=found.shares.blocks[0],
        values=tuple(found.shares.values.tolist()),
        offsets=tuple((across, 0.0, 0.0) for across in found.across.tolist()),
    )
    hidden(stage, thing, actor, moment)
    stage.stand(actor, moment.id)
    show(stage, [actor.name], moment.at(0.16), 0.06 * moment.seconds, moment.id)
    goal = found.middle + (0.0, 0.0, found.top - 0.6)
    stage.fly(actor.name, moment.at(0.18), moment.at(0.38), goal, moment.id)
    texts = tuple(f"{value:.2f}" for value in found.shares.values.tolist())
    label = Labels(
        name=stage.name(thing, "numbers"),
        group=thing.group,
        place=tuple((found.middle + (0.0, -0.6, found.top + 1.1)).tolist()),
        texts=texts,
        offsets=tuple((across, 0.0, 0.0) for across in found.across.tolist()),
        size=min(1.3, PITCH / (LETTER * (max(map(len, texts)) + 0.4))),
    )
    hidden(stage, thing, label, moment)
    show(stage, [label.name], moment.at(0.36), 0.06 * moment.seconds, moment.id)
    return [actor.name, label.name]


def _weigh(
    stage: Stage, thing: Thing, found: Mixture, moment: Moment, plain: str, shares: list[str]
) -> list[str]:
    """The columns times their shares, in place of those as they were."""
    weighed = []
    products = found.values * found.shares.values[:, None]
    for across, column in zip(found.across.tolist(), products, strict=True):
        actor = Cells(
            name=stage.name(thing, "weighed"),
            group=thing.group,
            place=tuple((found.middle + (across, 0.0, 0.0)).tolist()),
            block=found.columns.blocks[0],
            values=tuple(column.tolist()),
            offsets=tuple((0.0, 0.0, up) for up in found.down.tolist()),
        )
        weighed.append(hidden(stage, thing, actor, moment))
        stage.stand(actor, moment.id)
    met = moment.at(0.52)
    cells, label = shares
    down = found.middle + (0.0, 0.0, float(found.down[0]))
    stage.fly(cells, moment.at(0.46), met, down, moment.id)
    hide(stage, [cells], met - 0.1, 0.1, moment.id)
    stage.board.set(plain, targets.OPACITY, met, 0.0, moment.id)
    for name in weighed:
        stage.board.set(name, targets.OPACITY, met, 1.0, moment.id)
    hide(stage, [label], moment.at(0.62), 0.06 * moment.seconds, moment.id)
    return weighed


def _run_together(
    stage: Stage, thing: Thing, found: Mixture, moment: Moment, weighed: list[str]
) -> None:
    """All columns slide together; what they add up to drops into its place."""
    met = moment.at(0.8)
    for name in weighed:
        stage.fly(name, moment.at(0.62), met, found.middle, moment.id)
        stage.board.set(name, targets.OPACITY, met, 0.0, moment.id)
    total = Cells(
        name=stage.name(thing, "sum"),
        group=thing.group,
        place=tuple(found.middle.tolist()),
        block=found.target.block,
        values=tuple(found.total.tolist()),
        offsets=tuple((0.0, 0.0, up) for up in found.down.tolist()),
    )
    hidden(stage, thing, total, moment)
    stage.stand(total, moment.id)
    stage.board.set(total.name, targets.OPACITY, met, 1.0, moment.id)
    goal = stage.selection.places(found.target).mean(axis=0)
    stage.fly(total.name, moment.at(0.86), moment.end, goal, moment.id)


def _place(stage: Stage, factor: Factor, index: int) -> Floats:
    """(3,) where a cell of a factor stands."""
    column, row = factor.columns[index], factor.rows[index]
    one = CellRange(factor.blocks[index], range(column, column + 1), range(row, row + 1))
    found: Floats = stage.selection.places(one)[0]
    return found
