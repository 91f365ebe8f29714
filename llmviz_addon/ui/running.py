"""Long work as a generator of (fraction, label): in steps for a person, at once for a script.

A person starts an operator with a click (`invoke`): a timer moves the work on, the sidebar and the
status bar show its progress, and Esc stops it. A script's call (`execute`) returns when the work is
done. At most one piece of work runs at a time; anything that would replace the data it works on
(undo in another window, opening a file) stops it first.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import bpy
import gpu

from ..errors import PROBLEMS, sentence
from ..progress import Steps
from . import translating
from .handlers import watch
from .messages import say

# If views take longer than this many seconds to draw, they hold up the work and Esc, so the models
# are hidden meanwhile.
SLOW = 0.3

# Steps are done in spells. In seconds: the pause between two spells, the shortest and the longest
# spell. Blender draws between them; a spell lasts as long as that drawing did, so that slow drawing
# takes no more than half of the time, but not longer than the maximum, since Esc is read only
# between spells.
PAUSE, SPELL, LONGEST_SPELL = 0.01, 0.05, 0.1

# The same for work that nobody waits for, between the keys that somebody types.
QUIET_PAUSE, QUIET_SPELL = 0.01, 0.02


def scene_of(uid: int) -> bpy.types.Scene | None:
    """The scene with this session number; None if it has been deleted."""
    return next((scene for scene in bpy.data.scenes if scene.session_uid == uid), None)


class Work:
    """A generator that is under way, and its progress.

    Quiet work follows what somebody does by itself, and gives way to everything else. The scene is
    kept as a number only, because Blender's structs do not outlive an undo.
    """

    def __init__(
        self,
        operator: str,
        scene: bpy.types.Scene,
        steps: Steps[Any],
        builds: bool = False,
        quiet: bool = False,
    ):
        self.operator = operator
        self.quiet = quiet
        self.scene_uid = scene.session_uid
        self.steps = steps
        self.builds = builds
        self.fraction, self.label = 0.0, "Starting"
        self._meanwhile = ExitStack()
        self.views_cleared = False

    def scene(self) -> bpy.types.Scene | None:
        """The scene that is worked on; None if it has been deleted meanwhile."""
        return scene_of(self.scene_uid)

    def advance(self) -> None:
        """Do one step; raises StopIteration with the result after the last."""
        self.fraction, self.label = next(self.steps)

    def clear_views(self) -> None:
        """Hide the models of its scene in the views until it ends."""
        from ..scene import out_of_view

        if self.builds and not self.views_cleared:
            self.views_cleared = True
            self._meanwhile.enter_context(out_of_view(self.scene()))

    def end(self) -> None:
        """Remove anything half-made, and show the models again that were hidden."""
        self.steps.close()
        self._meanwhile.close()


work: Work | None = None


def is_building(scene: bpy.types.Scene) -> bool:
    """True if a model is being built in a scene, so that its models may be incomplete."""
    return work is not None and work.builds and work.scene_uid == scene.session_uid


def progress_of(*operators: str) -> Work | None:
    """The work that one of these operators is doing right now; None if there is none."""
    return work if work is not None and work.operator in operators else None


def is_busy() -> bool:
    """True while work is done that somebody has asked for, and that all else has to wait for."""
    return work is not None and not work.quiet


def stop(*_: object) -> None:
    """Stop the work that runs, if any, and have it remove anything half-made."""
    global work
    if work is None:
        return
    stopped, work = work, None
    stopped.end()


# Handlers that Blender calls before it replaces the data that the work refers to.
_GUARDED = ("undo_pre", "redo_pre", "load_pre")


@bpy.app.handlers.persistent
def _stop_before_data_change(*_: object) -> None:
    stop()


def _guard(on: bool) -> None:
    """Install or remove the handlers that stop work in time; they are there only while it runs."""
    watch(dict.fromkeys(_GUARDED, _stop_before_data_change), on)


def do_quietly(
    operator: str, scene: bpy.types.Scene, steps: Steps[Any], done: Callable[[Any], None]
) -> None:
    """Do work from a timer, in spells so short that nobody notices; `done` gets its result.

    Errors that a person can meet become the scene's message. It is stopped by whatever would
    replace the data that it works on, and by any work that somebody asks for.
    """
    global work  # noqa: PLW0603
    work = Work(operator, scene, steps, quiet=True)
    _guard(True)
    bpy.app.timers.register(partial(_continue, work, done))


def _continue(mine: Work, done: Callable[[Any], None]) -> float | None:
    """Do a spell of quiet work; returns the seconds until the next, None after the last."""
    global work  # noqa: PLW0603
    if work is not mine:
        if work is None:
            _guard(False)
        return None
    began = time.monotonic()
    try:
        while time.monotonic() < began + QUIET_SPELL:
            mine.advance()
    except StopIteration as end:
        work = None
        _guard(False)
        mine.end()
        done(end.value)
        return None
    except PROBLEMS as error:
        scene = mine.scene()
        stop()
        _guard(False)
        if scene is not None:
            say(scene, sentence(error))
        return None
    return QUIET_PAUSE


def redraw(manager: bpy.types.WindowManager) -> None:
    """Have the sidebars of all 3D views drawn again."""
    for window in manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


class Stepwise:
    """A mixin for operators that do their work in steps.

    The operator provides `steps`, and may provide `finish`, which is called with the result,
    `undo`, which is called when the work has failed or was stopped, and `stays`.
    """

    builds = False
    steps: Callable[[bpy.types.Context], Steps[Any]]

    def finish(self, context: bpy.types.Context, scene: bpy.types.Scene, result: Any) -> None:
        """Do what follows when the work is complete."""

    def undo(self, scene: bpy.types.Scene) -> None:
        """Undo changes of `steps` that it does not undo by itself."""

    def stays(self) -> str:
        """The remains of work that was stopped, as a part of a sentence."""
        return "nothing was changed"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Do all the work before returning."""
        self._start(context)
        try:
            while True:
                work.advance()
        except StopIteration as end:
            return self._done(context, end.value)
        except PROBLEMS as error:
            return self._failed(error)
        finally:
            self._clean_up(context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Begin the work and let a timer move it on."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        self._start(context)
        manager = context.window_manager
        self._timer = manager.event_timer_add(PAUSE, window=context.window)
        manager.modal_handler_add(self)
        _guard(True)
        if gpu.platform.device_type_get() == "SOFTWARE":
            work.clear_views()
        redraw(manager)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Do steps for a moment, or stop."""
        if work is not self._work:
            return self._stopped(context)
        # When the last step is done, there is nothing left to stop.
        if event.type == "ESC" and event.value == "PRESS" and work.fraction < 1:
            return self._stopped(context)
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        ended = True
        try:
            if self._work.scene() is None:
                return self._stopped(context)
            began = time.monotonic()
            if began - self._rested > SLOW:
                work.clear_views()
            spell = min(max(SPELL, began - self._rested), LONGEST_SPELL)
            while time.monotonic() < began + spell:
                work.advance()
            ended = False
        except StopIteration as end:
            return self._done(context, end.value)
        except PROBLEMS as error:
            return self._failed(error)
        finally:
            if ended:
                self._clean_up(context)
        label = translating.say(work.label)
        context.workspace.status_text_set(translating.say(f"{label}    Esc: Cancel"))
        redraw(context.window_manager)
        self._rested = time.monotonic()
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Clean up when Blender ends the operator: a file is opened, or the window closes."""
        self._clean_up(context)

    def _start(self, context: bpy.types.Context) -> None:
        global work  # noqa: PLW0603
        say(context.scene, "")
        stop()
        self._timer, self._rested = None, time.monotonic()
        operator = self.bl_idname.replace("_OT_", ".").lower()
        steps = self.steps(context)
        self._work = work = Work(operator, context.scene, steps, self.builds)

    def _done(self, context: bpy.types.Context, result: Any) -> set[str]:
        global work  # noqa: PLW0603
        work = None
        self._work.end()
        self.finish(context, self._work.scene(), result)
        return {"FINISHED"}

    def _failed(self, error: BaseException) -> set[str]:
        stop()
        scene = self._work.scene()
        text = sentence(error)
        self.undo(scene)
        say(scene, text)
        translating.report(self, "ERROR", text)
        return {"CANCELLED"}

    def _stopped(self, context: bpy.types.Context) -> set[str]:
        self._clean_up(context)
        scene = self._work.scene()
        if scene is not None:
            self.undo(scene)
        translating.report(self, "INFO", f"Stopped; {self.stays()}")
        return {"CANCELLED"}

    def _clean_up(self, context: bpy.types.Context) -> None:
        if work is self._work:
            stop()
        _guard(False)
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
            if context.workspace is not None:
                context.workspace.status_text_set(None)
        redraw(context.window_manager)
