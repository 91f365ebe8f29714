"""The anatomy is executable: its formulas compute what the network computes."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy, model


def everywhere(block, step=1):
    """Some cells of a block: all, or a thinned-out grid with both ends."""
    columns = sorted({*range(0, block.columns, step), block.columns - 1})
    rows = sorted({*range(0, block.rows, step), block.rows - 1})
    return [(column, row) for column in columns for row in rows]


def masked(block, column, row):
    return block.causal and column > row


def test_each_cell_computed_from_its_formula_equals_the_trace(traced):
    body, trace = traced
    cells = {name: block.cells(trace) for name, block in body.blocks.items()}
    read = anatomy.read_from(cells)
    for name, block in body.blocks.items():
        formula = block.formula
        if formula is None:
            continue
        for column, row in np.argwhere(~np.isnan(cells[name])).tolist():
            computed = formula.evaluate(column, row, read)
            shown = float(cells[name][column, row])
            assert computed == pytest.approx(shown, rel=1e-5, abs=1e-5), (name, column, row)


def test_exactly_the_computed_positions_have_numbers(traced):
    body, trace = traced
    n_tokens = len(trace["tokens"])
    for block in body.blocks.values():
        column, row = np.indices((block.columns, block.rows))
        expected = {
            None: np.ones_like(column, dtype=bool),
            "columns": column < n_tokens,
            "rows": row < n_tokens,
            "both": (column <= row) & (row < n_tokens),
        }[block.time_axis]
        np.testing.assert_array_equal(~np.isnan(block.cells(trace)), expected, block.name)


def test_all_but_weights_and_tokens_have_a_formula(body):
    without = [name for name, block in body.blocks.items() if block.formula is None]
    weights = [name for name, block in body.blocks.items() if block.kind == "weight"]
    assert sorted(without) == sorted([*weights, "tokens"])


def test_sources_lie_within_their_blocks_and_never_later(body):
    most = body.n_tokens
    for n_tokens in {1, (most + 1) // 2, most}:
        for block in some_of_each_role(body):
            formula = block.formula
            for column, row in everywhere(block, step=5):
                time = row if block.time_axis in ("rows", "both") else column
                if time >= n_tokens or masked(block, column, row):
                    continue
                sources = formula.sources(column, row, n_tokens)
                assert sources
                for name, columns, rows in sources + formula.context(column, row, n_tokens):
                    source = body.blocks[name]
                    assert len(columns) == len(rows) > 0
                    assert columns.min() >= 0
                    assert columns.max() < source.columns
                    assert rows.min() >= 0
                    assert rows.max() < source.rows
                    if source.time_axis in ("columns", "both"):
                        assert columns.max() <= time
                    if source.time_axis in ("rows", "both"):
                        assert rows.max() <= time


def some_of_each_role(body):
    """Blocks with a formula of the first and last layer, first and last head."""
    last_layer, last_head = body.config.n_layer - 1, body.config.n_head - 1
    return [
        block
        for block in body.blocks.values()
        if block.formula and block.layer in (None, 0, last_layer)
        if block.head in (None, 0, last_head)
    ]


def test_sources_come_before_what_they_are_used_for(body):
    place = {name: index for index, name in enumerate(body.blocks)}
    for block in some_of_each_role(body):
        for operand in block.formula.operands:
            assert place[operand.block] < place[block.name], (operand.block, block.name)


def test_operand_shapes_are_those_of_their_blocks(body):
    for block in some_of_each_role(body):
        for operand in block.formula.operands + block.formula.surroundings:
            source = body.blocks[operand.block]
            assert operand.shape == (source.columns, source.rows)


def test_sources_match_the_numbers_that_change_the_result(nano):
    # Perturb one cell at a time: the result moves if and only if the cell is a source.
    random = np.random.default_rng(3)
    for name in ("layer1.head2.output", "layer1.mlp_result", "layer0.attention_output"):
        formula = nano.blocks[name].formula
        cells = {
            operand.block: random.normal(size=operand.shape) + 3.0 for operand in formula.operands
        }
        read = anatomy.read_from(cells)
        column, row = 4, 9
        before = formula.evaluate(column, row, read)
        listed = set()
        for block, columns, rows in formula.sources(column, row, nano.config.n_ctx):
            listed |= {(block, c, r) for c, r in zip(columns.tolist(), rows.tolist(), strict=True)}
        for block, array in cells.items():
            for c, r in np.ndindex(array.shape):
                array[c, r] += 1.0
                moved = formula.evaluate(column, row, read) != before
                array[c, r] -= 1.0
                assert moved == ((block, c, r) in listed), (name, block, c, r)


def test_a_masked_score_has_no_sources_no_value_and_says_so(nano):
    formula = nano.blocks["layer0.head0.attention_scores"].formula
    assert formula.sources(4, 3, 11) == []
    assert "masked" in formula.text(4, 3)
    with pytest.raises(ValueError, match="no cell"):
        formula.evaluate(4, 3, anatomy.read_from({}))


def test_a_look_up_finds_the_token_where_values_are_given(nano):
    formula = nano.blocks["embedding"].formula
    tokens = np.full((11, 1), np.nan, dtype=np.float32)
    tokens[:3, 0] = (2, 0, 1)
    found = formula.sources(2, 7, 3, anatomy.read_from({"tokens": tokens}))
    assert [(name, c.tolist(), r.tolist()) for name, c, r in found] == [
        ("wte", [1], [7]),
        ("wpe", [2], [7]),
        ("tokens", [2], [0]),
    ]
    every_token = formula.sources(2, 7, 3)[0]
    assert every_token.columns.tolist() == [0, 1, 2]


def test_formulas_read_like_formulas(nano):
    def text(name, *cell):
        return nano.blocks[name].formula.text(*cell)

    assert text("layer0.head0.q", 3, 15) == "q[3, 15] = Σ_i W[i, 15] · ln_1[3, i] + b[15]"
    assert text("layer0.head0.output", 5, 2) == ("output[5, 2] = Σ_{i≤5} attention[i, 5] · v[i, 2]")
    assert text("layer1.attention_residual", 3, 4) == (
        "attention_residual[3, 4] = attention_output[3, 4] + x[3, 4]"
    )
    assert text("embedding", 3, 4) == "embedding[3, 4] = wte[tokens[3], 4] + wpe[3, 4]"
    assert text("layer0.head0.attention", 2, 5, 0.25) == (
        "attention[2, 5] = exp(scores[2, 5] − max[5]) / sum[5] = 0.2500"
    )
    assert nano.blocks["layer0.mlp"].formula.equation == (
        "mlp[f, t] = Σ_i W[f, i] · ln_2[t, i] + b[f]"
    )


def test_formulas_without_bias_do_not_mention_one(body):
    for block in some_of_each_role(body):
        mentioned = any(mark in block.formula.equation for mark in (" + b", "β"))
        assert not mentioned or body.config.bias


def test_a_network_of_another_family_is_refused():
    config = model.Config(n_layer=1, n_head=4, n_kv_head=2, n_embd=8, n_ctx=4, n_vocab=4)
    with pytest.raises(ValueError, match="key and value heads"):
        anatomy.build(config)
    config = model.Config(n_layer=1, n_head=4, d_head=3, n_embd=8, n_ctx=4, n_vocab=4)
    with pytest.raises(ValueError, match="as wide as the residual stream"):
        anatomy.build(config)
