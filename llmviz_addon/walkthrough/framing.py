"""Fitting a camera to a subject: the place from which points are exactly in view.

The direction of view is chosen; the place is computed. In the camera's own axes (right, up, into
the picture) let a point be (r, u, d) and the camera (x, y, c). A perspective camera shows the point
at (r - x) / (d - c) across, in units of the image plane at distance 1. The picture spans -h to h
there; margins shrink that to an interval from a to b. The point is inside when

    a (d - c) <= r - x <= b (d - c).

Each side is linear in the camera's place, so of all points only the extreme ones count: with
``low = min(r - a d)`` and ``high = max(r - b d)`` the inequalities become

    high + b c <= x <= low + a c,

which some x satisfies if and only if ``c <= (low - high) / (b - a)``. The same holds upright. The
camera may therefore move in until the smaller of the two bounds on c is reached: on that axis
points touch both margins, and on the other one the camera stands in the middle of the interval
that is left. This is the exact solution for given directions, in one pass over the points, without
iteration; nearer than that no camera with the same direction and lens sees them all.

Directions. z is up and the viewer looks along +y. Azimuth 0 is straight from the front (the
camera at -y); a positive azimuth takes the camera to the viewer's right (toward +x), turning
counterclockwise seen from above. A positive elevation takes it up, looking down. The camera never
rolls. Angles are in degrees, places in the units of the points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SENSOR = 36.0
"""Millimeters of the longer side of the picture, Blender's default sensor with automatic fit."""


@dataclass(frozen=True)
class Margins:
    """Parts of the picture that stay free at each side, as fractions of its width or height.

    Raises
    ------
    ValueError
        If one is negative, or two opposite ones leave no picture.
    """

    left: float = 0.05
    right: float = 0.05
    top: float = 0.06
    bottom: float = 0.06

    def __post_init__(self) -> None:
        for first, second, axis in (
            (self.left, self.right, "left and right"),
            (self.top, self.bottom, "top and bottom"),
        ):
            if first < 0 or second < 0 or first + second >= 1:
                raise ValueError(f"Margins {axis} of {first} and {second} leave no picture.")


@dataclass(frozen=True)
class CameraPose:
    """A camera: its place, its direction and its lens.

    Attributes
    ----------
    location
        Its place.
    azimuth, elevation
        Its direction in degrees, as the module describes it.
    distance
        Depth of its subject: the distance to the plane of focus.
    lens
        Focal length in millimeters, on a sensor whose longer side is 36 mm.
    """

    location: tuple[float, float, float]
    azimuth: float
    elevation: float
    distance: float
    lens: float

    @cached_property
    def rotation(self) -> np.ndarray:
        """(3, 3), columns are the camera's right, up and backward: its axes in Blender."""
        return axes(self.azimuth, self.elevation)

    @property
    def rotation_euler(self) -> tuple[float, float, float]:
        """The same as XYZ Euler angles in radians."""
        return (math.radians(90 - self.elevation), 0.0, math.radians(self.azimuth))

    @cached_property
    def aim(self) -> np.ndarray:
        """The point on the camera's axis at its subject's distance."""
        return np.array(self.location) - self.distance * self.rotation[:, 2]

    @classmethod
    def looking_at(
        cls, aim: np.ndarray, azimuth: float, elevation: float, distance: float, lens: float
    ) -> CameraPose:
        """The camera that has `aim` on its axis, `distance` away."""
        x, y, z = np.asarray(aim, float) + distance * axes(azimuth, elevation)[:, 2]
        return cls((float(x), float(y), float(z)), azimuth, elevation, distance, lens)


def axes(azimuth: float, elevation: float) -> np.ndarray:
    """(3, 3), columns: right, up and backward of a camera with this direction."""
    a, e = math.radians(azimuth), math.radians(elevation)
    right = (math.cos(a), math.sin(a), 0.0)
    up = (-math.sin(e) * math.sin(a), math.sin(e) * math.cos(a), math.cos(e))
    backward = (math.cos(e) * math.sin(a), -math.cos(e) * math.cos(a), math.sin(e))
    return np.array([right, up, backward]).T


def half_extent(lens: float, aspect: float) -> tuple[float, float]:
    """Half the width and half the height of the image plane at distance 1."""
    longer = SENSOR / 2 / lens
    return (longer, longer / aspect) if aspect >= 1 else (longer * aspect, longer)


def fit(
    points: np.ndarray,
    azimuth: float = 0.0,
    elevation: float = 0.0,
    *,
    lens: float = 50.0,
    aspect: float = 16 / 9,
    margins: Margins | None = None,
    nearest: float = 1.0,
) -> CameraPose:
    """The nearest camera with a given direction that has all points in the picture.

    Parameters
    ----------
    points
        (N, 3), at least one.
    azimuth, elevation
        Direction from which the camera looks, in degrees.
    lens
        Focal length in millimeters.
    aspect
        Width of the picture over its height.
    margins
        Parts that stay free; the default is a narrow margin all around.
    nearest
        No point comes nearer to the camera than this. It only matters for subjects so small that
        a camera could see all of them from within, such as a single point.

    Returns
    -------
    CameraPose
        Its distance is that to the middle of the points' depth.

    Raises
    ------
    ValueError
        If there are no points, or the lens or the aspect is not positive.

    Notes
    -----
    The module's docstring derives the inequality.
    """
    points = np.asarray(points, float).reshape(-1, 3)
    if not len(points) or not np.isfinite(points).all():
        raise ValueError("There is nothing to frame: no points, or points that are not finite.")
    if not (lens > 0 and aspect > 0):
        raise ValueError(f"A lens of {lens} mm and an aspect of {aspect} make no picture.")
    turn = axes(azimuth, elevation)
    seen = (points @ turn).T[None]
    ((x, y, camera),) = places(seen, lens, aspect, margins or Margins(), nearest)
    place = [float(c) for c in turn @ np.array([x, y, -camera])]
    middle = -(seen[0, 2].min() + seen[0, 2].max()) / 2
    return CameraPose(
        location=(place[0], place[1], place[2]),
        azimuth=float(azimuth),
        elevation=float(elevation),
        distance=float(middle - camera),
        lens=float(lens),
    )


def places(
    seen: np.ndarray, lens: float, aspect: float, margins: Margins, nearest: float = 1.0
) -> np.ndarray:
    """(D, 3) the places of the cameras of `fit` for D directions: right, up, and depth.

    `seen` is (D, 3, N): for each direction all points, right, up and toward the camera.
    """
    depth = -seen[:, 2]
    half_width, half_height = half_extent(lens, aspect)
    sides = (
        (seen[:, 0], half_width * (2 * margins.left - 1), half_width * (1 - 2 * margins.right)),
        (seen[:, 1], half_height * (2 * margins.bottom - 1), half_height * (1 - 2 * margins.top)),
    )
    limits = [((at - a * depth).min(1), (at - b * depth).max(1), a, b) for at, a, b in sides]
    camera = depth.min(1) - nearest
    for low, high, a, b in limits:
        camera = np.minimum(camera, (low - high) / (b - a))
    x, y = (((high + b * camera) + (low + a * camera)) / 2 for low, high, a, b in limits)
    return np.stack([x, y, camera], axis=1)
