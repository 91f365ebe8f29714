"""Flat things around the cubes: text, and meshes of plain polygons.

Sizes and places are given in cells, like everything in the anatomy; here they become meters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from ... import languages
from .. import names
from ..attributes import write_attribute
from ..style.looks import Color, linear
from ..words import typesetting
from ..words.typesetting import FINE, Setting
from .blocks import CELL

# Colors of tiles and arrows in Solid mode, by kind, for all looks: dark enough for white letters.
TILE_TINTS = (linear("#232936"), linear("#2f8f5b"))
ARROW_TINTS = (linear("#2c4b8c"), linear("#2b6a48"))

FACING_VIEWER = (np.pi / 2, 0.0, 0.0)


@dataclass
class Easel:
    """A maker of flat things of one material: they go into `collection` and hang on `root`.

    `tints` are the colors of meshes in Solid mode, by kind. Places that its methods take are in
    cells of the anatomy. `error` is that of a `Setting`, `language` that of what is said.
    `words` and `titles` are meshes of this material that may be used again.
    """

    root: bpy.types.Object | None
    collection: bpy.types.Collection
    material: bpy.types.Material
    tints: tuple[Color, ...] = ()
    error: float = FINE
    language: str = languages.ENGLISH
    words: dict[tuple[str, Setting], bpy.types.Mesh] = field(default_factory=dict)
    titles: dict[str, bpy.types.Mesh] = field(default_factory=dict)

    def text(
        self,
        name: str,
        words: str,
        place: tuple[float, float, float],
        size: float,
        *,
        kind: int = 0,
        align: str = "LEFT",
        valign: str = "BOTTOM_BASELINE",
        upright: bool = False,
    ) -> bpy.types.Object:
        """Words of cap height about 0.5 `size` (cells), in the plane that faces the viewer.

        `kind` is the number of a color of the material; `upright` turns the words so that they read
        upward. The same words of one size share their mesh.
        """
        setting = Setting(size * CELL, align, valign, self.error)
        mesh = self.words.get((words, setting))
        if mesh is None:
            mesh = self.words[words, setting] = typesetting.mesh(name, words, setting)
            mesh.materials.append(self.material)
        obj = bpy.data.objects.new(name, mesh)
        obj[names.TEXT] = words
        obj.rotation_euler = FACING_VIEWER
        if upright:
            obj.rotation_euler[1] = -np.pi / 2
        self.hang(obj, place, kind)
        return obj

    def say(self, name: str, words: str, *place: Any, **setting: Any) -> bpy.types.Object:
        """English words in the easel's language; takes what `text` takes.

        The object keeps the English words, so that it can say them in another language.
        """
        obj = self.text(name, languages.load(self.language).say(words), *place, **setting)
        obj[names.SAYS] = words
        return obj

    def noun(self, name: str, counted: str, *place: Any, **setting: Any) -> bpy.types.Object:
        """The noun of a number that stands beside it, such as ``"12 layers"``; else as `say`."""
        said = languages.load(self.language).noun_in(counted)
        obj = self.text(name, said, *place, **setting)
        obj[names.SAYS], obj[names.NOUN] = counted, True
        return obj

    def mesh(
        self,
        name: str,
        vertices: np.ndarray,
        faces: np.ndarray | list[list[int]],
        *,
        place: tuple[float, float, float] = (0.0, 0.0, 0.0),
        kind: int = 0,
    ) -> bpy.types.Object:
        """Polygons from `vertices` (n, 3) in cells and `faces` (m, corners)."""
        mesh = bpy.data.meshes.new(name)
        mesh[names.OURS] = True
        points = np.asarray(vertices, np.float64) * CELL
        mesh.from_pydata(points.tolist(), [], [list(face) for face in faces])
        mesh.materials.append(self.material)
        self._tint(mesh, kind)
        obj = bpy.data.objects.new(name, mesh)
        self.hang(obj, place, kind)
        return obj

    def _tint(self, mesh: bpy.types.Mesh, kind: int) -> None:
        """Give a mesh the color attribute that Solid mode shows in place of the material."""
        if kind >= len(self.tints):
            return
        color = np.tile(np.array(self.tints[kind], np.float32), (len(mesh.vertices), 1))
        write_attribute(mesh, names.CELL_COLOR, color, "FLOAT_COLOR")
        mesh.attributes.active_color_name = names.CELL_COLOR

    def hang(
        self, obj: bpy.types.Object, place: tuple[float, float, float], kind: int
    ) -> bpy.types.Object:
        """Put an object at `place` (cells), with the properties that flat materials read."""
        obj[names.OURS] = True
        obj[names.KIND] = float(kind)
        obj[names.OPACITY] = 1.0
        obj[names.HIGHLIGHT] = 0.0
        obj.id_properties_ui(names.OPACITY).update(min=0.0, max=1.0)
        obj.parent = self.root
        obj.location = tuple(float(c) * CELL for c in place)
        # Flat materials ignore light and show their own color, like print. A shadow of one on the
        # cubes would look like a mistake.
        obj.visible_shadow = False
        self.collection.objects.link(obj)
        return obj


def rectangles(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces of viewer-facing rectangles (n, 5): left, right, bottom, top, y."""
    left, right, bottom, top, y = np.asarray(boxes, float).T
    corners = np.stack(
        [
            np.stack([left, y, bottom], -1),
            np.stack([right, y, bottom], -1),
            np.stack([right, y, top], -1),
            np.stack([left, y, top], -1),
        ],
        axis=1,
    )
    return corners.reshape(-1, 3), np.arange(len(left) * 4).reshape(-1, 4)


def ribbon(
    points: np.ndarray, across: np.ndarray, width: float, head: float
) -> tuple[np.ndarray, list[list[int]]]:
    """Vertices and faces of a flat ribbon along `points` that ends in an arrow head.

    Parameters
    ----------
    points, across
        (n, 3) the path, and unit vectors along which the ribbon is wide.
    width, head
        Width of the ribbon, and length of its head, which is twice as wide; in cells.
    """
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    neck = along[-1] - min(head, 0.6 * along[-1])
    body = along < neck - 1e-6

    def at_neck(rows: np.ndarray) -> np.ndarray:
        return np.array([np.interp(neck, along, rows[:, axis]) for axis in range(3)])

    path = np.concatenate([points[body], at_neck(points)[None]])
    edge = np.concatenate([across[body], at_neck(across)[None]]) * (width / 2)
    n = len(path)
    vertices = np.concatenate(
        [path - edge, path + edge, [path[-1] - 2 * edge[-1], path[-1] + 2 * edge[-1], points[-1]]]
    )
    first = np.arange(n - 1)
    quads = np.stack([first, first + 1, first + 1 + n, first + n], -1).tolist()
    return vertices, [*quads, [2 * n, 2 * n + 2, 2 * n + 1]]
