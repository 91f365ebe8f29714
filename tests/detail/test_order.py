"""The moment at which each cell of a bundle is computed, against plain enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon.detail import bundle, orders

RUNS = [(1, 1), (1, 6), (4, 6), (6, 6), (3, 9)]


def _cells_of(block, position: int):
    """The cells that belong to one position, in the order in which they are computed."""
    if block.time_axis == "columns":
        return [(position, row) for row in range(block.rows)]
    if block.time_axis == "rows":
        return [(column, position) for column in range(block.columns)]
    return [(key, position) for key in range(position + 1)]


def _enumerated(made, n_prompt: int, n_tokens: int) -> dict[tuple[int, int, int], int]:
    """(step, column, row) to its rank from 1: pass by pass, layer by layer, cell by cell."""
    passes = [range(n_prompt), *([p] for p in range(n_prompt, n_tokens))]
    ranks: dict[tuple[int, int, int], int] = {}
    for positions in passes:
        for step in range(made.n_steps):
            for position in positions:
                for column, row in _cells_of(made.first, position):
                    ranks[step, column, row] = len(ranks) + 1
    return ranks


@pytest.mark.parametrize(("n_prompt", "n_tokens"), RUNS)
def test_a_single_block_has_its_own_order(bodies, n_prompt, n_tokens):
    for made in bundle(bodies("nano-gpt")):
        (found,) = orders(made, n_prompt, n_tokens)
        np.testing.assert_array_equal(found, made.first.order(n_prompt, n_tokens))


@pytest.mark.parametrize(("n_prompt", "n_tokens"), RUNS)
def test_a_bundle_is_computed_pass_by_pass_and_layer_by_layer(bundled, n_prompt, n_tokens):
    several = 0
    for made in bundle(bundled()):
        if made.first.time_axis is None:
            continue
        several += made.n_steps > 1
        ranks = _enumerated(made, n_prompt, n_tokens)
        found = orders(made, n_prompt, n_tokens)
        expected = np.full(found.shape, np.nan)
        for (step, column, row), rank in ranks.items():
            expected[made.steps == step, column, row] = rank / len(ranks)
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=made.name)
    assert several > 10


@pytest.mark.parametrize(("n_prompt", "n_tokens"), RUNS)
def test_moments_are_above_0_and_end_at_1_and_no_two_cells_of_a_head_share_one(
    bundled, n_prompt, n_tokens
):
    for made in bundle(bundled()):
        if made.first.time_axis is None:
            continue
        leads = [made.blocks.index(lead) for lead in made.leads]
        moments = orders(made, n_prompt, n_tokens)[leads]
        there = np.sort(moments[np.isfinite(moments)])
        assert there[0] > 0 and there[-1] == 1
        assert (np.diff(there) > 0).all()


def test_heads_of_a_layer_are_computed_together(bundled):
    for made in bundle(bundled()):
        found = orders(made, 4, 6)
        for step in range(made.n_steps):
            alike = found[made.steps == step]
            np.testing.assert_array_equal(alike, np.broadcast_to(alike[:1], alike.shape))


def test_weights_are_there_from_the_start(bundled):
    for made in bundle(bundled()):
        if made.first.kind == "weight":
            assert not orders(made, 4, 6).any()


def test_unused_context_and_what_attention_masks_are_never_computed(bundled):
    n_tokens = 6
    for made in bundle(bundled()):
        never = np.isnan(orders(made, 4, n_tokens))
        column, row = np.ogrid[: made.first.columns, : made.first.rows]
        expected = {
            None: column < 0,
            "columns": column >= n_tokens,
            "rows": row >= n_tokens,
            "both": (row >= n_tokens) | (column > row),
        }[made.first.time_axis]
        np.testing.assert_array_equal(never, np.broadcast_to(expected, never.shape))
