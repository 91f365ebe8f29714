"""Operators that render stills and the film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ..counting import counted
from ..progress import Steps
from . import state
from .running import Stepwise


def why_no_render(scene: bpy.types.Scene) -> str:
    """Why nothing can be rendered in a scene; empty where it can."""
    if locked := state.why_locked(scene):
        return locked
    if state.root_of(scene) is None:
        return "There is no model in this scene; build one first"
    return why_no_folder(scene)


def why_no_folder(scene: bpy.types.Scene) -> str:
    """Why the scene's folder cannot be written to yet; empty where it can."""
    folder = scene.llmviz.folder
    if not folder:
        return "Choose a folder to write to"
    if folder.startswith("//") and not bpy.data.filepath:
        return f"The folder {folder} is relative to this file; save the file or choose another"
    return ""


class _Renders(Stepwise):
    """Rendering of what the scene's settings ask for."""

    def finish(self, context: bpy.types.Context, scene: bpy.types.Scene, result: Any) -> None:
        count, where = len(result), result[0].parent
        what = result[0].name if count == 1 else counted(count, "picture")
        self.report({"INFO"}, f"Wrote {what} to {where}")


class LLMVIZ_OT_render_stills(_Renders, bpy.types.Operator):
    """Render the chosen stills, each with a camera of its own, and write them as PNG files"""

    bl_idname = "llmviz.render_stills"
    bl_label = "Render Stills"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a model, a picture to render, and a folder for it."""
        reason = why_no_render(context.scene)
        if not reason and not context.scene.llmviz.stills:
            reason = "Choose at least one still"
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def steps(self, context: bpy.types.Context) -> Steps[Any]:
        from ..scene import still_steps, stills

        settings = context.scene.llmviz
        return still_steps(
            context.scene,
            [still_id for still_id, _ in stills(context.scene) if still_id in settings.stills],
            Path(bpy.path.abspath(settings.folder)),
            size=settings.pixels(),
            engine=settings.engine,
            samples=settings.samples or None,
        )


class LLMVIZ_OT_render_film(_Renders, bpy.types.Operator):
    """Render the scene's frame range through the film camera"""

    bl_idname = "llmviz.render_film"
    bl_label = "Render Film"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is a model and a folder for its film."""
        reason = why_no_render(context.scene)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    def steps(self, context: bpy.types.Context) -> Steps[Any]:
        from ..scene import film_steps

        scene, settings = context.scene, context.scene.llmviz
        name = bpy.path.clean_name(state.root_of(scene).name)
        folder = Path(bpy.path.abspath(settings.folder))
        mp4 = settings.film_format == "MP4"
        return film_steps(
            scene,
            folder / (f"{name}.mp4" if mp4 else f"{name}-film"),
            scene.frame_start,
            scene.frame_end,
            size=settings.pixels(),
            engine=settings.engine,
            samples=settings.samples or None,
            form=settings.film_format,
        )


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_render_stills, LLMVIZ_OT_render_film)
)
