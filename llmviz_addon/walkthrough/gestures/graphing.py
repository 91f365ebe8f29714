"""A gesture that draws the curve of a function, with the model's own values walking along it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...anatomy.operations import settings
from ...anatomy.terms import evaluate, parts_of
from .. import targets
from ..actors import LABELS, Actor, Cells, Counter, Labels, Lines, Words
from ..errors import AuthoringError
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture, Vector, words_of
from .flying import fill_in
from .fronting import before_layer, soft_plate

Floats = NDArray[np.float64]
Function = Literal["own", "exp"]

WIDTH, HEIGHT = 26.0, 13.0
"""Cells that a graph takes."""

POINTS = 72
"""Points of a curve."""

GRID = 8
"""Most lines of the grid on either axis; they stand at 1, 2 or 5 times a power of ten."""

SCALE = 0.95
"""Font size of the numbers at the lines of the grid."""

MOST = 48
"""Values that walk at most."""

STEPS = 7
"""Keys of a walk."""


@dataclass(frozen=True)
class Plot:
    """A function on the stage.

    Attributes
    ----------
    function
        The function, of (n,) numbers.
    inputs, outputs
        (n,) the values that walk: where they come from and what becomes of them.
    source, target
        The cells of both.
    middle
        The place of the plot's middle.
    """

    function: Callable[[Floats], Floats]
    inputs: Floats
    outputs: Floats
    source: CellRange
    target: CellRange
    middle: Floats

    @property
    def span(self) -> tuple[float, float]:
        """The least and the largest input that is drawn."""
        low, high = float(self.inputs.min()), float(self.inputs.max())
        return min(low - 0.5, -3.0), max(high + 0.5, 0.6 if high <= 0 else 3.0)

    def curve(self) -> tuple[Floats, Floats]:
        """Inputs and outputs of the curve."""
        across = np.linspace(*self.span, POINTS)
        return across, self.function(across)

    def at(self, across: Floats, up: Floats) -> Floats:
        """(n, 3) places in the plot, from its middle."""
        low, high = self.span
        _, curve = self.curve()
        bottom, top = min(0.0, float(curve.min())), float(curve.max())
        x = (np.asarray(across) - (low + high) / 2) * WIDTH / (high - low)
        z = (np.asarray(up) - (bottom + top) / 2) * HEIGHT / max(top - bottom, 1e-9)
        found: Floats = np.stack([x, np.zeros_like(x), z], -1)
        return found


@dataclass(frozen=True, kw_only=True)
class Graph(Gesture):
    """Draw the function by which cells follow from others, and let their values walk along it.

    ``"own"`` is the function of the cells' formula, such as GELU; ``"exp"``, for cells of a
    softmax, the exponential of a score less the largest. With `land` the results drop into their
    cells, and the graph goes.
    """

    verb = "graph"
    choices = {"Function": words_of(Function)}

    subject: str
    function: Function = "own"
    name: str = "graph"
    offset: Vector = (0.0, 0.0, 0.0)
    land: bool = False

    def natural(self, run: object) -> float:
        """The time in which values can be followed."""
        del run
        return 8.0 if self.land else 6.0

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The room of the plot, with the numbers above."""
        cells = stage.cells(self.subject, moment)
        middle = before_layer(stage, cells) + np.array(self.offset)
        room = np.array([WIDTH / 2 + 2.0, 0.0, HEIGHT / 2 + 2.0])
        return {self.name: np.stack([middle - room, middle + room + (0.0, 0.0, 2.5)])}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Draw axes and curve, and let the values come, walk, and land."""
        plot = self._plot(stage, moment)
        if not (np.isfinite(plot.inputs).all() and np.isfinite(plot.outputs).all()):
            stage.lack(self.name)
            return
        thing = stage.bring(self.name, moment)
        _draw(stage, thing, plot, moment)
        _walk(stage, thing, plot, moment, land=self.land)
        if self.land:
            fill_in(stage, plot.target, [moment.end] * len(plot.target), moment)
            stage.drop(thing.name, moment.end, moment.id)

    def _plot(self, stage: Stage, moment: Moment) -> Plot:
        target = stage.cells(self.subject, moment)
        if len(target) > MOST:
            raise AuthoringError(
                f"{moment.id}: graph has {len(target)} values; up to {MOST} can walk."
            )
        formula = stage.anatomy.blocks[target.block].formula
        middle = before_layer(stage, target) + np.array(self.offset)
        operands = {} if formula is None else {o.part: o for o in formula.operands}
        if formula is None or "input" not in operands:
            raise AuthoringError(f"{moment.id}: {target.block} follows from no single cells.")
        source = CellRange(operands["input"].block, target.columns, target.rows)
        inputs = stage.numbers(source.block, *source.places)
        if self.function == "exp":
            if "max" not in operands:
                raise AuthoringError(f"{moment.id}: {target.block} is no softmax.")
            row = CellRange(operands["max"].block, range(1), target.rows)
            if operands["max"].shape[0] > 1:
                row = CellRange(operands["max"].block, target.columns, range(1))
            inputs = inputs - stage.numbers(row.block, *row.places)[0]
            return Plot(np.exp, inputs, np.exp(inputs), source, target, middle)
        if parts_of(formula.term) != {"input"}:
            raise AuthoringError(f"{moment.id}: {target.block} is no function of one number.")
        constants, term = settings(formula.config), formula.term

        def function(values: Floats) -> Floats:
            return np.asarray(evaluate(term, {"input": values}, constants), np.float64)

        outputs = stage.numbers(target.block, *target.places)
        return Plot(function, inputs, outputs, source, target, middle)


def _draw(stage: Stage, thing: Thing, plot: Plot, moment: Moment) -> None:
    """The plate, the axes and the curve."""
    low, high = plot.span
    across, up = plot.curve()
    middle = tuple(plot.middle.tolist())

    def polyline(x: Floats, y: Floats) -> tuple[tuple[float, float, float], ...]:
        return tuple((float(a), float(b), float(c)) for a, b, c in plot.at(x, y).tolist())

    ends = np.array([min(0.0, float(up.min())), float(up.max())])
    level = polyline(np.array([low, high]), np.zeros(2))
    upright = polyline(np.zeros(2), ends)
    across_at, up_at = _ticks(low, high), _ticks(*ends.tolist())
    grid = [polyline(np.full(2, x), ends) for x in across_at]
    grid += [polyline(np.array([low, high]), np.full(2, y)) for y in up_at]
    below = plot.at(np.array(across_at), np.full(len(across_at), ends[0])) - (0.0, 0.2, 1.1)
    beside = plot.at(np.full(len(up_at), low), np.array(up_at)) - (1.1, 0.2, 0.0)
    shown: list[Actor] = [
        soft_plate(stage, thing, plot.middle + (0.0, 0.0, 1.0), WIDTH + 4.0, HEIGHT + 6.0),
        Lines(
            name=stage.name(thing, "grid"),
            group=thing.group,
            place=middle,
            paths=tuple(grid),
            width=0.05,
            tone=LABELS + 2,
        ),
        Lines(
            name=stage.name(thing, "axes"),
            group=thing.group,
            place=middle,
            paths=(level, upright),
            width=0.1,
            tone=LABELS + 1,
        ),
        Labels(
            name=stage.name(thing, "scale"),
            group=thing.group,
            place=middle,
            texts=tuple(f"{number:g}".replace("-", "−") for number in (*across_at, *up_at)),
            offsets=tuple((x, y, z) for x, y, z in np.concatenate([below, beside]).tolist()),
            size=SCALE,
            tone=1,
        ),
        Lines(
            name=stage.name(thing, "curve"),
            group=thing.group,
            place=middle,
            paths=(polyline(across, up),),
            width=0.42,
            tone=1,
        ),
    ]
    for actor in shown:
        stage.add(thing, actor)
        stage.appear(actor.name, moment.start, moment.at(0.15), moment.id)


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from `low` to `high` for the lines of a grid, 0 left out, which is an axis."""
    least = max(high - low, 1e-9) / GRID
    power = 10.0 ** math.floor(math.log10(least))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [number * step for number in range(first, last + 1) if number]


