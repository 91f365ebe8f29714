"""The sun of a look in a picture: where on the horizon it stands free of all that is shown."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .picture import STEP, Outlines, Picture
from .titles import Rect

# The room of the sun and of its light on the ground: to the sides of its middle, above the horizon
# and below it, in radii.
_ASIDE, _ABOVE, _BELOW = 1.3, 1.5, 2.6
# Radii from the picture's edge, and those to what is beside it beyond which more is no better.
_EDGE, _FREE = 1.7, 4.0
# A picture's best places for an accent, as parts of its width, what it costs, in radii, to be
# half a picture away from them, and what it is worth to stand where things recede to.
_THIRDS, _AWAY, _FAR = (0.2, 0.8), 7.0, 2.0


def horizon(picture: Picture) -> float:
    """The height of the horizon in a picture, in points; it may be outside of it."""
    turn = picture.pose.rotation
    return picture.height / 2 + picture.scale * float(turn[2, 2] / max(turn[2, 1], 1e-9))


def sun(
    outlines: Outlines, words: Iterable[Rect], radius: float, thin: Outlines | None = None
) -> tuple[float, float, float] | None:
    """The level direction to a sun that stands free in a picture; None where there is no room.

    Parameters
    ----------
    outlines
        All that is shown.
    words
        The room of words.
    radius
        Of the sun, in radians.
    thin
        Further things of which the sun stands free, such as arrows.
    """
    picture = outlines.picture
    up = horizon(picture)
    size = picture.scale * float(np.tan(radius))
    bottom, top = up - _BELOW * size, up + _ABOVE * size
    if bottom < 0 or top > picture.height:
        return None
    busy = outlines.covered if thin is None else outlines.covered | thin.covered
    band = busy[:, int(bottom // STEP) : int(top // STEP) + 1].any(1)
    for left, low, right, high in words:
        if low < top and high > bottom:
            band[max(0, int(left // STEP)) : max(0, int(right // STEP) + 1)] = True
    across = (np.arange(len(band)) + 0.5) * STEP
    taken = across[band]
    gaps = np.full(len(across), np.inf)
    if len(taken):
        gaps = np.abs(across[:, None] - taken).min(1)
    edge = np.minimum(across, picture.width - across)
    # A wide lens draws it the wider the farther it is from the middle.
    wide = size * (1 + np.square((across - picture.width / 2) / picture.scale))
    fits = (gaps >= _ASIDE * wide) & (edge >= _EDGE * wide)
    if not fits.any():
        return None
    away = np.abs(across[:, None] / picture.width - np.array(_THIRDS)).min(1)
    worth = np.minimum(np.minimum(gaps, edge) / wide, _FREE) - 2 * _AWAY * away
    worth += _FAR * _recession(outlines) * (2 * across / picture.width - 1)
    x = float(across[np.argmax(np.where(fits, worth, -np.inf))])
    seen = np.array([x - picture.width / 2, up - picture.height / 2, -picture.scale])
    way = picture.pose.rotation @ seen
    way /= np.linalg.norm(way)
    return float(way[0]), float(way[1]), 0.0


def _recession(outlines: Outlines) -> float:
    """From 1, where things are the farther away the more to the right they stand, to -1."""
    middles, depths = outlines.rect[:, ::2].mean(1), outlines.depth.mean(1)
    if len(middles) < 3 or not np.ptp(middles) or not np.ptp(depths):
        return 0.0
    return float(np.corrcoef(middles, depths)[0, 1])
