"""Operators on the cell that the sidebar asks for: picked, framed, copied, its block exported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..errors import PROBLEMS, sentence
from . import asking, framing, inspecting, running, spreadsheets, state, translating
from .picking import Picks
from .running import Stepwise

if TYPE_CHECKING:
    from ..explain import Explanation
    from ..progress import Steps

# What can be copied: the sign, the button, the tooltip.
COPIES = (
    ("VALUE", "Copy Value", "Copy the number, with all digits that it has as float32"),
    ("NUMPY", "Copy as NumPy", "Copy the cell's place in the trace, to compare with your own code"),
    ("LATEX", "Copy LaTeX", "Copy the cell's formula, in symbols and with numbers, as LaTeX"),
)


def why_no_cell(scene: bpy.types.Scene) -> str:
    """The reason why the sidebar names no cell; empty where it does."""
    if running.is_busy():
        return f"Wait for this to finish, or press Esc: {running.work.label}"
    if not state.models(scene):
        return "No model stands in this scene; build one first"
    found, problem, _ = asking.answer(scene)
    return problem if found is None and problem else "" if found else "Choose a block and a cell"


class _OnCell:
    """A mixin for operators that need a cell that exists."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the sidebar names a cell of a model that stands."""
        reason = why_no_cell(context.scene)
        return translating.allow(cls, reason)


class LLMVIZ_OT_pick_cell(Picks, bpy.types.Operator):
    """Choose the cell to ask for with a click in the view"""

    bl_idname = "llmviz.pick_cell"
    bl_label = "Pick Cell"
    bl_options = {"REGISTER", "UNDO"}

    click = "Ask"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model, a window to click in, and nothing else is at work."""
        reason = state.why_locked(context.scene)
        if not reason and not state.models(context.scene):
            reason = "No model stands in this scene; build one first"
        if not reason and (bpy.app.background or context.window is None):
            reason = "A cell is picked with the mouse, which takes a window"
        return translating.allow(cls, reason)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let a cell be picked with the mouse."""
        return self.begin(context)

    def picked(self, _context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}


class LLMVIZ_OT_frame_cell(_OnCell, bpy.types.Operator):
    """Fly to the cell, from where the view looks now, until some 20 cells are across"""

    bl_idname = "llmviz.frame_cell"
    bl_label = "Frame"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the sidebar names a cell and this is a 3D view."""
        if context.space_data is None or context.space_data.type != "VIEW_3D":
            return translating.allow(cls, "Frame a cell from a 3D view")
        return super().poll(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            asked = asking.asked_of(context.scene)
            asked.model.check_arranged()
            place = framing.place_of(asked.model, asked.block, asked.column, asked.row)
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        if place is None:
            translating.report(
                self, "ERROR", f"{asked.model.title} lost its anchor; build it again"
            )
            return {"CANCELLED"}
        framing.turn_to(context.space_data, framing.size_of(context.area), *place, context.area)
        return {"FINISHED"}


class LLMVIZ_OT_copy_cell(_OnCell, bpy.types.Operator):
    """Copy the cell's value, its place in numpy, or its formula"""

    bl_idname = "llmviz.copy_cell"
    bl_label = "Copy Cell"
    bl_options = {"REGISTER"}

    what: EnumProperty(name="What", items=COPIES, options={"SKIP_SAVE"})

    @classmethod
    def description(
        cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties
    ) -> str:
        """The tooltip of one of its buttons."""
        return translating.say(next(said for sign, _, said in COPIES if sign == properties.what))

    def execute(self, context: bpy.types.Context) -> set[str]:
        found = asking.answer(context.scene).found
        text = "" if found is None else to_copy(found, self.what)
        if not text:
            lacks = {"VALUE": "number", "LATEX": "formula: it is given, not computed"}
            translating.report(self, "ERROR", f"This cell has no {lacks.get(self.what, 'place')}")
            return {"CANCELLED"}
        context.window_manager.clipboard = text
        translating.report(self, "INFO", f"Copied {text}")
        return {"FINISHED"}


