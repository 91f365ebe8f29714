"""The axes of attention: which is the query's and which the key's, and the tokens along both.

They are a group of their own, since they change with every prompt. Of a large model, the head that
has an object of its own gets them.
"""

from __future__ import annotations

import bpy

from ..anatomy import Block
from ..anatomy.strips import letter_size
from ..languages import Language
from . import names
from .drawn.labels import DIMENSION, SECTION
from .drawn.sheets import Sheet
from .standing import tree
from .standing.graft import Graft
from .standing.standing import Standing
from .style.kit import CELL, Kit

AXES = names.AXES
"""The key of the collection of a model's axes, and the group of their objects."""

_ROLE = "attention"

# Blocks that get axes at most, and tokens up to which each stands beside its row and its column.
_MOST, _MOST_TOKENS = 24, 64

# In cells: the font size of tokens and of the names of the axes, the distance to the block, and the
# room that a token's letters have in a row, which is wider than in a column.
_TOKEN, _NAME, _GAP, _WIDE = 0.72, 0.82, 0.42, 5.0


def renew(standing: Standing, kit: Kit, whole: bool = False) -> None:
    """Write the axes of a model's attention anew, for the run that it shows."""
    run, anchor = standing.run, standing.anchor
    if anchor is None or not standing.is_arranged or (run is None and not standing.made(AXES)):
        return
    collection = tree.new("Axes", standing.root, AXES)
    drawn = []
    if run is not None:
        labels = [run.labels.get(token, "") for token in run.ids]
        sheets = [(b, _sheet(b, labels, kit, standing.language)) for b in _blocks(standing)]
        drawn = [_draw(block, sheet, anchor, collection) for block, sheet in sheets]
    Graft(standing, AXES, drawn, whole=whole).put([collection])


def rewrite(standing: Standing, kit: Kit) -> None:
    """Write the axes that stand for the run that is shown, without a new object."""
    if standing.run is None or not standing.made(AXES):
        return
    labels = [standing.run.labels.get(token, "") for token in standing.run.ids]
    for block in _blocks(standing):
        obj = standing.objects.get(f"{AXES}:{block.name}")
        if obj is None:
            # A person has deleted it.
            continue
        sheet = _sheet(block, labels, kit, standing.language)
        if "\n".join(sheet.said) != obj.get(names.WORDS):
            sheet.write(obj.data)
            obj[names.WORDS] = "\n".join(sheet.said)


def _blocks(standing: Standing) -> list[Block]:
    """The blocks whose axes are written: those that have an object of their own."""
    alone = (b.first for b in standing.plan.bundles if b.single and b.first.role == _ROLE)
    drawn = standing.blocks
    return [block for block in alone if block.name in drawn][:_MOST]


def _sheet(block: Block, labels: list[str], kit: Kit, language: Language) -> Sheet:
    """The words around a block."""
    key, query = language.tell("table.key"), language.tell("table.query")
    x, y, z = block.origin
    front = y - 0.5
    sheet = Sheet((x, front, z), (kit.label,))
    count = min(len(labels), block.columns)
    top, left = z + 0.5 + _GAP, x - 0.5 - _GAP
    if count <= _MOST_TOKENS:
        for place, label in enumerate(labels[:count]):
            if not label.strip():
                continue
            size = min(_TOKEN, letter_size(label, 0.95, 1.0))
            at = (x + place, front, top)
            sheet.words(label, at, size, kind=SECTION, valign="BOTTOM_BASELINE")
            size = min(_TOKEN, letter_size(label, _WIDE, 1.0))
            sheet.words(label, (left, front, z - place), size, kind=SECTION, align="RIGHT")
    end = count if count <= _MOST_TOKENS else 0
    across = (x + end - 0.5 + _GAP, front, top)
    sheet.words(key, across, _NAME, kind=DIMENSION, align="LEFT", valign="BOTTOM_BASELINE")
    down = (left, front, z - end - 0.15)
    sheet.words(query, down, _NAME, kind=DIMENSION, align="RIGHT")
    return sheet


def _draw(
    block: Block, sheet: Sheet, anchor: bpy.types.Object, collection: bpy.types.Collection
) -> bpy.types.Object:
    mesh = bpy.data.meshes.new(f"{block.name} axes")
    mesh[names.OURS] = True
    sheet.write(mesh)
    obj = bpy.data.objects.new(mesh.name, mesh)
    obj[names.OURS], obj[names.KEY] = True, f"{AXES}:{block.name}"
    obj[names.LABEL_OF] = block.name
    obj[names.WORDS] = "\n".join(sheet.said)
    obj[names.KIND], obj[names.OPACITY], obj[names.HIGHLIGHT] = 0.0, 1.0, 0.0
    obj.id_properties_ui(names.OPACITY).update(min=0.0, max=1.0)
    obj.parent, obj.location = anchor, [at * CELL for at in sheet.center]
    obj.visible_shadow = False
    collection.objects.link(obj)
    return obj
