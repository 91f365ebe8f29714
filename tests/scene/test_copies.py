"""Copies of parts, models and scenes are their makers', and looks belong to one scene."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem

from . import checkpoints, habits, helpers, people

CHECKPOINT = Path(__file__).parents[1] / "model" / "golden" / "huggingface-tied"


@pytest.fixture
def model(clean_scene) -> scene_room.Standing:
    """The small model, in a file of the test's own."""
    helpers.open_small()
    return people.only()


@pytest.mark.parametrize("linked", [False, True], ids=["Shift-D", "Alt-D"])
def test_a_copy_of_a_block_is_its_makers(model, linked):
    block = model.blocks["layer0.mlp"]
    copy = _duplicated(block, linked)
    assert copy != block
    copy.location.x += 2
    place = copy.location.copy()
    helpers.build_small(helpers.FEW)
    after = people.only()
    assert after.blocks["layer0.mlp"] == block
    people.check_shows(after, helpers.FEW)
    assert copy.location == place and "llmviz_block" not in copy
    scene_room.remove(bpy.context.scene)
    assert copy.name in bpy.context.scene.objects and copy.data is not None


@pytest.mark.parametrize("renamed", [False, True], ids=["numbered", "renamed"])
@pytest.mark.parametrize("linked", [False, True], ids=["Shift-D", "Alt-D"])
def test_a_copy_stays_its_makers_when_its_original_is_deleted(model, linked, renamed):
    block = model.blocks["layer0.mlp"]
    copy = _duplicated(block, linked)
    if renamed:
        copy.name = "My MLP"
    bpy.data.objects.remove(block)
    place, mesh = copy.location.copy(), copy.data
    helpers.build_small(helpers.FEW)
    assert "layer0.mlp" not in people.only().blocks
    assert copy.location == place and copy.data == mesh
    scene_room.remove(bpy.context.scene)
    assert copy.name in bpy.context.scene.objects and "llmviz_block" not in copy


def test_a_block_that_a_person_renamed_stays_the_models(model):
    block = model.blocks["layer0.mlp"]
    block.name = "My MLP"
    helpers.build_small(helpers.FEW)
    assert people.only().blocks["layer0.mlp"] == block
    people.check_shows(people.only(), helpers.FEW)


def test_in_a_file_opened_since_a_copy_is_known_by_its_name_when_its_original_is_deleted(
    model, tmp_path
):
    name = _duplicated(model.blocks["layer0.mlp"], linked=False).name
    bpy.data.objects.remove(model.blocks["layer0.mlp"])
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "mine.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "mine.blend"))
    assert "layer0.mlp" not in people.only().blocks
    scene_room.remove(bpy.context.scene)
    assert [o.name for o in bpy.context.scene.objects] == [name]


def _opened_again(path: Path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))


@pytest.mark.parametrize("linked", [False, True], ids=["Shift-D", "Alt-D"])
def test_in_a_file_opened_since_a_renamed_copy_stays_its_makers_when_its_original_is_deleted(
    registered, model, tmp_path, linked
):
    copy = _duplicated(model.blocks["layer0.mlp"], linked)
    copy.name = "My MLP"
    bpy.data.objects.remove(model.blocks["layer0.mlp"])
    _opened_again(tmp_path / "mine.blend")
    assert "layer0.mlp" not in people.only().blocks
    scene_room.remove(bpy.context.scene)
    assert [o.name for o in bpy.context.scene.objects] == ["My MLP"]


def test_in_a_file_opened_since_a_copy_is_known_where_it_and_its_original_are_renamed(
    registered, model, tmp_path
):
    block = model.blocks["layer0.mlp"]
    _duplicated(block, linked=False).name = "A"
    block.name = "B"
    _opened_again(tmp_path / "mine.blend")
    assert people.only().blocks["layer0.mlp"].name == "B"


