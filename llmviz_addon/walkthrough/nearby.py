"""A model that is drawn a second time near the camera, since from afar nobody would see it.

Beside GPT-3 nano-gpt is smaller than a point of the picture. In pictures of both it stands a second
time where it is as large as it takes, as large as it is: on the ground before the camera, or in an
inset, which is the same as a magnified view of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .framing import CameraPose
from .picture import Picture

# Steps in which the place is found, the part of the way that each goes, and the first distance in
# lengths of the model.
_STEPS, _PART, _FIRST = 80, 0.7, 1.5

# Room in an inset around the model and above it, for its title, in points.
_AROUND, _ABOVE = 34.0, 240.0


@dataclass(frozen=True)
class Nearby:
    """Room in a picture for a model, as parts of the picture's width and height.

    Where `bottom` and `top` are the same, it stands on the ground; otherwise it hangs in an inset.
    """

    left: float
    right: float
    bottom: float = 0.0
    top: float = 0.0

    @property
    def is_inset(self) -> bool:
        """True if the model does not stand on the ground."""
        return self.top > self.bottom

    def rect(self, picture: Picture) -> tuple[float, float, float, float]:
        """Left, bottom, right and top in points."""
        width, height = picture.width, picture.height
        return self.left * width, self.bottom * height, self.right * width, self.top * height

    def shift(self, picture: Picture, box: np.ndarray) -> np.ndarray:
        """(3,) the way from a model to its place near the camera, in cells.

        Parameters
        ----------
        picture
            The picture; the camera stands above the ground that the model stands on.
        box
            (2, 3) least and greatest corner of the model.
        """
        pick = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
        corners = np.where(pick, box[1], box[0])
        right, up, back = picture.pose.rotation.T
        ahead = -back if self.is_inset else np.cross([0.0, 0.0, 1.0], right)
        left, bottom, end, top = self.rect(picture)
        if self.is_inset:
            left, end = left + _AROUND, end - _AROUND
            bottom, top = bottom + _AROUND, top - _ABOVE
        length = float(np.linalg.norm(box[1] - box[0]))
        found = np.array(picture.pose.location) + _FIRST * length * ahead - corners.mean(0)
        if not self.is_inset:
            found[2] = 0.0
        for _ in range(_STEPS):
            low, high, depth = _extent(picture, corners + found)
            wide = (high[0] - low[0]) / (end - left)
            if self.is_inset:
                wide = max(wide, (high[1] - low[1]) / (top - bottom))
            found += ahead * depth * (wide - 1) * _PART
            low, high, depth = _extent(picture, corners + found)
            found += right * ((left + end) - (low[0] + high[0])) / 2 * depth / picture.scale
            if self.is_inset:
                found += up * ((bottom + top) - (low[1] + high[1])) / 2 * depth / picture.scale
        return found


def _extent(picture: Picture, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Least and greatest place in the picture, and the mean depth, which is positive."""
    seen = picture.project(points)
    return seen[:, :2].min(0), seen[:, :2].max(0), max(float(seen[:, 2].mean()), 1.0)


def at_height(height: float, pose_at: Callable[[float], CameraPose]) -> CameraPose:
    """The fitted camera that is at a height above the ground, in cells.

    `pose_at` fits a camera for an elevation in degrees; the lower that is, the lower is the camera.
    """
    low, high = -60.0, 40.0
    for _ in range(40):
        middle = (low + high) / 2
        if pose_at(middle).location[2] > height:
            high = middle
        else:
            low = middle
    return pose_at(high)
