"""Gestures that take a cell's sum apart: its terms come out of their blocks and run together.

Every number that is shown is the model's own, or follows from the cells that are shown beside it;
the running sum is right at every frame, since it changes at the moment at which a term arrives.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Actor, Cells, Counter, Plate, Words
from ..errors import AuthoringError
from ..running import Factor, Running, Step, decimals, running
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture, Index
from .base import Words as Texts

Floats = NDArray[np.float64]

PHASES = ("out", "pair", "multiply", "sum", "land")
"""The parts of an exploded sum, in order; the steps after the sum, such as a bias, belong to the
last one."""

SECONDS: Mapping[str, float] = {"out": 2.4, "pair": 0.7, "multiply": 4.0, "sum": 6.0, "land": 1.6}
PER_STEP = 1.6
"""Natural seconds of each phase, and of each step after the sum."""

FEW = 16
"""Terms that are shown one by one where there are too many to show all."""

STREAM, COUNTS = 40, 90
"""Cells that fly in a stream for all further terms, and moments at which it is counted."""

ROWS = 12
"""Most terms below each other."""

ROW, PAIR, SINGLE = 1.5, 4.9, 2.2
"""Cells between two terms below each other, and beside each other."""

APART = 1.05
"""Cells from the middle of a pair to each of its cells."""

BOW = 6.0
"""Cells by which what flies bends toward the viewer."""


@dataclass(frozen=True)
class Board:
    """The places of an exploded sum, in the plane before the layer, from its middle.

    Attributes
    ----------
    count
        Terms that are shown one by one.
    paired
        True if each is a pair of cells.
    """

    count: int
    paired: bool

    @property
    def columns(self) -> int:
        """Terms beside each other."""
        return max(1, -(-self.count // ROWS))

    @property
    def rows(self) -> int:
        """Terms below each other."""
        return -(-self.count // self.columns)

    @property
    def pitch(self) -> float:
        """Cells between two terms beside each other."""
        return PAIR if self.paired else SINGLE

    @property
    def height(self) -> float:
        """Cells from top to bottom."""
        return max(self.rows * ROW, 9.0)

    @property
    def unit(self) -> float:
        """Font size of the numbers."""
        return self.height / 8

    @property
    def width(self) -> float:
        """Cells from left to right."""
        return self.columns * self.pitch + self.written

    @property
    def written(self) -> float:
        """Cells that the numbers take."""
        return 9.0 * self.unit

    def term(self, index: int) -> Floats:
        """(3,) the middle of a term."""
        column, row = divmod(index, self.rows)
        left = -self.width / 2 + (column + 0.5) * self.pitch
        return np.array([left, 0.0, ((self.rows - 1) / 2 - row) * ROW])

    def write(self, across: float, up: float) -> Floats:
        """(3,) a place among the numbers, in font sizes from their left end and their middle."""
        return np.array([self.width / 2 - self.written + across * self.unit, 0.0, up * self.unit])

    @property
    def result(self) -> Floats:
        """(3,) the place of the running sum's cell."""
        return self.write(1.0, -0.1)


@dataclass
class Exploded:
    """A sum on the stage: its terms, its places, and the actors that show them.

    Attributes
    ----------
    cells
        The cell that it is the value of.
    sum
        The sum, in the order in which its terms are shown.
    board, middle
        The places of its terms, and the middle of these.
    first, second
        The actors of the cells of each term; `first` are empty where terms are single cells.
    """

    cells: CellRange
    sum: Running
    board: Board
    middle: Floats
    first: list[str] = field(default_factory=list)
    second: list[str] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    stream: list[str] = field(default_factory=list)
    written: dict[str, str] = field(default_factory=dict)
    plate: str = ""

    @cached_property
    def digits(self) -> int:
        """Digits after the point of the numbers of terms."""
        values = [factor.values for factor in self.sum.factors]
        return decimals(np.concatenate([*values, self.sum.terms]), 4)

    @cached_property
    def sum_digits(self) -> int:
        """Digits after the point of the running sum."""
        return decimals(np.append(self.sum.sums, [step.after for step in self.sum.steps]), 4)


