"""Measure what a frame, a new prompt, a build and a file cost, against the bare cost of the same.

    bench.py              print the table for the Blender that this Python has

Times on one machine say little about another, so every row has a baseline: the least that Blender
or numpy would need for the same work, measured in the same run. Subject and baseline take turns,
and what is printed are medians and the median of their ratios, so that other work on the machine
troubles both alike. Nothing here passes or fails.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from bench_baselines import (  # noqa: E402
    CellData,
    animate_empty,
    cell_bytes,
    curves_of,
    fill,
    make_bare,
    pack,
    read_cells,
    unpack,
)

from llmviz_addon import model, scene  # noqa: E402

RECIPE = scene.Recipe("nano-gpt", "CBABBC")
OTHER = scene.Recipe("nano-gpt", "ABCCBA")

ROUNDS = 5
# The film is played from this many places, for this many frames each.
STRETCHES, PLAYED = 12, 12


def say(line: str = "") -> None:
    """Print at once: a table that grows row by row shows how far it is."""
    print(line, flush=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep to itself what Blender writes about files that it opens and saves."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# Measuring


@dataclass(frozen=True)
class Turn:
    """Seconds of the subject and of its baseline, turn by turn."""

    subject: list[float]
    baseline: list[float]

    @property
    def ratio(self) -> float:
        """How many times the baseline the subject takes, in the median turn."""
        return median(s / b for s, b in zip(self.subject, self.baseline, strict=True))


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


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


def empty_file() -> bpy.types.Scene:
    """A file with nothing in it, and its scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


# The film, and the same curves on empties


def save(path: Path) -> None:
    """Save the open file."""
    with quiet():
        bpy.ops.wm.save_as_mainfile(filepath=str(path))


def load(path: Path) -> None:
    """Open a file."""
    with quiet():
        bpy.ops.wm.open_mainfile(filepath=str(path))


def write_films(folder: Path) -> tuple[Path, Path]:
    """Save the film and, in a file of their own, its curves on empties; says how many there are."""
    film, empties = folder / "film.blend", folder / "empties.blend"
    scene.build(empty_file(), RECIPE)
    save(film)
    last = bpy.context.scene.frame_end
    owners = [*bpy.data.objects, *bpy.data.cameras]
    animated = [curves for owner in owners if (curves := curves_of(owner))]
    objects = len(bpy.data.objects)
    blank = empty_file()
    for curves in animated:
        animate_empty(blank, curves)
    blank.frame_end = last
    save(empties)
    keys = sum(len(curve.keys["easing"]) for curves in animated for curve in curves)
    say(
        f"  {objects} objects; {sum(map(len, animated))} curves with {keys:,} keys "
        f"on {len(animated)} datablocks, {last} frames\n"
    )
    say(f"  {'':<30} {'ours':>11}   {'against':<34} {'':>10}   {'ratio':>8}")
    return film, empties


def frame_times(path: Path) -> tuple[list[float], list[float]]:
    """Seconds of frames that are played, and of those that are jumped to."""
    load(path)
    current = bpy.context.scene
    played, jumped = [], []
    current.frame_set(2)
    for start in np.linspace(1, current.frame_end - PLAYED, STRETCHES).astype(int):
        jumped.append(seconds(lambda at=int(start): current.frame_set(at)))
        played += [
            seconds(lambda at=frame: current.frame_set(at))
            for frame in range(int(start) + 1, int(start) + PLAYED)
        ]
    return played, jumped


def measure_frames(folder: Path) -> None:
    """What a frame of the film costs."""
    film, empties = write_films(folder)
    turns: list[tuple[float, float, float, float]] = []
    for _ in range(ROUNDS):
        played, jumped = frame_times(film)
        bare_played, bare_jumped = frame_times(empties)
        turns.append(tuple(map(median, (played, bare_played, jumped, bare_jumped))))
    played, bare_played, jumped, bare_jumped = map(list, zip(*turns, strict=True))
    time_row("Frame, playing", "the same curves on empties", Turn(played, bare_played))
    time_row(
        "Frame, jumping along the film", "the same curves on empties", Turn(jumped, bare_jumped)
    )
    opened, read = [], []
    for _ in range(ROUNDS):
        opened.append(seconds(lambda: load(film)))
        read.append(seconds(film.read_bytes))
    time_row("Open the saved file", "reading its bytes", Turn(opened, read))
    raw = cell_bytes(read_cells())
    size = film.stat().st_size
    row(
        "Size of the saved file",
        megabytes(size),
        "its cells' attributes",
        megabytes(raw),
        size / raw,
    )


