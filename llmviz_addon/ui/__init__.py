"""The sidebar, the operators behind it, and the settings that both use.

Blender's start should not wait for numpy, so other rooms are imported by the functions that need
them; only `offer`, which waits with its imports as well, is imported at once.
"""

from __future__ import annotations


def _modules() -> tuple:
    """The modules that register something, in the necessary order."""
    from . import (
        build,
        cells,
        files,
        films,
        inspect_tool,
        live,
        panels,
        pictures,
        pinning,
        translating,
    )
    from . import properties as settings
    from . import windows as opening

    asking = cells, pinning, inspect_tool
    return translating, settings, build, films, opening, *asking, pictures, panels, live, files


def register() -> None:
    """Add the scene's properties, the operators and the panels to Blender."""
    for module in _modules():
        module.register()


def unregister() -> None:
    """Remove everything that `register` added, in reverse order."""
    from . import running

    running.stop()
    for module in reversed(_modules()):
        module.unregister()