def test_a_copy_of_a_model_that_was_deleted_by_hand_outlives_an_opened_file_and_a_build(
    registered, model, tmp_path
):
    copy = _duplicated(model.blocks["layer0.mlp"], linked=False)
    copy.name = "My MLP"
    for home in copy.users_collection:
        home.objects.unlink(copy)
    bpy.context.scene.collection.objects.link(copy)
    people.delete_hierarchy(model.root)
    _opened_again(tmp_path / "mine.blend")
    helpers.build_small(helpers.FEW)
    assert "My MLP" in bpy.context.scene.objects


def test_what_is_an_original_is_noted_as_soon_as_a_file_is_open(registered, model, tmp_path):
    _opened_again(tmp_path / "mine.blend")
    block = bpy.data.objects["layer0.mlp"]
    _duplicated(block, linked=False).name = "My MLP"
    bpy.data.objects.remove(block)
    assert "layer0.mlp" not in people.only().blocks


def _duplicated(obj: bpy.types.Object, linked: bool) -> bpy.types.Object:
    """A copy that a person makes of an object."""
    bpy.ops.object.select_all(action="DESELECT")
    obj.select_set(True)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.duplicate(linked=linked)
    return bpy.context.active_object


def test_a_deep_copy_of_a_model_stays_its_makers_when_the_model_is_deleted(model):
    scene = bpy.context.scene
    copy = model.root.copy()
    scene.collection.children.link(copy)
    _deepen(copy, {})
    names = {o.name for o in copy.all_objects}
    assert names and not names & {o.name for o in model.root.all_objects}
    bpy.data.batch_remove([*model.root.all_objects, *model.root.children_recursive, model.root])
    assert not scene_room.roots(scene)
    helpers.build_small(helpers.FEW)
    root = people.only().root
    assert root != copy and scene_room.remove(scene) is True
    assert {o.name for o in copy.all_objects} == names == {o.name for o in scene.objects}


def _deepen(collection: bpy.types.Collection, made: dict) -> None:
    """Put copies in place of everything in a collection, as Duplicate Collection does."""
    for obj in list(collection.objects):
        if obj not in made:
            made[obj] = obj.copy()
        collection.objects.unlink(obj)
        collection.objects.link(made[obj])
    for child in list(collection.children):
        copy = child.copy()
        collection.children.unlink(child)
        collection.children.link(copy)
        _deepen(copy, made)


def test_a_linked_copy_of_the_root_takes_the_place_of_a_root_that_is_deleted(model):
    scene = bpy.context.scene
    copy = model.root.copy()
    scene.collection.children.link(copy)
    bpy.data.collections.remove(model.root)
    helpers.build_small(helpers.FEW)
    assert people.only().root == copy
    people.check_shows(people.only(), helpers.FEW)
    scene_room.remove(scene)
    assert not scene.objects


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
    helpers.build_small(helpers.FEW)
    assert scene_room.recipe_of(model.root).prompt == helpers.FEW
    assert copy.name in scene.collection.children
    scene_room.remove(scene)
    assert copy.name in scene.collection.children


def test_a_linked_copy_of_a_scene_gets_a_model_of_its_own(model):
    first = bpy.context.scene
    objects, camera, film = len(first.objects), first.camera, len(first.timeline_markers)
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    scene_room.build(second, helpers.recipe(helpers.FEW, helpers.small()))
    (here,), (there,) = scene_room.find(first), scene_room.find(second)
    assert here.root == model.root != there.root
    people.check_shows(here, helpers.MORE)
    people.check_shows(there, helpers.FEW)
    assert (len(first.objects), first.camera, len(first.timeline_markers)) == (
        objects,
        camera,
        film,
    )
    assert second.camera.name in there.root.all_objects
    scene_room.remove(second)
    assert not second.objects and not second.timeline_markers
    assert (len(first.objects), first.camera) == (objects, camera)


