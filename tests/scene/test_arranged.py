"""Changes that people make to a model stay as they set them at another prompt."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from mathutils import Vector

from llmviz_addon import scene as scene_room

from . import helpers, people

CHECKPOINT = Path(__file__).parents[1] / "model" / "golden" / "huggingface-tied"


@pytest.fixture
def model(own_model) -> scene_room.Standing:
    """nano-gpt, in a file of the test's own."""
    return people.only()


def _rebuilds(large: bool) -> None:
    """Build another prompt; a model with slabs is drawn anew for it."""
    helpers.build("ABC", **({"cubes": 20_000} if large else {}))


@pytest.fixture(params=[False, True], ids=["cubes", "slabs"])
def either(request) -> tuple[scene_room.Standing, bool]:
    """A model of cubes, then one with slabs, which is drawn anew for another prompt."""
    helpers.open_built(**({"cubes": 20_000} if request.param else {}))
    return people.only(), request.param


def test_what_a_person_arranged_stays_at_another_prompt(either):
    model, large = either
    scene, layer = bpy.context.scene, bpy.context.view_layer
    home = bpy.data.collections.new("Mine")
    scene.collection.children.link(home)
    home.children.link(model.root)
    scene.collection.children.unlink(model.root)
    model.root.name, model.root.color_tag = "My Model", "COLOR_03"
    block, label = model.blocks["layer1.mlp_weight"], _label(model)
    block.name, block.color, block.hide_render = "My Block", (1, 0, 0, 1), True
    block.location.x += 0.5
    label.location.z += 0.25
    block.constraints.new("LIMIT_LOCATION")
    block.modifiers.new("Mine", "TRIANGULATE")
    handle = bpy.data.objects.new("Handle", None)
    home.objects.link(handle)
    model.anchor.parent = handle
    model.anchor.constraints.new("COPY_ROTATION")
    place = block.location.copy(), label.location.copy()
    below = layer.layer_collection.children["Mine"].children["My Model"]
    below.children["Labels"].hide_viewport = True
    below.children["Arrows"].exclude = True
    _rebuilds(large)
    after = people.only()
    assert after.recipe.prompt == "ABC"
    assert (after.root.name, after.root.color_tag) == ("My Model", "COLOR_03")
    assert [c.name for c in bpy.data.collections if after.root.name in c.children] == ["Mine"]
    now = after.blocks["layer1.mlp_weight"]
    assert (now.name, tuple(now.color), now.hide_render) == ("My Block", (1, 0, 0, 1), True)
    assert (now.location, _label(after).location) == place
    assert len(now.constraints) == 1 and "Mine" in now.modifiers
    assert after.anchor.parent == handle and len(after.anchor.constraints) == 1
    below = layer.layer_collection.children["Mine"].children["My Model"]
    assert below.children["Labels"].hide_viewport and below.children["Arrows"].exclude
    scene_room.remove(scene)
    assert home.name in scene.collection.children and handle.name in home.objects


def _label(model: scene_room.Standing) -> bpy.types.Object:
    return next(o for o in model.objects.values() if o.get("llmviz_label_of") == "section:layer1")


def test_an_excluded_model_stays_excluded(either):
    _, large = either
    layer = bpy.context.view_layer.layer_collection
    layer.children[0].exclude = True
    _rebuilds(large)
    assert [c.exclude for c in layer.children] == [True]


def test_an_anchor_in_a_collection_of_ones_own_stays_there(either):
    model, large = either
    home = bpy.data.collections.new("Mine")
    bpy.context.scene.collection.children.link(home)
    for collection in list(model.anchor.users_collection):
        collection.objects.unlink(model.anchor)
    home.objects.link(model.anchor)
    _rebuilds(large)
    after = people.only()
    assert [c.name for c in after.anchor.users_collection] == ["Mine"]
    scene_room.remove(bpy.context.scene)
    assert not home.objects


def test_what_carries_a_model_carries_the_one_that_is_built_in_its_place(model):
    scene = bpy.context.scene
    handle = bpy.data.objects.new("Handle", None)
    scene.collection.objects.link(handle)
    model.anchor.parent = handle
    model.anchor.constraints.new("COPY_ROTATION")
    model.anchor.keyframe_insert("rotation_euler", frame=1)
    model.root.color_tag = "COLOR_03"
    anchor, root = model.anchor, model.root
    helpers.build("1 2 3", CHECKPOINT)
    after = people.only()
    assert (after.anchor, after.root) == (anchor, root)
    assert after.anchor.parent == handle and len(after.anchor.constraints) == 1
    assert {c.data_path for c in people.curves_of(after.anchor)} == {"rotation_euler"}
    assert root.color_tag == "COLOR_03" and root.name == after.title
    assert all(block.parent == anchor for block in after.blocks.values())


