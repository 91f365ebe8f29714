"""A view turned to a cell: where the cell is in the world, and where the view must stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

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
    import numpy as np

    from ..scene.standing.place import matrix_of
    from ..scene.style.kit import CELL

    anchor = model.anchor
    if anchor is None:
        return None
    block_of = model.plan.anatomy.blocks[block]
    bundle, _ = model.plan.by_block[block]
    first = np.array(bundle.first.origin)
    right, up = block_of.spec.places(column, row)
    within = np.array(block_of.origin) + [right, 0.0, up] - first
    stands = np.diag([CELL, CELL, CELL, 1.0])
    stands[:3, 3] = first * CELL
    obj = model.blocks.get(bundle.name)
    # Where a slab's object has its origin depends on what is opened up, so only cubes are followed
    # when a person moves a single block.
    if obj is not None and obj.parent == anchor and model.plan.ways[bundle.name] == "cubes":
        stands = np.array(obj.matrix_parent_inverse @ obj.matrix_basis, float)
    # Blender does not keep the anchor's own world matrix up to date, since it is hidden.
    to_world = np.array(matrix_of(anchor), float) @ stands
    size = float(np.linalg.norm(to_world[:3, [0, 2]], axis=0).max())
    return to_world[:3, :3] @ within + to_world[:3, 3], size


def size_of(area: bpy.types.Area | None) -> tuple[int, int]:
    """Width and height of an area's view, in pixels."""
    regions = () if area is None else area.regions
    view = next((region for region in regions if region.type == "WINDOW"), None)
    return (1, 1) if view is None else (max(view.width, 1), max(view.height, 1))


def turn_to(
    space: bpy.types.SpaceView3D, size: tuple[int, int], place: np.ndarray, cell: float
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
    """
    view = space.region_3d
    if view.view_perspective == "CAMERA":
        turn = view.view_matrix.inverted().to_quaternion()
        view.view_perspective = "PERSP"
        view.view_rotation = turn
    # The longer side of the view sees as many meters as the sensor is long, at the lens's distance.
    longer = _ACROSS * cell * max(size) / min(size)
    distance = longer * space.lens / _SENSOR
    view.view_location = [float(each) for each in place]
    view.view_distance = distance
    space.clip_start = min(space.clip_start, distance * _NEAR)
