"""Outlines of characters, which Blender's fonts are asked for once in a session.

Blender gives outlines only by way of text objects, and reads a compressed font anew for every
character, which takes 5 ms. So this asks for each character once, keeps its curves as arrays, and
leaves nothing behind in the file.

Words are in Inter, the typeface of Blender's interface. What Inter lacks comes from the other fonts
that Blender ships, which it uses itself for text in its built-in font.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import bpy
import numpy as np

# Pieces of a curve between two of its nodes. Many numbers divide it, so that a glyph may use every
# second, third, fourth or sixth point of them.
PIECES = 12

# Characters that are asked for together with the first one, since nearly all words need them.
_USUAL = string.ascii_letters + string.digits + " '()+,-.:;=_βγΣ−"

# Points closer to each other than this are one.
_SAME = 1e-6

# A letter with an upright right edge, behind which a character's advance is measured; a character
# that no font has; and one that the built-in font takes from Inter.
_RULER, _NOTHING, _BORROWED = "l", "\uffff", "→"

# In Blender's Inter the hyphen is as wide as a digit, so that numbers stand in columns; in words it
# looks as if there were spaces around it. The room at its sides instead. A minus stays as it is.
_HYPHEN, _BESIDE = "-", 0.045


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A character's outline at font size 1, with its origin on the baseline.

    Attributes
    ----------
    contours
        Closed curves, each as its pieces in order: (2, 2) for a straight one, (PIECES + 1, 2) for
        a bend, with both ends.
    advance
        The distance to the origin of the next character.
    """

    contours: tuple[tuple[np.ndarray, ...], ...]
    advance: float


@dataclass(frozen=True, slots=True)
class Metrics:
    """Heights of a font at font size 1: of what rises above the baseline, and what hangs below."""

    ascent: float
    descent: float


_known: dict[str, Outline] = {}


def outlines(characters: Iterable[str]) -> dict[str, Outline]:
    """The outlines of characters, by character."""
    wanted = set(characters)
    missing = wanted - _known.keys()
    if missing:
        with _Asking() as asking:
            missing |= set(_USUAL) - _known.keys()
            # Of its other fonts Blender keeps only a few open, so those of one script come
            # together.
            for character in sorted(missing):
                _known[character] = asking.outline(character)
    return {character: _known[character] for character in wanted}


@cache
def metrics() -> Metrics:
    """The heights of the font of Latin letters."""
    with _Asking() as asking:
        return asking.metrics()


