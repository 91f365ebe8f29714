"""Films and stills of the smallest models that can be, and of those that are small in one way."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmviz_addon import anatomy, detail, walkthrough
from llmviz_addon.model import Config
from llmviz_addon.walkthrough import Companion, Run, still_pose, still_time, stills
from llmviz_addon.walkthrough.selection import Selection

from .helpers import camera_at, measured, project, standing

ASPECT = 16 / 9


@st.composite
def small(draw: st.DrawFn) -> Config:
    """Sizes down to one; a large vocabulary, which makes a model large, is among them."""
    n_head = draw(st.sampled_from([1, 2, 4]))
    return Config(
        n_layer=draw(st.integers(1, 3)),
        n_head=n_head,
        n_embd=n_head * draw(st.sampled_from([1, 2, 3, 8])),
        n_ctx=draw(st.integers(1, 8)),
        n_vocab=draw(st.sampled_from([1, 2, 3, 11, 30_000])),
        bias=draw(st.booleans()),
    )


def heads(n_head: int, n_embd: int = 8) -> Config:
    return Config(n_layer=2, n_head=n_head, n_embd=n_embd, n_ctx=6, n_vocab=5)


def a_run(config: Config, n_prompt: int, n_tokens: int) -> Run:
    rng = np.random.default_rng(n_tokens)
    ids = rng.integers(0, config.n_vocab, n_tokens).tolist()
    probabilities = rng.dirichlet(np.ones(config.n_vocab), n_tokens)
    labels = {token: str(token) for token in range(config.n_vocab)}
    return Run.made(ids[:n_prompt], ids, labels, probabilities, "Made Up")


def beside(body: anatomy.Anatomy, config: Config, count: int) -> tuple[Companion, ...]:
    """So many models of one architecture, in a row to the right of one that stands."""
    least, greatest = np.array(anatomy.build(config).bounds())
    found, right = [], body.bounds()[1][0]
    for number in range(count):
        move = np.array([right + 50 - least[0], 0.0, body.bounds()[0][2] - least[2]])
        low, high = (tuple(map(float, corner + move)) for corner in (least, greatest))
        right = high[0]
        found.append(Companion(f"m{number}", f"Model {number}", config, (low, high)))
    return tuple(found)


@example(heads(4), heads(2), 0, 3, 5, True, True)
@example(heads(2), heads(1), 1, 3, 5, True, True)
@example(heads(4), heads(2), 2, 3, 5, False, False)
@example(heads(1, 1), heads(1, 1), 1, 1, 1, True, False)
@given(
    small(), small(), st.integers(0, 2), st.integers(1, 8), st.integers(0, 7), *[st.booleans()] * 2
)
@settings(max_examples=30)
def test_the_film_and_all_stills_are_made_of_models_of_any_size(
    config: Config,
    other: Config,
    count: int,
    n_prompt: int,
    n_appended: int,
    numbers: bool,
    bundled: bool,
):
    n_prompt = min(n_prompt, config.n_ctx)
    n_tokens = min(n_prompt + n_appended, config.n_ctx)
    body = anatomy.build(config)
    run = measured(a_run(config, n_prompt, n_tokens), body) if numbers else None
    bundles = detail.bundle(body) if bundled else None
    others = beside(body, other, count)
    film = walkthrough.compile(None, body, run, ASPECT, bundles=bundles, companions=others)
    selection = Selection.of(body, run, walkthrough.companions.in_order(others))
    for shot in film.shots:
        shown = standing(film, selection, shot.beat).points(shot.show)
        at = project(camera_at(film, shot.end), shown, ASPECT)
        assert at[:, 2].min() > 0, shot.beat
        assert at[:, :2].min() > -1e-3 and at[:, :2].max() < 1 + 1e-3, shot.beat
    offered = stills(film.facts)
    assert offered
    for still in offered:
        assert 0 <= still_time(still, film) < film.duration
        assert still_pose(still, body, run, ASPECT, others).distance > 0, still.id
