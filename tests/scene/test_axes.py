"""Attention says in the scene which axis is the query's and which the key's, with its tokens."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import live
from llmviz_addon.scene.style.kit import CELL

BLOCK = "layer0.head1.attention"


def axes(block: str = BLOCK) -> bpy.types.Object:
    (found,) = (o for o in bpy.context.scene.objects if o.get("llmviz_key") == f"axes:{block}")
    return found


def test_each_head_names_both_axes_and_has_its_tokens_along_both(standing):
    (model,) = scene_room.find(bpy.context.scene)
    heads = [b.name for b in model.plan.anatomy.blocks.values() if b.role == "attention"]
    letters = [model.run.labels[token] for token in model.run.ids]
    for name in heads:
        said = axes(name)["llmviz_words"].split("\n")
        assert said[-2:] == ["key", "query"]
        assert sorted(said[:-2]) == sorted([*letters, *letters])


def test_they_stand_around_the_block_and_not_over_it(standing):
    (model,) = scene_room.find(bpy.context.scene)
    (left, _, _), (_, _, top) = model.plan.anatomy.blocks[BLOCK].bounds
    obj = axes()
    points = np.empty(3 * len(obj.data.vertices), np.float32)
    obj.data.vertices.foreach_get("co", points)
    points = (points.reshape(-1, 3) + np.array(obj.location)) / CELL
    assert ((points[:, 0] < left) | (points[:, 2] > top)).all()


def test_they_follow_a_prompt_that_is_typed(own_model):
    scene = bpy.context.scene
    obj, before = axes(), axes()["llmviz_words"]
    assert live.follow(scene, replace(scene_room.recipe_of(own_model), prompt="AABBCC"))
    assert axes() == obj and obj["llmviz_words"] != before
    assert obj["llmviz_words"].startswith("A\nA\nA\nA\nB")
