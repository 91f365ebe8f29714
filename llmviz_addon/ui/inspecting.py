"""The choice of the cell to inspect in a scene: a block and a cell, typed or under the mouse.

The chosen block is that of the active object, if that shows one and was activated after a block was
last typed or picked; otherwise it is the typed or picked one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import bpy

from . import state

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from ..anatomy import Anatomy
    from ..scene import Standing

    Ray = tuple[np.ndarray, np.ndarray]

# The least volume of a cell in the world, in m³; one of usual size has (0.02 m)³. With less, a
# model is flat, and a ray cannot hit its cells.
_FLAT = 1e-18

# Meters behind a view without perspective at which its rays begin, so that they miss nothing.
_BEHIND = 1e5


class Pointed(NamedTuple):
    """A cell under the mouse: the id of its model, its block's name, column and row."""

    model: str
    block: str
    column: int
    row: int


def with_slabs(scene: bpy.types.Scene) -> list[Standing]:
    """The models that have slabs."""
    from ..scene import names

    # Panels ask often, so marks are read without telling originals from copies.
    marks = {str(o.get(names.MODEL)) for o in scene.objects if o.get(names.DRAWN_AS) == "slab"}
    return [model for model in state.models(scene) if model.id in marks] if marks else []


def any_window(scene: bpy.types.Scene) -> bool:
    """True if a slab is opened up anywhere."""
    return any(model.windows for model in with_slabs(scene))


def block_of(obj: bpy.types.Object | None) -> str:
    """The name of the block that an object shows; empty for all other objects."""
    from ..scene import names

    return "" if obj is None else str(obj.get(names.BLOCK, ""))


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


def cell_block(settings: bpy.types.PropertyGroup) -> str:
    """The block to inspect."""
    active = _chosen_in_view(settings)
    if active is None:
        return settings.cell_block_kept
    return _first_block(settings.id_data, active)


def set_cell_block(settings: bpy.types.PropertyGroup, text: str) -> None:
    """Choose a block by name or by words, or a cell as it is written, whatever is active."""
    from .. import explain

    found = _anatomies(settings.id_data)
    name = text.strip()
    for anatomy in found:
        if "[" in name:
            try:
                name, settings.cell_column, settings.cell_row = explain.parse(anatomy, name)
                break
            except explain.CellError:
                continue
    if name and not any(name in anatomy.blocks for anatomy in found):
        likely = (explain.search(anatomy, name, 1) for anatomy in found)
        name = next((names[0] for names in likely if names), name)
    _keep(settings, name, "")


def choose(settings: bpy.types.PropertyGroup, cell: Pointed) -> None:
    """Choose a cell that was pointed at."""
    _keep(settings, cell.block, cell.model)
    settings.cell_column, settings.cell_row = cell.column, cell.row


def _keep(settings: bpy.types.PropertyGroup, block: str, model: str) -> None:
    active = active_of(settings.id_data)
    settings.cell_object_kept = "" if active is None else active.name
    settings.cell_block_kept, settings.cell_model_kept = block, model


def _chosen_in_view(settings: bpy.types.PropertyGroup) -> bpy.types.Object | None:
    """The active object where it shows a block and was activated after one was typed or picked."""
    active = active_of(settings.id_data)
    if not block_of(active) or active.name == settings.cell_object_kept:
        return None
    return active


def model_with(scene: bpy.types.Scene, block: str) -> Standing | None:
    """The model that is meant by a block's name: the one picked or active, else the first with it.

    Where none has such a block, the first model; None where there is none.
    """
    from ..scene import names

    settings, active = scene.llmviz, active_of(scene)
    picked = settings.cell_model_kept if _chosen_in_view(settings) is None else ""
    selected = "" if active is None else str(active.get(names.MODEL, ""))
    found = sorted(
        state.models(scene), key=lambda model: (model.id != picked, model.id != selected)
    )
    having = (model for model in found if block in model.plan.anatomy.blocks)
    return next(having, next(iter(found), None))


def search_blocks(
    settings: bpy.types.PropertyGroup, _context: bpy.types.Context, text: str
) -> list[str]:
    """Names of blocks that `text` describes, the likeliest first."""
    from .. import explain

    found = (explain.search(anatomy, text) for anatomy in _anatomies(settings.id_data))
    return list(dict.fromkeys(name for names in found for name in names))


def _anatomies(scene: bpy.types.Scene) -> list[Anatomy]:
    """The blocks of all models whose recipe can be read."""
    return [m.plan.anatomy for m in state.models(scene) if state.recipe_of(m) is not None]


def slab_blocks(model: Standing) -> list[str]:
    """Names of a model's blocks that are drawn as slabs."""
    plan = model.plan
    slabs = (bundle for bundle in plan.bundles if plan.ways[bundle.name] == "slab")
    return [block.name for bundle in slabs for block in bundle.blocks]


def _first_block(scene: bpy.types.Scene, shown: bpy.types.Object) -> str:
    """The first block of what an object shows: itself, or the first of those that share it."""
    name = block_of(shown)
    for model in state.models(scene):
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


def cell_at(
    scene: bpy.types.Scene, origin: Sequence[float], toward: Sequence[float]
) -> Pointed | None:
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
            nearest, found = away, Pointed(model.id, hit.block, hit.column, hit.row)
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
