"""Weights by name: read lazily, checked, and the same as the safetensors library reads."""

from __future__ import annotations

import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", ["huggingface-untied-bare", "float16"])
def test_tensors_are_what_the_safetensors_library_reads(case):
    tensors = load_file(GOLDEN / case / "model.safetensors")
    weights = model.load(GOLDEN / case).weights
    for name, tensor in tensors.items():
        short = name.removeprefix("transformer.")
        short = {"wte.weight": "wte", "wpe.weight": "wpe", "lm_head.weight": "lm_head"}.get(
            short, short
        )
        assert weights[short].dtype == np.float32
        np.testing.assert_array_equal(weights[short], tensor.astype(np.float32))
        assert weights.shape(short) == tensor.shape


def test_canonical_names_are_those_of_the_architecture_page():
    weights = model.load("nano-gpt").weights
    assert {"wte", "wpe", "h.2.mlp.c_proj.bias", "ln_f.weight", "lm_head"} <= set(weights)
    assert weights["h.0.attn.c_attn.weight"].shape == (48, 144)
    assert weights["h.0.mlp.c_fc.weight"].shape == (48, 192)
    assert len(weights) == 2 + 3 * 12 + 2 + 1


def test_linear_layers_are_given_as_in_by_out_whatever_the_file_has():
    weights = model.load(GOLDEN / "nanogpt").weights
    stored = load_file(GOLDEN / "nanogpt" / "model.safetensors")
    name = "h.1.mlp.c_fc.weight"
    np.testing.assert_array_equal(weights[name], stored[f"_orig_mod.transformer.{name}"].T)


def test_a_tied_head_is_the_token_embedding():
    weights = model.load(GOLDEN / "huggingface-tied").weights
    assert np.shares_memory(weights["lm_head"], weights["wte"])


def test_an_unknown_weight_is_a_key_error_that_lists_some():
    weights = model.load("nano-gpt").weights
    with pytest.raises(KeyError, match="wte"):
        weights["wte.weight"]
    assert "wte.weight" not in weights
    assert "wte" in weights


def test_a_part_of_a_half_precision_weight_is_converted_alone():
    weights = model.load(GOLDEN / "bfloat16").weights
    whole = weights["h.0.attn.c_attn.weight"]
    part = weights.part("h.0.attn.c_attn.weight", (..., slice(8, 16)))
    np.testing.assert_array_equal(part, whole[:, 8:16])
    assert part.base is None or part.base.nbytes <= whole[:, 8:16].nbytes


@pytest.mark.skipif(sys.platform != "linux", reason="other systems may fill a file's holes")
def test_a_checkpoint_larger_than_memory_opens_at_no_cost(tmp_path, write_hollow):
    # 100 GB of zeros that take no room on disk: reading them all would be noticed.
    width, n_layer = 16_384, 8
    sizes = {"n_layer": n_layer, "n_embd": width, "n_positions": 4, "vocab_size": 5}
    write_hollow(tmp_path / "model.safetensors", **sizes)
    config = {"model_type": "gpt2", "n_head": 128, **sizes}
    (tmp_path / "config.json").write_text(json.dumps(config))
    tracemalloc.start()
    loaded = model.load(tmp_path)
    assert loaded.config.n_parameters * 4 > 100e9
    assert not loaded.weights["h.7.ln_2.weight"].any()
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()