class LLMVIZ_OT_export_block(_OnCell, Stepwise, bpy.types.Operator):
    """Write the numbers of the cell's whole block to a file, as the trace has them; masked cells \
are NaN"""

    bl_idname = "llmviz.export_block"
    bl_label = "Export Block…"
    bl_options = {"REGISTER"}

    # True once the file selector has been opened for the file.
    _asked = False

    filepath: StringProperty(name="File", subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.npy;*.csv", options={"HIDDEN", "SKIP_SAVE"})
    check_existing: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    ending: EnumProperty(
        name="Format",
        items=(
            (".npy", "NumPy (.npy)", "An array that numpy.load reads"),
            (".csv", "Values (.csv)", "Rows of values with commas, for spreadsheets"),
        ),
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Ask for the file, or write the one that is given."""
        if self.filepath:
            return super().invoke(context, event)
        found = asking.answer(context.scene).found
        if found is None:
            return {"CANCELLED"}
        self.filepath = f"{found.cell.block}{self.ending}"
        self._asked = True
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Give the name in the file selector the ending of the format."""
        named = with_ending(self.filepath, self.ending)
        changed = named != self.filepath
        self.filepath = named
        return changed

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file; one that was asked for is written while other things go on."""
        if not self.filepath:
            translating.report(self, "ERROR", "Choose a file to write to")
            return {"CANCELLED"}
        if self._asked:
            return bpy.ops.llmviz.export_block(
                "INVOKE_DEFAULT", filepath=self.filepath, ending=self.ending
            )
        return super().execute(context)

    def steps(self, context: bpy.types.Context) -> Steps[Any]:
        """The work, step by step."""
        from ..scene import export_steps

        asked = asking.asked_of(context.scene)
        return (yield from export_steps(asked.model, asked.block, self._path()))

    def _path(self) -> Path:
        chosen = os.path.expanduser(bpy.path.abspath(self.filepath))  # noqa: PTH111
        return Path(chosen if Path(chosen).suffix else f"{chosen}{self.ending}")

    def finish(self, _context: bpy.types.Context, _scene: bpy.types.Scene, result: Any) -> None:
        """Say what was written."""
        values, exactness = result
        shape = " × ".join(f"{size:,}" for size in values.shape)
        how = "exact" if exactness == "exact" else f"in {exactness}"
        translating.report(self, "INFO", f"Wrote {self._path()}: {shape} numbers, {how}")


class LLMVIZ_OT_open_spreadsheet(_OnCell, bpy.types.Operator):
    """Show the numbers of the cell's whole block in a Spreadsheet, a row for each cell; masked \
and not computed ones are nan"""

    bl_idname = "llmviz.open_spreadsheet"
    bl_label = "Open in Spreadsheet"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        from ..scene import show_table

        try:
            asked = asking.asked_of(context.scene)
            table = show_table(asked.model, asked.block)
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        block = asked.block
        for obj in context.selected_objects:
            obj.select_set(False)
        table.select_set(True)
        context.view_layer.objects.active = table
        inspecting.keep_block(context.scene.llmviz, block)
        area = spreadsheets.open_area(context)
        if area is not None:
            spreadsheets.show(area)
        translating.report(
            self, "INFO", f"{block}: {len(table.data.vertices):,} rows, one for each cell"
        )
        return {"FINISHED"}


def to_copy(found: Explanation, what: str) -> str:
    """The text that a button copies; empty where the cell has none."""
    import numpy as np

    from ..explain.words import TOKENS

    if what == "NUMPY":
        return found.numpy_address
    if what == "LATEX":
        return found.latex
    if found.value is None:
        return ""
    return str(int(found.value)) if found.cell.block == TOKENS else str(np.float32(found.value))


def with_ending(name: str, ending: str) -> str:
    """A file's name with an ending in place of another one of ours."""
    from ..scene.exporting import ENDINGS

    stem = next((name[: -len(e)] for e in ENDINGS if name.lower().endswith(e)), name)
    return f"{stem}{ending}" if stem else name


register, unregister = bpy.utils.register_classes_factory(
    (
        LLMVIZ_OT_pick_cell,
        LLMVIZ_OT_frame_cell,
        LLMVIZ_OT_copy_cell,
        LLMVIZ_OT_export_block,
        LLMVIZ_OT_open_spreadsheet,
    )
)
