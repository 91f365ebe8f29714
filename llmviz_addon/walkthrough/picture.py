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
# (8, 3) the corners that an edge leads to from each.
_BESIDE = np.array([[at ^ bit for bit in (1, 2, 4)] for at in range(8)])
# Boxes from which on most are ruled out before their corners are looked at.
_MANY = 1000


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
        points = np.asarray(points, float)
        # As one table, since products of many small ones are slow.
        seen = (points.reshape(-1, 3) - np.array(self.pose.location)) @ self.pose.rotation
        return self._flattened(seen.T).T.reshape(points.shape)

    def _flattened(self, seen: np.ndarray) -> Floats:
        """(3, …) across, up and depth of (3, …) right, up and backward from the camera."""
        found = np.empty_like(seen)
        depth = np.negative(seen[2], out=found[2])
        scale = self.scale / np.maximum(depth, 1e-9)
        for axis, middle in enumerate((self.width / 2, self.height / 2)):
            np.multiply(seen[axis], scale, out=found[axis])
            found[axis] += middle
        return found

    def corners(self, boxes: np.ndarray) -> Floats:
        """(N, 8, 3) the corners of boxes (N, 2, 3) in the picture, numbered by the bits of x, y, z.

        Of boxes that reach behind the camera, it is the part before it that is seen.
        """
        low = np.asarray(boxes, float)[:, 0] - np.array(self.pose.location)
        sides = boxes[:, 1] - boxes[:, 0]
        turn = self.pose.rotation
        # From the least corner along each side, so that only one corner of eight is turned.
        seen = np.empty((3, 8, len(low)))
        seen[:, 0] = (low @ turn).T
        for bit in range(3):
            step = turn[bit][:, None, None] * sides[:, bit]
            np.add(seen[:, : 1 << bit], step, out=seen[:, 1 << bit : 2 << bit])
        behind = np.flatnonzero((seen[2] >= -self.near).any(0))
        if len(behind):
            seen[:, :, behind] = _cut(seen[:, :, behind], self.near)
        return self._flattened(seen).transpose(2, 1, 0)

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
    picture
        The picture.
    which
        (N,) the numbers of those boxes that are seen at all, of those asked for.
    corners
        (N, 8, 3) across, up and depth.
    rect
        (N, 4) left, bottom, right, top.
    """

    picture: Picture
    which: NDArray[np.intp]
    corners: Floats
    rect: Floats

    @classmethod
    def of(cls, picture: Picture, boxes: np.ndarray, least: float = 3.0) -> Outlines:
        """The outlines of those boxes, of (N, 2, 3), that are in view with a side of `least` points
        or more.
        """
        likely = _likely(picture, boxes, least)
        corners = picture.corners(boxes[likely])
        # The axis of the corners first, since going along a short last axis is slow.
        flat = corners[:, :, :2].transpose(1, 2, 0)
        rect = np.concatenate([flat.min(0), flat.max(0)]).T
        there = corners[:, :, 2].T.max(0) > picture.near
        there &= (rect[:, 2] > 0) & (rect[:, 0] < picture.width)
        there &= (rect[:, 3] > 0) & (rect[:, 1] < picture.height)
        there &= (rect[:, 2:] - rect[:, :2]).max(1) >= least
        return cls(picture, likely[there], corners[there], rect[there])

    @property
    def size(self) -> Floats:
        """(N, 2) widths and heights."""
        size: Floats = self.rect[:, 2:] - self.rect[:, :2]
        return size

    @cached_property
    def depth(self) -> Floats:
        """(N, 2) the depths of the nearest and the farthest corner."""
        depth = self.corners[:, :, 2].T
        return np.maximum(np.stack([depth.min(0), depth.max(0)], axis=1), self.picture.near)

    @property
    def low(self) -> Floats:
        """(N, columns) the lowest place of each in every column of the picture, in points.

        It is above `high` where there is none. Both may lie outside of the picture.
        """
        return self._spans[0]

    @property
    def high(self) -> Floats:
        """(N, columns) the highest place of each in every column of the picture, in points."""
        return self._spans[1]

    @cached_property
    def _spans(self) -> tuple[Floats, Floats]:
        return _spans(self.picture, self.corners)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Outlines:
        """Some of them: (N,) which, or their places in an order of their own."""
        return Outlines(self.picture, self.which[which], self.corners[which], self.rect[which])

    def largest(self, most: int) -> Outlines:
        """The largest ones, so many at most."""
        if len(self.which) <= most:
            return self
        return self.chosen(np.argsort(-self.size.prod(1))[:most])

    @property
    def covered(self) -> NDArray[np.bool_]:
        """(columns, rows) True where any box is, in squares of `STEP` points."""
        rows = int(np.ceil(self.picture.height / STEP))
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

    def behind(self, rect: tuple[float, float, float, float]) -> NDArray[np.intp]:
        """The places of those of which a part lies within left, bottom, right, top."""
        left, bottom, right, top = rect
        mine = self.rect
        near = (mine[:, 0] < right + STEP) & (mine[:, 2] > left - STEP)
        near &= (mine[:, 1] < top) & (mine[:, 3] > bottom)
        close = np.flatnonzero(near)
        first, last = int(max(left, 0) // STEP), int(max(right, 0) // STEP) + 1
        low, high = self.low[close, first:last], self.high[close, first:last]
        found: NDArray[np.intp] = close[((low < top) & (high > bottom) & (low < high)).any(1)]
        return found


def _likely(picture: Picture, boxes: np.ndarray, least: float) -> NDArray[np.intp]:
    """The numbers of boxes that may be in view with a side of so many points.

    Looks at the ball around each box, since most boxes of a large model are nothing but dust in a
    picture, and eight corners of each take long.
    """
    if len(boxes) < _MANY:
        return np.arange(len(boxes))
    radius = np.sqrt(np.square(boxes[:, 1] - boxes[:, 0]) @ np.ones(3)) / 2
    middle = (boxes[:, 0] + boxes[:, 1]) / 2 - np.array(picture.pose.location)
    right, up, back = (middle @ picture.pose.rotation).T
    nearest = -back - radius
    # A ball that the camera may be in is looked at in any case.
    inside = nearest <= picture.near
    depth = np.where(inside, 1.0, -back)
    aside = np.hypot(right, up) / depth
    # What a point of the ball may be away from its middle in the picture.
    away = picture.scale * radius * (1 + aside) / np.where(inside, 1.0, nearest)
    there = 2 * away >= least
    for at, most in ((right, picture.width), (up, picture.height)):
        there &= np.abs(at / depth * picture.scale) < most / 2 + away
    return np.flatnonzero((there | inside) & (-back + radius > picture.near))


def _cut(seen: Floats, least: float) -> Floats:
    """(3, 8, N) the corners of boxes from the camera, those behind it moved up to before it.

    Along an edge to a corner that is seen; there may be several, of which one will do for the
    extent of the box, and none where the whole face is behind the camera.
    """
    depth = -seen[2]
    beside = np.where(depth[_BESIDE] > least, depth[_BESIDE], -np.inf)
    end = np.take_along_axis(_BESIDE[:, :, None], beside.argmax(1)[:, None], axis=1)[:, 0]
    end = np.where(np.isinf(beside).all(1), depth.argmax(0), end)
    there = np.take_along_axis(depth, end, axis=0)
    moves = (depth <= least) & (there > least)
    share = np.where(moves, (least - depth) / np.where(moves, there - depth, 1.0), 0.0)
    return seen + share * (np.take_along_axis(seen, end[None], axis=1) - seen)


def _spans(picture: Picture, corners: Floats) -> tuple[Floats, Floats]:
    """(N, columns) lowest and highest place of the hull of (N, 8, 3) corners in each column."""
    columns, count = int(np.ceil(picture.width / STEP)), len(corners)
    low, high = np.full(count * columns, np.inf), np.full(count * columns, -np.inf)
    # (edges, N) for each end of an edge.
    (ax, ay), (bx, by) = (corners[:, end, :2].transpose(2, 1, 0) for end in _EDGES.T)
    left, right = np.minimum(ax, bx), np.maximum(ax, bx)
    # Only the columns that an edge meets are looked at, since most boxes are small; a column counts
    # as met where any part of its width is.
    first = np.clip(np.ceil(left / STEP - 1), 0, columns).astype(int)
    stop = np.clip(np.floor(right / STEP) + 1, first, columns).astype(int)
    met = (stop - first).ravel()
    edge = np.repeat(np.arange(met.size), met)
    column = np.arange(len(edge)) - np.repeat(np.cumsum(met) - met - first.ravel(), met)
    upright = right - left < 1e-9
    slope = (by - ay) / np.where(upright, 1.0, bx - ax)
    bottom, top = np.minimum(ay, by).ravel(), np.maximum(ay, by).ravel()
    start = (ay - slope * ax).ravel()[edge]
    y = start + slope.ravel()[edge] * ((column + 0.5) * STEP)
    bottom, top, upright = bottom[edge], top[edge], upright.ravel()[edge]
    y = np.minimum(np.maximum(y, bottom), top)
    at = edge % count * columns + column
    np.minimum.at(low, at, np.where(upright, bottom, y))
    np.maximum.at(high, at, np.where(upright, top, y))
    return low.reshape(count, columns), high.reshape(count, columns)


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
