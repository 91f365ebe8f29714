"""Several models in a scene: the chapter Scale, its counts and its one camera move."""

from __future__ import annotations

from dataclasses import astuple, replace
from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon import anatomy, languages, model, walkthrough
from llmviz_addon.walkthrough import AuthoringError, Companion, still_pose, still_time, targets
from llmviz_addon.walkthrough.actors import Group, Part
from llmviz_addon.walkthrough.companions import in_order, rounded
from llmviz_addon.walkthrough.composition import compose
from llmviz_addon.walkthrough.gestures.computing import Process
from llmviz_addon.walkthrough.picture import Picture
from llmviz_addon.walkthrough.scenery import Scenery
from llmviz_addon.walkthrough.selection import Selection
from llmviz_addon.walkthrough.titles import Taste

from .helpers import camera_at, chapters, project

ENGLISH = languages.load().numbers


@pytest.fixture(scope="module")
def companions(sorter):
    """GPT-2, GPT-2 XL and a huge one, right of nano-gpt on the same ground; the largest first."""
    own, _ = sorter
    presets = {preset.id: preset for preset in model.presets()}
    (_, _, ground), (right, _, _) = own.bounds()
    found = []
    for id_, size in (
        ("gpt2", (53e3, 6e3, 151e3)),
        ("gpt2-xl", (76e3, 17e3, 206e3)),
        ("gpt3", (512e3, 135e3, 896e3)),
    ):
        low = (right + 3000, 0.0, ground)
        high = (low[0] + size[0], size[1], ground + size[2])
        right = high[0]
        preset = presets[id_]
        found.append(Companion(id_, preset.title, preset.config, (low, high)))
    return tuple(reversed(found))


@pytest.fixture(scope="module", params=[16 / 9, 9 / 16], ids=("wide", "tall"))
def film(request, sorter, companions):
    board = walkthrough.compile(None, *sorter, aspect=request.param, companions=companions)
    return board, request.param


def scale(film):
    """The beats of the chapter."""
    return [beat for beat in film.beats if beat.id.startswith("scale.")]


def test_the_chapter_is_the_last_one_and_plays_only_in_company(sorter, film):
    board, _ = film
    assert chapters(board)[-1].id == "scale"
    alone = walkthrough.compile(None, *sorter)
    assert "scale" not in {chapter.id for chapter in chapters(alone)}
    assert not {c.property for c in alone.channels} & {targets.CLIP_START}
    assert targets.CAPTIONS not in {c.target for c in alone.channels}


def test_the_introduction_is_the_same_in_company(sorter, film):
    board, aspect = film
    alone = walkthrough.compile(None, *sorter, aspect=aspect)
    _, end = board.span("introduction")
    assert alone.span("introduction") == board.span("introduction")
    inside = [caption for caption in board.captions if caption.start < end]
    assert inside == [caption for caption in alone.captions if caption.start < end]
    for time in np.linspace(0, end, 200):
        # Except for the last digit, which depends on the BLAS.
        found, expected = astuple(camera_at(board, time)), astuple(camera_at(alone, time))
        assert np.hstack(found) == pytest.approx(np.hstack(expected), rel=1e-12, abs=1e-12)
        assert board.value_at(targets.CAPTIONS, "scale", time) == 1


def test_models_come_in_order_of_size_each_with_its_counts(sorter, film):
    board, _ = film
    texts = {caption.beat: caption.text.replace("\u00a0", " ") for caption in board.captions}
    own = sorter[0].config.n_parameters
    for index, (title, count) in enumerate(
        (("GPT-2", 124_439_808), ("GPT-2 XL", 1_557_611_200), ("GPT-3", 174_604_259_328))
    ):
        text = texts[f"scale.larger:{index}"]
        assert f"{title} has {count:,} parameters" in text
        times = count / own
        said = text.partition("about ")[2].partition(" times")[0]
        number = float(said.removesuffix(" million").replace(",", ""))
        number *= 1e6 if "million" in said else 1
        assert number == pytest.approx(times, rel=5e-3)
        assert "multiplications" in texts[f"scale.cost_of_larger:{index}"]


