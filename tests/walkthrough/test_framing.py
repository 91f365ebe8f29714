"""The camera is fitted exactly: checked by projecting the points with a matrix of our own."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon.walkthrough.framing import SENSOR, Margins, axes, fit

from .helpers import project


def random_scenes(count: int):
    rng = np.random.default_rng(11)
    for _ in range(count):
        points = rng.normal(size=(rng.integers(2, 60), 3)) * rng.uniform(0.5, 300, size=3)
        points += rng.normal(size=3) * 500
        margins = Margins(*rng.uniform(0, 0.45, size=4))
        yield {
            "points": points,
            "azimuth": rng.uniform(-180, 180),
            "elevation": rng.uniform(-89, 89),
            "lens": rng.uniform(18, 135),
            "aspect": rng.choice([16 / 9, 1.0, 9 / 16, rng.uniform(0.4, 2.5)]),
            "margins": margins,
        }


def projected(points, pose, aspect):
    """Fractions of the frame, from Euler angles and a projection matrix."""
    x, y, z = pose.rotation_euler
    assert y == 0
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    world = np.eye(4)
    world[:3, :3] = about_z @ about_x
    world[:3, 3] = pose.location
    cotangent = 2 * pose.lens / SENSOR
    wide, high = (1, aspect) if aspect >= 1 else (1 / aspect, 1)
    screen = np.diag([cotangent * wide, cotangent * high, 1.0, 0.0])
    screen[3, 2] = -1.0
    homogeneous = np.concatenate([points, np.ones((len(points), 1))], axis=1)
    clip = homogeneous @ (screen @ np.linalg.inv(world)).T
    assert (clip[:, 3] > 0).all(), "a point is behind the camera"
    return (clip[:, :2] / clip[:, 3:] + 1) / 2


def test_every_point_is_inside_the_margins_and_some_touch_them():
    for scene in random_scenes(200):
        pose = fit(**scene, nearest=1e-9)
        at = projected(scene["points"], pose, scene["aspect"])
        m = scene["margins"]
        room = np.stack(
            [at - (m.left, m.bottom), (1 - m.right, 1 - m.top) - at]
        )  # (2 sides, N, 2 axes)
        least = room.min(axis=1)
        assert least.min() > -1e-7
        # On the binding axis points touch both margins; no nearer camera could see them.
        assert np.abs(least).max(axis=0).min() < 1e-7


def test_what_is_left_of_the_other_axis_is_shared_evenly():
    flat = np.array([[-10, 0, -1], [10, 0, -1], [-10, 0, 1], [10, 0, 1.0]])
    at = projected(flat, fit(flat, margins=Margins(0.1, 0.1, 0.0, 0.4)), 16 / 9)
    assert at[:, 0].min() == pytest.approx(0.1)
    assert at[:, 0].max() == pytest.approx(0.9)
    assert (at[:, 1].min() + at[:, 1].max()) / 2 == pytest.approx(0.7)


def test_azimuth_and_elevation_are_as_documented():
    cube = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    x, y, z = fit(cube).location
    assert abs(x) < 1e-9 and y < -1 and abs(z) < 1e-9
    assert fit(cube, azimuth=30).location[0] > 0.5
    assert fit(cube, elevation=30).location[2] > 0.5
    for angles in ((0, 0), (30, 20), (-120, -50)):
        turn = axes(*angles)
        np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
        assert turn[2, 0] == pytest.approx(0), "the camera rolls"


def test_the_projection_of_a_pose_agrees():
    for scene in random_scenes(20):
        pose = fit(**scene)
        at = project(pose, scene["points"], scene["aspect"])
        np.testing.assert_allclose(
            at[:, :2], projected(scene["points"], pose, scene["aspect"]), atol=1e-9
        )


def test_a_single_point_keeps_its_distance():
    pose = fit(np.array([[3.0, 2.0, 1.0]]), azimuth=40, nearest=5.0)
    assert np.linalg.norm(np.array(pose.location) - (3, 2, 1)) == pytest.approx(5)
    np.testing.assert_allclose(pose.aim, (3, 2, 1), atol=1e-9)


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.array([[0, 0, np.nan]])])
def test_nothing_to_frame_is_an_error(points):
    with pytest.raises(ValueError, match="nothing to frame"):
        fit(points)


def test_margins_that_leave_no_picture_are_an_error():
    with pytest.raises(ValueError, match="leave no picture"):
        Margins(0.5, 0.5, 0, 0)
