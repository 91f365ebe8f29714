"""Faults that chance has found among people's habits, each as the shortest tale that shows it."""

from __future__ import annotations

import bpy
import pytest

from llmviz_addon import scene as scene_room

from . import checkpoints, helpers

SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 5, "vocab_size": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> str:
    """The checkpoint of a model of few blocks."""
    return str(checkpoints.save(tmp_path_factory.mktemp("checkpoint") / "one", **SHAPE))


@pytest.fixture
def tiny(clean_scene, folder):
    """A model of few blocks, built from two tokens; the function builds it anew."""

    def build(prompt: str = "1 2", **options: object) -> scene_room.Standing:
        helpers.build(prompt, folder, **options)
        (standing,) = scene_room.find(bpy.context.scene)
        return standing

    helpers.open_built("1 2", folder)
    return build


def _standing() -> scene_room.Standing:
    (standing,) = scene_room.find(bpy.context.scene)
    return standing


def test_a_look_can_be_chosen_for_a_model_whose_anchor_is_deleted(tiny):
    bpy.data.objects.remove(_standing().anchor)
    for look in ("light", "dark"):
        scene_room.apply_look(bpy.context.scene, _standing().root, look, False)
    standing = tiny("3")
    lights = [o for o in standing.objects.values() if o.type == "LIGHT"]
    assert lights and all(light.parent == standing.anchor for light in lights)


def _beside(folder: str) -> None:
    recipe = helpers.recipe("1 2", folder, cubes=100)
    scene_room.run(scene_room.steps(bpy.context.scene, recipe, beside=True))


def test_a_slab_that_is_opened_up_stays_so_where_another_model_has_the_film(tiny, folder):
    tiny(cubes=100)
    opened = scene_room.open_window(bpy.context.scene, "layer0.mlp_weight", 1, 1).name
    _beside(folder)
    scene_room.build(bpy.context.scene, helpers.recipe("4 4 0 1", folder, cubes=100))
    assert len(scene_room.roots(bpy.context.scene)) == 2
    assert bpy.data.objects[opened]["llmviz_window_of"] == "layer0.mlp_weight"


def test_what_was_set_before_a_model_is_deleted_by_hand_comes_back_after_the_next_one(tiny):
    scene, (root,) = bpy.context.scene, scene_room.roots(bpy.context.scene)
    scene.view_settings.exposure = 0.25
    bpy.data.batch_remove([*root.all_objects, root, *root.children_recursive])
    tiny(look="light")
    assert scene_room.remove(scene)
    assert scene.view_settings.exposure == 0.25
    assert scene.frame_end == 250


def test_captions_hang_before_the_camera_again_when_what_they_hung_on_was_deleted(tiny):
    for actor in ("captions", "camera"):
        (hung,) = _standing().acting(actor)
        bpy.data.objects.remove(hung)
        standing = tiny("3" if actor == "camera" else "1 2 3")
        (camera,), (hud,) = standing.acting("camera"), standing.acting("captions")
        assert hud.parent == camera and camera.parent == standing.anchor
        captions = [o for o in standing.objects.values() if "llmviz_caption_of" in o]
        assert captions and all(caption.parent == hud for caption in captions)


def test_a_copy_is_not_taken_for_what_a_look_takes_away(tiny):
    standing = tiny(look="dark")
    (rim,) = (o for o in standing.objects.values() if o.name == "Rim Light")
    mine = rim.copy()
    bpy.context.scene.collection.objects.link(mine)
    data = mine.data
    for look in ("light", "dark"):
        scene_room.apply_look(bpy.context.scene, _standing().root, look, False)
        assert mine.data == data and mine not in _standing().objects.values()


def test_a_section_has_its_collection_again_after_a_model_without_it(tiny, tmp_path):
    before = _standing().collections.keys()
    other = checkpoints.save(tmp_path / "two", **SHAPE | {"n_head": 1})
    scene_room.build(bpy.context.scene, helpers.recipe("1 2", str(other)))
    assert not _standing().missing and _standing().collections.keys() < before
    tiny()
    assert not _standing().missing and _standing().collections.keys() == before


def _captions() -> bpy.types.Collection:
    """The captions of the scene's film, which is that of the smallest model."""
    return scene_room.find(bpy.context.scene)[0].collections["captions"]


def _captions_hidden() -> tuple[bool, bool]:
    return _captions().hide_viewport, _captions().hide_render


@pytest.mark.parametrize("hidden", [(True, False), (False, True)], ids=["viewport", "render"])
def test_captions_that_somebody_hid_stay_hidden_where_the_film_changes_hands(
    tiny, folder, tmp_path, hidden
):
    scene = bpy.context.scene
    part = _captions()
    part.hide_viewport, part.hide_render = hidden
    _beside(folder)
    assert _captions_hidden() == hidden, "a model beside"
    smaller = checkpoints.save(tmp_path / "smaller", **SHAPE | {"n_embd": 8})
    _beside(str(smaller))
    assert _captions_hidden() == hidden, "a smaller one, whose film it is now"
    scene_room.remove(scene, scene_room.roots(scene)[0])
    assert _captions_hidden() == hidden, "a larger one again"


def test_what_a_look_adds_to_a_model_that_two_scenes_show_is_there_once_in_both(tiny):
    first = bpy.context.scene
    assert scene_room.find(first)
    bpy.ops.scene.new(type="LINK_COPY")
    second = bpy.context.scene
    scene_room.apply_look(second, scene_room.roots(second)[0], "light", False)
    for scene in (first, second):
        (standing,) = scene_room.find(scene)
        assert not standing.missing and not standing.copies
    assert [o.name for o in bpy.data.objects if o.name.startswith("Ground")] == ["Ground"]


def test_a_look_that_is_chosen_leaves_a_light_its_name():
    root = helpers.build_small()
    light = next(o for o in root.all_objects if o.type == "LIGHT")
    light.name, light.data.energy = "Mine", 99.0
    scene_room.apply_look(bpy.context.scene, root, "light", accessible=False)
    assert "Mine" in {o.name for o in root.all_objects if o.type == "LIGHT"}
    scene_room.apply_look(bpy.context.scene, root, "dark", accessible=False)
    assert light.name == "Mine" and light.data.energy != 99.0
