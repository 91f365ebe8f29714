"""Operators that render stills and the film."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from ..counting import counted, lasting
from ..progress import Steps
from . import live, state, translating
from .running import Stepwise

if TYPE_CHECKING:
    from ..scene.pictures.files import Pictures

# The most file names that one message lists.
MOST_NAMES = 4


def why_no_render(scene: bpy.types.Scene) -> str:
    """The reason why nothing can be rendered in a scene; empty where it can."""
    if locked := state.why_locked(scene):
        return locked
    if state.root_of(scene) is None:
        return "There is no model in this scene; build one first"
    return why_no_folder(scene)


def why_no_folder(scene: bpy.types.Scene) -> str:
    """The reason why the scene's folder cannot be written to; empty where it can."""
    folder = scene.llmviz.folder
    if not folder:
        return "Choose a folder to write to"
    if folder.startswith("//") and not bpy.data.filepath:
        return f"The folder {folder} is relative to this file; save the file or choose another"
    return ""


def what_was_written(made: Pictures) -> str:
    """A sentence about pictures: their names, where they are, and how many others they replaced."""
    from ..scene.pictures.files import shown

    return f"Wrote {_names_of(made)} to {shown(made[0].parent)}{_replaced(made)}"


def what_stays(made: Pictures) -> str:
    """The pictures that are there when rendering was stopped, as a part of a sentence."""
    from ..scene.pictures.files import shown

    if not made:
        return "no picture was written"
    verb = "stays" if len(made) == 1 else "stay"
    return f"{_names_of(made)} {verb} in {shown(made[0].parent)}{_replaced(made)}"


def _names_of(made: Pictures) -> str:
    from ..scene.pictures.files import shown

    names = [shown(path.name) for path in made]
    if len(names) > MOST_NAMES:
        return f"{counted(len(names), 'picture')} from {names[0]} to {names[-1]}"
    return ", ".join(names)


def _replaced(made: Pictures) -> str:
    return f"; replaced {counted(made.replaced, 'picture')}" if made.replaced else ""


class _Renders(Stepwise):
    """The rendering of the pictures that the scene's settings ask for.

    The operator provides `rendering`, the steps of it for a scene and the settings that are common
    to all pictures.
    """

    rendering: Callable[[bpy.types.Scene, dict[str, Any]], Steps[Any]]

    def finish(self, context: bpy.types.Context, scene: bpy.types.Scene, result: Any) -> None:
        translating.report(self, "INFO", what_was_written(result))

    def stays(self) -> str:
        return what_stays(self._made)

    def steps(self, context: bpy.types.Context) -> Steps[Pictures]:
        """Render the pictures, and note each that is written."""
        from ..scene.pictures.files import Pictures

        live.settle(context.scene)
        self._made = Pictures()
        settings = context.scene.llmviz
        how = {**settings.how(), "overwrite": settings.overwrite, "made": self._made}
        return self.rendering(context.scene, how)

    @staticmethod
    def folder(scene: bpy.types.Scene) -> Path:
        """The folder for pictures that the scene's settings name."""
        return Path(os.path.expanduser(bpy.path.abspath(scene.llmviz.folder)))  # noqa: PTH111


class LLMVIZ_OT_render_stills(_Renders, bpy.types.Operator):
    """Render the chosen stills, each with a camera of its own, and write them as PNG files"""

    bl_idname = "llmviz.render_stills"
    bl_label = "Render Stills"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model, a still to render, and a folder for it."""
        reason = why_no_render(context.scene)
        if not reason and not context.scene.llmviz.stills:
            reason = "Choose at least one still"
        return translating.allow(cls, reason)

    def rendering(self, scene: bpy.types.Scene, how: dict[str, Any]) -> Steps[Pictures]:
        from ..scene import still_steps, stills

        wanted = scene.llmviz.stills
        ids = [still_id for still_id, _ in stills(scene) if still_id in wanted]
        return still_steps(scene, ids, self.folder(scene), **how)


class _RendersFilm(_Renders):
    """The rendering of the film, or of a part of it."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model and a folder for its film."""
        reason = why_no_render(context.scene)
        return translating.allow(cls, reason)


class LLMVIZ_OT_render_film(_RendersFilm, bpy.types.Operator):
    """Render the scene's frame range through the film's camera"""

    bl_idname = "llmviz.render_film"
    bl_label = "Render Film"
    bl_options = {"REGISTER"}

    def rendering(self, scene: bpy.types.Scene, how: dict[str, Any]) -> Steps[Pictures]:
        from ..scene import film_steps
        from ..scene.pictures.naming import film_name

        form = scene.llmviz.film_format
        how["extras"] = how["extras"].for_form(form)
        name = film_name(state.model_of(scene), how["size"], form)
        frames = scene.frame_start, scene.frame_end
        return film_steps(scene, self.folder(scene) / name, *frames, form=form, **how)


class LLMVIZ_OT_render_part(_RendersFilm, bpy.types.Operator):
    """Render a chapter or a beat as an MP4 film, beside the stills"""

    bl_idname = "llmviz.render_part"
    bl_label = "Render Film Part"
    bl_options = {"REGISTER"}

    part: StringProperty(
        name="Part",
        description="The id of a chapter, or of a beat like introduction.input",
    )

    @classmethod
    def description(
        cls, context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        """The tooltip: which frames are rendered."""
        place = state.part_of(context.scene, properties.part)
        if place is None:
            return translating.say(cls.__doc__)
        said = f"Render “{place.title}”, frames {place.frame} to {place.last}, as an MP4 film"
        return translating.say(said)

    def steps(self, context: bpy.types.Context) -> Steps[Pictures]:
        from ..scene import RenderError

        if state.part_of(context.scene, self.part) is None:
            raise RenderError(f"The walkthrough has no chapter or beat {self.part!r}")
        return super().steps(context)

    def rendering(self, scene: bpy.types.Scene, how: dict[str, Any]) -> Steps[Pictures]:
        from ..scene import film_steps
        from ..scene.pictures.naming import film_name

        place = state.part_of(scene, self.part)
        how["extras"] = how["extras"].for_form("MP4")
        name = film_name(state.model_of(scene), how["size"], "MP4", self.part)
        frames = place.frame, place.last
        return film_steps(scene, self.folder(scene) / name, *frames, form="MP4", **how)


class LLMVIZ_OT_time_frame(Stepwise, bpy.types.Operator):
    """Render the current frame for its time alone, so that the film's time is known beforehand"""

    bl_idname = "llmviz.time_frame"
    bl_label = "Time One Frame"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model, and nothing else is under way."""
        reason = state.why_locked(context.scene)
        if not reason and state.root_of(context.scene) is None:
            reason = "There is no model in this scene; build one first"
        return translating.allow(cls, reason)

    def steps(self, context: bpy.types.Context) -> Steps[float]:
        from ..scene.pictures.filming import trial_steps

        live.settle(context.scene)
        return trial_steps(context.scene, **context.scene.llmviz.how())

    def finish(self, context: bpy.types.Context, scene: bpy.types.Scene, result: float) -> None:
        translating.report(self, "INFO", f"One frame took {lasting(result)}")


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_render_stills, LLMVIZ_OT_render_film, LLMVIZ_OT_render_part, LLMVIZ_OT_time_frame)
)
