"""Flow arrows: quiet ribbons between blocks, one object for each kind of flow in a section."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from ..anatomy import Anatomy
from . import names
from .flat import Easel, ribbon

# Length of an arrow head over the ribbon's width.
HEAD = 1.5


def draw(easel: Easel, anatomy: Anatomy) -> None:
    """Draw all arrows of the anatomy."""
    bundles: dict[tuple[str, str], list] = defaultdict(list)
    for arrow in anatomy.arrows:
        bundles[arrow.section, arrow.kind].append(arrow)
    for (section, kind), arrows in bundles.items():
        vertices, faces, count = [], [], 0
        for arrow in arrows:
            points, quads = ribbon(arrow.points, arrow.across, arrow.width, HEAD * arrow.width)
            vertices.append(points)
            faces.extend([[corner + count for corner in quad] for quad in quads])
            count += len(points)
        obj = easel.mesh(
            f"{section} {kind} arrows",
            np.concatenate(vertices),
            faces,
            kind=("weight", "activation").index(kind),
        )
        obj[names.ARROWS_OF] = section
