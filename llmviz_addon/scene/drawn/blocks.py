"""Blocks as objects: a mesh of one vertex for each cell, with the attributes of its material."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...anatomy import Block
from ...detail import EXACTNESS, Bundle, Way, orders
from ...detail.levels import gain_of
from ...model import Trace
from ...walkthrough.properties import OF_BLOCKS
from .. import compat, names
from ..attributes import write_attribute
from ..style.kit import CELL, Kit, tints

# The order of a cell that is never computed; progress goes up to 1.
NEVER = 2.0

# Roles whose numbers are at most 1: their color scale is fixed, and equal in every layer.
_PROBABILITIES = ("attention", "probabilities")


@dataclass(frozen=True)
class Cells:
    """The cells of a bundle that is drawn as cubes: block by block, column after column."""

    value: np.ndarray  # (blocks, cells) float32, 0 where there is no number
    order: np.ndarray  # (blocks, cells) float32, `NEVER` where there is no number
    empty: np.ndarray  # (blocks, cells) bool
    gains: np.ndarray  # (blocks,) value x gain = 1 is the full color


def gather(bundle: Bundle, trace: Trace, n_prompt: int) -> Cells:
    """The numbers of a bundle's blocks, with their order of computation and their gains."""
    count = len(bundle.blocks)
    value = np.stack([np.asarray(b.cells(trace), np.float32).reshape(-1) for b in bundle.blocks])
    order = np.asarray(orders(bundle, n_prompt, len(trace.ids)), np.float32).reshape(count, -1)
    empty = ~np.isfinite(value)
    gains = [gain(bundle.first, row[~none]) for row, none in zip(value, empty, strict=True)]
    return Cells(
        value=np.where(empty, np.float32(0), value),
        order=np.where(empty | np.isnan(order), np.float32(NEVER), order),
        empty=empty,
        gains=np.array(gains, np.float32),
    )


def gain(block: Block, numbers: np.ndarray) -> float:
    """1 over the magnitude that gets the full color: nearly the largest, or 1 for probabilities.

    `numbers` are finite.
    """
    return 1.0 if block.role in _PROBABILITIES else gain_of(numbers)


