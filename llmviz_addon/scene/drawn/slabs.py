"""Slabs and shapes: meshes of one vertex for each brick, boxes on them, and values in images."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import bpy
import numpy as np

from ...anatomy import Block
from ...detail import Bricks, Bundle, Layout, Plan, bricks
from ...detail.levels import PATCH, patches, to_bytes
from ...detail.pages import write
from ...model import Trace
from ...progress import Steps
from .. import compat, names
from ..attributes import write_attribute
from ..style import materials
from ..style.kit import Kit
from . import blocks, images
from .blocks import CELL

# Threads that write and average pages; numpy lets them run side by side.
THREADS = min(4, os.cpu_count() or 1)

# Lines of a page that are averaged in one step.
_AVERAGED = 128 * PATCH


@dataclass(frozen=True)
class Pages:
    """All pages of a model: the layout, a material for each page, and each block's gain."""

    layout: Layout
    materials: tuple[bpy.types.Material, ...]
    gains: dict[str, float]


@dataclass(frozen=True)
class Kept:
    """A page of the model before that is kept: its two images, and the gains of its blocks."""

    values: bpy.types.Image
    patches: bpy.types.Image
    gains: dict[str, float]


def numbers_of(block: Block, trace: Trace, computed: int) -> np.ndarray:
    """The computed cells of a block, (columns, rows), as a view of the trace."""
    columns, rows = block.extent(computed)
    return block.grid(np.asarray(trace[block.name]))[:columns, :rows]


def fill(
    plan: Plan, trace: Trace, n_prompt: int, kit: Kit, kept: Mapping[int, Kept]
) -> Steps[Pages]:
    """Write the numbers of all slabs into pages, except those that are `kept`, by their number.

    Yields its progress, from 0 to 1.
    """
    layout, gains = plan.layout, {}
    slabs = [b for b in plan.bundles if plan.ways[b.name] == "slab" and b.name not in plan.shared]
    written = [b for b in slabs if layout.places[b.first.name].page not in kept]
    total = sum(bundle.cells for bundle in written) or 1
    done, made = 0, []
    with ThreadPoolExecutor(THREADS) as pool:
        for number, height in enumerate(layout.heights):
            if number in kept:
                gains |= kept[number].gains
                found = kept[number].values, kept[number].patches
                made.append(_material(number, *found, height, n_prompt, len(trace.ids), kit))
                continue
            page = images.blank(height)
            here = [b for b in written if layout.places[b.first.name].page == number]
            writing = partial(_write, page.texels, trace=trace, plan=plan)
            for block, title, gain in _written(pool, writing, here):
                yield done / total, f"Writing {title}"
                gains[block.name] = gain.result()
                done += block.columns * block.rows
            label = f"Packing page {number + 1} of {len(layout.heights)}"
            yield done / total, label
            packed = yield from _packed(pool, page, done / total, label)
            found = images.make_page(f"LLM Page {number + 1}", *packed)
            made.append(_material(number, *found, height, n_prompt, len(trace.ids), kit))
    for name, other in plan.shared.items():
        gains[name] = gains[other]
    return Pages(layout, tuple(made), gains)


def _written(
    pool: ThreadPoolExecutor, writing: Callable[[Block], float], bundles: Iterable[Bundle]
) -> list[tuple[Block, str, Future[float]]]:
    """Have the blocks of a page written in threads; each with its title and its gain to come."""
    blocks = [(block, bundle.title) for bundle in bundles for block in bundle.blocks]
    # The largest first, so that no thread is left alone with one when the others are done.
    blocks.sort(key=lambda each: -each[0].columns * each[0].rows)
    return [(block, title, pool.submit(writing, block)) for block, title in blocks]


def _packed(
    pool: ThreadPoolExecutor, page: images.PageFile, fraction: float, label: str
) -> Steps[tuple[bytes, bytes]]:
    """The files of a page and of its averages, made in threads."""
    height = len(page.texels)
    starts = range(0, height, _AVERAGED)
    values = pool.submit(page.png)
    averages = [pool.submit(patches, page.texels[at : at + _AVERAGED]) for at in starts]
    found = []
    for average in averages:
        yield fraction, label
        found.append(average.result())
    yield fraction, label
    return values.result(), images.coarse(np.concatenate(found)).png()


