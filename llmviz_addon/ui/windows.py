"""Operators that open a slab up, so that some of its cells are shown as cubes, and close it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import IntProperty, StringProperty

from ..errors import PROBLEMS, sentence
from . import inspecting, state

if TYPE_CHECKING:
    from ..anatomy import Hit

# Events that navigate the view while a cell is being picked, and are left to Blender.
_NAVIGATION = {
    "MIDDLEMOUSE",
    "WHEELUPMOUSE",
    "WHEELDOWNMOUSE",
    "TRACKPADPAN",
    "TRACKPADZOOM",
    "NDOF_MOTION",
}


class _OnSlabs:
    """A mixin for operators that need a slab in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a slab, and nothing else is at work."""
        reason = state.why_locked(context.scene)
        if not reason and not inspecting.with_slabs(context.scene):
            reason = "No model in this scene has slabs to open up"
        if reason:
            cls.poll_message_set(reason)
        return not reason


class LLMVIZ_OT_open_window(_OnSlabs, bpy.types.Operator):
    """Make cubes of a slab's cells around one cell, which is picked in the view with a click"""

    bl_idname = "llmviz.open_window"
    bl_label = "Open Up"
    bl_options = {"REGISTER", "UNDO"}

    block: StringProperty(
        name="Block",
        description="The name of the block; the one chosen in the sidebar where empty",
        options={"SKIP_SAVE"},
    )
    column: IntProperty(
        name="Column",
        description="The cell's column; the one in the sidebar where negative",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )
    row: IntProperty(
        name="Row",
        description="The cell's row; the one in the sidebar where negative",
        default=-1,
        min=-1,
        options={"SKIP_SAVE"},
    )

    _pointed = False

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room

        settings = context.scene.llmviz
        block = self.block or settings.window_block
        column = settings.window_column if self.column < 0 else self.column
        row = settings.window_row if self.row < 0 else self.row
        if not block:
            self.report({"ERROR"}, "Choose a block to open up, or select a slab")
            return {"CANCELLED"}
        try:
            scene_room.open_window(context.scene, block, column, row)
        except PROBLEMS as error:
            # A clicked cell is named in the sidebar by now, so a warning is enough; typed ones and
            # scripts get an error.
            self.report({"WARNING" if self._pointed else "ERROR"}, sentence(error))
            return {"CANCELLED"}
        settings.window_block = block
        settings.window_column, settings.window_row = column, row
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let a cell be picked with the mouse."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        context.window.cursor_modal_set("EYEDROPPER")
        self._pointed = True
        self._tell(context, None)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Wait for a click on a cell; the view can be turned meanwhile."""
        if event.type in _NAVIGATION:
            return {"PASS_THROUGH"}
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        clicked = event.type == "LEFTMOUSE" and event.value == "PRESS"
        if not clicked and event.type != "MOUSEMOVE":
            return {"RUNNING_MODAL"}
        ray = inspecting.ray_under(context.screen, event.mouse_x, event.mouse_y)
        hit = None if ray is None else inspecting.cell_at(context.scene, *ray)
        if not clicked:
            self._tell(context, hit)
            return {"RUNNING_MODAL"}
        if hit is None:
            self.report({"WARNING"}, "There is no cell here; click a slab, or press Esc")
            return {"RUNNING_MODAL"}
        self.block, self.column, self.row = hit.block, hit.column, hit.row
        self.cancel(context)
        settings = context.scene.llmviz
        settings.window_block = hit.block
        settings.window_column, settings.window_row = hit.column, hit.row
        return self.execute(context)

    def _tell(self, context: bpy.types.Context, hit: Hit | None) -> None:
        """Show the cell under the mouse and the keys in the status bar."""
        place = f"{hit.block}, column {hit.column}, row {hit.row}    " if hit else ""
        context.workspace.status_text_set(f"{place}Click: Open Up    Esc: Cancel")

    def cancel(self, context: bpy.types.Context) -> None:
        """Restore the cursor and the status bar."""
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)


class LLMVIZ_OT_close_windows(_OnSlabs, bpy.types.Operator):
    """Make whole slabs again of all that were opened up"""

    bl_idname = "llmviz.close_windows"
    bl_label = "Close All"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room

        try:
            scene_room.close_windows(context.scene)
        except PROBLEMS as error:
            self.report({"ERROR"}, sentence(error))
            return {"CANCELLED"}
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_open_window, LLMVIZ_OT_close_windows)
)
