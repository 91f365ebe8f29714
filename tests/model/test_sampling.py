"""The next token: the chances that published formulas give it, and draws that a seed repeats."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from llmviz_addon import model
from llmviz_addon.model import GREEDY, Sampling, SamplingError
from llmviz_addon.model.sampling import Sampler

CASES = json.loads((Path(__file__).parent / "sampling" / "chances.json").read_text("utf-8"))

# (temperature, top-k, seed) and what nano-gpt then writes after CBABBC; no draw of these comes
# nearer to a boundary between two tokens than `NEAREST`.
WRITTEN = {
    (6.0, 0, 1): "ACBCCC",
    (6.0, 0, 4): "BBABCC",
    (6.0, 2, 4): "ABCBCC",
    (50.0, 0, 2): "ABABBA",
    (50.0, 2, 7): "BACBCB",
}
NEAREST = 1e-3


@pytest.mark.parametrize("case", CASES)
def test_chances_are_those_of_transformers(case):
    sampling = Sampling(case["temperature"], case["top_k"])
    logits = np.array(case["logits"], np.float32)
    found = sampling.distribution(logits)
    np.testing.assert_allclose(found, case["probabilities"], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(found == 0, np.array(case["probabilities"]) == 0)


def test_chances_are_those_computed_by_hand():
    logits = np.log(np.array([0.1, 0.4, 0.3, 0.2]))
    for sampling, chances in (
        (Sampling(1.0), [0.1, 0.4, 0.3, 0.2]),
        # At temperature 1/2 the odds are squared: 1 : 16 : 9 : 4.
        (Sampling(0.5), [1 / 30, 16 / 30, 9 / 30, 4 / 30]),
        (Sampling(1.0, 2), [0, 4 / 7, 3 / 7, 0]),
        (Sampling(0.5, 3), [0, 16 / 29, 9 / 29, 4 / 29]),
        (Sampling(0.0), [0, 1, 0, 0]),
        (Sampling(1.0, 1), [0, 1, 0, 0]),
    ):
        np.testing.assert_allclose(sampling.distribution(logits), chances, rtol=0, atol=1e-15)


@pytest.mark.parametrize(
    ("u", "token"),
    [
        # Most probable first, the sums are 0.4, 0.7, 0.9, 1: tokens 1, 2, 3, 0.
        (0.0, 1),
        (0.399, 1),
        (0.401, 2),
        (0.699, 2),
        (0.701, 3),
        (0.899, 3),
        (0.901, 0),
        (1 - 2.0**-53, 0),
    ],
)
def test_a_token_is_drawn_where_the_sum_of_chances_passes_the_draw(u, token):
    logits = np.log(np.array([0.1, 0.4, 0.3, 0.2]))
    assert Sampling(1.0).choose(logits, u) == token


def test_the_draws_of_a_seed_are_the_first_numbers_of_its_pcg64():
    # `default_rng(0).random(4)`, the same since numpy 1.17.
    draws = [0.6369616873214543, 0.2697867137638703, 0.04097352393619469, 0.016527635528529094]
    asked = []

    class Recording(Sampling):
        def choose(self, logits, u):
            asked.append(u)
            return 0

    sampler = Sampler(Recording(1.0, 0, 0))
    for _ in draws:
        sampler(np.zeros(2))
    assert asked == draws


@given(
    some.lists(some.floats(-200, 200, width=32), min_size=1, max_size=40),
    some.one_of(some.just(0.0), some.floats(1e-300, 1e6)),
    some.integers(0, 50),
    some.floats(0, 1, exclude_max=True),
)
def test_whatever_is_drawn_could_be_drawn(numbers, temperature, top_k, u):
    logits, sampling = np.array(numbers, np.float32), Sampling(temperature, top_k)
    chances = sampling.distribution(logits)
    assert chances.sum() == pytest.approx(1.0, abs=1e-12)
    assert (chances >= 0).all()
    token = sampling.choose(logits, u)
    assert chances[token] > 0
    if top_k:
        assert np.count_nonzero(chances) <= top_k
        assert (logits > logits[token]).sum() < top_k


@given(some.lists(some.floats(-200, 200, width=32), min_size=1, max_size=40), some.floats(0, 0.99))
def test_temperature_0_and_top_k_1_take_the_first_of_the_largest(numbers, u):
    logits = np.array(numbers, np.float32)
    largest = numbers.index(max(numbers))
    for sampling in (GREEDY, Sampling(0.0, 7, 5), Sampling(3.0, 1, 5)):
        assert sampling.is_greedy
        assert sampling.choose(logits, u) == largest


@given(some.lists(some.floats(-50, 50, width=32), min_size=2, max_size=20), some.floats(0, 0.99))
def test_a_lower_temperature_draws_no_less_probable_a_token(numbers, u):
    logits = np.array(numbers, np.float32)
    drawn = [logits[Sampling(t).choose(logits, u)] for t in (0.0, 0.1, 0.5, 1.0, 3.0, 40.0)]
    assert drawn == sorted(drawn, reverse=True)


@pytest.mark.parametrize("choice", WRITTEN)
def test_a_seed_writes_the_same_with_every_version(choice):
    nano, sampling = model.load("nano-gpt"), Sampling(*choice)
    prompt = nano.read_prompt("CBABBC")
    written = nano.generate(prompt, 6, sampling)
    assert nano.tokenizer.decode(written) == WRITTEN[choice]
    logits = nano.forward([*prompt, *written[:-1]]).logits[len(prompt) - 1 :].tolist()
    random = np.random.PCG64(choice[2])
    for row, token in zip(logits, written, strict=True):
        u = (random.random_raw() >> 11) / 2**53
        ranked, sums = by_hand(row, *choice[:2])
        assert token == next(t for t, total in zip(ranked, sums, strict=True) if total > u)
        assert min(abs(total - u) for total in sums[:-1]) > NEAREST


def by_hand(logits: list[float], temperature: float, top_k: int) -> tuple[list[int], list[float]]:
    """The tokens that may be drawn, the most probable one first, and the sums of their chances."""
    ranked = sorted(range(len(logits)), key=lambda token: (-logits[token], token))
    ranked = ranked[: top_k or len(ranked)]
    share = [math.exp((logits[t] - logits[ranked[0]]) / temperature) for t in ranked]
    return ranked, list(itertools.accumulate(s / math.fsum(share) for s in share))


def test_more_tokens_go_on_where_fewer_ended():
    nano, sampling = model.load("nano-gpt"), Sampling(20.0, 0, 9)
    texts = [nano.generate([2, 1], n, sampling) for n in range(1, 9)]
    assert all(longer[:-1] == text for text, longer in itertools.pairwise(texts))


def test_other_seeds_draw_other_tokens():
    nano = model.load("nano-gpt")
    assert len({tuple(nano.generate([2], 8, Sampling(50.0, 0, seed))) for seed in range(20)}) > 15


@pytest.mark.parametrize("temperature", [-1.0, -1e-9, math.nan, math.inf, "hot", None, True])
def test_an_impossible_temperature_is_refused(temperature):
    with pytest.raises(SamplingError, match="temperature"):
        Sampling(temperature)


@pytest.mark.parametrize("top_k", [-1, 1.5, "all", None])
def test_an_impossible_top_k_is_refused(top_k):
    with pytest.raises(SamplingError, match="Top-k"):
        Sampling(1.0, top_k)


@pytest.mark.parametrize("seed", [-1, 0.5, "random", None])
def test_an_impossible_seed_is_refused(seed):
    with pytest.raises(SamplingError, match="seed"):
        Sampling(1.0, 0, seed)
