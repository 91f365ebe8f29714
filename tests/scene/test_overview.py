"""A view of whole models has all of them in the picture, and as large as they can be."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.drawn.blocks import CELL
from llmviz_addon.scene.standing import recipe
from llmviz_addon.walkthrough import Margins

from . import helpers

LENS, ASPECT = 25.0, 1.5
MARGINS = Margins(0.1, 0.3, 0.05, 0.02)


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """A small model and a large one without numbers beside it."""
    small = helpers.open_built()
    scene = bpy.context.scene
    return small, scene_room.run(scene_room.steps(scene, helpers.recipe("", "gpt2"), True))


def corners(root: bpy.types.Collection) -> np.ndarray:
    """Corners of all blocks in the world, from the anatomy."""
    boxes = scene_room.of_root(root).plan.anatomy.boxes  # (N, 2, 3)
    picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1)
    cells = np.asarray(boxes, float)[:, picks, np.arange(3)[:, None]].transpose(0, 2, 1)
    return cells.reshape(-1, 3) * CELL + np.array(scene_room.of_root(root).anchor.location)


def card(root: bpy.types.Collection) -> np.ndarray:
    """Corners of the model card in the world."""
    texts = [o for o in root.all_objects if o.get("llmviz_label_of") == "card"]
    return np.array([o.matrix_world @ Vector(corner) for o in texts for corner in o.bound_box])


def seen(points: np.ndarray, view: tuple) -> np.ndarray:
    """Where points are in a view, from (0, 0) at its lower left to (1, 1)."""
    rotation, target, distance = view
    eye = np.array(target + rotation @ Vector((0, 0, distance)))
    away = (points - eye) @ np.array(rotation.to_matrix())
    assert (away[:, 2] < 0).all(), "behind the viewer"
    # A sensor of 36 mm across the wider side of the picture.
    plane = away[:, :2] / -away[:, 2:] * LENS / 36
    return 0.5 + plane * (1, ASPECT)


@pytest.mark.parametrize("which", [[0], [1], [0, 1]], ids=["small", "large", "both"])
def test_whole_models_are_between_the_margins_and_touch_them(clean_scene, which):
    roots = [clean_scene[index] for index in which]
    view = scene_room.overview(roots, ASPECT, LENS, MARGINS)
    places = seen(np.concatenate([f(root) for root in roots for f in (corners, card)]), view)
    low, high = places.min(axis=0), places.max(axis=0)
    slack = 2e-3
    free_low = np.array([MARGINS.left, MARGINS.bottom])
    free_high = 1 - np.array([MARGINS.right, MARGINS.top])
    assert (low >= free_low - slack).all() and (high <= free_high + slack).all()
    touched = np.isclose(low, free_low, atol=0.02) & np.isclose(high, free_high, atol=0.02)
    assert touched.any(), "the view could be nearer"


def test_a_model_that_was_turned_and_moved_is_seen_from_the_same_side(clean_scene):
    small, _ = clean_scene
    anchor = scene_room.of_root(small).anchor
    before = scene_room.overview([small], ASPECT, LENS)
    kept = anchor.matrix_basis.copy()
    anchor.location, anchor.rotation_euler.z = (50.0, -20.0, 7.0), 1.0
    bpy.context.view_layer.update()
    after = scene_room.overview([small], ASPECT, LENS)
    turn = anchor.matrix_basis.to_quaternion()
    anchor.matrix_basis = kept
    bpy.context.view_layer.update()
    assert (turn @ before[0]).rotation_difference(after[0]).angle == pytest.approx(0, abs=1e-3)
    assert after[2] == pytest.approx(before[2], rel=1e-3)


def test_nothing_is_planned_anew_for_a_view(clean_scene, monkeypatch):
    monkeypatch.setattr(recipe, "plan_steps_of", lambda _root: pytest.fail("planned again"))
    scene_room.overview(clean_scene, ASPECT, LENS)
