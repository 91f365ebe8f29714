"""A new prompt recolors the model; a build that fails or is stopped changes nothing."""

from __future__ import annotations

import itertools
from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import model, walkthrough
from llmviz_addon import scene as scene_room
from llmviz_addon.scene.standing import tree

from . import helpers

CHECKPOINT = Path(__file__).parents[1] / "model" / "golden" / "huggingface-tied"


def _furnish() -> None:
    """A scene that somebody has worked in."""
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.data.materials.append(bpy.data.materials.new("LLM Cell"))
    lamp = bpy.data.objects.new("Key Light", bpy.data.lights.new("Key Light", "AREA"))
    bpy.context.collection.objects.link(lamp)
    scene = bpy.context.scene
    scene.camera = bpy.data.objects.new("Film Camera", bpy.data.cameras.new("Film Camera"))
    scene.collection.objects.link(scene.camera)
    scene.world = bpy.data.worlds.new("LLM World")
    scene.frame_start, scene.frame_end, scene.render.fps = 7, 77, 30
    scene.frame_set(20)
    scene.view_settings.exposure = 0.5
    scene.timeline_markers.new("Introduction", frame=9)


def _identities() -> dict[str, tuple[int, int]]:
    return {o["llmviz_block"]: (o.session_uid, o.data.session_uid) for o in helpers.block_objects()}


def test_a_new_prompt_keeps_every_block_and_writes_its_numbers(expect):
    helpers.open_built("CBABBC")
    before = {
        o["llmviz_block"]: (o.session_uid, o.data.session_uid) for o in helpers.block_objects()
    }
    old = {name: helpers.read(helpers.block(name).data, "value") for name in before}
    helpers.build("ACCABA")
    after = {
        o["llmviz_block"]: (o.session_uid, o.data.session_uid) for o in helpers.block_objects()
    }
    assert after == before
    network = expect("ACCABA")
    for name in ("tokens", "embedding", "layer2.mlp_residual", "probabilities"):
        array = np.asarray(network.trace[name], np.float32).reshape(-1)
        found = helpers.read(helpers.block(name).data, "value")
        # Passes that reuse keys and values round their last digits in another order.
        np.testing.assert_allclose(found[: len(array)], array, 1e-5, 1e-5)
        assert not np.array_equal(found, old[name])
    assert np.array_equal(helpers.read(helpers.block("wte").data, "value"), old["wte"])


def test_recoloring_is_the_same_as_building_afresh():
    root = helpers.build_small("2 0 1 1 0 2 2 1 0 1 0")
    fresh = {o["llmviz_block"]: helpers.values(o.data) for o in helpers.block_objects()}
    chapters, counted = scene_room.chapters(root), helpers.counts()
    scene = bpy.context.scene
    ended, markers = scene.frame_end, sorted((m.name, m.frame) for m in scene.timeline_markers)
    for prompt in (helpers.MORE, helpers.FEW):
        helpers.build_small(prompt)
        assert scene_room.recipe_of(root).prompt == prompt
        assert scene.frame_end != ended, "another prompt, another film"
        beats = [b for c in scene_room.chapters(root) for b in c.beats]
        assert len(scene.timeline_markers) == len(beats) + len(scene_room.chapters(root))
    root = helpers.build_small("2 0 1 1 0 2 2 1 0 1 0")
    assert {o["llmviz_block"]: helpers.values(o.data) for o in helpers.block_objects()} == fresh
    assert scene_room.chapters(root) == chapters
    assert scene.frame_end == ended
    assert sorted((m.name, m.frame) for m in scene.timeline_markers) == markers
    assert helpers.counts() == counted, "nothing is left behind"
    assert scene_room.roots(scene) == [root]


