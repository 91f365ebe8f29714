"""The film of rhyme-gpt: text of letters, quoted, and nothing that is true of the sorter only."""

from __future__ import annotations

import pytest

from llmviz_addon import anatomy, model, walkthrough
from llmviz_addon.walkthrough import Companion, Run, still_pose, still_time

from .helpers import chapters


@pytest.fixture(scope="module")
def rhymer():
    """The anatomy of rhyme-gpt, and its run on its own prompt with five letters more."""
    network = model.load("rhyme-gpt")
    prompt = network.read_prompt(network.prompt)
    return anatomy.build(network.config), Run.of(network, len(prompt), network.complete(prompt, 5))


@pytest.fixture(scope="module", params=[16 / 9, 9 / 16], ids=("wide", "tall"))
def film(request, rhymer):
    return walkthrough.compile(None, *rhymer, aspect=request.param), request.param


def texts(board) -> dict[str, str]:
    """The captions of a film by beat, with plain spaces, each in one line."""
    return {caption.beat: " ".join(caption.text.split()) for caption in board.captions}


def test_it_plays_the_chapters_of_the_sorter(sorter, film):
    board, _ = film
    wanted = [chapter.id for chapter in chapters(walkthrough.compile(None, *sorter))]
    assert [chapter.id for chapter in chapters(board)] == wanted
    start, end = board.span("introduction")
    assert start == 0
    assert end <= 70


def test_captions_quote_the_prompt_and_what_it_wrote(film):
    board, _ = film
    said = texts(board)
    assert "It reads “twinkle twinkle little”, as numbers:" in said["introduction.input"]
    assert ": “star”." in said["introduction.again"]
    assert "It wrote “star”, and expects “h” next" in said["introduction.end"]
    assert "five best guesses: “s” more than 0.999," in said["introduction.prediction"]
    assert "“t” is " in said["introduction.input"]


def test_no_caption_speaks_of_sorting(film):
    board, _ = film
    assert "sorted" not in board.facts
    everything = " ".join(texts(board).values())
    assert "in order" not in everything and "sort" not in everything


def test_its_stills_are_taken_at_their_moments(rhymer, film):
    board, aspect = film
    offered = walkthrough.stills(board.facts)
    assert {"model", "embedding", "attention", "output", "cells"} <= {s.id for s in offered}
    for still in offered:
        still_time(still, board)
        assert still_pose(still, *rhymer, aspect).distance > 1


def test_it_stands_in_the_chapter_scale_beside_others(sorter, rhymer):
    own, network = sorter[0], model.load("rhyme-gpt")
    (_, _, ground), (right, _, _) = own.bounds()
    low, high = rhymer[0].bounds()
    at = (right + 100, 0.0, ground)
    box = (at, tuple(a + top - bottom for a, bottom, top in zip(at, low, high, strict=True)))
    beside = Companion(network.id, network.title, network.config, box)
    said = texts(walkthrough.compile(None, *sorter, companions=(beside,)))
    assert said["scale.larger:0"].startswith("rhyme-gpt has 92,784 parameters.")
