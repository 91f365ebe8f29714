"""Where a cell goes: exactly the cells whose sources it is among."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy
from tests.anatomy.conftest import SHAPES, shaped


def cells_of(groups):
    """Groups of cells as a set of (block, column, row)."""
    return {
        (group.block, column, row)
        for group in groups
        for column, row in zip(group.columns.tolist(), group.rows.tolist(), strict=True)
    }


def uses_of(body, name, column, row, n_tokens, tokens):
    """The cells that one cell goes into, by the operands of the formulas that read its block."""
    users = body.users(body.blocks[name])
    return cells_of(
        user.formula.targets(user.operand, column, row, n_tokens, tokens) for user in users
    )


def is_computed(block, column, row, n_tokens):
    columns, rows = block.extent(n_tokens)
    return column < columns and row < rows and not (block.causal and column > row)


def every_source(body, n_tokens, tokens):
    """The sources of every computed cell, by the cell."""
    known = {"tokens": np.resize(tokens, (body.n_tokens, 1))}
    found = {}
    for name, block in body.blocks.items():
        formula = block.formula
        if formula is None:
            continue
        for column, row in np.ndindex(block.columns, block.rows):
            if is_computed(block, column, row, n_tokens):
                sources = formula.sources(column, row, n_tokens, anatomy.read_from(known))
                found[name, column, row] = cells_of(sources)
    return found


TINY = {
    "biases": {"n_layer": 2, "n_head": 2, "n_embd": 4, "n_ctx": 4, "n_vocab": 3},
    "bare": {"n_layer": 2, "n_head": 1, "n_embd": 3, "n_ctx": 3, "n_vocab": 5, "bias": False},
    "three layers": {"n_layer": 3, "n_head": 2, "n_embd": 2, "n_ctx": 3, "n_vocab": 2, "d_ff": 3},
}


@pytest.mark.parametrize("shape", TINY.values(), ids=TINY)
@pytest.mark.parametrize("n_tokens", [1, 3])
def test_a_cell_goes_where_it_is_a_source_and_nowhere_else(shape, n_tokens):
    body = shaped(**shape)
    tokens = np.array([1, 0, 1])[:n_tokens]
    goes: dict = {}
    for target, sources in every_source(body, n_tokens, tokens).items():
        for source in sources:
            goes.setdefault(source, set()).add(target)
    for name, block in body.blocks.items():
        for column, row in np.ndindex(block.columns, block.rows):
            if is_computed(block, column, row, n_tokens):
                found = uses_of(body, name, column, row, n_tokens, tokens)
                assert found == goes.get((name, column, row), set()), (name, column, row)


@pytest.mark.parametrize("shape", ["nano-gpt", "deep", "short"])
def test_random_cells_are_sources_of_what_they_are_used_for_and_the_other_way_round(shape):
    body = shaped(**SHAPES[shape])
    n_tokens = min(6, body.n_tokens)
    random = np.random.default_rng(11)
    tokens = random.integers(0, body.config.n_vocab, n_tokens)
    known = {"tokens": np.resize(tokens, (body.n_tokens, 1))}
    read = anatomy.read_from(known)
    names = list(body.blocks)
    for name in random.choice(names, 60):
        block = body.blocks[name]
        columns, rows = block.extent(n_tokens)
        column, row = int(random.integers(columns)), int(random.integers(rows))
        if not is_computed(block, column, row, n_tokens):
            continue
        cell = (str(name), column, row)
        used = sorted(uses_of(body, *cell, n_tokens, tokens))
        for index in random.permutation(len(used))[:20].tolist():
            target, c, r = used[index]
            sources = body.blocks[target].formula.sources(c, r, n_tokens, read)
            assert cell in cells_of(sources), (cell, used[index])
        if block.formula:
            sources = sorted(cells_of(block.formula.sources(column, row, n_tokens, read)))
            for index in random.permutation(len(sources))[:20].tolist():
                assert cell in uses_of(body, *sources[index], n_tokens, tokens), (cell, index)


def test_only_probabilities_go_nowhere(body):
    unused = {block.role for block in body.blocks.values() if not body.users(block)}
    assert unused == {"probabilities"}


def test_a_weight_of_the_largest_model_finds_its_users_among_its_thousands_of_blocks():
    from llmviz_addon import model

    body = anatomy.build(model.load("gpt3").config)
    used = {user.formula.target for user in body.users(body.blocks["layer5.head7.k_weight"])}
    assert used == {"layer5.head7.k"}
    used = {user.formula.target for user in body.users(body.blocks["layer5.ln_1"])}
    assert used == {f"layer5.head{head}.{part}" for head in range(96) for part in "qkv"}


def test_the_share_of_a_factor_is_its_term_of_the_sum(traced):
    body, trace = traced
    n_tokens = len(trace["tokens"])
    cells = {name: block.cells(trace) for name, block in body.blocks.items()}
    read = anatomy.read_from(cells)
    last = f"layer{body.config.n_layer - 1}"
    name = f"{last}.head0.output"
    (user,) = body.users(body.blocks[name])
    found = user.formula.targets(user.operand, 0, 1, n_tokens)
    weights, outputs = trace[f"{last}.projection_weight"], trace[name]
    shares = user.formula.shares(user.operand, 0, 1, found, read)
    np.testing.assert_allclose(shares, weights[1] * outputs[0, 1], rtol=1e-6)
    assert found.rows.tolist() == list(range(body.config.n_embd))
