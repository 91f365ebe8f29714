"""The model that stands shows the prompt that is typed."""

from __future__ import annotations

import time

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import live as scene_live
from llmviz_addon.ui import live, messages, running, state
from tests.scene import helpers


@pytest.fixture
def standing_model(registered) -> scene_room.Standing:
    """nano-gpt on CBABBC, as the settings ask for it."""
    helpers.open_built("CBABBC")
    bpy.context.scene.llmviz.prompt = "CBABBC"
    return state.model_of(bpy.context.scene)


def _prompt() -> str:
    return state.model_of(bpy.context.scene).recipe.prompt


def _changes() -> int:
    return live._changes[bpy.context.scene.session_uid]


def test_what_is_typed_is_shown(standing_model, settings):
    settings.prompt = "AB"
    assert live.follow(bpy.context.scene)
    assert _prompt() == "AB"


def test_half_a_word_that_the_model_cannot_read_waits(standing_model, settings):
    settings.prompt = "ABX"
    assert not live.follow(bpy.context.scene)
    assert _prompt() == "CBABBC" and not messages.message(bpy.context.scene)


def test_without_a_model_nothing_is_built(registered, settings):
    settings.prompt = "AB"
    assert not live.follow(bpy.context.scene)
    assert not bpy.context.scene.objects.get("nano-gpt Anchor")


def test_a_script_that_sets_a_prompt_without_a_window_decides_itself(standing_model, settings):
    settings.prompt = "AB"
    assert _prompt() == "CBABBC"


def test_a_saved_film_always_tells_of_the_prompt_that_is_shown(standing_model, settings, tmp_path):
    settings.prompt = "AB"
    live.follow(bpy.context.scene)
    assert scene_live.is_behind(bpy.context.scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert not scene_live.is_behind(bpy.context.scene)


def test_the_film_follows_quietly_and_anything_asked_for_comes_first(standing_model, settings):
    scene = bpy.context.scene
    settings.prompt = "AB"
    live.follow(scene)
    assert live._rest(_changes(), scene.session_uid) is None
    assert running.work is not None and not running.is_busy()
    assert state.why_locked(scene) == ""
    bpy.ops.llmviz.build()
    assert running.work is None and not scene_live.is_behind(scene)
    assert not [c for c in bpy.data.collections if c.name.startswith("Film.")]


def test_the_film_follows_in_spells(standing_model, settings):
    scene = bpy.context.scene
    settings.prompt = "AB"
    live.follow(scene)
    live._rest(_changes(), scene.session_uid)
    mine, until = running.work, time.monotonic() + 60
    while running._continue(mine, lambda _: None) is not None:
        assert time.monotonic() < until
    assert not scene_live.is_behind(scene)


def test_typing_on_puts_the_film_off(standing_model, settings):
    scene = bpy.context.scene
    settings.prompt = "AB"
    live.follow(scene)
    first = _changes()
    settings.prompt = "ABB"
    live.follow(scene)
    assert live._rest(first, scene.session_uid) is None and running.work is None


def test_an_undo_to_a_moment_between_has_the_film_follow(standing_model, settings):
    scene = bpy.context.scene
    settings.prompt = "AB"
    live.follow(scene)
    before = _changes()
    live._after_undo()
    assert _changes() == before + 1


def test_after_an_undo_the_films_of_all_scenes_follow(standing_model, settings):
    first = bpy.context.scene
    second = bpy.data.scenes.new("Second")
    scene_room.build(second, helpers.recipe())
    for scene in (first, second):
        scene.llmviz.prompt = "AB"
        assert live.follow(scene)
    live._after_undo()
    for scene in (first, second):
        live._rest(live._changes[scene.session_uid], scene.session_uid)
        mine = running.work
        while running._continue(mine, lambda _: None) is not None:
            pass
        assert not scene_live.is_behind(scene)
