"""Surfaces of glyphs: an outline's area as polygons, as few as keep its bends.

An outline may cross itself, as a variable font's do: everything is inside around which it winds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from mathutils import Vector
from mathutils.geometry import delaunay_2d_cdt

from .outlines import PIECES, outlines

# Points closer to each other than this are one.
_CLOSE = 1e-6

_DIVISORS = tuple(n for n in range(1, PIECES + 1) if PIECES % n == 0)


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """The area of one character at font size 1, as the parts of a mesh.

    Attributes
    ----------
    points
        (V, 2) float32.
    edges
        (E, 2) int32, the points at their ends.
    corners, sides
        (C,) int32, for each corner of each polygon, counterclockwise, its point and the edge that
        leads to the next corner.
    starts
        (F,) int32, the first corner of each polygon.
    low, high
        Least and greatest x and y of the points; zeros for a character without any.
    advance
        The distance to the origin of the next character.
    """

    points: np.ndarray
    edges: np.ndarray
    corners: np.ndarray
    sides: np.ndarray
    starts: np.ndarray
    low: tuple[float, float]
    high: tuple[float, float]
    advance: float


_known: dict[tuple[str, float], Surface] = {}


def surfaces(characters: Sequence[str], error: float) -> list[Surface]:
    """The surfaces of characters, in order.

    Parameters
    ----------
    error
        The farthest that a surface's edge may be from the font's curve, in font sizes.
    """
    missing = {c for c in characters if (c, error) not in _known}
    for character, outline in outlines(missing).items():
        contours = _thinned(outline.contours, error)
        _known[character, error] = _surface(contours, outline.advance)
    return [_known[character, error] for character in characters]


def _thinned(contours: Sequence[Sequence[np.ndarray]], error: float) -> list[np.ndarray]:
    """The points (N, 2) of closed curves, each bend in as few steps as the error allows."""
    bends = [piece for pieces in contours for piece in pieces if len(piece) > 2]
    steps = iter(_steps(np.array(bends), error) if bends else ())
    return [
        np.concatenate(
            [
                piece[:1] if len(piece) == 2 else piece[: -1 : PIECES // next(steps)]
                for piece in pieces
            ]
        )
        for pieces in contours
    ]


def _steps(bends: np.ndarray, error: float) -> list[int]:
    """The least number of straight steps for each of the bends (N, PIECES + 1, 2)."""
    found = np.full(len(bends), PIECES)
    for steps in reversed(_DIVISORS):
        stride = PIECES // steps
        kept = bends[:, ::stride]
        chords = np.repeat(np.diff(kept, axis=1), stride, axis=1)
        away = bends[:, :-1] - np.repeat(kept[:, :-1], stride, axis=1)
        across = np.abs(chords[..., 0] * away[..., 1] - chords[..., 1] * away[..., 0])
        lengths = np.maximum(np.hypot(chords[..., 0], chords[..., 1]), _CLOSE)
        found[(across <= error * lengths).all(axis=1)] = steps
    return found.tolist()


def _surface(contours: Sequence[np.ndarray], advance: float) -> Surface:
    contours = [contour for contour in contours if len(contour) > 2]
    if not contours:
        nothing = np.zeros(0, np.int32)
        none = np.zeros((0, 2), np.float32)
        return Surface(
            none, none.astype(np.int32), nothing, nothing, nothing, (0, 0), (0, 0), advance
        )
    points = np.concatenate(contours)
    points, triangles = _filled(points, _loops([len(contour) for contour in contours]))
    border = _border(triangles)
    if len(border) < len(points):
        # Curves crossed, and some points are inside now: fill what lies within the border alone.
        points, border = _only(points, border)
        points, triangles = _filled(points, border)
    polygons = _joined(triangles)
    corners = np.concatenate(polygons).astype(np.int32)
    starts = np.cumsum([0, *map(len, polygons[:-1])]).astype(np.int32)
    following = np.concatenate([np.roll(polygon, -1) for polygon in polygons])
    ends = np.sort(np.stack([corners, following], axis=1), axis=1)
    edges, sides = np.unique(ends, axis=0, return_inverse=True)
    low, high = points.min(axis=0), points.max(axis=0)
    return Surface(
        points.astype(np.float32),
        edges.astype(np.int32),
        corners,
        sides.reshape(-1).astype(np.int32),
        starts,
        (float(low[0]), float(low[1])),
        (float(high[0]), float(high[1])),
        advance,
    )


def _loops(lengths: Sequence[int]) -> np.ndarray:
    """Edges (N, 2) of closed curves whose points follow each other."""
    edges, first = [], 0
    for length in lengths:
        at = np.arange(first, first + length)
        edges.append(np.stack([at, np.roll(at, -1)], axis=1))
        first += length
    return np.concatenate(edges)


def _filled(points: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (V, 2) and counterclockwise triangles (T, 3) of all around which the edges wind."""
    found, _, triangles, *_ = delaunay_2d_cdt(
        [Vector(point) for point in points.tolist()], edges.tolist(), [], 0, _CLOSE
    )
    corners = np.array([tuple(point) for point in found])
    triangles = np.array(triangles, np.int64)
    middles = corners[triangles].mean(axis=1)
    triangles = triangles[_windings(points, edges, middles) != 0]
    a, b, c = (corners[triangles[:, k]] for k in range(3))
    (x0, y0), (x1, y1) = (b - a).T, (c - a).T
    turned = x0 * y1 < x1 * y0
    triangles[turned] = triangles[turned][:, ::-1]
    used, renamed = np.unique(triangles, return_inverse=True)
    return corners[used], renamed.reshape(-1, 3)


