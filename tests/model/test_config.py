"""Architectures: counts of their numbers, their limits, and the presets that describe some."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from llmviz_addon import model

TINY = model.Config(n_layer=1, n_head=2, n_embd=8, n_ctx=4, n_vocab=5)

# Counted by Hugging Face's GPT2Model for the released checkpoints. GPT-3 has never been released:
# embeddings of 50,257 tokens and 2048 positions, 96 layers of 12 C² weights and 13 C biases and
# norms, and the last norm, at C = 12,288 (Brown et al. 2020, table 2.1).
PARAMETERS = {
    "nano-gpt": 85_584,
    "gpt2": 124_439_808,
    "gpt2-xl": 1_557_611_200,
    "gpt3": 50257 * 12288 + 2048 * 12288 + 96 * (12 * 12288**2 + 13 * 12288) + 2 * 12288,
}

# Half of what torch 2.13's FlopCounterMode counts (it counts an addition with each multiplication)
# when transformers 5.23's GPT2LMHeadModel, eager attention on the meta device, reads one token
# with the keys and values of the positions before it in its cache.
MULTIPLICATIONS = [
    ("gpt2", 64, 249_423_360 // 2),
    ("gpt2", 1024, 284_812_800 // 2),
    ("gpt2-xl", 1024, 3_424_515_200 // 2),
]


def test_sizes_left_out_have_their_usual_value():
    assert (TINY.n_kv_head, TINY.d_head, TINY.d_ff) == (2, 4, 32)


def test_a_configuration_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        TINY.n_layer = 2


def test_a_tied_head_is_not_counted_twice():
    assert TINY.n_head_parameters == 0
    assert replace(TINY, tied=False).n_head_parameters == 5 * 8
    assert replace(TINY, tied=False).n_parameters == TINY.n_parameters


def test_biases_are_counted_only_where_there_are_any():
    # Four linear layers of 24, 8, 32 and 8 outputs, and three norms of 8.
    assert TINY.n_parameters - replace(TINY, bias=False).n_parameters == 72 + 24


@pytest.mark.parametrize(
    "change",
    [
        {"n_layer": 0},
        {"n_layer": 10**9},
        {"n_head": 3},
        {"n_kv_head": 3},
        {"n_embd": -8},
        {"n_vocab": 2.0},
        {"n_ctx": True},
        {"n_ctx": "4"},
        {"d_ff": None},
        {"norm": "batch_norm"},
        {"norm_eps": 0.0},
        {"norm_eps": float("nan")},
        {"norm_eps": "small"},
        {"activation": "sine"},
        {"activation": ["gelu"]},
        {"position": "none"},
        {"tied": 1},
        {"bias": "yes"},
    ],
    ids=str,
)
def test_an_impossible_architecture_is_refused_by_name(change):
    with pytest.raises(model.ConfigError, match=next(iter(change))):
        replace(TINY, **change)


def test_presets_are_listed_from_small_to_large():
    listed = model.presets()
    assert [preset.id for preset in listed] == ["nano-gpt", "rhyme-gpt", "gpt2", "gpt2-xl", "gpt3"]
    assert [preset.has_weights for preset in listed] == [True, True, False, False, False]
    assert all(preset.title and preset.summary for preset in listed)


def test_presets_have_as_many_parameters_as_the_models_they_describe():
    counted = {preset.id: preset.config.n_parameters for preset in model.presets()}
    assert {name: counted[name] for name in PARAMETERS} == PARAMETERS
    assert counted["gpt3"] == 174_604_259_328


@pytest.mark.parametrize(("name", "n_positions", "counted"), MULTIPLICATIONS)
def test_a_token_costs_the_multiplications_that_torch_counts(name, n_positions, counted):
    assert model.load(name).config.multiplications(n_positions) == counted


def test_multiplications_follow_sizes_that_are_not_the_usual():
    odd = model.Config(n_layer=2, n_head=4, n_embd=32, n_ctx=64, n_vocab=100, d_ff=40)
    assert odd.multiplications(17) == 37_376 // 2  # counted by torch, as above
    # Keys and values of one head, where there were four: two matrices of 32 x 24 fewer a layer.
    shared = replace(odd, n_kv_head=1)
    assert odd.multiplications(17) - shared.multiplications(17) == 2 * 2 * 32 * 24


@pytest.mark.parametrize("n_positions", [0, -1, 5])
def test_a_position_outside_the_context_costs_nothing_that_could_be_counted(n_positions):
    with pytest.raises(model.ConfigError, match="1 to 4"):
        TINY.multiplications(n_positions)


@pytest.mark.parametrize("name", ["gpt2", "gpt2-xl", "gpt3"])
def test_an_architecture_without_numbers_loads_and_says_so(name):
    loaded = model.load(name)
    assert loaded.weights is None
    assert not loaded.has_weights
    with pytest.raises(model.WeightsMissingError, match="architecture only"):
        loaded.forward([0])
    with pytest.raises(model.WeightsMissingError, match="architecture only"):
        loaded.generate([0], 1)


def test_every_exception_is_a_model_error():
    for error in (
        model.CheckpointError,
        model.ConfigError,
        model.PromptError,
        model.WeightsMissingError,
    ):
        assert issubclass(error, model.ModelError)
        assert issubclass(error, ValueError)
