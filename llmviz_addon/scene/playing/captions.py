"""Captions: text objects that hang in front of the film's camera, each shown for its time.

They hang so close to the camera that no cube comes between, and are sized by the lens so that they
fill the same part of every picture.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ...progress import Steps
from ...walkthrough import Storyboard, captioning, targets
from ...walkthrough.lettering import FONT_SIZE
from ...walkthrough.storyboard import Caption, Channel, Key
from .. import names
from ..attributes import write_attribute
from ..drawn.blocks import CELL
from ..drawn.flat import Easel
from ..drawn.labels import PAPER, TITLE
from ..standing import ledger
from ..standing.standing import Standing
from ..style.kit import Kit
from ..words import typesetting
from ..words.typesetting import COARSE, Setting
from .frames import DISTANCE, Frame

CAPTIONS = "captions"
"""The key of the collection that holds a film's captions."""


FADE = 0.3
SHADE_OPACITY = 0.86

# Points above a caption up to which the shade behind it is even.
_EVEN = 10.0

# Number of captions that are drawn in one step.
_TOGETHER = 30


def draw(
    part: bpy.types.Collection,
    camera: bpy.types.Object,
    board: Storyboard,
    aspect: float,
    kit: Kit,
    said: dict[tuple[str, Setting], bpy.types.Mesh],
) -> Steps[None]:
    """Make the captions of a storyboard in `part`; each stays unseen until its keys show it.

    `said` has meshes of words that are at hand.
    """
    easel = Easel(camera, part, kit.label, error=COARSE, words=said)
    lens = board.value_at(targets.CAMERA, targets.LENS, 0.0)
    frame = Frame.of(lens, aspect)
    shades: dict[float, bpy.types.Mesh] = {}
    for index, caption in enumerate(board.captions):
        if index % _TOGETHER == 0:
            yield index / len(board.captions), "Drawing the captions"
        _draw(easel, caption, frame, shades)


def kept(
    objects: Iterable[bpy.types.Object], material: bpy.types.Material
) -> dict[tuple[str, Setting], bpy.types.Mesh]:
    """The meshes of captions that stand, as they were drawn, of this material, by their words."""
    found = {}
    for obj in objects:
        if names.CAPTION_OF not in obj or obj.type != "MESH":
            continue
        setting = typesetting.setting_of(obj.data)
        ours = setting is not None and list(obj.data.materials) == [material]
        if ours and not {names.TEXT, "data.shape", "materials"} & ledger.changed(obj):
            found[str(obj.data[names.TEXT]), setting] = obj.data
    return found


def _hang(obj: bpy.types.Object) -> bpy.types.Object:
    """Turn an object that was drawn to face the model's viewer so that it faces the camera."""
    obj.rotation_euler = (0.0, 0.0, 0.0)
    return obj


def _draw(
    easel: Easel, caption: Caption, frame: Frame, shades: dict[float, bpy.types.Mesh]
) -> None:
    lines, point = caption.lines(frame.aspect), frame.point
    base, depth = -frame.height / 2 + captioning.FOOT * point, -DISTANCE / CELL
    made: list[bpy.types.Object] = []

    def write(name: str, text: str, up: float, capital: float) -> None:
        size, place = FONT_SIZE * capital * point, (0.0, base + up * point, depth)
        made.append(_hang(easel.text(name, text, place, size, kind=TITLE, align="CENTER")))

    for index, line in enumerate(reversed(lines)):
        write("Caption", line, index * captioning.PITCH, captioning.CAPITAL)
    if caption.title:
        up = (len(lines) - 1) * captioning.PITCH + captioning.CAPITAL + captioning.TITLE_GAP
        write("Caption Title", caption.title, up, captioning.TITLE)
    for obj in made:
        obj[names.CAPTION_OF] = caption.beat
    shade = _shade(easel, caption.top(frame.aspect), frame, shades)
    shade[names.SHADE_OF] = caption.beat
    for obj in (*made, shade):
        # Nothing shows before the keys give it breadth.
        obj.scale.x = 0.0