def grid(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of every cell, int32, column after column."""
    column = np.repeat(np.arange(block.columns, dtype=np.int32), block.rows)
    row = np.tile(np.arange(block.rows, dtype=np.int32), block.columns)
    return column, row


def create(bundle: Bundle, cells: Cells, kit: Kit) -> bpy.types.Object:
    """Make the object of a bundle drawn as cubes; the caller links it into a collection."""
    column, row = (np.tile(part, len(bundle.blocks)) for part in grid(bundle.first))
    mesh = bpy.data.meshes.new(bundle.name)
    mesh.vertices.add(column.size)
    # The object stands at its first block's first cell.
    start = np.repeat(bundle.origins - bundle.origins[0], column.size // len(bundle.blocks), axis=0)
    position = start.astype(np.float32)
    right, up = bundle.first.spec.places(column, row)
    position[:, 0] += right
    position[:, 2] += up
    mesh.vertices.foreach_set("co", position.reshape(-1))
    spans = _spans(bundle)
    mesh.edges.add(len(spans))
    mesh.edges.foreach_set("vertices", spans.astype(np.int32).reshape(-1))
    write_attribute(mesh, names.COLUMN, column, "INT")
    write_attribute(mesh, names.ROW, row, "INT")
    obj = equip(mesh, bundle, "cubes")
    obj.location = tuple(c * CELL for c in bundle.first.origin)
    write(obj, bundle, cells)
    modifier = obj.modifiers.new(names.GROUP_CELLS, "NODES")
    modifier.node_group = kit.cells
    modifier.show_expanded = False
    compat.set_modifier_input(modifier, "Kind", names.KINDS.index(bundle.first.kind))
    compat.set_modifier_input(modifier, "Body", kit.body)
    return obj


def _spans(bundle: Bundle) -> np.ndarray:
    """(n, 2) first and last cell of each rectangle of cells that stand together, by index."""
    rows, count = bundle.first.rows, bundle.first.columns * bundle.first.rows
    ends = [
        (p.column * rows + p.row, (p.column + p.columns - 1) * rows + p.row + p.rows - 1)
        for p in bundle.first.spec.pieces
    ]
    starts = np.arange(len(bundle.blocks), dtype=np.int32) * count
    found = (starts[:, None, None] + np.array(ends, np.int32)).reshape(-1, 2)
    # A single cell is a body by itself.
    return found[found[:, 0] != found[:, 1]]


def equip(mesh: bpy.types.Mesh, bundle: Bundle, way: Way) -> bpy.types.Object:
    """An object for a bundle, with the properties that describe it and those that a film moves."""
    block = bundle.first
    mesh[names.OURS] = True
    obj = bpy.data.objects.new(bundle.name, mesh)
    obj.scale = (CELL, CELL, CELL)
    obj[names.OURS] = True
    obj[names.BLOCK] = bundle.name
    obj[names.TITLE] = bundle.title
    obj[names.DRAWN_AS] = way
    obj[names.EXACTNESS] = EXACTNESS[way]
    obj[names.KIND] = float(names.KINDS.index(block.kind))
    give_properties(obj, block.columns)
    set_gains(obj, bundle, np.ones(1))
    return obj


def give_properties(obj: bpy.types.Object, columns: int = 1) -> None:
    """Give an object the properties of a block that a film moves."""
    for row in OF_BLOCKS:
        obj[row.name] = row.default
        low = row.least
        limit = row.greatest if np.isfinite(row.greatest) else float(columns)
        obj.id_properties_ui(row.name).update(min=low, max=limit, soft_min=low, soft_max=limit)
        obj.property_overridable_library_set(row.path, True)


def set_gains(obj: bpy.types.Object, bundle: Bundle, gains: np.ndarray) -> None:
    """Note on an object the gains of its blocks, and the traits that the material reads."""
    block = bundle.first
    wake = 1.5 / (block.columns if block.process == "columns" else block.rows)
    kind = names.KINDS.index(block.kind)
    obj[names.GAIN] = float(gains[0])
    obj[names.TRAITS] = (float(kind), wake / bundle.n_steps, float(gains[0]))
    if not bundle.single:
        obj[names.GAINS] = [float(g) for g in gains]


def set_gain(obj: bpy.types.Object, gain: float) -> None:
    """Set an object's gain to the value that a person has chosen."""
    obj[names.GAIN] = gain
    obj[names.TRAITS] = [*list(obj[names.TRAITS])[:2], gain]


def write(obj: bpy.types.Object, bundle: Bundle, cells: Cells, values_only: bool = False) -> None:
    """Write the numbers into the mesh of a bundle; a new prompt changes nothing else.

    A prompt of the same length changes `values_only`: the same cells are computed, in the same
    order.
    """
    kind = names.KINDS.index(bundle.first.kind)
    mesh = obj.data
    write_attribute(mesh, names.VALUE, cells.value, "FLOAT")
    if not values_only:
        state = np.where(cells.empty, names.STATE_EMPTY, names.STATE_NUMBER)
        write_attribute(mesh, names.ORDER, cells.order, "FLOAT")
        write_attribute(mesh, names.STATE, state, "INT")
    tint = tints(cells.value * cells.gains[:, None], kind, cells.empty)
    write_attribute(mesh, names.TINT, tint, "INT")
    set_gains(obj, bundle, cells.gains)
    if not bundle.single:
        # Each block has a gain of its own, so it is an attribute of the cells, which the material
        # reads before the object's property of the same name.
        _, wake, _ = obj[names.TRAITS]
        traits = np.empty((*cells.value.shape, 3), np.float32)
        traits[..., 0], traits[..., 1], traits[..., 2] = kind, wake, cells.gains[:, None]
        write_attribute(mesh, names.TRAITS, traits, "FLOAT_VECTOR")
    mesh.update_tag()
