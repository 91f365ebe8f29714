"""Gestures of copies: cells fly, their originals stay; copies are moved, added and dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .. import targets
from ..actors import Cells, Words
from ..errors import AuthoringError
from ..selection import CellRange
from ..stage import Moment, Stage, Thing
from .base import Gesture, Texts, Vector
from .summing_phases import pace

Floats = NDArray[np.float64]

SINGLE = 64
"""Cells up to which each can fly by itself."""

BOW = 4.0
"""Cells by which a flight bends toward the viewer."""


@dataclass
class Copies:
    """Copies of cells on the stage.

    Attributes
    ----------
    block
        The block whose cells they are copies of.
    values
        (n,) their numbers.
    places
        (n, 3) where they stand now.
    actors
        One for all, which move as one, or one for each.
    """

    block: str
    values: Floats
    places: Floats
    actors: list[str] = field(default_factory=list)

    @property
    def single(self) -> bool:
        """True if each is an actor of its own."""
        return len(self.actors) == len(self.values) > 1


@dataclass(frozen=True, kw_only=True)
class Copy(Gesture):
    """Let copies of cells fly `to` other cells; the originals stay.

    They come to rest `offset` cells from there. With `each` they fly one after the other.
    """

    verb = "copy"

    subject: str
    to: str
    offset: Vector = (0.0, 0.0, 0.0)
    name: str = "copy"
    each: bool = False

    def natural(self, run: object) -> float:
        """The time of a flight, or of many."""
        del run
        return 2.6 if self.each else 1.4

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The places where the copies come to rest."""
        goal = stage.selection.places(stage.cells(self.to, moment)) + np.array(self.offset)
        return {self.name: np.concatenate([goal - 0.5, goal + 0.5])}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Make the copies where the originals stand, and carry them."""
        cells, goal = stage.cells(self.subject, moment), stage.cells(self.to, moment)
        if len(cells) != len(goal):
            raise AuthoringError(
                f"{moment.id}: copy has {len(cells)} cells to fly to {len(goal)} cells."
            )
        here = stage.selection.places(cells)
        there = stage.selection.places(goal) + np.array(self.offset)
        alike = np.allclose(here - here[0], there - there[0])
        if self.each and len(cells) > SINGLE:
            raise AuthoringError(
                f"{moment.id}: copy has {len(cells)} cells; up to {SINGLE} can fly each by itself."
            )
        single = len(cells) > 1 and (self.each or (not alike and len(cells) <= SINGLE))
        thing = stage.bring(self.name, moment)
        copies = Copies(cells.block, stage.numbers(cells.block, *cells.places), here)
        thing.told = copies
        if not single:
            # Where they are too many to be turned one by one, they fly as they will stand.
            standing = here if alike else there - there.mean(axis=0) + here.mean(axis=0)
            bring(stage, thing, copies, standing, moment)
        else:
            bring_each(stage, thing, copies, moment)
        carry(stage, copies, there, moment, late=0.6 if self.each else 0.25)


@dataclass(frozen=True, kw_only=True)
class Move(Gesture):
    """Move what stands on the stage `by` so many cells, or `to` other cells."""

    verb = "move"

    subject: Texts
    to: str = ""
    offset: Vector = (0.0, 0.0, 0.0)
    by: Vector = (0.0, 0.0, 0.0)

    def natural(self, run: object) -> float:
        """The time of a way."""
        del run
        return 1.2

    def play(self, stage: Stage, moment: Moment) -> None:
        """Carry copies, or shift whatever else stands there."""
        for subject in self.subject:
            thing = stage.thing(subject, moment)
            if isinstance(thing.told, Copies):
                copies, goal = thing.told, thing.told.places + np.array(self.by)
                if self.to:
                    goal = stage.selection.places(stage.cells(self.to, moment))
                    goal = goal + np.array(self.offset)
                if goal.shape != copies.places.shape:
                    raise AuthoringError(
                        f"{moment.id}: move has {len(copies.places)} cells for {len(goal)}."
                    )
                carry(stage, copies, goal, moment, late=0.0)
            else:
                shift = np.array(self.by)
                for index in range(3):
                    now = stage.board.value(thing.group, targets.LOCATION, moment.start, index)
                    if shift[index]:
                        stage.board.ramp(
                            thing.group,
                            targets.LOCATION,
                            moment.start,
                            moment.end,
                            now + float(shift[index]),
                            moment.id,
                            index=index,
                        )


@dataclass(frozen=True, kw_only=True)
class Drop(Gesture):
    """Let what stands on the stage go."""

    verb = "drop"
    needs_numbers = False

    subject: Texts

    def natural(self, run: object) -> float:
        """The time in which things fade."""
        del run
        return 0.5

    def play(self, stage: Stage, moment: Moment) -> None:
        """Fade each, then let it be gone; what went already is passed over."""
        for subject in self.subject:
            if subject not in stage.things:
                continue
            thing = stage.things[subject]
            for name in thing.members:
                if stage.board.value(name, targets.OPACITY, np.inf):
                    stage.board.ramp(
                        name, targets.OPACITY, moment.start, moment.end, 0.0, moment.id
                    )
            stage.drop(subject, moment.end, moment.id)


@dataclass(frozen=True, kw_only=True)
class Add(Gesture):
    """Add copies `into` cells, number by number and ever faster; of many, all at once."""

    verb = "add"

    subject: Texts
    into: str

    def natural(self, run: object) -> float:
        """The time in which a column is added."""
        del run
        return 6.0

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let the cells of all copies meet, become the sum, and drop into their cells."""
        cells = stage.cells(self.into, moment)
        things = [stage.thing(subject, moment) for subject in self.subject]
        copies = [thing.told for thing in things if isinstance(thing.told, Copies)]
        if len(copies) < len(things) or len(copies) < 2:
            raise AuthoringError(f"{moment.id}: add takes the names of two copies or more.")
        if any(len(each.values) != len(cells) for each in copies):
            counts = " and ".join(str(len(each.values)) for each in copies)
            raise AuthoringError(f"{moment.id}: add has {counts} cells for {len(cells)}.")
        sums = stage.numbers(cells.block, *cells.places)
        goal = stage.selection.places(cells)
        thing = stage.bring(f"sum in {cells.block}", moment)
        if len(cells) <= SINGLE:
            _one_by_one(stage, thing, copies, sums, goal, moment)
            turns = pace(len(cells), replace(moment, end=moment.at(0.88)))
            landed = [min(moment.end, turn + 0.12 * moment.seconds) for turn in turns[1:]]
        else:
            _at_once(stage, thing, copies, cells, sums, moment)
            landed = [moment.end] * len(cells)
        for subject in self.subject:
            # Their cells have gone over into the sum.
            if subject in stage.things:
                stage.drop(subject, moment.start if len(cells) <= SINGLE else moment.end, moment.id)
        fill_in(stage, cells, landed, moment)
        stage.drop(thing.name, moment.end, moment.id)


