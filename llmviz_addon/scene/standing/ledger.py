"""Notes of the values that we wrote last on an object, kept on the object itself.

A rebuild writes the same properties again. A property that differs from its note by then was
changed by a person, and is left as it is. Only properties that a rebuild writes are noted, since
no others are ever touched.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable

import bpy
import numpy as np

from .. import names
from . import tree

_PLACE = ("location", "rotation_euler", "scale")
_OWN = (names.GAIN, names.TRAITS, names.TEXT)
# Of text objects, as which earlier versions drew words.
_TEXT = ("body", "size", "font", "align_x", "align_y", "extrude", "resolution_u")
LIGHT = ("energy", "color", "angle")
"""The properties of a light that a look sets."""


def note(obj: bpy.types.Object) -> None:
    """Note on an object of ours the values that it has now, which are those that we wrote."""
    obj[names.WRITTEN] = json.dumps(_values(obj))
    obj.pop(names.WRITTEN_GAIN, None)


def note_again(obj: bpy.types.Object, changed: Iterable[str]) -> None:
    """Do as `note`, except for properties that a person has changed, whose old notes are kept."""
    before = _noted(obj)
    kept = {name: before[name] for name in changed if name in before}
    obj[names.WRITTEN] = json.dumps(_values(obj) | kept)
    obj.pop(names.WRITTEN_GAIN, None)


def changed(obj: bpy.types.Object) -> frozenset[str]:
    """The properties of an object that a person has changed since we wrote them.

    The names are those of the object's properties, of its custom properties, "materials", and of
    the properties of its light or text after ``"data."``, where ``"data.shape"`` is that of words.
    """
    now = _values(obj)
    return frozenset(
        name for name, ours in _noted(obj).items() if name in now and now[name] != ours
    )


def hand_over(text: bpy.types.Object, heir: bpy.types.Object) -> None:
    """Note on a mesh of words what was noted on the text object that it takes the place of.

    The heir has all that a person changed already.
    """
    before, theirs = _noted(text), set(changed(text))
    if "data.body" in theirs:
        before[names.TEXT] = before["data.body"]
        theirs.add(names.TEXT)
    now = _values(heir)
    kept = {name: before[name] for name in theirs if name in before and name in now}
    heir[names.WRITTEN] = json.dumps(now | kept)


def rewrite_gain(obj: bpy.types.Object, write: Callable[[], None]) -> bool:
    """Note the gain of a block that `write` writes, and no more than that.

    Returns True, and notes nothing, if a person had changed it since we wrote it.
    """
    ours = obj.get(names.WRITTEN_GAIN)
    gain = _noted(obj).get(names.GAIN) if ours is None else ours[0]
    theirs = gain is not None and gain != obj[names.GAIN]
    write()
    if not theirs:
        # Beside the other notes, since reading and writing all of them at each key takes long.
        obj[names.WRITTEN_GAIN] = [obj[names.GAIN], *obj[names.TRAITS]]
    return theirs


def is_named_as_made(datablock: bpy.types.ID) -> bool:
    """True if a datablock has the name that we gave it, which a copy of it never has."""
    return datablock.name == _noted(datablock).get("name")


def note_name(collection: bpy.types.Collection) -> None:
    """Note the name of a collection of ours."""
    collection[names.WRITTEN] = json.dumps({"name": collection.name})


def is_numbered(datablock: bpy.types.ID) -> bool:
    """True if a datablock has the name that we gave it and a number, as Blender names copies."""
    noted = str(_noted(datablock).get("name", datablock.name))
    stem, _, number = datablock.name.rpartition(".")
    return datablock.name != noted and number.isdigit() and stem == tree.plain(noted)


def _noted(datablock: bpy.types.ID) -> dict[str, object]:
    try:
        found = json.loads(datablock.get(names.WRITTEN, "{}"))
    except (TypeError, ValueError):
        # The note is a text property that anybody can edit; this one was made unreadable.
        return {}
    if not isinstance(found, dict):
        return {}
    gain = datablock.get(names.WRITTEN_GAIN)
    if gain is not None:
        found |= {names.GAIN: gain[0], names.TRAITS: list(gain[1:])}
    return found


def _values(obj: bpy.types.Object) -> dict[str, object]:
    found: dict[str, object] = {"name": obj.name}
    found |= {name: list(getattr(obj, name)) for name in _PLACE}
    for name in _OWN:
        if name in obj:
            found[name] = _plain(obj[name])
    found["materials"] = [
        m.name_full if m else "" for m in (s.material for s in obj.material_slots)
    ]
    for name in _of_data(obj):
        value = getattr(obj.data, name, None)
        if isinstance(value, bpy.types.ID):
            value = value.name_full
        found[f"data.{name}"] = value if isinstance(value, str | float | int) else list(value or ())
    if names.TEXT in obj and obj.type == "MESH":
        found["data.shape"] = _shape(obj.data)
    return found


def _plain(value: object) -> object:
    return value if isinstance(value, str | float | int) else list(value)


def _of_data(obj: bpy.types.Object) -> tuple[str, ...]:
    return {"FONT": _TEXT, "LIGHT": LIGHT}.get(obj.type, ())


def _shape(mesh: bpy.types.Mesh) -> int:
    """A checksum of the places of a mesh's vertices."""
    places = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", places)
    return zlib.crc32(places.tobytes())
