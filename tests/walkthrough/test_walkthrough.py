"""The film for nano-gpt and for other models of the family, checked against its promises."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon import walkthrough
from llmviz_addon.walkthrough import Margins, Run, targets
from llmviz_addon.walkthrough.actors import TokenTile
from llmviz_addon.walkthrough.loading import load
from llmviz_addon.walkthrough.selection import Selection

from .helpers import camera_at, chapters, project, standing

ASPECTS = (16 / 9, 1.0, 9 / 16)

SIZES = [
    {},
    {"n_layer": 1, "n_head": 1},
    {"n_prompt": 9, "n_tokens": 9},
    {"n_prompt": 1, "n_tokens": 9},
    {"n_prompt": 4, "n_tokens": 5, "bias": False},
    {"n_layer": 14, "n_ctx": 40, "n_prompt": 3, "n_tokens": 40},
]


@pytest.fixture(scope="module", params=ASPECTS, ids=("wide", "square", "tall"))
def film(request, sorter):
    return *sorter, walkthrough.compile(None, *sorter, aspect=request.param), request.param


@pytest.fixture(scope="module")
def wide(sorter):
    return *sorter, walkthrough.compile(None, *sorter)


@pytest.fixture(scope="module")
def films(wide, sized):
    """The film of the sorter, and of a model of each size."""
    others = [sized(**size) for size in SIZES]
    return [wide, *((a, run, walkthrough.compile(None, a, run)) for a, run in others)]


def test_the_introduction_begins_the_film(wide):
    _, _, film = wide
    assert film.span("introduction")[0] == 0


def test_there_are_ten_chapters_in_order(wide):
    _, _, film = wide
    titles = [chapter.name for chapter in chapters(film)]
    assert titles == [
        "Introduction",
        "Preliminaries",
        "Embedding",
        "Layer Norm",
        "Self-Attention",
        "Softmax",
        "Projection",
        "MLP",
        "Transformer",
        "Output",
    ]


def test_beats_cover_the_film_and_start_on_frames(wide):
    _, _, film = wide
    ends = [0.0]
    for beat in film.beats:
        assert beat.time == pytest.approx(ends[-1])
        assert beat.time * film.fps == pytest.approx(round(beat.time * film.fps), abs=1e-6)
        ends.append(beat.end)
    assert ends[-1] == pytest.approx(film.duration)
    assert len({marker.id for marker in film.markers}) == len(film.markers)


def test_captions_are_short_and_stay_long_enough(films):
    for _, _, film in films:
        assert len(film.captions) == len(film.beats)
        for caption in film.captions:
            assert len(caption.lines(70)) <= 2, caption.text
            words = len(caption.text.split())
            assert caption.end - caption.start >= 0.3 * words + 1.2 - 1e-6
            assert "{" not in caption.text


def test_captions_say_what_the_run_says(wide):
    _, run, film = wide
    texts = {caption.beat: caption.text for caption in film.captions}
    assert "CBABBC" in texts["introduction.input"]
    assert "85,584" in texts["introduction.whole"]
    predicted = run.candidates[5][0].token
    assert f": {'ABC'[predicted]}," in texts["introduction.prediction"]
    assert "sixth column" in texts["introduction.prediction"]
    assert "ABBBCC" in texts["introduction.end"]
    assert "all 11 columns are taken" in texts["introduction.end"]


def test_a_result_that_is_not_sorted_is_not_called_so(sized):
    anatomy, run = sized(n_vocab=6, n_prompt=4, n_tokens=7)
    made_up = replace(run, prompt_ids=(0, 1, 2, 3), ids=(0, 1, 2, 3, 5, 4, 5))
    film = walkthrough.compile(None, anatomy, made_up)
    text = next(c.text for c in film.captions if c.beat == "introduction.end")
    assert "in order" not in text
    assert "545" in text


def test_another_palette_has_other_words_for_its_colors(sorter):
    captions = {
        palette: " ".join(
            c.text for c in walkthrough.compile(None, *sorter, palette=palette).captions
        )
        for palette in ("standard", "accessible")
    }
    assert "green" in captions["standard"]
    assert "green" not in captions["accessible"]


def test_everything_is_blank_at_first_and_computed_after_the_introduction(films):
    for anatomy, run, film in films:
        # Just before the next chapter takes back what it computes again.
        end = film.span("introduction")[1] - 1e-3
        for name, block in anatomy.blocks.items():
            blank = 1.0 if block.kind == "weight" else 0.0
            assert film.value_at(name, "progress", 0) == blank, name
            assert film.value_at(name, "progress", end) == 1, name
            assert film.value_at(name, "progress", film.duration) == 1, name
        for position in range(run.n_tokens):
            for strip in (targets.INPUT, targets.OUTPUT):
                assert film.value_at(targets.tile(strip, position), "opacity", 0) == 0
                assert film.value_at(targets.tile(strip, position), "opacity", end) == 1


def test_nothing_is_computed_before_what_it_is_computed_from(films):
    for anatomy, run, film in films:
        ranks = {name: ranks_of(block, run.n_tokens) for name, block in anatomy.blocks.items()}
        for start, end in zip([0.0, *cuts(film)], [*cuts(film), film.duration], strict=True):
            for time in np.linspace(start + 1e-4, end - 1e-4, 16):
                done = {
                    name: computed(ranks[name], film.value_at(name, "progress", time))
                    for name in anatomy.blocks
                }
                for name, block in anatomy.blocks.items():
                    operands = block.formula.operands if block.formula else ()
                    for operand in operands:
                        # Tokens and embedding are read and computed side by side.
                        beside = name == "embedding" and operand.block == "tokens"
                        assert beside or done[operand.block][1] >= done[name][0], (name, time)


def ranks_of(block, n_tokens):
    """The progress at which each position of a block begins; last its end."""
    if block.time_axis is None:
        # It is there from the beginning.
        return [-1.0] * (n_tokens + 1)
    return [block.cells_before(t) / block.cells_before(n_tokens) for t in range(n_tokens + 1)]


def computed(ranks, progress):
    """Positions of a block that have begun, and of those the ones that are complete."""
    begun = sum(rank < progress - 1e-6 for rank in ranks[:-1])
    return begun, sum(rank <= progress + 1e-6 for rank in ranks[1:])


def cuts(film):
    """The times at which chapters begin after the first."""
    return [chapter.time for chapter in chapters(film)][1:]


def test_progress_goes_back_only_where_a_chapter_begins(films):
    for _, _, film in films:
        begins = [0.0, *cuts(film)]
        for channel in film.channels:
            if channel.property == "progress":
                for before, after in pairwise(channel.keys):
                    goes_on = after.value >= before.value
                    assert goes_on or min(abs(after.time - t) for t in begins) < 1e-3, channel


def test_values_stay_in_their_range(films):
    for _, _, film in films:
        for channel in film.channels:
            values = [key.value for key in channel.keys]
            if channel.property in ("progress", "highlight", "opacity"):
                assert min(values) >= 0, channel.target
                assert max(values) <= 1, channel.target


def test_each_shot_has_its_subject_in_view_when_the_camera_arrives(film):
    anatomy, run, board, aspect = film
    selection = Selection(anatomy, run.n_prompt, run.n_tokens)
    margins = {
        f"{chapter.id}.{beat.id}": beat.shot.margins
        for chapter in load().chapters
        for beat in chapter.beats
        if beat.shot
    }
    assert {shot.beat for shot in board.shots} <= set(margins)
    for shot in board.shots:
        shown = standing(board, selection, shot.beat).points(shot.show)
        at = project(camera_at(board, shot.end), shown, aspect)
        m: Margins = margins[shot.beat]
        assert at[:, 2].min() > 0
        assert at[:, 0].min() >= m.left - 1e-4, shot.beat
        assert at[:, 0].max() <= 1 - m.right + 1e-4, shot.beat
        assert at[:, 1].min() >= m.bottom - 1e-4, shot.beat
        assert at[:, 1].max() <= 1 - m.top + 1e-4, shot.beat


def test_the_camera_moves_without_jumps(films):
    for _, _, film in films:
        times = np.arange(0, film.duration, 1 / film.fps)
        poses = [camera_at(film, t) for t in times]
        for before, after in pairwise(poses):
            step = np.linalg.norm(np.array(after.location) - before.location)
            assert step < 0.25 * max(before.distance, after.distance)
            assert abs(after.azimuth - before.azimuth) < 2.5
            assert abs(after.elevation - before.elevation) < 2.5
            assert before.distance > 0


def tokens(film):
    """The tiles of tokens that fly."""
    return [actor for actor in film.actors if isinstance(actor, TokenTile)]


def flight(channel):
    """The seconds between which an actor first moves."""
    for before, _ in pairwise(channel.keys):
        if before.easing == "constant":
            return channel.keys[0].time, before.time
    return channel.keys[0].time, channel.keys[-1].time


def test_each_appended_token_flies_from_its_bar_to_its_tile(films):
    for anatomy, run, film in films:
        selection = Selection(anatomy, run.n_prompt, run.n_tokens)
        if run.n_appended < 10:
            assert len(tokens(film)) == run.n_appended
        for actor in tokens(film):
            name = actor.name
            position = int(name.rpartition(":")[2])
            assert actor.index == run.ids[position]
            assert actor.text == run.label(run.ids[position])
            x, y, z = (
                next(
                    c
                    for c in film.channels
                    if (c.target, c.property, c.index) == (name, "location", axis)
                )
                for axis in range(3)
            )
            bar = selection.tiles(targets.OUTPUT)[position - 1]
            tile = selection.tiles(targets.INPUT)[position]
            start, end = flight(x)
            assert x.at(start) == pytest.approx(bar.center[0])
            assert bar.corners[0, 2] <= z.at(start) <= bar.corners[1, 2]
            assert (x.at(end), z.at(end)) == pytest.approx((tile.center[0], tile.center[2]))
            # It hangs in front of what it passes, and leaves its place to the strip's own tile.
            assert max(y.at(t) for t in np.linspace(start, end, 50)) < bar.center[1]
            assert film.value_at(name, "opacity", (start + end) / 2) == 1
            assert film.value_at(name, "opacity", end) == 0
            assert film.value_at(targets.tile(targets.INPUT, position), "opacity", end) == 1
            # The column that predicts it is complete by then, and its own one is not begun.
            for block, p in (("probabilities", position - run.n_prompt), ("tokens", -1)):
                reached = film.value_at(block, "progress", start)
                count = run.n_prompt + p if p >= 0 else position
                assert round(reached * run.n_tokens) == count


def test_a_flying_token_is_in_the_picture(film):
    _, run, board, aspect = film
    for actor in tokens(board):
        for time in np.arange(0, board.duration, 0.1):
            if board.value_at(actor.name, "opacity", time) < 0.5:
                continue
            place = [board.value_at(actor.name, "location", time, i) for i in range(3)]
            (at,) = project(camera_at(board, time), np.array([place]), aspect)
            assert at[2] > 0
            assert 0 < at[0] < 1, (actor.name, time)
            assert 0 < at[1] < 1, (actor.name, time)
    assert len(tokens(board)) == run.n_appended


def test_a_prompt_that_fills_the_context_has_no_loop(sized):
    anatomy, run = sized(n_prompt=9, n_tokens=9)
    film = walkthrough.compile(None, anatomy, run)
    beats = {beat.id for beat in film.beats}
    assert not tokens(film)
    assert not beats & {"introduction.loop", "introduction.again", "introduction.faster"}
    assert "introduction.prediction" in beats


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_film_takes_five_to_six_minutes(told, language):
    body, run, reader, _ = told
    film = walkthrough.compile(None, body, run, reader=reader, language=language)
    assert 300 <= film.duration <= 360
    for chapter in chapters(film):
        assert 20 <= chapter.end - chapter.time <= 50, chapter.id


def test_many_tokens_do_not_make_a_long_film(sized):
    anatomy, run = sized(n_layer=14, n_ctx=40, n_prompt=3, n_tokens=40)
    film = walkthrough.compile(None, anatomy, run)
    assert film.span("introduction")[1] < 130


def test_a_frame_costs_two_curves_for_a_block(wide):
    anatomy, _, film = wide
    curves = [c for c in film.channels if c.target in anatomy.blocks]
    assert len(curves) <= 2 * len(anatomy.blocks)


def test_printing_the_film_lists_every_beat(wide):
    _, _, film = wide
    printed = str(film)
    for beat in film.beats:
        assert beat.name in printed
    for caption in film.captions:
        for line in caption.lines():
            assert line in printed


def test_a_run_must_fit_together():
    with pytest.raises(walkthrough.AuthoringError, match="begin with its prompt"):
        Run.made([1, 2], [2, 1], {}, np.ones((2, 3)))
    with pytest.raises(walkthrough.AuthoringError, match="as many positions, not 1"):
        Run.made([1], [1, 2], {}, np.ones((1, 3)))


def test_one_lens_films_everything_so_that_captions_keep_their_size(film):
    _, _, board, _ = film
    lenses = {camera_at(board, t).lens for t in np.arange(0, board.duration, 0.5)}
    assert len(lenses) == 1


class Forgetful:
    """Somebody who reads the cells of a model, but knows no number of some blocks."""

    def __init__(self, reader, words):
        self._reader, self._words = reader, words

    def __getattr__(self, name):
        return getattr(self._reader, name)

    def read(self, block, columns, rows):
        found = self._reader.read(block, columns, rows)
        if any(word in block.name for word in self._words):
            found = replace(found, values=np.full(len(columns), np.nan, np.float32))
        return found


@pytest.mark.parametrize("words", [("",), ("attention_scores",), ("ln_",), ("mlp",), ("weight",)])
def test_a_film_is_made_where_numbers_are_not_known(told, words):
    body, run, reader, _ = told
    whole = walkthrough.compile(None, body, run, reader=reader)
    film = walkthrough.compile(None, body, run, reader=Forgetful(reader, words))
    assert [m.id for m in film.markers] == [m.id for m in whole.markers]
    assert len(film.actors) < len(whole.actors)
