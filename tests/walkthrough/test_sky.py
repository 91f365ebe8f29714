"""The sun of a picture stands on the horizon, free of all that is shown, or out of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon.walkthrough import sky
from llmviz_addon.walkthrough.framing import CameraPose
from llmviz_addon.walkthrough.picture import Outlines, Picture, hull

RADIUS = np.radians(1.8)


def picture(elevation: float = 0.0) -> Picture:
    """From 100 cells before the origin and 10 above the ground, looking along +y."""
    return Picture(CameraPose((0.0, -100.0, 10.0), 0.0, elevation, 100.0, 35.0), 16 / 9)


def inside(point: np.ndarray, corners: np.ndarray) -> bool:
    """True if a point lies in a convex polygon of (N, 2) corners, in counterclockwise order."""
    edges = np.roll(corners, -1, axis=0) - corners
    to = point - corners
    return bool((edges[:, 0] * to[:, 1] - edges[:, 1] * to[:, 0] >= 0).all())


def place(view: Picture, way) -> np.ndarray:
    """Across and up of what is infinitely far in a direction."""
    (at,) = view.project(np.array(view.pose.location)[None] + 1e9 * np.array(way))
    assert at[2] > 0, "it is before the camera"
    return at[:2]


@pytest.mark.parametrize("seed", range(12))
def test_the_sun_stands_free_of_blocks_and_words(seed):
    chance = np.random.default_rng(seed)
    view = picture(chance.uniform(-4, 8))
    low = chance.uniform((-60, -20, 0), (60, 40, 40), (14, 3))
    boxes = np.stack([low, low + chance.uniform(1, 14, (14, 3))], axis=1)
    words = [(300.0, 200.0, 700.0, 900.0)] if seed % 2 else []
    outlines = Outlines.of(view, boxes)
    way = sky.sun(outlines, words, RADIUS)
    if way is None:
        pytest.skip("there is no room")
    assert way[2] == 0, "it stands on the horizon"
    middle, size = place(view, way), view.scale * np.tan(RADIUS)
    turns = np.linspace(0, 2 * np.pi, 40)
    for point in middle + size * np.stack([np.cos(turns), np.sin(turns)], axis=1):
        assert 0 < point[0] < view.width and 0 < point[1] < view.height
        assert not any(inside(point, hull(c[:, :2])) for c in outlines.corners)
        assert not any(a < point[0] < r and b < point[1] < t for a, b, r, t in words)


def test_an_empty_picture_has_it_off_its_middle():
    view = picture()
    nothing = Outlines.of(view, np.array([[(0.0, -200.0, 0.0), (1.0, -199.0, 1.0)]]))
    across = place(view, sky.sun(nothing, [], RADIUS))[0] / view.width
    assert min(abs(across - 0.2), abs(across - 0.8)) < 0.05


def test_there_is_none_where_a_wall_fills_the_picture_or_the_horizon_is_out_of_it():
    wall = np.array([[(-500.0, 0.0, -100.0), (500.0, 1.0, 300.0)]])
    assert sky.sun(Outlines.of(picture(), wall), [], RADIUS) is None
    aside = np.array([[(20.0, 0.0, 0.0), (21.0, 1.0, 1.0)]])
    assert sky.sun(Outlines.of(picture(60.0), aside), [], RADIUS) is None
    assert sky.sun(Outlines.of(picture(), aside), [(0.0, 0.0, 1920.0, 1080.0)], RADIUS) is None
    assert sky.sun(Outlines.of(picture(), aside), [], RADIUS) is not None
