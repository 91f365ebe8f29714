"""The tool Inspect Cell in the window: the card under the pointer, its keys, a pin, and its times.

Runs inside Blender, like `hands`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import bpy
import pointing
import seeing
from clock import bare_pointer, ticking
from hands import TICK, addon, call, census, mouse, region, until, view, window
from stage import facts, keep, settled

TOOL = "llmviz.inspect_cell"
TIMED = ("mlp", "mlp_weight", "logits")
"""The kinds of block over which times are taken."""


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
    model = addon("scene").of_root(root)
    place = pointing.place_of(root, model.plan.anatomy.blocks[name], column, row)
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
    found["times"] = yield from times(seeing.around(model, name, column, row))
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


def times(pixels: list[tuple[int, int]]) -> Generator[float, None, dict]:
    """Milliseconds from a move of the mouse to its card, and of all else to compare them with.

    The mouse goes from pixel to pixel, each of which is another cell's. The result has the medians
    of what the extension does when the pointer is drawn, by the wall and of the processor; of the
    whole wait; of the wait with a pointer that carries nothing, which is Blender's own; and the
    time of an idle redraw of the window.
    """
    with ticking() as clock:
        waits, first = yield from _waits(pixels, clock.drawn)
        found = clock.milliseconds(first) | {"wait": waits}
        found |= {"moves": len(pixels), "views": clock.views}
    with bare_pointer() as drawn:
        found["wait for nothing"], _ = yield from _waits(pixels, drawn)
    with bpy.context.temp_override(window=window(), area=view(), region=region("WINDOW")):
        began = time.perf_counter()
        bpy.ops.wm.redraw_timer(type="DRAW_WIN_SWAP", iterations=3)
        found["idle redraw"] = round(1e3 * (time.perf_counter() - began) / 3, 1)
    return found


def _waits(
    pixels: list[tuple[int, int]], drawn: list[float]
) -> Generator[float, None, tuple[float, list[int]]]:
    """The median of milliseconds from a move to the pointer's drawing; those drawings' numbers."""
    waits, first = [], []
    for x, y in pixels:
        count, began = len(drawn), time.perf_counter()
        mouse(x, y)
        while len(drawn) == count and time.perf_counter() - began < 5:
            yield 0.001
        if len(drawn) > count:
            waits.append(drawn[count] - began)
            first.append(count)
        yield TICK / 4
    assert waits, "the pointer was never drawn"
    return round(1e3 * statistics.median(waits), 1), first


def choose_the_tool() -> Iterator[float]:
    """Choose the tool with its shortcut."""
    x, y = region("WINDOW").x + 300, region("WINDOW").y + 300
    mouse(x, y)
    yield TICK
    yield from key("I", x, y, shift=True)
    assert tool() == TOOL


def over_each_kind(name: str, step: int = 1) -> Iterator[float]:
    """Point at a cell of each kind of block, or only of each so many; notes what was shown, and the
    times.
    """
    (model,) = addon("ui.state").models(window().scene)
    cells: list[list] = []
    before = _all_but_the_view()
    facts[name] = {"cells": cells, "times": {}}
    with _what_cards_say() as said:
        for number, (role, *cell) in enumerate(seeing.cells_of_all_kinds(model)):
            if number % step and role not in TIMED:
                continue
            x, y = seeing.look(model, *cell)
            yield from point(x, y)
            cells.append([role, cell, shown(), said[-1] if said else []])
            keep(f"hover-{name}-{role.replace('.', '-')}")
            if role in TIMED:
                yield from settled()
                found = yield from times(seeing.around(model, *cell))
                facts[name]["times"][role] = found
                print(f"pointing at {role} of {name}: {found} ms", flush=True)
            said.clear()
    after = _all_but_the_view()
    facts[name]["changed"] = [part for part in before if before[part] != after[part]]


def _all_but_the_view() -> dict[str, object]:
    """The file's contents, what is selected, and the operators that can be repeated or undone."""
    found: dict[str, object] = dict(census())
    del found["view"]
    scene, layer = window().scene, window().view_layer
    found["selected"] = sorted(o.name for o in scene.objects if o.select_get(view_layer=layer))
    found["active"] = layer.objects.active and layer.objects.active.name
    found["operators"] = [each.bl_idname for each in bpy.context.window_manager.operators]
    return found


def while_it_is_disabled() -> Iterator[float]:
    """Disable the extension while the tool is on and a card is shown, and move the mouse on."""
    x, y = region("WINDOW").x + 500, region("WINDOW").y + 400
    tool_module = addon("ui.inspect_tool")
    mouse(x, y)
    yield 3 * TICK
    was_on = tool() == TOOL and tool_module._hover is not None
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.llmviz")
    mouse(x + 30, y)
    yield 3 * TICK
    ours = [
        function
        for name in dir(bpy.app.handlers)
        if isinstance(handlers := getattr(bpy.app.handlers, name), list)
        for function in handlers
        if "llmviz" in getattr(function, "__module__", "")
    ]
    maps = bpy.context.window_manager.keyconfigs.addon.keymaps
    keys = [i.idname for m in maps for i in m.keymap_items if "llmviz" in i.idname]
    facts["disabled"] = [was_on, tool(), tool_module._handle is None, len(ours), keys]


def in_each_view() -> Iterator[float]:
    """Point at cells in views without perspective and through cameras.

    Before that, the model is turned and scaled, and one of its blocks put somewhere else.
    """
    scene = window().scene
    (model,) = addon("ui.state").models(scene)
    model.anchor.location.x, model.anchor.rotation_euler = 40.0, (0.1, 0.05, 0.6)
    model.anchor.scale = (3.0, 3.0, 2.0)
    model.blocks["layer1.mlp"].location.z += 30.0
    scene.camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(scene.camera)
    yield 1.0
    facts["views"] = []
    for kind in ("PERSP", "ORTHO", "CAMERA", "ORTHO CAMERA"):
        for cell in (["layer1.mlp", 100, 4], ["layer0.head2.attention", 1, 5], ["wte", 2, 30]):
            x, y = seeing.look(model, *cell, kind=kind)
            yield from point(x, y)
            facts["views"].append([kind, cell, shown()])
        keep(f"hover-{kind.lower().replace(' ', '-')}")
    view().spaces.active.region_3d.view_perspective = "PERSP"
    call("llmviz.remove")


def point(x: int, y: int) -> Iterator[float]:
    """Move the mouse to a pixel once the view has been drawn, and wait for the card."""
    drawn: list[bool] = []
    views = bpy.types.SpaceView3D.draw_handler_add(drawn.append, (True,), "WINDOW", "POST_PIXEL")
    try:
        region("WINDOW").tag_redraw()
        yield from until(lambda: bool(drawn), "the view is drawn", TICK / 4)
    finally:
        bpy.types.SpaceView3D.draw_handler_remove(views, "WINDOW")
    mouse(x - 40, y - 40)
    yield TICK / 2
    mouse(x, y)
    yield 3 * TICK


@contextmanager
def _what_cards_say() -> Iterator[list[list]]:
    """The lines of all cards that are drawn, the latest last."""
    drawing, said = addon("ui.hover_drawing"), []
    rows_of = drawing.rows_of

    def noted(answer: object) -> list:
        rows = rows_of(answer)
        said.append([row.text for row in rows])
        return rows

    drawing.rows_of = noted
    try:
        yield said
    finally:
        drawing.rows_of = rows_of
