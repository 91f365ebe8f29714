"""Views from which a cell is seen, as Blender itself finds it, and the pixel at which it is.

Runs inside Blender, like `hands`. What is seen is asked of Blender's own rays, which meet the
cubes and slabs that are drawn, so that it is independent of how the extension picks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import product

import bpy
import pointing
from hands import addon, region, view, window
from mathutils import Euler, Quaternion, Vector

# Degrees up from straight down and around the vertical, the usual view first, and distances in
# cells, for the view must come near where blocks stand close before others.
_TURNS = ((75, -15), (75, 20), (60, -30), (60, 30), (85, 0), (45, 0), (80, -55), (80, 55))
_AWAY = (26, 16, 10, 6, 4, 2.5)


def front_of(model: object, block: str, column: int, row: int) -> tuple[Vector, float]:
    """The middle of the front of a cell's cube, wherever its object stands, and a cell's size."""
    found = addon("scene.pointing")
    ground = found.Field([model]).grounds[model.id]
    place, size = found.middle_of(ground, block, column, row)
    place = place - 0.45 * ground.matrix(block)[:3, 1]
    return Vector(map(float, place)), size


def look(model: object, block: str, column: int, row: int, kind: str = "PERSP") -> tuple[int, int]:
    """Have the view stand where a cell is seen; returns the pixel at which it is.

    Parameters
    ----------
    kind
        "PERSP" or "ORTHO"; or "CAMERA" or "ORTHO CAMERA", where the view looks through the scene's
        camera, which is put there.
    """
    place, size = front_of(model, block, column, row)
    for away, turn in product(_AWAY, _TURNS):
        tilt, around = map(math.radians, turn)
        _stand(Euler((tilt, 0, around)).to_quaternion(), place, away * size, kind)
        if _is_seen(place, size):
            return pointing.pixel_of(place)
    raise AssertionError(f"{block}[{column}, {row}] is hidden from everywhere")


def around(model: object, block: str, column: int, row: int) -> list[tuple[int, int]]:
    """The pixels at which some cells around one are, wherever the view stands."""
    found = model.plan.anatomy.blocks[block]
    cells = {
        (min(max(column + across, 0), found.columns - 1), min(max(row + down, 0), found.rows - 1))
        for across, down in product((-1, 0, 1, 2), repeat=2)
    }
    return [pointing.pixel_of(front_of(model, block, *cell)[0]) for cell in sorted(cells)]


def _stand(turn: Quaternion, place: Vector, away: float, kind: str) -> None:
    space, seen = view().spaces.active, view().spaces.active.region_3d
    space.clip_start = min(0.01, away / 20)
    if kind.endswith("CAMERA"):
        camera = window().scene.camera
        camera.rotation_mode, camera.rotation_quaternion = "QUATERNION", turn
        camera.location = place + turn @ Vector((0, 0, away))
        camera.data.clip_start = min(0.01, away / 20)
        camera.data.type, camera.data.ortho_scale = "ORTHO" if "ORTHO" in kind else "PERSP", away
        seen.view_perspective = "CAMERA"
        seen.view_camera_zoom, seen.view_camera_offset = 12.0, (0.05, -0.03)
        bpy.context.view_layer.update()
    else:
        seen.view_perspective = kind
        seen.view_rotation, seen.view_location, seen.view_distance = turn, place, away
    seen.update()


def _is_seen(place: Vector, size: float) -> bool:
    """True if Blender's ray from the viewer to a cell meets nothing before the cell itself."""
    seen = region("WINDOW").data
    back = seen.view_matrix.inverted()
    toward = back.to_3x3() @ Vector((0, 0, -1))
    start = back.translation
    if seen.is_perspective:
        toward = (place - start).normalized()
    else:
        start = place - 40 * size * toward
    graph = bpy.context.evaluated_depsgraph_get()
    hit, at, *_ = window().scene.ray_cast(graph, start, toward)
    return hit and (at - place).length < 0.2 * size


def cells_of_all_kinds(model: object) -> Iterator[tuple[str, str, int, int]]:
    """For each role of blocks, one block within the model and a computed cell in its middle."""
    found = {}
    for block in model.plan.anatomy.blocks.values():
        if block.layer in (None, 1) and block.head in (None, 1):
            found[block.role] = block
    n_tokens = model.plan.computed or model.plan.anatomy.n_tokens
    for role, block in found.items():
        columns, rows = block.extent(n_tokens)
        cell = columns // 2, rows // 2
        yield role, block.name, *(sorted(cell) if block.causal else cell)