@dataclass(frozen=True, kw_only=True)
class _Exploding(Gesture):
    """The base of gestures that take a sum apart."""

    subject: str
    phase: Texts = PHASES
    most: int = 48
    """Terms up to which all are shown one by one."""
    name: str = ""
    offset: Index = ""

    @property
    def known_as(self) -> str:
        """The name of what it brings onto the stage."""
        return self.name or self.verb

    def natural(self, run: object) -> float:
        """The sum of its phases."""
        del run
        return sum(SECONDS[phase] for phase in self._phases) + PER_STEP * ("land" in self._phases)

    @property
    def _phases(self) -> tuple[str, ...]:
        for phase in self.phase:
            if phase not in PHASES:
                raise AuthoringError(
                    f"{self.verb} has the phase {phase!r}; there are {', '.join(PHASES)}."
                )
        return self.phase

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The plane of the terms and of the numbers."""
        found = self._found(stage, moment)
        if found is None:
            # Nothing is shown, but a shot needs a place: that of the cell itself.
            cells = stage.cells(self.subject, moment)
            return {self.known_as: stage.selection.places(cells)}
        across = np.array([found.board.width / 2 + 0.6, 0.0, found.board.height / 2 + 0.6])
        return {self.known_as: np.stack([found.middle - across, found.middle + across])}

    def _found(self, stage: Stage, moment: Moment) -> Exploded | None:
        """The sum that is to be shown; None where numbers are not known."""
        cells = stage.cells(self.subject, moment)
        try:
            told = running(stage, cells)
        except AuthoringError as error:
            raise AuthoringError(f"{moment.id}, {self.verb}: {error}") from error
        if told is None:
            return None
        count = len(told) if len(told) <= self.most else FEW
        if count < len(told):
            told = _reordered(told, count)
        board = Board(count, told.paired)
        return Exploded(cells, told, board, before_layer(stage, cells))

    def play(self, stage: Stage, moment: Moment) -> None:
        """Play the phases, one after the other, each as long as it naturally is to the others."""
        phases = self._phases
        if phases[0] == "out" or self.known_as not in stage.things:
            found = self._found(stage, moment)
            if found is None:
                return
            thing = stage.bring(self.known_as, moment)
            thing.told = found
            _bring(stage, thing, found, moment)
        thing = stage.things[self.known_as]
        assert isinstance(thing.told, Exploded)
        found = thing.told
        steps = len(found.sum.steps)
        lengths = [SECONDS[phase] + PER_STEP * steps * (phase == "land") for phase in phases]
        if not found.sum.paired:
            lengths = [
                0.0 if phase == "pair" else length / (4 if phase == "multiply" else 1)
                for phase, length in zip(phases, lengths, strict=True)
            ]
        times = moment.start + moment.seconds * np.cumsum([0.0, *lengths]) / sum(lengths)
        for phase, start, end in zip(phases, times[:-1].tolist(), times[1:].tolist(), strict=True):
            if end > start:
                _PLAY[phase](stage, thing, found, replace(moment, start=start, end=end))


@dataclass(frozen=True, kw_only=True)
class DotProduct(_Exploding):
    """Take one cell's dot product apart: pairs come out, are multiplied, and run together."""

    verb = "dot_product"


@dataclass(frozen=True, kw_only=True)
class Sum(_Exploding):
    """Take one cell's sum apart: its terms come out and run together."""

    verb = "sum"


def _reordered(told: Running, count: int) -> Running:
    """A sum whose largest terms come first, in their order; the others follow in theirs."""
    largest = np.sort(np.argsort(-np.abs(told.terms), kind="stable")[:count])
    order = np.concatenate([largest, np.setdiff1d(np.arange(len(told)), largest)])
    terms = told.terms[order]
    maximum = not np.allclose(told.sums, np.cumsum(told.terms))
    return replace(
        told,
        factors=tuple(_picked(factor, order.tolist()) for factor in told.factors),
        terms=terms,
        sums=np.maximum.accumulate(terms) if maximum else np.cumsum(terms),
    )


def _picked(factor: Factor, order: Sequence[int]) -> Factor:
    return Factor(
        tuple(factor.blocks[i] for i in order),
        tuple(factor.columns[i] for i in order),
        tuple(factor.rows[i] for i in order),
        factor.values[order],
    )


def before_layer(stage: Stage, cells: CellRange) -> Floats:
    """(3,) a place before some cells, and before all that stands in their layer."""
    block = stage.anatomy.blocks[cells.block]
    beside = [b.name for b in stage.anatomy.blocks.values() if b.layer == block.layer]
    front = stage.selection.points(beside)[:, 1].min()
    at = stage.selection.places(cells)[0]
    middle: Floats = np.array([at[0], front - 8.0, at[2]])
    return middle


