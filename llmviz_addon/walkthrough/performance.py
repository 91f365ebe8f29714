"""The performance of gestures: from a script's words to keys on the board."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import targets, verbs
from .camera_path import Move
from .easing import slow_in_out
from .errors import AuthoringError
from .framing import half_extent
from .pace import Interval, schedule
from .selection import fill
from .stage import Moment, Stage
from .storyboard import FPS, Actor

if TYPE_CHECKING:
    from ..anatomy import Anatomy

SHORTEST_FLIGHT = 0.3
"""Seconds below which nobody could follow a flight; the token just appears at the input."""

SHORTEST_LOOK = 0.3
"""Least seconds for which the column of a token's index shines."""

ONE_BY_ONE, WAVE = 16, 0.4
"""Most tiles that flash one after the other, and the seconds that each takes where there are more,
so that flashes overlap."""

APPARENT = 0.07
"""Least height of a flying tile on its way, as a fraction of the picture's height."""


def play(stage: Stage, gesture: verbs.Gesture, moment: Moment) -> None:
    """Write a gesture's keys.

    Raises
    ------
    AuthoringError
        If it is longer than its beat, names nothing that exists, moves a property that another
        gesture is moving, or needs numbers of a model that has none.
    """
    if stage.given is None and not isinstance(gesture, verbs.Appear | verbs.Highlight):
        raise AuthoringError(f"{moment.id}: {gesture.verb} needs numbers, and this model has none.")
    start = moment.start + gesture.at
    end = moment.end if gesture.time is None else start + gesture.time
    if start >= end or end > moment.end + 1e-6:
        raise AuthoringError(
            f"{moment.id}: {gesture.verb} takes from {gesture.at:g} s to "
            f"{end - moment.start:g} s of a beat of {moment.end - moment.start:g} s."
        )
    _PLAY[type(gesture)](stage, gesture, Moment(moment.id, start, end, moment.names))


def _targets(stage: Stage, subjects: tuple[str, ...], moment: Moment) -> list[str]:
    """The targets that subjects name: blocks, tiles, sections, the key or the card."""
    found: list[str] = []
    for subject in subjects:
        name = fill(subject, moment.names)
        if name in (f"{targets.OUTPUT}:predictions", f"{targets.OUTPUT}:before"):
            # Bars from the prompt's last column on, which predict how it goes on, or the bars of
            # the prompt's columns before it.
            last, end = stage.run.n_prompt - 1, stage.run.n_tokens
            positions = range(last, end) if name.endswith("predictions") else range(last)
            found += [targets.tile(targets.OUTPUT, i) for i in positions]
        elif name in (targets.INPUT, targets.OUTPUT):
            found += [targets.tile(name, i) for i in range(stage.run.n_prompt)]
        elif name in stage.surroundings():
            found.append(name)
        elif name == targets.section("*"):
            found += [targets.section(path) for path in stage.sections]
        else:
            found += stage.leads.of(stage.selection.blocks(name))
    return found


def _process(stage: Stage, gesture: verbs.Process, moment: Moment) -> None:
    first = _computed(stage, gesture.subject, moment)
    last = _computed(stage, gesture.to or gesture.subject, moment)
    if gesture.pass_ > stage.run.n_appended:
        raise AuthoringError(
            f"{moment.id}: there is no pass {gesture.pass_}; {stage.run.n_appended} tokens "
            "were appended."
        )
    n_prompt = stage.run.n_prompt
    if gesture.until is not None:
        n_prompt = min(n_prompt, int(fill(gesture.until, moment.names)) + 1)
    intervals = schedule(
        stage.leads.blocks,
        (first[0], last[-1]),
        gesture.pass_,
        (n_prompt, stage.run.n_tokens),
        (moment.start, moment.end),
        together=gesture.heads == "together",
    )
    if not intervals:
        raise AuthoringError(f"{moment.id}: {last[-1]} is computed before {first[0]}.")
    _write_intervals(stage, intervals, gesture, moment)


def _computed(stage: Stage, selector: str, moment: Moment) -> list[str]:
    """The leads of the blocks that a selector names, without the weights."""
    names = stage.leads.of(stage.selection.blocks(fill(selector, moment.names)))
    computed = [name for name in names if stage.anatomy.blocks[name].time_axis is not None]
    if not computed:
        raise AuthoringError(f"{moment.id}: {selector!r} are weights; nothing computes them.")
    return computed


def _write_intervals(
    stage: Stage, intervals: list[Interval], gesture: verbs.Process, moment: Moment
) -> None:
    board = stage.board
    for interval in intervals:
        board.ramp(
            interval.block,
            targets.PROGRESS,
            interval.start,
            interval.end,
            interval.progress,
            moment.id,
            easing="linear",
        )
        if gesture.glow:
            board.pulse(
                interval.block,
                targets.HIGHLIGHT,
                interval.start,
                interval.end,
                gesture.glow,
                moment.id,
            )
        if gesture.weights:
            for weight in stage.leads.of(_weights_of(stage.anatomy, interval.block)):
                board.pulse(
                    weight,
                    targets.HIGHLIGHT,
                    interval.start,
                    interval.end,
                    gesture.weights,
                    moment.id,
                )


