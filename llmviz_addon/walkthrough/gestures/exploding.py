"""A sum that is taken apart: the places of its terms, and the actors that show them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Actor, Cells, Counter, Words
from ..running import Factor, Running, decimals
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .fronting import soft_plate

Floats = NDArray[np.float64]

STREAM, COUNTS = 40, 90
"""Cells that fly in a stream for all further terms, and moments at which it is counted."""

ROWS = 12
"""Most terms below each other."""

ROW, PAIR, SINGLE = 1.5, 4.9, 2.2
"""Cells between two terms below each other, and beside each other."""

APART = 1.05
"""Cells from the middle of a pair to each of its cells."""


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


def bring(stage: Stage, thing: Thing, found: Exploded, moment: Moment) -> None:
    """Make all actors; none is seen before its phase."""
    factors, board = found.sum.factors, found.board
    for index in range(board.count):
        for factor, actors in zip(factors, rows_of(found), strict=True):
            actors.append(cell_of(stage, thing, factor, index, moment))
    for index in _strongest(found):
        found.stream.append(cell_of(stage, thing, factors[-1], index, moment))
    if found.sum.paired:
        for index in range(board.count):
            place = found.middle + board.term(index)
            found.signs.append(words(stage, thing, "×", place, 1.0, moment))
    _write(stage, thing, found, moment)


def rows_of(found: Exploded) -> list[list[str]]:
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
    written = {"cell": hidden(stage, thing, result, moment)}
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
        written[key] = hidden(stage, thing, actor, moment)

    def word(key: str, text: str, across: float, up: float, size: float, tone: int) -> None:
        place = found.middle + board.write(across, up)
        written[key] = words(stage, thing, text, place, size * unit, moment, tone)

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
    plate = soft_plate(stage, thing, found.middle, board.width, board.height)
    found.plate = hidden(stage, thing, plate, moment)


def cell_of(stage: Stage, thing: Thing, factor: Factor, index: int, moment: Moment) -> str:
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
    hidden(stage, thing, actor, moment)
    stage.stand(actor, moment.id)
    return actor.name


def words(
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
    return hidden(stage, thing, actor, moment)


def hidden(stage: Stage, thing: Thing, actor: Actor, moment: Moment) -> str:
    """Add an actor that is not there yet."""
    stage.add(thing, actor)
    stage.board.set(actor.name, targets.OPACITY, 0.0, 0.0, moment.id)
    return actor.name


def show(stage: Stage, actors: Sequence[str], start: float, seconds: float, owner: str) -> None:
    for actor in actors:
        stage.board.ramp(actor, targets.OPACITY, start, start + seconds, 1.0, owner)


def hide(stage: Stage, actors: Sequence[str], start: float, seconds: float, owner: str) -> None:
    for actor in actors:
        # One that is about to be gone needs no more.
        if stage.board.value(actor, targets.OPACITY, math.inf):
            stage.board.ramp(actor, targets.OPACITY, start, start + seconds, 0.0, owner)
