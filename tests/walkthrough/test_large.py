"""GPT-2's film by the same script: everything shown can be read, and nothing is hectic."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon import anatomy, detail, model, walkthrough
from llmviz_addon.walkthrough import Run, Texts, filled, still_pose, still_time, stills, targets
from llmviz_addon.walkthrough.filling import coverage
from llmviz_addon.walkthrough.framing import SENSOR
from llmviz_addon.walkthrough.picture import Picture
from llmviz_addon.walkthrough.selection import Selection

from .helpers import camera_at, measured, project, standing

WIDTH = 1920
PROMPT = "The quick brown fox jumps over the lazy dog, and"


CASES = {
    "short": (10, 15, None),
    "long": (64, 69, None),
    "short, tower": (10, 15, anatomy.Arrangement("tower")),
    "long, unfolded": (64, 69, anatomy.Arrangement(folded=False)),
    "long, six columns": (64, 69, anatomy.Arrangement("rows", 6)),
}


@pytest.fixture(scope="module", params=CASES)
def gpt2(request):
    """GPT-2, a run with made-up candidates, its bundles and its film."""
    n_prompt, n_tokens, arrangement = CASES[request.param]
    config = next(preset.config for preset in model.presets() if preset.id == "gpt2")
    body = anatomy.build(config, n_tokens, arrangement)
    rng = np.random.default_rng(n_tokens)
    ids = [50256, *rng.integers(0, config.n_vocab, n_tokens - 1).tolist()]
    probabilities = rng.dirichlet(np.full(config.n_vocab, 0.001), n_tokens)
    labels = {token: f"·word{token % 100}" for token in range(config.n_vocab)}
    texts = Texts(PROMPT, " away from here now", " away from here now at")
    run = measured(Run.made(ids[:n_prompt], ids, labels, probabilities, "GPT-2", texts), body)
    film = walkthrough.compile(None, body, run, bundles=detail.bundle(body))
    return body, run, film


def pixels(pose):
    """Pixels of a cell where the camera's focus is, in a picture 1,920 wide."""
    return WIDTH * pose.lens / SENSOR / pose.distance


def test_what_shots_are_near_to_can_be_read(gpt2):
    _, run, film = gpt2
    near = {
        shot.beat.removeprefix("introduction."): pixels(shot.pose)
        for shot in film.shots
        if shot.beat.startswith("introduction.")
    }
    assert near["number"] > 90
    # A tile of the strip, some 96 cells wide, carries a word: no less than 60 pixels.
    for beat in ("input", "prediction", "loop", "end"):
        assert 96 * near[beat] > 60, beat
    # A grid of positions by positions is larger than a tenth of the picture's height.
    (shares,) = (shot for shot in film.shots if shot.beat == "self_attention.shares")
    assert run.n_tokens * pixels(shares.pose) > 30
    # A residual column of 768 channels, and an MLP of 3,072 neurons.
    for beat in ("embedding", "heads", "mlp"):
        assert 768 * near[beat] > 200, beat


def test_subjects_have_the_picture(gpt2, request):
    *_, film = gpt2
    if request.node.callspec.params["gpt2"] in ("short, tower", "long, unfolded"):
        pytest.skip("a tower stands thin in a wide picture, and so does a line of 50,257 columns")
    captions = {caption.beat: caption.top(16 / 9) for caption in film.captions}
    covered = {
        shot.beat: coverage(shot.points, Picture(shot.pose, 16 / 9), captions.get(shot.beat, 0.0))
        for shot in film.shots
    }
    # The rows of means and spreads are a cell high; in six columns the head stands high and thin.
    thin = {"layer_norm.mean": 0.06, "output.logits": 0.3}
    assert not {beat: part for beat, part in covered.items() if part < thin.get(beat, 0.38)}


def test_shots_have_their_subject_in_view(gpt2):
    body, run, film = gpt2
    selection = Selection(body, run.n_prompt, run.n_tokens)
    for shot in film.shots:
        shown = standing(film, selection, shot.beat).points(shot.show)
        at = project(camera_at(film, shot.end), shown, 16 / 9)
        assert at[:, 2].min() > 0, shot.beat
        assert at[:, :2].min() > -1e-3, shot.beat
        assert at[:, :2].max() < 1 + 1e-3, shot.beat


def test_the_camera_never_jumps(gpt2):
    _, _, film = gpt2
    poses = [camera_at(film, t) for t in np.arange(0, film.duration, 1 / film.fps)]
    for before, after in pairwise(poses):
        step = np.linalg.norm(np.array(after.location) - before.location)
        assert step < 0.25 * max(before.distance, after.distance)


def test_tiles_flash_for_long_enough_to_be_seen(gpt2):
    _, run, film = gpt2
    start, end = film.span("introduction.input")
    for position in range(run.n_prompt):
        times = np.arange(start, end, 1 / film.fps)
        name = targets.tile(targets.INPUT, position)
        lit = [film.value_at(name, "highlight", t) > 0.2 for t in times]
        assert sum(lit) >= 5, position


def test_columns_of_token_indices_shine_one_at_a_time(gpt2):
    _, run, film = gpt2
    channel = next(
        c for c in film.channels if (c.target, c.property) == ("wte", targets.FOCUS_COLUMN)
    )
    shown = [key for key in channel.keys if key.value >= 0]
    assert {int(key.value) for key in shown} <= set(run.prompt_ids)
    assert shown[0].value == 50256
    assert min(b.time - a.time for a, b in pairwise(shown)) >= 0.3 - 1e-6


def test_captions_have_two_lines_at_most(gpt2):
    _, _, film = gpt2
    for caption in film.captions:
        assert len(caption.lines()) <= 2, caption.text


def test_stills_are_framed_and_taken(gpt2):
    body, run, film = gpt2
    selection = Selection(body, run.n_prompt, run.n_tokens)
    for still in stills():
        still_time(still, film)
        for aspect in (16 / 9, 9 / 16):
            pose = still_pose(still, body, run, aspect)
            chosen = still.suited(body, aspect)
            at = project(pose, selection.points(filled(chosen.show, body, run)), aspect)
            assert at[:, 2].min() > 0, still.id
            if chosen.closer == 1:
                assert at[:, :2].min() > -1e-3 and at[:, :2].max() < 1 + 1e-3, still.id


def test_a_gpt2_film_has_few_curves_and_keys(gpt2):
    _, _, film = gpt2
    assert len(film.channels) < 600
    assert sum(len(channel.keys) for channel in film.channels) < 40_000
