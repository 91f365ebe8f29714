"""The stage on which a script uses a Blender window: its arguments, pictures, facts and its end.

Runs inside Blender. A script is started by `conftest.py` with the zip, a folder for its results,
and the file that Xvfb keeps the screen in. Its steps are a generator that a timer moves on, since
Blender handles events and draws only between timer calls; a `yield` waits that many seconds.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import bpy
from hands import TICK, region, until, view

ZIP, RESULTS, SCREEN, *MORE = map(Path, sys.argv[sys.argv.index("--") + 1 :])
TAB = "LLM Viz"

facts: dict[str, object] = {}


def screenshot(name: str) -> Iterator[float]:
    """Keep the screen as it is once drawing has settled."""
    print(f"looking at {name}", flush=True)
    for item in view().regions:
        item.tag_redraw()
    yield from settled()
    keep(name)


def keep(name: str) -> None:
    """Keep the screen as it is."""
    shutil.copy(SCREEN, RESULTS / f"{name}.xwd")


def settled(pause: float = 1.0) -> Iterator[float]:
    """Wait until the screen stays as it is: the view smooths its edges over several redraws."""
    yield pause
    now = SCREEN.read_bytes()
    for _ in range(8):
        yield pause
        before, now = now, SCREEN.read_bytes()
        if before == now:
            break


def install() -> Iterator[float]:
    """Install the extension, and open its tab in the sidebar."""
    yield 1.0
    bpy.ops.extensions.package_install_files(
        filepath=str(ZIP), repo="user_default", enable_on_install=True
    )
    view().spaces.active.show_region_ui = True
    yield from until(lambda: region("UI").width > 1, "the sidebar is open")
    yield 0.5
    # The names of the tabs exist only once the sidebar has been drawn.
    yield from until(_open_tab, f"there is a tab {TAB!r}")


def _open_tab() -> bool:
    """Bring our tab to the front; True if that worked."""
    try:
        region("UI").active_panel_category = TAB
    except (TypeError, ValueError):
        region("UI").tag_redraw()
        return False
    return region("UI").active_panel_category == TAB


def play(steps: Iterator[float]) -> None:
    """Play steps from a timer to their end, and end the process with them.

    It ends the process itself, because a timer's exception would only be printed.
    """

    def advance() -> float:
        try:
            return next(steps)
        except StopIteration:
            _finish(0)
        except Exception:  # noqa: BLE001 - Blender would print it and go on forever
            traceback.print_exc()
            try:
                shutil.copy(SCREEN, RESULTS / "failed.xwd")
            finally:
                _finish(1)
        return TICK

    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(advance, first_interval=1.0)


def _finish(status: int) -> None:
    """Write the results and end the process here, since quitting would always report success."""
    (RESULTS / "facts.json").write_text(json.dumps(facts), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
