"""Models in other arrangements: drawn anew in their place, with what people did to them."""

from __future__ import annotations

import json

import bpy
import numpy as np
import pytest

from llmviz_addon import anatomy, model
from llmviz_addon import scene as scene_room
from llmviz_addon.scene.standing.errors import StandingError

from . import checkpoints, helpers

CELL = 0.02


def _check_places(root, network, arrangement):
    """Every block stands where the anatomy has it."""
    body = anatomy.build(network.config, arrangement=arrangement)
    for name, block in body.blocks.items():
        found = np.array(helpers.block(name).location)
        np.testing.assert_allclose(found, np.array(block.origin) * CELL, atol=1e-4)


def test_another_arrangement_moves_what_stands_and_keeps_it(own_model):
    network = model.load("nano-gpt")
    (standing,) = scene_room.find(bpy.context.scene)
    before = {name: obj.session_uid for name, obj in standing.blocks.items()}
    standing.anchor.rotation_euler.z = 0.4
    moved = helpers.block("layer1.mlp")
    moved.location.y -= 1.0
    place = tuple(moved.location)
    for options in ({"arrangement": "tower"}, {"arrangement": "rows", "columns": 2}, {}):
        helpers.build(**options)
        (standing,) = scene_room.find(bpy.context.scene)
        assert {name: obj.session_uid for name, obj in standing.blocks.items()} == before
        assert standing.anchor.rotation_euler.z == pytest.approx(0.4)
        assert tuple(moved.location) == pytest.approx(place), "a person's block stays"
        wanted = standing.plan.anatomy
        assert wanted.layout.tower == ("tower" in options.values())
        block = wanted.blocks["layer2.mlp_residual"]
        found = tuple(helpers.block("layer2.mlp_residual").location)
        assert found == pytest.approx([c * CELL for c in block.origin], abs=1e-4)
    assert network.config == standing.config


@pytest.mark.parametrize("kind", ["tower", "rows"])
def test_all_blocks_stand_where_the_arrangement_has_them(kind):
    root = helpers.build(arrangement=kind)
    _check_places(root, model.load("nano-gpt"), anatomy.Arrangement(kind))
    heights = [o.matrix_world.translation.z for o in helpers.block_objects()]
    assert min(heights) > 0, "on the ground"


def test_a_scene_from_before_arrangements_is_known_and_a_rebuild_brings_them(own_model, tmp_path):
    kept = json.loads(own_model["llmviz_recipe"])
    for name in ("arrangement", "columns", "folded"):
        del kept[name]
    own_model["llmviz_recipe"] = json.dumps(kept)
    tall = helpers.block("layer2.mlp_residual")
    tall.location.z -= 7.0
    path = tmp_path / "before.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    scene = bpy.context.scene
    (standing,) = scene_room.find(scene)
    assert not standing.is_arranged
    with pytest.raises(StandingError, match="build it again"):
        next(scene_room.still_steps(scene, ["model"], tmp_path))
    with pytest.raises(StandingError, match="build it again"):
        scene_room.run(scene_room.steps(scene, helpers.recipe("", "gpt2"), beside=True))
    helpers.build()
    (standing,) = scene_room.find(scene)
    assert standing.is_arranged
    assert standing.recipe.arrangement == "auto"
    next(scene_room.still_steps(scene, ["model"], tmp_path))


def test_another_prompt_in_the_same_arrangement_only_writes_numbers(own_model):
    helpers.build("ABC", arrangement="tower")
    meshes = {o["llmviz_block"]: o.data.session_uid for o in helpers.block_objects()}
    helpers.build("CBA", arrangement="tower")
    assert {o["llmviz_block"]: o.data.session_uid for o in helpers.block_objects()} == meshes


@pytest.fixture(scope="module")
def wordy(tmp_path_factory):
    """A checkpoint with a vocabulary that folds."""
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    return checkpoints.save(folder, n_layer=1, vocab_size=3000)


def test_cells_of_folded_cubes_stand_in_their_lines(wordy):
    helpers.open_built("1 2 3 4", str(wordy))
    (standing,) = scene_room.find(bpy.context.scene)
    block = standing.plan.anatomy.blocks["wte"]
    assert block.spec.fold is not None
    obj = helpers.block("wte")
    place = np.array([v.co for v in obj.data.vertices]) + np.array(obj.location) / CELL
    column, row = helpers.read(obj.data, "column"), helpers.read(obj.data, "row")
    weights = model.load(str(wordy)).weights["wte"]
    np.testing.assert_array_equal(helpers.read(obj.data, "value"), weights[column, row])
    for line in block.spec.pieces:
        mine = (column >= line.column) & (column < line.column + line.columns)
        low, high = np.array(block.bounds_of(line))
        assert ((place[mine] > low) & (place[mine] < high)).all()
        assert mine.sum() == line.columns * line.rows


def test_a_window_in_a_folded_slab_stays_in_its_line(wordy):
    helpers.open_built("1 2 3 4", str(wordy), cubes=500)
    (standing,) = scene_room.find(bpy.context.scene)
    block = standing.plan.anatomy.blocks["wte"]
    line = block.spec.pieces[1]
    made = scene_room.open_window(bpy.context.scene, "wte", line.column + 1, 3)
    column = helpers.read(made.data, "column")
    assert column.min() == line.column
    weights = model.load(str(wordy)).weights["wte"]
    row = helpers.read(made.data, "row")
    np.testing.assert_array_equal(helpers.read(made.data, "value"), weights[column, row])
    place = np.array([v.co for v in made.data.vertices]) + np.array(made.location) / CELL
    low, high = np.array(block.bounds_of(line))
    assert ((place > low) & (place < high)).all()
    left = low[0] + column - line.column + 0.5
    np.testing.assert_allclose(place[:, 0], left, atol=1e-3)
