"""Every number of the model stands in the scene: the right one, in the right place, once."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from . import helpers

N_CTX, C, A, V, F = 11, 48, 16, 3, 192
CELL = 0.02

# A prompt of six letters that grows by five, one that leaves positions unused, one that fills the
# context so that nothing is appended.
PROMPTS = ("CBABBC", "CAB", "CABBACCBABA")


@pytest.fixture(scope="module", autouse=True, params=PROMPTS)
def clean_scene(request, expect):
    """One build for all tests, which only look."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    helpers.build(request.param)
    return expect(request.param)


def _norm(name: str) -> dict[str, tuple]:
    return {
        f"{name}.mean": ("t", (N_CTX, 1)),
        f"{name}.std": ("t", (N_CTX, 1)),
        f"{name}.weight": ("", (1, C)),
        f"{name}.bias": ("", (1, C)),
        name: ("t", (N_CTX, C)),
    }


def _grids() -> dict[str, tuple[str, tuple[int, int]]]:
    """Columns and rows of all blocks, and which axis is the position: columns (t), rows (r)."""
    grids = {
        "tokens": ("t", (N_CTX, 1)),
        "wte": ("", (V, C)),
        "wpe": ("", (N_CTX, C)),
        "embedding": ("t", (N_CTX, C)),
    }
    for i in range(3):
        layer = f"layer{i}"
        grids |= _norm(f"{layer}.ln_1") | _norm(f"{layer}.ln_2")
        for j in range(3):
            head = f"{layer}.head{j}"
            for letter in "qkv":
                grids[f"{head}.{letter}_weight"] = ("", (C, A))
                grids[f"{head}.{letter}_bias"] = ("", (1, A))
                grids[f"{head}.{letter}"] = ("t", (N_CTX, A))
            grids[f"{head}.attention_scores"] = ("both", (N_CTX, N_CTX))
            grids[f"{head}.attention_max"] = ("r", (1, N_CTX))
            grids[f"{head}.attention_sum"] = ("r", (1, N_CTX))
            grids[f"{head}.attention"] = ("both", (N_CTX, N_CTX))
            grids[f"{head}.output"] = ("t", (N_CTX, A))
        grids |= {
            f"{layer}.projection_weight": ("", (C, C)),
            f"{layer}.projection_bias": ("", (1, C)),
            f"{layer}.attention_output": ("t", (N_CTX, C)),
            f"{layer}.attention_residual": ("t", (N_CTX, C)),
            f"{layer}.mlp_weight": ("", (F, C)),
            f"{layer}.mlp_bias": ("", (F, 1)),
            f"{layer}.mlp": ("r", (F, N_CTX)),
            f"{layer}.mlp_activation": ("r", (F, N_CTX)),
            f"{layer}.mlp_projection_weight": ("", (F, C)),
            f"{layer}.mlp_projection_bias": ("", (1, C)),
            f"{layer}.mlp_result": ("t", (N_CTX, C)),
            f"{layer}.mlp_residual": ("t", (N_CTX, C)),
        }
    grids |= _norm("ln_f")
    grids |= {
        "lm_head": ("", (C, V)),
        "logits": ("t", (N_CTX, V)),
        "logits_max": ("t", (N_CTX, 1)),
        "logits_sum": ("t", (N_CTX, 1)),
        "probabilities": ("t", (N_CTX, V)),
    }
    return grids


GRIDS = _grids()

# Tensors that are drawn with their second axis along the columns.
_TURNED = ("attention_scores", "attention", "mlp_weight", "mlp", "mlp_activation", "lm_head")


def _grid_of(name: str, array: np.ndarray) -> np.ndarray:
    """(columns, rows) of numbers, NaN where there is none."""
    columns, rows = GRIDS[name][1]
    array = np.asarray(array, np.float32)
    if array.ndim == 1:
        array = array[None, :] if columns == 1 else array[:, None]
    elif name.rpartition(".")[2] in _TURNED:
        array = array.T
    grid = np.full((columns, rows), np.nan, np.float32)
    grid[: array.shape[0], : array.shape[1]] = array
    if GRIDS[name][0] == "both":
        for query in range(rows):
            grid[query + 1 :, query] = np.nan
    return grid


def test_each_of_the_206_tensors_is_one_object():
    found = [obj["llmviz_block"] for obj in helpers.block_objects()]
    assert len(GRIDS) == 206
    assert sorted(found) == sorted(GRIDS)


def test_a_cell_knows_its_column_and_row_and_stands_there():
    for name, (_, (columns, rows)) in GRIDS.items():
        mesh = helpers.block(name).data
        column, row = helpers.read(mesh, "column"), helpers.read(mesh, "row")
        cells = set(zip(column.tolist(), row.tolist(), strict=True))
        assert cells == {(c, r) for c in range(columns) for r in range(rows)}, name
        assert len(column) == columns * rows, name
        position = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", position)
        expected = np.stack([column, 0 * column, -row], -1)
        np.testing.assert_array_equal(position.reshape(-1, 3), expected, name)


def test_a_cell_holds_the_number_of_the_network(clean_scene):
    for name in GRIDS:
        mesh = helpers.block(name).data
        column, row = helpers.read(mesh, "column"), helpers.read(mesh, "row")
        expected = _grid_of(name, clean_scene.trace[name])[column, row]
        empty = np.isnan(expected)
        np.testing.assert_array_equal(helpers.read(mesh, "state"), np.where(empty, 0, 1), name)
        np.testing.assert_allclose(
            helpers.read(mesh, "value"), np.where(empty, 0, expected), 1e-5, 1e-5, err_msg=name
        )