def _write(page: np.ndarray, block: Block, *, trace: Trace, plan: Plan) -> float:
    """Write one block's bytes; returns its gain."""
    numbers = numbers_of(block, trace, plan.computed)
    known = numbers
    if block.causal:
        column, row = np.ogrid[: numbers.shape[0], : numbers.shape[1]]
        numbers = np.where(column > row, np.float32(np.nan), numbers)
        known = numbers[~np.isnan(numbers)]
    gain = blocks.gain(block, known)
    levels = to_bytes(numbers, gain)
    write(page, plan.layout.places[block.name], levels)
    return gain


def _material(
    number: int,
    values: bpy.types.Image,
    patches: bpy.types.Image,
    height: int,
    n_prompt: int,
    n_tokens: int,
    kit: Kit,
) -> bpy.types.Material:
    page = materials.Page(values, patches, height, n_prompt, n_tokens)
    material = materials.slab(kit.cell_color, kit.slab_cells, page)
    material[names.PAGE], material[names.ROLE] = number, "page"
    return material


def create(
    bundle: Bundle,
    plan: Plan,
    kit: Kit,
    pages: Pages | None = None,
) -> bpy.types.Object:
    """Make the object of a bundle: a slab where there are pages, else a shape."""
    found = bricks(bundle, plan.computed, pages.layout if pages else None)
    mesh = bpy.data.meshes.new(bundle.name)
    obj = blocks.equip(mesh, bundle, "slab" if pages else "shape")
    set_bricks(obj, found)
    if pages is not None:
        gains = np.array([pages.gains[b.name] for b in bundle.blocks])
        blocks.set_gains(obj, bundle, gains)
        obj[names.PAGE_GAINS] = [float(gain) for gain in gains]
        material = pages.materials[pages.layout.places[bundle.first.name].page]
    else:
        material = kit.shape
    modifier = obj.modifiers.new(names.GROUP_SLABS, "NODES")
    modifier.node_group = kit.slabs
    modifier.show_expanded = False
    compat.set_modifier_input(modifier, "Material", material)
    compat.set_modifier_input(modifier, "Kind", names.KINDS.index(bundle.first.kind))
    return obj


def material_of(obj: bpy.types.Object) -> bpy.types.Material | None:
    """The material of a slab, which is its page's; None if somebody has taken it away."""
    modifier = obj.modifiers.get(names.GROUP_SLABS)
    if modifier is None or modifier.type != "NODES" or modifier.node_group is None:
        return None
    return compat.modifier_input(modifier, "Material")


def page_of(obj: bpy.types.Object) -> bytes | None:
    """The packed file of the page that a slab shows; None where somebody has taken it away."""
    material = material_of(obj)
    if material is None or not materials.is_page(material):
        return None
    image = material.node_tree.nodes[materials.VALUES].image
    if image is None or image.packed_file is None:
        return None
    return image.packed_file.data


def materials_of(objects: Iterable[bpy.types.Object]) -> list[bpy.types.Material]:
    """The materials of the pages, and of the shapes, that these objects show."""
    found = {material_of(obj): None for obj in objects if names.DRAWN_AS in obj}
    return [material for material in found if material is not None]


def set_bricks(obj: bpy.types.Object, found: Bricks) -> None:
    """Write the bricks of a slab or shape into its mesh, and stand the object at the first one."""
    obj.data.clear_geometry()
    if not len(found.block):
        # Windows are open over all of it, so no brick is left.
        return
    origin = found.center[0].copy()
    write_bricks(obj.data, found, origin)
    obj.location = tuple(float(c) * CELL for c in origin)


def write_bricks(mesh: bpy.types.Mesh, found: Bricks, origin: np.ndarray) -> None:
    """Write bricks into an empty mesh, around `origin` (3,) in cells."""
    mesh.vertices.add(len(found.block))
    mesh.vertices.foreach_set("co", (found.center - origin).astype(np.float32).reshape(-1))
    write_attribute(mesh, names.SIZE, found.size, "FLOAT_VECTOR")
    for name, values in (
        (names.EXTENT, found.extent),
        (names.FIRST, found.first),
        (names.TEXEL, found.texel),
    ):
        write_attribute(mesh, name, values, "FLOAT_COLOR")
    mesh.update_tag()
