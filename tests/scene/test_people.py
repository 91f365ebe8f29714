"""Changes that people make to a scene stay, and a model goes on working among them."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem

from . import checkpoints, helpers

CHECKPOINT = Path(__file__).parents[1] / "model" / "golden" / "huggingface-tied"


@pytest.fixture
def model(own_model) -> scene_room.Standing:
    """nano-gpt, in a file of the test's own."""
    return _model()


def _model() -> scene_room.Standing:
    (found,) = scene_room.find(bpy.context.scene)
    return found


def _shows(model: scene_room.Standing, expect, prompt: str) -> None:
    """Check that the blocks show the numbers of a prompt."""
    assert model.recipe.prompt == prompt
    expected = expect(prompt).trace
    for name, obj in model.blocks.items():
        array = np.asarray(expected[name], np.float32)
        if array.ndim == 1:
            wanted = array
        else:
            wanted = array if obj["llmviz_block"] in ("embedding",) else None
        if wanted is not None:
            found = helpers.read(obj.data, "value")[: wanted.size]
            np.testing.assert_allclose(found, wanted.reshape(-1), 1e-4, 1e-5)


def _delete(objects: list[bpy.types.Object]) -> None:
    """Delete as a person does, with X."""
    with bpy.context.temp_override(selected_objects=objects, object=objects[0]):
        bpy.ops.object.delete()


def _delete_hierarchy(collection: bpy.types.Collection) -> None:
    """Delete as the outliner's Delete Hierarchy does."""
    doomed = [*collection.all_objects, *collection.children_recursive, collection]
    bpy.data.batch_remove(doomed)


# Deleted parts


@pytest.mark.parametrize("part", ["strips", "labels", "arrows", "lights", "captions", "film"])
def test_a_part_that_somebody_deleted_stays_away_and_the_rest_goes_on(model, expect, part):
    kept = {key for key in model.objects if not _within(model, part, key)}
    camera = bpy.context.scene.camera
    _delete_hierarchy(model.part(part))
    helpers.build("ABC")
    after = _model()
    _shows(after, expect, "ABC")
    assert bpy.context.scene.camera and bpy.context.scene.timeline_markers
    assert bpy.context.scene.camera.get("llmviz_actor") == "camera"
    if part != "film":
        assert bpy.context.scene.camera == camera
        # A shorter prompt has fewer strips, and other captions.
        assert {k for k in kept if not k.startswith(("strip", "token", "introduction"))} <= set(
            after.objects
        )
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
    every, block = set(model.objects), model.blocks["layer1.mlp"]
    _delete_hierarchy(model.part("labels"))
    _delete([block])
    helpers.build("CBABBC")
    assert set(_model().objects) == every


def test_lights_that_somebody_deleted_come_back_only_with_a_look(model):
    scene = bpy.context.scene
    mine = bpy.data.objects.new("Mine", bpy.data.lights.new("Mine", "AREA"))
    scene.collection.objects.link(mine)
    _delete_hierarchy(model.part("lights"))
    helpers.build("ABC")
    helpers.build("ABC")
    assert [o.name for o in scene.objects if o.type == "LIGHT"] == ["Mine"]
    scene_room.apply_look(scene, model.root, "light", False)
    lamps = [o for o in scene.objects if o.type == "LIGHT" and o != mine]
    assert lamps and all(o.name in _model().root.all_objects for o in lamps)


def test_a_deleted_anchor_is_made_anew_and_carries_what_the_old_one_did(model):
    bpy.data.objects.remove(model.anchor)
    for _ in range(2):
        helpers.build("ABC")
    after = _model()
    assert after.anchor is not None
    assert all(block.parent == after.anchor for block in after.blocks.values())
    assert not [c for c in bpy.data.collections if c.name.startswith(("Next", "Film."))]


def test_what_was_deleted_by_hand_gives_back_what_it_had_borrowed():
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end, scene.render.fps = 5, 77, 30
    before = helpers.census()
    root = helpers.build()
    _delete_hierarchy(root)
    helpers.build("ABC")
    chapters = scene_room.chapters(_model().root)
    assert len(scene.timeline_markers) == sum(1 + len(chapter.beats) for chapter in chapters)
    scene_room.remove(scene)
    assert (scene.frame_start, scene.frame_end, scene.render.fps) == (5, 77, 30)
    assert not helpers.difference(before, helpers.census())


