"""The cards of pinned cells, and what keeps them before a camera.

A card is a mesh in points of the picture. It is drawn along the line from the camera to its cell to
the depth of cards, and is kept within the picture; a thin line is stretched from it to the cell.
Constraints do all of that, so it is composed at every frame without the extension.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import bpy
import numpy as np
from numpy.typing import NDArray

from ...explain import Explanation
from ...walkthrough import lettering
from ...walkthrough.framing import SENSOR
from ...walkthrough.lettering import FONT_SIZE
from ...walkthrough.picture import POINTS
from .. import names
from ..style.kit import CELL, Kit
from ..style.looks import linear
from .flat import Easel
from .labels import DIMENSION, PAPER, SECTION, TITLE
from .sheets import Sheet

# Kinds of the material of pins: the numbers of its colors.
TARGET, SOURCE = 0, 1

# Colors in Solid mode: of pins by kind, and of a card's words and paper, which are labels'.
TINTS = (linear("#fff1b8"), linear("#ffab2e"))
_LABEL_TINTS = tuple(map(linear, ("#ffffff", "#9aa6bd", "#7d8aa3", "#10141f")))

# The card, in points: its width, the heights of capitals, the distances of baselines.
_WIDTH, _MARGIN, _STRIPE = 580.0, 30.0, 8.0
_ROWS = {"title": (23.0, 48.0), "place": (17.0, 37.0), "value": (42.0, 82.0), "line": (17.0, 37.0)}
_KINDS = {"title": TITLE, "place": SECTION, "value": TITLE, "line": SECTION}
_MOST_FORMULA = 3

# From the place of the cell in the picture to the nearest corner of its card, in points; and the
# least distance of a card to the picture's edge.
_OFF, _EDGE = (62.0, 54.0), 36.0

# Meters before the camera at which cards hang: behind captions, before everything else.
_DEPTH = 0.036
# What it costs a card to hang farther from its cell, by which it rather hides that part of a block.
_FAR = 0.08
# No points of a picture.
_NOTHING = np.empty((0, 2))


class _Row(NamedTuple):
    text: str
    style: str
    beside: str = ""


def empty(easel: Easel, name: str) -> bpy.types.Object:
    made = bpy.data.objects.new(name, None)
    made.empty_display_size = 0.001
    easel.hang(made, (0.0, 0.0, 0.0), 0)
    made.hide_viewport = True
    return made


def card(found: Explanation, easel: Easel, kit: Kit) -> bpy.types.Object:
    """The card, in points from its lower left corner; `compose` scales it to the picture."""
    rows = list(_said(found))
    unit = 1.0 / CELL / POINTS
    height = 2 * _MARGIN + sum(_ROWS[row.style][1] for row in rows) - 14.0
    left = bottom = 0.0
    sheet = Sheet((0.0, 0.0, 0.0), (kit.label, kit.pin), (_LABEL_TINTS, TINTS))

    def rect(x: float, y: float, w: float, h: float, depth: float, material: int, kind: int, clear):
        center = ((x + w / 2) * unit, depth, (y + h / 2) * unit)
        sheet.rectangle(center, w * unit, h * unit, material=material, kind=kind, clear=clear)

    rect(left, bottom, _WIDTH, height, 0.0, 0, PAPER, 0.0)
    rect(left, bottom, _STRIPE, height, -0.02, 1, TARGET, 0.0)
    inner = left + _STRIPE + _MARGIN
    y = bottom + height - _MARGIN + 14.0
    for row in rows:
        capital, pitch = _ROWS[row.style]
        if row.beside:
            # A number of many digits leaves room for what stands beside it.
            aside = lettering.width(row.beside) * _ROWS["place"][0] + _MARGIN
            room = _WIDTH - 2 * _MARGIN - _STRIPE - aside
            capital = min(capital, room / lettering.width(row.text))
        y -= pitch
        at = (inner * unit, -0.04, y * unit)
        size = FONT_SIZE * capital * unit
        kind = _KINDS[row.style]
        sheet.words(row.text, at, size, kind=kind, align="LEFT", valign="BOTTOM_BASELINE")
        if row.beside:
            edge = ((left + _WIDTH - _MARGIN) * unit, -0.04, y * unit)
            size = FONT_SIZE * _ROWS["place"][0] * unit
            sheet.words(
                row.beside, edge, size, kind=DIMENSION, align="RIGHT", valign="BOTTOM_BASELINE"
            )
    mesh = bpy.data.meshes.new(f"{found.cell} card")
    mesh[names.OURS] = True
    sheet.write(mesh)
    obj = easel.hang(bpy.data.objects.new(mesh.name, mesh), (0.0, 0.0, 0.0), 0)
    # Sheets face a model's viewer; cards face a camera.
    obj.rotation_euler = (-np.pi / 2, 0.0, 0.0)
    obj[names.WORDS] = "\n".join(sheet.said)
    obj[names.HEIGHT] = height
    return obj


def _said(found: Explanation) -> Iterator[_Row]:
    room = _WIDTH - 2 * _MARGIN - _STRIPE

    def lines(text: str, style: str, most: int) -> Iterator[_Row]:
        wide = room / _ROWS[style][0]
        wrapped = lettering.wrapped(text, wide)
        if len(wrapped) > most:
            wrapped = [*wrapped[: most - 1], f"{wrapped[most - 1][:-2]} …"]
        return (_Row(line, style) for line in wrapped)

    yield from lines(found.title, "title", 2)
    if found.place:
        yield from lines(found.place, "place", 2)
    if found.value is not None:
        yield _Row(found.said.number, "value", found.exactness_words)
    if found.why and found.state != "pending":
        yield from lines(found.why, "line", 3)
    if found.formula is not None and found.state != "masked":
        yield from lines(found.text, "line", 2)
        if found.with_numbers:
            yield from lines(f"= {found.with_numbers}", "line", _MOST_FORMULA)


def leader(easel: Easel, name: str) -> bpy.types.Object:
    """A thin line, a unit long, that is stretched from the card to the cell."""
    half = 1.1 / CELL / POINTS
    across = np.array([(-half, 0, -half), (half, 0, -half), (half, 0, half), (-half, 0, half)])
    along = np.array([0.0, 1.0 / CELL, 0.0])
    following = np.roll(across, -1, axis=0)
    quads = np.stack([across, following, following + along, across + along], 1)
    points = quads.reshape(-1, 3)
    return easel.mesh(name, points, np.arange(16).reshape(-1, 4))


# Its place before a camera


def hud(easel: Easel) -> bpy.types.Object:
    """The parent of all cards; `compose` hangs it on a camera."""
    made = empty(easel, "Pins")
    made[names.KEY] = "pin hud"
    return made


def compose(
    objects: dict[str, bpy.types.Object],
    parent: bpy.types.Object,
    lens: float,
    aspect: float,
    distance: float = 0.0,
    offsets: Mapping[str, NDArray[np.float64]] | None = None,
    foot: float = 0.0,
) -> None:
    """Hang the cards of pins before a camera.

    Parameters
    ----------
    objects
        The objects of a model's pins, by key.
    parent
        The camera, or what hangs on it.
    lens, aspect
        Of the camera, in mm, and of its picture.
    distance
        Meters before the camera at which cards hang, where they have to be in focus; as near as
        they can, unless given.
    offsets
        By the key of a pin, where its card hangs; see `best_offset`. Above the cell to the right,
        unless given.
    foot
        Points at the lower edge of the picture that are the captions' alone.
    """
    offsets = {} if offsets is None else offsets
    top = objects.get("pin hud")
    if top is None:
        return
    top.parent, top.location = parent, (0.0, 0.0, 0.0)
    top.rotation_euler, top.scale = (0.0, 0.0, 0.0), [max(distance / _DEPTH, 1.0)] * 3
    longer = _DEPTH * SENSOR / lens
    width, height = (longer, longer / aspect) if aspect >= 1 else (longer * aspect, longer)
    # Meters of a point, at the depth of cards.
    point = min(width, height) / POINTS
    for key, frame in objects.items():
        if not key.startswith("pin:") or f"{key} card" not in objects:
            continue
        spot, card = objects.get(f"{key} place"), objects[f"{key} card"]
        if spot is None:
            continue
        for obj in (spot, card):
            obj.parent = top
        _follow(spot, frame, top)
        size = np.array([_WIDTH, float(card.get(names.HEIGHT, 0.0))]) * point
        half = np.array([width, height]) / 2 - _EDGE * point
        low = np.array([-half[0], max(-half[1], foot * point - height / 2)])
        corner = np.array(offsets.get(key, _OFF)) * point
        card.location, card.scale = (*corner, 0.0), [point * POINTS] * 3
        _keep_within(card, spot, low, np.maximum(half - size, low))
        leader = objects.get(f"{key} leader")
        if leader is not None:
            leader.parent = top
            leader.scale = (point * POINTS, 1.0, point * POINTS)
            _stretch(leader, card, spot, np.clip(-corner, 0.0, size))


def best_offset(
    seen: NDArray[np.float64],
    cell: NDArray[np.float64],
    aspect: float,
    high: float,
    block: NDArray[np.float64] = _NOTHING,
) -> NDArray[np.float64]:
    """(2,) the points from a cell to the lower left corner of its card, where it hides least.

    Near the cell, unless it hides more there than at the edges of the picture.

    Parameters
    ----------
    seen
        (N, 2) what shall not be hidden, in points from the middle of the picture.
    cell
        (2,) the place of the cell.
    aspect
        Width of the picture over its height.
    high
        Height of the card in points.
    block
        (M, 2) places all over the block of the cell, of which less shall be hidden, too.
    """
    half = np.array([max(aspect, 1.0), max(1 / aspect, 1.0)]) * POINTS / 2 - _EDGE
    size, off = np.array([_WIDTH, high]), np.array(_OFF)
    near = np.stack([cell + off, cell - off - size])
    edge = np.stack([half - size, -half])
    across = [*near[:, 0], *edge[:, 0]]
    places = [np.array([x, y]) for x in across for y in (*near[:, 1], *edge[:, 1])]

    def cost(wanted: NDArray[np.float64]) -> float:
        low = np.clip(wanted, -half, half - size)
        hidden = [
            ((points > low - 12) & (points < low + size + 12)).all(1).mean() if len(points) else 0.0
            for points in (seen, block)
        ]
        hides = ((cell > low - 12) & (cell < low + size + 12)).all()
        moved = np.abs(low - wanted).sum() / POINTS
        away = np.linalg.norm(np.clip(cell, low, low + size) - cell) / POINTS
        return float(sum(hidden) + moved + _FAR * away + 10.0 * hides)

    return min(places, key=cost) - cell


def _constraint(obj: bpy.types.Object, kind: str, name: str) -> bpy.types.Constraint:
    """A constraint of ours, made where it is missing."""
    found = obj.constraints.get(name)
    if found is None or found.type != kind:
        found = obj.constraints.new(kind)
        found.name = name
    return found


def _follow(spot: bpy.types.Object, frame: bpy.types.Object, top: bpy.types.Object) -> None:
    """Keep a place on the line from the camera to the cell, at the depth of cards."""
    copy = _constraint(spot, "COPY_LOCATION", "LLM Cell")
    copy.target = frame
    near = _constraint(spot, "LIMIT_DISTANCE", "LLM Depth")
    near.target, near.limit_mode, near.distance = top, "LIMITDIST_ONSURFACE", _DEPTH
    near.owner_space = near.target_space = "LOCAL"


def _keep_within(
    card: bpy.types.Object, spot: bpy.types.Object, low: NDArray, high: NDArray
) -> None:
    """Keep a card at a place, and within the picture."""
    copy = _constraint(card, "COPY_LOCATION", "LLM Cell")
    copy.target, copy.use_offset = spot, True
    copy.owner_space = copy.target_space = "LOCAL"
    keep = _constraint(card, "LIMIT_LOCATION", "LLM Picture")
    keep.owner_space = "LOCAL"
    for axis, index in (("x", 0), ("y", 1)):
        setattr(keep, f"use_min_{axis}", True)
        setattr(keep, f"use_max_{axis}", True)
        setattr(keep, f"min_{axis}", float(low[index]))
        setattr(keep, f"max_{axis}", float(high[index]))
    # The place of the cell is on a sphere around the camera; at the same depth, cards have the same
    # size.
    keep.use_min_z = keep.use_max_z = True
    keep.min_z = keep.max_z = -_DEPTH


def _stretch(
    leader: bpy.types.Object, card: bpy.types.Object, spot: bpy.types.Object, off: NDArray
) -> None:
    """Stretch a line from the corner of a card to the place of its cell."""
    copy = _constraint(leader, "COPY_LOCATION", "LLM Card")
    copy.target, copy.use_offset = card, True
    copy.owner_space = copy.target_space = "LOCAL"
    leader.location = (float(off[0]), float(off[1]), 0.0)
    stretch = _constraint(leader, "STRETCH_TO", "LLM Cell")
    stretch.target, stretch.volume, stretch.rest_length = spot, "NO_VOLUME", 1.0
