"""Camera moves: from one pose to another so that the picture flows evenly.

A straight move between a close view here and a close view there races past everything between. The
path of van Wijk and Nuij, "Smooth and efficient zooming and panning" (IEEE InfoVis 2003), is the
shortest one in the space of pans and zooms, where a pan counts by the width of the view: it draws
back, travels, and closes in. Here the view is the plane at the camera's focus, so its width
is proportional to distance over focal length; the directions turn along with the pan. The whole is
played slow-in, slow-out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from .easing import slow_in_out
from .framing import SENSOR, CameraPose

ZOOM = 1.1
"""The weight of zooming against panning, rho in the paper; larger draws further back."""

TURNING = 27.0
"""Degrees a second by which the camera turns on average, at most; more would make one dizzy."""

FLOWING = 2.2
"""Length of path a second that the camera travels on average, at most; with more, places in the
picture jump from frame to frame."""


@dataclass(frozen=True)
class ZoomPath:
    """The path in the plane of pan u (0 to 1) and view width w; `length` is its length s."""

    length: float
    at: Callable[[float], tuple[float, float]]


def zoom_path(start_width: float, end_width: float, pan: float) -> ZoomPath:
    """The optimal path from one view to another whose center is `pan` away.

    Notes
    -----
    Equations (9) of the paper; for a pan that is nothing against the views, equation (10).
    """
    w0, w1, rho = start_width, end_width, ZOOM
    if pan < 1e-4 * max(w0, w1):
        length = abs(math.log(w1 / w0)) / rho
        return ZoomPath(length, lambda f: (f, w0 * (w1 / w0) ** f))
    squares = w1 * w1 - w0 * w0
    b0 = (squares + rho**4 * pan * pan) / (2 * w0 * rho * rho * pan)
    b1 = (squares - rho**4 * pan * pan) / (2 * w1 * rho * rho * pan)
    # ln(sqrt(b^2 + 1) - b) is -asinh(b), which does not cancel for large b.
    r0, r1 = -math.asinh(b0), -math.asinh(b1)
    length = (r1 - r0) / rho

    def at(fraction: float) -> tuple[float, float]:
        r = r0 + rho * length * fraction
        width = w0 * math.cosh(r0) / math.cosh(r)
        traveled = w0 / rho**2 * (math.cosh(r0) * math.tanh(r) - math.sinh(r0))
        return traveled / pan, width

    return ZoomPath(length, at)


@dataclass(frozen=True)
class Move:
    """A camera move; called with a fraction of its time, it gives the pose."""

    start: CameraPose
    end: CameraPose
    path: ZoomPath = field(compare=False)

    @classmethod
    def between(cls, start: CameraPose, end: CameraPose) -> Move:
        """The move from one pose to another."""
        pan = float(np.linalg.norm(end.aim - start.aim))
        return cls(start, end, zoom_path(_view(start), _view(end), pan))

    @property
    def calm(self) -> float:
        """Seconds that it takes at least, to be watched with ease."""
        turn = abs(self.end.azimuth - self.start.azimuth)
        return max(turn / TURNING, self.path.length / FLOWING)

    def panned(self, fraction: float) -> float:
        """The part of the way between the two subjects that is done, 0 to 1."""
        return self.path.at(slow_in_out(fraction))[0]

    def __call__(self, fraction: float) -> CameraPose:
        """The pose at a fraction of the move's time."""
        if fraction <= 0:
            return self.start
        if fraction >= 1:
            return self.end
        eased = slow_in_out(fraction)
        pan, width = self.path.at(eased)
        lens = self.start.lens * (self.end.lens / self.start.lens) ** eased
        return CameraPose.looking_at(
            self.start.aim + pan * (self.end.aim - self.start.aim),
            self.start.azimuth + eased * (self.end.azimuth - self.start.azimuth),
            self.start.elevation + eased * (self.end.elevation - self.start.elevation),
            width * lens / SENSOR,
            lens,
        )


def _view(pose: CameraPose) -> float:
    """Width of the longer side of the view at the camera's focus."""
    return pose.distance * SENSOR / pose.lens
