"""Lines in space as thin prisms, which are seen from every side; plates; and rows of labels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import bpy
import numpy as np

from .. import names
from ..attributes import write_attribute
from ..words import typesetting
from ..words.typesetting import Setting

# Corners of a prism's cross section.
_SQUARE = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])


def prisms(paths: Sequence[np.ndarray], width: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (V, 3) and faces (F, 4) of lines of this width along paths, each (n, 3)."""
    vertices, faces, count = [], [], 0
    for path in paths:
        for start, end in itertools.pairwise(path):
            along = end - start
            length = float(np.linalg.norm(along))
            if not length:
                continue
            along = along / length
            beside = np.cross(along, (0.0, 1.0, 0.0))
            if np.linalg.norm(beside) < 1e-6:
                beside = np.array([1.0, 0.0, 0.0])
            beside = beside / np.linalg.norm(beside)
            across = np.stack([beside, np.cross(along, beside)])
            corners = _SQUARE @ across * width
            # A little longer than its segment, so that there is no gap at a bend.
            reach = along * width / 4
            vertices += [start - reach + corners, end + reach + corners]
            sides = [(i, (i + 1) % 4, 4 + (i + 1) % 4, 4 + i) for i in range(4)]
            faces += [np.array([*sides, (3, 2, 1, 0), (4, 5, 6, 7)]) + count]
            count += 8
    if not vertices:
        return np.zeros((0, 3)), np.zeros((0, 4), int)
    return np.concatenate(vertices), np.concatenate(faces)


def plate(
    name: str, size: tuple[float, float], soft: float, strength: float, unit: float
) -> bpy.types.Mesh:
    """A rectangle in the plane of x and y whose edges fade out.

    Parameters
    ----------
    size, soft
        Width and height with the edges, and the width of these.
    strength
        Opacity of the middle.
    unit
        Meters in a unit of all sizes.
    """
    steps = np.linspace(0.0, 1.0, 7)
    sides = []
    for whole in size:
        edge = soft * steps
        sides.append(np.concatenate([edge - whole / 2, (whole / 2 - edge)[::-1]]))
    rise = np.concatenate([steps, steps[::-1]])
    # A smooth step, since the end of a straight ramp would show as a line.
    rise = rise * rise * (3 - 2 * rise)
    across, up = np.meshgrid(*sides, indexing="ij")
    points = np.stack([across, up, np.zeros_like(up)], -1).reshape(-1, 3) * unit
    at = np.arange(across.size).reshape(across.shape)
    faces = np.stack([at[:-1, :-1], at[1:, :-1], at[1:, 1:], at[:-1, 1:]], -1).reshape(-1, 4)
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.from_pydata(points.tolist(), [], faces.tolist())
    clear = 1.0 - strength * (rise[:, None] * rise[None, :])
    write_attribute(mesh, names.CLEAR, clear.reshape(-1), "FLOAT")
    return mesh


def labels(name: str, texts: Sequence[str], offsets: np.ndarray, size: float) -> bpy.types.Mesh:
    """Several texts as one mesh in the plane of x and y, which faces along z.

    Parameters
    ----------
    offsets
        (n, 3) the middle of each text, in meters to the right, away from the viewer, and up.
    size
        Font size in meters.
    """
    setting = Setting(size, "CENTER", "CENTER")
    shapes = [typesetting.shape(text, setting) for text in texts]
    places = [
        np.column_stack([shape.points + offset[[0, 2]], np.full(len(shape.points), -offset[1])])
        for shape, offset in zip(shapes, offsets, strict=True)
    ]
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    typesetting.joined(shapes).fill(mesh, np.concatenate(places).astype(np.float32))
    return mesh
