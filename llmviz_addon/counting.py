"""Counts in words, such as "12 layers"; for all rooms."""

from __future__ import annotations


def plural(number: int, noun: str) -> str:
    """A noun as it stands after a number: ``"layer"`` after 1, else ``"layers"``."""
    return noun if number == 1 else f"{noun}s"


def counted(number: int, noun: str) -> str:
    """A number and what it counts: ``"1 layer"``, ``"12 layers"``, ``"85,584 parameters"``."""
    return f"{number:,} {plural(number, noun)}"