def bring(stage: Stage, thing: Thing, copies: Copies, standing: Floats, moment: Moment) -> None:
    """Make one actor of all copies, which stand at `standing`."""
    actor = Cells(
        name=stage.name(thing, "cells"),
        group=thing.group,
        place=tuple(standing[0].tolist()),
        block=copies.block,
        values=tuple(copies.values.tolist()),
        offsets=tuple(tuple(at) for at in (standing - standing[0]).tolist()),
    )
    stage.add(thing, actor)
    stage.stand(actor, moment.id)
    copies.places = standing
    copies.actors = [actor.name]


def bring_each(stage: Stage, thing: Thing, copies: Copies, moment: Moment) -> None:
    """Make one actor of each copy."""
    copies.actors = []
    for value, at in zip(copies.values.tolist(), copies.places.tolist(), strict=True):
        actor = Cells(
            name=stage.name(thing, "cell"),
            group=thing.group,
            place=tuple(at),
            block=copies.block,
            values=(value,),
            offsets=((0.0, 0.0, 0.0),),
            lone=True,
        )
        stage.add(thing, actor)
        stage.stand(actor, moment.id)
        copies.actors.append(actor.name)


def carry(stage: Stage, copies: Copies, goal: Floats, moment: Moment, late: float) -> None:
    """Carry copies to their places; single ones start one after the other, over `late` of the
    time.
    """
    if not copies.single:
        stage.fly(copies.actors[0], moment.start, moment.end, goal[0], moment.id, BOW)
    else:
        for index, actor in enumerate(copies.actors):
            start = moment.at(late * index / (len(copies.actors) - 1))
            end = start + (1 - late) * moment.seconds
            stage.fly(actor, start, end, goal[index], moment.id, BOW)
    copies.places = goal


