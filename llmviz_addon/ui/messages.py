"""The last message about each scene, shown in the sidebar.

Messages are kept here by the scene's session number and not in the scene, because they are for the
moment: they are not saved, and undo does not touch them.
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
    """The message in the sidebar about a scene; empty where there is none."""
    return _messages.get(scene.session_uid, "")
