"""Opening a slab up: cubes of the same numbers in place of its cells, and back."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import model
from llmviz_addon import scene as scene_room
from llmviz_addon.scene.standing import known

from . import checkpoints, helpers

BLOCK = "layer1.mlp_weight"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The checkpoint that all tests build."""
    return checkpoints.save(
        tmp_path_factory.mktemp("checkpoint") / "model", n_embd=96, n_layer=2, n_head=2
    )


@pytest.fixture
def network(clean_scene, folder):
    """A small model that is drawn as slabs, loaded apart from the scene."""
    helpers.open_built("1 2 3 4", str(folder), cubes=500)
    return model.load(str(folder))


def _positions(obj: bpy.types.Object) -> np.ndarray:
    local = np.array([vertex.co for vertex in obj.data.vertices])
    return np.array(obj.location) + local * np.array(obj.scale)


def _area(obj: bpy.types.Object) -> float:
    size = np.empty(len(obj.data.vertices) * 4, np.float32)
    obj.data.attributes["extent"].data.foreach_get("color", size)
    return float((size.reshape(-1, 4)[:, 0] * size.reshape(-1, 4)[:, 1]).sum())


def test_a_window_shows_the_numbers_of_the_model_where_the_slab_had_them(network):
    slab = helpers.block(BLOCK)
    cells = _area(slab)
    made = scene_room.open_window(bpy.context.scene, BLOCK, 200, 50)
    weights = network.weights["h.1.mlp.c_fc.weight"]  # (n_embd, d_ff)
    column, row = helpers.read(made.data, "column"), helpers.read(made.data, "row")
    assert {200, 50} <= {*column.tolist(), *row.tolist()}
    expected = weights[row, column]
    np.testing.assert_array_equal(helpers.read(made.data, "value"), expected)
    assert made["llmviz_values"] == "exact"
    assert _area(slab) + len(column) == cells, "the slab leaves just these cells out"
    # A whole slab's first cell tells where all of them are.
    scene_room.close_windows(bpy.context.scene)
    whole = _area(slab)
    assert whole == cells
    assert not [o for o in bpy.data.objects if "llmviz_window_of" in o]


def test_a_window_of_computed_numbers_is_exact_as_long_as_they_are_known(network):
    scene = bpy.context.scene
    (model_,) = scene_room.find(scene)
    trace = network.complete(model_.run.ids, 0)
    known.keep(known.build_of(model_.root), network, trace)
    for name, column, row in (("layer0.mlp", 10, 1), ("layer0.head0.q", 3, 7)):
        made = scene_room.open_window(scene, name, column, row)
        columns, rows = (helpers.read(made.data, part) for part in ("column", "row"))
        # (T, d_ff) is drawn with its first axis along the rows, (T, d_head) along the columns.
        place = (rows, columns) if name.endswith("mlp") else (columns, rows)
        np.testing.assert_array_equal(helpers.read(made.data, "value"), trace[name][place])
        assert made["llmviz_values"] == "exact"


def test_without_the_checkpoint_a_window_shows_the_levels_of_its_slab(network, folder):
    weights = np.array(network.weights["h.1.mlp.c_fc.weight"])
    slab = helpers.block(BLOCK)
    with checkpoints.away(folder):
        made = scene_room.open_window(bpy.context.scene, BLOCK, 200, 50)
    column, row = helpers.read(made.data, "column"), helpers.read(made.data, "row")
    expected = weights[row, column]
    inside = np.abs(expected) * slab["gain"] < 1
    found = helpers.read(made.data, "value")
    assert np.abs(found - expected)[inside].max() <= 0.51 / 127 / slab["gain"]
    assert made["llmviz_values"] == "255 levels"


def test_a_window_plays_in_the_film_as_its_slab_does(network):
    made = scene_room.open_window(bpy.context.scene, "layer0.mlp", 10, 1)
    slab = helpers.block("layer0.mlp")
    seen = set()
    for frame in range(1, bpy.context.scene.frame_end, 150):
        bpy.context.scene.frame_set(frame)
        assert made["progress"] == slab["progress"]
        seen.add(round(made["progress"], 2))
    assert len(seen) > 1


def test_a_window_as_large_as_its_slab_leaves_nothing_of_it(network):
    slab = helpers.block("layer0.head0.q")
    assert slab["llmviz_drawn_as"] == "slab"
    scene_room.open_window(bpy.context.scene, "layer0.head0.q", 0, 0)
    assert len(slab.data.vertices) == 0
    scene_room.close_windows(bpy.context.scene)
    assert len(slab.data.vertices) > 0


@pytest.mark.parametrize(
    ("name", "column", "row", "says"),
    [
        ("tokens", 0, 0, "as cubes already"),
        ("layer9.mlp", 0, 0, "no block"),
        (BLOCK, 384, 0, "no cell at column 384"),
    ],
)
def test_what_cannot_be_opened_gets_a_sentence_and_changes_nothing(
    network, name, column, row, says
):
    before = helpers.census(content=False)
    with pytest.raises(scene_room.WindowError, match=says):
        scene_room.open_window(bpy.context.scene, name, column, row)
    assert not helpers.difference(before, helpers.census(content=False))
