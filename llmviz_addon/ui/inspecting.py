"""The choice of the cell to inspect in a scene: a block and a cell, typed or under the mouse.

The chosen block is that of the active object, if that shows one and was activated after a block was
last typed or picked; otherwise it is the typed or picked one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import state
from .translating import language

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..scene import Standing
    from ..scene.pointing import Pointed


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
        likely = (explain.search(anatomy, name, language(), 1) for anatomy in found)
        name = next((names[0] for names in likely if names), name)
    _keep(settings, name, "")


def choose(settings: bpy.types.PropertyGroup, cell: Pointed) -> None:
    """Choose a cell that was pointed at."""
    _keep(settings, cell.block, cell.model)
    settings.cell_column, settings.cell_row = cell.column, cell.row


def keep_block(settings: bpy.types.PropertyGroup, block: str) -> None:
    """Go on asking for a block, whatever was made active meanwhile."""
    _keep(settings, block, settings.cell_model_kept)


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

    found = (explain.search(anatomy, text, language()) for anatomy in _anatomies(settings.id_data))
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
