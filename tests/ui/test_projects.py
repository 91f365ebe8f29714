"""A project's folder that moves with its checkpoint, and what the sidebar says of time."""

from __future__ import annotations

import re
import shutil

import bpy
import pytest

from llmviz_addon import defaults
from llmviz_addon import scene as scene_room
from llmviz_addon.ui import state
from tests import sorter
from tests.scene import helpers


def test_a_project_that_moves_with_its_checkpoint_shows_the_same_model(settings, tmp_path):
    (tmp_path / "first").mkdir()
    sorter.save(tmp_path / "first" / "weights")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "first" / "project.blend"))
    settings.model, settings.prompt = "//weights", "0 1 2"
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    (model,) = scene_room.find(bpy.context.scene)
    assert model.recipe.model == "//weights"
    settings.model, settings.prompt = helpers.small(), "0"
    bpy.ops.llmviz.build_beside()
    bpy.ops.wm.save_mainfile()
    shutil.move(tmp_path / "first", tmp_path / "second")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "second" / "project.blend"))
    scene = bpy.context.scene
    before = {m.recipe.model: m.id for m in scene_room.find(scene)}
    scene.llmviz.model, scene.llmviz.prompt = "//weights", "2 1 0"
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    after = scene_room.find(scene)
    assert {m.recipe.model: m.id for m in after} == before
    assert {m.recipe.prompt for m in after if m.recipe.model == "//weights"} == {"2 1 0"}


def test_a_checkpoint_that_is_gone_is_named_and_nothing_is_replaced(settings, tmp_path):
    folder = sorter.save(tmp_path / "weights")
    settings.model, settings.prompt = str(folder), "0 1 2"
    bpy.ops.llmviz.build()
    before = helpers.census()
    shutil.rmtree(folder)
    with pytest.raises(scene_room.Problem, match="weights"):
        scene_room.build(bpy.context.scene, scene_room.Recipe(str(folder), "2 1 0"))
    assert not helpers.difference(before, helpers.census())


def test_the_settings_of_a_file_that_a_script_has_made_ask_for_what_it_shows(settings, tmp_path):
    folder = sorter.save(tmp_path / "weights")
    chosen = {"cubes": 100, "arrangement": "tower", "max_new_tokens": 2, "temperature": 0.7}
    chosen |= {"seed": 3, "look": "paper", "chapters": "introduction", "position": 1}
    recipe = scene_room.Recipe(str(folder), "0 1 2", **chosen)
    scene_room.build(bpy.context.scene, recipe)
    assert state.wanted(bpy.context.scene) != recipe
    path = str(tmp_path / "made.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert state.wanted(bpy.context.scene) == recipe
    # What a person has chosen since is theirs.
    bpy.context.scene.llmviz.prompt = "2 1"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert bpy.context.scene.llmviz.prompt == "2 1"


def test_what_settings_cannot_hold_stays_as_it_is_usually(settings, tmp_path):
    recipe = helpers.recipe("0 1 2", helpers.small(), slabs=10**12)
    scene_room.build(bpy.context.scene, recipe)
    path = str(tmp_path / "made.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    found = bpy.context.scene.llmviz
    assert (found.prompt, found.slabs) == ("0 1 2", defaults.SLABS)


def test_the_chapters_of_a_film_stay_at_a_rebuild_and_not_where_there_are_none(settings):
    scene_room.build(bpy.context.scene, helpers.recipe("ABC", chapters="introduction,mlp"))
    settings.prompt = "CBA"
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    assert state.model_of(bpy.context.scene).recipe.chapters == "introduction,mlp"
    settings.model, settings.prompt = "gpt2", ""
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    assert state.model_of(bpy.context.scene).recipe.chapters == ""


def test_times_of_beats_count_from_where_the_film_begins(own_model, sidebar):
    scene = bpy.context.scene
    before = [text for text in sidebar() if re.fullmatch(r"-?\d+:\d\d", text)]
    scene.frame_start = 967
    after = [text for text in sidebar() if re.fullmatch(r"-?\d+:\d\d", text)]
    assert before == after and "0:00" in before
