"""What can be opened up in a scene: its slabs' blocks, and the cell under the mouse.

Which block is chosen is asked of the scene: the active object where it is a slab of ours that was
activated since a block was last typed, else what was typed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import bpy

from . import state
from .bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..anatomy import Hit
    from ..detail import Plan

    Ray = tuple[np.ndarray, np.ndarray]

# Names that a search offers at once.
_MOST_FOUND = 200

# Metres behind a view without perspective at which its rays begin, so that they miss nothing.
_BEHIND = 1e5

# The latest plans, by what they were made from.
_plans: Bounded[tuple, Plan] = Bounded(4)


def slab_roots(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Roots of the models that have slabs."""
    return [root for root in state.standing(scene) if "slabs" in state.ways_of(root)]


def any_window(scene: bpy.types.Scene) -> bool:
    """Whether a slab is opened up anywhere."""
    from ..scene.names import WINDOW_OF

    return any(WINDOW_OF in obj for root in slab_roots(scene) for obj in root.all_objects)


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
    names = (name for root in slab_roots(settings.id_data) for name in slab_blocks(root))
    found = (name for name in names if all(word in name.lower() for word in words))
    return list(dict.fromkeys(islice(found, _MOST_FOUND)))


def slab_blocks(root: bpy.types.Collection) -> list[str]:
    """Names of a model's blocks that are drawn as slabs."""
    plan = plan_for(root)
    slabs = (bundle for bundle in plan.bundles if plan.ways[bundle.name] == "slab")
    return [block.name for bundle in slabs for block in bundle.blocks]


def plan_for(root: bpy.types.Collection) -> Plan:
    """How a model is drawn; kept, since panels ask often and planning takes a while."""
    from ..scene.standing.recipe import config_of, plan_of, recipe_of

    made_from = (root.session_uid, recipe_of(root), config_of(root))
    if made_from not in _plans:
        _plans[made_from] = plan_of(root)
    return _plans[made_from]


def _first_block(scene: bpy.types.Scene, name: str) -> str:
    """The first block of what an object shows: itself, or the first of those that share it."""
    for root in slab_roots(scene):
        for bundle in plan_for(root).bundles:
            if bundle.name == name:
                return bundle.first.name
    return name


def ray_under(screen: bpy.types.Screen, x: int, y: int) -> Ray | None:
    """Origin and direction of the ray under a pixel of a window; None outside of 3D views."""
    for area in screen.areas:
        if area.type != "VIEW_3D":
            continue
        # Sidebars lie over the view.
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

    Blender's own `region_2d_to_vector_3d` takes the difference of two points centimetres apart in
    single precision: kilometres from the world's middle that is many pixels off. Here the direction
    comes from the projection alone, and the view only turns it.

    Parameters
    ----------
    view
        What projects, perspective or not, a camera's or the view's own.
    across, up
        From 0 at the left and lower edge to 1.
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
    for root in state.standing(scene):
        to_world = _cells_to_world(root)
        back = np.linalg.inv(to_world)
        start, way = back[:3, :3] @ origin + back[:3, 3], back[:3, :3] @ toward
        if not _meets(root, start, way):
            continue
        hit = plan_for(root).anatomy.pick(start, way)
        if hit is None:
            continue
        # Models may be of different size in the world, so metres decide.
        place = to_world[:3, :3] @ hit.point + to_world[:3, 3]
        away = float(np.linalg.norm(place - origin))
        if away < nearest:
            nearest, found = away, hit
    return found


def _meets(root: bpy.types.Collection, start: np.ndarray, way: np.ndarray) -> bool:
    """Whether a ray, in cells, meets a model's box: to plan a large model takes a while."""
    import numpy as np

    from ..scene.drawn.blocks import CELL
    from ..scene.names import BOX
    from ..scene.standing.tree import anchor_of

    corners = anchor_of(root).get(BOX)
    if corners is None:
        return True
    low, high = np.reshape(list(corners), (2, 3)) / CELL
    with np.errstate(divide="ignore", invalid="ignore"):
        sides = np.stack([(low - start) / way, (high - start) / way])
    # A ray along a face of the box is on both sides of it.
    enter, leave = np.nanmin(sides, axis=0).max(), np.nanmax(sides, axis=0).min()
    return bool(leave >= max(enter, 0.0))


def _cells_to_world(root: bpy.types.Collection) -> np.ndarray:
    """(4, 4) from cells of a model to metres of the world."""
    import numpy as np

    from ..scene.drawn.blocks import CELL
    from ..scene.standing.tree import anchor_of

    anchor = anchor_of(root)
    # Blender does not keep the world matrix of what is hidden, and the anchor always is.
    placed = np.array(anchor.matrix_basis)
    if anchor.parent is not None:
        above = anchor.parent.matrix_world @ anchor.matrix_parent_inverse
        placed = np.array(above) @ placed
    return placed @ np.diag([CELL, CELL, CELL, 1.0])
