"""Measure the cost of a GPT-2 with all its numbers, and of a GPT-3 without, against nano-gpt.

    bench_large.py        print the table for the Blender that this Python has

The GPT-2 is a checkpoint of its shapes filled with seeded numbers. The baseline of its build and
its file is the least work that they need; that of frames, and of all of GPT-3, is nano-gpt. Medians
are printed, measured in turn, as in bench.py. Nothing here passes or fails.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import bpy
import numpy as np
from bench_blender import (
    RECIPE,
    announced_growth,
    empty_file,
    frame_times,
    load,
    quiet,
    save,
    tells_memory,
    watched_growth,
)
from bench_checkpoint import N_PARAMETERS, write_checkpoint
from bench_rows import Seconds, Turn, head, megabytes, row, say, seconds, time_row

from llmviz_addon import saving, scene

PROMPT = "464 3290 318 257 922 1545 290 673 10408 606"
GPT3 = scene.Recipe("gpt3", "")

ROUNDS = 3

# Parts of a build by the beginnings of its steps' labels; the first that fits counts.
PARTS = {
    "Computing": "computing",
    "Planning": "planning",
    "Composing": "composing",
    "Placing titles": "composing",
    "Writing the film": "film",
    "Writing": "pages",
    "Packing": "pages",
    "Drawing": "drawing",
}

# Numbers that are turned into bytes at once: they stay in the processor's cache.
CHUNK = 2**18


@dataclass
class Film:
    """A film in a file, and seconds of each turn: for opening it, and for a frame either way."""

    path: Path
    opened: list[float] = field(default_factory=list)
    played: list[float] = field(default_factory=list)
    jumped: list[float] = field(default_factory=list)

    def play(self) -> None:
        """Open it and go through it, once more."""
        self.opened.append(seconds(lambda: load(self.path)))
        played, jumped = frame_times()
        self.played.append(median(played))
        self.jumped.append(median(jumped))


def frame_rows(what: str, ours: Film, nano: Film) -> None:
    """The rows about the frames of a film next to nano-gpt's."""
    time_row(f"{what}, frame, playing", "nano-gpt's", Turn(ours.played, nano.played))
    time_row(f"{what}, frame, jumping", "nano-gpt's", Turn(ours.jumped, nano.jumped))


# Building


def read_to_bytes(path: Path) -> np.ndarray:
    """All numbers of a checkpoint as bytes, scaled and rounded: the least that drawing them takes.

    Its file is read once, from the memory that it is mapped to.
    """
    with path.open("rb") as file:
        start = 8 + int.from_bytes(file.read(8), "little")
    numbers = np.memmap(path, np.float32, "r", start)
    found = np.empty(numbers.size, np.uint8)
    for at in range(0, numbers.size, CHUNK):
        part = numbers[at : at + CHUNK] * np.float32(127 / 0.05)
        np.clip(part, -127, 127, out=part)
        part += np.float32(128.5)
        found[at : at + CHUNK] = part
    return found


def timed_steps(recipe: scene.Recipe) -> Iterator[tuple[str, float]]:
    """Build in an empty file; for each step its label and the seconds until the next."""
    current = empty_file()
    label, began = "Beginning", time.perf_counter()
    for _, following in scene.steps(current, recipe):
        now = time.perf_counter()
        yield label, now - began
        label, began = following, time.perf_counter()
    yield label, time.perf_counter() - began


def part_of(label: str) -> str:
    """The part of a build that a step belongs to."""
    return next((part for start, part in PARTS.items() if label.startswith(start)), "rest")


def build_parts(recipe: scene.Recipe) -> tuple[Seconds, dict[str, float]]:
    """Seconds of a build, and of each of its parts, in the order in which they begin."""
    found: dict[str, float] = {}
    working = time.process_time()
    for label, spent in timed_steps(recipe):
        part = part_of(label)
        found[part] = found.get(part, 0.0) + spent
    return Seconds(sum(found.values()), time.process_time() - working), found


def say_parts(rounds: list[dict[str, float]]) -> None:
    """The line about the parts of a build."""
    names = dict.fromkeys(name for found in rounds for name in found)
    shares = {name: median(found.get(name, 0.0) for found in rounds) for name in names}
    told = (f"{name} {spent:.2f} s" for name, spent in shares.items() if spent >= 0.005)
    say(f"  {'':<30} of which {', '.join(told)}")


