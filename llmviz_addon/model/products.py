"""Products with large matrices in threads of our own, since numpy lets others run meanwhile.

The library behind numpy's products, OpenBLAS, has threads, too, but they wait for each other by
spinning. Multiplying a few rows takes less than a millisecond, so as soon as anything else is at
work on the machine, such as a render, they wait for the scheduler instead, and a product takes ten
times as long as on one thread. So OpenBLAS is told to use one, and several parts of a product are
asked of it at once.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

THREADS = min(8, os.cpu_count() or 1)
"""Threads that share large work on numbers; more would wait for the memory."""

# Numbers of a matrix that are worth a thread: multiplying a row by them takes 50 microseconds, and
# so many rows about twice as long.
_WORTH, _ROWS = 2**18, 8

# Numbers of a matrix below which OpenBLAS uses one thread anyway; it begins to use more at 9,216.
_ALONE = 2**12

# Names of OpenBLAS's functions, with what numpy's builds put around them.
_AFFIXES = (("scipy_", "64_"), ("", "64_"), ("", ""))


def product(x: Array, matrix: Array, out: Array, pool: ThreadPoolExecutor) -> None:
    """Write `x @ matrix` into `out`; the pool's threads compute some of its columns each."""

    def part(some: slice) -> None:
        np.matmul(x, matrix[:, some], out=out[:, some])

    _share(part, matrix.shape[1], matrix.size, pool)


def stacked(x: Array, y: Array, out: Array, pool: ThreadPoolExecutor) -> None:
    """Write `x @ y`, (stack, n, m) by (stack, m, k), into `out`; each thread takes some of them."""

    def part(some: slice) -> None:
        np.matmul(x[some], y[some], out=out[some])

    _share(part, len(x), y.size * max(1, x.shape[1] // _ROWS), pool)


def _share(
    work: Callable[[slice], None], length: int, numbers: int, pool: ThreadPoolExecutor
) -> None:
    """Do work of a length, in as many parts as the numbers that it reads are worth threads."""

    def part(start: int, stop: int) -> None:
        # What numpy ignores is known to each thread for itself.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            work(slice(start, stop))

    parts = max(1, min(THREADS, numbers // _WORTH, length))
    cuts = [length * number // parts for number in range(parts + 1)]
    if numbers < _ALONE:
        part(0, length)
        return
    with one_thread_each():
        if parts == 1:
            part(0, length)
        else:
            list(pool.map(part, cuts, cuts[1:]))


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Have OpenBLAS use one thread a product; where numpy has another library, nothing happens."""
    found = _openblas()
    if found is None:
        yield
        return
    tell, ask = found
    before = ask()
    tell(1)
    try:
        yield
    finally:
        tell(before)


@cache
def _openblas() -> tuple[Callable[[int], object], Callable[[], int]] | None:
    """The functions that set and tell the number of OpenBLAS's threads, if numpy has loaded it."""
    for path in _libraries():
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for before, after in _AFFIXES:
            tell = getattr(library, f"{before}openblas_set_num_threads{after}", None)
            ask = getattr(library, f"{before}openblas_get_num_threads{after}", None)
            if tell is not None and ask is not None:
                return tell, ask
    return None


def _libraries() -> Iterator[Path]:
    """Files that may have OpenBLAS's functions: what numpy loads, or brings to be loaded."""
    folder = Path(np.__file__).parent
    # A library knows the functions of those that it was linked to, but on Windows.
    yield from sorted(folder.glob("*core/_multiarray_umath*"))
    yield from sorted(folder.parent.glob("numpy.libs/*openblas*"))