def test_what_is_left_of_a_model_deleted_by_hand_can_be_removed():
    before = helpers.census()
    _delete_hierarchy(helpers.build())
    assert scene_room.remove(bpy.context.scene) is True
    assert not helpers.difference(before, helpers.census())


def test_a_root_collection_that_was_dissolved_leaves_no_second_model_in_the_same_place():
    before = helpers.census()
    root = helpers.build()
    scene = bpy.context.scene
    for child in list(root.children):
        scene.collection.children.link(child)
    for obj in list(root.objects):
        scene.collection.objects.link(obj)
    bpy.data.collections.remove(root)
    helpers.build("ABC")
    blocks = [o["llmviz_block"] for o in scene.objects if "llmviz_block" in o]
    assert len(blocks) == len(set(blocks)) == 206
    scene_room.remove(scene)
    assert not helpers.difference(before, helpers.census())


# Moved, renamed, hidden and keyed parts


def _rebuilds(large: bool) -> None:
    """Build another prompt; a model with slabs is drawn anew for it."""
    helpers.build("ABC", **({"cubes": 20_000} if large else {}))


@pytest.fixture(params=[False, True], ids=["cubes", "slabs"])
def either(request) -> tuple[scene_room.Standing, bool]:
    """A model of cubes, then one with slabs, which is drawn anew for another prompt."""
    helpers.open_built(**({"cubes": 20_000} if request.param else {}))
    return _model(), request.param


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
    after = _model()
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
    after = _model()
    assert [c.name for c in after.anchor.users_collection] == ["Mine"]
    scene_room.remove(bpy.context.scene)
    assert not home.objects


def test_keys_of_a_persons_own_stay_and_play(either):
    model, large = either
    scene = bpy.context.scene
    block = model.blocks["layer0.mlp"]
    for obj, path in ((model.anchor, "rotation_euler"), (block, "location")):
        obj.keyframe_insert(path, frame=1)
        setattr(obj, path, Vector((0, 0, 3)))
        obj.keyframe_insert(path, frame=100)
    _rebuilds(large)
    after = _model()
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
    curves = {(c.data_path, c.array_index): c for c in _curves(camera)}
    curve = curves["location", 2]
    curve.keyframe_points[0].co.y += 5
    curve.update()
    changed = curve.evaluate(1)
    helpers.build("ABCABC")
    assert scene.camera == camera
    curves = {(c.data_path, c.array_index): c for c in _curves(camera)}
    assert curves["location", 2].evaluate(1) == pytest.approx(changed)


def test_keys_that_cannot_stay_are_named(model):
    curve = next(c for c in _curves(bpy.context.scene.camera) if c.data_path == "location")
    curve.keyframe_points[0].co.y += 5
    curve.update()
    notes: list[str] = []
    recipe = scene_room.Recipe("nano-gpt", "A")
    scene_room.run(scene_room.steps(bpy.context.scene, recipe, notes=notes))
    assert any("Film Camera" in note for note in notes)


def test_a_film_whose_action_was_deleted_plays_again_when_the_same_is_built(model):
    scene = bpy.context.scene
    bpy.data.actions.remove(model.root["llmviz_action"])
    helpers.build("ABC")
    left = _model().blocks["layer0.mlp"].animation_data
    assert left is None or left.action is None
    helpers.build("ABC")
    scene.frame_set(1)
    assert _model().blocks["layer0.mlp"]["progress"] == pytest.approx(0.0)


