"""A picture before it is rendered: where things fall in it, and which of them hide others.

Places in a picture are in points. A picture's shorter side has 1080 of them, whatever its size in
pixels; x grows to the right and y upward, from the lower left corner. Depth is the distance from
the camera along its axis, in cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .framing import SENSOR, CameraPose, half_extent

Floats = NDArray[np.float64]

POINTS = 1080.0
"""Points along a picture's shorter side."""

STEP = 8.0
"""Width, in points, of the columns in which outlines are known."""

# The nearest depth that is looked at, as a part of the distance to the camera's subject.
_NEAR = 0.02
# Pairs of corners at the ends of a box's edges; corners are numbered by the bits of x, y, z.
_EDGES = np.array([(a, a | bit) for bit in (1, 2, 4) for a in range(8) if not a & bit])
_BITS = np.array([[i & 1, i >> 1 & 1, i >> 2 & 1] for i in range(8)])


@dataclass(frozen=True)
class Picture:
    """The picture of a camera, `aspect` times as wide as high."""

    pose: CameraPose
    aspect: float

    @property
    def width(self) -> float:
        """In points."""
        return POINTS * max(1.0, self.aspect)

    @property
    def height(self) -> float:
        """In points."""
        return POINTS * max(1.0, 1 / self.aspect)

    @property
    def near(self) -> float:
        """The depth from which on things are seen."""
        return _NEAR * self.pose.distance

    @cached_property
    def scale(self) -> float:
        """Points of a cell at a depth of one cell."""
        return self.width / 2 / half_extent(self.pose.lens, self.aspect)[0]

    def project(self, points: np.ndarray) -> Floats:
        """(N, 3) across, up and depth of (N, 3) points in space; depth may be negative."""
        seen = (np.asarray(points, float) - np.array(self.pose.location)) @ self.pose.rotation
        depth = -seen[..., 2]
        clipped = np.maximum(depth, 1e-9)
        flat = seen[..., :2] * (self.scale / clipped)[..., None]
        flat += np.array([self.width, self.height]) / 2
        return np.concatenate([flat, depth[..., None]], axis=-1)

    def blur(self, depth: float, f_stop: float, cell: float) -> float:
        """The width, in points, of a point's image at a depth; a cell is `cell` meters."""
        if not f_stop:
            return 0.0
        lens, focus = self.pose.lens / 1000, self.pose.distance * cell
        distance = depth * cell
        spread = lens * lens / f_stop * abs(distance - focus) / distance / max(focus - lens, 1e-6)
        return spread / (SENSOR / 1000) * max(self.width, self.height)


