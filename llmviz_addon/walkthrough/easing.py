"""Easings: the ways in which a value goes from one key to the next.

An easing belongs to the key that it starts from. ``"constant"`` jumps at the next key, ``"linear"``
goes evenly, the three ``"ease"`` ones follow a sine, and ``"smooth"`` is the general one: a cubic
through both keys with the slopes that they carry. Blender's F-curves follow each of them exactly,
so the values computed here are those that play: a Bezier segment whose handles stand at a third of
the way in time *is* that cubic, since time then runs evenly along it.
"""

from __future__ import annotations

import math

EASINGS = ("constant", "linear", "ease", "ease_in", "ease_out", "smooth")
"""Names of all easings; `Key.easing` is one of them."""


def blend(easing: str, fraction: float) -> float:
    """The part of the way that is done at a fraction of the time, for all but ``"smooth"``.

    Raises
    ------
    ValueError
        If there is no such easing.
    """
    match easing:
        case "constant":
            return 0.0
        case "linear":
            return fraction
        case "ease":
            return 0.5 - 0.5 * math.cos(math.pi * fraction)
        case "ease_in":
            return 1.0 - math.cos(math.pi / 2 * fraction)
        case "ease_out":
            return math.sin(math.pi / 2 * fraction)
    raise ValueError(f"There is no easing {easing!r}; there are {', '.join(EASINGS)}.")


def hermite(
    start: float, end: float, slope: float, end_slope: float, span: float, fraction: float
) -> float:
    """The cubic that starts and ends with the given values and slopes (per second)."""
    f = fraction
    return (
        (1 + 2 * f) * (1 - f) ** 2 * start
        + f * f * (3 - 2 * f) * end
        + f * (1 - f) ** 2 * span * slope
        - f * f * (1 - f) * span * end_slope
    )


def slow_in_out(fraction: float) -> float:
    """From 0 to 1 with a gentle start and a gentle end (speed and acceleration 0 at both)."""
    f = min(max(fraction, 0.0), 1.0)
    return f * f * f * (10 - 15 * f + 6 * f * f)
