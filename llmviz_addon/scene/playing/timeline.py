"""F-curves from the channels of a storyboard, so that nothing is computed while a film plays."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from ...walkthrough.storyboard import Channel, Key

FIRST_FRAME = 1

# Before the film, the whole model is shown, computed: what somebody sees who has just built it.
REST_FRAME = FIRST_FRAME - 1

# Interpolation and easing of a keyframe by the storyboard's name of an easing: each plays exactly
# what `walkthrough.easing` computes.
EASINGS = {
    "constant": ("CONSTANT", "AUTO"),
    "linear": ("LINEAR", "AUTO"),
    "ease": ("SINE", "EASE_IN_OUT"),
    "ease_in": ("SINE", "EASE_IN"),
    "ease_out": ("SINE", "EASE_OUT"),
    "smooth": ("BEZIER", "AUTO"),
}


def _codes(prop: str) -> dict[str, int]:
    items = bpy.types.Keyframe.bl_rna.properties[prop].enum_items
    return {item.identifier: item.value for item in items}


_INTERPOLATION = _codes("interpolation")
_EASING = _codes("easing")
_FREE = _codes("handle_left_type")["FREE"]


def frame_of(seconds: float, fps: int) -> float:
    """The frame at which a time of the storyboard falls."""
    return FIRST_FRAME + seconds * fps


def write_channel(
    curves: bpy.types.ActionChannelbagFCurves,
    path: str,
    channel: Channel,
    fps: int,
    *,
    index: int = 0,
    scale: float = 1.0,
    rest: float | None = None,
) -> bpy.types.FCurve:
    """Write one F-curve that plays exactly as `Channel.at` says.

    Parameters
    ----------
    curves
        The curves of the animated object or datablock, with none yet for this property.
    path, index
        The data path, and the index if the property is an array.
    scale
        Factor on the values, e.g. meters a cell.
    rest
        The value before the film, where it differs from the film's first.
    """

    played = channel.keys
    if rest is not None:
        first = Key((REST_FRAME - FIRST_FRAME) / fps, rest, "constant")
        channel = replace(channel, keys=(first, *played))

    def points(pairs: list[tuple[float, float]]) -> np.ndarray:
        times, values = np.array(pairs, np.float64).T
        return np.stack([frame_of(times, fps), values * scale], -1).astype(np.float32).reshape(-1)

    curve = curves.new(path, index=index)
    keys = curve.keyframe_points
    keys.add(len(channel.keys))
    keys.foreach_set("co", points([(key.time, key.value) for key in channel.keys]))
    easings = [EASINGS[key.easing] for key in channel.keys]
    keys.foreach_set("interpolation", np.array([_INTERPOLATION[i] for i, _ in easings], np.int32))
    keys.foreach_set("easing", np.array([_EASING[e] for _, e in easings], np.int32))
    if any(key.easing == "smooth" for key in channel.keys):
        free = np.full(len(channel.keys), _FREE, np.int32)
        left, right = zip(*channel.handles(), strict=True)
        for side, handles in (("left", left), ("right", right)):
            keys.foreach_set(f"handle_{side}_type", free)
            keys.foreach_set(f"handle_{side}", points(list(handles)))
    if len(played) > 1 or path.startswith('["'):
        curve.extrapolation = "CONSTANT"
    curve.auto_smoothing = "NONE"
    curve.update()
    return curve
