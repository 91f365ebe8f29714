"""The forward pass against Hugging Face's transformers, every intermediate of it.

`tools/make_golden.py` wrote the files, without any code of ours.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())
TOLERANCE = 1e-5


def test_there_are_cases_of_every_kind():
    configs = [model.load(GOLDEN / case).config for case in CASES]
    assert {config.tied for config in configs} == {True, False}
    assert {config.bias for config in configs} == {True, False}
    assert {config.activation for config in configs} >= {"gelu_tanh", "gelu", "relu"}
    assert len({config.n_embd for config in configs}) >= 3


@pytest.mark.parametrize("case", CASES)
def test_every_intermediate_agrees_with_transformers(case):
    golden = load_file(GOLDEN / case / "trace.safetensors")
    loaded = model.load(GOLDEN / case)
    trace = loaded.forward(golden["tokens"].tolist())
    computed = [name for name in trace if not is_weight(name)]
    assert sorted(computed) == sorted(golden)
    for name in computed:
        wanted = golden[name]
        assert trace[name].shape == wanted.shape, name
        assert trace[name].dtype == (np.int64 if name == "tokens" else np.float32), name
        np.testing.assert_allclose(
            trace[name], wanted, rtol=TOLERANCE, atol=TOLERANCE, err_msg=name
        )


@pytest.mark.parametrize("case", CASES)
def test_logits_agree_absolutely(case):
    golden = load_file(GOLDEN / case / "trace.safetensors")
    logits = model.load(GOLDEN / case).forward(golden["tokens"].tolist()).logits
    assert np.abs(logits - golden["logits"]).max() < TOLERANCE


@pytest.mark.parametrize("case", CASES)
def test_a_shorter_prompt_computes_the_same_columns(case):
    # Causal attention: what is computed for a prefix does not depend on what follows.
    golden = load_file(GOLDEN / case / "trace.safetensors")
    loaded = model.load(GOLDEN / case)
    for length in {1, (len(golden["tokens"]) + 1) // 2}:
        logits = loaded.forward(golden["tokens"][:length].tolist()).logits
        np.testing.assert_allclose(logits, golden["logits"][:length], rtol=0, atol=2e-5)


def is_weight(name: str) -> bool:
    return name in ("wte", "wpe", "lm_head") or name.endswith(("weight", "bias"))