def test_each_stop_has_all_models_so_far_in_view(sorter, companions, film):
    board, aspect = film
    ordered = tuple(reversed(companions))
    selection = Selection.of(*sorter, ordered)
    stops = [shot for shot in board.shots if shot.beat.startswith("scale.larger")]
    assert len(stops) == 3
    for index, shot in enumerate(stops):
        pose = camera_at(board, shot.end)
        seen = [selection.points(["model"])]
        seen += [np.array(companion.bounds) for companion in ordered[: index + 1]]
        for points in seen:
            at = project(pose, points, aspect)
            assert at[:, 2].min() > 0
            assert at[:, :2].min() > -1e-3
            assert at[:, :2].max() < 1 + 1e-3


def test_the_camera_goes_from_one_cell_to_all_models_without_a_cut(film):
    board, _ = film
    start, end = board.span("scale")
    poses = [camera_at(board, t) for t in np.arange(start, end, 1 / board.fps)]
    for before, after in pairwise(poses):
        step = np.linalg.norm(np.array(after.location) - before.location)
        assert step < 0.25 * max(before.distance, after.distance)
    _, arrived = board.span("scale.cell")
    near = camera_at(board, arrived - 1 / board.fps)
    assert near.distance < 8
    assert poses[-1].distance > 100_000 * near.distance


def test_what_is_clipped_follows_the_distance_and_captions_follow_it(film):
    board, _ = film
    start, end = board.span("scale")
    for time in np.arange(start, end, 0.05):
        clipped = board.value_at(targets.CAMERA, targets.CLIP_START, time)
        distance = camera_at(board, time).distance
        assert clipped == pytest.approx(0.5 * board.value_at(targets.CAPTIONS, "scale", time))
        assert 0.5 <= clipped <= max(0.5, 0.01 * distance)
        if distance > 100_000:
            assert clipped > 0.003 * distance


def test_stills_of_several_models_are_offered_only_then(sorter, companions, film):
    board, aspect = film
    offered = {still.id for still in walkthrough.stills(board.facts)}
    several = {"scale", "towers", "cell-to-tower"}
    assert several <= offered
    assert not several & {still.id for still in walkthrough.stills()}
    for still in walkthrough.stills(board.facts):
        still_time(still, board)
        pose = still_pose(still, *sorter, aspect, companions)
        chosen = still.suited(sorter[0], aspect)
        selection = Selection.of(*sorter, tuple(reversed(companions)))
        at = project(pose, selection.points(walkthrough.filled(chosen.show, *sorter)), aspect)
        assert at[:, 2].min() > 0, still.id


@pytest.mark.parametrize("aspect", [16 / 9, 9 / 16])
@pytest.mark.parametrize("id_", ["scale", "towers", "cell-to-tower"])
def test_pictures_of_scale_show_every_model_whole_and_the_first_one_near(
    sorter, companions, id_, aspect
):
    body, _ = sorter
    (still,) = (s for s in walkthrough.stills(frozenset(walkthrough.FACTS)) if s.id == id_)
    pose = still_pose(still, *sorter, aspect, companions)
    suited, picture = still.suited(body, aspect), Picture(pose, aspect)
    beside = in_order(companions)
    selection = Selection.of(*sorter, beside)
    at = project(pose, selection.points(suited.show), aspect)
    assert (at[:, 2] > 0).all() and at[:, :2].min() > -1e-6 and at[:, :2].max() < 1 + 1e-6
    box = np.array(body.bounds(), float)
    shift = suited.near.shift(picture, box)
    seen = picture.project(_corners(box + shift))
    left, bottom, right, top = suited.near.rect(picture)
    assert seen[:, 2].min() > picture.near
    assert seen[:, 0].min() > left - 1 and seen[:, 0].max() < right + 1
    if suited.near.is_inset:
        assert seen[:, 1].min() > bottom and seen[:, 1].max() < top
    else:
        assert shift[2] == 0, "it stands on the ground"
        assert pose.location[2] == pytest.approx(suited.eye, abs=1)
        assert seen[:, 0].max() - seen[:, 0].min() == pytest.approx(right - left, abs=2)
    scenery = Scenery(selection, beside)
    taste = Taste(
        heading=("nano-gpt", "85,584 parameters"),
        sizes=True,
        models=selection.beside(suited.show),
        shift=tuple(shift.tolist()),
        inset=suited.near.rect(picture) if suited.near.is_inset else None,
    )
    words = {each.text for each in compose(scenery, picture, taste).words}
    assert {"nano-gpt", "GPT-3"} <= words
    wide = (box[1, 0] - box[0, 0]) * 0.02
    assert any(text.startswith(f"{wide:.3g} m wide") for text in words)
    assert any(text.startswith("10.2 km wide") for text in words), "512,000 cells of 2 cm"


