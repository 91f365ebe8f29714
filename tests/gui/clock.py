"""A clock at the tool Inspect Cell: what its own part costs when the mouse moves.

Runs inside Blender, like `hands`. Of a redraw without a graphics card nearly all is Blender's; what
the extension adds is measured around its own functions.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import bpy
from hands import addon


class Clock:
    """Times of the card's drawings since the clock was made.

    Attributes
    ----------
    drawn
        The moments at which the pointer had been drawn.
    parts
        The seconds that each drawing took: by the wall, of the processor, and by the wall to find
        the cell with its answer (`look`) and to draw it (`draw`).
    views
        Redraws of the 3D view itself.
    """

    def __init__(self) -> None:
        self.drawn: list[float] = []
        self.parts: dict[str, list[float]] = {"wall": [], "processor": [], "look": [], "draw": []}
        self.views = 0

    def milliseconds(self, of: list[int]) -> dict[str, float]:
        """Medians of what each part took, and the longest, of some drawings by their numbers."""
        found = {}
        for name, each in self.parts.items():
            took = [1e3 * each[number] for number in of if number < len(each)]
            if took:
                found[name] = round(statistics.median(took), 2)
        walls = [1e3 * self.parts["wall"][number] for number in of]
        return found | {"longest": round(max(walls, default=0.0), 2)}


@contextmanager
def ticking() -> Iterator[Clock]:
    """A clock that runs while the tool is on."""
    tool, clock = addon("ui.inspect_tool"), Clock()
    draw = tool._draw

    def timed(xy: tuple[int, int]) -> None:
        began, spent = time.perf_counter(), time.thread_time()
        draw(xy)
        clock.parts["processor"].append(time.thread_time() - spent)
        clock.drawn.append(time.perf_counter())
        clock.parts["wall"].append(clock.drawn[-1] - began)

    def redrawn() -> None:
        clock.views += 1

    views = bpy.types.SpaceView3D.draw_handler_add(redrawn, (), "WINDOW", "POST_PIXEL")
    with (
        _instead(timed),
        _timed(addon("ui.hovering").Hover, "look", clock.parts["look"]),
        _timed(addon("ui.hover_drawing"), "draw", clock.parts["draw"]),
    ):
        try:
            yield clock
        finally:
            bpy.types.SpaceView3D.draw_handler_remove(views, "WINDOW")


@contextmanager
def bare_pointer() -> Iterator[list[float]]:
    """The moments at which the pointer was drawn, which carries nothing for a while."""
    drawn: list[float] = []
    with _instead(lambda _xy: drawn.append(time.perf_counter())):
        yield drawn


@contextmanager
def _instead(draw: Callable[[tuple[int, int]], None]) -> Iterator[None]:
    """Have the pointer carry something else for a while."""
    tool, manager = addon("ui.inspect_tool"), bpy.types.WindowManager

    def carry(function: Callable[[tuple[int, int]], None]) -> None:
        manager.draw_cursor_remove(tool._handle)
        tool._handle = manager.draw_cursor_add(function, (), "VIEW_3D", "WINDOW")

    carry(draw)
    try:
        yield
    finally:
        carry(tool._draw)


@contextmanager
def _timed(owner: type | ModuleType, name: str, times: list[float]) -> Iterator[None]:
    function = getattr(owner, name)

    def timed(*given: object) -> object:
        began = time.perf_counter()
        try:
            return function(*given)
        finally:
            times.append(time.perf_counter() - began)

    setattr(owner, name, timed)
    try:
        yield
    finally:
        setattr(owner, name, function)
