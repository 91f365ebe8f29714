"""Turns taken by a subject and its baseline, and the lines of the tables that compare them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Turn:
    """Seconds of the subject and of its baseline, turn by turn."""

    subject: list[float]
    baseline: list[float]

    @property
    def ratio(self) -> float:
        """The subject's time over the baseline's, in the median turn."""
        return median(s / b for s, b in zip(self.subject, self.baseline, strict=True))


def seconds(work: Callable[[], object]) -> float:
    """The seconds that `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def take_turns(rounds: int, subject: Callable[[], object], baseline: Callable[[], object]) -> Turn:
    """Measure two kinds of work in turn, after a first time each that does not count."""
    subject()
    baseline()
    pairs = [(seconds(subject), seconds(baseline)) for _ in range(rounds)]
    return Turn([s for s, _ in pairs], [b for _, b in pairs])


def say(line: str = "") -> None:
    """Print a line at once, so that a table that grows row by row shows its progress."""
    print(line, flush=True)


def head() -> None:
    """The line above a table's rows."""
    say(f"  {'':<30} {'ours':>11}   {'against':<34} {'':>10}   {'ratio':>8}")


def row(what: str, subject: str, against: str, baseline: str, ratio: float) -> None:
    """One line of the table."""
    say(f"  {what:<30} {subject:>11}   {against:<34} {baseline:>10}   {ratio:>8,.2f}")


def time_row(what: str, against: str, turn: Turn) -> None:
    """One line about times."""
    row(what, milliseconds(turn.subject), against, milliseconds(turn.baseline), turn.ratio)


def milliseconds(times: list[float]) -> str:
    """The median, for the table."""
    return f"{1e3 * median(times):,.2f} ms"


def megabytes(count: float) -> str:
    """A size, for the table."""
    return f"{count / 2**20:,.2f} MB"
