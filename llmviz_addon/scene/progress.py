"""Long work as a generator of (fraction, label) that returns its result."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Steps = Generator[tuple[float, str], None, Result]


def share(work: Steps[Result], low: float, high: float) -> Steps[Result]:
    """Steps of a part of the work, as fractions of the whole."""
    while True:
        try:
            fraction, label = next(work)
        except StopIteration as end:
            return end.value
        yield low + (high - low) * fraction, label


def run(work: Steps[Result]) -> Result:
    """Exhaust a generator of steps and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value
