"""Blender's entrance to the extension.

The imports stand inside the functions, so that a checkout whose folder name is no identifier can
still be imported by tools that find this file.
"""


def register() -> None:
    """Add the sidebar, the operators and the scene's properties to Blender."""
    from . import llmviz_addon

    llmviz_addon.register()


def unregister() -> None:
    """Take away what `register` added."""
    from . import llmviz_addon

    llmviz_addon.unregister()
