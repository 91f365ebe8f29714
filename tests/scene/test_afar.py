"""Far cubes are rendered as slabs: the picture stays the same, and nothing is left of it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.pictures import taking
from llmviz_addon.scene.standing.finding import find

from . import helpers

SIZE = (96, 54)


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    helpers.open_built()


def _picture(folder) -> np.ndarray:
    steps = scene_room.still_steps(
        bpy.context.scene, ["model"], folder, SIZE, "CYCLES", 16, overwrite=True
    )
    (path,) = scene_room.run(steps)
    image = bpy.data.images.load(str(path))
    pixels = np.array(image.pixels, np.float32).reshape(SIZE[1], SIZE[0], 4)
    bpy.data.images.remove(image)
    return pixels[..., :3]


def test_from_afar_slabs_in_place_of_cubes_make_the_same_picture(tmp_path, monkeypatch):
    replaced = []
    usual = taking.drawn_as_slabs

    @contextmanager
    def watched(*arguments):
        with usual(*arguments) as materials:
            replaced.extend(materials)
            for material in materials:
                # Their outline is what cubes do not have.
                material.node_tree.nodes["rim"].outputs[0].default_value = 0.0
            yield materials

    monkeypatch.setattr(taking, "drawn_as_slabs", watched)
    quick = _picture(tmp_path)
    assert replaced
    monkeypatch.setattr(taking, "drawn_as_slabs", lambda *_: nullcontext([]))
    slow = _picture(tmp_path)
    assert slow.std() > 0.05, "there is something to see"
    assert np.abs(quick - slow).mean() < 0.02


def test_the_model_is_as_it_was_after_a_picture(tmp_path):
    before = helpers.census()
    hidden = [obj.hide_render for obj in find(bpy.context.scene)[0].blocks.values()]
    _picture(tmp_path)
    assert not helpers.difference(before, helpers.census())
    assert hidden == [obj.hide_render for obj in find(bpy.context.scene)[0].blocks.values()]


def test_a_transparent_picture_is_clear_where_no_model_is(tmp_path):
    extras = taking.Extras(transparent=True)
    steps = scene_room.still_steps(
        bpy.context.scene, ["model"], tmp_path, SIZE, "CYCLES", 4, overwrite=True, extras=extras
    )
    (path,) = scene_room.run(steps)
    image = bpy.data.images.load(str(path))
    alpha = np.array(image.pixels, np.float32).reshape(-1, 4)[:, 3]
    bpy.data.images.remove(image)
    assert alpha.min() == 0.0 and alpha.max() > 0.95
    assert 0.05 < alpha.mean() < 0.7


def test_passes_are_written_beside_the_picture_with_a_mask_for_each_block(tmp_path):
    extras = taking.Extras(passes=("depth", "cryptomatte"))
    steps = scene_room.still_steps(
        bpy.context.scene, ["model"], tmp_path, SIZE, "CYCLES", 1, overwrite=True, extras=extras
    )
    (path,) = scene_room.run(steps)
    layers = path.with_suffix(".exr").read_bytes()
    assert b"ViewLayer.Depth" in layers or b"Depth.Z" in layers or b"Depth.V" in layers
    assert b'"layer0.mlp_weight":' in layers, "the block has a mask of its own"
