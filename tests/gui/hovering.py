"""The tool Inspect Cell in the window: the card under the pointer, its keys, a pin, and its times.

Runs inside Blender, like `hands`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Iterator

import bpy
import pointing
from hands import TICK, addon, call, census, mouse, region, view, window

TOOL = "llmviz.inspect_cell"


def tool() -> str:
    """The tool that is on in the 3D view."""
    return window().workspace.tools.from_space_view3d_mode("OBJECT").idname


def shown() -> list | None:
    """The block, column and row that the card is about."""
    cell = addon("ui.inspect_tool").shown()
    return None if cell is None else [cell.block, cell.column, cell.row]


def key(kind: str, x: int, y: int, **modifiers: bool) -> Iterator[float]:
    """Press a key with the mouse at a pixel."""
    window().event_simulate(type=kind, value="PRESS", x=x, y=y, **modifiers)
    yield 2 * TICK
    window().event_simulate(type=kind, value="RELEASE", x=x, y=y)
    yield 5 * TICK


def inspect(
    root: bpy.types.Collection, name: str, column: int, row: int
) -> Generator[float, None, dict]:
    """Point at a cell with the tool, walk from it, pin it, and leave; returns what happened."""
    block = addon("scene").of_root(root).plan.anatomy.blocks[name]
    place = pointing.place_of(root, block, column, row)
    pointing.look_at(place, None)
    yield 1.0
    x, y = pointing.pixel_of(place)
    mouse(x - 90, y - 90)
    yield TICK
    yield from key("I", x - 90, y - 90, shift=True)
    found: dict[str, object] = {"tool": tool()}
    before = census()
    mouse(x - 2, y - 2)
    yield TICK
    mouse(x, y)
    yield 3 * TICK
    found["pointed at"] = shown()
    found["times"] = yield from _times(x, y)
    mouse(x, y)
    yield 3 * TICK
    walked = []
    for kind in ("RIGHT_ARROW", "DOWN_ARROW", "RET", "BACK_SPACE", "BACK_SPACE"):
        yield from key(kind, x, y)
        walked.append(shown())
    found["walked"] = walked
    yield 1.0
    after = census()
    changed = [part for part in before if part != "view" and before[part] != after[part]]
    found["changed by looking"] = changed
    pointing.look_at(place, None)
    yield 1.0
    mouse(x - 30, y - 30)
    yield 3 * TICK
    mouse(x, y)
    yield 3 * TICK
    mouse(x, y, "LEFTMOUSE", "PRESS")
    yield TICK
    mouse(x, y, "LEFTMOUSE", "RELEASE")
    yield 1.0
    found["pinned"] = addon("scene").pinned(window().scene)
    call("llmviz.clear_pins")
    yield from key("ESC", x, y)
    found["left"] = [tool(), addon("ui.inspect_tool")._hover is None]
    return found


def _times(x: int, y: int) -> Generator[float, None, list[float]]:
    """Seconds from a move of the mouse to its card, and of a redraw of the whole window."""
    module, drawn = addon("ui.inspect_tool"), []
    draw = module._draw

    def timed(xy: tuple[int, int]) -> None:
        draw(xy)
        drawn.append(time.perf_counter())

    manager = bpy.types.WindowManager
    manager.draw_cursor_remove(module._handle)
    module._handle = manager.draw_cursor_add(timed, (), "VIEW_3D", "WINDOW")
    waits = []
    for turn in range(12):
        count, began = len(drawn), time.perf_counter()
        mouse(x + 4 * (turn % 4), y + 4 * (turn // 4))
        while len(drawn) == count and time.perf_counter() - began < 5:
            yield 0.001
        waits.append(drawn[-1] - began if len(drawn) > count else 5.0)
        yield TICK / 4
    manager.draw_cursor_remove(module._handle)
    module._handle = manager.draw_cursor_add(module._draw, (), "VIEW_3D", "WINDOW")
    with bpy.context.temp_override(window=window(), area=view(), region=region("WINDOW")):
        began = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=3)
        idle = (time.perf_counter() - began) / 3
    return [statistics.median(waits), idle]