def _one_by_one(
    stage: Stage,
    thing: Thing,
    copies: Sequence[Copies],
    sums: Floats,
    goal: Floats,
    moment: Moment,
) -> None:
    """Let the cells of each number meet in turn; the nearest block's cell becomes the sum."""
    board, owner = stage.board, moment.id
    each = [Copies(one.block, one.values, one.places) for one in copies]
    for one in each:
        bring_each(stage, thing, one, moment)
    turns = pace(len(sums), replace(moment, end=moment.at(0.88)))
    drop = 0.12 * moment.seconds
    for index, total in enumerate(sums.tolist()):
        start, end = turns[index], turns[index + 1]
        leaves = max(moment.start, min(start, end - 0.3))
        places = np.array([one.places[index] for one in each])
        middle = places.mean(axis=0)
        gap = float(np.linalg.norm(np.ptp(places, axis=0))) / max(1, len(each) - 1)
        if gap > 1.5 and index < 48:
            sign = Words(
                name=stage.name(thing, "plus"),
                group=thing.group,
                place=tuple((middle + (0.0, -0.6, 0.0)).tolist()),
                text="+",
                size=1.2,
            )
            stage.add(thing, sign)
            stage.appear(sign.name, moment.start, moment.start + 0.3, owner)
            if leaves > moment.start + 0.3:
                board.ramp(sign.name, targets.OPACITY, leaves, end, 0.0, owner)
            else:
                board.set(sign.name, targets.OPACITY, max(end, moment.start + 0.3), 0.0, owner)
        for number, one in enumerate(each):
            stage.fly(one.actors[index], leaves, end, middle, owner)
            if number < len(each) - 1:
                board.set(one.actors[index], targets.OPACITY, end, 0.0, owner)
        last = each[-1].actors[index]
        stage.become(last, end, total, owner)
        until = min(moment.end, end + drop)
        stage.fly(last, end, until, goal[index], owner)


def _at_once(
    stage: Stage,
    thing: Thing,
    copies: Sequence[Copies],
    cells: CellRange,
    sums: Floats,
    moment: Moment,
) -> None:
    """Let whole columns meet, and become the column of sums, which drops."""
    middle = np.mean([one.places for one in copies], axis=0)
    met = moment.at(0.6)
    for one in copies:
        carry(stage, one, middle, replace(moment, end=met), late=0.0)
        for actor in one.actors:
            stage.board.set(actor, targets.OPACITY, met, 0.0, moment.id)
    total = Copies(cells.block, sums, middle)
    bring(stage, thing, total, middle, moment)
    (actor,) = total.actors
    stage.board.set(actor, targets.OPACITY, 0.0, 0.0, moment.id)
    stage.board.set(actor, targets.OPACITY, met, 1.0, moment.id)
    goal = stage.selection.places(cells)
    stage.fly(actor, met, moment.end, goal[0], moment.id)


def fill_in(stage: Stage, cells: CellRange, landed: Sequence[float], moment: Moment) -> None:
    """Let cells of a block show their numbers as these land, where they are the next ones."""
    (name,) = stage.leads.of([cells.block])
    block = stage.anatomy.blocks[cells.block]
    if block.time_axis is None:
        return
    total = block.cells_before(stage.run.n_tokens)
    shown = stage.board.value(name, targets.PROGRESS, moment.start)
    for column, row, time in zip(*cells.places, landed, strict=True):
        rank = int(block.rank(column, row))
        done = float(np.float32(rank / total))
        if shown < done and round(shown * total) >= rank - 1:
            stage.board.set(name, targets.PROGRESS, time, done, moment.id)
            shown = done
