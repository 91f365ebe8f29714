"""Flow arrows: quiet ribbons between blocks, one object for each kind of flow into a block.

While the block that they lead to is computed, beads of light run along them. The film says when: an
object of arrows has that block's progress, which moves the beads, and its highlight, which lights
them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import bpy
import numpy as np

from ...anatomy import FLOWS, Arrow
from ...walkthrough import targets
from .. import names
from ..attributes import write_attribute
from .flat import Easel, ribbon

# Width of a ribbon over the width that the anatomy reserves for its arrow, and length of the head
# over the ribbon's width.
SLIM, HEAD = 0.5, 2.2

# Transparency of a ribbon at its source; from there it grows solid toward the head.
FAINT = 0.5


def draw(easel: Easel, found: Iterable[Arrow]) -> None:
    """Draw arrows, those of one kind into one block as one object."""
    groups: dict[tuple[str, str, str], list] = defaultdict(list)
    for arrow in found:
        groups[arrow.section, arrow.target, arrow.kind].append(arrow)
    for (section, target, kind), arrows in groups.items():
        obj = merged(easel, f"{target} {kind} arrows", arrows, FLOWS.index(kind))
        obj[names.ARROWS_OF], obj[names.LEADS_TO] = section, target
        obj[names.PROGRESS] = targets.DEFAULTS[targets.PROGRESS]


def merged(easel: Easel, name: str, arrows: Iterable[Arrow], kind: int) -> bpy.types.Object:
    """Arrows of one kind as one mesh."""
    vertices, faces, clear, flow, count = [], [], [], [], 0
    for arrow in arrows:
        width = SLIM * arrow.width
        points, quads = ribbon(arrow.points, arrow.across, width, HEAD * width)
        vertices.append(points)
        along = _along(points)
        flow.append(np.stack([along, _across(points), np.zeros(len(points))], -1))
        fade = FAINT * (1 - along / max(along[-1], 1e-9))
        clear.append(np.zeros(len(points)) if arrow.in_stream else fade)
        faces.extend([[corner + count for corner in quad] for quad in quads])
        count += len(points)
    obj = easel.mesh(name, np.concatenate(vertices), faces, kind=kind)
    write_attribute(obj.data, names.CLEAR, np.concatenate(clear), "FLOAT")
    write_attribute(obj.data, names.FLOW, np.concatenate(flow), "FLOAT_VECTOR")
    return obj


def _along(vertices: np.ndarray) -> np.ndarray:
    """Cells from the source to each of one ribbon's vertices; the last of them is the tip."""
    n = (len(vertices) - 3) // 2
    middle = np.concatenate([(vertices[:n] + vertices[n : 2 * n]) / 2, vertices[-1:]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(middle, axis=0), axis=1))])
    return np.concatenate([along[:n], along[:n], along[[n - 1, n - 1, n]]])


def _across(vertices: np.ndarray) -> np.ndarray:
    """-1 and 1 at the edges of a ribbon, also of its head, and 0 at its tip."""
    n = (len(vertices) - 3) // 2
    return np.concatenate([np.full(n, -1.0), np.ones(n), [-1.0, 1.0, 0.0]])
