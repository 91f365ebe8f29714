"""The frame: the picture at the distance where captions and cards hang before the camera."""

from __future__ import annotations

from dataclasses import dataclass

from ...walkthrough.picture import POINTS
from ..style.kit import CELL

DISTANCE = 0.03
"""Meters in front of the camera, beyond its clip start. No cube comes as close in any shot."""


@dataclass(frozen=True)
class Frame:
    """Width and height, in cells, of the picture at the distance where the captions hang."""

    width: float
    height: float

    @classmethod
    def of(cls, lens: float, aspect: float) -> Frame:
        """The frame of a camera whose sensor has 36 mm along the picture's longer side."""
        longer = DISTANCE / CELL * 36.0 / lens
        if aspect >= 1:
            return cls(longer, longer / aspect)
        return cls(longer * aspect, longer)

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height

    @property
    def point(self) -> float:
        """A point of the picture, see `captioning`, in cells."""
        return min(self.width, self.height) / POINTS
