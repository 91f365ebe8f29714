"""The subject has the picture: in every beat and still, and in every shape of picture."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy as anatomy_room
from llmviz_addon import model, walkthrough
from llmviz_addon.walkthrough import Margins, filled, fit, still_pose, stills
from llmviz_addon.walkthrough.filling import coverage, filling
from llmviz_addon.walkthrough.picture import Picture
from llmviz_addon.walkthrough.selection import Selection

from .test_composition import ASPECTS, check_film

FLOOR = 0.4

# What no direction fills, with its floor: a layer of GPT-2 is a column twice as high as wide, and
# the rows of GPT-3's embedding are far apart.
LESS = {
    ("gpt2", "* shape-within", 16 / 9): 0.28,
    ("gpt2", "* shape-heads", 9 / 16): 0.33,
    ("gpt3", "shape.embedding", 9 / 16): 0.36,
}
# Stages of sums and cards beside a pinned cell are composed where they are made.
ELSEWHERE = {"* number", "* weight"}


def _covered(body, run, board, aspect):
    """The coverage of each beat's shot and of each still, by name."""
    selection = Selection.of(body, run)
    captions = {caption.beat: caption.top(aspect) for caption in board.captions}
    for shot in board.shots:
        foot = captions.get(shot.beat, 0.0)
        yield shot.beat, coverage(shot.points, Picture(shot.pose, aspect), foot)
    for still in stills(board.facts):
        suited = still.suited(body, aspect)
        points = selection.points(filled(suited.show, body, run))
        pose = still_pose(still, body, run, aspect)
        yield f"* {still.id}", coverage(points, Picture(pose, aspect), 0.0)


def _hold(name, body, run, aspect, reader=None):
    board = walkthrough.compile(None, body, run, aspect=aspect, model=name, reader=reader)
    check_film(board, aspect)
    thin = {
        what: round(part, 3)
        for what, part in _covered(body, run, board, aspect)
        if part < LESS.get((name, what, aspect), FLOOR) and what not in ELSEWHERE
    }
    assert not thin


@pytest.mark.parametrize("aspect", ASPECTS)
def test_subjects_of_a_small_models_film_and_stills_have_the_picture(sorter, aspect):
    _hold("nano-gpt", *sorter, aspect)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_what_gestures_bring_onto_the_stage_has_the_picture(told, aspect):
    body, run, reader, _ = told
    _hold("nano-gpt", body, run, aspect, reader)


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("preset", ["gpt2", "gpt3"])
def test_subjects_of_a_shapes_film_and_stills_have_the_picture(preset, aspect):
    _hold(preset, anatomy_room.build(model.load(preset).config), None, aspect)


def test_the_direction_of_a_script_stays_where_it_will_do():
    box = np.array([(x, y, z) for x in (0, 40) for y in (0, 4) for z in (0, 20)], float)
    given = filling(box, -20, 8, lens=35, aspect=16 / 9, margins=Margins())
    assert given == fit(box, -20, 8, lens=35, aspect=16 / 9, margins=Margins())


def test_a_row_is_seen_from_the_side_in_an_upright_picture():
    row = np.array([(x, y, z) for x in (0, 30) for y in (0, 1) for z in (0, 12)], float)
    aspect, margins = 9 / 16, Margins(0.03, 0.03, 0.05, 0.05)
    straight = fit(row, 5, 4, lens=24, aspect=aspect, margins=margins)
    turned = filling(row, 5, 4, lens=24, aspect=aspect, margins=margins)
    before, after = (coverage(row, Picture(pose, aspect), 0.0) for pose in (straight, turned))
    assert before < 0.25 and after > 0.4
    assert 20 < turned.azimuth <= 70