def test_another_network_takes_the_place_of_the_old_one():
    helpers.open_built("CBABBC")
    (anchor,) = (o for o in bpy.data.objects if o.get("llmviz_role") == "anchor")
    anchor.location = (1, 2, 3)
    root = helpers.build("1 2 3", CHECKPOINT)
    assert scene_room.roots(bpy.context.scene) == [root]
    config = model.load(str(CHECKPOINT)).config
    assert helpers.block("wte").data.attributes["value"].data[0] is not None
    assert len(helpers.block("wte").data.vertices) == config.n_vocab * config.n_embd
    assert not [o for o in helpers.block_objects() if o.name.endswith(".001")]
    (anchor,) = (o for o in bpy.data.objects if o.get("llmviz_role") == "anchor")
    assert tuple(anchor.location)[:2] == (1, 2), "it stands where the old one stood"
    assert not [c.name for c in root.children_recursive if not c.all_objects]
    assert scene_room.remove(bpy.context.scene)
    assert not helpers.counts().get("objects")


BAD = {
    "unknown model": (scene_room.Recipe("no-such-model", "CBA"), model.ModelError),
    "foreign letter": (scene_room.Recipe("nano-gpt", "CBAX"), model.ModelError),
    "too long": (scene_room.Recipe("nano-gpt", "A" * 12), model.ModelError),
    "empty": (scene_room.Recipe("nano-gpt", ""), model.ModelError),
    "unknown look": (scene_room.Recipe("nano-gpt", "CBA", look="neon"), scene_room.LookError),
}


@pytest.mark.parametrize("standing", [False, True], ids=["empty", "a model stands"])
def test_a_build_that_fails_leaves_the_file_as_it_was(standing):
    _furnish()
    if standing:
        helpers.build_small()
    before = helpers.census()
    for recipe, error in BAD.values():
        with pytest.raises(error):
            scene_room.build(bpy.context.scene, recipe)
        assert not helpers.difference(before, helpers.census())


def test_a_model_of_more_cells_than_may_be_cubes_is_drawn_as_slabs():
    root = helpers.build(cubes=1000)
    ways = {obj["llmviz_block"]: obj["llmviz_drawn_as"] for obj in helpers.block_objects()}
    assert ways["tokens"] == "cubes"
    assert ways["layer0.mlp_weight"] == "slab"
    assert set(ways.values()) == {"cubes", "slab"}
    assert root is not None


def test_a_model_without_weights_is_drawn_as_shapes_with_few_objects():
    helpers.build("", "gpt2")
    found = helpers.block_objects()
    assert {obj["llmviz_drawn_as"] for obj in found} == {"shape"}
    assert {obj["llmviz_values"] for obj in found} == {"none"}
    assert len(found) < 200


@pytest.fixture(params=["nothing", "the same shape", "another shape", "a model beside"])
def interrupted(request):
    """A function that makes the steps of a build over the model that stands."""
    _furnish()
    if request.param == "the same shape":
        helpers.build_small(helpers.FEW)
    elif request.param == "another shape":
        helpers.build("1 2 3", CHECKPOINT)
    elif request.param == "a model beside":
        helpers.build("", "gpt2")
    beside = request.param == "a model beside"
    recipe = helpers.recipe(helpers.MORE, helpers.small())
    return lambda: scene_room.steps(bpy.context.scene, recipe, beside=beside)


def test_a_film_that_cannot_be_composed_leaves_the_file_as_it_was(monkeypatch, interrupted):
    before = helpers.census()

    def refuse(*_args, **_options):
        raise walkthrough.AuthoringError("The script is wrong.")

    monkeypatch.setattr(walkthrough, "compile_steps", refuse)
    with pytest.raises(walkthrough.AuthoringError):
        scene_room.run(interrupted())
    assert not helpers.difference(before, helpers.census())


