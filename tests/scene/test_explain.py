"""Any cell of what stands can be asked, in every way of drawing, with and without a checkpoint."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import explain, model
from llmviz_addon import scene as scene_room
from llmviz_addon.progress import run
from llmviz_addon.scene.standing import known

from . import checkpoints, helpers

IDS = "1 2 3 4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The checkpoint that all tests build; its tests leave it as it is."""
    return checkpoints.save(
        tmp_path_factory.mktemp("checkpoint") / "model", n_embd=96, n_layer=2, n_head=2
    )


@pytest.fixture
def forgetful(monkeypatch):
    """Forget what was drawn from, as in a file that is opened on another day."""
    monkeypatch.setattr(known, "_known", {})


@pytest.fixture
def mixed(clean_scene, folder, forgetful) -> scene_room.Standing:
    """A small model drawn as cubes and slabs, opened on another day than it was built."""
    root = helpers.open_built(IDS, str(folder), cubes=20_000)
    known._known.clear()
    found = scene_room.of_root(root)
    assert set(found.plan.ways.values()) == {"cubes", "slab"}
    return found


def truth(standing, folder):
    """The trace of what is drawn, computed apart from the scene."""
    return model.load(str(folder)).forward(standing.run.ids)


def some_cells(standing):
    """A few cells with numbers of every block of two layers."""
    random = np.random.default_rng(3)
    for block in standing.plan.anatomy.blocks.values():
        columns, rows = block.extent(standing.run.n_tokens)
        for _ in range(2):
            column, row = int(random.integers(columns)), int(random.integers(rows))
            yield block, *(sorted((column, row)) if block.causal else (column, row))


def test_without_the_checkpoint_each_number_is_the_drawn_one_and_says_how_exact_it_is(
    mixed, folder
):
    expected = truth(mixed, folder)
    reader = scene_room.SceneReader(mixed)
    seen = set()
    with checkpoints.away(folder):
        for block, column, row in some_cells(mixed):
            reading = reader.read(block, np.array([column]), np.array([row]))
            exact = float(expected[block.name][block.address(column, row)])
            way = mixed.plan.ways[mixed.plan.by_block[block.name][0].name]
            seen.add((way, reading.exactness))
            if way == "cubes":
                assert float(reading.values[0]) == pytest.approx(exact, rel=1e-4, abs=1e-5)
            elif not reading.clipped[0]:
                assert abs(float(reading.values[0]) - exact) <= 0.51 * reading.step, block.name
            else:
                assert abs(exact) >= abs(float(reading.values[0])) - 0.51 * reading.step
    assert seen == {("cubes", "exact"), ("slab", "255 levels")}
    assert not reader.is_exact


def test_a_number_in_levels_says_so_and_its_formula_is_about_right(mixed):
    found = scene_room.explain(mixed, "layer1.mlp", 10, 2)
    assert found.exactness == "255 levels"
    assert found.value_words.endswith(("one of 255 levels", "the last of 255 levels"))
    assert " ≈ " in found.with_numbers
    assert found.recomputed == pytest.approx(found.value, abs=0.2)
    assert found.checkpoint_address == ""


def test_after_a_build_every_number_is_exact(clean_scene, folder):
    root = helpers.build(IDS, str(folder), cubes=500)
    standing = scene_room.of_root(root)
    expected = truth(standing, folder)
    reader = scene_room.SceneReader(standing)
    assert reader.is_exact
    for block, column, row in some_cells(standing):
        found = explain.explain(reader, block, column, row)
        exact = float(expected[block.name][block.address(column, row)])
        assert found.exactness == "exact"
        assert found.value == pytest.approx(exact, rel=1e-4, abs=1e-5)
        if found.formula is not None:
            assert found.recomputed == pytest.approx(found.value, rel=1e-4, abs=1e-4)
    assert (
        scene_room.explain(standing, "layer1.mlp_weight", 200, 50).checkpoint_address
    ) == 'weights["h.1.mlp.c_fc.weight"][50, 200]'