def _walk(stage: Stage, thing: Thing, plot: Plot, moment: Moment, *, land: bool) -> None:
    """Each value comes to its place below the curve, and goes along the curve to its own point."""
    owner, board = moment.id, stage.board
    arrive, begin, done = 0.4, 0.42, (0.78 if land else 0.9)
    homes = stage.selection.places(plot.source)
    goals = stage.selection.places(plot.target)
    from_zero = 0.0 if plot.span[0] < 0 < plot.span[1] else plot.span[0]
    for index, (value, result) in enumerate(
        zip(plot.inputs.tolist(), plot.outputs.tolist(), strict=True)
    ):
        late = 0.12 * index / max(1, len(plot.inputs) - 1)
        own = stage.numbers(
            plot.source.block, [plot.source.places[0][index]], [plot.source.places[1][index]]
        )
        actor = Cells(
            name=stage.name(thing, "value"),
            group=thing.group,
            place=tuple(homes[index].tolist()),
            block=plot.source.block,
            values=(float(own[0]),),
            offsets=((0.0, 0.0, 0.0),),
            lone=True,
        )
        stage.add(thing, actor)
        stage.stand(actor, owner)
        stage.appear(actor.name, moment.at(0.1), moment.at(0.12), owner)
        (start,) = plot.middle + plot.at(
            np.array([from_zero]), plot.function(np.array([from_zero]))
        )
        stage.fly(actor.name, moment.at(0.1 + late), moment.at(arrive), start, owner, 4.0)

        def along(time: float, axis: int, value: float = value, late: float = late) -> float:
            first, last = moment.at(begin + late), moment.at(done)
            part = min(max((time - first) / (last - first), 0.0), 1.0)
            x = np.array([from_zero + (value - from_zero) * part])
            return float((plot.middle + plot.at(x, plot.function(x)))[0, axis])

        times = np.linspace(moment.at(begin + late), moment.at(done), STEPS + 2).tolist()
        for axis in (0, 2):
            for before, after in pairwise(times):
                board.ramp(
                    actor.name,
                    targets.LOCATION,
                    before,
                    after,
                    along(after, axis),
                    owner,
                    "linear",
                    axis,
                )
        stage.become(actor.name, moment.at(done), result, owner)
        if land:
            stage.fly(actor.name, moment.at(0.86), moment.end, goals[index], owner)
    _numbers(stage, thing, plot, moment, done)


def _numbers(stage: Stage, thing: Thing, plot: Plot, moment: Moment, done: float) -> None:
    """The first value as it comes and as it leaves, above the curve."""
    top = HEIGHT / 2 + 2.6
    told: list[Actor] = [
        Counter(
            name=stage.name(thing, "before"),
            group=thing.group,
            place=tuple((plot.middle + (-4.2, -0.2, top)).tolist()),
            size=1.9,
            decimals=2,
            value=float(plot.inputs[0]),
        ),
        Words(
            name=stage.name(thing, "arrow"),
            group=thing.group,
            place=tuple((plot.middle + (0.0, -0.2, top)).tolist()),
            text="→",
            size=1.9,
        ),
        Counter(
            name=stage.name(thing, "after"),
            group=thing.group,
            place=tuple((plot.middle + (3.4, -0.2, top)).tolist()),
            size=1.9,
            decimals=2,
            value=float(plot.outputs[0]),
        ),
    ]
    for actor, start in zip(told, (0.36, done, done), strict=True):
        name = actor.name
        stage.add(thing, actor)
        stage.appear(name, moment.at(start), moment.at(min(1.0, start + 0.06)), moment.id)
