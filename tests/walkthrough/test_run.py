"""A run keeps everything that the film quotes, and words read as words."""

from __future__ import annotations

import json

import numpy as np
import pytest

from llmviz_addon import anatomy, languages, model, walkthrough
from llmviz_addon.walkthrough import Run, Texts, wording
from llmviz_addon.walkthrough.wording import facts, values

PROMPT = "The quick brown fox jumps over the lazy dog.\n\nThe"


@pytest.fixture(scope="module")
def worded():
    """A model with a large vocabulary, and a run in words, as with a tokenizer."""
    config = model.Config(n_layer=2, n_head=2, n_embd=32, n_ctx=80, n_vocab=300)
    rng = np.random.default_rng(5)
    ids = [250, 3, 8, 250, 7, 9, 11]
    labels = {i: f"·w{i}" for i in range(300)} | {250: "The", 7: "⏎", 9: "·"}
    probabilities = rng.dirichlet(np.full(300, 0.05), len(ids))
    texts = Texts(PROMPT, " end\nof it", " end\nof it all")
    run = Run.made(ids[:5], ids, labels, probabilities, "Made Up", texts)
    return anatomy.build(config, 7), run, probabilities


def test_the_best_five_candidates_are_those_of_a_full_sort(worded):
    _, run, probabilities = worded
    for best, row in zip(run.candidates, probabilities, strict=True):
        order = sorted(range(len(row)), key=lambda token: (-row[token], token))[:5]
        assert [c.token for c in best] == order
        assert [c.probability for c in best] == pytest.approx(row[order])


def test_of_equally_probable_tokens_the_lower_index_comes_first():
    run = Run.made([2], [2], {}, np.full((1, 40), 1 / 40))
    assert [c.token for c in run.candidates[0]] == [0, 1, 2, 3, 4]


def test_a_small_vocabulary_has_fewer_candidates(sorter):
    _, run = sorter
    assert {len(best) for best in run.candidates} == {3}


@pytest.mark.parametrize(
    ("p", "sentence", "gauge"),
    [
        (0.97, "0.970", ".97"),
        (0.999999, "more than 0.999", "> .99"),
        (0.005001, "0.005", ".01"),
        (0.0049, "0.005", "< .01"),
        (0.0001, "less than 0.001", "< .01"),
    ],
)
def test_a_probability_reads_neither_as_certain_nor_as_impossible(p, sentence, gauge):
    assert wording.probability(p, languages.load().numbers) == sentence
    assert wording.probability(p) == gauge


def test_a_token_probability_is_that_of_the_token_that_follows(worded):
    _, run, probabilities = worded
    expected = [probabilities[i, run.ids[i + 1]] for i in range(6)] + [probabilities[6].max()]
    assert run.token_probabilities == pytest.approx(expected)


def test_a_run_comes_back_from_a_scene_as_it_was(worded, sorter):
    for run in (worded[1], sorter[1]):
        kept = run.to_json()
        json.loads(kept)
        back = Run.from_json(kept)
        assert back.to_json() == kept
        assert (back.predicted, back.labels) == (run.predicted, run.labels)
        assert back.candidates == run.candidates and back.texts == run.texts


def test_words_are_quoted_as_they_are_spelled(worded):
    body, run, _ = worded
    words = languages.load().numbers
    told = values(body, run, {**words, "colors": ["b", "g", "a"]})
    assert told["prompt"] == "“The quick brown fox …”"
    assert told["appended"] == "“end of it”"
    assert told["result"] == "“end of it all”"
    assert told["token_ids"] == "“The” is 250, “w3” is 3"
    assert told["letter"] == "“·”"
    assert {"words", "large_vocabulary"} <= facts(body, run)


def test_the_prediction_names_the_five_best_where_there_are_many(worded):
    body, run, _ = worded
    film = walkthrough.compile(None, body, run)
    text = next(c.text for c in film.captions if c.beat == "introduction.prediction")
    for candidate in run.candidates[4]:
        assert run.name(candidate.token) in text
    assert len(run.candidates[4]) == 5


@pytest.mark.parametrize(
    ("n", "ordinal"),
    [(6, "sixth"), (13, "13th"), (21, "21st"), (62, "62nd"), (63, "63rd"), (64, "64th")],
)
def test_ordinals_are_written_as_they_are_spoken(sized, n, ordinal):
    body, run = sized(n_ctx=70, n_prompt=n, n_tokens=n + 1)
    words = {**languages.load().numbers, "colors": ["b", "g", "a"]}
    assert values(body, run, words)["last_ordinal"] == ordinal


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ((-0.11, -0.0321), ("\u22120.110", "\u22120.032", "\u22120.142")),
        ((0.0684, 0.0934), ("0.0684", "0.0934", "0.1618")),
        ((2.0, 0.5), ("2.00", "0.50", "2.50")),
        ((0.0, 1.5), ("0.00", "1.50", "1.50")),
    ],
)
def test_numbers_that_are_added_add_up_as_they_are_written(numbers, written):
    assert wording.added(*numbers, sum(numbers)) == written


def test_a_number_too_small_for_decimals_is_written_by_itself():
    assert wording.added(1e-7, 0.3, 0.3000001) == ("1.0e\u22127", "0.30", "0.30")


def test_the_answer_is_what_was_appended(sorter):
    _, run = sorter
    assert run.answer == "".join("ABC"[token] for token in run.ids[run.n_prompt :])