# Building


def bare_then_update(cells: list[CellData]) -> None:
    """Make bare cells and let Blender evaluate a frame of them, as a build ends."""
    make_bare(cells)
    bpy.context.scene.frame_set(1)


def measure_builds() -> None:
    """What a build and a new prompt cost."""
    scene.build(empty_file(), RECIPE)
    cells = read_cells()
    built, bare, evaluated = [], [], []
    for _ in range(ROUNDS):
        current = empty_file()
        built.append(seconds(lambda at=current: scene.build(at, RECIPE)))
        empty_file()
        bare.append(seconds(lambda: make_bare(cells)))
        empty_file()
        evaluated.append(seconds(lambda: bare_then_update(cells)))
    time_row("Build", "making the bare cells", Turn(built, bare))
    time_row("", "making them and evaluating a frame", Turn(built, evaluated))

    current = empty_file()
    scene.build(current, RECIPE)
    meshes = make_bare(cells)
    loaded = model.load(OTHER.model)
    ids = loaded.read_prompt(OTHER.prompt)
    recolored, forward, filled = [], [], []
    for turn in range(ROUNDS):
        recipe = (OTHER, RECIPE)[turn % 2]
        recolored.append(seconds(lambda to=recipe: scene.build(current, to)))
        forward.append(seconds(lambda: loaded.forward(ids)))
        filled.append(seconds(lambda: fill(meshes, cells)))
    time_row("New prompt, recoloured", "one forward pass alone", Turn(recolored, forward))
    time_row("", "filling the same attributes", Turn(recolored, filled))


# Memory, each in a process of its own


def resident(field: str) -> int:
    """Bytes of this process in memory, now (`VmRSS`) or at most (`VmHWM`).

    Not `resource.getrusage`: its peak outlives `exec`, so a child would begin with its parent's.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


def growth(work: Callable[[], object]) -> int:
    """By how many bytes memory grows at most while `work` runs."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = resident("VmRSS")
    work()
    return resident("VmHWM") - before


def python_peak(work: Callable[[], object]) -> int:
    """How many bytes Python and numpy hold at most while `work` runs."""
    tracemalloc.start()
    work()
    return tracemalloc.get_traced_memory()[1]


def report_memory(what: str, arrays: Path) -> None:
    """In a child: measure one thing and print it as the last line."""
    current = empty_file()
    if what == "bare":
        cells = unpack(arrays)
        print(growth(lambda: bare_then_update(cells)))
    elif what == "python":
        print(python_peak(lambda: scene.build(current, RECIPE)))
    else:
        print(growth(lambda: scene.build(current, RECIPE)))


def measure_memory(folder: Path) -> None:
    """How much memory a build takes at most."""
    if not Path("/proc/self/clear_refs").exists():
        say("  Memory is measured on Linux only.")
        return
    scene.build(empty_file(), RECIPE)
    cells = read_cells()
    raw = cell_bytes(cells)
    arrays = folder / "cells.npz"
    pack(cells, arrays)
    peaks: dict[str, list[float]] = {"build": [], "bare": [], "python": []}
    for _ in range(3):
        for what, found in peaks.items():
            command = [sys.executable, __file__, what, str(arrays)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
            found.append(float(answer.stdout.strip().splitlines()[-1]))
    most = {what: median(found) for what, found in peaks.items()}
    build, bare = most["build"], most["bare"]
    row(
        "Memory of a build, peak",
        megabytes(build),
        "its cells' attributes",
        megabytes(raw),
        build / raw,
    )
    row("", megabytes(build), "the bare cells, evaluated", megabytes(bare), build / bare)
    python = most["python"]
    row(
        "Memory in Python alone, peak",
        megabytes(python),
        "its cells' attributes",
        megabytes(raw),
        python / raw,
    )


def main(arguments: list[str]) -> int:
    """Print the table; with arguments, measure memory for the process that started this one."""
    if arguments:
        report_memory(arguments[0], Path(arguments[1]))
        return 0
    say(f"\nBlender {bpy.app.version_string}, {RECIPE.model} on {RECIPE.prompt}, medians\n")
    with tempfile.TemporaryDirectory(prefix="llmviz-bench-") as name:
        measure_frames(Path(name))
        measure_builds()
        measure_memory(Path(name))
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
