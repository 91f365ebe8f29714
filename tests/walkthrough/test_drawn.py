"""A run whose tokens were drawn tells which, with which chance, and how probable it was."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from llmviz_addon import anatomy, languages, model, walkthrough
from llmviz_addon.model import GREEDY, Sampling
from llmviz_addon.walkthrough import Run, targets, wording
from llmviz_addon.walkthrough.actors import TokenTile
from llmviz_addon.walkthrough.selection import Selection

HOT = Sampling(temperature=8.0, seed=5)


def run_of(sampling: Sampling, prompt: str = "CBABBC", n: int = 5) -> tuple[Run, np.ndarray]:
    """nano-gpt's run, and its logits in float64."""
    network = model.load("nano-gpt")
    ids = network.read_prompt(prompt)
    trace = network.complete(ids, n, sampling)
    return Run.of(network, len(ids), trace, sampling), trace.logits.astype(np.float64)


@pytest.fixture(scope="module")
def drawn():
    """A run of nano-gpt in which less probable tokens were drawn, too, and its logits."""
    run, logits = run_of(HOT)
    assert any(run.ids[t + 1] != run.candidates[t][0].token for t in run.drawn)
    return run, logits


def caption(run: Run, beat: str) -> str:
    film = walkthrough.compile(None, anatomy.build(model.load("nano-gpt").config), run)
    return next(c.text for c in film.captions if c.beat == f"introduction.{beat}")


@pytest.mark.parametrize("top_k", [0, 2])
def test_each_drawn_token_has_its_chance_and_its_probability(top_k):
    run, logits = run_of(replace(HOT, top_k=top_k))
    assert list(run.drawn) == [5, 6, 7, 8, 9]
    for position, candidate in run.drawn.items():
        assert candidate.token == run.ids[position + 1]
        for temperature, count, told in (
            (HOT.temperature, top_k or 3, candidate.probability),
            (1.0, 3, run.token_probabilities[position]),
        ):
            share = np.exp((logits[position] - logits[position].max()) / temperature)
            share[np.argsort(-share)[count:]] = 0
            assert told == pytest.approx(share[candidate.token] / share.sum(), rel=1e-5)


@pytest.mark.parametrize("sampling", [GREEDY, Sampling(9.0, 1, 4), Sampling(0.0, 5, 4)])
def test_a_greedy_run_draws_nothing(sampling, drawn):
    run, _ = run_of(sampling)
    assert run.drawn == {}
    assert run.ids[6:] == tuple("ABC".index(letter) for letter in "ABBBC")
    body = anatomy.build(model.load("nano-gpt").config)
    assert not {"drawn", "top_k"} & wording.facts(body, run)
    assert "drawn" in wording.facts(body, drawn[0])
    assert caption(run, "loop") == "So A goes back to the input."


def test_a_run_in_which_nothing_was_appended_draws_nothing():
    run, _ = run_of(HOT, n=0)
    assert run.drawn == {} and run.chances == ()
    assert "appends its prediction" in caption(run, "end")


def test_a_drawn_run_comes_back_from_a_scene_as_it_was(drawn):
    back = Run.from_json(drawn[0].to_json())
    assert back.drawn == drawn[0].drawn
    assert back.sampling == drawn[0].sampling


def test_a_run_that_was_kept_before_tokens_could_be_drawn_is_greedy(sorter):
    kept = json.loads(sorter[1].to_json())
    del kept["sampling"], kept["chances"]
    assert Run.from_json(json.dumps(kept)).to_json() == sorter[1].to_json()


def test_a_drawn_run_needs_the_chance_of_each_token(drawn):
    with pytest.raises(walkthrough.AuthoringError, match="5 tokens were drawn"):
        replace(drawn[0], chances=drawn[0].chances[1:])
    with pytest.raises(walkthrough.AuthoringError, match="0 tokens were drawn"):
        replace(drawn[0], sampling=GREEDY)


def test_the_film_says_what_was_drawn_and_with_which_chance(drawn):
    run, logits = drawn
    share = np.exp((logits[5] - logits[5].max()) / 8.0)
    percent = round(100 * share[run.ids[6]] / share.sum())
    told = caption(run, "loop")
    assert f"{run.label(run.ids[6])} is drawn with a chance of {percent}\u00a0%" in told
    assert "temperature 8" in told
    assert "Seed 5" in caption(run, "again")
    for letter in "ABC":
        assert f"{letter}\u00a0" in caption(run, "prediction")
    run, _ = run_of(replace(HOT, top_k=2))
    assert "of the 2 most probable" in caption(run, "loop")
    run, _ = run_of(replace(HOT, top_k=3))
    assert "most probable" not in caption(run, "loop"), "that is the whole vocabulary"


def test_a_drawn_token_flies_from_its_own_share(drawn):
    run, _ = drawn
    body = anatomy.build(model.load("nano-gpt").config)
    film = walkthrough.compile(None, body, run)
    selection = Selection(body, run.n_prompt, run.n_tokens)
    bars, tile = selection.tiles(targets.OUTPUT), selection.tiles(targets.INPUT)[0]
    heights = {}
    for actor in film.actors:
        if not isinstance(actor, TokenTile):
            continue
        position = int(actor.name.rpartition(":")[2]) - 1
        z = next(
            c
            for c in film.channels
            if (c.target, c.property, c.index) == (actor.name, "location", 2)
        )
        low, high = bars[position].corners[:, 2]
        heights[position] = (z.keys[0].value - low) / (high - low)
    for position, height in heights.items():
        best = run.candidates[position][0]
        if run.ids[position + 1] == best.token:
            assert height >= 0.5
        else:
            # At the foot of the bar it keeps inside.
            assert height <= max(1 - best.probability, tile.height / bars[position].height / 2)


@pytest.mark.parametrize(
    ("p", "sentence", "short"),
    [
        (0.234, "23\u00a0%", "23 %"),
        (0.996, "more than 99\u00a0%", "> 99 %"),
        (1.0, "more than 99\u00a0%", "> 99 %"),
        (0.994, "99\u00a0%", "99 %"),
        (0.0051, "1\u00a0%", "1 %"),
        (0.0049, "less than 1\u00a0%", "< 1 %"),
    ],
)
def test_a_chance_reads_neither_as_certain_nor_as_impossible(p, sentence, short):
    assert wording.percentage(p, languages.load().numbers) == sentence
    assert wording.percentage(p) == short