@pytest.mark.parametrize("channels", [4, 96], ids=["smaller", "larger"])
def test_a_model_beside_in_a_linked_copy_of_a_scene_leaves_the_film_of_the_first(
    model, tmp_path, channels
):
    first = bpy.context.scene
    camera, said = first.camera, [(m.name, m.frame) for m in first.timeline_markers]
    keys = len(people.curves_of(camera))
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    path = checkpoints.save(tmp_path / "other", n_embd=channels, n_head=1, n_layer=1)
    scene_room.run(scene_room.steps(second, helpers.recipe("1 2", str(path)), beside=True))
    assert len(scene_room.find(second)) == 2
    assert first.camera == camera and len(people.curves_of(camera)) == keys
    assert [(m.name, m.frame) for m in first.timeline_markers] == said
    scene_room.remove(second)
    assert first.camera == camera and scene_room.roots(first) == [model.root]
    assert not [c.name for c in bpy.data.collections if c.name.startswith("Film.")]


def test_removing_in_a_linked_copy_of_a_scene_leaves_the_first(model):
    first = bpy.context.scene
    objects, camera, ended = len(first.objects), first.camera, first.frame_end
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    assert scene_room.remove(second) is True
    assert not second.objects and not second.timeline_markers and second.frame_end == 250
    assert (len(first.objects), first.camera, first.frame_end) == (objects, camera, ended)
    assert scene_room.roots(first) == [model.root] and not scene_room.roots(second)


def test_what_a_dissolved_root_leaves_goes_with_the_last_scene_that_shows_it(model):
    first = bpy.context.scene
    habits.dissolve(model.root)
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    shown = set(second.objects)
    assert scene_room.remove(first) and not first.objects and set(second.objects) == shown
    assert scene_room.remove(second) and not second.objects
    assert not [o for o in bpy.data.objects if "llmviz" in o]


def test_what_a_dissolved_root_leaves_in_a_collection_of_two_scenes_goes_with_the_last(model):
    first = bpy.context.scene
    home = bpy.data.collections.new("Own")
    first.collection.children.link(home)
    home.children.link(model.root)
    first.collection.children.unlink(model.root)
    habits.dissolve(model.root)
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    assert scene_room.remove(first) and scene_room.remove(second)
    assert not home.all_objects and not [o for o in bpy.data.objects if "llmviz" in o]


def test_a_copy_of_a_model_stays_its_makers_in_a_linked_copy_of_the_scene(model):
    copy = habits.duplicate(model.root, bpy.context.scene.collection)
    assert not people.only().is_shared
    habits.dissolve(model.root)
    bpy.ops.scene.new(type="LINK_COPY")
    assert not scene_room.roots(bpy.context.scene)
    scene_room.remove(bpy.context.scene)
    assert copy in list(bpy.context.scene.collection.children) and copy.all_objects


def test_what_a_dissolved_root_leaves_in_a_full_copy_goes_while_the_first_stands(model):
    first = bpy.context.scene
    shown = set(first.objects)
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    habits.dissolve(scene_room.roots(second)[0])
    assert scene_room.remove(second) and not second.objects
    assert set(first.objects) == shown and scene_room.roots(first) == [model.root]


def test_what_a_dissolved_root_leaves_in_a_full_copy_goes_with_a_linked_copy_of_that(model):
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    habits.dissolve(scene_room.roots(second)[0])
    bpy.ops.scene.new(type="LINK_COPY")
    third = bpy.context.scene
    for scene in (first, second, third):
        assert scene_room.remove(scene) and not scene.objects
    assert not [o for o in bpy.data.objects if "llmviz" in o]


def test_what_a_dissolved_root_leaves_in_a_full_copy_goes_after_the_file_was_opened(
    model, tmp_path
):
    bpy.ops.scene.new(type="FULL_COPY")
    habits.dissolve(scene_room.roots(bpy.context.scene)[0])
    path, name = str(tmp_path / "dissolved.blend"), bpy.context.scene.name
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    second = bpy.data.scenes[name]
    assert scene_room.remove(second) and not second.objects
    assert scene_room.roots(bpy.data.scenes[0])


