"""The key to the colors and shapes of cells, drawn with cells of the same material.

These are the only cells that are no numbers of the model; labels beside them say so.
"""

from __future__ import annotations

import bpy
import numpy as np

from ...anatomy import Anatomy
from ...walkthrough import targets
from .. import names
from ..attributes import write_attribute
from ..style.kit import Kit, tints
from .blocks import CELL, NEVER
from .flat import Easel
from .labels import SECTION, TITLE

# Numbers shown for each kind. After a gap follows a cell that is not computed yet.
_NUMBERS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_HEADINGS = ("−", "", "0", "", "+", "not computed")
_MEANINGS = ("Weights", "Activations", "Aggregates")
_PLACES = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 6.4])
# Font sizes of headings and meanings, the left edge of the cells, the distance between rows, and
# the width of the table; all in cells of the key.
_HEADING, _MEANING, _INDENT, _ROW, _WIDTH = 0.62, 0.72, 5.2, 1.25, 14.2


def draw(easel: Easel, kit: Kit, anatomy: Anatomy) -> None:
    """Draw the key in the room that the anatomy keeps for it: a row for each kind of number."""
    place = anatomy.places["key"]
    (left, y, _), (right, _, top) = place.least, place.greatest
    scale = (right - left) / _WIDTH
    first = left + (_INDENT + 0.5) * scale
    made = []
    for across, heading in zip(_PLACES, _HEADINGS, strict=True):
        if heading:
            at = (first + across * scale, y, top - _HEADING * scale)
            made.append(
                easel.say(
                    "Key Heading", heading, at, _HEADING * scale, kind=SECTION, align="CENTER"
                )
            )
    for kind, meaning in enumerate(_MEANINGS):
        row = top - (_HEADING + 0.85 + kind * _ROW) * scale
        made.append(_cells(easel, kit, kind, (first, y, row), scale))
        at = (left, y, row - 0.36 * _MEANING * scale)
        made.append(easel.say("Key Meaning", meaning, at, _MEANING * scale, kind=TITLE))
    for obj in made:
        obj[names.LABEL_OF] = targets.KEY


def _cells(
    easel: Easel, kit: Kit, kind: int, place: tuple[float, float, float], scale: float
) -> bpy.types.Object:
    value = np.append(_NUMBERS, 0.0)
    empty = np.arange(value.size) == _NUMBERS.size
    mesh = bpy.data.meshes.new("Key")
    mesh[names.OURS] = True
    mesh.vertices.add(value.size)
    position = np.zeros((value.size, 3), np.float32)
    position[:, 0] = _PLACES
    mesh.vertices.foreach_set("co", position.reshape(-1))
    write_attribute(mesh, names.VALUE, value, "FLOAT")
    write_attribute(mesh, names.ORDER, np.where(empty, NEVER, 0.0), "FLOAT")
    write_attribute(
        mesh, names.STATE, np.where(empty, names.STATE_EMPTY, names.STATE_NUMBER), "INT"
    )
    write_attribute(mesh, names.TINT, tints(value, kind, empty), "INT")
    obj = easel.hang(bpy.data.objects.new(f"Key {_MEANINGS[kind]}", mesh), place, kind)
    obj.scale = (CELL * scale,) * 3
    obj[names.PROGRESS], obj[names.HIGHLIGHT], obj[names.FOCUS_COLUMN] = 1.0, 0.0, -1.0
    obj[names.TRAITS] = (float(kind), 1.0, 1.0)
    modifier = obj.modifiers.new(names.GROUP_CELLS, "NODES")
    modifier.node_group = kit.cells
    return obj
