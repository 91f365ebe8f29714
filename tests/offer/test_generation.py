"""The sentence on the tokens that a model will append."""

from __future__ import annotations

import pytest

from llmviz_addon import model
from llmviz_addon.model import GREEDY, Sampling
from llmviz_addon.offer import generation

SMALL = model.Config(n_layer=1, n_head=1, n_embd=4, n_ctx=11, n_vocab=3)
LARGE = model.Config(n_layer=1, n_head=1, n_embd=4, n_ctx=1024, n_vocab=50257)


@pytest.mark.parametrize(
    ("config", "n_prompt", "n", "sampling", "told"),
    [
        (SMALL, 6, 5, GREEDY, "Appends 5 tokens, each the most probable one"),
        (SMALL, 6, 1, GREEDY, "Appends 1 token, the most probable one"),
        (SMALL, 6, 5, Sampling(2.0, 1, 3), "Appends 5 tokens, each the most probable one"),
        (LARGE, 6, 20, Sampling(0.8), "Appends 20 tokens, each drawn at temperature 0.8"),
        (
            LARGE,
            6,
            20,
            Sampling(1.0, 40),
            "Appends 20 tokens, each drawn at temperature 1 from the 40 most probable ones",
        ),
        (
            LARGE,
            1023,
            30,
            GREEDY,
            "Appends 1 of 30 tokens, where the context ends, the most probable one",
        ),
        (SMALL, 6, 5, Sampling(6.0, 40), "Appends 5 tokens, each drawn at temperature 6"),
        (SMALL, 11, 5, GREEDY, "Appends no token, since the prompt fills the context of 11"),
        (SMALL, 6, 0, Sampling(1.0), "Appends no token; the prediction is only read"),
    ],
)
def test_it_says_how_many_and_how_they_are_chosen(config, n_prompt, n, sampling, told):
    assert generation.sentence(config, n_prompt, n, sampling) == told


def test_choices_are_the_same_where_they_give_the_same_tokens():
    one = (5, GREEDY)
    assert generation.same(one, (5, Sampling(0.0, 7, 9)))
    assert generation.same(one, (5, Sampling(3.0, 1, 9)))
    assert generation.same((0, GREEDY), (0, Sampling(3.0)))
    assert not generation.same(one, (4, GREEDY))
    assert not generation.same(one, (5, Sampling(1.0)))
    assert not generation.same((5, Sampling(1.0, 0, 1)), (5, Sampling(1.0, 0, 2)))
