"""The film's camera: moves and slow drifts one after the other, written as a few smooth keys."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

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

SHARP, NEAREST = 160.0, 0.1
"""Places, as single precision tells them apart, in the distance at which the picture begins: the
captions hang three times as far, and a capital then has ten; and the largest part of the distance
to the subject that may be given up for it."""


@dataclass(frozen=True)
class Segment:
    """A part of the camera's time; `at` gives the pose at a fraction of it."""

    start: float
    end: float
    at: Callable[[float], CameraPose]


@dataclass(frozen=True)
class Turn:
    """A slow turn around what is in view; called with a fraction of its time, it gives the pose."""

    start: CameraPose
    degrees: float

    def __call__(self, fraction: float) -> CameraPose:
        """The pose at a fraction of the turn's time."""
        held = self.start
        azimuth = held.azimuth + self.degrees * slow_in_out(fraction)
        return CameraPose.looking_at(held.aim, azimuth, held.elevation, held.distance, held.lens)


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
        for (prop, index), value in zip(_COMPONENTS, _read(pose), strict=True):
            self._board.set(targets.CAMERA, prop, time, value, owner, index)
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
        turn = Turn(self._rest, degrees)
        self._add(Segment(start, end, turn), 4, owner)
        self._rest = turn(1.0)

    def _add(self, segment: Segment, least: int, owner: str) -> None:
        """Write a segment's keys: enough of them that the cubics between them follow it."""
        self._segments.append(segment)
        span = segment.end - segment.start
        count = max(5, least, math.ceil(span / 0.45)) + 1
        times = np.linspace(segment.start, segment.end, count).tolist()
        values, slopes, moves = _followed(segment.at, count)
        for column, (prop, index) in enumerate(_COMPONENTS):
            if moves[column]:
                along, steep = values[:, column].tolist(), (slopes[:, column] / span).tolist()
                self._board.follow(targets.CAMERA, prop, times, along, steep, owner, index)


# Every channel of a camera, in the order in which `_read` reads them off a pose.
_COMPONENTS = (
    *((targets.LOCATION, index) for index in range(3)),
    *((targets.ROTATION, index) for index in range(3)),
    (targets.LENS, 0),
    (targets.FOCUS_DISTANCE, 0),
)


def _read(pose: CameraPose) -> tuple[float, ...]:
    return (*pose.location, *pose.rotation_euler, pose.lens, pose.distance)


# Another prompt moves the camera along the same ways.
@lru_cache(512)
def _followed(
    way: Callable[[float], CameraPose], count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(count, 8) the components of a camera along a way, evenly; (count - 2, 8) their slopes
    between the ends, over the whole way; and (8,) True for those that move at all.
    """
    step = 1e-3
    places = np.linspace(0.0, 1.0, count)
    values = np.array([_read(way(place)) for place in places.tolist()])
    low, high = (
        np.array([_read(way(place + away)) for place in places[1:-1].tolist()])
        for away in (-step, step)
    )
    held = np.array([_read(way(place)) for place in (0.0, 0.5, 1.0)])
    return values, (high - low) / (2 * step), np.ptp(held, axis=0) >= 1e-9


def clipping(channels: Sequence[Channel], *, large: bool) -> tuple[Channel, ...]:
    """Channels for the distance at which the picture begins, and for the captions behind it.

    Depth in the picture has few digits, and so have places far from the world's origin, where
    letters near the camera would have no shape. So where the subject is far away, or the origin,
    the picture begins farther from the camera, at half a percent of the subject's distance or as
    far as letters need, and the captions hang farther away and grow with it. A small model is never
    seen from so far that this matters; its film has no such channels.

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
    places = [c for c in channels if (c.target, c.property) == (targets.CAMERA, targets.LOCATION)]

    def begins(key: Key) -> float:
        """Where the picture begins at a key, in cells."""
        out = max((abs(channel.at(key.time)) for channel in places), default=0.0)
        sharp = SHARP * float(np.spacing(np.float32(out)))
        return max(start, (key.value - near) * CLIPPED, min(sharp, NEAREST * key.value))

    scales = [begins(key) / start for key in distances.keys]
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