def _weights_of(anatomy: Anatomy, name: str) -> list[str]:
    formula = anatomy.blocks[name].formula
    if formula is None:
        return []
    used = dict.fromkeys(operand.block for operand in formula.operands)
    return [block for block in used if anatomy.blocks[block].kind == "weight"]


def _appear(stage: Stage, gesture: verbs.Appear, moment: Moment) -> None:
    for target in _targets(stage, gesture.subject, moment):
        stage.board.ramp(target, targets.OPACITY, moment.start, moment.end, gesture.to, moment.id)


def _highlight(stage: Stage, gesture: verbs.Highlight, moment: Moment) -> None:
    for target in _targets(stage, gesture.subject, moment):
        stage.board.pulse(
            target,
            targets.HIGHLIGHT,
            moment.start,
            moment.end,
            gesture.to,
            moment.id,
            release=gesture.release,
        )


def _focus(stage: Stage, gesture: verbs.Focus, moment: Moment) -> None:
    # One frame short, so that the jump back to no column is not blended with the way there.
    end = moment.end - 1 / FPS
    columns = stage.run.n_prompt
    for target in _targets(stage, gesture.subject, moment):

        def jump(time: float, value: float, target: str = target) -> None:
            stage.board.set(target, targets.FOCUS_COLUMN, time, value, moment.id)

        if gesture.columns == "prompt":
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
        elif gesture.columns == "ids":
            # Of a long prompt only some tokens, so that each column can be seen. Each comes at the
            # time at which "prompt" passes over the token's own column.
            step = (end - moment.start) / columns
            for token in range(0, columns, math.ceil(SHORTEST_LOOK / step)):
                time = moment.start + token * step
                jump(time, float(stage.run.prompt_ids[token]))
        else:
            places = {"position": "position", "token": "token", "last": "last_column"}
            jump(moment.start, float(moment.names[places[gesture.columns]]))
        jump(moment.end, -1.0)


def _flash(stage: Stage, gesture: verbs.Flash, moment: Moment) -> None:
    count = stage.run.n_prompt
    length = (moment.end - moment.start) / count
    if count > ONE_BY_ONE:
        # With so many tiles the flashes overlap and run along the strip as a wave.
        length = min(max(length, WAVE), moment.end - moment.start)
    for i, start in enumerate(_starts(moment, count, length)):
        tile = targets.tile(gesture.subject, i)
        if gesture.reveal:
            risen = start + min(0.4, length)
            stage.board.ramp(tile, targets.OPACITY, start, risen, 1.0, moment.id)
        if gesture.to:
            lit = start + 0.7 * length
            stage.board.pulse(tile, targets.HIGHLIGHT, start, lit, gesture.to, moment.id, 0.2)


def _starts(moment: Moment, count: int, length: float) -> list[float]:
    """Start times of `count` things of this length; the last one ends with the moment."""
    step = (moment.end - moment.start - length) / max(1, count - 1)
    return [moment.start + i * step for i in range(count)]


def _fly(stage: Stage, gesture: verbs.Fly, moment: Moment) -> None:
    if gesture.subject >= stage.run.n_appended:
        raise AuthoringError(
            f"{moment.id}: pass {gesture.subject} has nothing to carry; {stage.run.n_appended} "
            "tokens were appended."
        )
    follow = stage.camera.last if gesture.follow else None
    if follow is not None and isinstance(follow.at, Move):
        move, start, end = follow.at, follow.start, follow.end
        fly(stage, gesture.subject, start, end, moment.id, move.panned)
    else:
        fly(stage, gesture.subject, moment.start, moment.end, moment.id)


def fly(
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
    stage.actors[name] = Actor(
        name, "token_tile", run.label(token), int(token), (goal.width, goal.height)
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


def _generate(stage: Stage, gesture: verbs.Generate, moment: Moment) -> None:
    time = moment.start
    for p, (sweep, carry) in zip(gesture.passes(stage.run), gesture.times(stage.run), strict=True):
        part = Moment(moment.id, time, time + sweep, moment.names)
        _process(stage, verbs.Process(subject="model", pass_=p), part)
        time += sweep
        bar = targets.tile(targets.OUTPUT, stage.run.n_prompt - 1 + p)
        soon = time + min(0.3, carry or 0.3)
        stage.board.ramp(bar, targets.OPACITY, time, soon, 1.0, moment.id)
        stage.board.pulse(bar, targets.HIGHLIGHT, time, soon, 0.8, moment.id)
        if carry >= SHORTEST_FLIGHT:
            fly(stage, p, time, time + carry, moment.id)
        elif carry:
            tile = targets.tile(targets.INPUT, stage.run.n_prompt + p)
            stage.board.ramp(tile, targets.OPACITY, time, time + carry, 1.0, moment.id)
        time += carry


_PLAY: dict[type[verbs.Gesture], Callable[..., None]] = {
    verbs.Process: _process,
    verbs.Appear: _appear,
    verbs.Fade: _appear,
    verbs.Highlight: _highlight,
    verbs.Focus: _focus,
    verbs.Flash: _flash,
    verbs.Fly: _fly,
    verbs.Generate: _generate,
}
