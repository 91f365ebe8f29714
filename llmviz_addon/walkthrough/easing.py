"""How a value goes from one key to the next.

An easing belongs to the key that it starts from, as in Blender, and every one of them has an exact
counterpart there, so that what is computed here is what plays. ``"smooth"`` is the general one: a
cubic through both keys with the slopes that they carry. A Bezier segment whose handles stand at a
third of the way in time *is* that cubic, since time then runs evenly along it.
"""

from __future__ import annotations

import math

BLENDER: dict[str, tuple[str, str]] = {
    "constant": ("CONSTANT", "AUTO"),
    "linear": ("LINEAR", "AUTO"),
    "ease": ("SINE", "EASE_IN_OUT"),
    "ease_in": ("SINE", "EASE_IN"),
    "ease_out": ("SINE", "EASE_OUT"),
    "smooth": ("BEZIER", "AUTO"),
}
"""Interpolation and easing of a Blender key, by the name of the easing here."""


def blend(easing: str, fraction: float) -> float:
    """How far a value is on its way at a fraction of the time; every easing but ``"smooth"``."""
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
    raise ValueError(f"There is no easing {easing!r}; there are {', '.join(BLENDER)}.")


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
