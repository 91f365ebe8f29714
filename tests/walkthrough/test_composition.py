"""Titles by shot can be read: large enough, apart from each other, within the picture."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from llmviz_addon import anatomy as anatomy_room
from llmviz_addon import model, walkthrough
from llmviz_addon.walkthrough import composition, lettering, targets
from llmviz_addon.walkthrough.composition import compose
from llmviz_addon.walkthrough.picture import Outlines, Picture, area_within, hull
from llmviz_addon.walkthrough.scenery import Scenery
from llmviz_addon.walkthrough.selection import Selection
from llmviz_addon.walkthrough.titles import LARGEST, SMALLEST, Taste

from .helpers import project

ASPECTS = (16 / 9, 1.0, 9 / 16)


def overlap(a, b) -> bool:
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]


def check(letters, foot: float, where: str) -> None:
    """Hold all words of a picture to the rules; the caption reaches up to `foot`."""
    width, height = letters.picture.width, letters.picture.height
    for words in letters.words:
        what = f"{words.text!r} in {where}"
        left, bottom, right, top = words.rect
        assert SMALLEST <= words.capital <= LARGEST, what
        assert left > 0 and right < width and bottom > foot and top < height, what
        assert words.depth > 0, what
    for a, b in itertools.combinations(letters.words, 2):
        assert not overlap(a.rect, b.rect), f"{a.text!r} and {b.text!r} in {where}"


def check_film(board, aspect: float) -> None:
    captions = {caption.beat: caption.top(aspect) for caption in board.captions}
    for titles in board.titles:
        check(titles.lettering, captions.get(titles.beat, 0.0), f"{titles.beat}, {aspect:.2f}")


@pytest.mark.parametrize("aspect", ASPECTS)
def test_titles_of_a_small_models_film_can_be_read(sorter, aspect):
    board = walkthrough.compile(None, *sorter, aspect=aspect)
    check_film(board, aspect)
    named = {titles.beat for titles in board.titles}
    assert {"introduction.whole", "introduction.heads", "introduction.mlp"} <= named


@pytest.mark.parametrize("preset", ["gpt2", "gpt3"])
def test_titles_of_a_large_models_film_can_be_read(preset):
    body = anatomy_room.build(model.load(preset).config)
    board = walkthrough.compile(None, body, None, model=preset)
    check_film(board, 16 / 9)
    assert len(board.titles) >= len(board.shots) - 3, "of a few cells there is nothing to say"


def test_no_title_names_what_has_not_been_shown(sorter):
    board = walkthrough.compile(None, *sorter)
    parts = {"Tokens": "embedding", "MLP": "layer0", "Layer Norm": "layer0", "Logits": "output"}
    for titles in board.titles:
        for words in titles.lettering.words:
            if words.text in parts:
                target = targets.section(parts[words.text])
                seen = board.value_at(target, targets.OPACITY, titles.end - 1)
                assert seen > 0.5, f"{words.text!r} in {titles.beat}"


def test_words_are_nearer_to_the_camera_than_all_that_is_behind_them(sorter):
    body, run = sorter
    board = walkthrough.compile(None, body, run)
    for titles in board.titles:
        pose = titles.lettering.picture.pose
        at = project(pose, body.boxes.reshape(-1, 3), 16 / 9).reshape(-1, 2, 3)
        for words in titles.lettering.words:
            left, bottom, right, top = np.array(words.rect) / 1080 / np.array([16 / 9, 1] * 2)
            # A block of which a corner is within the words is behind them.
            within = (at[:, :, 0] > left) & (at[:, :, 0] < right)
            within &= (at[:, :, 1] > bottom) & (at[:, :, 1] < top) & (at[:, :, 2] > 0)
            assert (at[:, :, 2][within] > words.depth).all(), f"{words.text!r} in {titles.beat}"


def test_words_keep_out_of_the_room_of_other_things(sorter):
    body, run = sorter
    board = walkthrough.compile(None, body, run)
    scenery = Scenery(Selection.of(body, run))
    picture = Picture(board.shots[1].pose, 16 / 9)
    taste = Taste(avoid=((0.0, 0.0, picture.width / 2, picture.height),), heading=("A Title", "B"))
    found = compose(scenery, picture, taste).words
    assert found and all(words.rect[0] >= picture.width / 2 for words in found)


def test_what_is_far_out_of_focus_has_no_title(sorter):
    body, run = sorter
    scenery = Scenery(Selection.of(body, run))
    board = walkthrough.compile(None, body, run)
    (pose,) = (shot.pose for shot in board.shots if shot.beat == "introduction.heads")
    picture = Picture(pose, 16 / 9)
    taste = Taste(subject=scenery.subject(["layer0.head*"]))
    sharp = compose(scenery, picture, taste)
    blurred = compose(scenery, picture, replace(taste, f_stop=0.05))
    assert len(blurred.words) < len(sharp.words)
    for words in blurred.words:
        assert picture.blur(words.depth, 0.05, 0.02) <= 2.5


@pytest.mark.parametrize("beat", ["introduction.heads", "introduction.mlp", "introduction.end"])
def test_words_of_a_still_have_a_plate_only_where_something_is_behind_them(sorter, beat):
    body, run = sorter
    scenery = Scenery(Selection.of(body, run))
    board = walkthrough.compile(None, body, run)
    (pose,) = (shot.pose for shot in board.shots if shot.beat == beat)
    picture = Picture(pose, 16 / 9)
    found = compose(scenery, picture, Taste(still=True))
    assert found.words
    things = Outlines.of(picture, np.concatenate([scenery.boxes, scenery.thin]), least=0.0)
    for plate in found.plates:
        assert len(things.behind(plate.rect)), "something is behind it"
    for words in found.words:
        bare = not any(overlap(words.rect, plate.rect) for plate in found.plates)
        # A corner of a thing may touch the room of letters.
        inner = np.array(words.rect) + 6 * np.array([1, 1, -1, -1])
        assert not bare or len(things.behind(tuple(inner.tolist()))) <= 1, words.text


@pytest.mark.parametrize("id_", ["mlp", "projection", "heads"])
def test_no_arrow_passes_before_the_words_of_a_still(sorter, id_):
    body, run = sorter
    scenery = Scenery(Selection.of(body, run))
    (still,) = (each for each in walkthrough.stills(frozenset(walkthrough.FACTS)) if each.id == id_)
    picture = Picture(walkthrough.still_pose(still, body, run, 16 / 9), 16 / 9)
    arrows = Outlines.of(picture, scenery.thin, least=0.0)
    crossed = []
    taste = Taste(subject=scenery.subject(still.show), hangs=True, f_stop=still.f_stop, still=True)
    for plate in compose(scenery, picture, taste).plates:
        crossed += (arrows.depth[arrows.behind(plate.rect), 0] > plate.depth).tolist()
    assert crossed and all(crossed)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_outlines_enclose_what_is_projected(aspect):
    rng = np.random.default_rng(1)
    low = rng.uniform(-20, 20, (40, 3))
    boxes = np.stack([low, low + rng.uniform(0.5, 9, (40, 3))], axis=1)
    picture = Picture(walkthrough.fit(boxes.reshape(-1, 3), 30, 20, aspect=aspect), aspect)
    outlines = Outlines.of(picture, boxes)
    share = rng.uniform(0, 1, (40, 50, 3))
    inside = boxes[:, None, 0] + share * (boxes[:, None, 1] - boxes[:, None, 0])
    at = project(picture.pose, inside.reshape(-1, 3), aspect).reshape(40, 50, 3)
    for row, box in enumerate(outlines.which.tolist()):
        x, y = at[box, :, 0] * picture.width, at[box, :, 1] * picture.height
        column = (x // 8).astype(int)
        assert (outlines.low[row, column] <= y + 12).all()
        assert (outlines.high[row, column] >= y - 12).all()
        assert (outlines.depth[row, 0] <= at[box, :, 2] + 1e-9).all()


def test_of_many_boxes_the_same_ones_are_seen_as_of_few():
    rng = np.random.default_rng(2)
    low = rng.uniform(-400, 400, (5000, 3))
    boxes = np.stack([low, low + rng.uniform(0.1, 40, (5000, 3))], axis=1)
    pose = walkthrough.CameraPose.looking_at(np.zeros(3), 30, 20, 200, 24)
    picture = Picture(pose, 16 / 9)
    whole = Outlines.of(picture, boxes)
    parts = [Outlines.of(picture, part) for part in np.split(boxes, 50)]
    assert 0 < len(whole.which) < len(boxes)
    numbers = [100 * n + part.which for n, part in enumerate(parts)]
    assert whole.which.tolist() == np.concatenate(numbers).tolist()
    assert np.allclose(whole.rect, np.concatenate([part.rect for part in parts]))
    assert (whole.depth[:, 0] == picture.near).any(), "no box reaches behind the camera"


def test_of_dozens_of_layers_only_the_first_and_the_last_are_named():
    body = anatomy_room.build(model.load("gpt3").config)
    scenery = Scenery(Selection.of(body, None))
    for id_ in ("shape", "shape-front"):
        (still,) = (s for s in walkthrough.stills(frozenset(walkthrough.FACTS)) if s.id == id_)
        picture = Picture(walkthrough.still_pose(still, body, None), 16 / 9)
        found = compose(scenery, picture, Taste(subject=scenery.subject(["model"])))
        named = {words.text for words in found.words if words.text.startswith("Layer")}
        assert "Layer 0" in named and named <= {"Layer 0", "Layer 95"}


def test_names_of_other_blocks_do_not_stand_beside_the_subject(sorter):
    scenery = Scenery(Selection.of(*sorter))
    (still,) = (s for s in walkthrough.stills() if s.id == "residual")
    picture = Picture(walkthrough.still_pose(still, *sorter, 9 / 16), 9 / 16)
    subject = scenery.subject(["layer0.attention_residual", "layer0.mlp_residual"])
    found = compose(scenery, picture, Taste(subject=subject))
    blocks = {words.text for words in found.words if words.rank == "block"}
    assert blocks <= {"Attention Residual", "MLP Residual"}
    everything = compose(scenery, picture, Taste())
    assert len(everything.words) > len(found.words)


def test_no_words_sink_into_the_ground(sorter):
    body, _ = sorter
    scenery = Scenery(Selection.of(*sorter))
    for still in walkthrough.stills():
        picture = Picture(walkthrough.still_pose(still, *sorter), 16 / 9)
        pose = picture.pose
        if pose.location[2] <= body.bounds()[0][2]:
            continue
        for words in compose(scenery, picture, Taste()).words:
            across = np.array([words.left - picture.width / 2, words.baseline - picture.height / 2])
            way = np.append(across / picture.scale, -1.0) * words.depth
            place = np.array(pose.location) + pose.rotation @ way
            assert place[2] > body.bounds()[0][2], f"{words.text!r} in {still.id}"


def test_words_are_composed_again_where_anything_but_the_tokens_differs(sorter):
    body, run = sorter
    scenery = Scenery(Selection.of(body, run))
    board = walkthrough.compile(None, body, run)
    (pose,) = (shot.pose for shot in board.shots if shot.beat == "introduction.heads")
    picture = Picture(pose, 16 / 9)
    taste = Taste(subject=scenery.subject(["layer0.head*"]))
    first = compose(scenery, picture, taste)
    assert compose(Scenery(Selection.of(body, run)), picture, replace(taste)) is first
    title = first.words[0]
    others = (
        (scenery.moved({"layer0.head0.q": np.array([0.0, -9.0, 0.0])}), taste),
        (scenery, replace(taste, avoid=(title.rect,))),
        (scenery, replace(taste, unseen=frozenset([targets.section("layer0")]))),
        (scenery, replace(taste, subject=scenery.subject(["embedding"]))),
        (scenery, replace(taste, heading=("A Title",))),
    )
    for scene, wish in others:
        found = compose(scene, picture, wish)
        assert found is not first
        composition._composed.clear()
        assert compose(scene, picture, wish) == found
        assert compose(scenery, picture, taste) == first


def test_a_film_is_the_same_whatever_was_composed_before(sorter):
    body, run = sorter
    network = model.load("nano-gpt")
    prompt = network.read_prompt("AACB")
    walkthrough.compile(None, body, walkthrough.Run.of(network, 4, network.forward(prompt)))
    after = walkthrough.compile(None, body, run)
    composition._composed.clear()
    assert walkthrough.compile(None, body, run) == after


def test_the_hull_of_points_has_their_area():
    square = np.array([(0, 0), (10, 0), (10, 10), (0, 10), (4, 5)], float)
    assert area_within(hull(square), (0, 0, 20, 20)) == pytest.approx(100)
    assert area_within(hull(square), (5, 5, 20, 20)) == pytest.approx(25)
    assert area_within(hull(square), (-9, -9, -1, -1)) == 0


def test_lines_are_broken_so_that_they_fit():
    assert lettering.wrapped("one", 9) == ["one"]
    lines = lettering.wrapped("to be or not to be, that is the question", 12)
    assert all(lettering.width(line) <= 12 for line in lines)
    assert " ".join(lines) == "to be or not to be, that is the question"
    assert "".join(lettering.wrapped("m" * 40, 10)) == "m" * 40
    assert lettering.wrapped("", 10) == [""]


def test_no_line_ends_within_an_index():
    formula = "Σ_i W[i, 15] · ln_1[3, i] + b[15]"
    for most in range(12, 40):
        lines = lettering.wrapped(formula, most)
        assert " ".join(lines) == formula
        assert all(line.count("[") == line.count("]") for line in lines)
