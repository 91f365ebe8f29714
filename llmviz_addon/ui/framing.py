"""A view turned to a cell: where the cell is in the world, and where the view must stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from mathutils import Vector

from .flight import Stand, fly

if TYPE_CHECKING:
    import numpy as np

    from ..scene import Standing

# Cells that fit into the shorter side of a view.
_ACROSS = 20

# The width of a view's sensor, in mm: twice a camera's.
_SENSOR = 72.0

# Least distance of what is drawn in a view, as a share of the distance to the cell.
_NEAR = 1 / 20


def place_of(model: Standing, block: str, column: int, row: int) -> tuple[np.ndarray, float] | None:
    """The middle of a cell in the world, (3,) meters, and the size of a cell there.

    It follows the model and the block's object, wherever a person has put and scaled them. None
    where the model has lost its anchor.
    """
    from ..scene.pointing import Field, middle_of

    ground = Field([model]).grounds.get(model.id)
    return None if ground is None else middle_of(ground, block, column, row)


def is_in_view(region: bpy.types.Region, place: np.ndarray, _size: float) -> bool:
    """True if a place in the world is in a view, well within its edges."""
    import numpy as np

    from . import rays

    size = np.array([region.width, region.height], float)
    (pixel,), (before,) = rays.pixels_of(region.data, (region.width, region.height), place[None])
    return bool(before and (pixel > 0.03 * size).all() and (pixel < 0.97 * size).all())


def size_of(area: bpy.types.Area | None) -> tuple[int, int]:
    """Width and height of an area's view, in pixels."""
    regions = () if area is None else area.regions
    view = next((region for region in regions if region.type == "WINDOW"), None)
    return (1, 1) if view is None else (max(view.width, 1), max(view.height, 1))


def turn_to(
    space: bpy.types.SpaceView3D,
    size: tuple[int, int],
    place: np.ndarray,
    cell: float,
    area: bpy.types.Area | None = None,
) -> None:
    """Have a view look at a place from its own direction, near enough to tell cells apart.

    Parameters
    ----------
    space
        The view; one that looks through a camera leaves it and keeps its direction.
    size
        Its width and height.
    place
        (3,) in the world, which comes to the middle.
    cell
        The size of a cell in meters.
    area
        The area of the view, which then flies there; without it, the view is there at once.
    """
    view = space.region_3d
    if view.view_perspective == "CAMERA":
        turn = view.view_matrix.inverted().to_quaternion()
        view.view_perspective = "PERSP"
        view.view_rotation = turn
    # The longer side of the view sees as many meters as the sensor is long, at the lens's distance.
    longer = _ACROSS * cell * max(size) / min(size)
    distance = longer * space.lens / _SENSOR
    end = Stand(view.view_rotation.copy(), Vector(map(float, place)), distance)
    fly(area, space, end)
    space.clip_start = min(space.clip_start, distance * _NEAR)