@dataclass(frozen=True)
class Outlines:
    """The outlines of boxes in a picture.

    Attributes
    ----------
    which
        (N,) the numbers of those boxes that are seen at all, of those asked for.
    low, high
        (N, columns) the lowest and the highest place of each in every column of the picture, in
        points; `low` is above `high` where it is not. They may lie outside of the picture.
    rect
        (N, 4) left, bottom, right, top.
    depth
        (N, 2) of the nearest and the farthest corner.
    """

    which: NDArray[np.intp]
    low: Floats
    high: Floats
    rect: Floats
    depth: Floats

    @classmethod
    def of(
        cls, picture: Picture, boxes: np.ndarray, least: float = 3.0, most: int = 1500
    ) -> Outlines:
        """The outlines of boxes (N, 2, 3), the largest `most` of those that have `least` points."""
        corners = _corners(boxes)
        seen = picture.project(corners)
        near = seen[:, :, 2] <= picture.near
        there = ~near.all(1)
        # Of boxes that reach behind the camera, the part before it is seen.
        for box in np.flatnonzero(there & near.any(1)):
            seen[box] = _cut(picture, corners[box])
        rect = np.concatenate([seen[:, :, :2].min(1), seen[:, :, :2].max(1)], axis=1)
        inside = (rect[:, 2] > 0) & (rect[:, 0] < picture.width)
        inside &= (rect[:, 3] > 0) & (rect[:, 1] < picture.height)
        size = rect[:, 2:] - rect[:, :2]
        which = np.flatnonzero(there & inside & (size.max(1) >= least))
        if len(which) > most:
            which = which[np.argsort(-size[which].prod(1))[:most]]
        seen, rect = seen[which], rect[which]
        low, high = _spans(picture, seen)
        depth = np.stack([seen[:, :, 2].min(1), seen[:, :, 2].max(1)], axis=1)
        return cls(which, low, high, rect, np.maximum(depth, picture.near))

    def chosen(self, which: NDArray[np.bool_]) -> Outlines:
        """Those of some boxes, (N,)."""
        return Outlines(
            self.which[which],
            self.low[which],
            self.high[which],
            self.rect[which],
            self.depth[which],
        )

    def covered(self, picture: Picture) -> NDArray[np.bool_]:
        """(columns, rows) True where any box is, in squares of `STEP` points."""
        rows = int(np.ceil(picture.height / STEP))
        columns = self.low.shape[1]
        bottom = np.clip(np.floor(self.low / STEP), 0, rows).astype(int)
        top = np.clip(np.ceil(self.high / STEP), 0, rows).astype(int)
        there = top > bottom
        change = np.zeros((columns, rows + 1), np.int64)
        at = np.broadcast_to(np.arange(columns), there.shape)
        np.add.at(change, (at[there], bottom[there]), 1)
        np.add.at(change, (at[there], top[there]), -1)
        covered: NDArray[np.bool_] = change.cumsum(1)[:, :rows] > 0
        return covered

    def behind(self, rect: tuple[float, float, float, float]) -> NDArray[np.bool_]:
        """(N,) True for each box of which a part lies within left, bottom, right, top."""
        left, bottom, right, top = rect
        first, last = int(max(left, 0) // STEP), int(max(right, 0) // STEP) + 1
        low, high = self.low[:, first:last], self.high[:, first:last]
        found: NDArray[np.bool_] = ((low < top) & (high > bottom) & (low < high)).any(1)
        return found


def _corners(boxes: np.ndarray) -> Floats:
    """(N, 8, 3) corners of boxes (N, 2, 3)."""
    return np.asarray(boxes, float)[:, _BITS, np.arange(3)]


def _cut(picture: Picture, corners: Floats) -> Floats:
    """(8, 3) the corners of a box in the picture, those behind the camera moved up to before it."""
    pose = picture.pose
    depth = -((corners - np.array(pose.location)) @ pose.rotation)[:, 2]
    moved = corners.copy()
    least = picture.near
    for corner in np.flatnonzero(depth <= least).tolist():
        # Along an edge to a corner that is seen; there may be several, of which one will do for
        # the extent of the box, and none where the whole face is behind the camera.
        ends = [corner ^ bit for bit in (1, 2, 4) if depth[corner ^ bit] > least]
        if not ends:
            ends = [int(np.argmax(depth))]
        end = max(ends, key=lambda at: depth[at])
        if depth[end] <= depth[corner]:
            continue
        share = (least - depth[corner]) / (depth[end] - depth[corner])
        moved[corner] = corners[corner] + share * (corners[end] - corners[corner])
    return picture.project(moved)


def _spans(picture: Picture, seen: Floats) -> tuple[Floats, Floats]:
    """(N, columns) lowest and highest place of the hull of (N, 8, 3) corners in each column."""
    columns = int(np.ceil(picture.width / STEP))
    x = (np.arange(columns) + 0.5) * STEP
    low = np.full((len(seen), columns), np.inf)
    high = np.full((len(seen), columns), -np.inf)
    for a, b in _EDGES:
        ax, ay = seen[:, a, 0, None], seen[:, a, 1, None]
        bx, by = seen[:, b, 0, None], seen[:, b, 1, None]
        span = bx - ax
        upright = np.abs(span) < 1e-9
        share = (x - ax) / np.where(upright, 1.0, span)
        y = ay + share * (by - ay)
        # A column counts as met where any part of its width is.
        half = np.minimum(STEP / 2, np.abs(span) / 2 + STEP / 2)
        reach = np.minimum(ax, bx) - half, np.maximum(ax, bx) + half
        met = (x >= reach[0]) & (x <= reach[1])
        ends = np.minimum(ay, by), np.maximum(ay, by)
        lower = np.where(upright, ends[0], np.clip(y, *ends))
        upper = np.where(upright, ends[1], np.clip(y, *ends))
        low = np.where(met, np.minimum(low, lower), low)
        high = np.where(met, np.maximum(high, upper), high)
    return low, high


def hull(points: np.ndarray, directions: int = 128) -> Floats:
    """(N, 2) corners of the convex hull of (M, 2) points, those extreme in so many directions."""
    angles = 2 * np.pi * np.arange(directions) / directions
    ways = np.stack([np.cos(angles), np.sin(angles)])
    extreme = np.argmax(np.asarray(points, float) @ ways, axis=0)
    kept = extreme[np.diff(extreme, prepend=-1) != 0]
    corners: Floats = np.asarray(points, float)[kept]
    return corners


def area_within(polygon: np.ndarray, rect: tuple[float, float, float, float]) -> float:
    """The area of the part of a convex polygon (N, 2) within left, bottom, right, top."""
    left, bottom, right, top = rect
    corners = [tuple(map(float, corner)) for corner in polygon]
    for axis, limit, side in ((0, left, 1), (0, right, -1), (1, bottom, 1), (1, top, -1)):
        kept = []
        for a, b in zip(corners, [*corners[1:], *corners[:1]], strict=True):
            inside = side * (a[axis] - limit) >= 0, side * (b[axis] - limit) >= 0
            if inside[0]:
                kept.append(a)
            if inside[0] != inside[1]:
                share = (limit - a[axis]) / (b[axis] - a[axis])
                kept.append(tuple(p + share * (q - p) for p, q in zip(a, b, strict=True)))
        corners = kept
    return (
        abs(
            sum(
                a[0] * b[1] - b[0] * a[1]
                for a, b in zip(corners, [*corners[1:], *corners[:1]], strict=True)
            )
        )
        / 2
    )
