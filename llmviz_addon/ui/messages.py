"""What was last said about a scene, to be read in the sidebar.

Only messages live here, as text by the scene's session number: they are for the moment, are not
saved, and survive undo.
"""

from __future__ import annotations

import bpy

_messages: dict[int, str] = {}


def say(scene: bpy.types.Scene, message: str) -> None:
    """Keep a sentence in view in the sidebar until something else happens; empty to clear it."""
    _messages.pop(scene.session_uid, None)
    if message:
        _messages[scene.session_uid] = message


def message(scene: bpy.types.Scene) -> str:
    """What is to be read in the sidebar about a scene; empty where there is nothing."""
    return _messages.get(scene.session_uid, "")
