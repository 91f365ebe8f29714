"""Runs in a full Blender with its window: a person's first minutes with the extension.

Started by `test_window.py` with the zip, a folder for what it finds out, and the file that Xvfb
keeps the screen in. The steps are a generator that a timer moves on, since Blender handles events
and draws only between timer calls; a `yield` waits that many seconds. It ends the process itself,
because a timer's exception would only be printed.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from types import ModuleType

import bpy

ZIP, RESULTS, SCREEN = map(Path, sys.argv[sys.argv.index("--") + 1 :])
TAB = "LLM Viz"
TICK = 0.1
PATIENCE = 180  # seconds for anything to happen

facts: dict[str, object] = {}


def window() -> bpy.types.Window:
    """The only window."""
    return bpy.context.window_manager.windows[0]


def view() -> bpy.types.Area:
    """The 3D view."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind: str) -> bpy.types.Region:
    """A region of the 3D view."""
    return next(region for region in view().regions if region.type == kind)


def blocks() -> int:
    """How many blocks stand in the scene."""
    return sum("llmviz_block" in item for item in window().scene.objects)


def until(condition: Callable[[], bool], what: str) -> Iterator[float]:
    """Wait for something, and fail when it does not come."""
    for _ in range(int(PATIENCE / TICK)):
        if condition():
            return
        yield TICK
    raise AssertionError(f"waited {PATIENCE} s in vain until {what}")


def screenshot(name: str) -> Iterator[float]:
    """Keep the screen as it is once drawing has settled."""
    for item in view().regions:
        item.tag_redraw()
    yield 1.0
    # The view smooths its edges over several redraws.
    now = SCREEN.read_bytes()
    for _ in range(8):
        yield 1.0
        before, now = now, SCREEN.read_bytes()
        if before == now:
            break
    shutil.copy(SCREEN, RESULTS / f"{name}.xwd")


def mouse(x: int, y: int, kind: str = "MOUSEMOVE", value: str = "NOTHING") -> None:
    """One mouse event, in pixels from the window's lower left corner."""
    window().event_simulate(type=kind, value=value, x=x, y=y)


def operator_under_mouse() -> str:
    """The call that the button under the mouse makes, as Blender's own "Copy Python Command"."""
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=window(), area=view(), region=region("UI")):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
    return manager.clipboard


def click(x: int, y: int) -> Iterator[float]:
    """Click at a place in the window."""
    mouse(x, y)
    yield 0.03
    mouse(x, y, "LEFTMOUSE", "PRESS")
    yield TICK
    mouse(x, y, "LEFTMOUSE", "RELEASE")
    yield TICK


