"""Prompts as people type them: read, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import model


@pytest.fixture(scope="module")
def nano() -> model.Model:
    return model.load("nano-gpt")


@pytest.mark.parametrize("prompt", ["CBD", "C A", "CBÄ", "C\n", "A\0"])
def test_a_foreign_letter_is_named_with_its_place(nano, prompt):
    place = next(i for i, letter in enumerate(prompt, 1) if letter not in "ABC")
    with pytest.raises(model.PromptError, match=rf"Letter {place} .* A, B, C"):
        nano.read_prompt(prompt)


@pytest.mark.parametrize("typed", ["cba", "CbA", "ＣＢＡ", "ｃba"])
def test_a_small_or_a_wide_letter_is_read_as_the_capital_that_the_model_knows(nano, typed):
    assert nano.read_prompt(typed) == nano.read_prompt("CBA")


def test_a_vocabulary_with_both_cases_tells_them_apart():
    assert model.Tokenizer(3, "aAb").encode("aAB") == [0, 1, 2]


def test_an_empty_prompt_is_refused(nano):
    with pytest.raises(model.PromptError, match="empty"):
        nano.read_prompt("")
    with pytest.raises(model.PromptError, match="empty"):
        nano.forward([])


def test_a_prompt_as_long_as_the_context_is_read(nano):
    assert nano.forward(nano.read_prompt("A" * 11)).n_tokens == 11


def test_a_longer_prompt_is_refused(nano):
    with pytest.raises(model.PromptError, match=r"12 tokens.* 11"):
        nano.read_prompt("A" * 12)
    with pytest.raises(model.PromptError, match=r"12 tokens.* 11"):
        nano.forward([0] * 12)


@pytest.mark.parametrize("ids", [[3], [-1], [0, 10**30]])
def test_a_token_outside_the_vocabulary_is_refused(nano, ids):
    with pytest.raises(model.PromptError, match="0 to 2"):
        nano.forward(ids)


@pytest.mark.parametrize("ids", [[0.5], ["A"], "CBA", 3, None, [[0, 1]]])
def test_what_is_not_a_list_of_tokens_is_refused(nano, ids):
    with pytest.raises(model.PromptError, match="whole token numbers"):
        nano.forward(ids)


def test_numpy_arrays_are_sequences_of_tokens(nano):
    ids = np.array([2, 1, 0], np.int32)
    np.testing.assert_array_equal(nano.forward(ids).logits, nano.forward([2, 1, 0]).logits)


def test_generation_stops_at_the_context(nano):
    assert len(nano.generate([0] * 6, 6)) == 6
    with pytest.raises(model.PromptError, match=r"context of 11.* 6"):
        nano.generate([0] * 6, 7)


def test_without_a_vocabulary_text_is_token_ids():
    tokenizer = model.Tokenizer(50_257)
    assert tokenizer.encode(" 15496  995\n") == [15496, 995]
    assert tokenizer.decode([15496, 995]) == "15496 995"
    assert tokenizer.label(7) == "7"


@pytest.mark.parametrize("text", ["hello", "1 -2", "50257", "1_0", "٣", "9" * 5000, "1.0"])
def test_what_is_no_token_id_is_refused(text):
    with pytest.raises(model.PromptError, match="0 to 50256"):
        model.Tokenizer(50_257).encode(text)


@pytest.mark.parametrize("vocabulary", ["AA", "A", "ABC", ["A", "BC"], ["A", ""], [1, 2]])
def test_a_vocabulary_has_one_letter_for_each_id(vocabulary):
    with pytest.raises(model.ConfigError, match="vocabulary"):
        model.Tokenizer(2, vocabulary)


@pytest.mark.parametrize("token", [-1, 3])
def test_a_token_without_a_label_is_refused(nano, token):
    with pytest.raises(model.PromptError, match="0 to 2"):
        nano.tokenizer.label(token)