def _shade(
    easel: Easel, top: float, frame: Frame, shades: dict[float, bpy.types.Mesh]
) -> bpy.types.Object:
    """Darken the foot of the picture up to `top` (points), where a caption is to be read.

    `shades` has the meshes of those drawn so far.
    """
    name, depth = "Caption Shade", -1.01 * DISTANCE / CELL
    if top in shades:
        made = bpy.data.objects.new(name, shades[top])
        shade = _hang(easel.hang(made, (0.0, 0.0, 0.0), PAPER))
    else:
        x, steps = 0.6 * frame.width, np.linspace(0.0, 1.0, 9)
        soft = top - captioning.CLEAR + _EVEN + steps * (captioning.CLEAR - _EVEN)
        z = np.concatenate([[-0.05 * frame.height], soft * frame.point]) - frame.height / 2
        vertices = [(side * x, height, depth) for height in z for side in (-1, 1)]
        faces = [[2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(len(z) - 1)]
        shade = easel.mesh(name, np.array(vertices), faces, kind=PAPER)
        # A smooth step, since the end of a straight ramp would show as a line.
        clear = np.concatenate([[0.0], steps * steps * (3 - 2 * steps)])
        clear = 1 - SHADE_OPACITY * (1 - clear)
        write_attribute(shade.data, names.CLEAR, np.repeat(clear, 2), "FLOAT")
        shades[top] = shade.data
    # Viewports in solid mode would draw it as an opaque plate.
    shade.hide_viewport = shade[names.BACKDROP] = True
    return shade


def channels(
    target: str, start: float, end: float, by: str = targets.BREADTH
) -> tuple[Channel, ...]:
    """The channels that show words for their time; outside of it they are nothing in size.

    `by` is the property that says so. For captions a breadth of nothing will do, one curve in place
    of three; titles at all depths are then a bundle of lines in one plane, through which Cycles
    passes so slowly that an upright picture takes ten times as long.
    """
    fade = min(FADE, (end - start) / 3)
    keys = (
        Key(start, 0.0, "ease"),
        Key(start + fade, 1.0, "constant"),
        Key(end - fade, 1.0, "ease"),
        Key(end, 0.0, "constant"),
    )
    # If they were only transparent, every ray would have to pass the words of the whole film. If
    # their visibility were keyed, Blender would update the whole scene at every change.
    there = Channel(
        target,
        by,
        (
            *((Key(0.0, 0.0, "constant"),) if start > 0 else ()),
            Key(start, 1.0, "constant"),
            Key(end, 0.0, "constant"),
        ),
    )
    return Channel(target, names.OPACITY, keys), there


_WAYS_TO_HIDE = ("hide_viewport", "hide_render")


def show(standing: Standing, visible: bool) -> None:
    """Switch all captions on or off, in the viewport and in renders."""
    for shown in switches(standing):
        shown.hide_viewport = shown.hide_render = not visible


def shown(standing: Standing) -> bool:
    """True if captions appear in renders."""
    return any(not switch.hide_render for switch in switches(standing))


def hidden(standing: Standing) -> tuple[bool, bool]:
    """True for viewports and for renders in which captions are hidden, by whoever hid them."""
    found = switches(standing)
    viewport, render = (all(getattr(s, way) for s in found) for way in _WAYS_TO_HIDE)
    return bool(found) and viewport, bool(found) and render


def hide(standing: Standing, ways: tuple[bool, bool]) -> None:
    """Hide captions, or not, as `hidden` has found others."""
    for switch in switches(standing):
        for name, value in zip(_WAYS_TO_HIDE, ways, strict=True):
            setattr(switch, name, value)


def switches(standing: Standing) -> list[bpy.types.Collection | bpy.types.Object]:
    """The things to hide for the captions: their collection, or each if a person deleted it."""
    part = standing.collections.get(CAPTIONS)
    if part is not None:
        return [part]
    marks = (names.CAPTION_OF, names.SHADE_OF)
    return [obj for obj in standing.objects.values() if any(mark in obj for mark in marks)]