def test_exact_numbers_are_recalled_from_the_checkpoint_that_was_drawn(mixed, folder):
    assert scene_room.explain(mixed, "layer1.mlp", 10, 2).exactness == "255 levels"
    before = helpers.census()
    assert run(scene_room.recall_steps(mixed)) == ""
    assert not helpers.difference(before, helpers.census())
    found = scene_room.explain(mixed, "layer1.mlp", 10, 2)
    assert found.exactness == "exact"
    exact = float(truth(mixed, folder)["layer1.mlp"][2, 10])
    assert found.value == pytest.approx(exact, rel=1e-4)


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize("tensor", ["transformer.h.1.mlp.c_fc.weight", "transformer.ln_f.bias"])
def test_another_checkpoint_in_the_same_place_is_not_taken_for_the_drawn_one(tmp_path, tensor):
    from safetensors.numpy import load_file, save_file

    mine = checkpoints.save(tmp_path / "mine", n_embd=96)
    standing = scene_room.of_root(helpers.build(IDS, str(mine), cubes=20_000))
    known._known.clear()
    tensors = load_file(mine / "model.safetensors")
    tensors[tensor] = tensors[tensor] + np.float32(0.25)
    save_file(tensors, mine / "model.safetensors")
    said = run(scene_room.recall_steps(standing))
    assert "other numbers than those that are drawn" in said and str(mine) in said
    assert not scene_room.SceneReader(standing).is_exact


def test_a_checkpoint_that_is_gone_gets_one_sentence(mixed, folder):
    with checkpoints.away(folder):
        said = run(scene_room.recall_steps(mixed))
    assert str(folder) in said and "\n" not in said


def test_a_checkpoint_that_changes_after_the_build_is_exact_no_more(tmp_path):
    mine = checkpoints.save(tmp_path / "mine", n_embd=96)
    standing = scene_room.of_root(helpers.build(IDS, str(mine), cubes=500))
    assert scene_room.explain(standing, "layer1.mlp_weight", 2, 3).exactness == "exact"
    value = scene_room.explain(standing, "layer1.mlp_weight", 2, 3).value
    with checkpoints.away(mine):
        found = scene_room.explain(standing, "layer1.mlp_weight", 2, 3)
    assert found.exactness == "255 levels"
    assert found.value == pytest.approx(value, abs=0.01)


def test_another_prompt_answers_with_its_own_numbers(own_model):
    before = scene_room.explain(scene_room.of_root(own_model), "tokens", 0, 0).value_words
    root = helpers.build("ABC")
    after = scene_room.explain(scene_room.of_root(root), "tokens", 0, 0).value_words
    assert (before, after) == ("2, token C", "0, token A")


@pytest.mark.usefixtures("forgetful")
def test_cubes_alone_are_exact_without_a_checkpoint(standing, expect):
    found = scene_room.explain(scene_room.of_root(standing), "layer0.head1.attention", 1, 3)
    assert found.exactness == "exact" and " = " in found.with_numbers
    expected = expect(helpers.PROMPT)
    assert found.value == pytest.approx(expected.trace["layer0.head1.attention"][3, 1], rel=1e-6)
    assert found.recomputed == pytest.approx(found.value, rel=1e-5)
    assert found.place == "query 3, token B, looks at key 1, token B"


def test_a_cell_that_the_film_computes_later_says_so(own_model):
    scene = bpy.context.scene
    standing = scene_room.of_root(own_model)
    states = {}
    for frame in (scene.frame_start, scene.frame_end):
        scene.frame_set(frame)
        states[frame] = [
            scene_room.explain(standing, *cell).state
            for cell in (
                ("layer1.mlp_residual", 2, 5),
                ("layer1.mlp_residual", 8, 5),
                ("wte", 0, 0),
            )
        ]
    assert states[scene.frame_start] == ["pending", "pending", "number"]
    assert states[scene.frame_end] == ["number", "number", "number"]
    scene.frame_set(scene.frame_start)
    first, later = (
        scene_room.explain(standing, "layer1.mlp_residual", column, 5) for column in (2, 8)
    )
    assert first.why.endswith("it comes with the prompt, in the first pass")
    assert later.why.endswith("it comes in pass 4")
    assert first.value is not None


