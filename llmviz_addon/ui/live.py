"""A prompt that is seen while it is typed.

Each change of the prompt, or of what chooses the new tokens, recolors a small model at once. Its
film, captions and markers follow when typing rests. Until then they tell of the prompt before, so
they are also made to follow before a file is saved or pictures are rendered, and after an undo that
leads to a moment in which they had not followed yet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import bpy

from ..errors import PROBLEMS, sentence
from ..progress import run
from . import messages, running, state
from .handlers import watch

OPERATOR = "llmviz.live"

# Seconds without a change after which typing rests.
REST = 0.35

# Number of changes so far, by scene: a timer does nothing if there were more since it was set.
_changes: Counter[int] = Counter()


# Scenes whose settings are not changed by a person just now.
_resting: set[int] = set()


@contextmanager
def resting(scene: bpy.types.Scene) -> Iterator[None]:
    """Change a scene's settings without a model that follows, while this context lasts."""
    _resting.add(scene.session_uid)
    try:
        yield
    finally:
        _resting.discard(scene.session_uid)


def _follows(scene: bpy.types.Scene) -> bool:
    """True if a person may have changed a scene's settings."""
    return not bpy.app.background and scene.session_uid not in _resting


def changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> None:
    """Show the prompt that was typed; Blender calls this at every key.

    Without a window nobody is typing, and a script that sets a prompt builds when it is ready.
    """
    messages.say(settings.id_data, "")
    if _follows(settings.id_data):
        follow(settings.id_data)


def follow(scene: bpy.types.Scene) -> bool:
    """Show a scene's prompt in the model that stands; True if that could be done at once."""
    from ..scene import live

    if state.models(scene) == () or state.why_no_build(scene):
        return False
    running.stop()
    try:
        shown = live.follow(scene, state.wanted(scene))
    except PROBLEMS as error:
        messages.say(scene, sentence(error))
        return False
    if shown:
        _redraw_views()
        _wait(scene)
    return shown


def chosen(settings: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> None:
    """Have the film follow another layer, head, position or channel, once that is chosen."""
    from ..scene import live

    scene = settings.id_data
    messages.say(scene, "")
    if not _follows(scene) or state.models(scene) == ():
        return
    if locked := state.why_locked(scene):
        messages.say(scene, locked)
        return
    try:
        if live.choose(scene, state.wanted(scene)):
            _wait(scene)
    except PROBLEMS as error:
        messages.say(scene, sentence(error))


def settle(scene: bpy.types.Scene) -> None:
    """Have a scene's film tell of the prompt that is shown, now.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError, llmviz_addon.scene.StandingError
        As `scene.live.catch_up_steps` does.
    """
    from ..scene import live

    if not running.is_busy() and live.is_behind(scene):
        running.stop()
        run(live.catch_up_steps(scene))


def _wait(scene: bpy.types.Scene) -> None:
    """Have the film follow once nothing has changed for a while."""
    uid = scene.session_uid
    _changes[uid] += 1
    if not bpy.app.background:
        bpy.app.timers.register(partial(_rest, _changes[uid], uid), first_interval=REST)


def _rest(change: int, scene_uid: int) -> float | None:
    from ..scene import live

    scene = running.scene_of(scene_uid)
    if change != _changes[scene_uid] or scene is None or not live.is_behind(scene):
        return None
    if running.work is not None:
        # That of another scene, perhaps, whose film follows first.
        return REST
    running.do_quietly(OPERATOR, scene, live.catch_up_steps(scene), partial(_done, scene_uid))
    return None


def _done(scene_uid: int, notes: list[str]) -> None:
    scene = running.scene_of(scene_uid)
    if scene is not None and notes:
        messages.say(scene, notes[0])
    _redraw_views()


def _redraw_views() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "DOPESHEET_EDITOR", "GRAPH_EDITOR"):
                area.tag_redraw()


# Handlers; they are there as long as the extension is enabled, and leave nothing in a file.


@bpy.app.handlers.persistent
def _after_undo(*_: object) -> None:
    from ..scene import live

    for scene in bpy.data.scenes:
        if live.is_behind(scene):
            _wait(scene)


_HANDLERS = {"undo_post": _after_undo, "redo_post": _after_undo}


def register() -> None:
    """Watch for undo."""
    watch(_HANDLERS, True)


def unregister() -> None:
    """Stop watching."""
    watch(_HANDLERS, False)
