"""Helpers of measurements in Blender: an empty file, saving and opening, frames, and memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import bpy  # noqa: E402
import numpy as np  # noqa: E402
from bench_rows import seconds  # noqa: E402

from llmviz_addon import scene  # noqa: E402

RECIPE = scene.Recipe("nano-gpt", "CBABBC")

# A film is played from this many places, for this many frames each.
STRETCHES, PLAYED = 12, 12
# Seconds from one look at another process's memory to the next.
GLANCE = 0.005


@contextmanager
def quiet() -> Iterator[None]:
    """Hide the lines that Blender prints about files that it opens and saves."""
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


def empty_file() -> bpy.types.Scene:
    """A file with nothing in it, and its scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def save(path: Path) -> None:
    """Save the open file."""
    with quiet():
        bpy.ops.wm.save_as_mainfile(filepath=str(path))


def load(path: Path) -> None:
    """Open a file."""
    with quiet():
        bpy.ops.wm.open_mainfile(filepath=str(path))


def frame_times() -> tuple[list[float], list[float]]:
    """Seconds of frames of the open film that are played, and of those that are jumped to."""
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


# Memory of a process, as Linux reports it


def tells_memory() -> bool:
    """True if this system reports the peak of a process's memory."""
    return Path("/proc/self/clear_refs").exists()


def resident(field: str, process: int | str = "self") -> int:
    """Bytes of a process in memory: now (`VmRSS`), at most (`VmHWM`), without files (`RssAnon`).

    Not `resource.getrusage`: its peak outlives `exec`, so a child would begin with its parent's.

    Raises
    ------
    RuntimeError
        If the system does not report it, as for a process that has ended.
    """
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{process}/status has no {field}")


def growth(work: Callable[[], object]) -> int:
    """The most bytes by which memory grows while `work` runs."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from here
    before = resident("VmRSS")
    work()
    return resident("VmHWM") - before


def announced_growth(work: Callable[[], object]) -> int:
    """In a child of `watched_growth`: as `growth`, begun when the parent is watching."""
    print("ready", flush=True)
    sys.stdin.readline()
    return growth(work)


def watched_growth(command: list[str]) -> tuple[int, int]:
    """The most bytes by which a child grows, with the files that it maps and without them.

    The child does its work in `announced_growth` and prints the result last. The system keeps no
    peak of memory without files, so this process reads the current value again and again; the child
    could not do that itself in the midst of a long call.
    """
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    with child:
        for line in child.stdout:
            if line.strip() == "ready":
                break
        before = most = resident("RssAnon", child.pid)
        child.stdin.write("\n")
        child.stdin.flush()
        while child.poll() is None:
            try:
                most = max(most, resident("RssAnon", child.pid))
            except (OSError, RuntimeError):
                break  # it has ended in between
            time.sleep(GLANCE)
        answer = child.stdout.read().split()
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, command)
    return int(answer[-1]), most - before
