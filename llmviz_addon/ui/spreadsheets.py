"""The Spreadsheet beside the 3D view: found or opened, and set to the table that is active."""

from __future__ import annotations

import bpy

# The part of the 3D view that a Spreadsheet takes which is opened below it.
_SHARE = 0.36


def open_area(context: bpy.types.Context) -> bpy.types.Area | None:
    """A Spreadsheet in the window: one that is there, else a new one below the 3D view.

    None without a window, or where the view is too low to be split.
    """
    window = context.window
    if window is None or bpy.app.background:
        return None
    there = [area for area in window.screen.areas if area.type == "SPREADSHEET"]
    if there:
        return there[0]
    views = [area for area in window.screen.areas if area.type == "VIEW_3D"]
    if not views:
        return None
    view = context.area if context.area in views else max(views, key=lambda a: a.width * a.height)
    before = {area.as_pointer() for area in window.screen.areas}
    region = next(region for region in view.regions if region.type == "WINDOW")
    with context.temp_override(window=window, area=view, region=region):
        if "FINISHED" not in bpy.ops.screen.area_split(direction="HORIZONTAL", factor=_SHARE):
            return None
    made = [area for area in window.screen.areas if area.as_pointer() not in before]
    if not made:
        return None
    # The view itself stays above.
    lower = min((view, made[0]), key=lambda area: area.y)
    lower.type = "SPREADSHEET"
    return lower


def show(area: bpy.types.Area) -> None:
    """Have a Spreadsheet show the vertices of the active object, as its mesh has them."""
    space = area.spaces.active
    space.is_pinned = False
    space.object_eval_state = "ORIGINAL"
    space.geometry_component_type = "MESH"
    space.attribute_domain = "POINT"
    space.show_only_selected = False
    area.tag_redraw()
