"""Blocks of cubes that are far away, rendered as slabs for the time of one picture.

A cube costs a renderer much more than a cell that is drawn on a slab, and where a cell covers only
a few pixels nobody can tell them apart. So for each picture, blocks whose nearest cell is that
small are hidden, and slabs with the same numbers stand in their place. All far blocks whose numbers
fit on one page are one object, since everything that tells blocks apart is an attribute of their
bricks. Nothing of it stays in the scene, which renders without the extension as well, only slower.

Only blocks that are as they were made are replaced: what a person has given other modifiers,
another way of standing, or settings of its own for rendering stays cubes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ...detail import Bundle, Layout, bricks, lay_out
from ...detail.levels import patches, to_bytes
from ...detail.pages import write
from ...walkthrough.framing import SENSOR
from .. import compat, names
from ..attributes import read_attribute, write_attribute
from ..drawn import images
from ..standing import place
from ..standing.standing import Standing
from ..style import looks, materials
from ..style.kit import CELL, Kit

# Pixels across a cell below which it is drawn on a slab.
TELLING = 6.0

# Properties of a block that the material of slabs reads, with the type of an attribute for each.
_READ = {
    names.TRAITS: "FLOAT_VECTOR",
    names.PROGRESS: "FLOAT",
    names.HIGHLIGHT: "FLOAT",
    names.OPACITY: "FLOAT",
    names.FOCUS_COLUMN: "FLOAT",
}

# How an object must stand for its cells to be where its bundle says, up to a shift.
_AS_MADE = {
    "hide_render": False,
    "is_holdout": False,
    "is_shadow_catcher": False,
    "visible_camera": True,
    "visible_shadow": True,
    "visible_glossy": True,
    "visible_diffuse": True,
    "pass_index": 0,
}


@contextmanager
def drawn_as_slabs(
    standing: Standing, camera: bpy.types.Object, longer: int
) -> Iterator[list[bpy.types.Material]]:
    """Have far blocks of cubes drawn as slabs; gives the materials of these slabs.

    Parameters
    ----------
    standing
        The model.
    camera
        A perspective camera; the scene is at the picture's frame.
    longer
        Pixels along the picture's longer side.
    """
    chosen = _far(standing, camera, longer)
    made: list[bpy.types.ID] = []
    shown: list[bpy.types.Material] = []
    try:
        if chosen:
            shown = _slabs(standing, chosen, made)
            for obj in chosen.values():
                obj.hide_render = True
        yield shown
    finally:
        for obj in chosen.values():
            obj.hide_render = False
        # Objects first, then what they use.
        bpy.data.batch_remove(made)


def _far(
    standing: Standing, camera: bpy.types.Object, longer: int
) -> dict[Bundle, bpy.types.Object]:
    """The blocks of a model that are drawn as cubes, as they were made, and far away."""
    anchor, run, scene = standing.anchor, standing.run, standing.scene
    blurred = scene.render.use_motion_blur
    if anchor is None or run is None or blurred or camera.data.type != "PERSP":
        return {}
    plan = standing.plan
    seen = _rendered(standing)
    eye = np.array(place.matrix_of(anchor).inverted_safe() @ camera.matrix_world.translation)
    least = camera.data.lens / SENSOR * longer / TELLING  # cells
    chosen = {}
    for bundle in plan.bundles:
        obj = standing.blocks.get(bundle.name)
        if obj is None or plan.ways[bundle.name] != "cubes" or not _as_made(obj, anchor):
            continue
        if not seen.issuperset(obj.users_collection):
            continue
        low, high = _box(bundle, obj)
        away = np.linalg.norm(np.maximum(np.maximum(low - eye, eye - high), 0.0)) / CELL
        if away > least:
            chosen[bundle] = obj
    return chosen


def _rendered(standing: Standing) -> set[bpy.types.Collection]:
    """The collections that the view layer of the picture renders as usual."""
    found: set[bpy.types.Collection] = set()
    layer = next((layer for layer in standing.scene.view_layers if layer.use), None)
    places = [] if layer is None else [layer.layer_collection]
    while places:
        here = places.pop()
        usual = not (here.exclude or here.holdout or here.indirect_only)
        if usual and not here.collection.hide_render:
            found.add(here.collection)
            places += here.children
    return found


def _as_made(obj: bpy.types.Object, anchor: bpy.types.Object) -> bool:
    """True if an object stands, and is drawn, as a block of cubes is made."""
    modifiers = list(obj.modifiers)
    stands = (
        obj.parent == anchor
        and obj.matrix_parent_inverse.is_identity
        and not obj.constraints
        and all(abs(turn) < 1e-6 for turn in obj.rotation_euler)
        and all(abs(side / CELL - 1) < 1e-5 for side in obj.scale)
        and all(abs(side - 1) < 1e-5 for side in obj.delta_scale)
        and all(abs(turn) < 1e-6 for turn in obj.delta_rotation_euler)
    )
    plain = len(modifiers) == 1 and modifiers[0].show_render and modifiers[0].type == "NODES"
    if not stands or not plain or any(getattr(obj, k) != v for k, v in _AS_MADE.items()):
        return False
    group = modifiers[0].node_group
    return group is not None and bool(group.get(names.OURS))


def _box(bundle: Bundle, obj: bpy.types.Object) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest corner of a block, in meters from its anchor."""
    corners = [corner for block in bundle.blocks for corner in block.bounds]
    shift = _place(obj) - np.array(bundle.first.origin) * CELL
    return np.min(corners, axis=0) * CELL + shift, np.max(corners, axis=0) * CELL + shift


