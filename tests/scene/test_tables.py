"""The numbers of a block stand in a table for the Spreadsheet; its names say what they are."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from llmviz_addon import explain
from llmviz_addon import scene as scene_room
from llmviz_addon.scene import live

from . import helpers


@pytest.fixture
def trace():
    return explain.load("nano-gpt", helpers.PROMPT, 5).trace


def table(block: str) -> dict[str, np.ndarray]:
    """The columns of a block's table."""
    (model, *_) = scene_room.find(bpy.context.scene)
    return columns(scene_room.show_table(model, block).data)


def columns(mesh: bpy.types.Mesh) -> dict[str, np.ndarray]:
    found = {}
    kinds = {"FLOAT": np.float32, "INT": np.int32, "BOOLEAN": bool}
    for attribute in mesh.attributes:
        if attribute.data_type in kinds and not attribute.is_internal:
            values = np.empty(len(attribute.data), kinds[attribute.data_type])
            attribute.data.foreach_get("value", values)
            found[attribute.name] = values
    return found


def test_attention_stands_by_query_and_key_and_masked_cells_have_no_number(own_model, trace):
    found = table("layer0.head1.attention")
    assert found.keys() == {"key (column)", "query (row)", "number", "computed", "masked"}
    expected = trace["layer0.head1.attention"]
    query, key, number = found["query (row)"], found["key (column)"], found["number"]
    there = found["computed"]
    np.testing.assert_array_equal(number[there], expected[query[there], key[there]])
    np.testing.assert_array_equal(np.isnan(number), ~there)
    np.testing.assert_array_equal(found["masked"], key > query)
    assert not (there & found["masked"]).any()


@pytest.mark.parametrize(
    ("block", "names"),
    [
        ("layer0.mlp", ["neuron (column)", "position (row)", "number", "computed"]),
        ("layer0.head1.q_weight", ["channel (column)", "channel (row)", "number"]),
        ("layer0.ln_1.mean", ["position (column)", "row", "number", "computed"]),
        ("tokens", ["position (column)", "row", "token", "computed"]),
    ],
)
def test_each_kind_of_block_has_its_names(own_model, block, names):
    assert table(block).keys() == set(names)


def test_a_table_follows_another_prompt_and_there_is_only_one(own_model):
    scene = bpy.context.scene
    table("layer0.mlp")
    before = table("layer0.head1.q")["number"].copy()
    tables = [o for o in scene.objects if "llmviz_table_of" in o]
    assert [o["llmviz_table_of"] for o in tables] == ["layer0.head1.q"]
    assert live.follow(scene, replace(scene_room.recipe_of(own_model), prompt="AABBCC"))
    after = columns(tables[0].data)["number"]
    assert not np.array_equal(before, after, equal_nan=True)


def test_a_table_is_neither_rendered_nor_left_behind(own_model):
    table("layer0.mlp")
    (obj,) = (o for o in bpy.context.scene.objects if "llmviz_table_of" in o)
    assert obj.hide_render and not obj.data.polygons
    scene_room.remove(bpy.context.scene)
    assert not [m for m in bpy.data.meshes if m.name.endswith(" numbers")]
