"""Parts of blocks and copies of cells, as objects of their own that a film moves.

A part of a block shows exactly what the block shows: its cubes are copied from the block's own, its
slabs are read from the same page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy
import numpy as np

from ...anatomy import Block
from ...detail import Plan, Rect, bricks
from .. import compat, names
from ..attributes import read_attribute, write_attribute
from ..style.kit import Kit, tints
from . import blocks, slabs
from .blocks import CELL

# Attributes of a block's mesh that a part of it has, too.
_OF_CELLS = (
    (names.VALUE, "FLOAT"),
    (names.COLUMN, "INT"),
    (names.ROW, "INT"),
    (names.ORDER, "FLOAT"),
    (names.STATE, "INT"),
    (names.TINT, "INT"),
    (names.TRAITS, "FLOAT_VECTOR"),
)


def part(
    name: str, block: str, rects: Sequence[Rect], plan: Plan, whole: bpy.types.Object, kit: Kit
) -> bpy.types.Object | None:
    """Make a part of a block; None where somebody has edited the block's mesh or modifier.

    Parameters
    ----------
    block
        The block's name.
    rects
        The rectangles of its cells; the part is drawn around its first cell.
    plan
        The plan by which the model is drawn.
    whole
        The object of the block's bundle.
    """
    bundle, index = plan.by_block[block]
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    obj = bpy.data.objects.new(name, mesh)
    obj.scale = (CELL, CELL, CELL)
    first = rects[0]
    right, up = bundle.first.spec.places(np.array(first.column), np.array(first.row))
    start = bundle.origins[index] + (float(right), 0.0, float(up))
    cubes = plan.ways[bundle.name] == "cubes"
    if cubes:
        done = _cubes(mesh, bundle.blocks[index], index, rects, whole, bundle.origins[0] - start)
        group = names.GROUP_CELLS
    else:
        layout = plan.layout if plan.ways[bundle.name] == "slab" else None
        found = bricks(bundle, plan.computed, layout, part=(index, rects))
        slabs.write_bricks(mesh, found, start)
        done, group = True, names.GROUP_SLABS
    shown = whole.modifiers.get(group)
    if not done or shown is None or shown.type != "NODES" or shown.node_group is None:
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)
        return None
    modifier = obj.modifiers.new(group, "NODES")
    modifier.node_group = kit.cells if cubes else kit.slabs
    modifier.show_expanded = False
    for socket in compat.modifier_inputs(modifier):
        compat.set_modifier_input(modifier, socket, compat.modifier_input(shown, socket))
    blocks.give_properties(obj, bundle.first.columns)
    for key in (names.KIND, names.GAIN, names.TRAITS, names.GAINS, names.PAGE_GAINS):
        if key in whole:
            obj[key] = whole[key]
    obj[names.PART_OF] = bundle.name
    return obj


def _cubes(
    mesh: bpy.types.Mesh,
    block: Block,
    index: int,
    rects: Iterable[Rect],
    whole: bpy.types.Object,
    shift: np.ndarray,
) -> bool:
    """Copy the cubes of some cells; returns False where the mesh is not as it was drawn."""
    size = block.columns * block.rows
    wanted = np.zeros((block.columns, block.rows), bool)
    for rect in rects:
        across, down = (rect.column, rect.columns), (rect.row, rect.rows)
        wanted[slice(across[0], sum(across)), slice(down[0], sum(down))] = True
    places = np.flatnonzero(wanted.reshape(-1)) + index * size
    source = whole.data
    if len(source.vertices) < (index + 1) * size:
        return False
    position = np.empty(3 * len(source.vertices), np.float32)
    source.vertices.foreach_get("co", position)
    mesh.vertices.add(len(places))
    chosen = position.reshape(-1, 3)[places] + shift.astype(np.float32)
    mesh.vertices.foreach_set("co", chosen.astype(np.float32).reshape(-1))
    for attribute, kind in _OF_CELLS:
        if attribute in source.attributes:
            values = read_attribute(source, attribute)
            if len(values) != len(source.vertices):
                return False
            write_attribute(mesh, attribute, values[places], kind)
    return True


def cells(
    name: str,
    block: Block,
    values: np.ndarray,
    offsets: np.ndarray,
    gain: float,
    kit: Kit,
    *,
    lone: bool = False,
) -> bpy.types.Object:
    """Make cubes for some numbers in the colors of a block.

    Parameters
    ----------
    values, offsets
        (n,) the numbers, and (n, 3) the middles of their cells from the object's place, in cells.
    gain
        The gain of the block's color scale.
    lone
        True if the number is a property of the object, so that a film can change it.
    """
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.vertices.add(len(values))
    mesh.vertices.foreach_set("co", np.asarray(offsets, np.float32).reshape(-1))
    empty = ~np.isfinite(values)
    numbers = np.where(empty, 0.0, values).astype(np.float32)
    kind = names.KINDS.index(block.kind)
    if not lone:
        write_attribute(mesh, names.VALUE, numbers, "FLOAT")
    write_attribute(mesh, names.TINT, tints(numbers * np.float32(gain), kind, empty), "INT")
    obj = bpy.data.objects.new(name, mesh)
    obj.scale = (CELL, CELL, CELL)
    modifier = obj.modifiers.new(names.GROUP_CELLS, "NODES")
    modifier.node_group = kit.cells
    modifier.show_expanded = False
    dress(obj, block, gain)
    if lone:
        obj[names.VALUE] = float(numbers[0])
    return obj


def dress(obj: bpy.types.Object, block: Block, gain: float) -> None:
    """Give an object the properties by which it looks like a block's cells."""
    blocks.give_properties(obj)
    kind = names.KINDS.index(block.kind)
    obj[names.KIND], obj[names.GAIN] = float(kind), gain
    obj[names.TRAITS] = (float(kind), 1.0, gain)
