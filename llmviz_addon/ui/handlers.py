"""Handlers of Blender's: added once, and taken away again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import bpy


def watch(handlers: Mapping[str, Callable[..., None]], on: bool) -> None:
    """Add functions to Blender's lists of handlers, by the names of the lists, or remove them."""
    for name, handler in handlers.items():
        there = getattr(bpy.app.handlers, name)
        if on and handler not in there:
            there.append(handler)
        elif not on and handler in there:
            there.remove(handler)