def test_a_root_dissolved_in_a_linked_copy_of_a_scene_takes_nothing_from_the_first(model):
    first = bpy.context.scene
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    for scene in (first, second):
        for child in model.root.children:
            scene.collection.children.link(child)
        for obj in model.root.objects:
            scene.collection.objects.link(obj)
    bpy.data.collections.remove(model.root)
    objects, camera = set(first.objects), first.camera
    scene_room.build(second, helpers.recipe(helpers.FEW, helpers.small()))
    assert objects <= set(first.objects) and first.camera == camera is not None


def test_a_full_copy_of_a_scene_is_a_model_of_its_own(model):
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    scene_room.build(second, helpers.recipe(helpers.FEW, helpers.small(), look="light"))
    (here,), (there,) = scene_room.find(first), scene_room.find(second)
    people.check_shows(here, helpers.MORE)
    people.check_shows(there, helpers.FEW)
    assert _color(here) != _color(there)
    assert (here.recipe.look, there.recipe.look) == ("dark", "light")
    scene_room.remove(second)
    assert len(scene_room.find(first)[0].blocks) == len(helpers.block_objects()) > 0


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
    scene_room.build(first, helpers.recipe(helpers.FEW, helpers.small(), look="dark"))
    (here,) = scene_room.find(first)
    before = _color(here), [tuple(n.outputs[0].default_value) for n in _colors(first)]
    scene_room.build(second, helpers.recipe(helpers.FEW, helpers.small(), look="light"))
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
    helpers.open_small()
    path = tmp_path / "model.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.frame_end, scene.render.fps = 77, 30
    before = helpers.census()
    with bpy.data.libraries.load(str(path), link=False) as (_, wanted):
        wanted.collections = ["small"]
    scene.collection.children.link(wanted.collections[0])
    helpers.build_small(helpers.FEW)
    assert len(scene_room.find(scene)) == 1
    scene_room.remove(scene)
    assert (scene.frame_end, scene.render.fps) == (77, 30)
    assert not helpers.difference(before, helpers.census())


def test_a_hidden_linked_collection_of_the_same_name_stays_hidden(tmp_path):
    helpers.open_small()
    path = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (_, wanted):
        wanted.collections = ["small"]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    (theirs,) = bpy.context.view_layer.layer_collection.children
    theirs.hide_viewport = True
    mine = helpers.build_small(helpers.FEW)
    layers = bpy.context.view_layer.layer_collection.children
    hidden = {layer.collection.library is not None: layer.hide_viewport for layer in layers}
    assert hidden == {True: True, False: False}
    assert scene_room.roots(bpy.context.scene) == [mine]


@pytest.mark.parametrize("turn", [0.0, 1.2])
def test_a_model_beside_one_that_was_scaled_and_turned_does_not_overlap_it(model, turn):
    model.anchor.scale = (4, 4, 4)
    model.anchor.rotation_euler.z = turn
    recipe = helpers.recipe("", "gpt2")
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
    first = checkpoints.save(tmp_path / "first", n_layer=1)
    second = checkpoints.save(tmp_path / "second", n_layer=1)
    helpers.build("1 2 3", first)
    helpers.build("1 2 3", second)
    (model,) = scene_room.find(bpy.context.scene)
    assert model.root.name == model.title == "second"
    said = {o["llmviz_text"] for o in model.objects.values() if "llmviz_text" in o}
    assert "second" in said and "first" not in said


def test_a_model_that_is_none_of_several_does_not_replace_one_of_them(model):
    scene = bpy.context.scene
    scene_room.run(scene_room.steps(scene, helpers.recipe("", "gpt2"), beside=True))
    before = [m.root.name for m in scene_room.find(scene)]
    with pytest.raises(Problem, match="beside"):
        scene_room.build(scene, helpers.recipe("1 2 3", str(CHECKPOINT)))
    assert [m.root.name for m in scene_room.find(scene)] == before