def _corners(box):
    return np.array([np.where(pick, box[1], box[0]) for pick in np.ndindex(2, 2, 2)])


def test_there_is_no_companion_beyond_the_last(sorter, companions):
    selection = Selection.of(*sorter, companions)
    assert (selection.points(["companions:-1"]) == selection.points(["companions"])).all()
    assert (selection.points(["companion:-3"]) == selection.points(["companion:0"])).all()
    for selector in ("companion:3", "companions:3", "companion:x", "companions:-4"):
        with pytest.raises(AuthoringError, match="there are 3 other models"):
            selection.points([selector])
    alone = Selection.of(*sorter)
    with pytest.raises(AuthoringError, match="there are 0 other models"):
        alone.points(["companions"])


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.0, "1"),
        (2.44, "2.44"),
        (999.6, "1,000"),
        (1454.0, "1,450"),
        (86_304, "86,300"),
        (999_999, "1 million"),
        (2_040_000, "2.04 million"),
        (141_557_760, "142 million"),
        (999_900_000, "1 billion"),
        (1.7e11, "170 billion"),
        (3e15, "3,000 trillion"),
    ],
)
def test_numbers_are_rounded_to_three_digits(number, text):
    assert rounded(number, ENGLISH).replace("\u00a0", " ") == text


@pytest.mark.parametrize("id_", ["gpt2", "nano-gpt"])
@pytest.mark.parametrize("aspect", [16 / 9, 9 / 16])
def test_a_model_without_numbers_has_a_film_of_its_shape(id_, aspect):
    preset = next(preset for preset in model.presets() if preset.id == id_)
    body = anatomy.build(preset.config)
    film = walkthrough.compile(None, body, None, aspect=aspect, model=preset.title)
    assert [chapter.id for chapter in chapters(film)] == ["shape"]
    texts = " ".join(caption.text for caption in film.captions)
    assert preset.title in texts and "not here" in texts
    assert f"{preset.config.n_parameters:,}" in texts
    assert targets.PROGRESS not in {channel.property for channel in film.channels}
    assert {type(actor) for actor in film.actors} <= {Group, Part}, "nothing with a number"
    for caption in film.captions:
        assert len(caption.lines()) <= 2
        assert caption.end - caption.start >= 0.3 * len(caption.text.split()) + 1.2 - 1e-6
    offered = walkthrough.stills(film.facts)
    assert {"shape", "shape-layer"} <= {still.id for still in offered}
    assert all(still.id.startswith("shape") for still in offered)
    for still in offered:
        still_time(still, film)
        still_pose(still, body, None, aspect)


def test_shapes_have_their_scale_too(companions):
    config = companions[-1].config
    film = walkthrough.compile(None, anatomy.build(config), None, companions=companions[:2])
    assert [chapter.id for chapter in chapters(film)] == ["shape", "scale"]


def test_a_gesture_that_needs_numbers_is_refused_without_them(sorter):
    script = walkthrough.load()
    (shape,) = (chapter for chapter in script.chapters if chapter.id == "shape")
    beat = replace(shape.beats[0], gestures=(Process(subject="embedding", time=2.0),))
    odd = replace(script, chapters=(replace(shape, beats=(beat,)),))
    with pytest.raises(AuthoringError, match=r"shape\.cell: process needs numbers"):
        walkthrough.compile(odd, sorter[0], None)
