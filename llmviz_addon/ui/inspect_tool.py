"""The tool *Inspect Cell* in the toolbar of the 3D view, and what its keys do.

While it is on, the pointer carries a card about the cell below it. It is no operator that runs all
the while: its keys are those of the tool, and all others stay Blender's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from ..errors import PROBLEMS
from . import framing, running, state, translating
from .handlers import watch
from .hovering import Hover

if TYPE_CHECKING:
    from ..scene.pointing import Pointed

TOOL = "llmviz.inspect_cell"
_USUAL = "builtin.select_box"

# The pointer's card while the tool is on, and the handle by which Blender draws it.
_hover: Hover | None = None
_handle: object = None

_CHANGES = ("depsgraph_update_post", "undo_post", "redo_post", "load_pre")


class LLMVIZ_WST_inspect_cell(bpy.types.WorkSpaceTool):
    """The tool, with its keys."""

    bl_space_type = "VIEW_3D"
    bl_context_mode = "OBJECT"
    bl_idname = TOOL
    bl_label = "Inspect Cell"
    bl_description = (
        "Point at a cell to see its value, its formula with numbers, where it comes from and where "
        "it goes.\n"
        "\u2022 Click: pin the answer in the scene.\n"
        "\u2022 Arrow keys: walk along columns and rows.\n"
        "\u2022 Enter: go to the largest source; with Shift, to the largest use.\n"
        "\u2022 Backspace: come back.\n"
        "\u2022 Esc: leave"
    )
    bl_icon = "ops.paint.eyedropper_add"
    bl_cursor = "CROSSHAIR"
    bl_keymap = (
        ("llmviz.hover", {"type": "MOUSEMOVE", "value": "ANY"}, None),
        (
            "llmviz.pin_cell",
            {"type": "LEFTMOUSE", "value": "CLICK"},
            {"properties": [("shown", True)]},
        ),
        *(
            ("llmviz.walk_cell", {"type": key, "value": "PRESS", "repeat": True}, values)
            for key, values in (
                ("LEFT_ARROW", {"properties": [("way", "LEFT")]}),
                ("RIGHT_ARROW", {"properties": [("way", "RIGHT")]}),
                ("UP_ARROW", {"properties": [("way", "UP")]}),
                ("DOWN_ARROW", {"properties": [("way", "DOWN")]}),
            )
        ),
        *(
            ("llmviz.follow_cell", {"type": key, "value": "PRESS", **more}, values)
            for key, more, values in (
                ("RET", {}, {"properties": [("to", "SOURCE")]}),
                ("NUMPAD_ENTER", {}, {"properties": [("to", "SOURCE")]}),
                ("RET", {"shift": True}, {"properties": [("to", "USE")]}),
                ("BACK_SPACE", {}, {"properties": [("to", "BACK")]}),
            )
        ),
        ("llmviz.leave_cells", {"type": "ESC", "value": "PRESS"}, None),
    )

    @staticmethod
    def draw_settings(
        context: bpy.types.Context, layout: bpy.types.UILayout, _tool: object
    ) -> None:
        """Draw the keys in the header of the view."""
        if reason := why_nothing(context.scene):
            layout.label(text=reason, icon="INFO")
            return
        for text, icon in (
            ("Pin", "MOUSE_LMB"),
            ("Walk", "ARROW_LEFTRIGHT"),
            ("Largest Source", "EVENT_RETURN"),
            ("Back", "EVENT_BACKSPACE"),
            ("Leave", "EVENT_ESC"),
        ):
            layout.label(text=text, text_ctxt=translating.CONTEXT, icon=icon)


def why_nothing(scene: bpy.types.Scene) -> str:
    """The reason why no cell can be pointed at; empty where some can."""
    found = state.models(scene)
    if not found:
        return "No model stands in this scene; build one first"
    for model in found:
        if not model.is_readable:
            return f"{model.root.name} does not say any more what it was made from; build it again"
        if not model.is_arranged:
            return f"{model.root.name} was built before layers could stand in rows; build it again"
    return ""


def shown() -> Pointed | None:
    """The cell that is shown beside the pointer; None where there is none."""
    return None if _hover is None else _hover.cell


def is_on(context: bpy.types.Context) -> bool:
    """True if the tool is the active one in the 3D views of this workspace."""
    if context.workspace is None:
        return False
    tool = context.workspace.tools.from_space_view3d_mode(context.mode, create=False)
    return tool is not None and tool.idname == TOOL


def switch_on() -> Hover:
    """Have the pointer carry its card from now on."""
    global _hover, _handle  # noqa: PLW0603
    if _hover is None:
        _hover = Hover()
        _handle = bpy.types.WindowManager.draw_cursor_add(_draw, (), "VIEW_3D", "WINDOW")
        watch(dict.fromkeys(_CHANGES, _forget), True)
    return _hover


def switch_off() -> None:
    """Take the card away, and all that was there for it."""
    global _hover, _handle  # noqa: PLW0603
    if _hover is None:
        return
    bpy.types.WindowManager.draw_cursor_remove(_handle)
    watch(dict.fromkeys(_CHANGES, _forget), False)
    _hover = _handle = None


@bpy.app.handlers.persistent
def _forget(*_: object) -> None:
    if _hover is not None:
        _hover.forget()


def _draw(xy: tuple[int, int]) -> None:
    """Draw the card of the cell under the pointer, which is at a pixel of the window."""
    from . import hover_drawing

    context = bpy.context
    if _hover is None or not is_on(context) or context.region is None:
        # Another tool was chosen. What draws cannot be removed while it draws.
        bpy.app.timers.register(_leave, first_interval=0.0)
        return
    x, y = xy
    region = context.region
    try:
        shown = _hover.look(context.scene, context.space_data, region, x - region.x, y - region.y)
        if shown is not None:
            hover_drawing.draw(context, shown, *_pointer(context, shown, x, y))
    except ReferenceError:
        # Something was removed that Blender has not told of yet.
        _hover.forget()


def _pointer(context: bpy.types.Context, shown, x: int, y: int) -> tuple[int, int]:
    """The pixel beside which the card stands: at the pointer, or at a cell that was walked to."""
    import numpy as np

    from ..scene.pointing import middle_of
    from . import rays

    if not _hover.is_held:
        return x, y
    region = context.region
    place, _ = middle_of(shown.ground, *shown.cell[1:])
    (pixel,), (before,) = rays.pixels_of(
        region.data, (region.width, region.height), np.array([place])
    )
    within = before and (pixel >= 0).all() and (pixel < (region.width, region.height)).all()
    return (round(region.x + pixel[0]), round(region.y + pixel[1])) if within else (x, y)


def _leave() -> None:
    """Switch off, unless the tool was chosen again meanwhile."""
    if not is_on(bpy.context):
        switch_off()


class _InView:
    """A mixin for what the tool's keys do in a 3D view with a model."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True in a 3D view while the tool is on and nothing else is at work."""
        view = context.space_data is not None and context.space_data.type == "VIEW_3D"
        return view and not running.is_busy() and is_on(context)


