"""Samples, boxes and tolerances that several of these tests measure with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from llmviz_addon import anatomy

ARRANGEMENTS = st.tuples(st.sampled_from(anatomy.ARRANGEMENTS), st.integers(0, 4), st.booleans())
"""Kind, columns and folding of any arrangement."""


def sample(body: anatomy.Anatomy) -> list[anatomy.Block]:
    """Blocks of the layers and heads at the ends, where anything could differ; all are alike."""
    layers = {None, 1, *ends(body)}
    heads = {None, 0, 1, body.config.n_head - 1}
    return [b for b in body.blocks.values() if b.layer in layers and b.head in heads]


def ends(body: anatomy.Anatomy) -> set[int]:
    """The layers at both ends of all columns."""
    return {layer for column in body.layout.columns for layer in (column[0], column[-1])}


def arrows_at(pattern: anatomy.ArrowPattern, place: int) -> Iterator[anatomy.Arrow]:
    """The arrows of a pattern at one of its places, with the names that they have there."""
    layer, head = int(pattern.places.layers[place]), int(pattern.places.heads[place])
    x, y, z = pattern.places.offsets[place].tolist()
    for arrow in pattern.arrows:
        stream = f"layer{layer - 1}.mlp_residual" if layer > 0 else "embedding"
        names = {"i": layer, "j": head, "stream": stream}
        yield replace(
            arrow,
            source=arrow.source.format_map(names),
            target=arrow.target.format_map(names),
            section=arrow.section.format_map(names),
            offset=(x, y, z),
        )


def overlaps(some, others):
    """Pairs of a box of each list, by their numbers, that share more than a border.

    A box is its least and its greatest corner.
    """
    if not len(some) or not len(others):
        return []
    low, high = np.array(others, np.float64).transpose(1, 0, 2)
    found = []
    for number, (least, greatest) in enumerate(np.array(some, np.float64)):
        hit = (least < high - 1e-6).all(1) & (low < greatest - 1e-6).all(1)
        found += [(number, other) for other in np.flatnonzero(hit).tolist()]
    return found


def overlaps_within(boxes):
    """Pairs of a list's boxes, by their numbers, that share more than a border."""
    return [(a, b) for a, b in overlaps(boxes, boxes) if a < b]


def flat(bounds):
    """Bounds without depth: text stands in the middle of its block's."""
    (x0, _, z0), (x1, _, z1) = bounds
    return (x0, z0), (x1, z1)


def tolerance(points):
    """An error that float32 may have at coordinates as large as these, and a little more."""
    return 1e-3 + 2e-7 * float(np.abs(points).max())


def boxes_passed(points, low, high):
    """Indices of the boxes that a polyline goes through, exactly; touching does not count."""
    points = points.astype(np.float64)
    slack = tolerance(points)
    low, high = low + slack, high - slack
    near = np.flatnonzero((low < points.max(0)).all(1) & (high > points.min(0)).all(1))
    found = set()
    for start, end in itertools.pairwise(points):
        step = end - start
        with np.errstate(divide="ignore", invalid="ignore"):
            a, b = (low[near] - start) / step, (high[near] - start) / step
        # Along an axis on which nothing moves, a segment is either always or never inside.
        still = np.broadcast_to(step == 0, a.shape)
        inside = (low[near] < start) & (start < high[near])
        enter = np.where(still, np.where(inside, -np.inf, np.inf), np.minimum(a, b)).max(1)
        leave = np.where(still, np.inf, np.maximum(a, b)).min(1)
        found.update(near[(np.maximum(enter, 0) < np.minimum(leave, 1))].tolist())
    return found
