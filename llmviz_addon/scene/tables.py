"""Tables: the numbers of a block for Blender's Spreadsheet, under names that explain themselves.

A table is a mesh of one loose vertex for each cell, which nothing draws. Its attributes are the
cell's place in the field's words and its number, which is NaN where there is none: above the causal
diagonal, and at positions that are not computed. A model has one table at most.
"""

from __future__ import annotations

import bpy
import numpy as np

from .. import explain as explain_room
from ..anatomy import Block
from ..explain import CellError, words
from ..explain.words import TOKENS
from ..languages import Language
from . import names
from .attributes import write_attribute
from .cells import SceneReader
from .standing import ledger, tree
from .standing.keys import seal
from .standing.standing import Standing

TABLE = "table"
"""The key of a model's table."""

MOST = 4_000_000
"""Cells of a block of which a table is made; the Spreadsheet takes long to open with more."""

NUMBER = "number"


def columns_of(block: Block, language: Language) -> tuple[str, str]:
    """Names of the attributes with a cell's column and row: ``"key (column)"``."""
    found = []
    for axis in ("column", "row"):
        noun = words.noun(block, axis)
        if noun:
            said = language.tell(f"table.{noun}")
            found.append(language.tell(f"table.{axis}", noun=said))
        else:
            found.append(language.tell(f"table.only_{axis}"))
    return found[0], found[1]


def show_table(standing: Standing, name: str) -> bpy.types.Object:
    """Make the table of a block, in place of another one; returns its object.

    Raises
    ------
    llmviz_addon.explain.CellError
        If there is no such block, or it is too large.
    StandingError
        If the model cannot be changed.
    """
    standing.check()
    reader = SceneReader(standing)
    block = explain_room.find(reader.anatomy, name)
    if block.columns * block.rows > MOST:
        raise CellError(
            f"{name} has {block.columns * block.rows:,} cells, and the Spreadsheet is slow with "
            f"more than {MOST:,}; export the block instead"
        )
    mesh = _mesh(reader, block)
    obj = standing.objects.get(TABLE)
    if obj is None:
        obj = bpy.data.objects.new(mesh.name, mesh)
        obj[names.OURS], obj[names.KEY] = True, TABLE
        obj.parent = standing.anchor
        standing.root.objects.link(obj)
        seal(standing.id, [obj])
        standing.add(obj)
        obj.hide_render = True
    else:
        old, obj.data = obj.data, mesh
        obj.name = mesh.name
        ledger.note(obj)
        if old is not None and old.users == 0:
            bpy.data.meshes.remove(old)
    obj[names.TABLE_OF] = name
    return obj


def _mesh(reader: SceneReader, block: Block) -> bpy.types.Mesh:
    column = np.repeat(np.arange(block.columns, dtype=np.int32), block.rows)
    row = np.tile(np.arange(block.rows, dtype=np.int32), block.columns)
    values = reader.read_all(block).values.reshape(-1)
    mesh = bpy.data.meshes.new(f"{block.name} numbers")
    mesh[names.OURS] = True
    mesh.vertices.add(column.size)
    across, down = columns_of(block, reader.language)
    write_attribute(mesh, across, column, "INT")
    write_attribute(mesh, down, row, "INT")
    if block.name == TOKENS:
        write_attribute(mesh, "token", np.nan_to_num(values, nan=-1).astype(np.int32), "INT")
    else:
        write_attribute(mesh, NUMBER, values, "FLOAT")
    if block.time_axis is not None:
        write_attribute(mesh, "computed", ~np.isnan(values), "BOOLEAN")
    if block.causal:
        write_attribute(mesh, "masked", column > row, "BOOLEAN")
    return mesh


def renew(standing: Standing) -> None:
    """Bring a model's table up to date; one of a block that there is not any more goes."""
    obj = standing.objects.get(TABLE)
    if obj is None:
        return
    try:
        show_table(standing, str(obj.get(names.TABLE_OF, "")))
    except CellError:
        standing.drop([TABLE])
        tree.remove([obj], standing.root)
