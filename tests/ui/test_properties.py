"""`scene.llmviz`: its properties, and the picker, the path and the pictures that depend on them."""

from __future__ import annotations

import typing
from pathlib import Path

import bpy
import pytest

from llmviz_addon import scene as scene_room


def test_a_new_scene_asks_for_the_demo(settings):
    assert (settings.model, settings.prompt) == ("nano-gpt", "CBABBC")
    assert settings.picker == "nano-gpt"


@pytest.mark.parametrize("kind", ["Operator", "Panel", "PropertyGroup"])
def test_the_annotations_of_every_class_can_be_read(kind):
    ours = [c for c in getattr(bpy.types, kind).__subclasses__() if c.__name__.startswith("LLMVIZ")]
    assert ours
    for found in ours:
        # Blender reads them when it registers a class, and only prints what fails.
        typing.get_type_hints(found)


def test_scenes_have_settings_of_their_own(settings):
    other = bpy.data.scenes.new("Other")
    other.llmviz.prompt = "AB"
    assert settings.prompt == "CBABBC"


def test_picking_a_preset_sets_the_model(settings):
    settings.picker = "gpt2"
    assert settings.model == "gpt2"


def test_a_path_in_the_model_shows_as_a_checkpoint(settings):
    settings.model = "/models/tiny"
    assert settings.picker == "CHECKPOINT"
    assert settings.checkpoint == "/models/tiny"


def test_a_checkpoint_comes_back_when_it_is_picked_again(settings):
    settings.checkpoint = "/models/tiny"
    assert settings.model == "/models/tiny"
    settings.picker = "nano-gpt"
    settings.picker = "CHECKPOINT"
    assert settings.model == "/models/tiny"


def test_picking_a_preset_proposes_its_prompt_but_keeps_what_was_typed(settings):
    settings.prompt = ""
    settings.picker = "gpt2"
    settings.picker = "nano-gpt"
    assert settings.prompt == "CBABBC"
    settings.prompt = "ABAB"
    settings.picker = "gpt2"
    settings.picker = "nano-gpt"
    assert settings.prompt == "ABAB"


def test_choosing_a_checkpoint_proposes_a_prompt_in_its_units(settings, checkpoint):
    settings.checkpoint = str(checkpoint())
    assert settings.prompt == "0", "a checkpoint without a tokenizer reads ids"
    settings.picker = "nano-gpt"
    assert settings.prompt == "CBABBC"
    settings.prompt = "2 1"
    settings.picker = "CHECKPOINT"
    assert settings.prompt == "2 1", "typed"
    settings.checkpoint = "/no/such/folder"
    assert settings.prompt == "2 1"


def test_stills_are_chosen_by_id_or_by_tick(settings):
    ids = [still_id for still_id, _ in scene_room.stills()]
    assert settings.stills == set(ids)
    settings.stills = {ids[0], ids[2]}
    assert [i for i, ticked in enumerate(settings.stills_ticked) if ticked] == [0, 2]
    settings.stills_ticked[2] = False
    assert settings.stills == {ids[0]}


@pytest.mark.parametrize(
    ("size", "pixels"),
    [
        ("LANDSCAPE", (1920, 1080)),
        ("PORTRAIT", (1080, 1920)),
        ("SQUARE", (1080, 1080)),
        ("SCENE", (320, 120)),
    ],
)
def test_pictures_have_the_chosen_size(settings, size, pixels):
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 640, 240, 50
    settings.size = size
    assert settings.pixels() == pixels


def test_settings_survive_saving_and_opening(settings, tmp_path: Path):
    settings.model, settings.prompt, settings.look = "gpt2", "AB", "light"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    opened = bpy.context.scene.llmviz
    assert (opened.model, opened.prompt, opened.look) == ("gpt2", "AB", "light")


def test_the_look_of_a_built_model_is_read_from_it_and_changes_it(settings):
    scene = bpy.context.scene
    recipe = scene_room.Recipe("nano-gpt", "CBABBC", look="light", accessible=True)
    root = scene_room.build(scene, recipe)
    assert (settings.look, settings.accessible) == ("light", True)
    settings.look = "dark"
    assert (settings.look, settings.accessible) == ("dark", True)
    settings.accessible = False
    kept = scene_room.recipe_of(root)
    assert (kept.look, kept.accessible) == ("dark", False)


def test_captions_follow_the_switch(settings):
    settings.captions = False
    bpy.ops.llmviz.build()
    root = scene_room.roots(bpy.context.scene)[0]
    assert not scene_room.captions_visible(root)
    settings.captions = True
    assert scene_room.captions_visible(root)
    scene_room.set_captions(root, False)
    assert not settings.captions
