"""Readings of a storyboard: its chapters, its camera at a time, and points in a picture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from llmviz_addon.walkthrough import CameraPose, Choice, Marker, Run, Storyboard, targets
from llmviz_addon.walkthrough.actors import Part
from llmviz_addon.walkthrough.selection import Selection


class MadeUp(Mapping):
    """Random numbers for all blocks of an anatomy, as a trace has them, for the tokens of a run."""

    def __init__(self, body, run):
        self.body, self.run = body, run

    def __getitem__(self, name):
        if name == "tokens":
            return np.array(self.run.ids)
        block = self.body.blocks[name]
        rng = np.random.default_rng(len(name))
        return block.array(rng.normal(size=block.extent(self.run.n_tokens)))

    def __iter__(self):
        return iter(self.body.blocks)

    def __len__(self):
        return len(self.body.blocks)


def measured(run: Run, body, choice: Choice | None = None) -> Run:
    """A run with made-up measures of the positions that chapters follow."""
    return run.following(choice or Choice(), body.config, MadeUp(body, run))


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


def standing(board: Storyboard, selection: Selection, beat: str) -> Selection:
    """A selection in which blocks stand where they have gone at the end of a beat."""
    time = board.span(beat)[1] - 1e-3
    shifts = defaultdict(lambda: np.zeros(3))
    parts = [actor for actor in board.actors if isinstance(actor, Part)]
    # A block that is open has several parts, and stands where it did.
    groups = Counter(part.group for part in parts)
    homes = {part.name: part for part in parts if groups[part.group] == 1}
    for channel in board.channels:
        if channel.property == targets.OFFSET:
            shifts[channel.target][channel.index] = channel.at(time)
        elif channel.property == targets.LOCATION and channel.target in homes:
            # A copy goes in place of a block that shares its object.
            part = homes[channel.target]
            if board.value_at(part.group, targets.SCALE, time):
                home = part.place[channel.index]
                shifts[part.block][channel.index] = channel.at(time) - home
    return replace(selection, shifts=dict(shifts))


def project(pose: CameraPose, points: np.ndarray, aspect: float) -> np.ndarray:
    """The places of (N, 3) points in a picture `aspect` times as wide as high.

    (N, 3): across from 0 (left edge) to 1, up from 0 (bottom edge) to 1, and the distance into the
    picture. As in Blender, the picture's longer side is 36 mm of the camera's sensor.
    """
    seen = (np.asarray(points, float) - np.array(pose.location)) @ pose.rotation
    depth = -seen[:, 2]
    sensor = 36 / pose.lens * np.array([min(1.0, aspect), min(1.0, 1 / aspect)])
    return np.column_stack([0.5 + seen[:, :2] / depth[:, None] / sensor, depth])
