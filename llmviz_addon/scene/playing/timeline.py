"""F-curves from the channels of a storyboard, so that nothing is computed while a film plays."""

from __future__ import annotations

from array import array
from dataclasses import replace

import bpy

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
_CODES = {
    name: (_INTERPOLATION[interpolation], _EASING[easing])
    for name, (interpolation, easing) in EASINGS.items()
}


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
    keys = channel.keys
    # A film has thousands of channels of a few keys each, for which plain arrays are quicker to
    # make than those of numpy.
    points = array("f")
    for key in keys:
        points.append(frame_of(key.time, fps))
        points.append(key.value * scale)
    curve = curves.new(path, index=index)
    written = curve.keyframe_points
    written.add(len(keys))
    written.foreach_set("co", points)
    easings = [_CODES[key.easing] for key in keys]
    written.foreach_set("interpolation", array("i", [code for code, _ in easings]))
    written.foreach_set("easing", array("i", [code for _, code in easings]))
    if any(key.easing == "smooth" for key in keys):
        free = array("i", [_FREE]) * len(keys)
        for side, handles in zip(
            ("left", "right"), zip(*channel.handles(), strict=True), strict=True
        ):
            flat = [part for at, to in handles for part in (frame_of(at, fps), to * scale)]
            written.foreach_set(f"handle_{side}_type", free)
            written.foreach_set(f"handle_{side}", array("f", flat))
    if len(played) > 1 or path.startswith('["'):
        curve.extrapolation = "CONSTANT"
    curve.auto_smoothing = "NONE"
    curve.update()
    return curve
