"""The channels of a storyboard as curves of the objects that its targets stand for."""

from __future__ import annotations

from collections import defaultdict

import bpy

from ...walkthrough import Channel, Storyboard, targets
from ...walkthrough.properties import PROPERTIES, Property
from .. import names
from ..drawn import counters
from ..standing.standing import Standing
from ..style.kit import CELL
from . import captions
from .curves import Curves


def write(standing: Standing, board: Storyboard, curves: Curves) -> None:
    """Write all of a film's curves."""
    moved, fps = _Targets(standing), board.fps
    for channel in board.channels:
        for obj in moved.of(channel.target, PROPERTIES[channel.property]):
            _write(curves, obj, channel, fps)
    captioned = {caption.beat: caption for caption in board.captions}
    titles = {shown.beat: shown for shown in board.titles}
    said = (
        (names.CAPTION_OF, captioned, targets.BREADTH),
        (names.SHADE_OF, captioned, targets.BREADTH),
        (names.TITLES_OF, titles, targets.SCALE),
    )
    for obj in standing.objects.values():
        for mark, told, by in said:
            words = told.get(obj.get(mark))
            if words is not None:
                for channel in captions.channels(words.beat, words.start, words.end, by):
                    _write(curves, obj, channel, fps, lasting=False)
                break


def _write(
    curves: Curves, obj: bpy.types.Object, channel: Channel, fps: int, *, lasting: bool = True
) -> None:
    """Write the curves of a channel where its property lives.

    What is not `lasting` exists only for the film, and so has no rest before it.
    """
    row = PROPERTIES[channel.property]
    owner, path, scale = obj, row.path, CELL if row.in_cells else 1.0
    if row.owner == "data":
        owner = obj.data
    elif row.owner == "keys":
        owner = obj.data.shape_keys
    elif row.owner == "counter":
        path = counters.path(obj)
    if owner is None or not path:
        # A person has taken away what the property was of.
        return
    rest = row.default if row.at_rest and lasting and names.ACTOR not in obj else None
    for axis in range(row.axes):
        index = channel.index + axis
        curves.write(owner, path, channel, fps, index=index, scale=scale, rest=rest)


class _Targets:
    """The objects that the targets of a storyboard stand for."""

    def __init__(self, standing: Standing):
        self._found: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._sections: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._hung: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._leading: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._parts: dict[str, list[bpy.types.Object]] = defaultdict(list)
        for obj in standing.objects.values():
            for mark in (names.BLOCK, names.WINDOW_OF, names.STRIP, names.ACTOR):
                if mark in obj:
                    self._found[obj[mark]].append(obj)
            if names.PART_OF in obj:
                self._parts[obj[names.PART_OF]].append(obj)
            owner = obj.get(names.LABEL_OF)
            if owner in (targets.CARD, targets.KEY):
                self._found[owner].append(obj)
            elif owner is not None and owner.startswith(targets.SECTION):
                self._sections[owner.removeprefix(targets.SECTION)].append(obj)
            elif owner is not None:
                self._hung[owner].append(obj)
            if names.LEADS_TO in obj:
                self._leading[obj[names.LEADS_TO]].append(obj)
            if names.ARROWS_OF in obj:
                self._sections[obj[names.ARROWS_OF]].append(obj)

    def of(self, target: str, row: Property) -> list[bpy.types.Object]:
        """The objects whose property follows the channel."""
        if target.startswith(targets.SECTION):
            path = target.removeprefix(targets.SECTION)
            return [
                obj
                for section, objects in self._sections.items()
                if path in ("model", section) or section.startswith(f"{path}.")
                for obj in objects
            ]
        if target.startswith(targets.ARROWS):
            return self._leading.get(target.removeprefix(targets.ARROWS), [])
        found = self._found.get(target, [])
        if row.with_words:
            # The texts beside a block fade and go with it.
            return [*found, *self._hung.get(target, [])]
        if row.of_block:
            # What stands in for a block computes and shines with it, and arrows carry light while
            # the block that they lead to is computed.
            leading = [obj for obj in self._leading.get(target, []) if row.name in obj]
            return [*found, *self._parts.get(target, []), *leading]
        if row.path in ("location", "scale", "rotation_euler"):
            # The other parts of an actor are parented to the one that is moved.
            return [obj for obj in found if obj.parent not in found]
        return found
