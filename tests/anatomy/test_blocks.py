"""Blocks: the list of them, their numbers, and the order in which cells are computed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from llmviz_addon import anatomy, model


def test_nano_gpt_has_the_blocks_of_the_reference(nano):
    kinds = Counter(block.kind for block in nano.blocks.values())
    assert kinds == {"weight": 89, "activation": 83, "aggregate": 34}


def test_weights_hold_all_parameters_and_the_separate_head(body):
    config = body.config
    cells = sum(
        block.columns * block.rows for block in body.blocks.values() if block.kind == "weight"
    )
    assert cells == config.n_parameters + config.n_vocab * config.n_embd


def test_nano_gpt_has_85584_parameters(nano):
    assert nano.config.n_parameters == 85_584


@pytest.mark.parametrize(
    ("n_layer", "n_head", "n_embd", "blocks"),
    [(12, 12, 768, 2_294), (48, 25, 1600, 17_870), (96, 96, 12_288, 131_150)],
)
def test_large_models_have_all_their_blocks(n_layer, n_head, n_embd, blocks):
    config = model.Config(n_layer=n_layer, n_head=n_head, n_embd=n_embd, n_ctx=1024, n_vocab=50_257)
    assert blocks == n_layer * (22 + 14 * n_head) + 14
    assert len(anatomy.build(config).blocks) == blocks


def test_blocks_are_the_traces_in_the_traces_order(traced):
    body, trace = traced
    assert sorted(body.blocks) == sorted(trace)


def test_cells_show_the_traces_array(traced):
    body, trace = traced
    for block in body.blocks.values():
        shown = block.cells(trace)
        shown = shown[~np.isnan(shown)]
        array = np.asarray(trace[block.name], dtype=np.float32)
        if block.causal:
            array = array[np.tril_indices(len(array))]
        np.testing.assert_array_equal(np.sort(shown, axis=None), np.sort(array, axis=None))


def test_cells_refuse_an_array_of_another_shape(nano):
    for name, shape in {"wte": (2, 48), "embedding": (12, 48), "layer0.mlp": (3, 190)}.items():
        with pytest.raises(ValueError, match=name):
            nano.blocks[name].cells({name: np.zeros(shape)})


def spans(most):
    middle = (most + 1) // 2
    return sorted({(1, 1), (1, most), (middle, middle), (middle, most), (most, most)})


def one_of_each_role(body):
    return {block.role: block for block in body.blocks.values()}.values()


def test_order_ranks_exactly_the_cells_that_have_numbers(body):
    for n_prompt, n_tokens in spans(body.n_tokens):
        for block in one_of_each_role(body):
            order = block.order(n_prompt, n_tokens)
            assert order.shape == (block.columns, block.rows)
            assert order.dtype == np.float32
            if block.kind == "weight":
                assert not order.any()
                continue
            column, row = np.indices(order.shape)
            time = row if block.time_axis in ("rows", "both") else column
            exists = (time < n_tokens) & ~(block.causal & (column > row))
            np.testing.assert_array_equal(~np.isnan(order), exists)
            ranks = np.sort(order[exists])
            expected = np.arange(1, exists.sum() + 1) / exists.sum()
            np.testing.assert_array_equal(ranks, expected.astype(np.float32))


def test_order_follows_the_positions(body):
    for block in one_of_each_role(body):
        if block.kind == "weight":
            continue
        order = block.order(1, body.n_tokens)
        by_time = order.T if block.process == "rows" else order
        firsts, lasts = np.nanmin(by_time, axis=1), np.nanmax(by_time, axis=1)
        assert (lasts[:-1] < firsts[1:]).all()


def test_progress_after_a_pass_shows_exactly_its_positions(body):
    for n_prompt, n_tokens in spans(body.n_tokens):
        for block in one_of_each_role(body):
            order = block.order(n_prompt, n_tokens)
            for p in range(n_tokens - n_prompt + 1):
                shown = order <= block.progress_after(p, n_prompt, n_tokens)
                if block.kind == "weight":
                    assert shown.all()
                    continue
                column, row = np.indices(order.shape)
                time = row if block.time_axis in ("rows", "both") else column
                np.testing.assert_array_equal(shown, ~np.isnan(order) & (time < n_prompt + p))
            assert block.progress_after(n_tokens - n_prompt, n_prompt, n_tokens) == 1.0


def test_what_a_cell_needs_is_computed_before_it_within_the_same_pass(nano):
    n_prompt, n_tokens = 4, 7
    place = {name: index for index, name in enumerate(nano.blocks)}

    def moment(block, column, row):
        """The pass that computes a cell, then its block's place in the pass."""
        order = orders[block.name][column, row]
        ends = [block.progress_after(p, n_prompt, n_tokens) for p in range(n_tokens - n_prompt + 1)]
        return int(np.searchsorted(ends, order)), place[block.name]

    orders = {name: block.order(n_prompt, n_tokens) for name, block in nano.blocks.items()}
    for block in nano.blocks.values():
        if block.formula is None or block.layer not in (None, 1) or block.head not in (None, 2):
            continue
        for column, row in np.argwhere(~np.isnan(orders[block.name]))[::13].tolist():
            now = moment(block, column, row)
            for name, columns, rows in block.formula.sources(column, row, n_tokens):
                source = nano.blocks[name]
                if source.kind == "weight":
                    continue
                for cell in zip(columns.tolist(), rows.tolist(), strict=True):
                    assert moment(source, *cell) < now


