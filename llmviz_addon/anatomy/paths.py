"""Curves for the arrows: sampled polylines that a ribbon can be swept along."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Points = np.ndarray
"""(N, 3) float32 positions in cells."""

CORNER_STEPS = 8
CURVE_STEPS = 24


def straight(
    start: Sequence[float], end: Sequence[float], behind: float = 0.0, ramp: float = 0.0
) -> Points:
    """A line, which can pass behind a block that stands between its ends.

    Parameters
    ----------
    start, end
        (x, y, z) in cells.
    behind
        Distance at which it passes behind them, in cells.
    ramp
        Cells over which it gets there from each end.
    """
    a, b = np.array(start, dtype=float), np.array(end, dtype=float)
    if not behind:
        return np.array([a, b], dtype=np.float32)
    reach = min(0.45, ramp / float(np.linalg.norm(b - a)))
    rise = np.linspace(0, 1, CORNER_STEPS + 1)
    s = np.concatenate([rise * reach, 1 - rise[::-1] * reach])
    points = np.outer(1 - s, a) + np.outer(s, b)
    smooth = rise**2 * (3 - 2 * rise)
    points[:, 1] += behind * np.concatenate([smooth, smooth[::-1]])
    return np.asarray(points, dtype=np.float32)


def s_curve(start: Sequence[float], end: Sequence[float], axis: int) -> Points:
    """A cubic Bezier curve that leaves and arrives along `axis` (0 for x, 2 for z)."""
    a, d = np.array(start, dtype=float), np.array(end, dtype=float)
    pull = np.zeros(3)
    pull[axis] = 0.5 * (d - a)[axis]
    b, c = a + pull, d - pull
    s = np.linspace(0, 1, CURVE_STEPS + 1)[:, None]
    points = (1 - s) ** 3 * a + 3 * (1 - s) ** 2 * s * b + 3 * (1 - s) * s**2 * c + s**3 * d
    return np.asarray(points, dtype=np.float32)


def joined(start: Sequence[float], rest: Points) -> Points:
    """A path with a straight piece before it."""
    return np.concatenate([np.array([start], dtype=np.float32), rest])


def rounded(corners: Sequence[Sequence[float]], radius: float) -> Points:
    """A polyline with its corners rounded off by quadratic Bezier curves."""
    given = [np.array(corner, dtype=float) for corner in corners]
    points = [given[0]]
    s = np.linspace(0, 1, CORNER_STEPS + 1)[:, None]
    for before, corner, after in zip(given, given[1:], given[2:], strict=False):
        to_before, to_after = before - corner, after - corner
        reach = min(radius, np.linalg.norm(to_before) / 2, np.linalg.norm(to_after) / 2)
        a = corner + to_before / np.linalg.norm(to_before) * reach
        b = corner + to_after / np.linalg.norm(to_after) * reach
        points.extend((1 - s) ** 2 * a + 2 * (1 - s) * s * corner + s**2 * b)
    points.append(given[-1])
    path = np.array(points)
    # Where two corners share a short side, one curve ends where the next begins; that point is
    # kept once, since two equal points have no direction between them.
    moved = np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-6 * np.abs(path).max()
    return np.asarray(path[np.concatenate([[True], moved])], dtype=np.float32)


def across(points: Points) -> Points:
    """Unit vectors across a ribbon that faces the viewer: (N, 3) float32.

    They are perpendicular to the path and to the line of sight (y), so that a path in the plane
    of the blocks gives a ribbon in that plane, and one that goes into depth keeps its width
    as seen from the front.
    """
    tangents = np.gradient(points.astype(np.float64), axis=0)
    sides = np.stack([-tangents[:, 2], np.zeros(len(points)), tangents[:, 0]], axis=1)
    return np.asarray(sides / np.linalg.norm(sides, axis=1, keepdims=True), dtype=np.float32)