def test_positions_that_were_not_computed_are_empty(clean_scene):
    for name, (axis, _) in GRIDS.items():
        mesh = helpers.block(name).data
        state = helpers.read(mesh, "state")
        if not axis:
            assert state.all(), name
            continue
        position = helpers.read(mesh, "column" if axis == "t" else "row")
        used = position < clean_scene.n_tokens
        if axis == "both":
            used &= helpers.read(mesh, "column") <= position
        np.testing.assert_array_equal(state == 1, used, name)


def test_cells_are_computed_one_position_after_the_other(clean_scene):
    for name, (axis, _) in GRIDS.items():
        mesh = helpers.block(name).data
        order, state = helpers.read(mesh, "order"), helpers.read(mesh, "state")
        if not axis:
            assert not order.any(), f"{name}: weights are there from the start"
            continue
        assert (order[state == 0] > 1).all(), f"{name}: an empty cell never shows a number"
        column, row = helpers.read(mesh, "column"), helpers.read(mesh, "row")
        position, other = (column, row) if axis == "t" else (row, column)
        ranked = [i for i in np.lexsort((other, position)) if state[i]]
        expected = np.arange(1, len(ranked) + 1) / len(ranked)
        np.testing.assert_allclose(order[ranked], expected, 1e-6, err_msg=name)


def test_the_prompt_is_done_when_progress_says_so(clean_scene):
    body, n_prompt = clean_scene.anatomy, clean_scene.n_prompt
    for name in ("embedding", "layer1.head2.attention", "layer2.mlp", "probabilities"):
        mesh = helpers.block(name).data
        axis = GRIDS[name][0]
        position = helpers.read(mesh, "column" if axis == "t" else "row")
        done = body.blocks[name].progress_after(0, n_prompt, clean_scene.n_tokens)
        shown = helpers.read(mesh, "order") <= np.float32(done)
        computed = helpers.read(mesh, "state") == 1
        np.testing.assert_array_equal(shown, computed & (position < n_prompt), name)


def test_the_tint_of_the_viewport_is_the_number_in_eleven_steps():
    for obj in helpers.block_objects():
        mesh = obj.data
        number = helpers.read(mesh, "value").astype(float) * obj["gain"]
        state, tint = helpers.read(mesh, "state"), helpers.read(mesh, "tint")
        kind = {"weight": 0, "activation": 1, "aggregate": 2}[_kind(obj["llmviz_block"])]
        assert (tint[state == 0] == kind * 12 + 11).all()
        step = (np.clip(number, -1, 1) + 1) * 5
        shown = tint[state == 1] - kind * 12
        # Halves may round either way: float32 against float64.
        assert (np.abs(shown - step[state == 1]) <= 0.5 + 1e-5).all(), obj.name


def _kind(name: str) -> str:
    last = name.rpartition(".")[2]
    if last in {"mean", "std"} or last.endswith(("_max", "_sum")):
        return "aggregate"
    if last in {"wte", "wpe", "lm_head"} or last.endswith(("weight", "bias")):
        return "weight"
    return "activation"


def test_the_material_reads_the_kind_of_the_block():
    for obj in helpers.block_objects():
        kind = ("weight", "activation", "aggregate")[int(obj["kind"])]
        assert kind == _kind(obj["llmviz_block"]), obj.name


def test_full_color_is_near_the_largest_number_and_1_for_probabilities():
    for obj in helpers.block_objects():
        name, mesh = obj["llmviz_block"], obj.data
        if name.endswith((".attention", "probabilities")):
            assert obj["gain"] == 1.0, name
            continue
        shown = np.abs(helpers.read(mesh, "value")[helpers.read(mesh, "state") == 1]) * obj["gain"]
        if shown.max() > 0:
            assert shown.max() >= 1 - 1e-5, f"{name}: something has the full color"
            beyond = (shown > 1 + 1e-5).sum()
            assert beyond <= np.ceil(0.03 * len(shown)), f"{name}: little is beyond it"


def test_one_cube_is_drawn_for_each_cell_where_the_anatomy_says(clean_scene):
    root_at = np.array(_anchor().matrix_world.translation)
    drawn: dict[str, list] = {}
    graph = bpy.context.evaluated_depsgraph_get()
    for instance in graph.object_instances:
        # Beside its cubes, a block has a box behind them.
        is_cube = instance.is_instance and instance.object.name.startswith("LLM Tint")
        if is_cube and "llmviz_block" in instance.parent.original:
            owner = instance.parent.original["llmviz_block"]
            drawn.setdefault(owner, []).append(tuple(instance.matrix_world.translation))
    assert drawn.keys() == GRIDS.keys()
    for name, (_, (columns, rows)) in GRIDS.items():
        found = np.array(drawn[name])
        assert len(found) == columns * rows, name
        origin = np.array(clean_scene.anatomy.blocks[name].origin) * CELL + root_at
        column, row = np.meshgrid(np.arange(columns), np.arange(rows), indexing="ij")
        expected = origin + CELL * np.stack([column, 0 * column, -row], -1).reshape(-1, 3)
        key = np.round(found / CELL * 4).astype(int)
        found = found[np.lexsort((-key[:, 2], key[:, 0]))]
        np.testing.assert_allclose(found, expected, atol=2e-5, err_msg=name)


def _anchor() -> bpy.types.Object:
    (anchor,) = (o for o in bpy.data.objects if o.get("llmviz_role") == "anchor")
    return anchor
