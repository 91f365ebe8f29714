"""Pins: the answer to a question about a cell, drawn in the scene.

A frame stands around the cell, its sources are lit, brighter the more they count, and fine lines
lead from the strongest ones to it. They are objects over the cells, so no block is evaluated anew.
A card with the cell's name, value and formula hangs before the camera; see `pin_cards`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import bpy
import numpy as np
from numpy.typing import NDArray

from ...explain import Explanation
from .. import names
from ..attributes import write_attribute
from ..style.kit import Kit
from . import pin_cards as cards
from .flat import Easel
from .pin_cards import SOURCE, TARGET, TINTS

PINS = "pins"
"""The key of the collection that holds a model's pins, and the group of their objects."""

Places = Callable[[str, NDArray[np.float64]], NDArray[np.float64]]
"""From places (N, 3) in cells of the anatomy, of a block's cells, to cells from the anchor."""

# Sources with a light of their own, and sources from which lines lead; of more, the strongest.
_MOST_LIGHTS, _MOST_LINES = 600, 40

# In cells: half the side of the frame around the cell, and the widths of its bars, of those around
# sources, and of lines. The last two grow with the distance of what they lead to.
_HALF, _BAR, _THIN, _LINE = 0.54, 0.09, 0.05, 0.055
_PER_CELL = 0.0007
_BENDS = 14


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
    spot = cards.empty(easel, f"{cell} place")
    card = cards.card(found, easel, kit)
    leader = cards.leader(easel, f"{cell} leader")
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
        # Thin where it meets the cell, so that from near it hides none.
        width = _LINE + _PER_CELL * away * (1.0 - t[:, 0]) ** 0.7
        width *= 0.35 + 0.65 * strength
        clear = 1.0 - (0.16 + 0.8 * strength) * (0.45 + 0.55 * t[:, 0])
        for quads, corners in _ribbons(path, width, clear):
            wires.add(quads, SOURCE, corners)


def _ribbons(
    path: NDArray, width: NDArray, clear: NDArray
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Two ribbons across each other along a path, which look alike from all sides."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    helper = np.where(np.abs(along[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = np.cross(along, helper)
    across /= np.linalg.norm(across, axis=1)[:, None]
    for side in (across, np.cross(along, across)):
        half = side * width[:, None] / 2
        left, right = path - half, path + half
        quads = np.stack([left[:-1], right[:-1], right[1:], left[1:]], 1)
        yield quads, np.stack([clear[:-1], clear[:-1], clear[1:], clear[1:]], 1)
