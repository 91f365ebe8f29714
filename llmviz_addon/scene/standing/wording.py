"""Words that a person has written anew on an object of a model."""

from __future__ import annotations

import bpy

from .. import names
from ..words import typesetting
from . import ledger


def rewrite(obj: bpy.types.Object, words: str | None = None) -> None:
    """Have an object show `words`, or those that it says; they are a person's from now on.

    Letters that a person has edited, or put there, stay as they are.
    """
    if words is not None:
        obj[names.TEXT] = words
    changed = ledger.changed(obj)
    if names.TEXT in obj and obj.type == "MESH" and "data.shape" not in changed:
        typesetting.rewrite(obj)
        ledger.note_again(obj, changed)
