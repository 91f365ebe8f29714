"""Any cell of any model is asked in the sidebar, framed, copied, and its block exported."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Quaternion, Vector

from llmviz_addon import explain, model
from llmviz_addon import scene as scene_room
from llmviz_addon.scene import exporting, pointing
from llmviz_addon.scene.standing import known
from llmviz_addon.scene.style.kit import CELL
from llmviz_addon.ui import asking, cells, flight, framing, inspecting, running
from tests.scene import checkpoints, helpers


@pytest.fixture(scope="module")
def trace() -> model.Trace:
    """All that nano-gpt computes from the letters that it shows, apart from any scene."""
    return explain.load("nano-gpt", helpers.PROMPT, 5).trace


@pytest.fixture
def slabs(clean_scene) -> scene_room.Standing:
    """The small model as slabs, opened on another day than it was built."""
    root = helpers.open_small(cubes=0)
    known._known.clear()
    return scene_room.of_root(root)


@pytest.fixture
def shapes(clean_scene) -> scene_room.Standing:
    """The small model as shapes, beyond the budget, opened on another day than it was built."""
    root = helpers.open_small(cubes=0, slabs=0)
    known._known.clear()
    return scene_room.of_root(root)


@pytest.fixture
def view() -> bpy.types.Area:
    """A 3D view, which the operators find where a test overrides the context with it."""
    return next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D")


def ask(settings, block: str, column: int = 0, row: int = 0) -> asking.Answer:
    settings.cell_block, settings.cell_column, settings.cell_row = block, column, row
    bpy.context.scene.frame_set(bpy.context.scene.frame_end)
    return asking.answer(bpy.context.scene)


def until_done(standing: scene_room.Standing) -> None:
    """Do the quiet work that the timer would do."""
    mine = running.work
    key = bpy.context.scene.session_uid, known.build_of(standing.root)
    while running._continue(mine, partial(asking._note, key)) is not None:
        pass


def said(read: list[str]) -> str:
    return " ".join(" ".join(read).split())


def test_a_cell_of_nano_gpt_is_answered_in_full(own_model, sidebar, settings, trace):
    assert "panel Inspect" in sidebar()
    found = ask(settings, "layer0.head1.attention", 1, 3).found
    expected = trace["layer0.head1.attention"][3, 1]
    assert np.float32(found.value) == expected
    text = said(sidebar())
    for part in (
        str(expected),
        "query 3, token B, looks at key 1, token B",
        found.text,
        found.with_numbers,
        "From 3 cells",
        "Goes into 16 cells of 1 block",
    ):
        assert " ".join(part.split()) in text
    for operator in ("frame_cell", "copy_cell", "export_block", "pick_cell"):
        assert f"operator llmviz.{operator}" in text
    assert "operator llmviz.open_window" not in text, "all of its cells are cubes already"


def test_a_sum_names_its_largest_terms(own_model, sidebar, settings):
    found = ask(settings, "layer0.head1.q", 2, 5).found
    assert found.summary.startswith("49 terms") or found.summary.startswith("48 terms")
    assert " ".join(found.summary.split()) in said(sidebar())


def test_what_cannot_be_answered_says_so_and_draws(own_model, sidebar, settings):
    for block, column, row, sentence in (
        ("layer0.head1.attention", 99, 0, "there is no cell at column 99, row 0"),
        ("no.such.block", 0, 0, "There is no block"),
        ("layer9.mlp", 0, 0, "this model has 3 layers"),
        ("layer0.head1.attention", 3, 1, "Masked: query 1 does not look at key 3"),
    ):
        ask(settings, block, column, row)
        assert sentence in said(sidebar())


def test_a_block_is_chosen_by_words_and_a_cell_as_it_is_written(own_model, settings):
    settings.cell_block = "head 2 of layer 1, attention"
    assert settings.cell_block == "layer1.head2.attention"
    settings.cell_block = "layer0.mlp[4, 7]"
    chosen = settings.cell_block, settings.cell_column, settings.cell_row
    assert chosen == ("layer0.mlp", 4, 7)


def test_selecting_a_block_of_cubes_chooses_it(own_model, settings):
    bpy.context.view_layer.objects.active = bpy.data.objects["layer0.mlp"]
    assert settings.cell_block == "layer0.mlp"
    settings.cell_block = "wte"
    assert settings.cell_block == "wte"


def test_a_cell_that_was_picked_is_that_of_the_model_that_was_picked(own_model, settings):
    settings.cubes = 0
    bpy.ops.llmviz.build_beside()
    for standing in scene_room.find(bpy.context.scene):
        inspecting.choose(settings, pointing.Pointed(standing.id, "wte", 1, 7))
        assert asking.asked_of(bpy.context.scene).model.id == standing.id
        chosen = settings.cell_block, settings.cell_column, settings.cell_row
        assert chosen == ("wte", 1, 7)


def test_a_cell_that_the_film_has_not_computed_yet_says_so_at_that_frame(own_model, settings):
    ask(settings, "layer2.mlp", 0, 0)
    bpy.context.scene.frame_set(bpy.context.scene.frame_start)
    assert asking.answer(bpy.context.scene).found.state == "pending"
    bpy.context.scene.frame_set(bpy.context.scene.frame_end)
    assert asking.answer(bpy.context.scene).found.state == "number"


def test_drawing_the_answer_again_explains_nothing_anew(own_model, sidebar, settings, monkeypatch):
    ask(settings, "layer0.mlp", 1, 2)
    monkeypatch.setattr(explain, "explain", lambda *_: pytest.fail("explained again"))
    sidebar()


def test_a_prompt_that_is_built_anew_has_new_answers(own_model, settings):
    before = ask(settings, "layer0.mlp", 1, 2).found.value
    settings.prompt = "AAABBB"
    bpy.ops.llmviz.build()
    assert ask(settings, "layer0.mlp", 1, 2).found.value != before


def test_a_reopened_file_has_exact_numbers_once_the_checkpoint_was_found(slabs, settings):
    scene = bpy.context.scene
    drawn = ask(settings, "layer0.mlp", 2, 1)
    assert drawn.found.exactness == "255 levels"
    asking.recall(scene, slabs)
    assert not running.is_busy()
    until_done(slabs)
    exact = asking.answer(scene)
    assert (exact.found.exactness, exact.note) == ("exact", "")
    expected = model.load(helpers.small()).complete(slabs.run.ids, 0)["layer0.mlp"][1, 2]
    assert np.float32(exact.found.value) == expected


def test_a_checkpoint_that_is_gone_is_named_beside_the_number_in_levels(slabs, settings, sidebar):
    ask(settings, "layer0.mlp", 2, 1)
    with checkpoints.away(Path(helpers.small())):
        asking.recall(bpy.context.scene, slabs)
        until_done(slabs)
        answer = asking.answer(bpy.context.scene)
        assert answer.found.exactness == "255 levels"
        assert "no such file" in answer.note
        assert "no such file" in said(sidebar())


def test_the_checkpoint_is_looked_for_once_by_itself_and_only_while_nothing_else_is_done(
    slabs, settings, sidebar, monkeypatch
):
    windowed = SimpleNamespace(app=SimpleNamespace(background=False), context=bpy.context)
    monkeypatch.setattr(asking, "bpy", windowed)
    other = running.Work("llmviz.other", bpy.context.scene, iter(()))
    monkeypatch.setattr(running, "work", other)
    ask(settings, "layer0.mlp", 2, 1)
    assert running.work is other
    monkeypatch.setattr(running, "work", None)
    sidebar()
    mine = running.work
    assert mine.operator == asking.OPERATOR and mine.quiet
    sidebar()
    assert running.work is mine
    with checkpoints.away(Path(helpers.small())):
        until_done(slabs)
    sidebar()
    assert running.work is None


def test_a_shape_says_that_it_has_no_numbers(shapes, settings, sidebar):
    answer = ask(settings, "layer0.mlp", 2, 1)
    assert answer.found.value is None
    assert "drawn as its shape only" in said(sidebar())


@pytest.mark.parametrize("block", ["layer0.mlp", "wte"])
@pytest.mark.parametrize("moved", [False, True])
def test_a_framed_cell_comes_to_the_middle_of_the_view_from_where_it_looks(
    own_model, settings, view, block, moved
):
    anchor = next(o for o in own_model.all_objects if o.get("llmviz_role") == "anchor")
    if moved:
        anchor.location, anchor.rotation_euler.z, anchor.scale = (30, -7, 2), 0.7, (3, 3, 3)
    ask(settings, block, 2, 5)
    space = view.spaces.active
    space.region_3d.view_rotation = turn = Euler((1.1, 0.0, -0.4)).to_quaternion()
    with bpy.context.temp_override(area=view):
        assert bpy.ops.llmviz.frame_cell() == {"FINISHED"}
    seen = space.region_3d
    assert (seen.view_rotation.rotation_difference(turn)).angle < 1e-3
    # A view stands at its distance from its place, and looks down its own -z.
    eye = Matrix.Translation(seen.view_location) @ turn.to_matrix().to_4x4()
    eye = np.array(eye @ Matrix.Translation((0, 0, seen.view_distance)), float)
    place, size = framing.place_of(scene_room.of_root(own_model), block, 2, 5)
    across, up, depth = (np.linalg.inv(eye) @ [*place, 1.0])[:3]
    assert max(abs(across), abs(up)) < 0.01 * size
    width, height = framing.size_of(view)
    shorter = -depth * 72 / space.lens * min(width, height) / max(width, height)
    assert shorter / size == pytest.approx(20, rel=1e-3)
    assert size == pytest.approx(CELL * (3 if moved else 1))
    assert space.clip_start < -depth
    toward = Vector(eye[:3, :3] @ [0, 0, -1.0])
    hit = pointing.Field(scene_room.find(bpy.context.scene)).cell_at(
        Vector(place) - toward * 0.6 * size, toward
    )
    assert (hit.block, hit.column, hit.row) == (block, 2, 5)


def test_framing_follows_a_block_of_cubes_that_somebody_has_moved(own_model, settings):
    standing = scene_room.of_root(own_model)
    before, _ = framing.place_of(standing, "layer0.mlp", 2, 5)
    bpy.data.objects["layer0.mlp"].location.x += 1.5
    after, _ = framing.place_of(standing, "layer0.mlp", 2, 5)
    np.testing.assert_allclose(after - before, [1.5, 0, 0], atol=1e-5)


def test_a_flight_begins_and_ends_at_its_places_and_comes_straight_to_its_aim():
    turn = Quaternion((1, 0, 0, 0))
    start = flight.Stand(turn, Vector((0, 0, 0)), 100.0)
    end = flight.Stand(Euler((0, 0, 0.5)).to_quaternion(), Vector((30, 0, 0)), 1.0)
    assert flight.between(start, end, 0.0) == start and flight.between(start, end, 1.0) == end
    seen = [flight.between(start, end, share / 20) for share in range(21)]
    distances = [stand.distance for stand in seen]
    assert distances == sorted(distances, reverse=True)
    # What is flown to moves toward the middle of the picture, and never away from it.
    aside = [(end.location - stand.location).length / stand.distance for stand in seen]
    assert aside == sorted(aside, reverse=True) and aside[-1] == 0


def test_framing_leaves_a_camera_and_keeps_its_direction():
    turn = Euler((1.2, 0.1, 0.5)).to_quaternion()
    seen = SimpleNamespace(
        view_distance=10.0,
        view_perspective="CAMERA",
        view_matrix=(Matrix.Translation((1, 2, 3)) @ turn.to_matrix().to_4x4()).inverted(),
        view_rotation=Euler((0, 0, 0)).to_quaternion(),
    )
    space = SimpleNamespace(region_3d=seen, lens=50.0, clip_start=0.1)
    framing.turn_to(space, (800, 600), np.array([4.0, 5.0, 6.0]), CELL)
    assert seen.view_perspective == "PERSP"
    assert seen.view_rotation.rotation_difference(turn).angle < 1e-3
    assert list(seen.view_location) == [4.0, 5.0, 6.0]


def test_framing_and_copying_change_nothing_in_the_file(own_model, settings, view):
    ask(settings, "layer0.mlp", 2, 5)
    before = helpers.census()
    with bpy.context.temp_override(area=view):
        bpy.ops.llmviz.frame_cell()
    for what in ("VALUE", "NUMPY", "LATEX"):
        assert bpy.ops.llmviz.copy_cell(what=what) == {"FINISHED"}
    assert not helpers.difference(before, helpers.census())


def test_what_is_copied_is_the_value_and_its_place_in_numpy(own_model, settings, trace):
    for block, column, row in (("layer0.head1.attention", 1, 3), ("wte", 2, 7), ("tokens", 4, 0)):
        found = ask(settings, block, column, row).found
        value = eval(cells.to_copy(found, "NUMPY"), {"trace": trace})
        assert type(value)(cells.to_copy(found, "VALUE")) == value
    assert not cells.to_copy(found, "LATEX"), "tokens are given"
    found = ask(settings, "layer0.head1.attention", 1, 3).found
    assert cells.to_copy(found, "LATEX") == found.latex != ""


def test_a_cell_without_a_number_or_a_formula_is_not_copied(own_model, settings):
    ask(settings, "layer0.head1.attention", 3, 1)
    with pytest.raises(RuntimeError, match="no number"):
        bpy.ops.llmviz.copy_cell(what="VALUE")
    ask(settings, "wte", 0, 0)
    with pytest.raises(RuntimeError, match="no formula"):
        bpy.ops.llmviz.copy_cell(what="LATEX")


@pytest.mark.parametrize("ending", [".npy", ".csv"])
def test_an_export_is_the_trace_to_the_last_bit(own_model, settings, trace, tmp_path, ending):
    for name in ("tokens", "wte", "layer0.mlp", "layer1.ln_1.mean", "layer2.ln_1.bias", "logits"):
        ask(settings, name)
        path = tmp_path / f"{name}{ending}"
        assert bpy.ops.llmviz.export_block(filepath=str(path)) == {"FINISHED"}
        if ending == ".npy":
            found = np.load(path, allow_pickle=False)
        else:
            found = np.loadtxt(path, delimiter=",", dtype=np.float32)
        np.testing.assert_array_equal(found, trace[name])
        assert found.dtype.kind == ("f" if ending == ".csv" else trace[name].dtype.kind)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [ending] * 6


def test_masked_cells_are_exported_as_no_number(own_model, settings, trace, tmp_path):
    ask(settings, "layer0.head1.attention")
    bpy.ops.llmviz.export_block(filepath=str(tmp_path / "attention"))
    found, expected = np.load(tmp_path / "attention.npy"), trace["layer0.head1.attention"]
    masked = np.triu(np.ones(expected.shape, bool), 1)
    np.testing.assert_array_equal(np.isnan(found), masked)
    np.testing.assert_array_equal(found[~masked], expected[~masked])


def test_an_export_that_cannot_be_written_is_refused_and_leaves_what_was_there(
    own_model, settings, tmp_path
):
    ask(settings, "layer0.mlp")
    there = tmp_path / "mine.npy"
    there.write_bytes(b"mine")
    there.chmod(0o444)
    for path, match in (
        (tmp_path / "no" / "folder.npy", "cannot be saved"),
        (tmp_path / "block.txt", "end the name of the file in .npy or .csv"),
    ):
        with pytest.raises(RuntimeError, match=match):
            bpy.ops.llmviz.export_block(filepath=str(path))
    if not os.access(there, os.W_OK):
        with pytest.raises(RuntimeError, match="cannot be saved"):
            bpy.ops.llmviz.export_block(filepath=str(there))
    assert [p.name for p in tmp_path.iterdir()] == ["mine.npy"]
    assert there.read_bytes() == b"mine"


def test_a_long_export_is_written_in_steps_and_leaves_nothing_when_it_is_stopped(
    own_model, trace, monkeypatch, tmp_path
):
    monkeypatch.setattr(exporting, "_TOGETHER", 100)
    (model,) = scene_room.find(bpy.context.scene)
    path = tmp_path / "mlp.csv"
    told = [fraction for fraction, _ in exporting.export_steps(model, "layer0.mlp", path)]
    assert told == sorted(told) and len(told) > 5
    written = path.read_bytes()
    np.testing.assert_array_equal(np.loadtxt(path, delimiter=",", dtype="f"), trace["layer0.mlp"])
    steps = exporting.export_steps(model, "wte", path)
    assert next(steps) and next(steps)
    steps.close()
    assert [p.name for p in tmp_path.iterdir()] == ["mlp.csv"] and path.read_bytes() == written


def test_a_block_without_numbers_is_not_exported(shapes, settings, tmp_path):
    ask(settings, "layer0.mlp")
    with pytest.raises(RuntimeError, match="has no numbers to export"):
        bpy.ops.llmviz.export_block(filepath=str(tmp_path / "mlp.npy"))
    assert not [*tmp_path.iterdir()]


def test_the_name_of_an_export_follows_the_format():
    assert cells.with_ending("/a/layer0.mlp.npy", ".csv") == "/a/layer0.mlp.csv"
    assert cells.with_ending("/a/layer0.mlp", ".npy") == "/a/layer0.mlp.npy"


def test_without_a_cell_each_button_says_what_it_lacks(settings):
    for operator in ("copy_cell", "export_block"):
        with pytest.raises(RuntimeError, match="No model stands in this scene"):
            getattr(bpy.ops.llmviz, operator)()
