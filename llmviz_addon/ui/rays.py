"""Rays: from a pixel of a window to a line in the world, and back from the world to pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

if TYPE_CHECKING:
    import numpy as np

    Ray = tuple[np.ndarray, np.ndarray]


def view_under(
    screen: bpy.types.Screen, x: int, y: int
) -> tuple[bpy.types.SpaceView3D, bpy.types.Region, int, int] | None:
    """The 3D view at a pixel of a window, its region, and the pixel in it; None outside of them."""
    for area in screen.areas:
        if area.type != "VIEW_3D":
            continue
        # Sidebars lie over the view, so a pixel may be in several regions.
        over = [r for r in area.regions if r.width > 1 and _holds(r, x, y)]
        if len(over) == 1 and over[0].type == "WINDOW":
            region = over[0]
            return area.spaces.active, region, x - region.x, y - region.y
    return None


def _holds(region: bpy.types.Region, x: int, y: int) -> bool:
    within_x = region.x <= x < region.x + region.width
    return within_x and region.y <= y < region.y + region.height


def ray_through(view: bpy.types.RegionView3D, across: float, up: float) -> Ray:
    """Origin and direction, in the world, of the ray through a place in a view.

    Blender's own `region_2d_to_vector_3d` takes the difference of two points centimeters apart in
    single precision. Kilometers from the world's origin, that is many pixels off. Here the
    direction comes from the projection alone, and the view only rotates it.

    Parameters
    ----------
    view
        The view, with its own projection or a camera's, with or without perspective.
    across, up
        The place, from 0 at the left and the lower edge to 1.
    """
    import numpy as np

    to_world = np.linalg.inv(np.array(view.view_matrix, float))
    lens = np.array(view.window_matrix, float)
    place = np.array([2 * across - 1, 2 * up - 1])
    scale = lens[[0, 1], [0, 1]]
    if view.is_perspective:
        toward = np.array([*((place + lens[:2, 2]) / scale), -1.0])
        toward = to_world[:3, :3] @ toward
        # Nothing nearer is drawn.
        near = lens[2, 3] / (lens[2, 2] - 1.0)
        return to_world[:3, 3] + near * toward, toward
    # The plane at which the view begins to draw, which lies behind the viewer in most views without
    # perspective.
    near = -(1.0 + lens[2, 3]) / lens[2, 2]
    start = np.array([*((place - lens[:2, 3]) / scale), near])
    return to_world[:3, :3] @ start + to_world[:3, 3], -to_world[:3, 2]


def pixels_of(
    view: bpy.types.RegionView3D, size: tuple[int, int], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The pixels of a view at which places in the world are drawn.

    Parameters
    ----------
    size
        Width and height of the view.
    places
        (..., 3) meters.

    Returns
    -------
    numpy.ndarray
        (..., 2) from the lower left corner; meaningless where the place is behind the viewer.
    numpy.ndarray
        (...) True where it is before the viewer.
    """
    import numpy as np

    # In two steps, since Blender's product of both has single precision.
    whole = np.array(view.window_matrix, float) @ np.array(view.view_matrix, float)
    seen = places @ whole[:, :3].T + whole[:, 3]
    depth = seen[..., 3:]
    before = depth[..., 0] > 1e-9
    with np.errstate(divide="ignore", invalid="ignore"):
        across = 0.5 + 0.5 * seen[..., :2] / depth
    return across * np.array(size, float), before