def test_activations_have_a_column_for_each_position_drawn_and_weights_are_whole(body):
    for block in body.blocks.values():
        along = {"columns": block.columns, "rows": block.rows}
        axes = {"both": ("columns", "rows"), None: ()}.get(block.time_axis, (block.time_axis,))
        assert all(along[axis] == body.n_tokens for axis in axes)
        assert bool(axes) == (block.kind != "weight")
    assert body.blocks["wpe"].columns == body.config.n_ctx


def test_the_whole_context_is_drawn_unless_said_otherwise(nano):
    assert nano.n_tokens == nano.config.n_ctx
    assert anatomy.build(nano.config, nano.config.n_ctx).blocks == nano.blocks
    assert anatomy.build(nano.config, 4).n_tokens == 4


@pytest.mark.parametrize("n_tokens", [0, -1, 12])
def test_positions_that_the_context_does_not_have_are_refused(nano, n_tokens):
    with pytest.raises(
        ValueError, match=f"{n_tokens} positions cannot be drawn of a context of 11"
    ):
        anatomy.build(nano.config, n_tokens)


def test_order_refuses_more_tokens_than_are_drawn(nano):
    with pytest.raises(ValueError, match="the 4 positions that are drawn of a context of 11"):
        anatomy.build(nano.config, 4).blocks["embedding"].order(3, 5)


def test_order_refuses_more_tokens_than_the_context_holds(nano):
    for n_prompt, n_tokens in ((0, 3), (4, 3), (3, 12)):
        with pytest.raises(ValueError, match="context"):
            nano.blocks["embedding"].order(n_prompt, n_tokens)


def test_dimensions_are_labeled_truthfully(body):
    config = body.config
    sizes = {
        "T": body.n_tokens,
        "P": config.n_ctx,
        "C": config.n_embd,
        "A": config.d_head,
        "F": config.d_ff,
        "V": config.n_vocab,
    }
    assert {key: dim.size for key, dim in body.dims.items()} == sizes
    assert (body.dims["P"].label == "T") == (body.n_tokens == config.n_ctx)
    assert (body.dims["F"].label == "4C") == (config.d_ff == 4 * config.n_embd)
    for block in body.blocks.values():
        assert body.size_of(block.column_dim) == block.columns
        assert body.size_of(block.row_dim) == block.rows
