"""Places for models: side by side on the same ground, clear of what else is in the scene."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ...walkthrough import Companion
from .. import names
from ..style.kit import CELL
from .standing import Standing

# Gap between two models, as a fraction of the larger one's width, and the least gap in meters.
GAP, LEAST_GAP = 0.06, 2.0


def note(
    root: bpy.types.Collection, anchor: bpy.types.Object, box: Box, size: float, body: Box
) -> None:
    """Note a model's size: its box in meters from its anchor, and its number of parameters.

    `body` is the box of its blocks alone, without words and legend.
    """
    anchor[names.BOX] = [*box[0], *box[1]]
    anchor[names.BODY] = [*body[0], *body[1]]
    anchor[names.FLOOR] = box[0].z
    root[names.PARAMETERS] = size


Box = tuple[Vector, Vector]
"""Least and greatest corner, in meters."""


def matrix_of(anchor: bpy.types.Object) -> Matrix:
    """The matrix from an anchor's coordinates to the world's.

    It is computed here, because Blender does not keep the world matrix of hidden objects up to
    date, and the anchor is always hidden.
    """
    if anchor.parent is None:
        return anchor.matrix_basis.copy()
    return anchor.parent.matrix_world @ anchor.matrix_parent_inverse @ anchor.matrix_basis


def box_of(standing: Standing, within: Matrix | None = None, noted: str = names.BOX) -> Box | None:
    """The box of a model in the world's coordinates, or in those of `within`.

    None where its anchor is gone, or has no box noted. Of models that were made by an earlier
    version `names.BODY` is not noted.
    """
    anchor = standing.anchor
    if anchor is None or len(anchor.get(noted, ())) != 6:
        return None
    sides = np.reshape(list(anchor[noted]), (2, 3))
    to = matrix_of(anchor) if within is None else within.inverted_safe() @ matrix_of(anchor)
    corners = [to @ Vector(np.where(pick, sides[1], sides[0])) for pick in np.ndindex(2, 2, 2)]
    return Vector(np.min(corners, axis=0)), Vector(np.max(corners, axis=0))


def beside(others: Sequence[Standing], box: Box, size: float) -> tuple[float, float] | None:
    """The place of a model among others: right of smaller models, left of larger ones.

    None where none of the others has its box noted.
    """
    low, high = box
    boxes = [found for found in map(box_of, others) if found is not None]
    if not boxes:
        return None
    gap = max(LEAST_GAP, GAP * (high.x - low.x))
    if any(other.size <= size for other in others):
        # There may be larger models, too. Nothing that stands is moved, so the new model goes to
        # the right of them all, even where that breaks the order.
        return max(right.x for _, right in boxes) + gap - low.x, 0.0
    widest = max(right.x - left.x for left, right in boxes)
    return min(left.x for left, _ in boxes) - max(gap, GAP * widest) - high.x, 0.0


def clear_of(scene: bpy.types.Scene, box: Box) -> tuple[float, float]:
    """The place on the ground at which a model is clear of everything else in the scene.

    A model moves to the right until everything that renders is as far from it as the model is tall,
    because a cube in the middle of it, or a lamp beside it, would spoil every shot.
    """
    low, high = box
    right = None
    for obj in scene.objects:
        if obj.get(names.OURS) or obj.hide_render or obj.type in {"CAMERA", "EMPTY", "SPEAKER"}:
            continue
        corners = [obj.matrix_world @ Vector(corner) for corner in obj.bound_box]
        edge = max(corner.x for corner in corners)
        right = edge if right is None else max(right, edge)
    if right is None:
        return 0.0, 0.0
    return right - low.x + (high.z - low.z), 0.0


def companions(found: Sequence[Standing]) -> list[Companion]:
    """All models except the first, in the coordinates of the first one's film, in cells."""
    if len(found) < 2 or found[0].anchor is None:
        return []
    here = matrix_of(found[0].anchor)
    companions = []
    for other in found[1:]:
        box = box_of(other, here, names.BODY) or box_of(other, here)
        if box is not None:
            low, high = (tuple(corner / CELL) for corner in box)
            companions.append(Companion(other.root.name, other.title, other.config, (low, high)))
    return companions