def _windings(points: np.ndarray, edges: np.ndarray, places: np.ndarray) -> np.ndarray:
    """(N,) the times that directed edges wind around each place: crossings of a ray along x."""
    (x0, y0), (x1, y1) = (points[edges[:, k]].T for k in range(2))
    x, y = places[:, :1], places[:, 1:]
    up, down = (y0 <= y) & (y < y1), (y1 <= y) & (y < y0)
    side = (x1 - x0) * (y - y0) - (x - x0) * (y1 - y0)
    return (up & (side > 0)).sum(axis=1) - (down & (side < 0)).sum(axis=1)


def _border(triangles: np.ndarray) -> np.ndarray:
    """The directed edges (N, 2) of triangles that have no other triangle on their right."""
    edges = np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)])
    known = set(map(tuple, edges.tolist()))
    return np.array([edge for edge in edges.tolist() if (edge[1], edge[0]) not in known])


def _only(points: np.ndarray, edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points that edges use, and the edges between these."""
    used, renamed = np.unique(edges, return_inverse=True)
    return points[used], renamed.reshape(-1, 2)


def _joined(triangles: np.ndarray) -> list[list[int]]:
    """Triangles joined to as few polygons as have no corner twice."""
    polygons = dict(enumerate(triangles.tolist()))
    right_of = {
        (polygon[k - 1], polygon[k]): index
        for index, polygon in polygons.items()
        for k in range(len(polygon))
    }
    became = list(range(len(polygons)))

    def now(index: int) -> int:
        while became[index] != index:
            index = became[index]
        return index

    for (a, b), index in right_of.items():
        other = right_of.get((b, a))
        if other is None or a > b:
            continue
        first, second = now(index), now(other)
        if first == second:
            continue
        left, right = polygons[first], polygons[second]
        if len(set(left) & set(right)) != 2:
            continue
        at, there = left.index(b), right.index(a)
        # From b around to a, then on from there around the other polygon, back to b.
        polygons[first] = left[at:] + left[:at] + (right[there + 1 :] + right[:there])[:-1]
        became[second] = first
        del polygons[second]
    return list(polygons.values())
