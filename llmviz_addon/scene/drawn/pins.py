"""Pins: the answer to a question about a cell, drawn in the scene.

A frame stands around the cell, its sources are lit, brighter the more they count, and fine lines
lead from the strongest ones to it. They are objects over the cells, so no block is evaluated anew.
A card with the cell's name, value and formula hangs before the camera, beside the place at which
the cell is seen; constraints keep it there and within the picture, whatever the camera does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
from ..attributes import write_attribute
from ..style.kit import CELL, Kit
from ..style.looks import linear
from .flat import Easel
from .labels import DIMENSION, PAPER, SECTION, TITLE
from .sheets import Sheet

PINS = "pins"
"""The key of the collection that holds a model's pins, and the group of their objects."""

Places = Callable[[str, NDArray[np.float64]], NDArray[np.float64]]
"""From places (N, 3) in cells of the anatomy, of a block's cells, to cells from the anchor."""

# Kinds of what is drawn around cells: the numbers of the material's colors.
TARGET, SOURCE = 0, 1

# Colors in Solid mode: of pins by kind, and of a card's words and paper, which are labels'.
TINTS = (linear("#fff1b8"), linear("#ffab2e"))
_LABEL_TINTS = tuple(map(linear, ("#ffffff", "#9aa6bd", "#7d8aa3", "#10141f")))

# Sources with a light of their own, and sources from which lines lead; of more, the strongest.
_MOST_LIGHTS, _MOST_LINES = 600, 40

# In cells: half the side of the frame around the cell, and the widths of its bars, of those around
# sources, and of lines. The last two grow with the distance of what they lead to.
_HALF, _BAR, _THIN, _LINE = 0.54, 0.09, 0.05, 0.055
_PER_CELL = 0.0007
_BENDS = 14

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


class _Row(NamedTuple):
    text: str
    style: str
    beside: str = ""


def draw(
    found: Explanation,
    places: Places,
    spots: Callable[[str, NDArray, NDArray], NDArray],
    easel: Easel,
    kit: Kit,
) -> list[bpy.types.Object]:
    """Draw the pin of an explained cell.

    Parameters
    ----------
    places
        Where cells stand.
    spots
        Gives the middles (N, 3) of cells, in the anatomy, from a block, columns and rows.
    easel
        Draws in the material of pins.
    """
    cell = found.cell
    middle = spots(cell.block, np.array([cell.column]), np.array([cell.row]))
    origin = places(cell.block, middle)[0]
    solid = _Solid(origin)
    solid.box(places, cell.block, middle[0], _HALF, _BAR)
    _light(solid, found, places, spots)
    frame = easel.mesh(f"{cell}", *solid.faces, place=tuple(origin))
    solid.dress(frame.data)
    wires = _Solid(origin)
    _fan(wires, found, places, spots, middle[0])
    lines = easel.mesh(f"{cell} lines", *wires.faces, place=tuple(origin))
    wires.dress(lines.data)
    spot = _empty(easel, f"{cell} place")
    card = _card(found, easel, kit)
    leader = _leader(easel, f"{cell} leader")
    made = {"": frame, " lines": lines, " place": spot, " card": card, " leader": leader}
    for what, obj in made.items():
        obj[names.PIN_OF], obj[names.KEY] = str(cell), f"pin:{cell}{what}"
    return list(made.values())