def test_keys_of_a_persons_own_stay_and_play(either):
    model, large = either
    scene = bpy.context.scene
    block = model.blocks["layer0.mlp"]
    for obj, path in ((model.anchor, "rotation_euler"), (block, "location")):
        obj.keyframe_insert(path, frame=1)
        setattr(obj, path, Vector((0, 0, 3)))
        obj.keyframe_insert(path, frame=100)
    _rebuilds(large)
    after = people.only()
    scene.frame_set(100)
    assert after.anchor.rotation_euler.z == pytest.approx(3)
    assert after.blocks["layer0.mlp"].location.z == pytest.approx(3)
    scene.frame_set(scene.frame_end)
    assert after.blocks["layer0.mlp"]["progress"] == pytest.approx(1.0)
    scene.frame_set(1)
    assert after.blocks["layer0.mlp"]["progress"] == pytest.approx(0.0)


def test_a_drawn_anew_camera_move_stays_where_the_film_keeps_its_times(model):
    scene = bpy.context.scene
    camera = scene.camera
    curves = {(c.data_path, c.array_index): c for c in people.curves_of(camera)}
    curve = curves["location", 2]
    curve.keyframe_points[0].co.y += 5
    curve.update()
    changed = curve.evaluate(1)
    helpers.build("ABCABC")
    assert scene.camera == camera
    curves = {(c.data_path, c.array_index): c for c in people.curves_of(camera)}
    assert curves["location", 2].evaluate(1) == pytest.approx(changed)


def test_keys_that_cannot_stay_are_named(model):
    curve = next(c for c in people.curves_of(bpy.context.scene.camera) if c.data_path == "location")
    curve.keyframe_points[0].co.y += 5
    curve.update()
    notes: list[str] = []
    recipe = helpers.recipe("A")
    scene_room.run(scene_room.steps(bpy.context.scene, recipe, notes=notes))
    assert any("Film Camera" in note for note in notes)


def test_a_film_whose_action_was_deleted_plays_again_when_the_same_is_built(model):
    scene = bpy.context.scene
    bpy.data.actions.remove(model.root["llmviz_action"])
    helpers.build("ABC")
    left = people.only().blocks["layer0.mlp"].animation_data
    assert left is None or left.action is None
    helpers.build("ABC")
    scene.frame_set(1)
    assert people.only().blocks["layer0.mlp"]["progress"] == pytest.approx(0.0)


def test_values_that_a_person_set_stay_at_another_prompt(either):
    model, large = either
    scene = bpy.context.scene
    cell = model.root["llmviz_kit_cell"]
    group = model.root["llmviz_kit_cell_color"]
    color = (0.1, 0.9, 0.2, 1.0)
    group.nodes["positive weight"].outputs[0].default_value = color
    lamp = next(o for o in model.objects.values() if o.type == "LIGHT")
    lamp.data.energy, lamp.data.color = 12.5, (1, 0, 0)
    name = "layer0.head0.attention"
    model.blocks[name]["gain"] = 3.25
    caption = next(o for o in model.objects.values() if "llmviz_caption_of" in o)
    caption["llmviz_text"] = "My own words"
    scene.frame_start, scene.frame_end = 12, 321
    mine = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(mine)
    scene.camera = mine
    marker = scene.timeline_markers[4]
    marker.frame += 7
    moved = marker.name, marker.frame
    named = sum(m.name == moved[0] for m in scene.timeline_markers)
    scene.view_settings.exposure = 0.75
    scene.world.node_tree.nodes["strength"].outputs[0].default_value = 2.5
    _rebuilds(large)
    after = people.only()
    assert tuple(group.nodes["positive weight"].outputs[0].default_value) == pytest.approx(color)
    assert after.root["llmviz_kit_cell"] == cell
    lamp = next(o for o in after.objects.values() if o.type == "LIGHT")
    assert lamp.data.energy == 12.5 and tuple(lamp.data.color) == (1, 0, 0)
    block = after.blocks[name]
    assert block["gain"] == 3.25
    if block["llmviz_drawn_as"] == "cubes":
        assert block["llmviz_drawn_as"] and list(block["traits"])[2] == 3.25
    said = [o for o in after.objects.values() if o.get("llmviz_text") == "My own words"]
    assert [o.data["llmviz_text"] for o in said] == ["My own words"], "and it shows them"
    assert (scene.frame_start, scene.frame_end) == (12, 321)
    assert scene.camera == mine
    markers = [(m.name, m.frame) for m in scene.timeline_markers if m.name == moved[0]]
    assert moved in markers and len(markers) == named
    assert scene.view_settings.exposure == 0.75
    assert scene.world.node_tree.nodes["strength"].outputs[0].default_value == 2.5


def test_a_look_that_is_chosen_sets_everything_that_a_look_sets(model):
    group = model.root["llmviz_kit_cell_color"]
    lamp = next(o for o in model.objects.values() if o.type == "LIGHT")
    before = tuple(group.nodes["zero"].outputs[0].default_value), lamp.data.energy
    group.nodes["zero"].outputs[0].default_value = (1, 0, 0, 1)
    lamp.data.energy = 77
    scene_room.apply_look(bpy.context.scene, model.root, "dark", False)
    now = tuple(group.nodes["zero"].outputs[0].default_value), lamp.data.energy
    assert now == before


def test_the_frame_and_the_camera_of_a_view_stay_at_another_prompt(model):
    scene = bpy.context.scene
    camera = scene.camera
    scene.frame_set(700)
    helpers.build("ABC")
    assert scene.frame_current == 700
    assert scene.camera == camera