def _place(obj: bpy.types.Object) -> np.ndarray:
    """The place of a block, in meters from its anchor, where a film may have moved it."""
    return np.array(obj.location) + np.array(obj.delta_location)


def _slabs(
    standing: Standing, chosen: dict[Bundle, bpy.types.Object], made: list[bpy.types.ID]
) -> list[bpy.types.Material]:
    """Stand slabs in place of blocks; what is made is added to `made`."""
    plan, run, kit = standing.plan, standing.run, Kit([standing.root])
    chosen_look = looks.load(standing.recipe.look)
    look = materials.cell_values(chosen_look, chosen_look.colors(standing.recipe.accessible))
    layout = lay_out(chosen, plan.computed)
    pages = [images.blank(height) for height in layout.heights]
    on_page: dict[int, list[Bundle]] = defaultdict(list)
    gains = {}
    for bundle, obj in chosen.items():
        on_page[layout.places[bundle.first.name].page].append(bundle)
        gains[bundle] = _write(pages, layout, bundle, obj, plan.computed)
    shown = []
    for number, page in enumerate(pages):
        averages = images.coarse(patches(page.texels)).png()
        values, coarse = images.make_page("LLM Far Page", page.png(), averages)
        given = materials.Page(values, coarse, layout.heights[number], run.n_prompt, run.n_tokens)
        material = materials.slab(kit.cell_color, kit.slab_cells, given)
        materials.set_values(material.node_tree, look)
        # A person may have changed the material of cubes.
        materials.set_values(material.node_tree, materials.values_of(kit.cell.node_tree))
        obj = bpy.data.objects.new("LLM Far Blocks", bpy.data.meshes.new("LLM Far Blocks"))
        made[:0] = [obj]
        made += [obj.data, material, values, coarse]
        _fill(obj, [(b, chosen[b], gains[b]) for b in on_page[number]], plan.computed, layout)
        obj.parent = standing.anchor
        obj.scale = (CELL, CELL, CELL)
        obj.hide_viewport = obj.hide_select = True
        modifier = obj.modifiers.new(names.GROUP_SLABS, "NODES")
        modifier.node_group = kit.slabs
        compat.set_modifier_input(modifier, "Material", material)
        standing.root.objects.link(obj)
        shown.append(material)
    return shown


def _write(
    pages: list[images.PageFile],
    layout: Layout,
    bundle: Bundle,
    obj: bpy.types.Object,
    computed: int,
) -> np.ndarray:
    """Write the numbers of a bundle's cubes to their page; returns the gain of each block."""
    count = len(bundle.blocks)
    value = read_attribute(obj.data, names.VALUE).reshape(count, -1)
    state = read_attribute(obj.data, names.STATE).reshape(count, -1)
    value = np.where(state == names.STATE_NUMBER, value, np.float32(np.nan))
    gains = np.array(obj.get(names.GAINS, [obj[names.TRAITS][2]]), float)
    columns, rows = bundle.first.extent(computed)
    for block, numbers, gain in zip(bundle.blocks, value, gains, strict=True):
        grid = numbers.reshape(block.columns, block.rows)[:columns, :rows]
        at = layout.places[block.name]
        write(pages[at.page].texels, at, to_bytes(grid, max(float(gain), 1e-30)))
    return gains


def _fill(
    obj: bpy.types.Object,
    blocks: list[tuple[Bundle, bpy.types.Object, np.ndarray]],
    computed: int,
    layout: Layout,
) -> None:
    """Write the bricks of blocks, with all that tells one block from another, into one mesh."""
    table: dict[str, list[np.ndarray]] = defaultdict(list)
    for bundle, cubes, gains in blocks:
        found = bricks(bundle, computed, layout)
        shift = _place(cubes) / CELL - np.array(bundle.first.origin)
        table["co"].append(found.center + shift)
        for name, values in (
            (names.SIZE, found.size),
            (names.EXTENT, found.extent),
            (names.FIRST, found.first),
            (names.TEXEL, found.texel),
        ):
            table[name].append(values)
        for name in _READ:
            table[name].append(np.tile(np.atleast_1d(cubes[name]), (len(found.block), 1)))
        table[names.TRAITS][-1][:, 2] = gains[found.block]
    mesh = obj.data
    columns = {name: np.concatenate(parts) for name, parts in table.items()}
    mesh.vertices.add(len(columns["co"]))
    mesh.vertices.foreach_set("co", columns.pop("co").astype(np.float32).reshape(-1))
    kinds = {names.SIZE: "FLOAT_VECTOR"} | _READ
    for name, values in columns.items():
        write_attribute(mesh, name, values, kinds.get(name, "FLOAT_COLOR"))
