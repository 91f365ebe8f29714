"""The ray under the mouse meets the cell that is drawn there, at any distance from the origin."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Euler, Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import Standing
from llmviz_addon.scene.drawn.blocks import CELL
from llmviz_addon.scene.pointing import Field
from llmviz_addon.ui import rays


def eye_at(place: tuple[float, float, float]) -> np.ndarray:
    """(4, 4) from the world to the axes of a viewer at a place who looks down at an angle."""
    turn = np.array(Euler((1.1, 0.0, -0.4)).to_matrix(), float)
    stands = np.eye(4)
    stands[:3, :3], stands[:3, 3] = turn, place
    return np.linalg.inv(stands)


def lens(perspective: bool) -> np.ndarray:
    """A projection as OpenGL has it, shifted as a camera's view is that was dragged aside."""
    near, far = 0.03, 30_000.0
    if perspective:
        depth = (-(far + near) / (far - near), -2 * far * near / (far - near))
        return np.array(
            [[1.4, 0, 0.11, 0], [0, 2.1, -0.07, 0], [0, 0, *depth], [0, 0, -1, 0]], float
        )
    return np.array(
        [[0.8, 0, 0, 0.11], [0, 1.2, 0, -0.07], [0, 0, -2 / far, 0], [0, 0, 0, 1]], float
    )


@pytest.mark.parametrize("perspective", [True, False])
@pytest.mark.parametrize("away", [0.0, 4_000.0, 20_000.0])
def test_the_ray_through_where_a_point_is_seen_meets_the_point(perspective, away):
    place = (away, -3.0, away / 2)
    view = SimpleNamespace(
        view_matrix=eye_at(place), window_matrix=lens(perspective), is_perspective=perspective
    )
    for seen in ((0.3, -0.2, -1.0), (-0.5, 0.3, -4.0), (0.0, 0.0, -0.1)):
        point = np.linalg.inv(view.view_matrix) @ np.array([*seen, 1.0])
        shown = view.window_matrix @ view.view_matrix @ point
        across, up = 0.5 + shown[:2] / shown[3] / 2
        origin, toward = rays.ray_through(view, across, up)
        (found,), (before,) = rays.pixels_of(view, (800, 600), point[None, :3])
        assert before
        np.testing.assert_allclose(found, [800 * across, 600 * up], atol=1e-3)
        toward = toward / np.linalg.norm(toward)
        way = point[:3] - origin
        missed = way - (way @ toward) * toward
        assert way @ toward > 0
        assert np.linalg.norm(missed) < 0.01 * CELL


def test_cells_are_found_in_every_model_whether_cubes_or_slabs(own_model, settings):
    settings.cubes = 0
    bpy.ops.llmviz.build_beside()
    for model in scene_room.find(bpy.context.scene):
        block = model.plan.anatomy.blocks["wte"]
        cell = (Vector(block.origin) + Vector((1, 0, -7))) * CELL
        place = model.anchor.matrix_basis @ cell
        hit = Field(scene_room.find(bpy.context.scene)).cell_at(
            place - Vector((0, 5, 0)), Vector((0, 1, 0))
        )
        assert (hit.block, hit.column, hit.row) == ("wte", 1, 7)


def test_a_block_is_met_where_somebody_has_put_it_and_not_where_it_is_not_seen(own_model):
    (model,) = scene_room.find(bpy.context.scene)
    obj, cell = model.blocks["layer0.mlp"], Vector((2, 0, -3))

    def hit():
        bpy.context.view_layer.update()
        place = obj.matrix_world @ cell - Vector((0, 0.015, 0))
        return Field(scene_room.find(bpy.context.scene)).cell_at(place, Vector((0, 1, 0)))

    wanted = (model.id, "layer0.mlp", 2, 3)
    assert hit() == wanted
    obj.location.y -= 50.0
    obj.rotation_euler.z = 0.3
    obj.scale *= 2.0
    assert hit() == wanted
    obj.hide_viewport = True
    assert (hit() or ("", ""))[1] != "layer0.mlp"


@pytest.mark.parametrize(("across", "column"), [(0.47, 3), (0.53, 3), (0.43, 2)])
def test_a_ray_between_two_cubes_meets_the_one_that_it_comes_to(own_model, across, column):
    """A cube is 0.9 of its cell wide; the ray comes from the left and is drawn to the right."""
    (model,) = scene_room.find(bpy.context.scene)
    x, y, z = model.plan.anatomy.blocks["layer0.mlp"].origin
    front = Vector((x + 2 + across, y - 0.45, z)) * CELL
    toward = Vector((0.4, 1.0, 0.0))
    start = model.anchor.matrix_basis @ front - 0.01 * toward
    hit = Field([model]).cell_at(start, toward)
    assert (hit.block, hit.column, hit.row) == ("layer0.mlp", column, 0)


def test_a_model_that_the_ray_passes_by_is_not_planned(settings, monkeypatch):
    settings.cubes = 0
    bpy.ops.llmviz.build()
    monkeypatch.setattr(Standing, "plan", property(lambda _model: pytest.fail("planned")))
    origin, toward = Vector((0, -5, 9_000)), Vector((0, 1, 0))
    assert Field(scene_room.find(bpy.context.scene)).cell_at(origin, toward) is None
