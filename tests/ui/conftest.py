"""Helpers for tests of the sidebar: a checkpoint with a flaw, and a layout that records."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests import sorter
from tests.scene import helpers


@pytest.fixture
def settings() -> bpy.types.PropertyGroup:
    """The scene's settings for the extension, which ask for a short film."""
    found = bpy.context.scene.llmviz
    found.chapters_kept = helpers.SHORT
    return found


@pytest.fixture
def checkpoint(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes the sorter as a checkpoint's folder, with a NaN where named."""
    return partial(sorter.save, tmp_path / "sorter")


class Recorder:
    """Stands in for a layout: checks that what is drawn exists, and keeps what can be read."""

    def __init__(self, read: list[str] | None = None):
        self.read = [] if read is None else read

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in bpy.types.UILayout.bl_rna.functions:
            raise AttributeError(f"a layout has no {name}")
        return lambda *_args, **_kwargs: Recorder(self.read)

    def label(self, text: str = "", **_kwargs: object) -> None:
        self.read.append(text)

    def progress(self, text: str = "", factor: float = 0.0, **_kwargs: object) -> None:
        self.read.append(f"{factor:.0%} {text}")

    def prop(self, data: bpy.types.bpy_struct, name: str, **_kwargs: object) -> None:
        assert name in data.bl_rna.properties
        self.read.append(f"property {name}")

    def operator(self, name: str, text: str = "", **_kwargs: object) -> Recorder:
        module, _, function = name.partition(".")
        if "_OT_" in name:
            module, _, function = name.lower().partition("_ot_")
        assert function in dir(getattr(bpy.ops, module))
        self.read.append(f"operator {module}.{function} {text}".strip())
        return Recorder(self.read)

    def panel(self, _name: str, **_kwargs: object) -> tuple[Recorder, Recorder]:
        return Recorder(self.read), Recorder(self.read)


@pytest.fixture
def sidebar() -> Callable[[], list[str]]:
    """A function that draws all panels that would be seen, and says what can be read there.

    Every state in which a test draws them is one in which they all must draw without complaint.
    """
    from llmviz_addon.ui import panels

    def draw() -> list[str]:
        read: list[str] = []
        for name in dir(panels):
            panel = getattr(panels, name)
            if not name.startswith("LLMVIZ_PT_"):
                continue
            if getattr(panel, "poll", None) and not panel.poll(bpy.context):
                continue
            read.append(f"panel {panel.bl_label}")
            instance = type("Drawn", (), {"layout": Recorder(read)})()
            if hasattr(panel, "_draw_transport"):
                instance._draw_transport = panel._draw_transport.__get__(instance)
            # Blender complains of a panel whose drawing returns something.
            assert panel.draw(instance, bpy.context) is None, name
        return read

    return draw
