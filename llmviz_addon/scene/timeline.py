"""A storyboard becomes F-curves, markers, a camera and captions: nothing is computed while it plays.

All curves of a model live in one action with a slot for each thing that it animates, so the film
is one datablock that can be looked at, linked or removed.
"""

from __future__ import annotations

import bpy
import numpy as np

from . import compat

FIRST_FRAME = 1

# How Blender calls what the storyboard calls an easing: interpolation and easing of the key.
_INTERPOLATION = {
    item.identifier: item.value
    for item in bpy.types.Keyframe.bl_rna.properties["interpolation"].enum_items
}
_EASING = {
    item.identifier: item.value
    for item in bpy.types.Keyframe.bl_rna.properties["easing"].enum_items
}


def frame_of(seconds: float, fps: int) -> float:
    """The frame at which a time of the storyboard falls."""
    return FIRST_FRAME + seconds * fps


def write_curve(
    owner: bpy.types.ID,
    action: bpy.types.Action,
    path: str,
    frames: np.ndarray,
    values: np.ndarray,
    easings: list[tuple[str, str]],
    index: int = 0,
) -> None:
    """Write one F-curve.

    Parameters
    ----------
    path, index
        The data path and the place in its array.
    frames, values
        One of each for every key, frames ascending.
    easings
        Interpolation and easing from each key to the next, e.g. ("SINE", "EASE_IN_OUT").
    """
    curve = compat.fcurves(owner, action).new(path, index=index)
    keys = curve.keyframe_points
    keys.add(len(frames))
    keys.foreach_set("co", np.stack([frames, values], -1).astype(np.float32).reshape(-1))
    keys.foreach_set("interpolation", np.array([_INTERPOLATION[i] for i, _ in easings], np.int32))
    keys.foreach_set("easing", np.array([_EASING[e] for _, e in easings], np.int32))
    curve.update()
