"""Keys: what the parts of a model are called, and the marks by which each says what it is."""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .. import names
from . import ledger, tree

ANCHOR = "anchor"

# Groups of a model's objects; those of one group are always drawn together.
MODEL, STRIPS, FILM, LIGHTS = "model", "strips", "film", "lights"

SECTION = "section:"
"""Prefix of the keys of collections that hold a section of the model."""

# The name under which the keys of collections are noted, as those of groups are under theirs.
COLLECTIONS = "collections"

# Properties by which an object says what it is or belongs to; its key is made from them.
_SAYS = (
    names.BLOCK,
    names.STRIP,
    names.ACTOR,
    names.CAPTION_OF,
    names.SHADE_OF,
    names.TITLES_OF,
    names.LABEL_OF,
    names.ARROWS_OF,
)


def seal(model: str, made: Iterable[bpy.types.Object]) -> list[str]:
    """Mark the objects that were drawn for a model, in order; returns their keys.

    A key is made of an object's own marks, with a number where several objects have the same.
    """
    seen: dict[str, int] = {}
    keys = []
    for obj in made:
        if not obj.get(names.OURS):
            continue
        key = _says(obj)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > 1:
            key = f"{key} #{seen[key]}"
        obj[names.MODEL], obj[names.KEY] = model, key
        ledger.note(obj)
        keys.append(key)
    return keys


def seal_collections(model: str, made: Iterable[bpy.types.Collection]) -> list[str]:
    """Mark collections of a model; returns their keys."""
    keys = []
    for collection in made:
        collection[names.MODEL] = model
        ledger.note_name(collection)
        keys.append(str(collection[names.KEY]))
    return keys


def _says(obj: bpy.types.Object) -> str:
    """The part that an object plays in its model, by its marks and its original name."""
    if names.KEY in obj:
        return str(obj[names.KEY])
    if obj.get(names.ROLE) == ANCHOR:
        return ANCHOR
    owner = next((f"{obj[mark]}" for mark in _SAYS if mark in obj), "")
    return f"{owner}:{tree.plain_name(obj)}"