class _Solid:
    """Quadrangles around a place, each corner with its kind of color and its transparency."""

    def __init__(self, origin: NDArray[np.float64]):
        self._origin = origin
        self._quads: list[NDArray[np.float64]] = []
        self._tones: list[NDArray[np.float64]] = []
        self._clears: list[NDArray[np.float64]] = []

    def add(self, quads: NDArray[np.float64], kind: int, clear: NDArray | float) -> None:
        """Add (N, 4, 3) quadrangles; `clear` is one number, (N,), or (N, 4)."""
        self._quads.append(np.asarray(quads, float) - self._origin)
        count = len(quads)
        self._tones.append(np.full(4 * count, float(kind)))
        each = np.asarray(clear, float)
        each = each[:, None] if each.ndim == 1 else each
        self._clears.append(np.broadcast_to(each, (count, 4)).reshape(-1))

    def box(
        self,
        places: Places,
        block: str,
        middle: NDArray[np.float64],
        half: float,
        bar: float,
    ) -> None:
        """Add a frame of twelve bars around a cube."""
        ends = np.array([(a, b) for a in (-half, half) for b in (-half, half)])
        for axis in range(3):
            low = np.insert(ends, axis, -half - bar / 2, axis=1)
            high = np.insert(ends, axis, half + bar / 2, axis=1)
            for start, end in zip(low, high, strict=True):
                quads = _bar(middle + start, middle + end, bar)
                self.add(_mapped(places, block, quads), TARGET, 0.0)

    @property
    def faces(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Vertices (4 N, 3) and faces (N, 4)."""
        count = sum(map(len, self._quads))
        points = np.concatenate(self._quads) if count else np.zeros((0, 4, 3))
        return points.reshape(-1, 3), np.arange(4 * count).reshape(-1, 4)

    def dress(self, mesh: bpy.types.Mesh) -> None:
        """Write color and transparency to the mesh that was made of the faces."""
        if not self._quads:
            return
        tones, clears = np.concatenate(self._tones), np.concatenate(self._clears)
        write_attribute(mesh, names.TONE, tones, "FLOAT")
        write_attribute(mesh, names.CLEAR, clears, "FLOAT")
        # Solid mode knows no transparency: what is fainter is darker there.
        tints = np.array(TINTS, np.float32)[tones.astype(int)]
        tints[:, :3] *= (1.0 - 0.85 * clears[:, None]).astype(np.float32)
        write_attribute(mesh, names.CELL_COLOR, tints, "FLOAT_COLOR")
        mesh.attributes.active_color_name = names.CELL_COLOR


def _bar(start: NDArray, end: NDArray, width: float) -> NDArray[np.float64]:
    """(6, 4, 3) the faces of a box along an axis, or (4, 4, 3) of one in any direction."""
    low, high = np.minimum(start, end) - width / 2, np.maximum(start, end) + width / 2
    signs = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])
    corners = np.where(signs, high, low)
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners[np.array(faces)]


def _mapped(places: Places, block: str, quads: NDArray) -> NDArray[np.float64]:
    return places(block, quads.reshape(-1, 3)).reshape(-1, 4, 3)


def _light(solid: _Solid, found: Explanation, places: Places, spots) -> None:
    """Light the sources, and frame those that stand together."""
    sides = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.45
    for source, strengths in zip(found.sources, found.strengths, strict=True):
        if not len(source):
            continue
        block, columns, rows = source.cells
        order = np.argsort(-strengths, kind="stable")[:_MOST_LIGHTS]
        middles = spots(block, columns[order], rows[order])
        for front in (-0.475, 0.475):
            corners = np.stack([sides[:, 0], np.full(4, front), sides[:, 1]], -1)
            quads = middles[:, None] + corners
            clear = 0.9 - 0.62 * strengths[order]
            solid.add(_mapped(places, block, quads), SOURCE, clear)
        every = spots(block, columns, rows)
        # A fold has the cells of a line at one height, so lines are told apart by it.
        longest = max(float(np.ptp(every[:, 0])), float(np.ptp(every[:, 2])))
        bar = _THIN + _PER_CELL * longest
        for low, high in _together(every, columns, rows):
            low, high = low - 0.5 - bar / 2, high + 0.5 + bar / 2
            y = every[0, 1] - 0.5
            corners = [(low[0], low[2]), (high[0], low[2]), (high[0], high[2]), (low[0], high[2])]
            for (x, z), (u, w) in zip(corners, [*corners[1:], corners[0]], strict=True):
                quads = _bar(np.array([x, y, z]), np.array([u, y, w]), bar)
                solid.add(_mapped(places, block, quads), SOURCE, 0.15)


def _together(
    middles: NDArray, columns: NDArray, rows: NDArray
) -> Iterator[tuple[NDArray, NDArray]]:
    """The least and the greatest middles of cells that stand in one rectangle.

    Cells of a fold that are neighbors by number but not in space are in different ones.
    """
    shift = np.stack([middles[:, 0] - columns, middles[:, 2] + rows], -1).round(3)
    for line in np.unique(shift, axis=0):
        there = (shift == line).all(1)
        yield middles[there].min(0), middles[there].max(0)


def _fan(wires: _Solid, found: Explanation, places: Places, spots, target: NDArray) -> None:
    """Lead a line from each of the strongest sources to the cell, in a bow before the blocks."""
    strongest = sorted(
        (
            (float(strengths[index]), number, int(index))
            for number, strengths in enumerate(found.strengths)
            for index in np.argsort(-strengths, kind="stable")[:_MOST_LINES]
        ),
        reverse=True,
    )[:_MOST_LINES]
    end = places(found.cell.block, (target + (0, -0.5, 0))[None])[0]
    front = places(found.cell.block, (target + (0, -1.5, 0))[None])[0] - end
    for strength, number, index in strongest:
        block, columns, rows = found.sources[number].cells
        middle = spots(block, columns[[index]], rows[[index]])
        start = places(block, middle + (0, -0.5, 0))[0]
        away = float(np.linalg.norm(end - start))
        bow = front * 0.32 * away
        t = np.linspace(0.0, 1.0, _BENDS)[:, None]
        path = (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * (start + bow)
        path = path + 3 * (1 - t) * t**2 * (end + bow) + t**3 * end
        width = (_LINE + _PER_CELL * away) * (0.35 + 0.65 * strength)
        clear = 1.0 - (0.16 + 0.8 * strength) * (0.45 + 0.55 * t[:, 0])
        for quads, corners in _ribbons(path, width, clear):
            wires.add(quads, SOURCE, corners)


def _ribbons(
    path: NDArray, width: float, clear: NDArray
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Two ribbons across each other along a path, which look alike from all sides."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    helper = np.where(np.abs(along[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = np.cross(along, helper)
    across /= np.linalg.norm(across, axis=1)[:, None]
    for side in (across, np.cross(along, across)):
        left, right = path - side * width / 2, path + side * width / 2
        quads = np.stack([left[:-1], right[:-1], right[1:], left[1:]], 1)
        yield quads, np.stack([clear[:-1], clear[:-1], clear[1:], clear[1:]], 1)


def _empty(easel: Easel, name: str) -> bpy.types.Object:
    made = bpy.data.objects.new(name, None)
    made.empty_display_size = 0.001
    easel.hang(made, (0.0, 0.0, 0.0), 0)
    made.hide_viewport = True
    return made


# The card


def _card(found: Explanation, easel: Easel, kit: Kit) -> bpy.types.Object:
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
    obj[names.SAYS] = "\n".join(sheet.said)
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
        value, _, how = found.value_words.partition(", ")
        yield _Row(value, "value", how or found.exactness)
    if found.why and found.state != "pending":
        yield from lines(found.why, "line", 3)
    if found.formula is not None and found.state != "masked":
        yield from lines(found.text, "line", 2)
        if found.with_numbers:
            yield from lines(f"= {found.with_numbers}", "line", _MOST_FORMULA)


def _leader(easel: Easel, name: str) -> bpy.types.Object:
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
    made = _empty(easel, "Pins")
    made[names.KEY] = "pin hud"
    return made


def compose(
    objects: dict[str, bpy.types.Object],
    parent: bpy.types.Object,
    lens: float,
    aspect: float,
    distance: float = 0.0,
    sides: Mapping[str, tuple[int, int]] | None = None,
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
    sides
        By the key of a pin, the side of its cell on which its card hangs; see `best_side`. Above
        it to the right, unless given.
    """
    sides = {} if sides is None else sides
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
        side = np.array(sides.get(key, (1, 1)))
        off = np.where(side > 0, _OFF, -np.array(_OFF)) * point
        corner = np.where(side > 0, off, off - size)
        card.location, card.scale = (*corner, 0.0), [point * POINTS] * 3
        _keep_within(card, spot, -half, np.maximum(half - size, -half))
        leader = objects.get(f"{key} leader")
        if leader is not None:
            leader.parent = top
            leader.scale = (point * POINTS, 1.0, point * POINTS)
            _stretch(leader, card, spot, np.where(side > 0, 0.0, size))


def best_side(
    seen: NDArray[np.float64], cell: NDArray[np.float64], aspect: float, high: float
) -> tuple[int, int]:
    """The side of a cell on which its card hides least: to the right or left, and up or down.

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
    """
    half = np.array([max(aspect, 1.0), max(1 / aspect, 1.0)]) * POINTS / 2 - _EDGE
    size = np.array([_WIDTH, high])

    def cost(side: tuple[int, int]) -> float:
        wanted = cell + np.where(np.array(side) > 0, _OFF, -np.array(_OFF) - size)
        low = np.clip(wanted, -half, half - size)
        within = ((seen > low - 12) & (seen < low + size + 12)).all(1)
        hides = ((cell > low - 12) & (cell < low + size + 12)).all()
        moved = float(np.abs(low - wanted).sum()) / POINTS
        return float(within.mean() if len(within) else 0.0) + moved + 10.0 * float(hides)

    return min(((1, 1), (-1, 1), (1, -1), (-1, -1)), key=cost)


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
