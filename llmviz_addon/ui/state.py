"""What a scene is ready for, and what was last said about it.

What stands in a scene is always read from the scene. Only messages live here, as text by the
scene's session number: they are for the moment, are not saved, and survive undo.
"""

from __future__ import annotations

import bpy

from . import cards, running

_messages: dict[int, str] = {}


def say(scene: bpy.types.Scene, message: str) -> None:
    """Keep a sentence in view in the sidebar until something else happens; empty to clear it."""
    _messages.pop(scene.session_uid, None)
    if message:
        _messages[scene.session_uid] = message


def message(scene: bpy.types.Scene) -> str:
    """What is to be read in the sidebar about a scene; empty where there is nothing."""
    return _messages.get(scene.session_uid, "")


def root_of(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The root collection of the model in a scene; None where there is none, or not yet."""
    from ..scene import roots

    if running.is_building(scene):
        return None
    return next(iter(roots(scene)), None)


def source_of(scene: bpy.types.Scene) -> str:
    """What to load: the scene's model, with a path relative to the file made absolute."""
    source = scene.llmviz.model
    return bpy.path.abspath(source) if source.startswith("//") else source


def card_of(scene: bpy.types.Scene) -> cards.Card:
    """The card of the model that a scene asks for."""
    source = scene.llmviz.model
    if source.startswith("//") and not bpy.data.filepath:
        return cards.Card("", problem=f"{source} is relative to this file; save the file first")
    return cards.card(source_of(scene))


def why_locked(scene: bpy.types.Scene) -> str:
    """Why nothing can be changed in a scene right now; empty where it can."""
    if running.work is not None:
        return f"Wait for this to finish, or press Esc: {running.work.label}"
    if not scene.is_editable:
        return "This scene is linked from another file; make it local first"
    root = root_of(scene)
    if root is not None and root.override_library:
        return "The model in this scene is an override of another file's; make it local first"
    return ""


def why_no_build(scene: bpy.types.Scene) -> str:
    """Why the scene's model and prompt cannot be built; empty where they can."""
    if locked := why_locked(scene):
        return locked
    card = card_of(scene)
    return card.problem or card.read(scene.llmviz.prompt)[1]
