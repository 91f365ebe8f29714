"""Measure what rendering a frame of the film costs against the same frame without our savings.

The baseline renders every cell as a cube, has what glows looked through for light, builds a tree of
lamps and cleans the denoiser's guides, as a scene does that is rendered without the extension. The
two pictures are compared, since a saving that can be seen is none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from unittest import mock

import bpy
import numpy as np
from bench_rows import Turn, say, seconds, time_row

from llmviz_addon import scene
from llmviz_addon.progress import run
from llmviz_addon.scene.pictures import filming, rendering, taking

SIZE, SAMPLES, ROUNDS = (640, 360), 8, 2

# Frames of the film, as shares of its length: near, in between and far.
PLACES = (0.014, 0.2, 0.57)


def measure_rendering(folder: Path) -> None:
    """Print the rows about rendered frames; the scene has a model."""
    current = bpy.context.scene
    for place in PLACES:
        frame = max(1, round(place * current.frame_end))
        ours, plain = folder / "ours", folder / "plain"
        our_frame = partial(_render, current, frame, ours)
        plain_frame = partial(_render, current, frame, plain)
        quick, slow = [], []
        for _ in range(ROUNDS):
            quick.append(seconds(our_frame))
            with _without_savings():
                slow.append(seconds(plain_frame))
        name = "Frame, rendered" if place == PLACES[0] else ""
        time_row(name, f"frame {frame} without our savings", Turn(quick, slow))
        apart = np.abs(_picture(ours, frame) - _picture(plain, frame))
        say(f"    the two pictures differ by {apart.mean():.4f} of a channel's range on average")


def _render(current: bpy.types.Scene, frame: int, folder: Path) -> None:
    run(scene.film_steps(current, folder, frame, frame, SIZE, "CYCLES", SAMPLES, overwrite=True))


def _picture(folder: Path, frame: int) -> np.ndarray:
    image = bpy.data.images.load(str(folder / f"{frame:05d}.png"))
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(-1, 4)[:, :3]


def _as_cubes(*_: object) -> nullcontext[list]:
    return nullcontext([])


def _nothing(_: str) -> dict[str, object]:
    return {}


@contextmanager
def _without_savings() -> Iterator[None]:
    """Take the savings back for as long as this context lasts."""
    settings = rendering.settings

    def plain(*given: object) -> dict[str, object]:
        return settings(*given) | {"cycles.use_light_tree": True}

    lit = [material for material in bpy.data.materials if material.get("llmviz")]
    with ExitStack() as stack:
        for module, name, instead in (
            (taking, "drawn_as_slabs", _as_cubes),
            (taking, "settings", plain),
            (filming, "of_a_film", _nothing),
        ):
            stack.enter_context(mock.patch.object(module, name, instead))
        for material in lit:
            material.cycles.emission_sampling = "AUTO"
        try:
            yield
        finally:
            for material in lit:
                material.cycles.emission_sampling = "NONE"