class _Asking:
    """A text that nobody sees, in which characters are written to get their outlines."""

    def __enter__(self) -> _Asking:
        known = set(bpy.data.fonts)
        self._text = bpy.data.curves.new("LLM Viz", "FONT")
        self._text.size, self._text.fill_mode = 1.0, "NONE"
        self._object = bpy.data.objects.new("LLM Viz", self._text)
        self._others = self._text.font
        self._inter = _load()
        self._edges: dict[bpy.types.VectorFont, float] = {}
        # Those that were not there before; the built-in one comes with the first text.
        self._fonts = [font for font in bpy.data.fonts if font not in known]
        return self

    def __exit__(self, *_: object) -> None:
        bpy.data.objects.remove(self._object)
        bpy.data.curves.remove(self._text)
        for font in self._fonts:
            with suppress(ReferenceError):
                bpy.data.fonts.remove(font)

    @cached_property
    def _nothing(self) -> np.ndarray:
        """The outline that Inter has for characters that it lacks."""
        return self._points(_NOTHING, 1, self._inter)[0]

    @cached_property
    def _scale(self) -> float:
        """The size at which other fonts are as large as Inter: Blender makes all equally high."""
        if self._inter is None:
            return 1.0
        own, borrowed = (
            np.ptp(self._points(_BORROWED, 1, font)[0][:, 0])
            for font in (self._inter, self._others)
        )
        return float(own / borrowed)

    def outline(self, character: str) -> Outline:
        """The outline of one character, from the first font that has it."""
        font, scale = self._inter, 1.0
        if font is None or self._lacks(character):
            font, scale = self._others, self._scale
        fine, loops = self._points(character, PIECES, font)
        nodes, ends = self._points(character + _RULER, 1, font)
        contours = [
            _pieces(curve * scale, corners * scale)
            for curve, corners in zip(
                _split(fine, loops), _split(nodes, ends)[: len(loops)], strict=True
            )
        ]
        # The ruler's points come last; a character may reach farther than its advance.
        ruler = nodes[ends[len(loops) - 1] :] if len(loops) else nodes
        advance = float(ruler[:, 0].max() - self._right(font)) * scale
        if character == _HYPHEN and len(loops):
            left, right = float(fine[:, 0].min()), float(fine[:, 0].max())
            away = np.array([left * scale - _BESIDE, 0.0])
            contours = [tuple(piece - away for piece in contour) for contour in contours]
            advance = (right - left) * scale + 2 * _BESIDE
        return Outline(tuple(contours), max(0.0, advance))

    def _right(self, font: bpy.types.VectorFont) -> float:
        """The right edge of the ruler."""
        if font not in self._edges:
            self._edges[font] = float(self._points(_RULER, 1, font)[0][:, 0].max())
        return self._edges[font]

    def metrics(self) -> Metrics:
        """The heights of the font of Latin letters."""
        font = self._inter or self._others
        low = {}
        for align in ("TOP", "TOP_BASELINE", "BOTTOM"):
            self._text.align_y = align
            low[align] = float(self._points(_RULER, 1, font)[0][:, 1].min())
        base = low["TOP_BASELINE"]
        return Metrics(base - low["TOP"], low["BOTTOM"] - base)

    def _lacks(self, character: str) -> bool:
        if character.isspace() or character in _USUAL:
            return False
        found = self._points(character, 1, self._inter)[0]
        return np.array_equal(found, self._nothing)

    def _points(
        self, words: str, pieces: int, font: bpy.types.VectorFont
    ) -> tuple[np.ndarray, np.ndarray]:
        """The points (N, 2) of the outlines of words, and the end of each closed curve in them."""
        self._text.font, self._text.resolution_u, self._text.body = font, pieces, words
        mesh = self._object.to_mesh()
        if mesh is None:
            return np.zeros((0, 2)), np.zeros(0, int)
        points = np.empty(3 * len(mesh.vertices), np.float32)
        mesh.vertices.foreach_get("co", points)
        edges = np.empty(2 * len(mesh.edges), np.int32)
        mesh.edges.foreach_get("vertices", edges)
        self._object.to_mesh_clear()
        points = points.reshape(-1, 3)[:, :2].astype(np.float64)
        # The points of a curve follow each other, and its last edge leads back to the first.
        edges = edges.reshape(-1, 2)
        joined = np.zeros(len(points), bool)
        steps = np.abs(edges[:, 0] - edges[:, 1]) == 1
        joined[edges[steps].min(axis=1)] = True
        return points, np.flatnonzero(~joined) + 1


def _load() -> bpy.types.VectorFont | None:
    """The typeface of Blender's interface; None if this Blender comes without it."""
    folder = bpy.utils.system_resource("DATAFILES", path="fonts")
    path = Path(folder) / "Inter.woff2"
    return bpy.data.fonts.load(str(path)) if path.is_file() else None


def _split(points: np.ndarray, ends: np.ndarray) -> list[np.ndarray]:
    return np.split(points, ends[:-1]) if len(ends) else []


def _pieces(curve: np.ndarray, nodes: np.ndarray) -> tuple[np.ndarray, ...]:
    """The pieces of a closed curve (N, 2), of which all points and the nodes alone are given."""
    found, at = [], 0
    closed = np.concatenate([curve, curve[:1]])
    points = closed.tolist()
    for x, y in np.roll(nodes, -1, axis=0).tolist():
        next_x, next_y = points[at + 1]
        steps = 1 if abs(next_x - x) < _SAME and abs(next_y - y) < _SAME else PIECES
        found.append(closed[at : at + steps + 1])
        at += steps
    return tuple(found)
