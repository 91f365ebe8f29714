"""The film's camera: moves and slow drifts one after the other, written as a few smooth keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from . import targets
from .camera_path import Move
from .easing import slow_in_out
from .framing import CameraPose
from .storyboard import Channel, Key
from .tracks import Board

NEAR = 4000.0
"""Cells from the camera to its subject up to which, in a small model's film, the picture begins as
near to the camera as `targets.CLIP_START`."""

CLIPPED = 0.005
"""Distance at which the picture begins, as a part of the distance to the subject."""


@dataclass(frozen=True)
class Segment:
    """A part of the camera's time; `at` gives the pose at a fraction of it."""

    start: float
    end: float
    at: Callable[[float], CameraPose]


class Camera:
    """The camera's place over time, and the keys that take it there."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._segments: list[Segment] = []
        self._rest: CameraPose | None = None

    @property
    def rest(self) -> CameraPose | None:
        """The pose after all moves so far; None before the first."""
        return self._rest

    @property
    def last(self) -> Segment | None:
        """The latest move that goes somewhere, or None."""
        moves = [s for s in self._segments if isinstance(s.at, Move)]
        return moves[-1] if moves else None

    def pose(self, time: float) -> CameraPose:
        """The camera's pose at a time.

        Raises
        ------
        ValueError
            If it was never put anywhere.
        """
        for segment in reversed(self._segments):
            if time >= segment.start:
                span = segment.end - segment.start
                return segment.at(min(1.0, (time - segment.start) / span))
        if self._segments:
            return self._segments[0].at(0.0)
        if self._rest is None:
            raise ValueError("The camera has no place yet.")
        return self._rest

    def cut(self, time: float, pose: CameraPose, owner: str) -> None:
        """Put the camera somewhere at once."""
        for prop, index, value in _components():
            self._board.set(targets.CAMERA, prop, time, value(pose), owner, index)
        self._segments.append(Segment(time, time + 1.0, lambda _: pose))
        self._rest = pose

    def move(self, start: float, end: float, pose: CameraPose, owner: str) -> None:
        """Travel to a pose."""
        assert self._rest is not None
        move = Move.between(self._rest, pose)
        self._add(Segment(start, end, move), math.ceil(4 * move.path.length), owner)
        self._rest = pose

    def drift(self, start: float, end: float, degrees: float, owner: str) -> None:
        """Turn slowly around what is in view."""
        assert self._rest is not None
        held = self._rest

        def at(fraction: float) -> CameraPose:
            azimuth = held.azimuth + degrees * slow_in_out(fraction)
            return CameraPose.looking_at(
                held.aim, azimuth, held.elevation, held.distance, held.lens
            )

        self._add(Segment(start, end, at), 4, owner)
        self._rest = replace(at(1.0), distance=held.distance)

    def _add(self, segment: Segment, least: int, owner: str) -> None:
        """Write a segment's keys: enough of them that the cubics between them follow it."""
        self._segments.append(segment)
        span = segment.end - segment.start
        count = max(5, least, math.ceil(span / 0.45)) + 1
        times = [float(t) for t in np.linspace(segment.start, segment.end, count)]
        # All components are read off the same poses.
        pose = cache(lambda time: segment.at((time - segment.start) / span))
        for prop, index, value in _components():
            held = [value(segment.at(f)) for f in (0.0, 0.5, 1.0)]
            if np.ptp(held) < 1e-9:
                continue

            def along(time: float, value: Callable[[CameraPose], float] = value) -> float:
                return value(pose(time))

            self._board.smooth(targets.CAMERA, prop, times, along, owner, index)


def _components() -> list[tuple[str, int, Callable[[CameraPose], float]]]:
    """Every channel of a camera, and how to read it off a pose."""
    return [
        *((targets.LOCATION, i, lambda pose, i=i: pose.location[i]) for i in range(3)),
        *((targets.ROTATION, i, lambda pose, i=i: pose.rotation_euler[i]) for i in range(3)),
        (targets.LENS, 0, lambda pose: pose.lens),
        (targets.FOCUS_DISTANCE, 0, lambda pose: pose.distance),
    ]


def clipping(channels: Sequence[Channel], *, large: bool) -> tuple[Channel, ...]:
    """Channels for the distance at which the picture begins, and for the captions behind it.

    Depth in the picture has few digits, and so have places far from the world's origin. So where
    the subject is far away, the picture begins farther from the camera, at half a percent of the
    subject's distance at most, and the captions hang farther away and grow with it. A small model
    is never seen from so far that this matters; its film has no such channels.

    Parameters
    ----------
    channels
        The channels of the film.
    large
        True if the model has the fact ``"large"``.
    """
    name = (targets.CAMERA, targets.FOCUS_DISTANCE)
    distances = next((c for c in channels if (c.target, c.property) == name), None)
    if distances is None:
        return ()
    near, start = 0.0 if large else NEAR, targets.DEFAULTS[targets.CLIP_START]
    scales = [max(1.0, (key.value - near) * CLIPPED / start) for key in distances.keys]
    if max(scales) == 1:
        return ()
    made = []
    for target, prop, unit in (
        (targets.CAMERA, targets.CLIP_START, start),
        (targets.CAPTIONS, targets.SCALE, 1.0),
    ):
        keys = tuple(
            Key(key.time, unit * scale, "constant" if key.easing == "constant" else "linear")
            for key, scale in zip(distances.keys, scales, strict=True)
        )
        made.append(Channel(target, prop, keys))
    return tuple(made)
