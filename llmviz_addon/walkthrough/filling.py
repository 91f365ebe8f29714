"""A direction from which a subject has the picture: the given one, or the nearest that will do.

A row of letters in an upright picture, seen from the front, is a line across its middle; seen from
the side it fills it from the near end to the far one. The exact fit (`framing.fit`) gives the
nearest camera for each direction; of several directions this takes the one nearest to the script's
from which the hull of the subject covers enough of the picture outside of the caption.
"""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from ..bounded import Bounded
from .framing import CameraPose, Margins, axes, fit, half_extent, places
from .picture import Picture, area_within, hull
from .scenery import digest

LEAST = 0.43
"""The part of the picture, outside of the caption, that a subject's hull has to cover."""

# Degrees by which directions differ from the given one, and the price of a degree up or down over
# that of one to the side. No camera goes farther to the side, lower or higher than this, unless the
# script does.
_ASIDE, _UP, _STEEP = range(-48, 49, 6), (-16, -8, 0, 8, 16, 24, 32), 1.5
_SIDE, _LOW, _HIGH = 70.0, -8.0, 44.0
# Points above which only the outermost in so many directions are looked at.
_MANY = 300
# Where margins leave less than this of a side, the script wants the room for something else.
_FREE = 0.6
# Directions that are tried together, and corners of a hull.
_TOGETHER, _SIDES = 12, 128
# The least gain in coverage for which a degree is worth it, where no direction will do.
_WORTH = 0.002


def coverage(points: np.ndarray, picture: Picture, foot: float) -> float:
    """The part of a picture above `foot` (points) that the hull of points in space covers."""
    seen = picture.project(points)
    seen = seen[seen[:, 2] > picture.near]
    if not len(seen):
        return 0.0
    area = area_within(hull(seen[:, :2]), (0.0, foot, picture.width, picture.height))
    return area / (picture.width * (picture.height - foot))


def filling(
    points: np.ndarray,
    azimuth: float,
    elevation: float,
    *,
    lens: float,
    aspect: float,
    margins: Margins,
    foot: float = 0.0,
) -> CameraPose:
    """The camera of `framing.fit` from the given direction, or a near one that fills the picture.

    Takes and raises what `framing.fit` does; `foot` is the upper end of the caption's room in
    points of the picture (see `picture`), which `margins` must leave free.
    """
    points = np.asarray(points, float).reshape(-1, 3)
    key = (digest(points), len(points), azimuth, elevation, lens, aspect, margins, foot)
    if key not in _filled:
        _filled[key] = _found(points, azimuth, elevation, lens, aspect, margins, foot)
    return _filled[key]


# Another prompt has most subjects where they were.
_filled: Bounded[tuple[Hashable, ...], CameraPose] = Bounded(512)


def _found(
    points: np.ndarray,
    azimuth: float,
    elevation: float,
    lens: float,
    aspect: float,
    margins: Margins,
    foot: float,
) -> CameraPose:
    if 1 - margins.left - margins.right < _FREE or 1 - margins.top - margins.bottom < _FREE:
        # The picture is to show something else, too.
        return fit(points, azimuth, elevation, lens=lens, aspect=aspect, margins=margins)
    outer = _outermost(points)
    prices, asides, ups = np.array(_directions(azimuth, elevation)).T
    covered = np.zeros(0)
    while len(covered) < len(prices) and not (covered >= LEAST).any():
        some = slice(len(covered), len(covered) + _TOGETHER)
        turns = np.stack([axes(a, e) for a, e in zip(asides[some], ups[some], strict=True)])
        found = _coverages(outer, turns, lens, aspect, margins, foot)
        covered = np.concatenate([covered, found])
    enough = np.flatnonzero(covered >= LEAST)
    best = enough[0] if len(enough) else np.argmax(covered - _WORTH * prices[: len(covered)])
    return fit(points, asides[best], ups[best], lens=lens, aspect=aspect, margins=margins)


def _coverages(
    points: np.ndarray,
    turns: np.ndarray,
    lens: float,
    aspect: float,
    margins: Margins,
    foot: float,
) -> np.ndarray:
    """(D,) what `coverage` is through the cameras of `fit` with the axes `turns` (D, 3, 3).

    All points are within the margins there, which leave `foot` free, so nothing is cut off.
    """
    seen = np.swapaxes(points @ turns, 1, 2)  # (D, 3, N)
    at = places(seen, lens, aspect, margins)
    flat = (seen[:, :2] - at[:, :2, None]) / (-seen[:, 2:] - at[:, 2, None, None])
    angles = 2 * np.pi * np.arange(_SIDES) / _SIDES
    ways = np.stack([np.cos(angles), np.sin(angles)])
    # The hull as the points that are extreme in so many directions.
    extreme = np.argmax(np.swapaxes(flat, 1, 2) @ ways, axis=1)
    x, y = np.swapaxes(np.take_along_axis(flat, extreme[:, None], axis=2), 0, 1)
    areas = np.abs((x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(1)) / 2
    half_width, half_height = half_extent(lens, aspect)
    whole = Picture(CameraPose((0.0, 0.0, 0.0), 0.0, 0.0, 1.0, lens), aspect)
    return areas / (4 * half_width * half_height * (1 - foot / whole.height))


def _directions(azimuth: float, elevation: float) -> list[tuple[float, float, float]]:
    """Prices, azimuths and elevations, the given one first."""
    found = []
    for aside in _ASIDE:
        for up in _UP:
            side, height = azimuth + aside, elevation + up
            if aside and (abs(side) > _SIDE or side * azimuth < 0):
                continue
            if up and not _LOW <= height <= _HIGH:
                continue
            found.append((abs(aside) + _STEEP * abs(up), side, height))
    return sorted(found)


def _outermost(points: np.ndarray) -> np.ndarray:
    """Those of many points that are at the edge of what is seen from any direction."""
    if len(points) <= _MANY:
        return points
    steps = np.arange(_MANY) + 0.5
    up, turn = 1 - 2 * steps / _MANY, np.pi * (1 + 5**0.5) * steps
    flat = np.sqrt(1 - up * up)
    ways = np.stack([flat * np.cos(turn), flat * np.sin(turn), up])
    # Sides count by their own lengths, or a long model would have its corners at its ends only.
    size = np.maximum(np.ptp(points, axis=0), 1e-9)
    outer: np.ndarray = points[np.unique(np.argmax(points / size @ ways, axis=0))]
    return outer
