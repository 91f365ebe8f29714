"""The stage: everything that a gesture may need, and the model's state when a chapter begins."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from . import targets
from .actors import HUD, Actor, Cells, Group
from .camera import Camera
from .companions import Companion
from .easing import blend
from .errors import AuthoringError, LackingError
from .leads import Leads
from .run import Run
from .selection import CellRange, Selection, fill
from .tracks import Board

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block
    from ..detail import Bundle
    from ..explain import CellReader
    from .gestures import Gesture

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Moment:
    """A beat in time: its id, its start and end in seconds, and values for names in braces."""

    id: str
    start: float
    end: float
    names: Mapping[str, int | str]

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    def at(self, fraction: float) -> float:
        """The second at which a fraction of it is over."""
        return self.start + fraction * (self.end - self.start)


@dataclass
class Thing:
    """Something that a gesture brought onto the stage, until the chapter ends.

    Attributes
    ----------
    name
        The name that the script knows it by.
    group
        The target of the group on which its actors hang.
    members
        The actors that show something.
    told
        Whatever the gesture that made it wants to know later.
    """

    name: str
    group: str
    members: list[str] = field(default_factory=list)
    told: object = None


@dataclass
class Stage:
    """Everything that a gesture may need.

    `given` is the run, None for a model without numbers. A gesture that needs a run reads `run`,
    which raises where there is none. `reader` knows the numbers of cells, which only some gestures
    need.
    """

    anatomy: Anatomy
    given: Run | None
    aspect: float
    bundles: tuple[Bundle, ...] | None = None
    companions: tuple[Companion, ...] = ()
    reader: CellReader | None = None
    board: Board = field(default_factory=Board)
    actors: dict[str, Actor] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    lacking: set[str] = field(default_factory=set)
    stand_ins: dict[str, Thing] = field(default_factory=dict)
    """By block, the parts of it that stand in for it."""
    coming: dict[Gesture, dict[str, Floats]] = field(default_factory=dict)
    """By gesture that is about to move blocks, how far from its place each will stand."""
    selection: Selection = field(init=False)
    leads: Leads = field(init=False)
    camera: Camera = field(init=False)

    def __post_init__(self) -> None:
        self.leads = Leads(self.anatomy, self.bundles)
        self.selection = Selection.of(self.anatomy, self.given, self.companions)
        self.camera = Camera(self.board)

    @property
    def run(self) -> Run:
        """The run.

        Raises
        ------
        AuthoringError
            If the model has no numbers.
        """
        if self.given is None:
            raise AuthoringError("A model without numbers computes nothing that could be played.")
        return self.given

    # What gestures speak of

    @property
    def sections(self) -> tuple[str, ...]:
        """Paths of the sections whose titles and arrows come and go as one."""
        return self.anatomy.parts

    @cached_property
    def labeled(self) -> frozenset[str]:
        """The targets of sections and of the card."""
        return frozenset([*map(targets.section, self.sections), targets.CARD])

    @cached_property
    def surroundings(self) -> tuple[str, ...]:
        """Targets that are not blocks: strips, sections, key, card."""
        positions = range(self.selection.n_tokens)
        return (
            *(targets.tile(targets.INPUT, i) for i in positions),
            *(targets.tile(targets.OUTPUT, i) for i in positions),
            *(targets.section(path) for path in self.sections),
            targets.KEY,
            targets.CARD,
        )

    def targets(self, subjects: Sequence[str], moment: Moment) -> list[str]:
        """The targets that subjects name: blocks, tiles, sections, key, card, or what gestures
        brought onto the stage.
        """
        found: list[str] = []
        for subject in subjects:
            name = fill(subject, moment.names)
            if name in (f"{targets.OUTPUT}:predictions", f"{targets.OUTPUT}:before"):
                # Bars from the prompt's last column on, which predict how it goes on, or the bars
                # of the prompt's columns before it.
                last, end = self.run.n_prompt - 1, self.run.n_tokens
                positions = range(last, end) if name.endswith("predictions") else range(last)
                found += [targets.tile(targets.OUTPUT, i) for i in positions]
            elif name in (targets.INPUT, targets.OUTPUT):
                found += [targets.tile(name, i) for i in range(self.run.n_prompt)]
            elif name in self.things:
                found += self.things[name].members
            elif name in self.surroundings:
                found.append(name)
            elif name in self.lacking:
                continue
            elif name == targets.section("*"):
                found += [targets.section(path) for path in self.sections]
            else:
                found += self.leads.of(self.selection.blocks(name))
        return found

    def blocks(self, subjects: Sequence[str], moment: Moment) -> list[str]:
        """The blocks that subjects name, each once."""
        named = (self.selection.blocks(fill(subject, moment.names)) for subject in subjects)
        return list(dict.fromkeys(name for names in named for name in names))

    def cells(self, selector: str, moment: Moment) -> CellRange:
        """The cells that a selector means; raises what `Selection.cells` raises."""
        try:
            return self.selection.cells(fill(selector, moment.names))
        except AuthoringError as error:
            raise AuthoringError(f"{moment.id}: {error}") from error

    def numbers(self, block: str, columns: Sequence[int], rows: Sequence[int]) -> Floats:
        """The numbers of cells of one block, NaN where they are not known.

        Raises
        ------
        AuthoringError
            If the film is made without the model's numbers.
        """
        if self.reader is None:
            raise AuthoringError(f"The numbers of {block} are not at hand.")
        places = np.asarray(columns, np.int64), np.asarray(rows, np.int64)
        read = self.reader.read(self.anatomy.blocks[block], *places)
        return np.asarray(read.values, np.float64)

    def thing(self, name: str, moment: Moment) -> Thing:
        """The thing that was brought onto the stage under a name.

        Raises
        ------
        AuthoringError
            If there is nothing of that name; a `LackingError` where its numbers are not known.
        """
        wanted = fill(name, moment.names)
        if wanted in self.lacking:
            raise LackingError(f"{moment.id}: the numbers of {wanted!r} are not known.")
        if wanted not in self.things:
            known = ", ".join(sorted(self.things)) or "nothing"
            raise AuthoringError(f"{moment.id}: {wanted!r} is not on the stage; there is {known}.")
        return self.things[wanted]

    # What gestures bring

    def bring(self, name: str, moment: Moment, *, hud: bool = False) -> Thing:
        """Bring a thing onto the stage; its actors are there from the moment's start on.

        What had the name before goes.
        """
        if name in self.things:
            self.drop(name, moment.start, moment.id)
        self.lacking.discard(name)
        chapter = moment.id.partition(".")[0]
        group = f"{chapter}:{name}"
        while group in self.actors:
            group += "'"
        self.actors[group] = Group(name=group, group=HUD if hud else "")
        self.board.set(group, targets.SCALE, 0.0, 0.0, moment.id)
        self.board.set(group, targets.SCALE, moment.start, 1.0, moment.id)
        thing = self.things[name] = Thing(name, group)
        return thing

    def lack(self, name: str) -> None:
        """Note that a thing cannot be brought, since numbers of it are not known."""
        if name not in self.things:
            self.lacking.add(name)

    def add(self, thing: Thing, actor: Actor) -> str:
        """Add an actor that shows something; returns its target."""
        self.actors[actor.name] = actor
        thing.members.append(actor.name)
        return actor.name

    def name(self, thing: Thing, what: str = "") -> str:
        """A name for the next actor of a thing."""
        return f"{thing.group}:{what or 'part'}{len(thing.members)}"

    def drop(self, name: str, time: float, owner: str) -> None:
        """Let a thing be gone from a time on."""
        thing = self.things.pop(name)
        self.board.set(thing.group, targets.SCALE, time, 0.0, owner)

    def appear(
        self, actor: str, start: float, end: float, owner: str, opacity: float = 1.0
    ) -> None:
        """Let an actor that was not there come."""
        self.board.set(actor, targets.OPACITY, 0.0, 0.0, owner)
        self.board.ramp(actor, targets.OPACITY, start, end, opacity, owner)

    def become(self, actor: str, time: float, value: float, owner: str) -> None:
        """Let a lone cell show another number from a time on."""
        if not self.board.has(actor, targets.VALUE):
            cell = self.actors[actor]
            assert isinstance(cell, Cells)
            self.board.set(actor, targets.VALUE, 0.0, cell.values[0], owner)
        self.board.set(actor, targets.VALUE, time, value, owner)

    def shift(
        self,
        target: str,
        prop: str,
        start: float,
        end: float,
        to: Sequence[float] | Floats,
        owner: str,
    ) -> None:
        """Move something with three components evenly, with a gentle start and end."""
        for index, value in enumerate(to):
            if abs(self.board.value(target, prop, start, index) - value) > 1e-9:
                self.board.ramp(target, prop, start, end, float(value), owner, "ease", index)

    def fly(
        self,
        actor: str,
        start: float,
        end: float,
        goal: Sequence[float] | Floats,
        owner: str,
        bow: float = 0.0,
    ) -> None:
        """Carry an actor to a place, in a bow of so many cells toward the viewer."""
        if not bow:
            self.shift(actor, targets.LOCATION, start, end, goal, owner)
            return
        for index in (0, 2):
            if abs(self.board.value(actor, targets.LOCATION, start, index) - goal[index]) > 1e-9:
                self.board.ramp(
                    actor, targets.LOCATION, start, end, float(goal[index]), owner, "ease", index
                )
        here, there = self.board.value(actor, targets.LOCATION, start, 1), float(goal[1])

        def away(time: float) -> float:
            done = blend("ease", min(max((time - start) / (end - start), 0.0), 1.0))
            return here + done * (there - here) - bow * math.sin(math.pi * done) ** 2

        times = [float(time) for time in np.linspace(start, end, 6)]
        self.board.smooth(actor, targets.LOCATION, times, away, owner, 1)

    def stand(self, actor: Actor, owner: str) -> None:
        """Key the place of an actor, so that it can be moved from there."""
        for index, value in enumerate(actor.place):
            self.board.set(actor.name, targets.LOCATION, 0.0, value, owner, index)

    @cached_property
    def arrows(self) -> dict[str, set[str]]:
        """By block, the targets of the arrows to and from it; none where blocks share objects."""
        found: dict[str, set[str]] = {}
        for arrow in self.anatomy.arrows if self.leads.bundles is None else ():
            for block in (arrow.source, arrow.target):
                found.setdefault(block, set()).add(targets.ARROWS + arrow.target)
        return found

    def fade_arrows(
        self, blocks: Sequence[str], start: float, end: float, opacity: float, owner: str
    ) -> None:
        """Let the arrows to and from blocks come or go, since they do not move with these."""
        for target in sorted(set().union(*(self.arrows.get(block, ()) for block in blocks))):
            if self.board.value(target, targets.OPACITY, math.inf) != opacity:
                self.board.ramp(target, targets.OPACITY, start, end, opacity, owner)

    # The state of the model

    def prepare(
        self, state: str, time: float, owner: str, begins: str = "", position: int = 0
    ) -> None:
        """Let a chapter begin in a state; see `script.Chapter`, also for `begins`.

        `position` is the one that the chapter follows.
        """
        self._clear(time, owner)
        if state == "empty":
            self._empty(time, owner)
        elif state == "prompt" and self.given is not None:
            self._prompt(time, owner, begins, position)
        elif self.given is not None:
            self._computed(time, owner)
        elif state == "shape":
            # The key explains what numbers look like, and there are none to see.
            self.board.set(targets.KEY, targets.OPACITY, time, 0.0, owner)

    def _clear(self, time: float, owner: str) -> None:
        """Let everything go that a chapter brought, and blocks be whole and in their places."""
        for name in list(self.things):
            self.drop(name, time, owner)
        for block in list(self.stand_ins):
            self.unveil(block, time, owner)
        for block in list(self.selection.shifts):
            del self.selection.shifts[block]
            for index in range(3):
                if self.board.value(block, targets.OFFSET, time, index):
                    self.board.set(block, targets.OFFSET, time, 0.0, owner, index)
        self.selection.stages.clear()
        for target in self.board.moved(targets.OPACITY):
            if target.startswith(targets.ARROWS):
                self._put(target, targets.OPACITY, time, 1.0, owner)

    def veil(self, block: str, thing: Thing, time: float, owner: str) -> None:
        """Let parts stand in for the cells of a block from a time on."""
        self.stand_ins[block] = thing
        if self.leads.is_own(block):
            self.board.set(block, targets.PRESENCE, time, 0.0, owner)

    def unveil(self, block: str, time: float, owner: str) -> None:
        """Let a block's own cells be there again, and what stood in for them go."""
        thing = self.stand_ins.pop(block)
        if thing.name in self.things:
            self.drop(thing.name, time, owner)
        if self.leads.is_own(block) and self.board.value(block, targets.PRESENCE, time) < 1:
            self.board.set(block, targets.PRESENCE, time, 1.0, owner)

    def _empty(self, time: float, owner: str) -> None:
        """Key the state before computation: no block has progress, and only blocks are there."""
        for name, block in self.leads.blocks.items():
            if block.time_axis is not None:
                self.board.set(name, targets.PROGRESS, time, 0.0, owner)
        for target in self.surroundings:
            self.board.set(target, targets.OPACITY, time, 0.0, owner)

    def _prompt(self, time: float, owner: str, begins: str, position: int) -> None:
        """Key the state in which a chapter computes from a block on; see `prepare`."""
        run, blocks = self.run, self.leads.blocks
        first = self.leads.of(self.selection.blocks(begins))[0] if begins else ""
        part = _part(blocks[first]) if first else ""
        count, bars = run.n_prompt, run.n_prompt
        for name, block in blocks.items():
            if name == first:
                bars = count = position
            if count < run.n_prompt and _part(block) != part:
                # What several layers share shows one layer after the other, so that none can be
                # half done in all of them.
                bars = count = 0
            # Before the first position there is no progress.
            done = block.progress_after(0, count, run.n_tokens) if count else 0.0
            if block.time_axis is not None:
                self._put(name, targets.PROGRESS, time, done, owner)
            self._put(name, targets.OPACITY, time, 1.0, owner)
        for i in range(run.n_tokens):
            for strip, shown in ((targets.INPUT, run.n_prompt), (targets.OUTPUT, bars)):
                tile = targets.tile(strip, i)
                self._put(tile, targets.OPACITY, time, float(i < shown), owner)
        for path in self.sections:
            self._put(targets.section(path), targets.OPACITY, time, 1.0, owner)

    def _put(self, target: str, prop: str, time: float, value: float, owner: str) -> None:
        """Jump to a value where a property has another."""
        if self.board.value(target, prop, time) != value:
            self.board.set(target, prop, time, value, owner)

    def _computed(self, time: float, owner: str) -> None:
        """Key the state after computation: all is there, but for card and key, which beats show."""
        around = [t for t in self.surroundings if t not in (targets.CARD, targets.KEY)]
        everything = [
            *((name, targets.PROGRESS) for name in self.leads.blocks),
            *((target, targets.OPACITY) for target in around),
            *((name, targets.OPACITY) for name in self.leads.blocks),
        ]
        for target, prop in everything:
            if self.board.value(target, prop, time) < 1.0:
                self.board.set(target, prop, time, 1.0, owner)


def _part(block: Block) -> str:
    """The part of the network that a block belongs to: the embedding, a layer, or the output."""
    return block.section.partition(".")[0]
