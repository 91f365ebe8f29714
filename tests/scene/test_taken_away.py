"""Deleted parts stay away, a model goes on working, and what is in the way is named."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem

from . import helpers, people

CHECKPOINT = Path(__file__).parents[1] / "model" / "golden" / "huggingface-tied"


@pytest.fixture
def model(clean_scene) -> scene_room.Standing:
    """The small model, in a file of the test's own."""
    helpers.open_small()
    return people.only()


@pytest.mark.parametrize("part", ["strips", "labels", "arrows", "lights", "captions", "film"])
def test_a_part_that_somebody_deleted_stays_away_and_the_rest_goes_on(model, part):
    kept = {
        key
        for key, obj in model.objects.items()
        # A shorter prompt has fewer strips, other captions, and fewer cells that the film shows.
        if not (_within(model, part, key) or "llmviz_actor" in obj)
        and not key.startswith(("strip", "token", "introduction"))
    }
    camera = bpy.context.scene.camera
    people.delete_hierarchy(model.part(part))
    helpers.build_small(helpers.FEW)
    after = people.only()
    people.check_shows(after, helpers.FEW)
    assert bpy.context.scene.camera and bpy.context.scene.timeline_markers
    assert bpy.context.scene.camera.get("llmviz_actor") == "camera"
    if part != "film":
        assert bpy.context.scene.camera == camera
        assert kept <= set(after.objects)
        assert not [k for k in after.objects if _within(after, part, k)]
    scene_room.remove(bpy.context.scene)
    assert not [o for o in bpy.data.objects if o.get("llmviz")]


def _within(model: scene_room.Standing, part: str, key: str) -> bool:
    return (
        model.objects[key].name in model.part(part).all_objects
        if (part in model.collections)
        else False
    )


def test_the_same_again_makes_a_model_whole(model):
    every, block = set(model.objects), model.blocks["layer0.mlp"]
    people.delete_hierarchy(model.part("labels"))
    people.delete([block])
    helpers.build_small()
    assert set(people.only().objects) == every


def test_lights_that_somebody_deleted_come_back_only_with_a_look(model):
    scene = bpy.context.scene
    mine = bpy.data.objects.new("Mine", bpy.data.lights.new("Mine", "AREA"))
    scene.collection.objects.link(mine)
    people.delete_hierarchy(model.part("lights"))
    helpers.build_small(helpers.FEW)
    helpers.build_small(helpers.FEW)
    assert [o.name for o in scene.objects if o.type == "LIGHT"] == ["Mine"]
    scene_room.apply_look(scene, model.root, "light", False)
    lamps = [o for o in scene.objects if o.type == "LIGHT" and o != mine]
    assert lamps and all(o.name in people.only().root.all_objects for o in lamps)


def test_a_deleted_anchor_is_made_anew_and_carries_what_the_old_one_did(model):
    bpy.data.objects.remove(model.anchor)
    for _ in range(2):
        helpers.build_small(helpers.FEW)
    after = people.only()
    assert after.anchor is not None
    assert all(block.parent == after.anchor for block in after.blocks.values())
    assert not [c for c in bpy.data.collections if c.name.startswith(("Next", "Film."))]


def test_what_was_deleted_by_hand_gives_back_what_it_had_borrowed():
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end, scene.render.fps = 5, 77, 30
    before = helpers.census()
    root = helpers.build_small()
    people.delete_hierarchy(root)
    helpers.build_small(helpers.FEW)
    chapters = scene_room.chapters(people.only().root)
    assert len(scene.timeline_markers) == sum(1 + len(chapter.beats) for chapter in chapters)
    scene_room.remove(scene)
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (5, 77, 30)
    assert not helpers.difference(before, helpers.census())


def test_what_is_left_of_a_model_deleted_by_hand_can_be_removed():
    before = helpers.census()
    people.delete_hierarchy(helpers.build_small())
    assert scene_room.remove(bpy.context.scene) is True
    assert not helpers.difference(before, helpers.census())


def test_a_root_collection_that_was_dissolved_leaves_no_second_model_in_the_same_place():
    before = helpers.census()
    root = helpers.build_small()
    count, scene = len(helpers.block_objects()), bpy.context.scene
    for child in list(root.children):
        scene.collection.children.link(child)
    for obj in list(root.objects):
        scene.collection.objects.link(obj)
    bpy.data.collections.remove(root)
    helpers.build_small(helpers.FEW)
    blocks = [o["llmviz_block"] for o in scene.objects if "llmviz_block" in o]
    assert len(blocks) == len(set(blocks)) == count
    scene_room.remove(scene)
    assert not helpers.difference(before, helpers.census())


def test_a_block_that_is_being_edited_is_named_and_nothing_changes(model):
    block = model.blocks["layer0.mlp"]
    bpy.context.view_layer.objects.active = block
    bpy.ops.object.mode_set(mode="EDIT")
    for act in (
        lambda: helpers.build_small(helpers.FEW),
        lambda: scene_room.remove(bpy.context.scene),
        lambda: scene_room.apply_look(bpy.context.scene, model.root, "light", False),
    ):
        with pytest.raises(Problem, match=r"layer0\.mlp.*Object Mode"):
            act()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert people.only().recipe.prompt == helpers.MORE
    helpers.build_small(helpers.FEW)


def test_a_root_that_does_not_say_what_it_is_gets_a_sentence_and_can_be_removed(model):
    model.root["llmviz_recipe"] = "no JSON"
    with pytest.raises(Problem, match="remove it"):
        helpers.build_small(helpers.FEW)
    assert scene_room.remove(bpy.context.scene) is True
    assert not [o for o in bpy.data.objects if o.get("llmviz")]


def test_what_is_deleted_while_a_model_is_built_ends_the_build_with_a_sentence(model):
    steps = scene_room.steps(bpy.context.scene, helpers.recipe(helpers.FEW, helpers.small()))
    for told in steps:
        if told[0] > 0.9:
            break
    staged = next(c for c in bpy.data.collections if c.get("llmviz_role") == "unfinished model")
    people.delete_hierarchy(staged)
    with pytest.raises(Problem, match="build the model again"):
        scene_room.run(steps)
    assert people.only().recipe.prompt == helpers.MORE


def test_a_model_that_is_deleted_while_it_is_renewed_is_built_afresh(model):
    count = len(model.blocks)
    steps = scene_room.steps(bpy.context.scene, helpers.recipe(helpers.FEW, helpers.small()))
    for told in steps:
        if told[0] > 0.9:
            break
    people.delete_hierarchy(model.root)
    try:
        scene_room.run(steps)
    except Problem:
        assert not scene_room.find(bpy.context.scene)
    else:
        assert people.only().recipe.prompt == helpers.FEW and len(people.only().blocks) == count


def test_a_model_without_its_anchor_gets_a_look_all_the_same(model):
    bpy.data.objects.remove(model.anchor)
    scene_room.apply_look(bpy.context.scene, model.root, "light", True)
    assert people.only().recipe.look == "light"
    assert scene_room.remove(bpy.context.scene) is True
