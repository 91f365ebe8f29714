"""The key: what the colours and shapes of cells mean, drawn with cells of the same material.

These are the only cells that are no numbers of the model; each is labelled with what it stands for.
"""

from __future__ import annotations

import bpy
import numpy as np

from ..anatomy import Anatomy
from . import names
from .attributes import write_attribute
from .blocks import CELL, NEVER
from .flat import Easel
from .kit import Kit, levels
from .labels import SECTION, TITLE

# Numbers shown for each kind, and the cell that is not computed yet at the end.
_NUMBERS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_HEADINGS = ("−", "", "0", "", "+", "not yet")
_MEANINGS = ("Weights", "Activations", "Aggregates")


def draw(easel: Easel, kit: Kit, anatomy: Anatomy) -> None:
    """Draw the key under the model card."""
    place, scale = anatomy.places["model_card"], 0.4 * anatomy.space.margin
    x, y, z = place.least[0], place.least[1], place.least[2] - 1.0 * anatomy.space.margin
    made = []
    for column, heading in enumerate(_HEADINGS):
        if heading:
            at = (x + (column + 0.5) * scale, y, z)
            made.append(
                easel.text("Key Heading", heading, at, 0.7 * scale, kind=SECTION, align="CENTER")
            )
    for kind, meaning in enumerate(_MEANINGS):
        row = z - (kind + 1.2) * scale
        made.append(_cells(easel, kit, kind, (x + 0.5 * scale, y, row), scale))
        at = (x + (len(_HEADINGS) + 0.4) * scale, y, row - 0.3 * scale)
        made.append(easel.text("Key Meaning", meaning, at, 0.8 * scale, kind=TITLE))
    for obj in made:
        obj[names.LABEL_OF] = "key"


def _cells(
    easel: Easel, kit: Kit, kind: int, place: tuple[float, float, float], scale: float
) -> bpy.types.Object:
    value = np.append(_NUMBERS, 0.0)
    empty = np.arange(value.size) == _NUMBERS.size
    mesh = bpy.data.meshes.new("Key")
    mesh[names.OURS] = True
    mesh.vertices.add(value.size)
    position = np.zeros((value.size, 3), np.float32)
    position[:, 0] = np.arange(value.size)
    mesh.vertices.foreach_set("co", position.reshape(-1))
    write_attribute(mesh, names.VALUE, value, "FLOAT")
    write_attribute(mesh, names.ORDER, np.where(empty, NEVER, 0.0), "FLOAT")
    write_attribute(mesh, names.STATE, np.where(empty, 0, 1), "INT")
    write_attribute(mesh, names.LEVEL, levels(value, kind, empty), "INT")
    obj = easel.hang(bpy.data.objects.new(f"Key {_MEANINGS[kind]}", mesh), place, kind)
    obj.scale = (CELL * scale,) * 3
    obj[names.PROGRESS], obj[names.HIGHLIGHT], obj[names.FOCUS_COLUMN] = 1.0, 0.0, -1.0
    obj[names.GAIN], obj[names.WAKE] = 1.0, 1.0
    modifier = obj.modifiers.new(names.GROUP_CELLS, "NODES")
    modifier.node_group = kit.cells
    return obj
