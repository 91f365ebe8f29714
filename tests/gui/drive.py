"""Runs in a full Blender with its window: a person's first minutes with the extension.

Started by `test_window.py`; see `stage`.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

# Blender puts only its own scripts on the path.
sys.path.insert(0, str(Path(__file__).parent))

import hovering
import pointing
import stage
from hands import (
    TICK,
    addon,
    census,
    click,
    find_field,
    key,
    mouse,
    over_the_view,
    press,
    scroll,
    standing,
    type_over_the_view,
    unfold,
    until,
    window,
)
from stage import facts, screenshot


def blocks() -> int:
    """Number of blocks in the scene."""
    return sum("llmviz_block" in item for item in window().scene.objects)


def seen() -> int:
    """Number of blocks that the view shows."""
    return sum(item.visible_get() for item in window().scene.objects if "llmviz_block" in item)


def until_built() -> Iterator[float]:
    """Wait until blocks stand there and no more are coming."""
    yield from until(lambda: blocks() > 0, "the first block stands")
    yield from until(lambda: addon("ui.running").work is None, "the model is built")
    yield TICK


def first_minute() -> Iterator[float]:
    """Install, open the tab, build the demo, take it back and bring it again."""
    yield from stage.install()
    yield from screenshot("1-empty")
    yield from press("llmviz.build_demo")
    yield from until_built()
    facts["built"], facts["seen"] = blocks(), seen()
    facts["model"], facts["prompt"] = window().scene.llmviz.model, window().scene.llmviz.prompt
    yield from screenshot("2-built")
    yield from type_over_the_view("Z", ctrl=True)
    yield 1.0
    facts["after undo"] = blocks()
    yield from type_over_the_view("Z", ctrl=True, shift=True)
    yield 1.0
    facts["after redo"] = blocks()
    yield from press("llmviz.view_film")
    yield 2.0
    facts["frame"] = [pointing.is_free(*corner) for corner in pointing.corners_of_the_picture()]
    yield from press("llmviz.remove")
    yield from until(lambda: blocks() == 0, "all blocks are gone")
    facts["after remove"] = blocks()
    yield from screenshot("3-removed")


def typing() -> Iterator[float]:
    """Type another prompt into its field, a key at a time, and wait until the film has followed."""
    scene, state = window().scene, addon("ui.state")
    yield from press("llmviz.build_demo")
    yield from until_built()
    live = addon("scene.live")
    scene.frame_set(200)
    before, facts["typed"] = standing(), []
    field = yield from find_field("llmviz.prompt")
    print("typing into the prompt's field", flush=True)
    # A click begins to edit all of the text, which the first key replaces.
    yield from click(*field)
    yield 0.3
    with times_of_keys() as times:
        for count, letter in enumerate("ACBB", 1):
            yield from key(field, letter, letter)
            yield from until(lambda at=count: len(times["drawn"]) >= at, "the view shows the key")
            recipe = state.model_of(scene).recipe
            facts["typed"].append([scene.llmviz.prompt, recipe.prompt])
    facts["behind while typing"] = live.is_behind(scene) or bool(addon("ui.running").work)
    facts["milliseconds"] = times
    for what, each in times.items():
        print(f"keys {what} after {', '.join(f'{ms:.0f}' for ms in each)} ms", flush=True)
    yield from screenshot("2-typing")
    yield from key(field, "RET")
    yield from until(lambda: not live.is_behind(scene), "the film has followed")
    facts["followed"] = [scene.frame_current, standing() == before]
    said = [o["llmviz_text"] for o in scene.objects if "llmviz_caption_of" in o]
    facts["told"] = any("ACBB" in words for words in said)
    yield from screenshot("2-typed")
    yield from press("llmviz.remove")
    yield from until(lambda: blocks() == 0, "all blocks are gone")


@contextmanager
def times_of_keys() -> Iterator[dict[str, list[float]]]:
    """Milliseconds from each change of the prompt until it is in the scene, evaluated and drawn."""
    live = addon("scene.live")
    follow = live.follow
    times: dict[str, list[float]] = {"shown": [], "evaluated": [], "drawn": []}
    began = 0.0

    def note(what: str) -> None:
        # Only the first evaluation and drawing after a change count.
        if len(times[what]) < len(times["shown"]):
            times[what].append(1e3 * (time.perf_counter() - began))

    def timed(*given: object) -> bool:
        nonlocal began
        began = time.perf_counter()
        done = follow(*given)
        times["shown"].append(1e3 * (time.perf_counter() - began))
        return done

    def evaluated(*_: object) -> None:
        note("evaluated")

    live.follow = timed
    bpy.app.handlers.depsgraph_update_post.append(evaluated)
    drawing = bpy.types.SpaceView3D.draw_handler_add(note, ("drawn",), "WINDOW", "POST_PIXEL")
    try:
        yield times
    finally:
        live.follow = follow
        bpy.app.handlers.depsgraph_update_post.remove(evaluated)
        bpy.types.SpaceView3D.draw_handler_remove(drawing, "WINDOW")


def large_models() -> Iterator[float]:
    """Build GPT-2 without its weights, and another beside it."""
    settings = window().scene.llmviz
    settings.picker = "gpt2"
    before = standing()
    yield from unfold(addon("ui.build_panels").LLMVIZ_PT_detail, below="llmviz.build")
    yield from screenshot("4-gpt2")
    yield from press("llmviz.build")
    yield from until_built()
    facts["shapes"] = drawn()
    alone = standing()
    yield from screenshot("5-gpt2-built")
    settings.picker = "gpt3"
    yield from press("llmviz.build_beside")
    yield from until(lambda: len(drawn()) == 2, "another model stands beside the first")
    yield from until_built()
    facts["beside"] = drawn()
    facts["turned"] = [alone != before, standing() != alone]
    yield from screenshot("6-beside")
    yield from press("llmviz.remove")
    yield from until(lambda: blocks() == 0, "all blocks are gone")
    facts["view given back"] = standing() == before


def stops() -> Iterator[float]:
    """Stop a long build with Esc, early and late, and beside a model that stands."""
    settings = window().scene.llmviz
    settings.picker, facts["stopped"] = "gpt3", []
    for share in (0.1, 0.5, 0.8):
        yield from stop("llmviz.build", share)
    yield from press("llmviz.build_demo")
    yield from until_built()
    settings.picker = "gpt3"
    facts["seen beside"] = [seen()]
    yield from stop("llmviz.build_beside", 0.5)
    facts["seen beside"].append(seen())
    yield from press("llmviz.remove")


def stop(operator: str, share: float) -> Iterator[float]:
    """Press a button that builds, and Esc when this share of the work is done."""
    running, before = addon("ui.running"), census()
    yield from press(operator)
    yield from until(lambda: running.work is not None, "the build begins")
    there = f"{share:.0%} of it are done"
    yield from until(
        lambda: running.work is None or running.work.fraction >= share, there, TICK / 10
    )
    at = running.work.label if running.work else "too late"
    mouse(*over_the_view(), "ESC", "PRESS")
    yield from until(lambda: running.work is None, "the build has stopped")
    mouse(*over_the_view(), "ESC", "RELEASE")
    yield 0.5
    after = census()
    facts["stopped"].append([at, [key for key in before if before[key] != after[key]]])


def slabs() -> Iterator[float]:
    """Draw the demo as slabs, and open one of them up."""
    scene = window().scene
    scene.llmviz.picker, scene.llmviz.cubes = "nano-gpt", 0
    yield from press("llmviz.build")
    yield from until_built()
    facts["slabs"] = drawn()
    window().view_layer.objects.active = scene.objects["wte"]
    yield from scroll("DOWN")
    yield from screenshot("7-inspect")
    yield from press("llmviz.open_window")
    yield from until(lambda: any("llmviz_window_of" in o for o in scene.objects), "cubes appear")
    facts["opened"] = drawn()
    yield from screenshot("8-opened")


def picking() -> Iterator[float]:
    """Name cells of cubes and of slabs with the eyedropper, far from the middle of the world."""
    scene = window().scene
    scene.llmviz.cubes = 20_000
    yield from scroll("UP")
    yield from press("llmviz.build")
    yield from until_built()
    (model,) = addon("ui.state").models(scene)
    root, ways = model.root, model.plan.ways
    next(o for o in root.objects if o.get("llmviz_role") == "anchor").location.x += 12_000
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(camera)
    facts["pointed at"], facts["ways"] = [], []
    for through in (None, camera):
        for name in ("wte", "layer0.mlp_weight"):
            facts["pointed at"] += yield from pointing.name_cells(root, name, through)
            facts["ways"].append(ways[name])
    yield from screenshot("9-picked")
    scene.llmviz.cell_block, facts["canceled"] = "", []
    before = drawn()
    for button in ("ESC", "RIGHTMOUSE"):
        yield from pointing.point(*over_the_view(), button)
        modal = [operator.bl_idname for operator in window().modal_operators]
        facts["canceled"].append([button, modal, pointing.named()[0], drawn() == before])


def inspecting() -> Iterator[float]:
    """Point at a cube with the tool Inspect Cell, far from the middle of the world."""
    (model,) = addon("ui.state").models(window().scene)
    facts["inspected"] = yield from hovering.inspect(model.root, "layer0.mlp", 4, 5)


def drawn() -> dict[str, list[str]]:
    """The models that stand in the scene, and in which ways each is drawn."""
    state = addon("ui.state")
    return {m.root.name: list(state.ways_of(m)) for m in state.models(window().scene)}


stage.play(
    itertools.chain(
        first_minute(), typing(), large_models(), stops(), slabs(), picking(), inspecting()
    )
)
