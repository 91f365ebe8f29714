"""The sorter that comes with the extension: its skill at sorting, and its trace."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from llmviz_addon import model

PRESETS = Path(__file__).parents[2] / "presets" / "models"


@pytest.fixture(scope="module")
def nano() -> model.Model:
    return model.load("nano-gpt")


def test_it_sorts_all_729_inputs(nano):
    n_sorted = 0
    for letters in product("ABC", repeat=6):
        ids = nano.tokenizer.encode("".join(letters))
        n_sorted += nano.tokenizer.decode(nano.generate(ids, 6)) == "".join(sorted(letters))
    assert n_sorted == 729


def test_letters_are_tokens_in_alphabetical_order(nano):
    assert nano.tokenizer.encode("CBABBC") == [2, 1, 0, 1, 1, 2]
    assert nano.tokenizer.decode([0, 1, 2]) == "ABC"


def test_its_architecture_is_that_of_the_sorting_demo(nano):
    config = nano.config
    assert (config.n_layer, config.n_head, config.n_embd, config.n_ctx) == (3, 3, 48, 11)
    assert (config.n_vocab, config.d_head, config.d_ff, config.tied) == (3, 16, 192, False)
    assert config.n_parameters == 85_584


def test_the_parameters_are_counted_as_the_file_holds_them(nano):
    counted = sum(nano.weights[name].size for name in nano.weights)
    assert counted == nano.config.n_parameters + nano.config.n_head_parameters


def test_the_trace_has_the_206_blocks_of_the_reference(nano):
    trace = nano.forward(nano.read_prompt("CBABBC"))
    assert len(trace) == len(list(trace)) == 206
    for name in trace:
        assert np.isfinite(trace[name]).all() or name.endswith("attention_scores")


def test_only_the_prompt_is_computed(nano):
    trace = nano.forward(nano.tokenizer.encode("CBA"))
    assert trace.n_tokens == 3
    assert trace.ids == [2, 1, 0]
    assert trace["layer2.mlp"].shape == (3, 192)
    assert trace.logits.shape == (3, 3)


def test_weight_blocks_are_the_slices_that_make_the_vectors(nano):
    trace = nano.forward(nano.read_prompt("CBABBC"))
    for layer, head, kind in product(range(3), range(3), "qkv"):
        block = f"layer{layer}.head{head}.{kind}"
        wanted = trace[f"layer{layer}.ln_1"] @ trace[f"{block}_weight"] + trace[f"{block}_bias"]
        np.testing.assert_allclose(trace[block], wanted, atol=1e-5)


def test_weight_blocks_are_views_of_the_mapped_file(nano):
    trace = nano.forward([0])
    whole = nano.weights["h.1.attn.c_attn.weight"]
    assert np.shares_memory(trace["layer1.head2.v_weight"], whole)
    assert not whole.flags.owndata


def test_nothing_in_a_trace_can_be_overwritten(nano):
    trace = nano.forward(nano.read_prompt("CBABBC"))
    assert not any(trace[name].flags.writeable for name in trace)


def test_scores_are_masked_above_the_diagonal(nano):
    trace = nano.forward(nano.read_prompt("CBABBC"))
    scores = trace["layer0.head1.attention_scores"]
    future = np.triu(np.ones((6, 6), bool), 1)
    assert np.isneginf(scores[future]).all()
    assert np.isfinite(scores[~future]).all()
    np.testing.assert_array_equal(trace["layer0.head1.attention_max"], scores.max(axis=1))


def test_an_unknown_block_suggests_a_known_one(nano):
    trace = nano.forward([0])
    with pytest.raises(KeyError, match=r"layer0\.head1\.q"):
        trace["layer0.haed1.q"]


def test_generating_nothing_gives_nothing(nano):
    assert nano.generate([0, 1], 0) == []


def test_the_weights_say_where_they_come_from():
    with safe_open(PRESETS / "nano-gpt.safetensors", "np") as file:
        metadata = file.metadata()
    assert metadata["license"] == "CC0-1.0"
    assert json.loads(metadata["config"])["n_layer"] == 3
    record = (PRESETS / "nano-gpt.md").read_text()
    assert f"| seed | {metadata['seed']} |" in record
    assert "729 of 729" in record


def test_the_weights_load_without_their_preset(nano):
    bare = model.load(PRESETS / "nano-gpt.safetensors")
    assert bare.config == nano.config
    ids = [2, 1, 0, 1, 1, 2]
    np.testing.assert_array_equal(bare.forward(ids).logits, nano.forward(ids).logits)