def _bring(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """Make all actors; none is seen before its phase."""
    factors, board = found.sum.factors, found.board
    for index in range(board.count):
        for factor, actors in zip(factors, _rows(found), strict=True):
            actors.append(_cell(stage, thing, factor, index, moment))
    for index in _strongest(found):
        found.stream.append(_cell(stage, thing, factors[-1], index, moment))
    if found.sum.paired:
        for index in range(board.count):
            place = found.middle + board.term(index)
            found.signs.append(_words(stage, thing, "×", place, 1.0, moment))
    _write(stage, thing, found, moment)


def _rows(found: Exploded) -> list[list[str]]:
    """The lists of actors, one for each factor."""
    return [found.first, found.second] if found.sum.paired else [found.second]


def _strongest(found: Exploded) -> list[int]:
    """The terms that fly in the stream: the strongest of those that are not shown by themselves."""
    rest = np.abs(found.sum.terms[found.board.count :])
    chosen = np.argsort(-rest, kind="stable")[:STREAM] + found.board.count
    return [int(index) for index in np.sort(chosen)]


def _write(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """Make the cell of the running sum, and all numbers and signs beside it."""
    board, unit = found.board, found.board.unit
    cells = found.cells
    result = Cells(
        name=stage.name(thing, "sum"),
        group=thing.group,
        place=tuple(found.middle + board.result),
        block=cells.block,
        values=(0.0,),
        offsets=((0.0, 0.0, 0.0),),
        lone=True,
    )
    written = {"cell": _hidden(stage, thing, result, moment)}
    stage.stand(result, moment.id)

    def counter(key: str, across: float, up: float, size: float, digits: int, tone: int) -> None:
        place = found.middle + board.write(across, up)
        actor = Counter(
            name=stage.name(thing, key),
            group=thing.group,
            place=tuple(place),
            size=size * unit,
            decimals=digits,
            tone=tone,
        )
        written[key] = _hidden(stage, thing, actor, moment)

    def word(key: str, text: str, across: float, up: float, size: float, tone: int) -> None:
        place = found.middle + board.write(across, up)
        written[key] = _words(stage, thing, text, place, size * unit, moment, tone)

    if found.sum.paired:
        counter("first", 1.4, 2.0, 0.8, found.digits, 0)
        word("times", "×", 3.1, 2.0, 0.8, 0)
        counter("second", 4.4, 2.0, 0.8, found.digits, 0)
        word("equals", "=", 6.0, 2.0, 0.8, 0)
    counter("term", 7.3, 2.0, 0.8, found.digits, 0)
    counter("sum", 4.4, -0.1, 1.7, found.sum_digits, 0)
    counter("count", 4.4, -2.0, 0.7, 0, 1)
    word("of", f"/ {len(found.sum):,}", 5.2, -2.0, 0.7, 1)
    found.written = written
    size = board.width + 6.0, board.height + 6.0
    place = found.middle + (0.0, 1.6, 0.0)
    plate = Plate(
        name=stage.name(thing, "plate"),
        group=thing.group,
        place=tuple(place.tolist()),
        size=size,
        soft=3.0,
    )
    found.plate = _hidden(stage, thing, plate, moment)


def _cell(stage: Stage, thing: Thing, factor: Factor, index: int, moment: Moment) -> str:
    """Make a copy of a term's cell, where the cell stands."""
    one = CellRange(
        factor.blocks[index],
        range(factor.columns[index], factor.columns[index] + 1),
        range(factor.rows[index], factor.rows[index] + 1),
    )
    actor = Cells(
        name=stage.name(thing, "cell"),
        group=thing.group,
        place=tuple(stage.selection.places(one)[0].tolist()),
        block=one.block,
        values=(float(factor.values[index]),),
        offsets=((0.0, 0.0, 0.0),),
        lone=True,
    )
    _hidden(stage, thing, actor, moment)
    stage.stand(actor, moment.id)
    return actor.name


def _words(
    stage: Stage, thing: Thing, text: str, place: Floats, size: float, moment: Moment, tone: int = 1
) -> str:
    actor = Words(
        name=stage.name(thing, "sign"),
        group=thing.group,
        place=tuple(place.tolist()),
        text=text,
        size=size,
        tone=tone,
    )
    return _hidden(stage, thing, actor, moment)


def _hidden(stage: Stage, thing: Thing, actor: Actor, moment: Moment) -> str:
    """Add an actor that is not there yet."""
    stage.add(thing, actor)
    stage.board.set(actor.name, targets.OPACITY, 0.0, 0.0, moment.id)
    return actor.name


def _show(stage: Stage, actors: Sequence[str], start: float, seconds: float, owner: str) -> None:
    for actor in actors:
        stage.board.ramp(actor, targets.OPACITY, start, start + seconds, 1.0, owner)


def _hide(stage: Stage, actors: Sequence[str], start: float, seconds: float, owner: str) -> None:
    for actor in actors:
        # One that is about to be gone needs no more.
        if stage.board.value(actor, targets.OPACITY, math.inf):
            stage.board.ramp(actor, targets.OPACITY, start, start + seconds, 0.0, owner)


def pace(count: int, moment: Moment) -> list[float]:
    """The ends of so many turns, ever shorter, that fill a time together; its start comes first."""
    done = np.linspace(0.0, 1.0, count + 1)
    eased = 0.3 * done + 0.7 * (1 - (1 - done) ** 2.4)
    times: list[float] = (moment.start + moment.seconds * eased).tolist()
    return times


# The phases


def _out(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The cells fly out of their blocks, to their places."""
    del thing
    board, owner = found.board, moment.id
    _show(stage, [found.plate], moment.at(0.35), 0.5 * moment.seconds, owner)
    flight = 0.55 * moment.seconds
    late = moment.seconds - flight
    for side, actors in zip(
        (-APART, APART) if found.sum.paired else (0.0,), _rows(found), strict=True
    ):
        for index, actor in enumerate(actors):
            start = moment.start + late * index / max(1, len(actors) - 1)
            goal = found.middle + board.term(index) + (side, 0.0, 0.0)
            _show(stage, [actor], start, 0.2 * flight, owner)
            stage.fly(actor, start, start + flight, goal, owner, BOW)


def _pair(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """The signs appear between the cells of each pair."""
    del thing
    late, each = 0.6 * moment.seconds, 0.4 * moment.seconds
    for index, sign in enumerate(found.signs):
        start = moment.start + late * index / max(1, len(found.signs) - 1)
        _show(stage, [sign], start, each, moment.id)


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
        _show(stage, beside, moment.start - 0.0, min(0.3, 0.1 * moment.seconds), owner)
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
        _hide(stage, [found.signs[index]], start, (until - start) / 2, owner)
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
    _show(stage, [written[k] for k in ("sum", "count", "of", "term")], moment.start, 0.3, owner)
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
    _show(stage, [written["cell"]], max(moment.start, shown - 0.1), 0.1, owner)
    if more:
        _stream(stage, found, replace(moment, start=each.end), goal)


def _stream(stage: Stage, found: Exploded, moment: Moment, goal: Floats) -> None:
    """All further terms: the strongest of them fly, and every one is counted."""
    owner, written, count = moment.id, found.written, found.board.count
    beside = [
        written[key] for key in ("first", "times", "second", "equals", "term") if key in written
    ]
    _hide(stage, beside, moment.start, 0.3, owner)
    flight = 0.5 * moment.seconds
    late = moment.seconds - flight
    for index, actor in enumerate(found.stream):
        start = moment.start + late * index / max(1, len(found.stream) - 1)
        _show(stage, [actor], start, 0.2 * flight, owner)
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
    _hide(
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
    _hide(stage, others, start, 0.3, owner)
    stage.fly(cell, start, moment.end, goal, owner)
    _hide(
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
    shown = [_words(stage, thing, step.sign, place, 0.9 * unit, moment)]
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
        shown.append(_hidden(stage, thing, actor, moment))
    meet = moment.at(0.75)
    _show(stage, shown, moment.start, 0.2 * moment.seconds, owner)
    if step.factor is not None:
        cell = _cell(stage, thing, step.factor, 0, moment)
        beside = found.middle + board.write(1.0, 2.0)
        _show(stage, [cell], moment.start, 0.1 * moment.seconds, owner)
        stage.fly(cell, moment.start, moment.at(0.45), beside, owner, BOW)
        stage.fly(cell, moment.at(0.5), meet, found.middle + board.result, owner)
        stage.board.set(cell, targets.OPACITY, meet, 0.0, owner)
    stage.become(found.written["cell"], meet, step.after, owner)
    stage.board.set(found.written["sum"], targets.COUNT, meet, step.after, owner)
    _hide(stage, shown, moment.at(0.85), 0.15 * moment.seconds, owner)


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


_PLAY = {"out": _out, "pair": _pair, "multiply": _multiply, "sum": _sum, "land": _land}
