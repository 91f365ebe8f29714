"""Originals told from copies, by the numbers of this session, else by their names."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

import bpy

from .. import names
from . import ledger, originals

Datablock = TypeVar("Datablock", bpy.types.Object, bpy.types.Collection)


def sorted_out(
    scene: bpy.types.Scene, model: str, things: Iterable[Datablock], here: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The originals of a model among things in a scene, by key, and a list of all copies of them.

    With `here`, it stands where it was made, so what is named like a copy is one.
    """
    by_key: dict[str, list[Datablock]] = {}
    for thing in things:
        if thing.get(names.MODEL) == model:
            key = thing.get(names.KEY)
            if key is not None:
                by_key.setdefault(str(key), []).append(thing)
    chosen: dict[str, Any] = {}
    copies: list[Any] = []
    made = originals.made(scene, model)
    for key, same in by_key.items():
        left = [thing for thing in same if not _is_copy(made, thing, here)]
        if left:
            chosen[key] = original(left)
        copies += [thing for thing in same if thing != chosen.get(key)]
    return chosen, copies


def _is_copy(made: set[int] | None, thing: Datablock, here: bool) -> bool:
    """True if a datablock is surely a copy, also where what it was copied from is deleted.

    `made` are the numbers of all originals of its model, if they are known.
    """
    if made is None:
        return here and ledger.is_numbered(thing)
    return thing.session_uid not in made


def original(same: list[Datablock]) -> Datablock:
    """The one of several datablocks, none of them surely a copy, that is most likely no copy.

    A copy never has the name that was given to its original, and was made later.
    """
    if len(same) == 1:
        return same[0]
    return min(same, key=lambda thing: (not ledger.is_named_as_made(thing), thing.session_uid))


def disown(copies: Iterable[bpy.types.ID]) -> None:
    """Take our marks off what a person has copied."""
    for copy in copies:
        if copy.library is not None:
            continue
        for mark in [key for key in copy.keys() if _is_ours(key)]:  # noqa: SIM118
            del copy[mark]


def _is_ours(prop: str) -> bool:
    return prop == names.OURS or prop.startswith(f"{names.OURS}_")
