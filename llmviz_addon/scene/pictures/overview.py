"""A view of whole models: from where they fill it best, in the terms of a 3D view."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector

from ... import walkthrough
from ...walkthrough import CameraPose, Margins, targets
from ...walkthrough.framing import half_extent
from .. import names
from ..attributes import read_attribute
from ..standing import place
from ..standing.finding import of_root

# Directions from which a model is looked at, in degrees: more from the front than from above, and
# from the left, where its story begins. Several models are seen from where heights compare.
_AZIMUTHS, _ELEVATIONS = (-18.0, -28.0, -38.0, -48.0), (9.0, 16.0)
_AT_SEVERAL = ((-12.0, 12.0),)

# A model whose layers stand in one tower is seen from above, along it.
_AT_TOWER = ((1.0, 60.0),)

# A model is a tower if it is so many times as high as wide.
_TOWERS = 1.0

# The corners of a box that make its front, going around, in the order of `np.ndindex(2, 2, 2)`.
_FRONT = (0, 4, 5, 1)


def overview(
    roots: Sequence[bpy.types.Collection],
    aspect: float,
    lens: float,
    margins: Margins | None = None,
) -> tuple[Quaternion, Vector, float]:
    """The viewpoint for whole models, in the terms of a 3D view.

    Parameters
    ----------
    roots
        The models that are to be seen, at least one; the first one's anchor says which way is up.
    aspect
        Width of the view over its height.
    lens
        Focal length in millimeters, for a sensor of 36 mm.
    margins
        The parts of the view at its sides that stay free.

    Returns
    -------
    rotation, target, distance
        The view's rotation, the point it turns about, and its distance from there in meters.
    """
    anchor = of_root(roots[0]).anchor
    upright = Quaternion() if anchor is None else place.matrix_of(anchor).to_quaternion()
    boxes = [_boxes(root) @ np.array(upright.to_matrix()) for root in roots]
    points = np.concatenate(boxes)
    poses = [
        walkthrough.fit(points.reshape(-1, 3), *way, lens=lens, aspect=aspect, margins=margins)
        for way in _directions(boxes)
    ]
    pose = max(poses, key=lambda pose: _covered(points, pose, aspect))
    rotation = upright @ Euler(pose.rotation_euler).to_quaternion()
    return rotation, upright @ Vector(pose.aim), pose.distance


def _directions(models: Sequence[np.ndarray]) -> Sequence[tuple[float, float]]:
    """Azimuths and elevations, in degrees, from which whole models can be read."""
    if len(models) > 1:
        return _AT_SEVERAL
    width, _, height = np.ptp(models[0].reshape(-1, 3), axis=0)
    if height > _TOWERS * width:
        return _AT_TOWER
    return [(azimuth, elevation) for azimuth in _AZIMUTHS for elevation in _ELEVATIONS]


def _covered(boxes: np.ndarray, pose: CameraPose, aspect: float) -> float:
    """The part of a picture that the fronts of (N, 8, 3) boxes cover, counting all that overlap."""
    seen = (boxes[:, _FRONT] - np.array(pose.location)) @ pose.rotation  # (N, 4, 3)
    x, y = (seen[..., :2] / -seen[..., 2:] / half_extent(pose.lens, aspect)).transpose(2, 0, 1)
    twice = (x * np.roll(y, -1, axis=1) - np.roll(x, -1, axis=1) * y).sum(axis=1)
    # The picture is 2 wide and 2 high.
    return float(np.abs(twice).sum() / 2 / 4)


def _boxes(root: bpy.types.Collection) -> np.ndarray:
    """(N, 8, 3) corners, in meters of the world, of a model's blocks and its card.

    They are read from the objects, because laying GPT-3 out anew takes more than a second.
    """
    boxes = [np.empty((0, 8, 3))]
    for obj in of_root(root).objects.values():
        if names.BLOCK in obj:
            low, high = _bounds(obj.data)
        elif obj.get(names.LABEL_OF) == targets.CARD:
            low, high = (np.array(obj.bound_box)[corner] for corner in (0, 6))
        else:
            continue
        picks = [np.where(pick, high, low) for pick in np.ndindex(2, 2, 2)]
        matrix = np.array(obj.matrix_world)
        boxes.append((np.array(picks) @ matrix[:3, :3].T + matrix[:3, 3])[None])
    return np.concatenate(boxes)


def _bounds(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest corner of a block, whose mesh has a cube or a box at each vertex."""
    middle = np.zeros(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", middle)
    middle = middle.reshape(-1, 3)
    size = read_attribute(mesh, names.SIZE) if names.SIZE in mesh.attributes else np.ones(3)
    if not len(middle):
        # The mesh is empty: the whole block is opened up.
        return np.zeros(3), np.zeros(3)
    return (middle - size / 2).min(axis=0), (middle + size / 2).max(axis=0)
