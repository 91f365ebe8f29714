"""Gestures that let things come and go, and light them up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .. import targets
from ..selection import fill
from ..stage import Moment, Stage
from ..storyboard import FPS
from .base import Gesture, Texts, words_of

SHORTEST_LOOK = 0.3
"""Least seconds for which the column of a token's index shines."""

ONE_BY_ONE, WAVE = 16, 0.4
"""Most tiles that flash one after the other, and the seconds that each takes where there are more,
so that flashes overlap."""

Columns = Literal["prompt", "ids", "last", "position", "token"]


@dataclass(frozen=True, kw_only=True)
class Appear(Gesture):
    """Let the subjects come to an opacity."""

    verb = "appear"
    needs_numbers = False

    subject: Texts
    to: float = 1.0

    def play(self, stage: Stage, moment: Moment) -> None:
        """Ramp the opacity of each target."""
        for target in stage.targets(self.subject, moment):
            stage.board.ramp(target, targets.OPACITY, moment.start, moment.end, self.to, moment.id)


@dataclass(frozen=True, kw_only=True)
class Fade(Appear):
    """Let the subjects go."""

    verb = "fade"

    to: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Highlight(Gesture):
    """Light the subjects up for a time."""

    verb = "highlight"
    needs_numbers = False

    subject: Texts
    to: float = 0.4
    release: float = 0.6

    def play(self, stage: Stage, moment: Moment) -> None:
        """Let the light of each target rise, and fall when the time is over."""
        for target in stage.targets(self.subject, moment):
            stage.board.pulse(
                target,
                targets.HIGHLIGHT,
                moment.start,
                moment.end,
                self.to,
                moment.id,
                release=self.release,
            )


@dataclass(frozen=True, kw_only=True)
class Focus(Gesture):
    """Let one column of the subjects shine, if they are lit.

    ``"prompt"`` passes over the prompt's columns, ``"ids"`` goes to the column of each token's
    index in turn, ``"last"`` stays at the prompt's last column, ``"position"`` at the one that the
    chapter follows, and ``"token"`` at the column of its token's index.
    """

    verb = "focus"
    choices = {"Columns": words_of(Columns)}

    subject: Texts
    columns: Columns = "prompt"

    def play(self, stage: Stage, moment: Moment) -> None:
        """Key the column in focus, and none when the time is over."""
        for target in stage.targets(self.subject, moment):
            self._follow(stage, target, moment)

    def _follow(self, stage: Stage, target: str, moment: Moment) -> None:
        # One frame short, so that the jump back to no column is not blended with the way there.
        end = moment.end - 1 / FPS
        columns = stage.run.n_prompt

        def jump(time: float, value: float) -> None:
            stage.board.set(target, targets.FOCUS_COLUMN, time, value, moment.id)

        if self.columns == "prompt":
            jump(moment.start, -0.5)
            stage.board.ramp(
                target,
                targets.FOCUS_COLUMN,
                moment.start,
                end,
                columns - 0.5,
                moment.id,
                easing="linear",
            )
        elif self.columns == "ids":
            # Of a long prompt only some tokens, so that each column can be seen. Each comes at the
            # time at which "prompt" passes over the token's own column.
            step = (end - moment.start) / columns
            for token in range(0, columns, math.ceil(SHORTEST_LOOK / step)):
                jump(moment.start + token * step, float(stage.run.prompt_ids[token]))
        else:
            places = {"position": "position", "token": "token", "last": "last_column"}
            jump(moment.start, float(moment.names[places[self.columns]]))
        jump(moment.end, -1.0)


@dataclass(frozen=True, kw_only=True)
class Flash(Gesture):
    """Light up the prompt's tiles of a strip in turn; with `reveal` each one comes with it."""

    verb = "flash"

    subject: str
    to: float = 0.8
    reveal: bool = False

    def play(self, stage: Stage, moment: Moment) -> None:
        """Light one tile after the other; of many, as a wave that runs along the strip."""
        count, board = stage.run.n_prompt, stage.board
        length = (moment.end - moment.start) / count
        if count > ONE_BY_ONE:
            length = min(max(length, WAVE), moment.end - moment.start)
        for i, start in enumerate(starts(moment, count, length)):
            tile = targets.tile(fill(self.subject, moment.names), i)
            if self.reveal:
                risen = start + min(0.4, length)
                board.ramp(tile, targets.OPACITY, start, risen, 1.0, moment.id)
            if self.to:
                lit = start + 0.7 * length
                board.pulse(tile, targets.HIGHLIGHT, start, lit, self.to, moment.id, 0.2)


def starts(moment: Moment, count: int, length: float) -> list[float]:
    """Start times of `count` things of this length; the last one ends with the moment."""
    step = (moment.end - moment.start - length) / max(1, count - 1)
    return [moment.start + i * step for i in range(count)]
