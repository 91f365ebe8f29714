"""Gestures that compute: blocks get their numbers, in the order of computation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .. import targets
from ..errors import AuthoringError
from ..pace import Interval, schedule
from ..selection import fill
from ..stage import Moment, Stage
from .base import Gesture, words_of

Heads = Literal["together", "in turn"]


@dataclass(frozen=True, kw_only=True)
class Process(Gesture):
    """Compute all blocks from the subject `to` another, in order, in one pass of generation."""

    verb = "process"
    choices = {"Heads": words_of(Heads)}

    subject: str
    to: str | None = None
    pass_: int = 0
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
        intervals = schedule(
            stage.leads.blocks,
            (first[0], last[-1]),
            self.pass_,
            (stage.run.n_prompt, stage.run.n_tokens),
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
