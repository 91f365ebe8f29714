"""Another prompt is seen while it is typed: colors and strips at once, the film a little later."""

from __future__ import annotations

from dataclasses import replace

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.progress import run
from llmviz_addon.scene import live
from llmviz_addon.walkthrough import Choice

from . import checkpoints, helpers, people


@pytest.fixture
def model(own_model) -> scene_room.Standing:
    """nano-gpt on CBABBC, in a file of the test's own."""
    return people.only()


def _type(prompt: str, **about: object) -> bool:
    recipe = replace(people.only().recipe, prompt=prompt, **about)
    return live.follow(bpy.context.scene, recipe)


def _objects() -> set[int]:
    return {obj.session_uid for obj in bpy.data.objects}


def _said() -> dict[str, str]:
    found = bpy.context.scene.objects
    return {o["llmviz_caption_of"]: o["llmviz_text"] for o in found if "llmviz_caption_of" in o}


@pytest.mark.parametrize("prompt", ["A", "CCBA", "AABCCB", "ABCABCABCA"])
def test_every_number_and_token_is_that_of_the_prompt_at_once(model, expect, prompt):
    assert _type(prompt)
    people.check_shows(people.only(), prompt)
    expected = expect(prompt)
    tiles = people.only().marked("llmviz_strip")
    read = [tiles[f"strip:input:{i}"]["llmviz_text"].split("\n")[0] for i in range(11)]
    assert "".join(read) == "".join("ABC"[token] for token in expected.ids)
    order = helpers.read(model.blocks["layer1.mlp"].data, "order")
    fresh = helpers.read(_built(prompt).blocks["layer1.mlp"].data, "order")
    np.testing.assert_array_equal(order, fresh)


def _built(prompt: str) -> scene_room.Standing:
    """The same prompt as a build shows it."""
    helpers.build(prompt)
    return people.only()


def test_no_object_is_made_or_removed_by_it(model):
    before = _objects()
    for prompt in ("A", "ABCABC", "CB"):
        assert _type(prompt)
        assert _objects() == before


def test_the_film_follows_when_it_is_asked_to(model):
    scene = bpy.context.scene
    scene.frame_set(300)
    assert not live.is_behind(scene)
    assert _type("AAB")
    assert live.is_behind(scene)
    run(live.catch_up_steps(scene))
    followed, markers = _said(), [(m.name, m.frame) for m in scene.timeline_markers]
    assert not live.is_behind(scene) and scene.frame_current == 300
    helpers.build("AAB")
    assert _said() == followed
    assert [(m.name, m.frame) for m in scene.timeline_markers] == markers


def test_what_a_person_deleted_stays_away(model):
    block, tile = model.blocks["layer0.mlp"], model.marked("llmviz_strip")["strip:input:2"]
    bpy.data.batch_remove([block, tile])
    assert _type("ABC")
    run(live.catch_up_steps(bpy.context.scene))
    after = people.only()
    assert "layer0.mlp" not in after.blocks
    assert "strip:input:2" not in after.marked("llmviz_strip")


def test_a_gain_and_words_of_a_persons_own_stay(model):
    block = model.blocks["layer0.mlp"]
    block["gain"] = 3.0
    tile = model.marked("llmviz_strip")["strip:input:0"]
    tile.data.vertices[0].co.x += 1
    moved = [tuple(v.co) for v in tile.data.vertices]
    assert _type("ABC")
    assert block["gain"] == 3.0 and block["traits"][2] == 3.0
    assert [tuple(v.co) for v in tile.data.vertices] == moved


def test_new_tokens_and_their_choice_are_live_too(model, expect):
    assert _type("ABC", max_new_tokens=0)
    tiles = people.only().marked("llmviz_strip")
    filled = [i for i in range(11) if len(tiles[f"strip:input:{i}"].data.polygons)]
    assert filled == [0, 1, 2]
    assert _type("ABC", max_new_tokens=4, temperature=2.0, seed=5)
    assert people.only().recipe.seed == 5 and people.only().run is not None


