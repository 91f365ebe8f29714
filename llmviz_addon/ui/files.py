"""Files that are opened and saved: what only this session knows is noted, and written into them.

Originals and copies are told apart by numbers that Blender gives anew whenever a file is read. So
they are noted as soon as it is open, before anybody can delete an original, and settled in the file
before it is saved. A film that is behind the prompt that is shown follows before that, too. A file
that a script has made asks for what it shows.
"""

from __future__ import annotations

import bpy

from ..errors import PROBLEMS, sentence
from . import live, messages, state
from .handlers import watch

# That of `scene.names`, which is not imported where no model stands, since it brings numpy.
OURS = "llmviz"


def _scenes() -> list[bpy.types.Scene]:
    """All scenes of a file that has anything of ours in it."""
    return list(bpy.data.scenes) if any(OURS in c for c in bpy.data.collections) else []


@bpy.app.handlers.persistent
def _after_load(*_: object) -> None:
    for scene in _scenes():
        from ..scene import find

        find(scene)
        with live.resting(scene):
            state.adopt(scene)


@bpy.app.handlers.persistent
def _before_save(*_: object) -> None:
    for scene in _scenes():
        from ..scene import settle_copies

        settle_copies(scene)
        try:
            live.settle(scene)
        except PROBLEMS as error:
            messages.say(scene, sentence(error))


_HANDLERS = {"load_post": _after_load, "save_pre": _before_save}


def register() -> None:
    """Watch for files that are opened and saved."""
    watch(_HANDLERS, True)


def unregister() -> None:
    """Stop watching."""
    watch(_HANDLERS, False)
