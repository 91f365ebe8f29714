"""Picking: a cell that is chosen with a click in the view, which can be turned meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy

from . import inspecting, rays, state, translating

if TYPE_CHECKING:
    from ..scene.pointing import Pointed

# Events that navigate the view while a cell is being picked, and are left to Blender.
_NAVIGATION = {
    "MIDDLEMOUSE",
    "WHEELUPMOUSE",
    "WHEELDOWNMOUSE",
    "TRACKPADPAN",
    "TRACKPADZOOM",
    "NDOF_MOTION",
}


class Picks:
    """A mixin for operators that let a cell be picked, and name it in the sidebar.

    The operator provides `click`, the words for a click, and `picked`, which is called once a cell
    is chosen and returns the operator's result.
    """

    click = ""
    picked: Callable[[bpy.types.Context], set[str]]

    def begin(self, context: bpy.types.Context) -> set[str]:
        """Wait for a cell to be picked."""
        context.window.cursor_modal_set("EYEDROPPER")
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
        hit = self._hit(context, event)
        if not clicked:
            self._tell(context, hit)
            return {"RUNNING_MODAL"}
        if hit is None:
            translating.report(
                self, "WARNING", "There is no cell here; click a block, or press Esc"
            )
            return {"RUNNING_MODAL"}
        self.cancel(context)
        inspecting.choose(context.scene.llmviz, hit)
        return self.picked(context)

    def _hit(self, context: bpy.types.Context, event: bpy.types.Event) -> Pointed | None:
        """The cell under the mouse."""
        from ..scene.pointing import Field

        found = rays.view_under(context.screen, event.mouse_x, event.mouse_y)
        if found is None:
            return None
        space, region, x, y = found
        field = Field(state.models(context.scene), space)
        return field.cell_at(*rays.ray_through(region.data, x / region.width, y / region.height))

    def _tell(self, context: bpy.types.Context, hit: Pointed | None) -> None:
        """Show the cell under the mouse and the keys in the status bar."""
        keys = f"Click: {self.click}    Esc: Cancel"
        if hit is not None:
            keys = f"{hit.block}, column {hit.column}, row {hit.row}    {keys}"
        context.workspace.status_text_set(translating.say(keys))

    def cancel(self, context: bpy.types.Context) -> None:
        """Restore the cursor and the status bar."""
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)
