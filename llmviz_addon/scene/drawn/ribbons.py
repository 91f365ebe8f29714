"""Flow arrows: quiet ribbons between blocks, one object for each kind of flow in a section."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import bpy
import numpy as np

from ...anatomy import FLOWS, Arrow
from .. import names
from ..attributes import write_attribute
from .flat import Easel, ribbon

# Width of a ribbon over the width that the anatomy reserves for its arrow, and length of the head
# over the ribbon's width.
SLIM, HEAD = 0.5, 2.2

# Transparency of a ribbon at its source; from there it grows solid toward the head.
FAINT = 0.75


def draw(easel: Easel, found: Iterable[Arrow]) -> None:
    """Draw arrows, those of one kind in one section as one object."""
    groups: dict[tuple[str, str], list] = defaultdict(list)
    for arrow in found:
        groups[arrow.section, arrow.kind].append(arrow)
    for (section, kind), arrows in groups.items():
        obj = merged(easel, f"{section} {kind} arrows", arrows, FLOWS.index(kind))
        obj[names.ARROWS_OF] = section


def merged(easel: Easel, name: str, arrows: Iterable[Arrow], kind: int) -> bpy.types.Object:
    """Arrows of one kind as one mesh."""
    vertices, faces, clear, count = [], [], [], 0
    for arrow in arrows:
        width = SLIM * arrow.width
        points, quads = ribbon(arrow.points, arrow.across, width, HEAD * width)
        vertices.append(points)
        clear.append(np.zeros(len(points)) if arrow.in_stream else _fade(points))
        faces.extend([[corner + count for corner in quad] for quad in quads])
        count += len(points)
    obj = easel.mesh(name, np.concatenate(vertices), faces, kind=kind)
    write_attribute(obj.data, names.CLEAR, np.concatenate(clear), "FLOAT")
    return obj


def _fade(vertices: np.ndarray) -> np.ndarray:
    """Transparency of one ribbon's vertices: `FAINT` at the source, 0 at the head."""
    n = (len(vertices) - 3) // 2
    middle = (vertices[:n] + vertices[n : 2 * n]) / 2
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
    side = FAINT * (1 - along / max(along[-1], 1e-9))
    return np.concatenate([side, side, np.zeros(3)])