def measure_gpt2_build(recipe: scene.Recipe, path: Path) -> None:
    """The rows about building a model with all its numbers; leaves it open."""
    read_to_bytes(path)
    built, rounds, bare = [], [], []
    for _ in range(ROUNDS):
        bare.append(seconds(lambda: read_to_bytes(path)))
        whole, parts = build_parts(recipe)
        built.append(whole)
        rounds.append(parts)
    time_row("GPT-2, build", "reading its file once, to bytes", Turn(built, bare))
    say_parts(rounds)


def measure_gpt2_file(path: Path) -> None:
    """The rows about saving the model that is open: as Blender does, and as the extension does."""
    ours = path.with_name("compressed.blend")
    save(path)
    content = path.read_bytes()
    saved, compressed, written = [], [], []
    for _ in range(ROUNDS):
        saved.append(seconds(lambda: save(path)))
        with quiet():
            compressed.append(seconds(lambda: saving.save(ours)))
        written.append(seconds(lambda: path.with_name("bytes").write_bytes(content)))
    time_row("GPT-2, save", "writing as many bytes", Turn(saved, written))
    time_row("GPT-2, save and check", "writing as many bytes", Turn(compressed, written))
    size = ours.stat().st_size
    row(
        "GPT-2, size of the file",
        megabytes(size),
        "a byte for each of its numbers",
        megabytes(N_PARAMETERS),
        size / N_PARAMETERS,
    )


def measure_memory(folder: Path, path: Path) -> None:
    """The rows about the memory of building GPT-2 at its peak."""
    if not tells_memory():
        say("  Memory is measured on Linux only.")
        return
    size = path.stat().st_size
    whole, own = watched_growth([sys.executable, __file__, str(folder)])
    for what, most in (("GPT-2, memory, peak", whole), ("  without files it maps", own)):
        row(what, megabytes(most), "its checkpoint", megabytes(size), most / size)


def measure_gpt2(folder: Path) -> None:
    """All rows about GPT-2."""
    path = write_checkpoint(folder)
    film, nano = Film(folder / "gpt2.blend"), Film(folder / "nano.blend")
    measure_gpt2_build(scene.Recipe(str(folder), PROMPT), path)
    measure_gpt2_file(film.path)
    measure_memory(folder, path)
    scene.build(empty_file(), RECIPE)
    save(nano.path)
    read = []
    for _ in range(ROUNDS):
        nano.play()
        film.play()
        read.append(seconds(film.path.read_bytes))
    time_row("GPT-2, open", "reading its bytes", Turn(film.opened, read))
    time_row("", "opening nano-gpt", Turn(film.opened, nano.opened))
    frame_rows("GPT-2", film, nano)


def measure_gpt3(folder: Path) -> None:
    """All rows about GPT-3."""
    film, nano = Film(folder / "gpt3.blend"), Film(folder / "nano.blend")
    built, rounds, nanos = [], [], []
    for _ in range(ROUNDS):
        nanos.append(build_parts(RECIPE)[0])
        save(nano.path)
        whole, parts = build_parts(GPT3)
        built.append(whole)
        rounds.append(parts)
    save(film.path)
    time_row("GPT-3, build", "nano-gpt's", Turn(built, nanos))
    say_parts(rounds)
    for _ in range(ROUNDS):
        nano.play()
        film.play()
    time_row("GPT-3, open", "opening nano-gpt", Turn(film.opened, nano.opened))
    frame_rows("GPT-3", film, nano)


def main(arguments: list[str]) -> int:
    """Print the table; with a checkpoint's folder, build it for the process that started this."""
    if arguments:
        current = empty_file()
        print(announced_growth(lambda: scene.build(current, scene.Recipe(arguments[0], PROMPT))))
        return 0
    say(f"\nBlender {bpy.app.version_string}, GPT-2 of {N_PARAMETERS:,} seeded numbers, medians\n")
    head()
    with tempfile.TemporaryDirectory(prefix="llmviz-bench-") as name:
        folder = Path(name)
        measure_gpt2(folder)
        measure_gpt3(folder)
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
