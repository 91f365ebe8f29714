"""Originals and copies: which of the things that carry a model's marks we made, in this session.

A copy carries all marks of what it was copied from, and may be renamed; once its original is gone,
nothing in the file tells the two apart. Blender gives everything a number of its own, which stays
the same when it undoes and is never given twice while it runs, but is another one once a file is
read. So the numbers of a model's parts are kept here as soon as the model is first seen, which the
sidebar does when a file is opened.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from .. import names

# For each scene's number and model's id, the numbers of what we made. Numbers of things that are
# gone stay, since an undo may bring the things back.
_made: dict[tuple[int, str], set[int]] = {}


def is_known(scene: bpy.types.Scene, model: str) -> bool:
    """True if the originals of a model in a scene have been noted."""
    return (scene.session_uid, model) in _made


def note(scene: bpy.types.Scene, model: str, datablocks: Iterable[bpy.types.ID]) -> None:
    """Note that these belong to a model in a scene, and are no copies."""
    known = _made.setdefault((scene.session_uid, model), set())
    known.update(datablock.session_uid for datablock in datablocks)


def inherit(scene: bpy.types.Scene, model: str, shown: Iterable[bpy.types.ID]) -> None:
    """Note of a model in a scene what is known of it in another that shows the same things."""
    if is_known(scene, model):
        return
    numbers = {datablock.session_uid for datablock in shown}
    for (_, other), made_there in list(_made.items()):
        if other == model and made_there & numbers:
            _made.setdefault((scene.session_uid, model), set()).update(made_there)


def forget(scene: bpy.types.Scene, model: str) -> None:
    """Forget a model that is removed, which a person may append again."""
    _made.pop((scene.session_uid, model), None)


def is_original(scene: bpy.types.Scene, datablock: bpy.types.ID) -> bool | None:
    """True for what belongs to its model in a scene, False for a copy; None if nothing is known.

    Of a copy of a scene nothing is known at first: what stands there becomes its own.
    """
    known = made(scene, str(datablock.get(names.MODEL, "")))
    return None if known is None else datablock.session_uid in known


def made(scene: bpy.types.Scene, model: str) -> set[int] | None:
    """The numbers of what belongs to a model in a scene; None if nothing is known."""
    return _made.get((scene.session_uid, model))
