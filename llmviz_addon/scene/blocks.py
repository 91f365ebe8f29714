"""A block as one object: a mesh of one vertex for each cell, and what the material reads."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..anatomy import Block
from ..model import Trace
from . import names
from .attributes import write_attribute
from .kit import Kit, levels

# Metres a cell: the size of a small bead, so that lenses and apertures behave as in a photograph
# of small objects.
CELL = 0.02

# A cell whose order is this is never computed.
NEVER = 2.0

# What a number of these roles is at most: their colour scale is fixed, and equal in every layer.
_PROBABILITIES = ("attention", "probabilities")


@dataclass(frozen=True)
class Cells:
    """What is drawn of a block, one element for each cell, column after column."""

    value: np.ndarray  # float32, 0 where there is no number
    order: np.ndarray  # float32, `NEVER` where there is no number
    empty: np.ndarray  # bool
    gain: float  # value x gain = 1 is the full colour


def gather(block: Block, trace: Trace, n_prompt: int) -> Cells:
    """The numbers of `block` and when each is computed."""
    value = np.asarray(block.cells(trace), np.float32).reshape(-1)
    order = np.asarray(block.order(n_prompt, len(trace.ids)), np.float32).reshape(-1)
    empty = ~np.isfinite(value)
    return Cells(
        value=np.where(empty, np.float32(0), value),
        order=np.where(empty | np.isnan(order), np.float32(NEVER), order),
        empty=empty,
        gain=_gain(block, value[~empty]),
    )


def _gain(block: Block, numbers: np.ndarray) -> float:
    """1 over the magnitude that gets the full colour: 1 for probabilities, else nearly the largest.

    The 98th percentile rather than the maximum, so that one outlier does not grey out a block.
    """
    if block.role in _PROBABILITIES or numbers.size == 0:
        return 1.0
    magnitude = np.abs(numbers)
    full = float(np.quantile(magnitude, 0.98)) or float(magnitude.max())
    return 1.0 / full if full > 0 else 1.0


def grid(block: Block) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of every cell, int32, column after column."""
    column = np.repeat(np.arange(block.columns, dtype=np.int32), block.rows)
    row = np.tile(np.arange(block.rows, dtype=np.int32), block.columns)
    return column, row


def create(block: Block, cells: Cells, kit: Kit) -> bpy.types.Object:
    """Make the object; linking it into a collection is the caller's."""
    column, row = grid(block)
    mesh = bpy.data.meshes.new(block.name)
    mesh[names.OURS] = True
    mesh.vertices.add(block.columns * block.rows)
    position = np.zeros((column.size, 3), np.float32)
    position[:, 0] = column
    position[:, 2] = -row
    mesh.vertices.foreach_set("co", position.reshape(-1))
    write_attribute(mesh, names.COLUMN, column, "INT")
    write_attribute(mesh, names.ROW, row, "INT")

    obj = bpy.data.objects.new(block.name, mesh)
    obj.scale = (CELL, CELL, CELL)
    kind = names.KINDS.index(block.kind)
    obj[names.OURS] = True
    obj[names.BLOCK] = block.name
    obj[names.TITLE] = block.title
    obj[names.DRAWN_AS] = "cubes"
    obj[names.EXACTNESS] = "exact"
    obj[names.KIND] = float(kind)
    obj[names.WAKE] = 1.5 / (block.columns if block.process == "columns" else block.rows)
    for prop, value, low in (
        (names.PROGRESS, 1.0, 0.0),
        (names.HIGHLIGHT, 0.0, 0.0),
        (names.OPACITY, 1.0, 0.0),
        (names.FOCUS_COLUMN, -1.0, -1.0),
    ):
        obj[prop] = value
        limit = 1.0 if prop != names.FOCUS_COLUMN else float(block.columns)
        obj.id_properties_ui(prop).update(min=low, max=limit, soft_min=low, soft_max=limit)
        obj.property_overridable_library_set(f'["{prop}"]', True)
    write(obj, block, cells)
    modifier = obj.modifiers.new(names.GROUP_CELLS, "NODES")
    modifier.node_group = kit.cells
    modifier.show_expanded = False
    return obj


def write(obj: bpy.types.Object, block: Block, cells: Cells) -> None:
    """Write the numbers into the mesh of a block: all that a new prompt changes."""
    kind = names.KINDS.index(block.kind)
    mesh = obj.data
    write_attribute(mesh, names.VALUE, cells.value, "FLOAT")
    write_attribute(mesh, names.ORDER, cells.order, "FLOAT")
    write_attribute(
        mesh, names.STATE, np.where(cells.empty, names.STATE_EMPTY, names.STATE_NUMBER), "INT"
    )
    tint = levels(cells.value * np.float32(cells.gain), kind, cells.empty)
    write_attribute(mesh, names.LEVEL, tint, "INT")
    obj[names.GAIN] = cells.gain
    mesh.update_tag()


def animated(prop: str) -> str:
    """The data path of one of the animated properties."""
    return f'["{prop}"]'
