"""Flat things of several materials and colors as one mesh: a tile with its letter and its wire.

A frame costs more with each object, and a change of objects more than a change of meshes, so what
always moves together is drawn on one sheet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import bpy
import numpy as np

from .. import names
from ..attributes import write_attribute
from ..style.looks import Color
from ..words import typesetting
from ..words.typesetting import Setting, Shape
from .blocks import CELL

_WHITE: Color = (1.0, 1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    shape: Shape
    depth: float
    material: int
    kind: int
    clear: np.ndarray | float


@dataclass
class Sheet:
    """Flat things that face the viewer, around `center` (cells), where their object stands.

    Attributes
    ----------
    materials
        The materials that its pieces wear, by number.
    tints
        For each material, the colors in Solid mode, by kind; white where there is none.
    """

    center: tuple[float, float, float]
    materials: tuple[bpy.types.Material, ...]
    tints: tuple[tuple[Color, ...], ...] = ()
    said: list[str] = field(default_factory=list)
    _pieces: list[_Piece] = field(default_factory=list)

    def words(
        self,
        words: str,
        place: tuple[float, float, float],
        size: float,
        *,
        material: int = 0,
        kind: int = 0,
        align: str = "CENTER",
        valign: str = "CENTER",
    ) -> None:
        """Write words at `place` (cells), of font size `size` (cells)."""
        self.said.append(words)
        shape = typesetting.shape(words, Setting(size * CELL, align, valign))
        x, y, z = (at - c for at, c in zip(place, self.center, strict=True))
        points = shape.points + np.array([x, z], np.float32) * np.float32(CELL)
        moved = Shape(points, shape.edges, shape.corners, shape.sides, shape.starts)
        self._pieces.append(_Piece(moved, y * CELL, material, kind, 0.0))

    def polygons(
        self,
        corners: np.ndarray,
        *,
        material: int = 0,
        kind: int = 0,
        clear: np.ndarray | float = 0.0,
    ) -> None:
        """Draw polygons through (..., N, 3) corners (cells), which all are at one y.

        `clear` is their transparency, 0 to 1, as one number or one for each corner.
        """
        points = (np.asarray(corners, np.float64) - self.center).reshape(-1, 3) * CELL
        edges, at, starts = _outlines(len(points), np.shape(corners)[-2])
        shape = Shape(points[:, ::2].astype(np.float32), edges, at, at, starts)
        self._pieces.append(_Piece(shape, float(points[0, 1]), material, kind, clear))

    def rectangle(
        self,
        center: tuple[float, float, float],
        width: float,
        height: float,
        *,
        material: int = 0,
        kind: int = 0,
        clear: np.ndarray | float = 0.0,
    ) -> None:
        """Draw a rectangle around `center` (cells); corners are counted from its lower left one."""
        x, z = width / 2, height / 2
        corners = np.array([(-x, 0, -z), (x, 0, -z), (x, 0, z), (-x, 0, z)]) + center
        self.polygons(corners, material=material, kind=kind, clear=clear)

    def write(self, mesh: bpy.types.Mesh) -> None:
        """Put everything on the sheet into a mesh, in place of what is in it."""
        mesh.clear_geometry()
        if len(mesh.materials) != len(self.materials):
            mesh.materials.clear()
            for material in self.materials:
                mesh.materials.append(material)
        if not self._pieces:
            return
        pieces = self._pieces
        joined = typesetting.joined([piece.shape for piece in pieces])
        points = [len(piece.shape.points) for piece in pieces]
        polygons = [len(piece.shape.starts) for piece in pieces]
        # Words are set in the plane of x and y; here they stand upright and face the viewer.
        places = np.empty((len(joined.points), 3), np.float32)
        places[:, 0], places[:, 2] = joined.points.T
        places[:, 1] = np.repeat([piece.depth for piece in pieces], points)
        joined.fill(mesh, places)
        worn = np.repeat([piece.material for piece in pieces], polygons)
        mesh.polygons.foreach_set("material_index", worn.astype(np.int32))
        tone = np.repeat([float(piece.kind) for piece in pieces], points)
        write_attribute(mesh, names.TONE, tone, "FLOAT")
        clear = [np.broadcast_to(p.clear, n) for p, n in zip(pieces, points, strict=True)]
        write_attribute(mesh, names.CLEAR, np.concatenate(clear), "FLOAT")
        tints = np.repeat(np.array([self._tint(p) for p in pieces], np.float32), points, axis=0)
        write_attribute(mesh, names.CELL_COLOR, tints, "FLOAT_COLOR")
        mesh.attributes.active_color_name = names.CELL_COLOR
        mesh.update_tag()

    def _tint(self, piece: _Piece) -> Color:
        tints = self.tints[piece.material] if piece.material < len(self.tints) else ()
        return tints[piece.kind] if piece.kind < len(tints) else _WHITE


@lru_cache(256)
def _outlines(points: int, corners: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Edges, corners and first corners of polygons of so many corners, not to be written to."""
    at = np.arange(points, dtype=np.int32)
    following = np.roll(at.reshape(-1, corners), -1, axis=1).reshape(-1)
    return np.stack([at, following], axis=1), at, at[::corners]
