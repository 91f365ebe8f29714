"""The sidebar, the operators behind it, and what both remember.

Nothing is imported here at module level: `cards` runs without Blender, and Blender's start should
not wait for numpy. The other rooms are imported by the functions that need them.
"""

from __future__ import annotations


def _modules() -> tuple:
    """What registers something, in the order in which it has to."""
    from . import build, films, panels, pictures, properties, windows

    return properties, build, films, windows, pictures, panels


def register() -> None:
    """Add the scene's properties, the operators and the panels to Blender."""
    for module in _modules():
        module.register()


def unregister() -> None:
    """Take away what `register` added, the last first."""
    from . import running

    running.stop()
    for module in reversed(_modules()):
        module.unregister()
