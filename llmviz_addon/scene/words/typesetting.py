"""Typesetting: words as one mesh of glyphs, with the words kept on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache

import bpy
import numpy as np

from .. import names
from . import reading
from .outlines import metrics
from .surfaces import Surface, surfaces

FINE, COARSE = 0.0005, 0.003
"""Greatest distances between a glyph's edge and the font's curve, in font sizes.

Fine is for words that a camera may fly up to: half a pixel where a capital is as high as the
picture. Coarse is for words that keep their size in the picture, as captions do, which are most.
"""

LINE = 1.0
"""Distance between the baselines of two lines, in font sizes."""

# Room between marks that stand on the same letter, in font sizes.
_BETWEEN_MARKS = 0.02


@dataclass(frozen=True, slots=True)
class Setting:
    """The way in which words are set.

    Attributes
    ----------
    size
        Font size in meters; capitals are about half as high.
    align
        The part of a line at the origin: ``"LEFT"``, ``"CENTER"`` or ``"RIGHT"``.
    valign
        The height at the origin: ``"BOTTOM_BASELINE"``, of the last line, ``"CENTER"`` or
        ``"TOP"``.
    error
        The greatest distance between a glyph's edge and the font's curve, in font sizes.
    """

    size: float
    align: str = "LEFT"
    valign: str = "BOTTOM_BASELINE"
    error: float = FINE


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """Glyphs and the places (N, 2) of their origins, at font size 1."""

    glyphs: list[Surface]
    places: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """Polygons in the plane of x and y, as the parts of a mesh.

    Attributes
    ----------
    points
        (V, 2) float32.
    edges
        (E, 2) int32, the points at their ends.
    corners, sides
        (C,) int32, for each corner of each polygon its point, and the edge to the next corner.
    starts
        (F,) int32, the first corner of each polygon.
    """

    points: np.ndarray
    edges: np.ndarray
    corners: np.ndarray
    sides: np.ndarray
    starts: np.ndarray

    def fill(self, mesh: bpy.types.Mesh, places: np.ndarray | None = None) -> None:
        """Put the polygons into a mesh that has none, their points at `places`, (V, 3) float32.

        Where no places are given, they are in the plane of x and y.
        """
        if places is None:
            places = np.zeros((len(self.points), 3), np.float32)
            places[:, :2] = self.points
        mesh.vertices.add(len(places))
        mesh.vertices.foreach_set("co", places.reshape(-1))
        mesh.edges.add(len(self.edges))
        mesh.edges.foreach_set("vertices", self.edges.reshape(-1))
        mesh.loops.add(len(self.corners))
        mesh.loops.foreach_set("vertex_index", self.corners)
        mesh.loops.foreach_set("edge_index", self.sides)
        mesh.polygons.add(len(self.starts))
        mesh.polygons.foreach_set("loop_start", self.starts)
        mesh.update()


@lru_cache(512)
def shape(words: str, setting: Setting) -> Shape:
    """The glyphs of words, in meters, not to be written to; lines are parted by ``\\n``."""
    placed = _place(words, setting)
    inked = [index for index, glyph in enumerate(placed.glyphs) if len(glyph.points)]
    places = placed.places[inked] * setting.size
    parts = [placed.glyphs[index] for index in inked]
    return joined(
        [
            Shape(
                glyph.points * np.float32(setting.size) + place.astype(np.float32),
                glyph.edges,
                glyph.corners,
                glyph.sides,
                glyph.starts,
            )
            for glyph, place in zip(parts, places, strict=True)
        ]
    )


def joined(shapes: Sequence[Shape]) -> Shape:
    """Several shapes as one."""
    if not shapes:
        none = np.zeros(0, np.int32)
        return Shape(np.zeros((0, 2), np.float32), none.reshape(0, 2), none, none, none)

    def moved(part: str, by: str) -> np.ndarray:
        """Numbers of points, edges or corners, counted on from shape to shape."""
        found = [getattr(each, part) for each in shapes]
        before = np.cumsum([0, *(len(getattr(each, by)) for each in shapes[:-1])], dtype=np.int32)
        whole = np.concatenate(found)
        return whole + np.repeat(before, [len(each) for each in found]).reshape(
            -1, *(1,) * (whole.ndim - 1)
        )

    return Shape(
        np.concatenate([each.points for each in shapes]),
        moved("edges", "points"),
        moved("corners", "points"),
        moved("sides", "edges"),
        moved("starts", "corners"),
    )


def mesh(name: str, words: str, setting: Setting) -> bpy.types.Mesh:
    """A mesh of words in the plane of x and y, that face along z; lines are parted by ``\\n``."""
    made = bpy.data.meshes.new(name)
    made[names.OURS] = True
    made[names.TEXT] = words
    made[names.SETTING] = asdict(setting)
    shape(words, setting).fill(made)
    return made


def setting_of(made: bpy.types.Mesh) -> Setting | None:
    """The way in which the words of a mesh are set; None if it is not one of words."""
    kept = made.get(names.SETTING)
    try:
        return None if kept is None else Setting(**kept.to_dict())
    except (AttributeError, TypeError):
        # A property that anybody can edit.
        return None


def rewrite(obj: bpy.types.Object) -> None:
    """Draw the words that an object says, where its mesh shows others."""
    old, words = obj.data, str(obj[names.TEXT])
    setting = setting_of(old)
    if setting is None or words == old.get(names.TEXT):
        return
    made = mesh(old.name, words, setting)
    for material in old.materials:
        made.materials.append(material)
    obj.data = made


def _place(words: str, setting: Setting) -> _Placed:
    """The glyphs of words, and their places."""
    lines = words.split("\n")
    glyphs: list[Surface] = []
    places: list[tuple[float, float]] = []
    y = _first_baseline(len(lines), setting.valign)
    for line in lines:
        found, across = _line(reading.as_drawn(line), setting.error)
        width = float(across[-1][0])
        shift = {"LEFT": 0.0, "CENTER": -width / 2, "RIGHT": -width}[setting.align]
        glyphs += found
        places += [(x + shift, y + up) for x, up in across[:-1]]
        y -= LINE
    return _Placed(glyphs, np.array(places, np.float64).reshape(-1, 2))


def _first_baseline(lines: int, valign: str) -> float:
    """The height of the first line's baseline, in font sizes."""
    if valign == "BOTTOM_BASELINE":
        return (lines - 1) * LINE
    heights = metrics()
    if valign == "TOP":
        return -heights.ascent
    return (lines - 1) * LINE / 2 - (heights.ascent - heights.descent) / 2


