"""The ground is seen from wherever a camera stands."""

from __future__ import annotations

import math

import bpy
import numpy as np
import pytest

from llmviz_addon.scene.style import ground, looks

WIDTH = 13.0


@pytest.mark.parametrize("look", ["dark", "blueprint"])
def test_haze_does_not_take_the_ground_from_a_camera_a_thousand_times_farther_away(look, tmp_path):
    look = looks.load(look)
    made = ground.make(look, 0.0, ((0.0, 0.0), (WIDTH, 1.0)), 0.02)
    scene = bpy.context.scene
    scene.collection.objects.link(made)
    # In the world's colors nothing else is seen.
    scene.world = bpy.data.worlds.new("Black")
    near, far = (_rendered(made, times * WIDTH, tmp_path) for times in (1.2, 1200.0))
    assert abs(near - far).mean() < 0.03


def _rendered(made: bpy.types.Object, away: float, folder) -> np.ndarray:
    """The colors of the ground from so many meters away, a row for each distance."""
    scene = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.clip_end = 1e7
    down = math.radians(14.0)
    camera.rotation_euler = (math.pi / 2 - down, 0.0, 0.0)
    camera.location = (WIDTH / 2, -away * math.cos(down), away * math.sin(down))
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 16
    scene.render.resolution_x, scene.render.resolution_y = 32, 18
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = str(folder / f"{away}.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    colors = np.empty(32 * 18 * 4, np.float32)
    image.pixels.foreach_get(colors)
    return colors.reshape(18, 32, 4)[:12, :, :3].mean(axis=1)
