"""The way of the residual stream, the one flow that is routed by hand.

It leaves a block at its lower edge and runs down the middle of a layer, as wide everywhere. Between
columns it runs under the foot of one, up between the two, and over the top of the next. What
branches off it, into a layer norm, runs behind it until it turns off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from . import paths
from .outline import Outline
from .space import Space

APART = 0.25
"""Cells from the stream to the branches that run behind it."""


def down(gap: float) -> np.ndarray:
    """(1, 3) the way from a block straight above, so many cells."""
    return np.array([(0.0, 0.0, gap)])


def around(start: tuple[float, float], lane: float, floor: float, ceiling: float) -> np.ndarray:
    """(5, 3) the way from the foot of a column to the top of the next one.

    Parameters
    ----------
    start
        x and z of the foot, relative to the top of the stream in the next column.
    lane
        x at which it runs up.
    floor, ceiling
        z at which it turns, below the foot and above the top.
    """
    x, foot = start
    corners = [(x, foot), (x, floor), (lane, floor), (lane, ceiling), (0.0, ceiling)]
    return np.array([(x, 0.0, z) for x, z in corners])


def ways(
    targets: Mapping[str, Outline], into: Mapping[str, bool], approach: np.ndarray, space: Space
) -> Iterator[tuple[str, bool, np.ndarray]]:
    """The arrows from one block of the stream.

    Each is its target's name, True for the stream itself rather than a branch, and its path.

    Parameters
    ----------
    targets
        Outlines of the blocks that they lead to, by name.
    into
        True for those that stand in the stream; the others stand to its left.
    approach
        (N, 3) corners of the way from the block's lower edge until the stream runs down.
    space
        The distances.
    """
    # The stream itself leads on in the stream, or at the end into what comes last.
    main = next((n for n in targets if into[n]), min(targets, key=lambda n: targets[n].top))
    bend = max(0.6 * space.margin, 0.75 * space.stream)
    for place, (name, outline) in enumerate(targets.items(), 1):
        path = [*map(tuple, approach)]
        if into[name]:
            path.append((0.0, 0.0, outline.top))
        else:
            z = (outline.top + outline.bottom) / 2
            path += [(0.0, 0.0, z), (outline.right, outline.y, z)]
        shape = paths.rounded(path, bend)
        if name != main:
            shape = _behind(shape, APART * place / len(targets))
        yield name, name == main, shape


def _behind(path: np.ndarray, distance: float) -> np.ndarray:
    """A path that runs behind its plane, but for its ends."""
    moved = path.copy()
    moved[1:-1, 1] += distance
    return moved
