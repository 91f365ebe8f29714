"""The curves of a film, in the actions where they play.

A film's curves are in one action, with a slot for each object or datablock that it animates (the
curve's owner). A person may add curves of their own there, or give an object an action of their
own, to which the film's curves are then added. It is noted on each owner which curves the film
wrote and what they were like, so that the next film replaces these and no others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import bpy
import numpy as np

from ...walkthrough.storyboard import Channel
from .. import compat, names
from .timeline import write_channel

_PARTS = (("co", 2, np.float32), ("handle_left", 2, np.float32), ("handle_right", 2, np.float32))
_CODES = ("interpolation", "easing")


class Curves:
    """The curves of one film, written in place of those of the film before.

    Parameters
    ----------
    action
        Receives the curves of owners that have no action of their own.
    same_times
        True if the film has the times of the one before, so that curves that a person has changed
        still fit.
    whole
        True if curves that a person has deleted come back.
    """

    def __init__(self, action: bpy.types.Action | None, *, same_times: bool, whole: bool = False):
        self._action, self._same_times, self._whole = action, same_times, whole
        self._written: dict[bpy.types.ID, dict[str, str]] = {}
        self._found: dict[bpy.types.ID, bpy.types.ActionChannelbagFCurves | None] = {}
        self._theirs: dict[bpy.types.ID, dict[str, str]] = {}
        self._emptied: list[bpy.types.ID] = []
        self.lost: list[str] = []

    def take_away(self, owner: bpy.types.ID) -> set[str]:
        """Remove the film's curves of an owner; returns their data paths.

        Curves that a person has changed are theirs and stay while the film's times are the same;
        deleted ones stay deleted, unless the film is to be whole.
        """
        taken, theirs = set(), {}
        curves = compat.fcurves_of(owner)
        found = {} if curves is None else {_name(c.data_path, c.array_index): c for c in curves}
        for name, digest in written_on(owner).items():
            curve = found.get(name)
            if curve is None:
                theirs |= {} if self._whole else {name: digest}
                continue
            if _digest(curve) != digest:
                if self._same_times:
                    theirs[name] = digest
                    continue
                self.lost.append(f"{owner.name}: {curve.data_path}")
            taken.add(curve.data_path)
            curves.remove(curve)
        if theirs:
            self._theirs[owner] = theirs
        if names.CURVES in owner:
            del owner[names.CURVES]
        self._emptied.append(owner)
        return taken

    def write(
        self,
        owner: bpy.types.ID,
        path: str,
        channel: Channel,
        fps: int,
        *,
        index: int = 0,
        scale: float = 1.0,
        rest: float | None = None,
    ) -> None:
        """Write one curve, unless a person has one of their own there; see `write_channel`."""
        name = _name(path, index)
        written = self._written.setdefault(owner, self._theirs.get(owner, {}).copy())
        if name in written:
            return
        if owner not in self._found:
            self._found[owner] = compat.fcurves(owner, self._action)
        curves = self._found[owner]
        if curves is None or curves.find(path, index=index) is not None:
            return
        curve = write_channel(curves, path, channel, fps, index=index, scale=scale, rest=rest)
        written[name] = _digest(curve)

    def finish(self, standing: Iterable[bpy.types.ID]) -> None:
        """Note on each owner which curves were written; take the action off those without any.

        `standing` are the owners that are still there.
        """
        there = set(standing)
        for owner, written in self._written.items():
            owner[names.CURVES] = json.dumps(written)
        for owner in self._emptied:
            if owner in there and owner not in self._written:
                compat.let_go(owner)
        if self._action is not None:
            compat.drop_unused_slots(self._action, there)


def written_on(owner: bpy.types.ID) -> dict[str, str]:
    """The curves that the film wrote for an owner: a digest of each by its path and index."""
    try:
        found = json.loads(owner.get(names.CURVES, "{}"))
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(path: str, index: int) -> str:
    return f"{path}|{index}"


def _digest(curve: bpy.types.FCurve) -> str:
    """A digest of a curve, by which a person's changes to it are noticed."""
    keys = curve.keyframe_points
    summary = hashlib.blake2b(digest_size=8)
    for part, width, kind in _PARTS:
        values = np.empty(len(keys) * width, kind)
        keys.foreach_get(part, values)
        summary.update(values.tobytes())
    for part in _CODES:
        codes = np.empty(len(keys), np.int32)
        keys.foreach_get(part, codes)
        summary.update(codes.tobytes())
    summary.update(f"{curve.extrapolation} {curve.mute} {len(curve.modifiers)}".encode())
    return summary.hexdigest()
