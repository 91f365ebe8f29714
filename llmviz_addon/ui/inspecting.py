"""What can be opened up in a scene: its slabs' blocks, and the cell under a ray.

Which block is chosen is asked of the scene: the active object where it is a slab of ours that was
activated since a block was last typed, else what was typed.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix, Vector

from . import state

if TYPE_CHECKING:
    from ..anatomy import Hit
    from ..detail import Plan

# Names that a search offers at once, and plans that are kept.
_MOST_FOUND, _MOST_KEPT = 200, 4

# Plans by what they were made from.
_plans: dict[tuple, Plan] = {}


def slab_roots(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    """Roots of the models that have slabs."""
    return [root for root in state.standing(scene) if "slabs" in state.ways_of(root)]


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
    from ..scene.recipe import config_of, plan_of, recipe_of

    made_from = (root.session_uid, recipe_of(root), config_of(root))
    if made_from not in _plans:
        while len(_plans) >= _MOST_KEPT:
            del _plans[next(iter(_plans))]
        _plans[made_from] = plan_of(root)
    return _plans[made_from]


def _first_block(scene: bpy.types.Scene, name: str) -> str:
    """The first block of what an object shows: itself, or the first of those that share it."""
    for root in slab_roots(scene):
        for bundle in plan_for(root).bundles:
            if bundle.name == name:
                return bundle.first.name
    return name


def cell_at(scene: bpy.types.Scene, origin: Vector, direction: Vector) -> Hit | None:
    """The nearest cell of a model with slabs that a ray in the world hits."""
    nearest, found = float("inf"), None
    for root in slab_roots(scene):
        to_world = _cells_to_world(root)
        back = to_world.inverted()
        hit = plan_for(root).anatomy.pick(back @ origin, back.to_3x3() @ direction)
        if hit is None:
            continue
        # Models may be of different size in the world, so metres decide.
        away = (to_world @ Vector(hit.point) - origin).length
        if away < nearest:
            nearest, found = away, hit
    return found


def _cells_to_world(root: bpy.types.Collection) -> Matrix:
    """From cells of a model to metres of the world."""
    from ..scene.blocks import CELL
    from ..scene.tree import anchor_of

    anchor = anchor_of(root)
    # Blender does not keep the world matrix of what is hidden, and the anchor always is.
    placed = anchor.matrix_basis
    if anchor.parent is not None:
        placed = anchor.parent.matrix_world @ anchor.matrix_parent_inverse @ placed
    return placed @ Matrix.Scale(CELL, 4)
