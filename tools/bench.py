"""Measure the cost of a frame, a new prompt, a build and a file against the least possible cost.

    bench.py              print the table for the Blender that this Python has

Times on one machine say little about another, so every row has a baseline: the least time that
Blender or numpy would need for the same work, measured in the same run. Subject and baseline take
turns, so that other work on the machine slows both alike; medians of both and the median of their
ratios are printed. Nothing here passes or fails.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from statistics import median

import bpy
from bench_baselines import (
    CellData,
    animate_empty,
    cell_bytes,
    curves_of,
    fill,
    make_bare,
    pack,
    read_cells,
    read_words,
    texts_then_update,
    turn_words_to_texts,
    unpack,
)
from bench_blender import (
    RECIPE,
    empty_file,
    frame_times,
    growth,
    load,
    save,
    tells_memory,
)
from bench_render import measure_rendering
from bench_rows import Turn, head, megabytes, row, say, seconds, time_row

from llmviz_addon import model, scene
from llmviz_addon.progress import run
from llmviz_addon.scene import live

OTHER = scene.Recipe("nano-gpt", "ABCCBA")

# A model of more cells, and its prompt while a letter is typed and taken back.
LETTERS = tuple(
    scene.Recipe("rhyme-gpt", prompt) for prompt in ("Twinkle, twinkle, l", "Twinkle, twinkle, li")
)

ROUNDS = 5


# The film, and the same curves on empties


def write_films(folder: Path) -> tuple[Path, Path]:
    """Save the film and, in a file of their own, its curves on empties; prints their number."""
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
    head()
    return film, empties


def measure_frames(folder: Path) -> None:
    """Print the rows about frames of the film."""
    film, empties = write_films(folder)
    texts = folder / "texts.blend"
    load(film)
    turn_words_to_texts()
    save(texts)
    files = {"ours": film, "bare": empties, "texts": texts}
    played, jumped, opened = ({name: [] for name in files} for _ in range(3))
    for _ in range(ROUNDS):
        for name, path in files.items():
            opened[name].append(seconds(lambda at=path: load(at)))
            plays, jumps = frame_times()
            played[name].append(median(plays))
            jumped[name].append(median(jumps))
    bare, words = "the same curves on empties", "with its words as text objects"
    time_row("Frame, playing", bare, Turn(played["ours"], played["bare"]))
    time_row("", words, Turn(played["ours"], played["texts"]))
    time_row("Frame, jumping along the film", bare, Turn(jumped["ours"], jumped["bare"]))
    time_row("", words, Turn(jumped["ours"], jumped["texts"]))
    read = [seconds(film.read_bytes) for _ in range(ROUNDS)]
    time_row("Open the saved file", "reading its bytes", Turn(opened["ours"], read))
    time_row("", words, Turn(opened["ours"], opened["texts"]))
    load(film)
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
    """Make bare cells and let Blender evaluate a frame of them, as at the end of a build."""
    make_bare(cells)
    bpy.context.scene.frame_set(1)


def measure_builds() -> None:
    """Print the rows about a build and a new prompt."""
    scene.build(empty_file(), RECIPE)
    cells, words = read_cells(), list(read_words().values())
    built, bare, evaluated, texts = [], [], [], []
    for _ in range(ROUNDS):
        current = empty_file()
        built.append(seconds(lambda at=current: scene.build(at, RECIPE)))
        empty_file()
        bare.append(seconds(lambda: make_bare(cells)))
        empty_file()
        evaluated.append(seconds(lambda: bare_then_update(cells)))
        empty_file()
        texts.append(seconds(lambda: texts_then_update(words)))
    time_row("Build", "making the bare cells", Turn(built, bare))
    time_row("", "making them and evaluating a frame", Turn(built, evaluated))
    time_row("", "its words alone, as text objects", Turn(built, texts))

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
    time_row("New prompt, recolored", "one forward pass alone", Turn(recolored, forward))
    time_row("", "filling the same attributes", Turn(recolored, filled))

    typed, evaluated, followed = [], [], []
    for turn in range(ROUNDS):
        recipe = (OTHER, RECIPE)[turn % 2]
        bpy.context.view_layer.update()
        typed.append(seconds(lambda to=recipe: type_prompt(current, to)))
        evaluated.append(seconds(lambda: fill_and_evaluate(meshes, cells)))
        followed.append(seconds(lambda: run(live.catch_up_steps(current))))
    bare = "filling and evaluating bare cells"
    time_row("Prompt while typing, seen", bare, Turn(typed, evaluated))
    time_row("", "another prompt by a build", Turn(typed, recolored))
    time_row("Film follows, typing at rest", "another prompt by a build", Turn(followed, recolored))
    measure_letters()


def measure_letters() -> None:
    """Print the row about a letter that is typed into rhyme-gpt's prompt."""
    current = empty_file()
    scene.build(current, LETTERS[0])
    cells = read_cells()
    meshes = make_bare(cells)
    typed, evaluated = [], []
    for turn in range(ROUNDS):
        bpy.context.view_layer.update()
        typed.append(seconds(lambda to=LETTERS[1 - turn % 2]: type_prompt(current, to)))
        evaluated.append(seconds(lambda: fill_and_evaluate(meshes, cells)))
    bare = "filling and evaluating bare cells"
    time_row("rhyme-gpt, a letter typed, seen", bare, Turn(typed, evaluated))


def type_prompt(current: bpy.types.Scene, recipe: scene.Recipe) -> None:
    """Show a prompt as at a key, up to what Blender draws next."""
    if not live.follow(current, recipe):
        raise RuntimeError(f"{recipe.prompt} was not shown while it was typed.")
    bpy.context.view_layer.update()


def fill_and_evaluate(meshes: list[bpy.types.Mesh], cells: list[CellData]) -> None:
    """Write all attributes of bare cells and have Blender evaluate them."""
    fill(meshes, cells)
    for mesh in meshes:
        mesh.update_tag()
    bpy.context.view_layer.update()


# Memory, each in a process of its own


def python_peak(work: Callable[[], object]) -> int:
    """The most bytes that Python and numpy hold while `work` runs."""
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
    """Print the rows about the memory of a build at its peak."""
    if not tells_memory():
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
        measure_rendering(Path(name))
        measure_builds()
        measure_memory(Path(name))
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
