"""Models of kilometers: what hangs before the camera is sharp, however far from the origin."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy, model, walkthrough
from llmviz_addon.walkthrough import Run, captioning, targets
from llmviz_addon.walkthrough.framing import SENSOR

from .helpers import measured

CELL = 0.02
"""Meters of a cell."""

HANGS = 0.03
"""Meters before the camera at which captions hang, where nothing has them hang farther."""

STEPS = 7
"""Least number of places, as Blender's single precision knows them, along a capital."""


def blurred(film):
    """The beats whose captions have too few places along a capital, and how many they have."""
    found = {}
    for shot in film.shots:
        away = HANGS * film.value_at(targets.CAPTIONS, targets.SCALE, shot.end)
        height = away * SENSOR / shot.pose.lens / (16 / 9)
        capital = height * captioning.CAPITAL / 1080
        step = np.spacing(np.float32(np.abs(shot.pose.location).max() * CELL))
        if capital < STEPS * step:
            found[shot.beat] = round(float(capital / step), 1)
    return found


@pytest.mark.parametrize("preset", ["gpt2", "gpt2-xl", "gpt3"])
def test_captions_of_a_shape_are_sharp_where_they_hang(preset):
    film = walkthrough.compile(None, anatomy.build(model.load(preset).config), None)
    assert not blurred(film)


def test_captions_of_gpt2_xl_with_its_numbers_are_sharp_where_they_hang():
    config = model.load("gpt2-xl").config
    body = anatomy.build(config, 15)
    ids = np.random.default_rng(0).integers(0, config.n_vocab, 15).tolist()
    probabilities = np.full((15, config.n_vocab), 1 / config.n_vocab)
    labels = dict.fromkeys(range(config.n_vocab), "word")
    run = measured(Run.made(ids[:10], ids, labels, probabilities, "GPT-2 XL"), body)
    assert not blurred(walkthrough.compile(None, body, run))