class LLMVIZ_OT_hover(_InView, bpy.types.Operator):
    """Show what there is to say of the cell under the pointer"""

    bl_idname = "llmviz.hover"
    bl_label = "Point at Cell"
    bl_options = {"INTERNAL"}

    def invoke(self, _context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Switch the card on; it is drawn with the pointer from then on."""
        switch_on()
        return {"PASS_THROUGH"}


class _OnShown(_InView):
    """A mixin for what is done with the cell that is shown."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if a cell is shown."""
        return super().poll(context) and _hover is not None and _hover.cell is not None


class LLMVIZ_OT_walk_cell(_OnShown, bpy.types.Operator):
    """Show the cell beside the one that is shown"""

    bl_idname = "llmviz.walk_cell"
    bl_label = "Walk along Cells"
    bl_options = {"INTERNAL"}

    way: EnumProperty(
        name="Way",
        items=[(way.upper(), way, "") for way in ("Left", "Right", "Up", "Down")],
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        cell = _hover.cell
        block = _block_of(context.scene, cell)
        if block is None:
            return {"CANCELLED"}
        across, down = {"LEFT": (-1, 0), "RIGHT": (1, 0), "UP": (0, -1), "DOWN": (0, 1)}[self.way]
        column = min(max(cell.column + across, 0), block.columns - 1)
        row = min(max(cell.row + down, 0), block.rows - 1)
        _hover.go_to(cell._replace(column=column, row=row))
        _bring_into_view(context, _hover.cell)
        return {"FINISHED"}


class LLMVIZ_OT_follow_cell(_OnShown, bpy.types.Operator):
    """Show the cell's largest source or use, or come back from there"""

    bl_idname = "llmviz.follow_cell"
    bl_label = "Follow Cell"
    bl_options = {"INTERNAL"}

    to: EnumProperty(
        name="To",
        items=(
            ("SOURCE", "Largest Source", "The cell that counts most in its sum"),
            ("USE", "Largest Use", "The cell to which it adds most"),
            ("BACK", "Back", "The cell from which this one was reached"),
        ),
        options={"SKIP_SAVE"},
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        if self.to == "BACK":
            if not _hover.back():
                return {"CANCELLED"}
        else:
            found = _found_of(context.scene, _hover.cell)
            to = found and (found.largest_source if self.to == "SOURCE" else found.uses.largest)
            if not to:
                return {"CANCELLED"}
            _hover.follow(type(_hover.cell)(_hover.cell.model, *to))
        _bring_into_view(context, _hover.cell)
        return {"FINISHED"}


class LLMVIZ_OT_leave_cells(_InView, bpy.types.Operator):
    """Go back to selecting"""

    bl_idname = "llmviz.leave_cells"
    bl_label = "Leave Inspect Cell"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.tool_set_by_id(name=_USUAL)
        switch_off()
        context.area.tag_redraw()
        return {"FINISHED"}


class LLMVIZ_OT_inspect_cells(bpy.types.Operator):
    """Point at cells in the view to see their values, formulas and sources; once more to leave"""

    bl_idname = "llmviz.inspect_cells"
    bl_label = "Inspect Cell"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True in a 3D view of a window, in Object Mode."""
        if context.space_data is None or context.space_data.type != "VIEW_3D":
            return translating.allow(cls, "Point at cells in a 3D view")
        if context.mode != "OBJECT":
            return translating.allow(cls, "Go back to Object Mode first")
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        bpy.ops.wm.tool_set_by_id(name=_USUAL if is_on(context) else TOOL)
        context.area.tag_redraw()
        return {"FINISHED"}


def _model_of(scene: bpy.types.Scene, cell):
    return next((model for model in state.models(scene) if model.id == cell.model), None)


def _block_of(scene: bpy.types.Scene, cell):
    model = _model_of(scene, cell)
    return None if model is None else model.plan.anatomy.blocks.get(cell.block)


def _found_of(scene: bpy.types.Scene, cell):
    from . import asking

    model = _model_of(scene, cell)
    return None if model is None else asking.answer_to(scene, asking.Asked(model, *cell[1:])).found


def _bring_into_view(context: bpy.types.Context, cell) -> None:
    """Fly to a cell that is not in the view; and have the view drawn."""
    context.region.tag_redraw()
    model = _model_of(context.scene, cell)
    try:
        place = None if model is None else framing.place_of(model, *cell[1:])
    except PROBLEMS:
        return
    if place is not None and not framing.is_in_view(context.region, *place):
        framing.turn_to(context.space_data, framing.size_of(context.area), *place, context.area)


_register, _unregister = bpy.utils.register_classes_factory(
    (
        LLMVIZ_OT_hover,
        LLMVIZ_OT_walk_cell,
        LLMVIZ_OT_follow_cell,
        LLMVIZ_OT_leave_cells,
        LLMVIZ_OT_inspect_cells,
    )
)

# The shortcut that chooses the tool: its keymap and its item.
_shortcuts: list[tuple[bpy.types.KeyMap, bpy.types.KeyMapItem]] = []


def register() -> None:
    """Add the operators, the tool below Blender's cursor, and its shortcut, Shift I."""
    _register()
    bpy.utils.register_tool(LLMVIZ_WST_inspect_cell, after={"builtin.cursor"}, separator=True)
    keys = bpy.context.window_manager.keyconfigs.addon
    if keys is not None:
        keymap = keys.keymaps.new(name="Object Mode", space_type="EMPTY")
        item = keymap.keymap_items.new("wm.tool_set_by_id", "I", "PRESS", shift=True)
        item.properties.name = TOOL
        _shortcuts.append((keymap, item))


def unregister() -> None:
    """Take all of it away, and leave the tool where it is on."""
    switch_off()
    for keymap, item in _shortcuts:
        keymap.keymap_items.remove(item)
    _shortcuts.clear()
    _leave_everywhere()
    bpy.utils.unregister_tool(LLMVIZ_WST_inspect_cell)
    _unregister()


def _leave_everywhere() -> None:
    """Choose Blender's usual tool in all windows in which this one is on."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type != "VIEW_3D":
                continue
            region = next(r for r in area.regions if r.type == "WINDOW")
            with bpy.context.temp_override(window=window, area=area, region=region):
                if is_on(bpy.context):
                    bpy.ops.wm.tool_set_by_id(name=_USUAL)