@pytest.mark.parametrize(
    "about", [{"prompt": "XYZ"}, {"prompt": ""}, {"prompt": "ABC" * 9}], ids=["x", "empty", "long"]
)
def test_a_prompt_that_the_model_does_not_take_changes_nothing(model, about):
    assert not live.follow(bpy.context.scene, replace(model.recipe, **about))
    people.check_shows(people.only(), "CBABBC")


def test_a_token_that_is_drawn_shows_its_chance_while_one_types(model):
    assert _type("CBABBC", temperature=8.0, seed=5)
    standing = people.only()
    tiles = standing.marked("llmviz_strip")
    for position, (token, chance) in standing.run.drawn.items():
        told = tiles[f"strip:output:{position}"]["llmviz_text"].split("\n")
        assert "ABC"[token] in told
        assert f"{100 * chance:.0f} %" in told or (chance >= 0.995 and "> 99 %" in told)
    assert len(standing.run.drawn) == 5


def test_another_model_or_budget_is_not_shown_that_way(model):
    recipe = replace(model.recipe, prompt="ABC")
    for other in ({"model": "gpt2"}, {"cubes": 10}, {"look": "light"}):
        assert not live.follow(bpy.context.scene, replace(recipe, **other))


def test_a_checkpoint_that_has_changed_since_is_shown_as_it_is_now(tmp_path):
    path = checkpoints.save(tmp_path / "model")
    helpers.build("1 2", path)
    checkpoints.save(tmp_path / "model", seed=8)
    assert live.follow(bpy.context.scene, replace(people.only().recipe, prompt="2 1"))
    shown = {n: helpers.read(o.data, "value") for n, o in people.only().blocks.items()}
    helpers.build("2 1", path)
    for name, obj in people.only().blocks.items():
        np.testing.assert_array_equal(helpers.read(obj.data, "value"), shown[name], name)


def test_a_model_with_slabs_or_many_cells_computes_nothing_while_somebody_types(model, monkeypatch):
    scene, recipe = bpy.context.scene, replace(model.recipe, prompt="ABC")
    monkeypatch.setattr(live, "compute", lambda *_: pytest.fail("it was computed"))
    with monkeypatch.context() as patch:
        patch.setattr(live, "MOST", 1000)
        assert not live.follow(scene, recipe)
    model.blocks["wte"]["llmviz_drawn_as"] = "slab"
    assert not live.follow(scene, recipe)


def test_a_model_that_is_being_edited_is_refused(model):
    block = model.blocks["layer0.mlp"]
    bpy.context.view_layer.objects.active = block
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(scene_room.StandingError, match="Object Mode"):
        _type("ABC")


def test_a_film_whose_model_is_removed_meanwhile_leaves_nothing_behind(model):
    scene = bpy.context.scene
    assert _type("ABC")
    steps = live.catch_up_steps(scene)
    for _ in range(8):
        next(steps)
    scene_room.remove(scene)
    run(steps)
    assert not [o for o in bpy.data.objects if o.get("llmviz")]


def test_another_example_is_followed_once_it_is_chosen(model):
    scene = bpy.context.scene
    assert not live.is_behind(scene)
    assert live.choose(scene, replace(people.only().recipe, layer=1, head=2, position=2))
    run(live.catch_up_steps(scene))
    assert not live.is_behind(scene)
    assert people.only().recipe.choice == Choice(1, 2, 2, None)
    # A choice that a model has not is its nearest one, so it can be kept for the next model.
    assert live.choose(scene, replace(people.only().recipe, layer=40, position=40))
    run(live.catch_up_steps(scene))
    assert not live.is_behind(scene)


def test_a_model_that_two_scenes_show_waits_for_a_build(model):
    bpy.ops.scene.new(type="LINK_COPY")
    assert not _type("A")
    assert people.only().recipe.prompt == helpers.PROMPT
    assert not live.is_behind(bpy.context.scene)
