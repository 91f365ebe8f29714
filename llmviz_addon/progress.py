"""Long work as a generator: it yields its progress with a label, and returns its result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Steps: TypeAlias = Generator[tuple[float, str], None, T]
"""Yields fractions from 0 to 1, each with a label; returns the result."""


def rescaled(work: Steps[T], low: float, high: float) -> Steps[T]:
    """Steps of a part of the work, from `low` to `high` of the whole rather than from 0 to 1.

    If these steps are stopped, the work is, too, before whoever asked for it cleans up.
    """
    with closing(work):
        while True:
            try:
                fraction, label = next(work)
            except StopIteration as end:
                result: T = end.value
                return result
            yield low + (high - low) * fraction, label


def begun(work: Steps[T]) -> Steps[T]:
    """The same steps, of which the first is done now, so that threads of the work can go on with it
    while other steps are taken. Closing them stops the work.
    """
    steps = _begun(work)
    next(steps)
    return steps


def _begun(work: Steps[T]) -> Steps[T]:
    with closing(work):
        try:
            first = next(work)
        except StopIteration as end:
            result: T = end.value
            yield 1.0, ""  # taken by `begun`
            return result
        yield first  # taken by `begun`
        yield first
        return (yield from work)


def run(work: Steps[T]) -> T:
    """Go through all steps and return the result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            result: T = end.value
            return result
