"""Counts and spans of time in words, such as "12 layers"; for all rooms."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """A noun as it stands after a number: ``"layer"`` after 1, else ``"layers"``."""
    return noun if number == 1 else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """A number and what it counts: ``"1 layer"``, ``"12 layers"``, ``"85,584 parameters"``."""
    return f"{number:,} {plural(number, noun)}"


def clock(seconds: float) -> str:
    """A time in a film, to the nearest second: ``"0:28"``, ``"5:49"``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def lasting(seconds: float) -> str:
    """A span of time in words: ``"0.4 s"``, ``"12 s"``, ``"3 min"``, ``"14 h 40 min"``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if minutes and hours < 100 else f"{hours:,} h"
