"""Originals told from copies, by the numbers of this session, else by their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import bpy

from .. import names
from . import ledger, originals

Datablock = TypeVar("Datablock", bpy.types.Object, bpy.types.Collection)


def of_model(model: str, things: Iterable[Datablock]) -> Iterator[Datablock]:
    """Those of some things that carry the marks of a model."""
    return (thing for thing in things if thing.get(names.MODEL) == model and names.KEY in thing)


def sorted_out(
    scene: bpy.types.Scene, found: Iterable[Datablock], here: bool
) -> tuple[dict[str, Any], list[Any]]:
    """The originals in a scene by key, and a list of all copies of them.

    With `here`, their model stands where it was made, so what is named like a copy is one.
    """
    by_key: dict[str, list[Datablock]] = {}
    for thing in found:
        by_key.setdefault(str(thing[names.KEY]), []).append(thing)
    chosen: dict[str, Any] = {}
    copies: list[Any] = []
    for key, same in by_key.items():
        left = [thing for thing in same if not is_copy(scene, thing, here)]
        if left:
            chosen[key] = original(left)
        copies += [thing for thing in same if thing != chosen.get(key)]
    return chosen, copies


def is_copy(scene: bpy.types.Scene, thing: Datablock, here: bool) -> bool:
    """True if a datablock is surely a copy, also where what it was copied from is deleted."""
    known = originals.is_original(scene, thing)
    return (here and ledger.is_numbered(thing)) if known is None else not known


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
