"""The share of a picture that a model's blocks cover, from projections of them."""

from __future__ import annotations

import numpy as np

from llmviz_addon.walkthrough.framing import half_extent

WIDTH = 480


def picture(anatomy, pose, aspect=16 / 9):
    """(height, width) bool, True where the front of any block is seen; WIDTH pixels wide."""
    height = round(WIDTH / aspect)
    seen = np.zeros((height, WIDTH), bool)
    for quad in _quads(anatomy, pose, aspect, height):
        _fill(seen, quad)
    return seen


def coverage(anatomy, pose, aspect=16 / 9):
    """The share of the picture that is covered by blocks."""
    return float(picture(anatomy, pose, aspect).mean())


def _quads(anatomy, pose, aspect, height):
    """(N, 4, 2) corners of the fronts of all blocks, or of the lines of folded ones, in pixels."""
    boxes = [block.bounds_of(p) for block in anatomy.blocks.values() for p in block.spec.pieces]
    low, high = np.array(boxes).transpose(1, 0, 2)
    x, z = np.stack([low[:, 0], high[:, 0]]), np.stack([low[:, 2], high[:, 2]])
    corners = [(x[i], low[:, 1], z[j]) for i, j in ((0, 0), (1, 0), (1, 1), (0, 1))]
    points = np.array(corners).transpose(2, 0, 1)  # (N, 4, 3)
    right, up, toward = np.moveaxis((points - np.array(pose.location)) @ pose.rotation, -1, 0)
    half_width, half_height = half_extent(pose.lens, aspect)
    across = (right / -toward / half_width + 1) / 2 * WIDTH
    down = (1 - up / -toward / half_height) / 2 * height
    return np.stack([across, down], -1)[(toward < 0).all(1)]


def _fill(seen, quad):
    """Mark the pixels whose middles lie in a convex polygon."""
    height, width = seen.shape
    left, top = np.floor(quad.min(0)).astype(int)
    right, bottom = np.ceil(quad.max(0)).astype(int)
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, width), min(bottom, height)
    if left >= right or top >= bottom or seen[top:bottom, left:right].all():
        return
    x, y = np.arange(left, right) + 0.5, (np.arange(top, bottom) + 0.5)[:, None]
    sides = []
    for (ax, ay), (bx, by) in zip(quad, np.roll(quad, -1, 0), strict=True):
        sides.append((bx - ax) * (y - ay) - (by - ay) * (x - ax))
    sides = np.array(sides)
    seen[top:bottom, left:right] |= (sides >= 0).all(0) | (sides <= 0).all(0)
