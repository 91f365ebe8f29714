"""The phases of a sum that is taken apart, as keys of its actors.

The running sum is right at every frame, since it changes at the moment at which a term arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Counter
from ..running import Step, decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .exploding import APART, COUNTS, Exploded, cell_of, hidden, hide, rows_of, show, words

Floats = NDArray[np.float64]

PHASES = ("out", "pair", "multiply", "sum", "land")
"""The parts of an exploded sum, in order; the steps after the sum, such as a bias, belong to the
last one."""

SECONDS: Mapping[str, float] = {"out": 2.4, "pair": 0.7, "multiply": 4.0, "sum": 6.0, "land": 1.6}
PER_STEP = 1.6
"""Natural seconds of each phase, and of each step after the sum."""

BOW = 6.0
"""Cells by which what flies bends toward the viewer."""


def pace(count: int, moment: Moment) -> list[float]:
    """The ends of so many turns, ever shorter, that fill a time together; its start comes first."""
    done = np.linspace(0.0, 1.0, count + 1)
    eased = 0.3 * done + 0.7 * (1 - (1 - done) ** 2.4)
    times: list[float] = (moment.start + moment.seconds * eased).tolist()
    return times


def _out(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The cells fly out of their blocks, to their places."""
    del thing
    board, owner = found.board, moment.id
    show(stage, [found.plate], moment.at(0.35), 0.5 * moment.seconds, owner)
    flight = 0.55 * moment.seconds
    late = moment.seconds - flight
    for side, actors in zip(
        (-APART, APART) if found.sum.paired else (0.0,), rows_of(found), strict=True
    ):
        for index, actor in enumerate(actors):
            start = moment.start + late * index / max(1, len(actors) - 1)
            goal = found.middle + board.term(index) + (side, 0.0, 0.0)
            show(stage, [actor], start, 0.2 * flight, owner)
            stage.fly(actor, start, start + flight, goal, owner, BOW)


