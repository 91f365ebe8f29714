"""Sequences that grow token by token: the numbers of one pass, without computing it again."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from llmviz_addon import model
from llmviz_addon.model.safetensors_file import StoredTensor

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(
    folder.name for folder in GOLDEN.iterdir() if (folder / "trace.safetensors").exists()
)
NANO = [2, 1, 0, 1, 1, 2]


def finish(steps):
    """Everything that a generator of steps yields, and its result."""
    seen = []
    while True:
        try:
            seen.append(next(steps))
        except StopIteration as stop:
            return seen, stop.value


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n_prompt", [1, 3])
def test_a_completed_sequence_has_the_numbers_of_a_pass_over_it(case, n_prompt):
    loaded = model.load(GOLDEN / case)
    prompt = load_file(GOLDEN / case / "trace.safetensors")["tokens"][:n_prompt].tolist()
    trace = loaded.complete(prompt, 100)
    assert trace.n_tokens == loaded.config.n_ctx
    assert trace.ids[: len(prompt)] == prompt
    whole = loaded.forward(trace.ids)
    assert list(trace) == list(whole)
    for name in trace:
        assert trace[name].shape == whole[name].shape, name
        assert not trace[name].flags.writeable, name
        np.testing.assert_allclose(trace[name], whole[name], rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_positions_computed_one_by_one_agree_with_transformers(case, monkeypatch):
    # The model does not choose: it gets the golden file's tokens, one after the other.
    golden = load_file(GOLDEN / case / "trace.safetensors")
    tokens = golden["tokens"].tolist()
    following = iter(tokens[1:])
    monkeypatch.setattr("llmviz_addon.model.network.Sampler.__call__", lambda *_: next(following))
    trace = model.load(GOLDEN / case).complete(tokens[:1], len(tokens) - 1)
    assert trace.ids == tokens
    for name, wanted in golden.items():
        np.testing.assert_allclose(trace[name], wanted, rtol=1e-5, atol=1e-5, err_msg=name)


def test_the_tokens_appended_are_those_generated():
    nano = model.load("nano-gpt")
    assert nano.complete(NANO, 5).ids == [*NANO, *nano.generate(NANO, 5)]
    assert nano.tokenizer.decode(nano.generate(NANO, 6)) == "ABBBCC"
    hot = model.Sampling(temperature=50.0, seed=3)
    assert nano.complete(NANO, 5, hot).ids[6:] == nano.generate(NANO, 6, hot)[:5]


def test_what_does_not_fit_the_context_is_not_appended():
    nano = model.load("nano-gpt")
    assert nano.complete(NANO, 6).n_tokens == 11
    assert nano.complete([0] * 11, 6).ids == [0] * 11
    assert nano.complete(NANO, 0).ids == NANO


def test_fewer_than_no_tokens_are_refused():
    nano = model.load("nano-gpt")
    for continued in (nano.complete, nano.generate):
        with pytest.raises(model.SamplingError, match="-1 tokens"):
            continued(NANO, -1)


def test_steps_come_with_every_layer_and_say_how_far_it_is():
    seen, trace = finish(model.load("nano-gpt").complete_steps(NANO, 2))
    assert trace.n_tokens == 8
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] < 1.0
    assert len(seen) == 3 * (1 + 3)  # passes of three layers each
    assert seen[3] == (pytest.approx(fractions[3]), "Computing the prompt, layer 3 of 3")
    assert seen[-1][1] == "Computing token 2 of 2, layer 3 of 3"


def test_no_more_than_a_layer_is_read_between_steps(monkeypatch):
    touched = count_touches(monkeypatch)
    steps = model.load("nano-gpt").complete_steps(NANO, 5)
    next(steps)
    assert not touched
    next(steps)
    assert {layer for name in touched for layer in re.findall(r"\bh\.(\d)", name)} == {"0"}
    steps.close()


@pytest.mark.parametrize(("appended", "case"), [(0, "mingpt"), (4, "mingpt"), (4, "bfloat16")])
def test_each_pass_reads_each_weight_once(monkeypatch, appended, case):
    touched = count_touches(monkeypatch)
    loaded = model.load(GOLDEN / case)
    touched.clear()
    loaded.complete([0, 1], appended)
    times = appended + 1
    tied = {"transformer.wte.weight": 2 * times} if loaded.config.tied else {}
    assert touched == {**dict.fromkeys(touched, times), **tied}
    assert len(touched) == len({loaded.weights._source(name).tensor for name in loaded.weights})


def count_touches(monkeypatch) -> Counter[str]:
    """Count how often each stored tensor's numbers are asked for, from now on."""
    touched: Counter[str] = Counter()
    raw = StoredTensor.raw

    def counting(tensor):
        touched[tensor.name] += 1
        return raw(tensor)

    monkeypatch.setattr(StoredTensor, "raw", counting)
    return touched


def test_a_quiet_step_leaves_numpys_warnings_as_they_were():
    before = np.geterr()
    steps = model.load("nano-gpt").complete_steps(NANO, 1)
    next(steps)
    next(steps)
    assert np.geterr() == before
    steps.close()
