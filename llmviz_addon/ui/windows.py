"""Operators that open a slab up, so that some of its cells are shown as cubes, and close it."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty, StringProperty

from ..errors import PROBLEMS, sentence
from . import inspecting, state, translating
from .picking import Picks


class _OnSlabs:
    """A mixin for operators that need a slab in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a slab, and nothing else is at work."""
        reason = state.why_locked(context.scene)
        if not reason and not inspecting.with_slabs(context.scene):
            reason = "No model in this scene has slabs to open up"
        return translating.allow(cls, reason)


class LLMVIZ_OT_open_window(_OnSlabs, Picks, bpy.types.Operator):
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

    click = "Open Up"
    _pointed = False

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room

        settings = context.scene.llmviz
        block = self.block or settings.cell_block
        column = settings.cell_column if self.column < 0 else self.column
        row = settings.cell_row if self.row < 0 else self.row
        if not block:
            translating.report(self, "ERROR", "Choose a block to open up, or select a slab")
            return {"CANCELLED"}
        try:
            scene_room.open_window(context.scene, block, column, row)
        except PROBLEMS as error:
            # A clicked cell is named in the sidebar by now, so a warning is enough; typed ones and
            # scripts get an error.
            translating.report(self, "WARNING" if self._pointed else "ERROR", sentence(error))
            return {"CANCELLED"}
        if settings.cell_block != block:
            settings.cell_block = block
        settings.cell_column, settings.cell_row = column, row
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let a cell be picked with the mouse."""
        if bpy.app.background or context.window is None:
            return self.execute(context)
        self._pointed = True
        return self.begin(context)

    def picked(self, context: bpy.types.Context) -> set[str]:
        """Open the cell up that was picked, which the sidebar names by now."""
        settings = context.scene.llmviz
        self.block = settings.cell_block
        self.column, self.row = settings.cell_column, settings.cell_row
        return self.execute(context)


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
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_open_window, LLMVIZ_OT_close_windows)
)
