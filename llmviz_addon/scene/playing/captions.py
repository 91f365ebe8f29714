"""Captions: text objects that hang in front of the film's camera, each shown for its time.

They hang so close to the camera that no cube comes between, and are sized by the lens so that they
fill the same part of every picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ...progress import Steps
from ...walkthrough import Storyboard, targets
from ...walkthrough.storyboard import Caption, Channel, Key
from .. import names
from ..attributes import write_attribute
from ..drawn.blocks import CELL
from ..drawn.flat import Easel
from ..drawn.labels import PAPER, TITLE
from ..standing.standing import Standing
from ..style.kit import Kit
from ..words.typesetting import COARSE

CAPTIONS = "captions"
"""The key of the collection that holds a film's captions."""

# Meters in front of the camera, beyond its clip start. No cube comes as close in any shot.
DISTANCE = 0.03

# Fractions of the picture: text size over its width, line pitch over text size, the bottom margin
# and the height of the shade over the picture's height.
SIZE, LINE, BOTTOM, SHADE = 0.0205, 1.45, 0.06, 0.3
PORTRAIT_SIZE, PORTRAIT_CHARACTERS = 0.038, 38

FADE = 0.3
SHADE_OPACITY = 0.82

# Number of captions that are drawn in one step.
_TOGETHER = 30


@dataclass(frozen=True)
class Frame:
    """Width and height, in cells, of the picture at the distance where the captions hang."""

    width: float
    height: float

    @classmethod
    def of(cls, lens: float, aspect: float) -> Frame:
        """The frame of a camera whose sensor has 36 mm along the picture's longer side."""
        longer = DISTANCE / CELL * 36.0 / lens
        if aspect >= 1:
            return cls(longer, longer / aspect)
        return cls(longer * aspect, longer)

    @property
    def portrait(self) -> bool:
        """True if it is higher than wide, so that lines of text have to be shorter."""
        return self.height > self.width


def draw(
    part: bpy.types.Collection,
    camera: bpy.types.Object,
    board: Storyboard,
    aspect: float,
    kit: Kit,
) -> Steps[None]:
    """Make the captions of a storyboard in `part`; each stays unseen until its keys show it."""
    easel = Easel(camera, part, kit.label, error=COARSE)
    lens = board.value_at(targets.CAMERA, targets.LENS, 0.0)
    frame = Frame.of(lens, aspect)
    _shade(easel, frame)
    for index, caption in enumerate(board.captions):
        if index % _TOGETHER == 0:
            yield index / len(board.captions), "Drawing the captions"
        _draw(easel, caption, frame)


def _hang(obj: bpy.types.Object) -> bpy.types.Object:
    """Turn an object that was drawn to face the model's viewer so that it faces the camera."""
    obj.rotation_euler = (0.0, 0.0, 0.0)
    return obj


def _draw(easel: Easel, caption: Caption, frame: Frame) -> None:
    if frame.portrait:
        size, lines = frame.width * PORTRAIT_SIZE, caption.lines(PORTRAIT_CHARACTERS)
    else:
        size, lines = frame.width * SIZE, caption.lines()
    base = -frame.height * (0.5 - BOTTOM)
    depth = -DISTANCE / CELL
    made = []
    for index, line in enumerate(reversed(lines)):
        place = (0.0, base + index * size * LINE, depth)
        made.append(_hang(easel.text("Caption", line, place, size, kind=TITLE, align="CENTER")))
    if caption.title:
        place = (0.0, base + (len(lines) * LINE + 0.35) * size, depth)
        made.append(
            _hang(
                easel.text(
                    "Caption Title", caption.title, place, 1.5 * size, kind=TITLE, align="CENTER"
                )
            )
        )
    for obj in made:
        obj[names.CAPTION_OF] = caption.beat
        # Nothing shows before the keys set this scale.
        obj.scale = (0.0, 0.0, 0.0)


def _shade(easel: Easel, frame: Frame) -> None:
    """Darken the foot of the picture toward its edge, so that captions can be read on anything."""
    x, low, high = 0.6 * frame.width, -0.55 * frame.height, (SHADE - 0.5) * frame.height
    steps = np.linspace(0.0, 1.0, 9)
    z = low + (high - low) * steps
    depth = -1.01 * DISTANCE / CELL
    vertices = [(side * x, height, depth) for height in z for side in (-1, 1)]
    faces = [[2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2] for i in range(len(z) - 1)]
    shade = easel.mesh("Caption Shade", np.array(vertices), faces, kind=PAPER)
    # A smooth step, since the end of a straight ramp would show as a line.
    clear = np.repeat(steps * steps * (3 - 2 * steps), 2)
    write_attribute(shade.data, names.CLEAR, clear, "FLOAT")
    shade[names.OPACITY] = SHADE_OPACITY
    # Viewports in solid mode would draw it as an opaque plate.
    shade.hide_viewport = True


def channels(caption: Caption) -> tuple[tuple[Channel, int], ...]:
    """The channels that show a caption for its time, each with its place in an array."""
    start, end = caption.start, caption.end
    fade = min(FADE, (end - start) / 3)
    keys = (
        Key(start, 0.0, "ease"),
        Key(start + fade, 1.0, "constant"),
        Key(end - fade, 1.0, "ease"),
        Key(end, 0.0, "constant"),
    )
    # Outside its time a caption has no size at all. If it were only transparent, every ray would
    # have to pass the captions of the whole film. If its visibility were keyed, Blender would
    # update the whole scene at every change.
    there = Channel(
        caption.beat,
        targets.SCALE,
        (
            *((Key(0.0, 0.0, "constant"),) if start > 0 else ()),
            Key(start, 1.0, "constant"),
            Key(end, 0.0, "constant"),
        ),
    )
    return (
        (Channel(caption.beat, names.OPACITY, keys), 0),
        *((there, axis) for axis in range(3)),
    )


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
    return [obj for obj in standing.objects.values() if names.CAPTION_OF in obj]