def test_a_shape_explains_its_formula_and_says_that_there_is_no_number():
    standing = scene_room.of_root(helpers.open_built("", "gpt2"))
    found = scene_room.explain(standing, "layer7.head3.q", 4, 5)
    assert (found.state, found.value) == ("absent", None)
    assert found.why.startswith("No number: GPT-2 is here as its shape only")
    assert found.n_sources == 768 + 768 + 1


def test_what_somebody_has_edited_or_deleted_has_no_number_and_raises_nothing(mixed):
    plan = mixed.plan
    ways = {way: name for name, way in plan.ways.items() if plan.has_numbers}
    for name in ways.values():
        obj = mixed.blocks[name]
        bpy.data.objects.remove(obj)
    mesh = next(o.data for o in helpers.block_objects() if o["llmviz_drawn_as"] == "cubes")
    edited = next(o["llmviz_block"] for o in helpers.block_objects() if o.data == mesh)
    mesh.clear_geometry()
    again = scene_room.of_root(mixed.root)
    for name in (*ways.values(), edited):
        block = next(b for b in plan.bundles if b.name == name).first
        found = scene_room.explain(again, block.name, 0, 0)
        assert (found.state, found.value) == ("absent", None)


def test_asking_changes_nothing(standing):
    before = helpers.census()
    found = scene_room.of_root(standing)
    for name in found.plan.anatomy.blocks:
        scene_room.explain(found, name, 0, 0)
    assert not helpers.difference(before, helpers.census())


def test_a_renamed_block_is_found_and_a_copy_that_took_its_name_is_not(own_model, monkeypatch):
    monkeypatch.setattr(known, "_known", {})
    name = "layer0.head1.attention"
    standing = scene_room.of_root(own_model)
    before = scene_room.explain(standing, name, 1, 3).value
    mine = helpers.block(name)
    copy = mine.copy()
    copy.data = mine.data.copy()
    copy.data.attributes["value"].data[1 * 11 + 3].value = 7.0
    mine.name, copy.name = "Mine", mine.name
    bpy.context.scene.collection.objects.link(copy)
    again = scene_room.of_root(own_model)
    assert scene_room.explain(again, name, 1, 3).value == before


def test_a_prompt_that_is_followed_while_it_is_typed_answers_with_its_own_numbers(own_model):
    from dataclasses import replace

    from llmviz_addon.scene import live

    cell = "layer0.head1.attention", 0, 2
    recipe = scene_room.recipe_of(own_model)
    before = scene_room.explain(scene_room.of_root(own_model), *cell).value
    assert live.follow(bpy.context.scene, replace(recipe, prompt="ABC"))
    found = scene_room.explain(scene_room.of_root(own_model), *cell)
    network = model.load("nano-gpt")
    expected = network.forward(network.read_prompt("ABC"))["layer0.head1.attention"][2, 0]
    assert found.value == pytest.approx(expected, rel=1e-5) != before
    assert found.place == "query 2, token C, looks at key 0, token A"


def test_the_numbers_of_the_latest_builds_are_kept_and_no_more_than_fit(monkeypatch):
    monkeypatch.setattr(known, "_known", {})
    network = model.load("nano-gpt")
    trace = network.forward(network.read_prompt("CBABBC"))
    known.keep("first", network, trace)
    one = known.of("first").n_bytes
    computed = [
        n for n in trace if not n.endswith(("weight", "bias")) and n[:2] not in ("wt", "wp")
    ]
    assert one == pytest.approx(sum(trace[name].nbytes for name in computed), rel=0.1)
    monkeypatch.setattr(known, "_MOST_BYTES", int(3.5 * one))
    for build in ("second", "third", "fourth"):
        known.keep(build, network, trace)
    assert [known.of(build) is not None for build in ("first", "second", "fourth")] == [
        False,
        True,
        True,
    ]
    monkeypatch.setattr(known, "_MOST_BYTES", one - 1)
    known.keep("large", network, trace)
    assert known.of("large").trace is None and known.of("large").model is network
