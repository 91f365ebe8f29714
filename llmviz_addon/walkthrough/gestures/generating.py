"""Gestures of generation: a predicted token flies to the input, and the next pass begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from .. import targets
from ..actors import TokenTile
from ..camera_path import Move
from ..easing import slow_in_out
from ..errors import AuthoringError
from ..framing import half_extent
from ..stage import Moment, Stage
from ..storyboard import FPS
from .base import Gesture
from .computing import Process

if TYPE_CHECKING:
    from ..run import Run

LEAST_PACE = 0.35
"""Least time of a pass, as a part of the first one's, however many passes there are."""

SHORTEST_FLIGHT = 0.3
"""Seconds below which nobody could follow a flight; the token just appears at the input."""

APPARENT = 0.07
"""Least height of a flying tile on its way, as a fraction of the picture's height."""


@dataclass(frozen=True, kw_only=True)
class Fly(Gesture):
    """Carry the token that a pass predicted from the output to its place at the input.

    With `follow` it keeps to the camera's last move, so that it stays in the picture.
    """

    verb = "fly"

    subject: int
    follow: bool = False

    def play(self, stage: Stage, moment: Moment) -> None:
        """Carry the token over the gesture's time, or over that of the camera's move."""
        if self.subject >= stage.run.n_appended:
            raise AuthoringError(
                f"{moment.id}: pass {self.subject} has nothing to carry; "
                f"{stage.run.n_appended} tokens were appended."
            )
        follow = stage.camera.last if self.follow else None
        if follow is not None and isinstance(follow.at, Move):
            move, start, end = follow.at, follow.start, follow.end
            carry(stage, self.subject, start, end, moment.id, move.panned)
        else:
            carry(stage, self.subject, moment.start, moment.end, moment.id)


@dataclass(frozen=True, kw_only=True)
class Generate(Gesture):
    """Passes of generation from the subject `to` another, each with its flight, ever faster."""

    verb = "generate"

    subject: int
    to: int | None = None
    sweep: float = 3.0
    carry: float = 1.4
    faster: float = 1.0
    most: float = 30.0
    """Most seconds that all passes take together."""

    def after(self, seconds: float) -> Self:
        """The same, where the first token does not fly before the camera has arrived."""
        return replace(self, at=max(self.at, seconds - self.sweep))

    def passes(self, run: Run) -> range:
        """The numbers of the passes; pass *p* is the one with *p* appended tokens."""
        last = run.n_appended if self.to is None else min(self.to, run.n_appended)
        return range(self.subject, last + 1)

    def times(self, run: Run) -> list[tuple[float, float]]:
        """Seconds of sweep and of flight for each pass; the last pass has nothing to carry."""
        times = []
        for step, p in enumerate(self.passes(run)):
            pace = max(LEAST_PACE, self.faster**step)
            times.append((self.sweep * pace, self.carry * pace if p < run.n_appended else 0.0))
        total = sum(map(sum, times))
        squeeze = min(1.0, self.most / total) if total else 1.0
        return [(sweep * squeeze, carried * squeeze) for sweep, carried in times]

    def length(self, run: Run | None) -> float:
        """The time of all passes and a moment to see the last one."""
        if run is None:
            return self.at
        return self.at + sum(map(sum, self.times(run))) + 0.8

    def play(self, stage: Stage, moment: Moment) -> None:
        """Sweep and carry, pass after pass."""
        time, board = moment.start, stage.board
        for p, (sweep, carried) in zip(self.passes(stage.run), self.times(stage.run), strict=True):
            part = replace(moment, start=time, end=time + sweep)
            Process(subject="model", pass_=p).play(stage, part)
            time += sweep
            bar = targets.tile(targets.OUTPUT, stage.run.n_prompt - 1 + p)
            soon = time + min(0.3, carried or 0.3)
            board.ramp(bar, targets.OPACITY, time, soon, 1.0, moment.id)
            board.pulse(bar, targets.HIGHLIGHT, time, soon, 0.8, moment.id)
            if carried >= SHORTEST_FLIGHT:
                carry(stage, p, time, time + carried, moment.id)
            elif carried:
                tile = targets.tile(targets.INPUT, stage.run.n_prompt + p)
                board.ramp(tile, targets.OPACITY, time, time + carried, 1.0, moment.id)
            time += carried


def carry(
    stage: Stage,
    p: int,
    start: float,
    end: float,
    owner: str,
    panned: Callable[[float], float] = slow_in_out,
) -> None:
    """Carry the token of pass `p` to the input, in a bow in front of the model, and leave it there.

    `panned` gives the fraction of the way for a fraction of the time.
    """
    run, board = stage.run, stage.board
    column, position = run.n_prompt + p - 1, run.n_prompt + p
    token = run.ids[position]
    bar = stage.selection.tiles(targets.OUTPUT)[column]
    goal = stage.selection.tiles(targets.INPUT)[position]
    name = targets.actor(position)
    # A token may fly in several chapters.
    unseen_from = start if name in stage.actors else 0.0
    stage.actors[name] = TokenTile(
        name=name, text=run.label(token), index=int(token), size=(goal.width, goal.height)
    )
    # The tile leaves from the middle of the token's segment, which has those of more probable
    # tokens above it. A tile that is higher than the segment starts with its upper edge level with
    # the segment's, but not below the bar.
    segment = max(run.token_probabilities[column] * bar.height, goal.height)
    middle = run.above(column) * bar.height + min(segment, bar.height) / 2
    lift = np.array([0.0, -0.6, bar.height / 2 - min(middle, bar.height - goal.height / 2)])
    here, there = np.array(bar.center) + lift, np.array(goal.center) + (0.0, -0.6, 0.0)
    # In front of the model, and to the right of the way where that leads up; above it to the left.
    way = there - here
    bow = 0.06 * np.array([way[2], 0.0, -way[0]]) + (0.0, -0.04 * np.linalg.norm(way), 0.0)
    span = end - start

    def place(time: float) -> np.ndarray:
        done = panned((time - start) / span)
        return here + done * (there - here) + np.sin(np.pi * min(max(done, 0.0), 1.0)) ** 2 * bow

    def scale(time: float) -> float:
        fraction = (time - start) / span
        pose = stage.camera.pose(time)
        depth = float((np.array(pose.location) - place(time)) @ pose.rotation[:, 2])
        height = 2 * half_extent(pose.lens, stage.aspect)[1] * depth
        large = max(1.0, APPARENT * height / goal.height)
        return 1 + (large - 1) * slow_in_out(min(fraction, 1 - fraction) / 0.3)

    times = [float(t) for t in np.linspace(start, end, max(7, round(span / 0.25)) + 1)]
    for index in range(3):

        def along(time: float, index: int = index) -> float:
            return float(place(time)[index])

        board.smooth(name, targets.LOCATION, times, along, owner, index)
    board.smooth(name, targets.SCALE, times, scale, owner)
    board.set(name, targets.OPACITY, unseen_from, 0.0, owner)
    board.ramp(name, targets.OPACITY, start, start + 0.15 * span, 1.0, owner)
    # The strip's own tile has appeared when the flying one arrives, so that nobody sees the flying
    # one fade away.
    settled = end - 1 / FPS
    tile = targets.tile(targets.INPUT, position)
    board.ramp(tile, targets.OPACITY, end - 0.1 * span, settled, 1.0, owner)
    board.ramp(name, targets.OPACITY, settled, end, 0.0, owner)
    board.pulse(tile, targets.HIGHLIGHT, settled, end, 0.8, owner, attack=0.05, release=0.8)