def test_a_build_that_is_stopped_leaves_the_file_as_it_was(interrupted):
    before = helpers.census()
    steps = interrupted()
    told = list(itertools.takewhile(lambda told: told[1] != "Showing the film", steps))
    steps.close()
    # Trying every step at which a person may press Esc would take long, so only some are tried, and
    # all of the last ones.
    for stop in (*range(1, len(told) - 1, 80), len(told) - 1, len(told), len(told) + 1):
        steps = interrupted()
        (_, label) = next(itertools.islice(steps, stop - 1, None))
        steps.close()
        assert not helpers.difference(before, helpers.census()), f"stopped at {label}"
    assert label == "Showing the film"


def _delete_what_is_being_built() -> None:
    found = [c for c in bpy.data.collections if c.get("llmviz_role") == "unfinished model"]
    bpy.data.batch_remove([each for c in found for each in (c, *c.children_recursive)])


def _delete_the_scene() -> None:
    scene = bpy.context.scene
    bpy.data.scenes.new("Another")
    bpy.data.scenes.remove(scene)


def _unlink_what_is_being_built() -> None:
    for child in bpy.context.scene.collection.children:
        if child.get("llmviz_role") == "unfinished model":
            bpy.context.scene.collection.children.unlink(child)


def _undo() -> None:
    bpy.ops.ed.undo()


def _open_another_file() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.mark.parametrize(
    "meanwhile",
    [
        _delete_what_is_being_built,
        _unlink_what_is_being_built,
        _delete_the_scene,
        _undo,
        _open_another_file,
    ],
)
def test_a_build_that_is_stopped_late_raises_nothing_and_leaves_nothing(meanwhile):
    _furnish()
    bpy.ops.ed.undo_push(message="Furnished")
    recipe = helpers.recipe(helpers.FEW, helpers.small())
    steps = scene_room.steps(bpy.context.scene, recipe)
    assert any(told == "Drawing the captions" for _, told in steps)
    bpy.ops.ed.undo_push(message="Half built")
    meanwhile()
    theirs = {o.name_full for o in bpy.data.objects if "llmviz" not in o}
    steps.close()
    assert {o.name_full for scene in bpy.data.scenes for o in scene.objects} <= theirs
    if meanwhile is _delete_what_is_being_built:
        # What was in it stays in the file, unused, until the next sweep.
        bpy.context.view_layer.update()
        tree.sweep()
    assert {o.name_full for o in bpy.data.objects} == theirs
    assert not [c for c in bpy.data.collections if "llmviz" in c]


def test_nothing_is_seen_of_a_model_before_it_is_complete(interrupted):
    before = helpers.seen()
    for number, (fraction, label) in enumerate(interrupted()):
        # Looking at every step would take as long as the build; the last ones matter most.
        if number % 8 == 0 or 0.95 < fraction < 1:
            assert helpers.seen() == before, label
    assert helpers.seen() == {o.name for o in helpers.block_objects()}


def test_a_new_prompt_leaves_hidden_what_somebody_hid():
    root = helpers.build_small(helpers.FEW)
    layers = bpy.context.view_layer.layer_collection.children[root.name].children
    layers["Layer 0"].hide_viewport = True
    before = helpers.seen()
    helpers.build_small()
    assert helpers.seen() == before != {o.name for o in helpers.block_objects()}


def test_progress_never_goes_back_and_ends_at_one():
    for prompt in (helpers.MORE, helpers.FEW):  # the second recolors
        steps = scene_room.steps(bpy.context.scene, helpers.recipe(prompt, helpers.small()))
        told = [fraction for fraction, _ in steps]
        assert told == sorted(told) and told[-1] == 1.0 and len(told) > 5


def test_a_purged_part_of_the_kit_is_made_again():
    root = helpers.open_small()
    (tile,) = (m for m in bpy.data.materials if m.get("llmviz_role") == "tile")
    bpy.data.materials.remove(tile)
    helpers.build_small(helpers.FEW)
    scene_room.apply_look(bpy.context.scene, root, "light", True)
    assert [m for m in bpy.data.materials if m.get("llmviz_role") == "tile"]
