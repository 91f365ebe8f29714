"""Operators of the walkthrough: jump to a moment, play it, look through its camera."""

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..errors import PROBLEMS, sentence
from . import state, translating


class _OnModel:
    """A mixin for operators that need a model in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a complete model."""
        if state.root_of(context.scene) is None:
            return translating.allow(cls, "There is no model in this scene; build one first")
        return True


class LLMVIZ_OT_jump(_OnModel, bpy.types.Operator):
    """Go to the frame where this part of the walkthrough begins"""

    bl_idname = "llmviz.jump"
    bl_label = "Jump to Beat"
    bl_options = {"REGISTER", "UNDO_GROUPED"}
    bl_undo_group = "Frame Change"

    to: StringProperty(
        name="To",
        description="The id of a chapter, or of a beat like introduction.input",
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene.playing.marks import part

        place = part(state.root_of(context.scene), self.to)
        if place is None:
            translating.report(self, "ERROR", f"The walkthrough has no chapter or beat {self.to!r}")
            return {"CANCELLED"}
        context.scene.frame_set(place.frame)
        return {"FINISHED"}


class LLMVIZ_OT_play(_OnModel, bpy.types.Operator):
    """Play the walkthrough from the current frame, from its beginning when it is over, or pause"""

    bl_idname = "llmviz.play"
    bl_label = "Play Walkthrough"

    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        playing = context.screen is not None and context.screen.is_animation_playing
        if not playing and not scene.frame_start <= scene.frame_current < scene.frame_end:
            scene.frame_set(scene.frame_start)
        if not bpy.ops.screen.animation_play.poll():
            translating.report(self, "ERROR", "There is no window to play the walkthrough in")
            return {"CANCELLED"}
        return bpy.ops.screen.animation_play()


class LLMVIZ_OT_export_script(_OnModel, bpy.types.Operator):
    """Write times, captions and what is seen as Markdown, or subtitles as .srt or .vtt"""

    bl_idname = "llmviz.export_script"
    bl_label = "Export Script"

    filepath: StringProperty(name="File", description="The file to write", subtype="FILE_PATH")
    filter_glob: StringProperty(default="*.md;*.srt;*.vtt", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self.filepath:
            self.filepath = "walkthrough.md"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..progress import run
        from ..scene import export_script_steps

        try:
            path = run(export_script_steps(context.scene, self.filepath))
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        translating.report(self, "INFO", f"The script is in {path}")
        return {"FINISHED"}


class LLMVIZ_OT_view_film(_OnModel, bpy.types.Operator):
    """Show the film in this view as it will be rendered; once more goes back to the view before"""

    bl_idname = "llmviz.view_film"
    bl_label = "View Film"

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene import stage_views, views

        scene, space = context.scene, context.space_data
        if space is None or space.type != "VIEW_3D":
            translating.report(self, "ERROR", "Call this from a 3D view")
            return {"CANCELLED"}
        if views.shows_film(space):
            views.leave_film(context.screen, context.area)
            stage_views(scene, of_film=False)
            return {"FINISHED"}
        if scene.frame_current < scene.frame_start:
            scene.frame_set(scene.frame_start)
        views.show_film(context.screen, context.area, state.root_of(scene))
        stage_views(scene, of_film=True)
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_jump, LLMVIZ_OT_play, LLMVIZ_OT_export_script, LLMVIZ_OT_view_film)
)
