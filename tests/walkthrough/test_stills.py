"""Stills are framed as exactly as shots, in every shape of picture."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import walkthrough
from llmviz_addon.walkthrough import AuthoringError, filled, still_pose, still_time, stills
from llmviz_addon.walkthrough.selection import Selection
from llmviz_addon.walkthrough.stills import parse_stills, still_cells

from .helpers import project

LEAST = {"id": "a", "title": "A", "beat": "introduction.end", "show": ["embedding"]}


def one(**values):
    (still,) = parse_stills({"still": [LEAST | values]})
    return still


def test_there_are_the_stills_that_a_lecture_needs():
    found = {still.id for still in stills()}
    assert {"model", "embedding", "attention", "mlp", "output", "cells"} <= found
    assert len(found) == len(stills())


@pytest.mark.parametrize("aspect", [16 / 9, 1.0, 9 / 16])
def test_a_still_shows_its_subject_and_focuses_in_front_of_the_camera(sorter, aspect):
    anatomy, run = sorter
    selection = Selection(anatomy, run.n_prompt, run.n_tokens)
    for still in stills():
        pose = still_pose(still, anatomy, run, aspect)
        still = still.suited(anatomy, aspect)
        assert pose.distance > 1
        at = project(pose, selection.points(filled(still.show, anatomy, run)), aspect)
        assert at[:, 2].min() > 0
        if still.closer == 1:
            assert at[:, :2].min() > -1e-6, still.id
            assert at[:, :2].max() < 1 + 1e-6, still.id
        if still.focus:
            (focus,) = project(pose, selection.center(still.focus)[None], aspect)
            assert focus[2] == pytest.approx(pose.distance)
            assert (focus[:2] > 0).all() and (focus[:2] < 1).all(), still.id


def test_a_still_is_taken_in_its_beat(sorter):
    film = walkthrough.compile(None, *sorter)
    for still in stills():
        start, end = film.span(still.beat)
        assert start <= still_time(still, film) < end
    begin, end = film.span("introduction.end")
    assert still_time(one(at="start"), film) == begin
    assert still_time(one(at=0.5), film) == pytest.approx((begin + end) / 2)


def test_closer_moves_in_on_the_same_subject(sorter):
    far, near = (still_pose(one(closer=c), *sorter) for c in (1.0, 0.5))
    np.testing.assert_allclose(near.aim, far.aim, atol=1e-9)
    assert near.distance == pytest.approx(far.distance / 2)


def test_stills_suit_other_models_of_the_family(sized):
    for size in ({"n_layer": 1, "n_head": 1}, {"n_prompt": 9, "n_tokens": 9}):
        anatomy, run = sized(**size, n_embd=48, n_ctx=11)
        film = walkthrough.compile(None, anatomy, run)
        for still in stills():
            still_pose(still, anatomy, run)
            still_time(still, film)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"apperture": 2}, "still 'a' has an unknown key 'apperture'"),
        ({"at": 2}, "fraction of the beat"),
        ({"at": "middle"}, "at is 'middle'"),
        ({"show": []}, "show is empty"),
        ({"captions": 1}, "must be true or false"),
    ],
)
def test_a_mistake_in_a_still_is_named(values, says):
    with pytest.raises(AuthoringError, match=says):
        one(**values)


def test_a_still_of_what_is_not_there_is_named(sorter):
    with pytest.raises(AuthoringError, match=r"still 'a': .*'nothing'"):
        still_pose(one(show=["nothing"]), *sorter)
    with pytest.raises(AuthoringError, match=r"no beat 'introduction\.nowhere'"):
        still_time(one(beat="introduction.nowhere"), walkthrough.compile(None, *sorter))


def test_the_attention_weight_that_is_pinned_is_the_largest_of_its_query(told):
    anatomy, run, _, trace = told
    (still,) = (each for each in stills() if each.id == "weight")
    ((block, key, query),) = still_cells(still, anatomy, run)
    assert query == run.n_prompt - 1
    assert key == int(trace[block][query].argmax())
