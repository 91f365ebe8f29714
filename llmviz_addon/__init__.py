"""LLM Viz: a GPT-style language model taken apart in 3D.

Nothing is imported here at module level, so that the plain rooms (`model`, `anatomy`, `detail`,
`explain`, `walkthrough`, `offer`) run where there is no Blender.
"""

from __future__ import annotations


def register() -> None:
    """Add the sidebar, the operators, the scene's properties and the command to Blender."""
    from . import cli, ui

    ui.register()
    cli.register()


def unregister() -> None:
    """Take away what `register` added."""
    from . import cli, ui

    cli.unregister()
    ui.unregister()
