"""Pointing at cells in the 3D view, to compare the cell that the eyedropper names with the one that
the view's matrices put under the mouse.

Runs inside Blender, like `hands`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Generator, Iterator

import bpy
import numpy as np
from hands import TICK, addon, call, mouse, region, view, window
from mathutils import Euler, Vector

CELL = 0.02  # meters
SPREAD = 5  # cells around the one that is looked at


def place_of(root: bpy.types.Collection, block: object, column: int, row: int) -> Vector:
    """The middle of a cell's front, in the world."""
    anchor = next(o for o in root.objects if o.get("llmviz_role") == "anchor")
    x, y, z = block.origin
    return anchor.matrix_basis @ (Vector((x + column, y - 0.5, z - row)) * CELL)


def look_at(place: Vector, through: bpy.types.Object | None) -> None:
    """Have the view stand close before a place, by itself or through a camera."""
    turn = Euler((math.radians(75), 0.0, math.radians(-15)))
    seen = view().spaces.active.region_3d
    seen.view_perspective = "PERSP"
    if through is None:
        seen.view_rotation, seen.view_location = turn.to_quaternion(), place
        seen.view_distance = 0.6
        return
    through.rotation_euler = turn
    through.location = place + turn.to_matrix() @ Vector((0, 0, 0.6))
    through.data.clip_start = 0.01
    window().scene.camera = through
    seen.view_perspective = "CAMERA"
    # As if somebody had zoomed and dragged the camera's view.
    seen.view_camera_zoom, seen.view_camera_offset = 12.0, (0.05, -0.03)


def pixel_of(place: Vector) -> tuple[int, int]:
    """The pixel of the window at which a place in the world is drawn."""
    main = region("WINDOW")
    seen = np.array(main.data.perspective_matrix, float) @ np.array([*place, 1.0])
    across, up = 0.5 + seen[:2] / seen[3] / 2
    return round(main.x + across * main.width), round(main.y + up * main.height)


def corners_of_the_picture() -> list[tuple[int, int]]:
    """The pixels at which the corners of the camera's picture are drawn."""
    scene = window().scene
    corners = scene.camera.data.view_frame(scene=scene)
    return [pixel_of(scene.camera.matrix_world @ corner) for corner in corners]


def is_free(x: int, y: int) -> bool:
    """True if nothing lies over the view at a pixel."""
    over = [r for r in view().regions if r.x <= x < r.x + r.width and r.y <= y < r.y + r.height]
    return [r.type for r in over] == ["WINDOW"]


def point(x: int, y: int, key: str = "LEFTMOUSE") -> Iterator[float]:
    """Take the eyedropper and press a button or a key at a pixel."""
    call("llmviz.open_window", "INVOKE_DEFAULT")
    yield TICK
    mouse(x, y)
    yield TICK
    mouse(x, y, key, "PRESS")
    yield 2 * TICK
    mouse(x, y, key, "RELEASE")
    yield TICK


def named() -> list:
    """The block, column and row that the sidebar names."""
    settings = window().scene.llmviz
    return [settings.cell_block, settings.cell_column, settings.cell_row]


def name_cells(
    root: bpy.types.Collection, name: str, through: bpy.types.Object | None, count: int = 4
) -> Generator[float, None, list]:
    """Point at cells of a block; returns for each the name expected and the name given."""
    settings, dice = window().scene.llmviz, random.Random(f"{name} {through is None}")
    block = addon("scene").of_root(root).plan.anatomy.blocks[name]
    column, row = block.columns // 2, block.rows // 2
    look_at(place_of(root, block, column, row), through)
    yield 1.0
    pairs = []
    for _ in range(count):
        cell = [
            min(max(0, middle + dice.randint(-SPREAD, SPREAD)), size - 1)
            for middle, size in ((column, block.columns), (row, block.rows))
        ]
        x, y = pixel_of(place_of(root, block, *cell))
        assert is_free(x, y), f"{name} {cell} is not in the view"
        settings.cell_block, settings.cell_column, settings.cell_row = "", 0, 0
        yield from point(x, y)
        pairs.append([[name, *cell], named()])
        if addon("ui.inspecting").any_window(window().scene):
            call("llmviz.close_windows")
            yield TICK
    return pairs
