"""The verbs of a script: the effect of each on the model, in a film of one beat."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import walkthrough
from llmviz_addon.walkthrough.parsing import parse

from .helpers import camera_at

TEXTS = {
    "title": "A Film",
    "one": {"title": "Chapter", "first": {"title": "Beat", "text": "It begins."}},
}


@pytest.fixture
def play(sorter):
    """Compiles a beat of six seconds with these gestures, everything computed before."""

    def compiled(*gestures, state="computed", shot=None, aspect=16 / 9):
        beat = {"id": "first", "duration": 6, "do": list(gestures)}
        beat["shot"] = {"show": ["model"]} | (shot or {})
        script = {"chapter": [{"id": "one", "state": state, "beat": [beat]}]}
        return walkthrough.compile(parse(script, TEXTS), *sorter, aspect=aspect)

    return compiled


def test_fade_lets_a_section_of_blocks_go_and_appear_brings_it_back(play):
    film = play(
        {"fade": ["layer0.*"], "to": 0.1, "at": 1, "time": 1},
        {"appear": ["layer0.mlp*"], "at": 3, "time": 1},
    )
    for name, opacity in (("layer0.mlp", 1), ("layer0.head1.q", 0.1), ("layer1.mlp", 1)):
        assert film.value_at(name, "opacity", 0.5) == 1
        assert film.value_at(name, "opacity", 6) == pytest.approx(opacity)


def test_focus_passes_over_the_prompt_in_step_with_the_progress(play, sorter):
    anatomy, run = sorter
    film = play(
        {"process": "embedding", "at": 1, "time": 4},
        {"focus": ["embedding"], "at": 1, "time": 4},
        {"focus": ["wte"], "columns": "ids", "at": 1, "time": 4},
        state="empty",
    )
    order = anatomy.blocks["embedding"].order(run.n_prompt, run.n_tokens)
    for time in np.linspace(1.1, 4.8, 30):
        column = film.value_at("embedding", "focus_column", time)
        computed = (order <= film.value_at("embedding", "progress", time)).any(axis=1).sum()
        assert abs(column + 0.5 - computed) < 1.1
        assert film.value_at("wte", "focus_column", time) in run.prompt_ids
    for name in ("embedding", "wte"):
        assert film.value_at(name, "focus_column", 0.5) == -1
        assert film.value_at(name, "focus_column", 5.1) == -1


def test_flash_lights_the_prompts_tiles_one_after_the_other(play, sorter):
    _, run = sorter
    film = play({"flash": "strip:input", "reveal": True, "at": 1, "time": 3}, state="empty")
    peaks = []
    for position in range(run.n_tokens):
        values = [
            film.value_at(f"strip:input:{position}", "highlight", t) for t in np.arange(0, 6, 0.05)
        ]
        shown = film.value_at(f"strip:input:{position}", "opacity", 6)
        assert (max(values) > 0.7) == (shown == 1) == (position < run.n_prompt)
        peaks.append(np.argmax(values))
    assert (np.diff(peaks[: run.n_prompt]) > 0).all()


def test_heads_are_processed_side_by_side_or_in_turn(play):
    def starts(heads):
        gesture = {"process": "layer0.head0.q", "to": "layer0.head2.output", "heads": heads}
        film = play(gesture, state="empty")
        return [
            next(
                t
                for t in np.arange(0, 6, 0.02)
                if film.value_at(f"layer0.head{j}.attention", "progress", t) > 0
            )
            for j in range(3)
        ]

    together, turns = starts("together"), starts("in turn")
    assert np.ptp(together) == 0
    assert turns[0] < turns[1] < turns[2]


def test_a_tall_picture_may_be_shot_from_elsewhere(play):
    shot = {"elevation": 50, "tall": {"elevation": 10}}
    assert camera_at(play(shot=shot), 0).elevation == pytest.approx(50)
    assert camera_at(play(shot=shot, aspect=9 / 16), 0).elevation == pytest.approx(10)
