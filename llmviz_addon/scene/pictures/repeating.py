"""A model drawn a second time near the camera, for pictures in which it is too far to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ...walkthrough import Still
from ...walkthrough.picture import Picture
from .. import names
from ..standing.keys import FILM
from ..standing.standing import Standing
from ..style.kit import CELL


@contextmanager
def near(standing: Standing, still: Still, picture: Picture) -> Iterator[None]:
    """Have a still show its model a second time where it says, while this context lasts.

    Copies of the model's objects share their meshes and materials. Where far cubes are drawn as
    slabs, these are copied.
    """
    anchor = standing.anchor
    if still.near is None or anchor is None:
        yield
        return
    box = np.array(standing.plan.anatomy.bounds(), float)
    holder = bpy.data.objects.new("LLM Near", None)
    made: list[bpy.types.ID] = [holder]
    try:
        standing.root.objects.link(holder)
        holder.hide_render = True
        holder.parent = anchor
        holder.location = (still.near.shift(picture, box) * CELL).tolist()
        for obj in _body(standing.root, anchor):
            again = obj.copy()
            made.append(again)
            again.parent = holder
            standing.root.objects.link(again)
        yield
    finally:
        bpy.data.batch_remove(made)


def _body(root: bpy.types.Collection, anchor: bpy.types.Object) -> list[bpy.types.Object]:
    """The objects of a model that are rendered and hang on its anchor, but for the film's."""
    found, collections = [], [root]
    while collections:
        collection = collections.pop()
        if collection.hide_render or collection.get(names.KEY) == FILM:
            continue
        collections += collection.children
        found += [
            obj
            for obj in collection.objects
            if obj.parent == anchor and obj.type == "MESH" and not obj.hide_render
            if names.GROUND not in obj
        ]
    return found
