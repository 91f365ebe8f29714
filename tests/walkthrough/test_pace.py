"""The time of a sweep is shared out over the computed cells, counted from the cells' order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon.walkthrough.pace import computed_cells, dot_length, relative_time, schedule


@pytest.mark.parametrize(("n_prompt", "n_tokens"), [(4, 7), (1, 9), (9, 9), (3, 3)])
def test_cells_of_a_pass_are_those_whose_order_it_completes(sized, n_prompt, n_tokens):
    anatomy, _ = sized(n_layer=1)
    for block in anatomy.blocks.values():
        order = block.order(n_prompt, n_tokens)
        done = 0
        for p in range(n_tokens - n_prompt + 1):
            reached = np.count_nonzero(order <= block.progress_after(p, n_prompt, n_tokens))
            if block.kind != "weight":
                assert computed_cells(block, p, n_prompt, n_tokens) == reached - done, block.name
            done = reached


def test_dot_products_are_as_long_as_what_is_summed(sized):
    anatomy, _ = sized(n_layer=1, n_head=2, n_embd=16, n_ctx=9)
    lengths = {
        "embedding": 1,
        "layer0.ln_1.mean": 16,
        "layer0.ln_1": 1,
        "layer0.head0.q": 16,
        "layer0.head0.attention_scores": 8,
        "layer0.head0.output": 9,
        "layer0.attention_output": 16,
        "layer0.attention_residual": 1,
        "layer0.mlp": 16,
        "layer0.mlp_activation": 1,
        "layer0.mlp_result": 64,
        "logits": 16,
    }
    for name, length in lengths.items():
        assert dot_length(anatomy.blocks[name]) == length, name


@pytest.mark.parametrize("together", [True, False])
def test_intervals_follow_each_other_in_proportion(sized, together):
    anatomy, _ = sized(n_layer=2, n_head=2)
    names = list(anatomy.blocks)
    intervals = schedule(
        anatomy.blocks, ("tokens", "probabilities"), 1, (4, 7), (10.0, 16.0), together=together
    )
    computed = [name for name in names if anatomy.blocks[name].kind != "weight"]
    assert sorted(w.block for w in intervals) == sorted(computed)
    spans = sorted({(w.start, w.end) for w in intervals})
    assert spans[0][0] == 10
    assert spans[-1][1] == pytest.approx(16)
    for (_, end), (start, _) in pairwise(spans):
        assert start == end
    paces = [(w.end - w.start) / relative_time(anatomy.blocks[w.block], 1, 4, 7) for w in intervals]
    assert paces == pytest.approx([paces[0]] * len(paces))
    heads = {w.start for w in intervals if w.block.endswith(".attention")}
    assert len(heads) == (2 if together else 4)
    for interval in intervals:
        assert interval.progress == anatomy.blocks[interval.block].progress_after(1, 4, 7)


def test_a_part_of_the_heads_work_is_a_part_for_all_heads(sized):
    anatomy, _ = sized(n_layer=1, n_head=2)
    span = ("layer0.ln_1.mean", "layer0.head1.v")
    intervals = schedule(anatomy.blocks, span, 0, (4, 7), (0.0, 1.0))
    roles = {anatomy.blocks[interval.block].role for interval in intervals}
    assert roles == {"ln_1.mean", "ln_1.std", "ln_1", "q", "k", "v"}
    assert len(intervals) == 9
