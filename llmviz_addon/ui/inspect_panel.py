"""The panels Inspect, which asks any cell of any model, and Words."""

from __future__ import annotations

import bpy

from . import asking, inspect_tool, inspecting, running
from .cells import (
    COPIES,
    LLMVIZ_OT_copy_cell,
    LLMVIZ_OT_export_block,
    LLMVIZ_OT_frame_cell,
    LLMVIZ_OT_open_spreadsheet,
    LLMVIZ_OT_pick_cell,
)
from .inspect_tool import LLMVIZ_OT_inspect_cells
from .layout import OnModel, facts, paragraph
from .pinning import LLMVIZ_OT_clear_pins, LLMVIZ_OT_pin_cell
from .windows import LLMVIZ_OT_close_windows, LLMVIZ_OT_open_window

# Blocks from which a cell takes something that are listed; of attention's projection, every head.
_MOST_SOURCES = 6


class LLMVIZ_PT_inspect(OnModel, bpy.types.Panel):
    """The cell to inspect, all that there is to say of it, and the facts of the active block."""

    bl_label = "Inspect"

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        layout.enabled = not running.is_busy()
        row = layout.row()
        row.scale_y = 1.3
        row.operator(
            LLMVIZ_OT_inspect_cells.bl_idname,
            icon="VIEWZOOM",
            depress=inspect_tool.is_on(context),
        )
        _draw_choice(layout, scene)
        if scene.llmviz.cell_block:
            _draw_answer(layout, context, asking.answer(scene))
        else:
            hint = "Type a block's name or words, pick a cell, or select a block in the view"
            paragraph(layout, context, hint, "INFO")
        if inspecting.with_slabs(scene):
            _draw_window(layout, scene)
        _draw_pins(layout, scene)
        if said := _said_of(inspecting.active_of(scene)):
            facts(layout, said)


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


def _draw_choice(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the choice of a cell, typed or picked in the view."""
    settings = scene.llmviz
    form = layout.column()
    form.use_property_split = True
    form.use_property_decorate = False
    row = form.row(align=True)
    row.prop(settings, "cell_block")
    row.operator(LLMVIZ_OT_pick_cell.bl_idname, text="", icon="EYEDROPPER")
    cell = form.column(align=True)
    cell.prop(settings, "cell_column")
    cell.prop(settings, "cell_row")


def _draw_answer(
    layout: bpy.types.UILayout, context: bpy.types.Context, answer: asking.Answer
) -> None:
    """Draw all that there is to say of the cell, and what can be done with it."""
    found, problem, note = answer
    if found is None:
        if problem:
            paragraph(layout, context, problem, "ERROR", alert=True)
        return
    column = layout.column(align=True)
    paragraph(column, context, found.title, translate=False)
    paragraph(column, context, found.place, translate=False)
    why = "" if found.state == "absent" and note else found.why
    for sentence in filter(None, (why, note)):
        paragraph(layout, context, sentence, "INFO")
    if found.value is not None:
        value, how = found.said
        facts(layout, (("Value", value), *((("", how),) if how else ())), translate=False)
    lines = layout.column()
    if found.formula is not None and found.state != "masked":
        equation = f"= {found.with_numbers}" if found.with_numbers else ""
        formula = lines.column(align=True)
        for text in filter(None, (found.text, equation, found.definition)):
            paragraph(formula, context, text, translate=False)
    if found.summary:
        paragraph(lines, context, found.summary, translate=False)
    if found.sources:
        sources = lines.column(align=True)
        paragraph(sources, context, found.source_words, translate=False)
        for source in found.sources[:_MOST_SOURCES]:
            paragraph(sources, context, source.summary, translate=False)
        if len(found.sources) > _MOST_SOURCES:
            left = found.language.counted(len(found.sources) - _MOST_SOURCES, "block")
            more = found.language.tell("explain.from_more", blocks=left)
            paragraph(sources, context, more, translate=False)
    if found.state not in ("masked", "unused"):
        paragraph(lines, context, found.uses.summary, translate=False)
    _draw_actions(layout)


def _draw_actions(layout: bpy.types.UILayout) -> None:
    """Draw the buttons of a cell that exists."""
    layout.operator(LLMVIZ_OT_frame_cell.bl_idname, icon="ZOOM_SELECTED")
    copies = layout.column(align=True)
    for what, text, _ in COPIES:
        copies.operator(LLMVIZ_OT_copy_cell.bl_idname, text=text, icon="COPYDOWN").what = what
    layout.operator(LLMVIZ_OT_open_spreadsheet.bl_idname, icon="SPREADSHEET")
    layout.operator(LLMVIZ_OT_export_block.bl_idname, icon="EXPORT")


def _draw_pins(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the buttons that pin the chosen cell, and clear what is pinned."""
    from ..scene import pinned

    cells = pinned(scene)
    buttons = layout.row(align=True)
    # What is pinned here is the cell above.
    buttons.operator(LLMVIZ_OT_pin_cell.bl_idname, icon="PINNED").cell = ""
    every = buttons.row(align=True)
    every.enabled = bool(cells)
    every.operator(LLMVIZ_OT_clear_pins.bl_idname)
    listed = layout.column(align=True)
    listed.scale_y = 0.85
    for cell in cells:
        listed.label(text=cell, icon="DOT", translate=False)


def _draw_window(layout: bpy.types.UILayout, scene: bpy.types.Scene) -> None:
    """Draw the buttons that open the chosen cell up, and close what is open."""
    buttons = layout.row(align=True)
    # This button opens the cell that is chosen above; invoked from elsewhere, the operator lets a
    # cell be picked.
    buttons.operator_context = "EXEC_DEFAULT"
    one, every = buttons.row(align=True), buttons.row(align=True)
    one.enabled, every.enabled = _is_slab(scene), inspecting.any_window(scene)
    one.operator(LLMVIZ_OT_open_window.bl_idname)
    every.operator(LLMVIZ_OT_close_windows.bl_idname)


def _is_slab(scene: bpy.types.Scene) -> bool:
    """True if the chosen block is drawn as a slab in some model."""
    block = scene.llmviz.cell_block
    for model in inspecting.with_slabs(scene):
        bundle, _ = model.plan.by_block.get(block, (None, 0))
        if bundle is not None and model.plan.ways[bundle.name] == "slab":
            return True
    return False


def _said_of(active: bpy.types.Object | None) -> tuple[tuple[str, str], ...]:
    """The facts of the block that the active object shows; empty where it shows none."""
    from ..scene import names

    if active is None or names.TITLE not in active:
        return ()
    said = (("Selected", names.TITLE), ("Drawn As", names.DRAWN_AS), ("Values", names.EXACTNESS))
    return tuple((name, str(active[key])) for name, key in said if key in active)