def find(operator: str) -> Generator[float, None, tuple[int, int]]:
    """Where an operator's button is in the sidebar, by moving over it."""
    sidebar = region("UI")
    # Two buttons may stand side by side.
    for x in (sidebar.x + sidebar.width // 3, sidebar.x + 3 * sidebar.width // 4):
        for y in range(sidebar.y + sidebar.height - 10, sidebar.y, -8):
            mouse(x, y)
            yield 0.03
            if f"{operator}(" in operator_under_mouse():
                return x, y
    raise AssertionError(f"no button of {operator} in the sidebar")


def press(operator: str) -> Iterator[float]:
    """Find an operator's button in the sidebar, and click it."""
    yield from click(*(yield from find(operator)))


def unfold(panel: type[bpy.types.Panel], below: str) -> Iterator[float]:
    """Click on the header of a folded panel, which stands close below an operator's button."""
    drawn = []
    draw = panel.draw
    panel.draw = lambda self, context: (drawn.append(True), draw(self, context))
    try:
        x, y = yield from find(below)
        for down in range(40, 72, 8):
            yield from click(x, y - down)
            yield 0.3
            if drawn:
                return
    finally:
        panel.draw = draw
    raise AssertionError(f"no header of {panel.bl_label} below the button of {below}")


def scroll_down() -> Iterator[float]:
    """Turn the mouse's wheel over the sidebar until its end is in view."""
    sidebar = region("UI")
    x, y = sidebar.x + sidebar.width // 2, sidebar.y + sidebar.height // 2
    mouse(x, y)
    yield TICK
    for _ in range(40):
        mouse(x, y, "WHEELDOWNMOUSE", "PRESS")
        yield 0.03


def type_over_the_view(key: str, **modifiers: bool) -> Iterator[float]:
    """Press a key with the mouse over the 3D view."""
    main = region("WINDOW")
    x, y = main.x + main.width // 3, main.y + main.height // 2
    mouse(x, y)
    yield TICK
    window().event_simulate(type=key, value="PRESS", x=x, y=y, **modifiers)
    yield TICK
    window().event_simulate(type=key, value="RELEASE", x=x, y=y)
    yield TICK


def until_built() -> Iterator[float]:
    """Wait until blocks stand there and no more are coming."""
    yield from until(lambda: blocks() > 0, "the first block stands")
    yield from until(lambda: addon("ui.running").work is None, "the model is built")
    yield TICK


def addon(name: str) -> ModuleType:
    """A module of the extension as it is installed."""
    return importlib.import_module(f"bl_ext.user_default.llmviz.llmviz_addon.{name}")


def first_minute() -> Iterator[float]:
    """Install, open the tab, build the demo, take it back and bring it again."""
    yield 1.0
    bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True
    )
    view().spaces.active.show_region_ui = True
    yield from until(lambda: region("UI").width > 1, "the sidebar is open")
    yield 0.5
    # The names of the tabs exist only once the sidebar has been drawn.
    yield from until(open_tab, f"there is a tab {TAB!r}")
    yield from screenshot("1-empty")
    yield from press("llmviz.build_demo")
    yield from until_built()
    facts["built"] = blocks()
    facts["model"], facts["prompt"] = window().scene.llmviz.model, window().scene.llmviz.prompt
    yield from screenshot("2-built")
    yield from type_over_the_view("Z", ctrl=True)
    yield 1.0
    facts["after undo"] = blocks()
    yield from type_over_the_view("Z", ctrl=True, shift=True)
    yield 1.0
    facts["after redo"] = blocks()
    yield from press("llmviz.remove")
    yield from until(lambda: blocks() == 0, "all blocks are gone")
    facts["after remove"] = blocks()
    yield from screenshot("3-removed")


def large_models() -> Iterator[float]:
    """Build GPT-2 without its weights, and another beside it."""
    settings = window().scene.llmviz
    settings.picker = "gpt2"
    yield from unfold(addon("ui.build_panels").LLMVIZ_PT_detail, below="llmviz.build")
    yield from screenshot("4-gpt2")
    yield from press("llmviz.build")
    yield from until_built()
    facts["shapes"] = drawn()
    yield from screenshot("5-gpt2-built")
    settings.picker = "gpt3"
    yield from press("llmviz.build_beside")
    yield from until(lambda: len(drawn()) == 2, "another model stands beside the first")
    yield from until_built()
    facts["beside"] = drawn()
    yield from screenshot("6-beside")
    yield from press("llmviz.remove")
    yield from until(lambda: blocks() == 0, "all blocks are gone")


def slabs() -> Iterator[float]:
    """Draw the demo as slabs, and open one of them up."""
    scene = window().scene
    scene.llmviz.picker, scene.llmviz.cubes = "nano-gpt", 0
    yield from press("llmviz.build")
    yield from until_built()
    facts["slabs"] = drawn()
    window().view_layer.objects.active = scene.objects["wte"]
    yield from scroll_down()
    yield from screenshot("7-inspect")
    yield from press("llmviz.open_window")
    yield from until(lambda: any("llmviz_window_of" in o for o in scene.objects), "cubes appear")
    facts["opened"] = drawn()
    yield from screenshot("8-opened")


def drawn() -> dict[str, list[str]]:
    """The models that stand in the scene, and in which ways each is drawn."""
    state = addon("ui.state")
    return {root.name: list(state.ways_of(root)) for root in state.standing(window().scene)}


def open_tab() -> bool:
    """Bring our tab to the front; whether that worked."""
    try:
        region("UI").active_panel_category = TAB
    except (TypeError, ValueError):
        region("UI").tag_redraw()
        return False
    return region("UI").active_panel_category == TAB


def finish(status: int) -> None:
    """Leave what was found out, and the process: quitting would always report success."""
    (RESULTS / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


steps = itertools.chain(first_minute(), large_models(), slabs())


def advance() -> float:
    """One step of the timer."""
    try:
        return next(steps)
    except StopIteration:
        finish(0)
    except Exception:  # noqa: BLE001 - Blender would print it and go on for ever
        traceback.print_exc()
        try:
            shutil.copy(SCREEN, RESULTS / "failed.xwd")
        finally:
            finish(1)
    return TICK


bpy.context.preferences.view.show_splash = False
bpy.app.timers.register(advance, first_interval=1.0)