def _curves(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    data = obj.animation_data
    bags = data.action.layers[0].strips[0].channelbags
    return next(list(b.fcurves) for b in bags if b.slot == data.action_slot)


# Changed values


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
    caption.data.body = "My own words"
    scene.frame_start, scene.frame_end = 12, 321
    mine = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(mine)
    scene.camera = mine
    marker = scene.timeline_markers[4]
    marker.frame += 7
    moved = marker.name, marker.frame
    scene.view_settings.exposure = 0.75
    scene.world.node_tree.nodes["strength"].outputs[0].default_value = 2.5
    _rebuilds(large)
    after = _model()
    assert tuple(group.nodes["positive weight"].outputs[0].default_value) == pytest.approx(color)
    assert after.root["llmviz_kit_cell"] == cell
    lamp = next(o for o in after.objects.values() if o.type == "LIGHT")
    assert lamp.data.energy == 12.5 and tuple(lamp.data.color) == (1, 0, 0)
    block = after.blocks[name]
    assert block["gain"] == 3.25
    if block["llmviz_drawn_as"] == "cubes":
        assert block["llmviz_drawn_as"] and list(block["traits"])[2] == 3.25
    assert [o for o in after.objects.values() if o.type == "FONT" and o.data.body == "My own words"]
    assert (scene.frame_start, scene.frame_end) == (12, 321)
    assert scene.camera == mine
    assert [(m.name, m.frame) for m in scene.timeline_markers if m.name == moved[0]] == [moved]
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


# Copies


@pytest.mark.parametrize("linked", [False, True], ids=["Shift-D", "Alt-D"])
def test_a_copy_of_a_block_is_its_makers(model, expect, linked):
    block = model.blocks["layer0.mlp"]
    bpy.ops.object.select_all(action="DESELECT")
    block.select_set(True)
    bpy.context.view_layer.objects.active = block
    bpy.ops.object.duplicate(linked=linked)
    copy = bpy.context.active_object
    assert copy != block
    copy.location.x += 2
    place = copy.location.copy()
    helpers.build("ABC")
    after = _model()
    assert after.blocks["layer0.mlp"] == block
    _shows(after, expect, "ABC")
    assert copy.location == place and "llmviz_block" not in copy
    scene_room.remove(bpy.context.scene)
    assert copy.name in bpy.context.scene.objects and copy.data is not None


def test_a_copy_of_a_whole_model_in_the_same_scene_is_its_makers(model):
    scene = bpy.context.scene
    layer = bpy.context.view_layer.layer_collection.children[model.root.name]
    bpy.context.view_layer.active_layer_collection = layer
    area = next(a for a in bpy.context.screen.areas)
    kind, area.type = area.type, "OUTLINER"
    with bpy.context.temp_override(area=area, region=area.regions[-1], id=model.root):
        copied = bpy.ops.outliner.collection_duplicate.poll()
    area.type = kind
    copy = model.root.copy()
    scene.collection.children.link(copy)
    assert copied in (True, False)
    assert scene_room.roots(scene) == [model.root]
    helpers.build("ABC")
    assert scene_room.recipe_of(model.root).prompt == "ABC"
    assert copy.name in scene.collection.children
    scene_room.remove(scene)
    assert copy.name in scene.collection.children


def test_a_linked_copy_of_a_scene_gets_a_model_of_its_own(model, expect):
    first = bpy.context.scene
    objects, camera, film = len(first.objects), first.camera, len(first.timeline_markers)
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    scene_room.build(second, scene_room.Recipe("nano-gpt", "ABC"))
    (here,), (there,) = scene_room.find(first), scene_room.find(second)
    assert here.root == model.root != there.root
    _shows(here, expect, "CBABBC")
    _shows(there, expect, "ABC")
    assert (len(first.objects), first.camera, len(first.timeline_markers)) == (
        objects,
        camera,
        film,
    )
    assert second.camera.name in there.root.all_objects
    scene_room.remove(second)
    assert not second.objects and not second.timeline_markers
    assert (len(first.objects), first.camera) == (objects, camera)


def test_removing_in_a_linked_copy_of_a_scene_leaves_the_first(model):
    first = bpy.context.scene
    objects, camera, ended = len(first.objects), first.camera, first.frame_end
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    assert scene_room.remove(second) is True
    assert not second.objects and not second.timeline_markers and second.frame_end == 250
    assert (len(first.objects), first.camera, first.frame_end) == (objects, camera, ended)
    assert scene_room.roots(first) == [model.root] and not scene_room.roots(second)


def test_a_full_copy_of_a_scene_is_a_model_of_its_own(model, expect):
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    scene_room.build(second, scene_room.Recipe("nano-gpt", "ABC", look="light"))
    (here,), (there,) = scene_room.find(first), scene_room.find(second)
    _shows(here, expect, "CBABBC")
    _shows(there, expect, "ABC")
    assert _color(here) != _color(there)
    assert (here.recipe.look, there.recipe.look) == ("dark", "light")
    scene_room.remove(second)
    assert len(scene_room.find(first)[0].blocks) == 206


def _color(model: scene_room.Standing) -> tuple:
    """The color of a model's cubes, found by the way that a render takes."""
    modifier = model.blocks["layer0.mlp"].modifiers[0]
    shape = next(n for n in modifier.node_group.nodes if n.bl_idname == "GeometryNodeObjectInfo")
    material = shape.inputs["Object"].default_value.data.materials[0]
    group = next(n for n in material.node_tree.nodes if n.bl_idname == "ShaderNodeGroup")
    return tuple(
        tuple(group.node_tree.nodes[f"{sign} {kind}"].outputs[0].default_value)
        for sign in ("positive", "negative")
        for kind in ("weight", "activation", "aggregate")
    )


def test_two_scenes_with_two_looks_keep_their_colors():
    first, second = bpy.context.scene, bpy.data.scenes.new("Second")
    scene_room.build(first, scene_room.Recipe("nano-gpt", "ABC", look="dark"))
    (here,) = scene_room.find(first)
    before = _color(here), [tuple(n.outputs[0].default_value) for n in _colors(first)]
    scene_room.build(second, scene_room.Recipe("nano-gpt", "ABC", look="light"))
    (here,), (there,) = scene_room.find(first), scene_room.find(second)
    assert (_color(here), [tuple(n.outputs[0].default_value) for n in _colors(first)]) == before
    assert _color(there) != _color(here)
    scene_room.apply_look(second, there.root, "dark", True)
    (here,) = scene_room.find(first)
    assert (_color(here), [tuple(n.outputs[0].default_value) for n in _colors(first)]) == before


def _colors(scene: bpy.types.Scene) -> list[bpy.types.Node]:
    """All color nodes of the materials of a scene's objects, and of its world."""
    trees = {slot.material.node_tree for o in scene.objects for slot in o.material_slots}
    nodes = [n for t in (*trees, scene.world.node_tree) for n in t.nodes]
    return sorted(
        (n for n in nodes if n.bl_idname == "ShaderNodeRGB"),
        key=lambda n: (
            (n.id_data.session_uid, n.name)
            if hasattr(n.id_data, "session_uid")
            else (
                0,
                n.name,
            )
        ),
    )


def test_an_appended_model_is_rebuilt_and_removed_without_a_trace(tmp_path):
    helpers.open_built()
    path = tmp_path / "model.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_end, scene.render.fps = 77, 30
    before = helpers.census()
    with bpy.data.libraries.load(str(path), link=False) as (_, wanted):
        wanted.collections = ["nano-gpt"]
    scene.collection.children.link(wanted.collections[0])
    helpers.build("ABC")
    assert len(scene_room.find(scene)) == 1
    scene_room.remove(scene)
    assert (scene.frame_end, scene.render.fps) == (77, 30)
    assert not helpers.difference(before, helpers.census())


# Several models


def test_a_hidden_linked_collection_of_the_same_name_stays_hidden(tmp_path):
    helpers.open_built()
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (_, wanted):
        wanted.collections = ["nano-gpt"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    (theirs,) = bpy.context.view_layer.layer_collection.children
    theirs.hide_viewport = True
    mine = helpers.build("ABC")
    layers = bpy.context.view_layer.layer_collection.children
    hidden = {layer.collection.library is not None: layer.hide_viewport for layer in layers}
    assert hidden == {True: True, False: False}
    assert scene_room.roots(bpy.context.scene) == [mine]


@pytest.mark.parametrize("turn", [0.0, 1.2])
def test_a_model_beside_one_that_was_scaled_and_turned_does_not_overlap_it(model, turn):
    model.anchor.scale = (4, 4, 4)
    model.anchor.rotation_euler.z = turn
    recipe = scene_room.Recipe("gpt2", "")
    scene_room.run(scene_room.steps(bpy.context.scene, recipe, beside=True))
    bpy.context.view_layer.update()
    first, second = (_right_and_left(m) for m in scene_room.find(bpy.context.scene))
    assert first[1] < second[0]


def _right_and_left(model: scene_room.Standing) -> tuple[float, float]:
    low, high = np.reshape(list(model.anchor["llmviz_box"]), (2, 3))
    to = Matrix(model.anchor.matrix_basis)
    xs = [(to @ Vector(np.where(pick, high, low))).x for pick in np.ndindex(2, 2, 2)]
    return min(xs), max(xs)


def test_a_second_checkpoint_of_the_same_shapes_brings_its_own_title(tmp_path):
    first = checkpoints.save(tmp_path / "first")
    second = checkpoints.save(tmp_path / "second")
    helpers.build("1 2 3", first)
    helpers.build("1 2 3", second)
    (model,) = scene_room.find(bpy.context.scene)
    assert model.root.name == model.title == "second"
    said = {o.data.body for o in model.objects.values() if o.type == "FONT"}
    assert "second" in said and "first" not in said


def test_a_model_that_is_none_of_several_does_not_replace_one_of_them(model):
    scene = bpy.context.scene
    scene_room.run(scene_room.steps(scene, scene_room.Recipe("gpt2", ""), beside=True))
    before = [m.root.name for m in scene_room.find(scene)]
    with pytest.raises(Problem, match="beside"):
        scene_room.build(scene, scene_room.Recipe(str(CHECKPOINT), "1 2 3"))
    assert [m.root.name for m in scene_room.find(scene)] == before


# Obstacles


def test_a_block_that_is_being_edited_is_named_and_nothing_changes(model):
    block = model.blocks["layer0.mlp"]
    bpy.context.view_layer.objects.active = block
    bpy.ops.object.mode_set(mode="EDIT")
    for act in (
        lambda: helpers.build("ABC"),
        lambda: scene_room.remove(bpy.context.scene),
        lambda: scene_room.apply_look(bpy.context.scene, model.root, "light", False),
    ):
        with pytest.raises(Problem, match=r"layer0\.mlp.*Object Mode"):
            act()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert _model().recipe.prompt == "CBABBC"
    helpers.build("ABC")


def test_a_root_that_does_not_say_what_it_is_gets_a_sentence_and_can_be_removed(model):
    model.root["llmviz_recipe"] = "no JSON"
    with pytest.raises(Problem, match="remove it"):
        helpers.build("ABC")
    assert scene_room.remove(bpy.context.scene) is True
    assert not [o for o in bpy.data.objects if o.get("llmviz")]


def test_what_is_deleted_while_a_model_is_built_ends_the_build_with_a_sentence(model):
    steps = scene_room.steps(bpy.context.scene, scene_room.Recipe("nano-gpt", "ABC"))
    for told in steps:
        if told[0] > 0.9:
            break
    staged = next(c for c in bpy.data.collections if c.get("llmviz_role") == "unfinished model")
    _delete_hierarchy(staged)
    with pytest.raises(Problem, match="build the model again"):
        scene_room.run(steps)
    assert _model().recipe.prompt == "CBABBC"


def test_a_model_that_is_deleted_while_it_is_renewed_is_built_afresh(model):
    steps = scene_room.steps(bpy.context.scene, scene_room.Recipe("nano-gpt", "ABC"))
    for told in steps:
        if told[0] > 0.9:
            break
    _delete_hierarchy(model.root)
    try:
        scene_room.run(steps)
    except Problem:
        assert not scene_room.find(bpy.context.scene)
    else:
        assert _model().recipe.prompt == "ABC" and len(_model().blocks) == 206


def test_a_model_without_its_anchor_gets_a_look_all_the_same(model):
    bpy.data.objects.remove(model.anchor)
    scene_room.apply_look(bpy.context.scene, model.root, "light", True)
    assert _model().recipe.look == "light"
    assert scene_room.remove(bpy.context.scene) is True
