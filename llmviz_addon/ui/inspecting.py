"""The choice of what to open up in a scene: a block drawn as a slab, and a cell under the mouse.

The chosen block is that of the active object, if it is a slab that was activated after a block was
last typed in the sidebar; otherwise it is the typed one.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import bpy

from . import state

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..anatomy import Hit
    from ..scene import Standing

    Ray = tuple[np.ndarray, np.ndarray]

# The most names that a search offers at once.
_MOST_FOUND = 200

# The least volume of a cell in the world, in m³; one of usual size has (0.02 m)³. With less, a
# model is flat, and a ray cannot hit its cells.
_FLAT = 1e-18

# Meters behind a view without perspective at which its rays begin, so that they miss nothing.
_BEHIND = 1e5


def with_slabs(scene: bpy.types.Scene) -> list[Standing]:
    """The models that have slabs."""
    return [model for model in state.models(scene) if "slabs" in state.ways_of(model)]


def any_window(scene: bpy.types.Scene) -> bool:
    """True if a slab is opened up anywhere."""
    return any(model.windows for model in with_slabs(scene))


def slab_of(obj: bpy.types.Object | None) -> str:
    """The name of the block that an object shows as a slab; empty for all other objects."""
    from ..scene import names

    if obj is None or obj.get(names.DRAWN_AS) != "slab":
        return ""
    return str(obj.get(names.BLOCK, ""))


def active_of(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The active object where it is in this scene's view layer."""
    layer = bpy.context.view_layer
    active = layer.objects.active if layer is not None else None
    return active if active is not None and active.name in scene.objects else None


def worded(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The active object where it shows words that can be written anew; else None.

    A tile of a strip has several in one mesh, which say what the model read and predicted.
    """
    from ..scene import names

    active = active_of(scene)
    if active is None or names.TEXT not in active or active.mode != "OBJECT":
        return None
    if names.SETTING not in active.data or active.library or active.data.library:
        return None
    return active


def words(settings: bpy.types.PropertyGroup) -> str:
    """The words of the active object; empty where it has none."""
    from ..scene import names

    active = worded(settings.id_data)
    return "" if active is None else str(active[names.TEXT])


def set_words(settings: bpy.types.PropertyGroup, said: str) -> None:
    """Write the words of the active object anew."""
    from ..scene import rewrite

    active = worded(settings.id_data)
    if active is not None:
        rewrite(active, said)


def window_block(settings: bpy.types.PropertyGroup) -> str:
    """The block to open up."""
    active = active_of(settings.id_data)
    chosen = slab_of(active)
    if chosen and active.name != settings.window_object_kept:
        return _first_block(settings.id_data, chosen)
    return settings.window_block_kept


def set_window_block(settings: bpy.types.PropertyGroup, name: str) -> None:
    """Choose a block by name, whatever is active."""
    active = active_of(settings.id_data)
    settings.window_object_kept = "" if active is None else active.name
    settings.window_block_kept = name


def search_blocks(
    settings: bpy.types.PropertyGroup, _context: bpy.types.Context, text: str
) -> list[str]:
    """Names of blocks that are drawn as slabs and have all words of `text` in them."""
    words = text.lower().split()
    names = (name for model in with_slabs(settings.id_data) for name in slab_blocks(model))
    found = (name for name in names if all(word in name.lower() for word in words))
    return list(dict.fromkeys(islice(found, _MOST_FOUND)))


def slab_blocks(model: Standing) -> list[str]:
    """Names of a model's blocks that are drawn as slabs."""
    plan = model.plan
    slabs = (bundle for bundle in plan.bundles if plan.ways[bundle.name] == "slab")
    return [block.name for bundle in slabs for block in bundle.blocks]


def _first_block(scene: bpy.types.Scene, name: str) -> str:
    """The first block of what an object shows: itself, or the first of those that share it."""
    for model in with_slabs(scene):
        for bundle in model.plan.bundles:
            if bundle.name == name:
                return bundle.first.name
    return name


def ray_under(screen: bpy.types.Screen, x: int, y: int) -> Ray | None:
    """Origin and direction of the ray under a pixel of a window; None outside of 3D views."""
    for area in screen.areas:
        if area.type != "VIEW_3D":
            continue
        # Sidebars lie over the view, so a pixel may be in several regions.
        over = [r for r in area.regions if r.width > 1 and _holds(r, x, y)]
        if len(over) == 1 and over[0].type == "WINDOW":
            region = over[0]
            across, up = (x - region.x) / region.width, (y - region.y) / region.height
            return ray_through(region.data, across, up)
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
        return to_world[:3, 3], to_world[:3, :3] @ toward
    start = np.array([*((place - lens[:2, 3]) / scale), _BEHIND])
    return to_world[:3, :3] @ start + to_world[:3, 3], -to_world[:3, 2]


def cell_at(scene: bpy.types.Scene, origin: Sequence[float], toward: Sequence[float]) -> Hit | None:
    """The nearest cell of any model that a ray in the world hits."""
    import numpy as np

    nearest, found = float("inf"), None
    for model in state.models(scene):
        to_world = _cells_to_world(model)
        if to_world is None or not model.is_arranged:
            continue
        back = np.linalg.inv(to_world)
        start, way = back[:3, :3] @ origin + back[:3, 3], back[:3, :3] @ toward
        if not _meets(model, start, way):
            continue
        hit = model.plan.anatomy.pick(start, way)
        if hit is None:
            continue
        # Cells of scaled models differ in size, so distances are compared in meters.
        place = to_world[:3, :3] @ hit.point + to_world[:3, 3]
        away = float(np.linalg.norm(place - origin))
        if away < nearest:
            nearest, found = away, hit
    return found


def _meets(model: Standing, start: np.ndarray, way: np.ndarray) -> bool:
    """True if a ray, in cells, meets a model's box: a quick test, since planning takes a while."""
    import numpy as np

    from ..scene.names import BOX
    from ..scene.style.kit import CELL

    corners = model.anchor.get(BOX)
    if corners is None:
        return True
    low, high = np.reshape(list(corners), (2, 3)) / CELL
    with np.errstate(divide="ignore", invalid="ignore"):
        sides = np.stack([(low - start) / way, (high - start) / way])
    # A ray along a face of the box divides zero by zero; the NaN is left out.
    enter, leave = np.nanmin(sides, axis=0).max(), np.nanmax(sides, axis=0).min()
    return bool(leave >= max(enter, 0.0))


def _cells_to_world(model: Standing) -> np.ndarray | None:
    """(4, 4) matrix from a model's cells to meters of the world.

    None where no cell can be found, because the anchor was deleted, or scaled to nothing.
    """
    import numpy as np

    from ..scene.standing.place import matrix_of
    from ..scene.style.kit import CELL

    if model.anchor is None:
        return None
    placed = np.array(matrix_of(model.anchor)) @ np.diag([CELL, CELL, CELL, 1.0])
    return placed if abs(np.linalg.det(placed)) > _FLAT else None
