"""The stage: everything that a gesture may need, and the model's state when a chapter begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import targets
from .camera import Camera
from .companions import Companion
from .errors import AuthoringError
from .leads import Leads
from .run import Run
from .selection import Selection
from .storyboard import Actor
from .tracks import Board

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block
    from ..detail import Bundle


@dataclass(frozen=True)
class Moment:
    """A beat in time: its id, its start and end in seconds, and values for names in braces."""

    id: str
    start: float
    end: float
    names: Mapping[str, int | str]


@dataclass
class Stage:
    """Everything that a gesture may need.

    `given` is the run, None for a model without numbers. A gesture that needs a run reads `run`,
    which raises where there is none.
    """

    anatomy: Anatomy
    given: Run | None
    aspect: float
    bundles: tuple[Bundle, ...] | None = None
    companions: tuple[Companion, ...] = ()
    board: Board = field(default_factory=Board)
    actors: dict[str, Actor] = field(default_factory=dict)
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

    @property
    def sections(self) -> tuple[str, ...]:
        """Paths of the sections whose titles and arrows come and go as one."""
        return self.anatomy.parts

    def surroundings(self) -> list[str]:
        """Targets that are not blocks: strips, sections, key, card."""
        positions = range(self.selection.n_tokens)
        return [
            *(targets.tile(targets.INPUT, i) for i in positions),
            *(targets.tile(targets.OUTPUT, i) for i in positions),
            *(targets.section(path) for path in self.sections),
            targets.KEY,
            targets.CARD,
        ]

    def prepare(
        self, state: str, time: float, owner: str, begins: str = "", position: int = 0
    ) -> None:
        """Let a chapter begin in a state; see `script.Chapter`, also for `begins`.

        `position` is the one that the chapter follows.
        """
        if state == "empty":
            self._empty(time, owner)
        elif state == "prompt" and self.given is not None:
            self._prompt(time, owner, begins, position)
        elif self.given is not None:
            self._computed(time, owner)
        elif state == "shape":
            # The key explains what numbers look like, and there are none to see.
            self.board.set(targets.KEY, targets.OPACITY, time, 0.0, owner)

    def _empty(self, time: float, owner: str) -> None:
        """Key the state before computation: no block has progress, and only blocks are there."""
        for name, block in self.leads.blocks.items():
            if block.time_axis is not None:
                self.board.set(name, targets.PROGRESS, time, 0.0, owner)
        for target in self.surroundings():
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
        around = [t for t in self.surroundings() if t not in (targets.CARD, targets.KEY)]
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
