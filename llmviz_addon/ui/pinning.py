"""Operators that pin cells in the scene, and clear them."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, StringProperty

from ..errors import PROBLEMS, sentence
from . import asking, inspect_tool, inspecting, running, state, translating


class LLMVIZ_OT_pin_cell(bpy.types.Operator):
    """Make the answer a part of the scene: frames around the cell and its sources, lines, a card"""

    bl_idname = "llmviz.pin_cell"
    bl_label = "Pin"
    bl_options = {"REGISTER", "UNDO"}

    cell: StringProperty(
        name="Cell",
        description="A cell, such as layer0.head1.attention[1, 3]; the one in the sidebar where "
        "empty",
        options={"SKIP_SAVE"},
    )
    shown: BoolProperty(
        name="Under the Pointer",
        description="Pin the cell that the tool shows",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if a model stands that can be changed."""
        reason = state.why_locked(context.scene)
        if not reason and not state.models(context.scene):
            reason = "No model stands in this scene; build one first"
        return translating.allow(cls, reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room
        from ..explain import Cell
        from ..scene.pins import pin_cell

        scene, pointed = context.scene, inspect_tool.shown() if self.shown else None
        if self.shown and pointed is None:
            return {"CANCELLED"}
        try:
            if pointed is not None:
                inspecting.choose(scene.llmviz, pointed)
            if self.cell:
                found = scene_room.pin(scene, self.cell)
            else:
                asked = asking.asked_of(scene)
                if asked is None:
                    translating.report(self, "ERROR", "Choose a block and a cell to pin")
                    return {"CANCELLED"}
                found = pin_cell(asked.model, Cell(asked.block, asked.column, asked.row))
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        running.redraw(context.window_manager)
        translating.report(
            self, "INFO", f"Pinned {found.cell}; its card hangs in the film's picture"
        )
        return {"FINISHED"}


class LLMVIZ_OT_clear_pins(bpy.types.Operator):
    """Take all pinned cells out of the scene"""

    bl_idname = "llmviz.clear_pins"
    bl_label = "Clear"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if cells are pinned and can be changed."""
        reason = state.why_locked(context.scene)
        if not reason and not has_pins(context.scene):
            reason = "No cell is pinned in this scene"
        return translating.allow(cls, reason)

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room
        from ..counting import counted

        try:
            count = scene_room.clear_pins(context.scene)
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        translating.report(self, "INFO", f"Cleared {counted(count, 'pin')}")
        return {"FINISHED"}


def has_pins(scene: bpy.types.Scene) -> bool:
    """True if cells are pinned in a scene."""
    from ..scene import pinned

    return not running.is_building(scene) and bool(pinned(scene))


register, unregister = bpy.utils.register_classes_factory(
    (LLMVIZ_OT_pin_cell, LLMVIZ_OT_clear_pins)
)
