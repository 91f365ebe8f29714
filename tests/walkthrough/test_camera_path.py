"""A move starts and ends where it should and flows evenly in between."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon.walkthrough.camera_path import ZOOM, Move, zoom_path
from llmviz_addon.walkthrough.framing import CameraPose


def pose(aim, distance, azimuth=0.0, elevation=0.0, lens=50.0):
    return CameraPose.looking_at(np.array(aim, float), azimuth, elevation, distance, lens)


def test_a_path_starts_and_ends_in_its_views():
    rng = np.random.default_rng(5)
    for _ in range(100):
        w0, w1 = 10 ** rng.uniform(0, 4, size=2)
        path = zoom_path(w0, w1, rng.uniform(0, 5000))
        assert path.at(0.0) == pytest.approx((0, w0), abs=1e-6, rel=1e-6)
        assert path.at(1.0) == pytest.approx((1, w1), abs=1e-6, rel=1e-6)


def test_the_picture_flows_at_constant_speed_along_a_path():
    # The metric of the paper: ds^2 = (rho^2 du^2 + dw^2 / rho^2) / w^2.
    w0, w1, pan = 20.0, 90.0, 900.0
    path = zoom_path(w0, w1, pan)
    u, w = np.array([path.at(f) for f in np.linspace(0, 1, 2001)]).T
    du, dw, middle = np.diff(u * pan), np.diff(w), (w[1:] + w[:-1]) / 2
    step = np.sqrt(ZOOM**2 * du**2 + dw**2 / ZOOM**2) / middle
    np.testing.assert_allclose(step, step.mean(), rtol=1e-3)
    assert step.sum() == pytest.approx(path.length, rel=1e-4)


def test_a_long_way_is_seen_from_further_back():
    move = Move.between(pose((0, 0, 0), 50), pose((0, 0, -1000), 50))
    assert move(0.5).distance > 300
    assert move(0.5).aim[2] == pytest.approx(-500)


def test_moves_meet_their_poses_and_rest_there():
    start, end = pose((0, 0, 0), 400, 20, 10), pose((30, 5, -100), 60, -10, 5, lens=85)
    move = Move.between(start, end)
    assert move(0.0) == start and move(1.0) == end
    for near, at in ((1e-4, start), (1 - 1e-4, end)):
        assert np.linalg.norm(np.array(move(near).location) - at.location) < 1e-6


def test_staying_is_a_move_too():
    here = pose((1, 2, 3), 10)
    np.testing.assert_allclose(Move.between(here, here)(0.5).location, here.location)
