"""Turns taken by a subject and its baseline, and the lines of the tables that compare them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


class Seconds(float):
    """Seconds by the clock, with those for which processors worked on it, of all threads."""

    worked: float

    def __new__(cls, clock: float, worked: float) -> Seconds:
        made = super().__new__(cls, clock)
        made.worked = worked
        return made


@dataclass(frozen=True)
class Turn:
    """Seconds of the subject and of its baseline, turn by turn."""

    subject: list[float]
    baseline: list[float]

    @property
    def ratio(self) -> float:
        """The subject's time over the baseline's, in the median turn."""
        return _ratio(self.subject, self.baseline)

    @property
    def worked(self) -> float | None:
        """The same of the processors' time, on which other work has less influence.

        None where it was not measured for all turns.
        """
        if not all(isinstance(each, Seconds) for each in (*self.subject, *self.baseline)):
            return None
        return _ratio([s.worked for s in self.subject], [b.worked for b in self.baseline])


def _ratio(subject: list[float], baseline: list[float]) -> float:
    return median(s / b for s, b in zip(subject, baseline, strict=True) if b > 0)


def seconds(work: Callable[[], object]) -> Seconds:
    """The seconds that `work` takes."""
    began, working = time.perf_counter(), time.process_time()
    work()
    return Seconds(time.perf_counter() - began, time.process_time() - working)


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
    say(f"  {'':<30} {'ours':>11}   {'against':<34} {'':>10}   {'ratio':>8} {'cpu':>8}")


def row(
    what: str,
    subject: str,
    against: str,
    baseline: str,
    ratio: float,
    worked: float | None = None,
) -> None:
    """One line of the table, with the ratio of processors' times if it is one of times."""
    line = f"  {what:<30} {subject:>11}   {against:<34} {baseline:>10}   {ratio:>8,.2f}"
    say(line if worked is None else f"{line} {worked:>8,.2f}")


def time_row(what: str, against: str, turn: Turn) -> None:
    """One line about times."""
    times = milliseconds(turn.subject), milliseconds(turn.baseline)
    row(what, times[0], against, times[1], turn.ratio, turn.worked)


def milliseconds(times: list[float]) -> str:
    """The median, for the table."""
    return f"{1e3 * median(times):,.2f} ms"


def megabytes(count: float) -> str:
    """A size, for the table."""
    return f"{count / 2**20:,.2f} MB"
