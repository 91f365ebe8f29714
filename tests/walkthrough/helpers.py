"""Readings of a storyboard: its chapters, its camera at a time, and points in a picture."""

from __future__ import annotations

import numpy as np

from llmviz_addon.walkthrough import CameraPose, Marker, Storyboard, targets


def chapters(board: Storyboard) -> list[Marker]:
    """The markers of a film's chapters."""
    return [marker for marker in board.markers if marker.kind == "chapter"]


def camera_at(board: Storyboard, time: float) -> CameraPose:
    """The camera of a film at a time in seconds, from its channels."""

    def value(prop: str, index: int = 0) -> float:
        return board.value_at(targets.CAMERA, prop, time, index)

    return CameraPose(
        location=(
            value(targets.LOCATION, 0),
            value(targets.LOCATION, 1),
            value(targets.LOCATION, 2),
        ),
        azimuth=float(np.degrees(value(targets.ROTATION, 2))),
        elevation=90 - float(np.degrees(value(targets.ROTATION, 0))),
        distance=value(targets.FOCUS_DISTANCE),
        lens=value(targets.LENS),
    )


def project(pose: CameraPose, points: np.ndarray, aspect: float) -> np.ndarray:
    """The places of (N, 3) points in a picture `aspect` times as wide as high.

    (N, 3): across from 0 (left edge) to 1, up from 0 (bottom edge) to 1, and the distance into the
    picture. As in Blender, the picture's longer side is 36 mm of the camera's sensor.
    """
    seen = (np.asarray(points, float) - np.array(pose.location)) @ pose.rotation
    depth = -seen[:, 2]
    sensor = 36 / pose.lens * np.array([min(1.0, aspect), min(1.0, 1 / aspect)])
    return np.column_stack([0.5 + seen[:, :2] / depth[:, None] / sensor, depth])
