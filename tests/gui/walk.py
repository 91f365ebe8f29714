"""Runs in a full Blender with its window: the tool Inspect Cell over each kind of block.

Where the variable LLMVIZ_WALK is set, it is over each kind of the larger models, too. Started by
`test_hovering.py` with a checkpoint after the usual arguments; see `stage`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# Blender puts only its own scripts on the path.
sys.path.insert(0, str(Path(__file__).parent))

import hovering
import stage
from hands import call, view, window


def build(model: str, prompt: str, **settings: int) -> Iterator[float]:
    """Build a model in place of what stands, and go to the frame at which all of it is computed."""
    scene = window().scene
    scene.llmviz.model, scene.llmviz.prompt = model, prompt
    for key, value in settings.items():
        setattr(scene.llmviz, key, value)
    print(f"building {model}", flush=True)
    call("llmviz.build")
    scene.frame_set(0)
    yield 1.0


def steps() -> Iterator[float]:
    """Models of each size, one after the other, and the views in which one can look at them."""
    (checkpoint,) = stage.MORE
    yield from stage.install()
    view().spaces.active.show_region_ui = False
    yield from hovering.choose_the_tool()
    # Each kind takes two seconds, so of the larger models the walk skips most, unless all are
    # asked for.
    step = 1 if "LLMVIZ_WALK" in os.environ else 5
    yield from build("nano-gpt", "CBABBC")
    yield from hovering.over_each_kind("nano-gpt")
    yield from hovering.in_each_view()
    yield from build(str(checkpoint), "3 1 4 1 5 9 2 6", cubes=10_000)
    yield from hovering.over_each_kind("checkpoint", step)
    yield from build("gpt3", "")
    yield from hovering.over_each_kind("gpt3", step)
    yield from hovering.while_it_is_disabled()


stage.play(steps())