def _pair(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The signs appear between the cells of each pair."""
    del thing
    late, each = 0.6 * moment.seconds, 0.4 * moment.seconds
    for index, sign in enumerate(found.signs):
        start = moment.start + late * index / max(1, len(found.signs) - 1)
        show(stage, [sign], start, each, moment.id)


def _multiply(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The cells of each pair meet and become their product; single cells become their terms."""
    del thing
    board, owner, count = found.board, moment.id, found.board.count
    turns = pace(count, moment)
    written, factors = found.written, found.sum.factors
    beside = [
        written[key] for key in ("first", "times", "second", "equals", "term") if key in written
    ]
    if found.sum.paired:
        show(stage, beside, moment.start - 0.0, min(0.3, 0.1 * moment.seconds), owner)
    for index in range(count):
        start, end = turns[index], turns[index + 1]
        term = float(found.sum.terms[index])
        _tell(stage, found, index, start, owner)
        if not found.sum.paired:
            if term != factors[0].values[index]:
                stage.become(found.second[index], end, term, owner)
            continue
        # Several pairs are on their way at a time, so that short turns are seen, too.
        until = min(moment.end, max(end, start + 0.45))
        middle = found.middle + board.term(index)
        for actor in (found.first[index], found.second[index]):
            stage.fly(actor, start, until, middle, owner)
        hide(stage, [found.signs[index]], start, (until - start) / 2, owner)
        stage.become(found.second[index], until, term, owner)
        stage.board.set(found.first[index], targets.OPACITY, until, 0.0, owner)


def _tell(stage: Stage, found: Exploded, index: int, time: float, owner: str) -> None:
    """Write the numbers of a term."""
    written = found.written
    for key, factor in zip(("first", "second"), found.sum.factors, strict=False):
        if key in written:
            value = float(factor.values[index])
            stage.board.set(written[key], targets.COUNT, time, value, owner)
    term = float(found.sum.terms[index])
    stage.board.set(written["term"], targets.COUNT, time, term, owner)


def _sum(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The terms fly into the running sum, one after the other, and all further ones as a stream."""
    del thing
    owner, count, written = moment.id, found.board.count, found.written
    more = len(found.sum) > count
    each = replace(moment, end=moment.at(0.6)) if more else moment
    turns = pace(count, replace(each, start=each.at(0.04)))
    goal = found.middle + found.board.result
    show(stage, [written[k] for k in ("sum", "count", "of", "term")], moment.start, 0.3, owner)
    for index in range(count):
        arrives = turns[index + 1]
        leaves = max(moment.start, arrives - max(0.5, turns[index + 1] - turns[index]))
        actor = found.second[index]
        stage.fly(actor, leaves, arrives, goal, owner, 1.5)
        # It is gone when it has arrived, since the sum has become what it is with it.
        stage.board.set(actor, targets.OPACITY, arrives, 0.0, owner)
        _tell(stage, found, index, arrives, owner)
        _total(stage, found, index + 1, arrives, owner)
    shown = (turns[0] + turns[1]) / 2
    show(stage, [written["cell"]], max(moment.start, shown - 0.1), 0.1, owner)
    if more:
        _stream(stage, found, replace(moment, start=each.end), goal)


def _stream(stage: Stage, found: Exploded, moment: Moment, goal: Floats) -> None:
    """All further terms: the strongest of them fly, and every one is counted."""
    owner, written, count = moment.id, found.written, found.board.count
    beside = [
        written[key] for key in ("first", "times", "second", "equals", "term") if key in written
    ]
    hide(stage, beside, moment.start, 0.3, owner)
    flight = 0.5 * moment.seconds
    late = moment.seconds - flight
    for index, actor in enumerate(found.stream):
        start = moment.start + late * index / max(1, len(found.stream) - 1)
        show(stage, [actor], start, 0.2 * flight, owner)
        stage.fly(actor, start, start + flight, goal, owner, BOW)
        stage.board.set(actor, targets.OPACITY, start + flight, 0.0, owner)
    rest = len(found.sum) - count
    moments = min(rest, COUNTS)
    for index in range(1, moments + 1):
        time = moment.start + 0.15 * moment.seconds + 0.85 * moment.seconds * index / moments
        _total(stage, found, count + rest * index // moments, time, owner)


def _total(stage: Stage, found: Exploded, count: int, time: float, owner: str) -> None:
    """Write the sum of the first terms, and how many these are."""
    written, total = found.written, float(found.sum.sums[count - 1])
    stage.become(written["cell"], time, total, owner)
    stage.board.set(written["sum"], targets.COUNT, time, total, owner)
    stage.board.set(written["count"], targets.COUNT, time, float(count), owner)


def _land(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The steps after the sum, such as a bias; then the result drops into its cell."""
    steps = found.sum.steps
    whole = SECONDS["land"] + PER_STEP * len(steps)
    owner, written = moment.id, found.written
    hide(
        stage,
        [written[key] for key in written if key not in ("cell", "sum")],
        moment.start,
        0.2,
        owner,
    )
    start = moment.start
    for step in steps:
        end = start + moment.seconds * PER_STEP / whole
        _step(stage, thing, found, step, replace(moment, start=start, end=end))
        start = end
    cell = written["cell"]
    (goal,) = stage.selection.places(found.cells)
    stage.become(cell, start, found.sum.value, owner)
    others = [name for name in thing.members if name not in (cell, written["sum"])]
    hide(stage, others, start, 0.3, owner)
    stage.fly(cell, start, moment.end, goal, owner)
    hide(
        stage,
        [written["sum"]],
        moment.at(0.8) if not steps else (start + moment.end) / 2,
        0.2 * (moment.end - start),
        owner,
    )
    _fill(stage, found.cells, moment)
    stage.drop(thing.name, moment.end, owner)


def _step(stage: Stage, thing: Thing, found: Exploded, step: Step, moment: Moment) -> None:
    """One step after the sum: its sign and its number come, and the sum becomes what comes out."""
    board, owner, unit = found.board, moment.id, found.board.unit
    place = found.middle + board.write(3.1, 2.0)
    shown = [words(stage, thing, step.sign, place, 0.9 * unit, moment)]
    if step.value is not None:
        actor = Counter(
            name=stage.name(thing, "step"),
            group=thing.group,
            place=tuple((found.middle + board.write(4.7, 2.0)).tolist()),
            size=0.9 * unit,
            decimals=decimals(np.array([step.value])),
            value=step.value,
            tone=1,
        )
        shown.append(hidden(stage, thing, actor, moment))
    meet = moment.at(0.75)
    show(stage, shown, moment.start, 0.2 * moment.seconds, owner)
    if step.factor is not None:
        cell = cell_of(stage, thing, step.factor, 0, moment)
        beside = found.middle + board.write(1.0, 2.0)
        show(stage, [cell], moment.start, 0.1 * moment.seconds, owner)
        stage.fly(cell, moment.start, moment.at(0.45), beside, owner, BOW)
        stage.fly(cell, moment.at(0.5), meet, found.middle + board.result, owner)
        stage.board.set(cell, targets.OPACITY, meet, 0.0, owner)
    stage.become(found.written["cell"], meet, step.after, owner)
    stage.board.set(found.written["sum"], targets.COUNT, meet, step.after, owner)
    hide(stage, shown, moment.at(0.85), 0.15 * moment.seconds, owner)


def _fill(stage: Stage, cells: CellRange, moment: Moment) -> None:
    """Let the cell show its number, where it is the next one that is computed."""
    (name,) = stage.leads.of([cells.block])
    block = stage.anatomy.blocks[cells.block]
    column, row = cells.columns.start, cells.rows.start
    rank = int(block.rank(column, row))
    total = block.cells_before(stage.run.n_tokens)
    done = float(np.float32(rank / total))
    shown = stage.board.value(name, targets.PROGRESS, moment.end)
    if shown < done and round(shown * total) >= rank - 1:
        stage.board.set(name, targets.PROGRESS, moment.end, done, moment.id)


PLAY = {"out": _out, "pair": _pair, "multiply": _multiply, "sum": _sum, "land": _land}