def _line(characters: str, error: float) -> tuple[list[Surface], list[tuple[float, float]]]:
    """The glyphs of a line and their places (x, y) from its left end; last the line's own end."""
    glyphs = surfaces(characters, error)
    places, pen = [], 0.0
    stack: _Stack | None = None
    for character, glyph in zip(characters, glyphs, strict=True):
        if stack is not None and reading.is_mark(character):
            places.append(stack.put(glyph))
            continue
        places.append((pen, 0.0))
        stack = _Stack(glyph, pen)
        pen += glyph.advance
    return glyphs, [*places, (pen, 0.0)]


class _Stack:
    """A letter, and how far the marks on it reach above and below."""

    def __init__(self, base: Surface, origin: float):
        self._base, self._origin = base, origin
        self._top, self._bottom = base.high[1], base.low[1]

    def put(self, mark: Surface) -> tuple[float, float]:
        """The place of a mark, centered on its letter and clear of the marks before it."""
        base = self._base
        x = self._origin + (base.low[0] + base.high[0] - mark.low[0] - mark.high[0]) / 2
        up = 0.0
        if base.low[1] <= mark.low[1] and mark.high[1] <= base.high[1]:
            # It belongs inside, as a Hebrew dagesh does.
            return x, up
        if mark.low[1] + mark.high[1] > base.low[1] + base.high[1]:
            up = max(0.0, self._top + _BETWEEN_MARKS - mark.low[1])
            self._top = mark.high[1] + up
        else:
            up = min(0.0, self._bottom - _BETWEEN_MARKS - mark.high[1])
            self._bottom = mark.low[1] + up
        return x, up
