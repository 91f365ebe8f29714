"""The panel Inspect: open a large model's slabs up, and read what the active block is."""

from __future__ import annotations

import bpy

from . import inspecting, running, state
from .layout import OnModel, facts, paragraph
from .windows import LLMVIZ_OT_close_windows, LLMVIZ_OT_open_window


class LLMVIZ_PT_inspect(OnModel, bpy.types.Panel):
    """Which block, which cell, and what is known of it."""

    bl_label = "Inspect"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether a model stands that is not drawn as cubes throughout."""
        found = state.models(context.scene)
        return any({"slabs", "shapes"} & set(state.ways_of(model)) for model in found)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = running.work is None
        if inspecting.with_slabs(context.scene):
            _draw_window(layout, context.scene)
        if said := _said_of(inspecting.active_of(context.scene)):
            facts(layout, said)
        else:
            paragraph(layout, context, "Select a block in the view to read what it is", "INFO")


def _draw_window(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Which cell to open up, typed or picked."""
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
    # The cell is typed above; the eyedropper picks one.
    buttons.operator_context = "EXEC_DEFAULT"
    one, every = buttons.row(align=True), buttons.row(align=True)
    one.enabled, every.enabled = bool(settings.window_block), inspecting.any_window(scene)
    one.operator(LLMVIZ_OT_open_window.bl_idname)
    every.operator(LLMVIZ_OT_close_windows.bl_idname)


def _said_of(active: bpy.types.Object | None) -> tuple[tuple[str, str], ...]:
    """What the active object shows; nothing where it is no block of ours."""
    from ..scene import names

    if active is None or names.TITLE not in active:
        return ()
    said = (("Selected", names.TITLE), ("Drawn As", names.DRAWN_AS), ("Values", names.EXACTNESS))
    return tuple((name, str(active[key])) for name, key in said if key in active)
