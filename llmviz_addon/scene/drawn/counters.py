"""Counters: numbers in digits that a film changes by one curve."""

from __future__ import annotations

import bpy
import numpy as np

from .. import compat, names
from ..attributes import write_attribute
from ..style.groups.counter import PITCH, POINT_PITCH, WHOLE
from ..style.kit import Kit

# Half the height of a digit over the font size.
_MIDDLE = 0.255


def create(name: str, value: float, decimals: int, size: float, kit: Kit) -> bpy.types.Object:
    """Make a counter of this font size (meters), whose point is at the object's place.

    The digits' middles are at the height of that place.
    """
    powers = [names.SIGN, *range(WHOLE - 1, -1, -1)]
    places = [-PITCH * (1.0 + 0.45) - POINT_PITCH / 2]
    places += [-PITCH * (power + 0.5) - POINT_PITCH / 2 for power in powers[1:]]
    if decimals:
        powers += [names.POINT, *range(-1, -decimals - 1, -1)]
        places += [0.0, *(POINT_PITCH / 2 + PITCH * (i + 0.5) for i in range(decimals))]
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.vertices.add(len(powers))
    position = np.zeros((len(powers), 3), np.float32)
    position[:, 0] = np.array(places) * size
    position[:, 1] = -_MIDDLE * size
    mesh.vertices.foreach_set("co", position.reshape(-1))
    write_attribute(mesh, names.POWER, np.array(powers, np.float32), "FLOAT")
    obj = bpy.data.objects.new(name, mesh)
    modifier = obj.modifiers.new(names.GROUP_COUNTER, "NODES")
    modifier.node_group = kit.counter
    modifier.show_expanded = False
    for socket, given in (("Value", value), ("Decimals", float(decimals)), ("Size", size)):
        compat.set_modifier_input(modifier, socket, given)
    return obj


def path(obj: bpy.types.Object) -> str:
    """The path from a counter to its number; empty where its modifier is gone."""
    modifier = obj.modifiers.get(names.GROUP_COUNTER)
    if modifier is None or modifier.type != "NODES" or modifier.node_group is None:
        return ""
    return compat.modifier_path(modifier, "Value")
