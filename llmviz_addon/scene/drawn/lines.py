"""Lines in space as thin prisms, which are seen from every side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

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
