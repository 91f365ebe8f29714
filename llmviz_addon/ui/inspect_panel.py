"""The panels Inspect, for a large model's slabs and facts of the active block, and Words."""

from __future__ import annotations

import bpy

from . import inspecting, running, state
from .layout import OnModel, facts, paragraph
from .windows import LLMVIZ_OT_close_windows, LLMVIZ_OT_open_window


class LLMVIZ_PT_inspect(OnModel, bpy.types.Panel):
    """The block and the cell to open up, and the facts of the active block."""

    bl_label = "Inspect"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if a model stands that is not drawn as cubes throughout."""
        found = state.models(context.scene)
        return any({"slabs", "shapes"} & set(state.ways_of(model)) for model in found)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = not running.is_busy()
        if inspecting.with_slabs(context.scene):
            _draw_window(layout, context.scene)
        if said := _said_of(inspecting.active_of(context.scene)):
            facts(layout, said)
        else:
            paragraph(layout, context, "Select a block in the view to read what it is", "INFO")


class LLMVIZ_PT_words(OnModel, bpy.types.Panel):
    """The words of the active title, label or caption."""

    bl_label = "Words"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the active object shows words."""
        return inspecting.worded(context.scene) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = running.work is None
        layout.prop(context.scene.llmviz, "words", text="")


def _draw_window(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the choice of a cell to open up, typed or picked in the view."""
    settings = scene.llmviz
    form = layout.column()
    form.use_property_split = True
    form.use_property_decorate = False
    row = form.row(align=True)
    row.prop(settings, "window_block")
    row.operator(LLMVIZ_OT_open_window.bl_idname, text="", icon="EYEDROPPER")
    cell = form.column(align=True)
    cell.prop(settings, "window_column")
    cell.prop(settings, "window_row")
    buttons = layout.row(align=True)
    # This button opens the cell that is typed above; the eyedropper invokes the operator, which
    # then lets a cell be picked.
    buttons.operator_context = "EXEC_DEFAULT"
    one, every = buttons.row(align=True), buttons.row(align=True)
    one.enabled, every.enabled = bool(settings.window_block), inspecting.any_window(scene)
    one.operator(LLMVIZ_OT_open_window.bl_idname)
    every.operator(LLMVIZ_OT_close_windows.bl_idname)


def _said_of(active: bpy.types.Object | None) -> tuple[tuple[str, str], ...]:
    """The facts of the block that the active object shows; empty where it shows none."""
    from ..scene import names

    if active is None or names.TITLE not in active:
        return ()
    said = (("Selected", names.TITLE), ("Drawn As", names.DRAWN_AS), ("Values", names.EXACTNESS))
    return tuple((name, str(active[key])) for name, key in said if key in active)
