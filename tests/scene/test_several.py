"""Several scenes, several models, models that are linked from another file."""

from __future__ import annotations

import bpy
import pytest

from llmviz_addon import scene as scene_room

from . import helpers


def test_two_scenes_have_a_model_each():
    first = bpy.context.scene
    second = bpy.data.scenes.new("Second")
    one = scene_room.build(first, helpers.recipe(helpers.MORE, helpers.small()))
    before = {o.name: helpers.values(o.data) for o in one.all_objects if "llmviz_block" in o}
    two = scene_room.build(second, helpers.recipe(helpers.FEW, helpers.small(), look="light"))
    assert scene_room.roots(first) == [one] and scene_room.roots(second) == [two]
    assert scene_room.recipe_of(one).prompt == helpers.MORE
    assert scene_room.recipe_of(two).prompt == helpers.FEW
    scene_room.build(second, helpers.recipe("1 0 2", helpers.small()))
    after = {o.name: helpers.values(o.data) for o in one.all_objects if "llmviz_block" in o}
    assert after == before
    groups = {m.node_group for o in helpers.block_objects() for m in o.modifiers}
    assert len(groups) == 2, "each scene has a kit, and a look, of its own"
    assert scene_room.remove(second)
    assert not second.objects and not second.timeline_markers
    assert len(helpers.block_objects()) == len(before)
    assert first.world is not None and first.camera is not None
    scene_room.build(first, helpers.recipe(helpers.FEW, helpers.small()))
    assert scene_room.remove(first)
    assert helpers.counts() == {"scenes": 2}


def test_a_scene_that_is_not_in_the_window_can_be_built_and_rendered(tmp_path):
    other = bpy.data.scenes.new("Other")
    scene_room.build(other, helpers.recipe(helpers.FEW, helpers.small()))
    for obj in helpers.block_objects():
        obj.hide_render = obj["llmviz_block"] != "tokens"
    still = scene_room.stills()[1][0]
    steps = scene_room.still_steps(other, [still], tmp_path, (32, 18), "CYCLES", 1)
    (made,) = scene_room.run(steps)
    assert made.is_file()
    assert not bpy.context.scene.objects


@pytest.fixture
def linked(tmp_path):
    """A scene with a model that lives in another file."""
    helpers.open_small()
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (found, wanted):
        wanted.collections = [name for name in found.collections if name == "small"]
    (root,) = wanted.collections
    bpy.context.scene.collection.children.link(root)
    return root


def test_a_linked_model_is_left_alone(linked):
    scene = bpy.context.scene
    values = {o.name: helpers.values(o.data) for o in linked.all_objects if "llmviz_block" in o}
    before = helpers.census()
    assert scene_room.remove(scene) is False, "it is not this file's to remove"
    assert not helpers.difference(before, helpers.census())
    assert len(values) == len(helpers.block_objects()) > 0
    mine = helpers.build_small(helpers.FEW)
    assert mine is not linked and mine.library is None
    assert scene_room.roots(scene) == [mine]
    now = {o.name: helpers.values(o.data) for o in linked.all_objects if "llmviz_block" in o}
    assert now == values
    assert scene_room.remove(scene) is True
    assert linked in scene.collection.children_recursive
    assert not helpers.difference(before, helpers.census())
