"""The hands of a person at a Blender window: they look for a button, click, type, wait.

Runs inside Blender. Whatever takes time is a generator that yields the seconds to wait, since
Blender handles events and draws only between two calls of a timer.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator, Iterator
from types import ModuleType

import bpy

TICK = 0.1
PATIENCE = 180  # seconds for anything to happen, as Blender's timers count them: more when busy
BEAT = 5  # of these seconds, after each of which a line says again what is waited for


def window() -> bpy.types.Window:
    """The only window."""
    return bpy.context.window_manager.windows[0]


def view() -> bpy.types.Area:
    """The 3D view."""
    return next(area for area in window().screen.areas if area.type == "VIEW_3D")


def region(kind: str) -> bpy.types.Region:
    """A region of the 3D view."""
    return next(region for region in view().regions if region.type == kind)


def addon(name: str) -> ModuleType:
    """A module of the extension as it is installed."""
    return importlib.import_module(f"bl_ext.user_default.llmviz.llmviz_addon.{name}")


def call(operator: str, *mode: str, **arguments: object) -> set[str]:
    """Call an operator as if from the 3D view."""
    module, name = operator.split(".")
    with bpy.context.temp_override(window=window(), area=view(), region=region("WINDOW")):
        return getattr(getattr(bpy.ops, module), name)(*mode, **arguments)


def until(condition: Callable[[], bool], what: str, tick: float = TICK) -> Iterator[float]:
    """Wait for something, and fail when it does not come."""
    for turn in range(int(PATIENCE / tick)):
        if condition():
            return
        if turn % int(BEAT / tick) == 0:
            print(f"waiting until {what}", flush=True)
        yield tick
    raise AssertionError(f"waited {PATIENCE} s in vain until {what}")


def mouse(x: int, y: int, kind: str = "MOUSEMOVE", value: str = "NOTHING") -> None:
    """One event at a pixel, counted from the window's lower left corner."""
    window().event_simulate(type=kind, value=value, x=x, y=y)


def click(x: int, y: int, button: str = "LEFTMOUSE") -> Iterator[float]:
    """Click at a place in the window."""
    mouse(x, y)
    yield 0.03
    mouse(x, y, button, "PRESS")
    yield TICK
    mouse(x, y, button, "RELEASE")
    yield TICK


def operator_under_mouse() -> str:
    """The call that the button under the mouse makes, as Blender's own "Copy Python Command"."""
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=window(), area=view(), region=region("UI")):
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
    return manager.clipboard


def property_under_mouse() -> str:
    """The path of the property that is shown under the mouse, as "Copy Data Path" gives it."""
    manager = bpy.context.window_manager
    manager.clipboard = ""
    with bpy.context.temp_override(window=window(), area=view(), region=region("UI")):
        if bpy.ops.ui.copy_data_path_button.poll():
            bpy.ops.ui.copy_data_path_button()
    return manager.clipboard


def find(operator: str) -> Generator[float, None, tuple[int, int]]:
    """The place of an operator's button in the sidebar, found by moving the mouse over it."""
    return (yield from _search(lambda: f"{operator}(" in operator_under_mouse(), operator))


def find_field(path: str) -> Generator[float, None, tuple[int, int]]:
    """The place of a property's field in the sidebar, found by moving the mouse over it."""
    return (yield from _search(lambda: property_under_mouse() == path, path))


def _search(is_there: Callable[[], bool], what: str) -> Generator[float, None, tuple[int, int]]:
    sidebar = region("UI")
    # Two buttons may stand side by side.
    for x in (sidebar.x + sidebar.width // 3, sidebar.x + 3 * sidebar.width // 4):
        for y in range(sidebar.y + sidebar.height - 10, sidebar.y, -8):
            mouse(x, y)
            yield 0.03
            if is_there():
                return x, y
    raise AssertionError(f"no button or field of {what} in the sidebar")


def press(operator: str) -> Iterator[float]:
    """Find an operator's button in the sidebar, and click it."""
    print(f"pressing {operator}", flush=True)
    yield from click(*(yield from find(operator)))


def unfold(panel: type[bpy.types.Panel], below: str) -> Iterator[float]:
    """Click on the header of a folded panel, which stands close below an operator's button."""
    drawn = []
    draw = panel.draw

    def noted(self: bpy.types.Panel, context: bpy.types.Context) -> None:
        drawn.append(True)
        draw(self, context)

    panel.draw = noted
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


def scroll(wheel: str) -> Iterator[float]:
    """Turn the mouse's wheel over the sidebar, "UP" or "DOWN", as far as it goes."""
    sidebar = region("UI")
    x, y = sidebar.x + sidebar.width // 2, sidebar.y + sidebar.height // 2
    mouse(x, y)
    yield TICK
    for _ in range(40):
        mouse(x, y, f"WHEEL{wheel}MOUSE", "PRESS")
        yield 0.03


def over_the_view() -> tuple[int, int]:
    """A pixel of the 3D view that no sidebar covers."""
    main = region("WINDOW")
    return main.x + main.width // 3, main.y + main.height // 2


def type_over_the_view(key: str, **modifiers: bool) -> Iterator[float]:
    """Press a key with the mouse over the 3D view."""
    x, y = over_the_view()
    mouse(x, y)
    yield TICK
    window().event_simulate(type=key, value="PRESS", x=x, y=y, **modifiers)
    yield TICK
    window().event_simulate(type=key, value="RELEASE", x=x, y=y)
    yield TICK


def key(at: tuple[int, int], name: str, character: str = "") -> Iterator[float]:
    """Press and release a key with the mouse at a pixel; `character` is what it writes."""
    x, y = at
    # Only the press writes, and Blender takes an empty character for one.
    writes = {"unicode": character} if character else {}
    window().event_simulate(type=name, value="PRESS", x=x, y=y, **writes)
    yield TICK
    window().event_simulate(type=name, value="RELEASE", x=x, y=y)
    yield TICK


def standing() -> list:
    """The 3D view's place, direction and shading, to tell if anything of it changes."""
    space = view().spaces.active
    seen = space.region_3d
    numbers = (*seen.view_rotation, *seen.view_location, seen.view_distance)
    return [seen.view_perspective, *(float(f"{number:.4g}") for number in numbers)]


def census() -> dict[str, list]:
    """The contents of a file and of a scene, to tell if anything changes."""
    found: dict[str, list] = {"view": standing()}
    for prop in bpy.types.BlendData.bl_rna.properties:
        # Without Blender's own: the screens of windows, and brushes that it loads at any time.
        if prop.type == "COLLECTION" and prop.identifier not in {
            *("window_managers", "workspaces", "screens", "brushes", "libraries", "all_ids"),
        }:
            names = [item.name_full for item in getattr(bpy.data, prop.identifier)]
            found[prop.identifier] = sorted(names)
    scene = window().scene
    found["markers"] = [[marker.name, marker.frame] for marker in scene.timeline_markers]
    found["frames"] = [scene.frame_start, scene.frame_end, scene.frame_current]
    found["settings"] = [scene.render.fps, scene.view_settings.view_transform]
    found["world and camera"] = [str(scene.world), str(scene.camera)]
    found["animated"] = sorted(o.name for o in scene.objects if o.animation_data)
    found["asked for"] = [scene.llmviz.model, scene.llmviz.prompt]
    return found
