"""Gestures that compute: blocks get their numbers, in the order of computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .. import targets
from ..errors import AuthoringError
from ..pace import Interval, schedule
from ..selection import fill
from ..stage import Moment, Stage
from .base import Gesture, Index, Texts, words_of

Heads = Literal["together", "in turn"]


@dataclass(frozen=True, kw_only=True)
class Process(Gesture):
    """Compute all blocks from the subject `to` another, in order, in one pass of generation."""

    verb = "process"
    choices = {"Heads": words_of(Heads)}

    subject: str
    to: str | None = None
    pass_: int = 0
    until: Index | None = None
    """The last position that is computed; all of the pass's unless given."""
    heads: Heads = "together"
    glow: float = 0.35
    """Highlight of a block while it is computed, 0 to 1."""
    weights: float = 0.0
    """Highlight of the weights that it uses, for the same time."""

    def play(self, stage: Stage, moment: Moment) -> None:
        """Ramp the progress of each block over its share of the time."""
        first = computed(stage, self.subject, moment)
        last = computed(stage, self.to or self.subject, moment)
        if self.pass_ > stage.run.n_appended:
            raise AuthoringError(
                f"{moment.id}: there is no pass {self.pass_}; {stage.run.n_appended} tokens "
                "were appended."
            )
        n_prompt = stage.run.n_prompt
        if self.until is not None:
            n_prompt = min(n_prompt, int(fill(self.until, moment.names)) + 1)
        intervals = schedule(
            stage.leads.blocks,
            (first[0], last[-1]),
            self.pass_,
            (n_prompt, stage.run.n_tokens),
            (moment.start, moment.end),
            together=self.heads == "together",
        )
        if not intervals:
            raise AuthoringError(f"{moment.id}: {last[-1]} is computed before {first[0]}.")
        for interval in intervals:
            stage.board.ramp(
                interval.block,
                targets.PROGRESS,
                interval.start,
                interval.end,
                interval.progress,
                moment.id,
                easing="linear",
            )
            light(stage, interval, moment.id, self.glow, self.weights)


def light(stage: Stage, interval: Interval, owner: str, glow: float, weights: float) -> None:
    """Light a block up while it is computed, and the weights that it uses."""
    lit = [(interval.block, glow)] if glow else []
    if weights:
        lit += [(weight, weights) for weight in stage.leads.of(_weights_of(stage, interval.block))]
    for name, peak in lit:
        stage.board.pulse(name, targets.HIGHLIGHT, interval.start, interval.end, peak, owner)


def computed(stage: Stage, selector: str, moment: Moment) -> list[str]:
    """The leads of the blocks that a selector names, without the weights.

    Raises
    ------
    AuthoringError
        If there are none.
    """
    names = stage.leads.of(stage.selection.blocks(fill(selector, moment.names)))
    found = [name for name in names if stage.anatomy.blocks[name].time_axis is not None]
    if not found:
        raise AuthoringError(f"{moment.id}: {selector!r} are weights; nothing computes them.")
    return found


def _weights_of(stage: Stage, name: str) -> list[str]:
    blocks = stage.anatomy.blocks
    formula = blocks[name].formula
    if formula is None:
        return []
    used = dict.fromkeys(operand.block for operand in formula.operands)
    return [block for block in used if blocks[block].kind == "weight"]


By = Literal["cell", "column", "row", "head"]


@dataclass(frozen=True, kw_only=True)
class Blank(Gesture):
    """Let the subjects be empty again, so that they can be computed before our eyes."""

    verb = "blank"

    subject: Texts
    columns: Index = ""
    """The first position from which on they are empty; all of them unless given."""

    def natural(self, run: object) -> float:
        """The time in which cells empty."""
        del run
        return 0.6

    def play(self, stage: Stage, moment: Moment) -> None:
        """Ramp the progress down."""
        for name in stage.leads.of(stage.blocks(self.subject, moment)):
            block = stage.anatomy.blocks[name]
            if block.time_axis is None:
                raise AuthoringError(f"{moment.id}: {name} are weights, which are always there.")
            first = positions(stage, self.columns, moment).start if self.columns else 0
            stage.board.ramp(
                name,
                targets.PROGRESS,
                moment.start,
                moment.end,
                progress_before(stage, name, first),
                moment.id,
                easing="linear",
            )


@dataclass(frozen=True, kw_only=True)
class Sweep(Gesture):
    """Compute the subjects cell by cell, column by column, row by row or head by head.

    `columns` are the positions that are computed, along whichever axis they run.
    """

    verb = "sweep"
    choices = {"By": words_of(By)}

    subject: Texts
    by: By = "cell"
    columns: Index = ""
    glow: float = 0.35
    weights: float = 0.0

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let the progress of each block go up in steps of its kind."""
        blocks = stage.leads.of(stage.blocks(self.subject, moment))
        found = [name for name in blocks if stage.anatomy.blocks[name].time_axis is not None]
        if not found:
            raise AuthoringError(f"{moment.id}: {self.subject[0]!r} are weights.")
        if self.by == "head":
            heads = sorted({stage.anatomy.blocks[name].head or 0 for name in found})
            each = moment.seconds / len(heads)
            for name in found:
                start = moment.start + heads.index(stage.anatomy.blocks[name].head or 0) * each
                self._compute(stage, name, start, start + each, moment)
            return
        for name in found:
            self._compute(stage, name, moment.start, moment.end, moment)

    def _compute(self, stage: Stage, name: str, start: float, end: float, moment: Moment) -> None:
        board, run = stage.board, stage.run
        block = stage.anatomy.blocks[name]
        along = positions(stage, self.columns, moment)
        before, after = (progress_before(stage, name, at) for at in (along.start, along.stop))
        if board.value(name, targets.PROGRESS, start) != before:
            board.set(name, targets.PROGRESS, start, before, moment.id)
        if self.by in ("cell", "head"):
            board.ramp(name, targets.PROGRESS, start, end, after, moment.id, easing="linear")
        else:
            steps = list(along) if self.by == block.process.removesuffix("s") else None
            ends = _steps(stage, name, along, steps, run.n_tokens)
            for index, value in enumerate(ends, 1):
                time = start + (end - start) * index / len(ends)
                board.set(name, targets.PROGRESS, time, value, moment.id)
        light(stage, Interval(name, start, end, after), moment.id, self.glow, self.weights)


def _steps(
    stage: Stage, name: str, along: range, steps: list[int] | None, n_tokens: int
) -> list[float]:
    """The progress after each column or row, or after each cell of a line where lines run across
    the order of computation.
    """
    block = stage.anatomy.blocks[name]
    if steps is not None:
        return [progress_before(stage, name, position + 1) for position in along]
    total = block.cells_before(n_tokens)
    first, last = block.cells_before(along.start), block.cells_before(along.stop)
    return [float(np.float32(cells / total)) for cells in range(first + 1, last + 1)]


def positions(stage: Stage, text: str, moment: Moment) -> range:
    """The positions that a text means, of those that are computed; all of them where it is empty.

    Raises
    ------
    AuthoringError
        If that is not how positions are written.
    """
    found = stage.selection.span(fill(text, moment.names) or ":", stage.run.n_tokens)
    return range(*found)


def progress_before(stage: Stage, name: str, position: int) -> float:
    """The progress of a block at which all positions before one are computed."""
    block = stage.anatomy.blocks[name]
    done = block.cells_before(position) / block.cells_before(stage.run.n_tokens)
    # As float32, which the orders of cells are, so that the last cell is seen.
    return float(np.float32(done))
