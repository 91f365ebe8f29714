"""Channels, captions and the storyboard as a whole."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon.walkthrough import AuthoringError, Caption, Channel, Key, Marker, Storyboard
from llmviz_addon.walkthrough.easing import blend, hermite, slow_in_out


def board(*channels, **kwargs):
    parts = {"captions": (), "markers": (), "actors": (), "shots": ()} | kwargs
    return Storyboard(title="A Film", duration=10.0, channels=channels, **parts)


def bezier(points, fraction):
    """De Casteljau's construction in the plane."""
    points = [np.array(p, float) for p in points]
    while len(points) > 1:
        points = [a + fraction * (b - a) for a, b in pairwise(points)]
    return points[0]


def test_a_smooth_channel_is_the_bezier_curve_of_its_handles():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.2, 2, 6))
    keys = tuple(
        Key(float(t), float(v), "smooth", float(s))
        for t, v, s in zip(times, rng.normal(size=6), rng.normal(size=6), strict=True)
    )
    channel = Channel("camera", "lens", keys)
    handles = channel.handles()
    for i in range(5):
        segment = (
            (keys[i].time, keys[i].value),
            handles[i][1],
            handles[i + 1][0],
            (keys[i + 1].time, keys[i + 1].value),
        )
        for fraction in np.linspace(0, 1, 9):
            time, value = bezier(segment, fraction)
            assert channel.at(time) == pytest.approx(value)


def test_a_hermite_segment_has_the_slopes_it_is_given():
    def at(fraction):
        return hermite(2.0, 5.0, 3.0, -4.0, 2.0, fraction)

    h = 1e-6
    assert (at(0), at(1)) == (2.0, 5.0)
    assert (at(h) - at(0)) / (2 * h) == pytest.approx(3, abs=1e-4)
    assert (at(1) - at(1 - h)) / (2 * h) == pytest.approx(-4, abs=1e-4)


@pytest.mark.parametrize("easing", ["linear", "ease", "ease_in", "ease_out"])
def test_an_easing_goes_from_one_key_to_the_next_without_turning_back(easing):
    values = [blend(easing, f) for f in np.linspace(0, 1, 50)]
    assert values[0] == pytest.approx(0)
    assert values[-1] == pytest.approx(1)
    assert (np.diff(values) > 0).all()


def test_slow_in_out_rests_at_both_ends():
    assert slow_in_out(-1) == slow_in_out(0) == 0
    assert slow_in_out(1) == slow_in_out(2) == 1
    assert slow_in_out(0.5) == pytest.approx(0.5)
    assert slow_in_out(1e-3) < 1e-7


def test_values_between_keys_and_beyond_them():
    channel = Channel(
        "embedding", "progress", (Key(1, 0, "linear"), Key(3, 1, "constant"), Key(4, 0.5))
    )
    film = board(channel)
    expected = {0: 0, 1: 0, 2: 0.5, 3: 1, 3.9: 1, 4: 0.5, 9: 0.5}
    for time, value in expected.items():
        assert film.value_at("embedding", "progress", time) == pytest.approx(value)


def test_what_no_channel_moves_keeps_its_default():
    film = board()
    assert film.value_at("embedding", "progress", 5) == 1
    assert film.value_at("embedding", "focus_column", 5) == -1
    with pytest.raises(KeyError):
        film.value_at("embedding", "color", 5)


def test_a_property_with_two_owners_is_an_error():
    channel = Channel("embedding", "progress", (Key(0, 0),))
    with pytest.raises(AuthoringError, match=r"embedding\.progress has two owners"):
        board(channel, channel)
    board(channel, Channel("embedding", "progress", (Key(0, 0),), index=1))


def test_keys_out_of_order_or_with_an_unknown_easing_are_errors():
    with pytest.raises(AuthoringError, match="not in order"):
        Channel("a", "opacity", (Key(1, 0), Key(1, 1)))
    with pytest.raises(AuthoringError, match="not in order"):
        Channel("a", "opacity", ())
    with pytest.raises(AuthoringError, match="'bouncy'"):
        Channel("a", "opacity", (Key(1, 0, "bouncy"),))


def test_a_caption_fills_its_lines_evenly_and_keeps_numbers_with_their_words():
    text = (
        "It has 85 584 parameters and this sentence goes on for a while, to fill two whole lines."
    )
    lines = Caption("a", 0, 5, text).lines(1.0)
    assert " ".join(lines) == text
    assert len(lines) == 2
    assert abs(len(lines[0]) - len(lines[1])) < 12
    for aspect in (0.3, 0.5625, 0.8, 1.0, 1.2):
        assert any("584 parameters" in line for line in Caption("a", 0, 5, text).lines(aspect))


def test_printing_a_storyboard_tells_what_is_seen_and_said():
    film = board(
        Channel("embedding", "progress", (Key(1, 0), Key(2, 1))),
        captions=(Caption("one.first", 0, 4, "Something is said."),),
        markers=(
            Marker(0, "Chapter One", "chapter", "one", 4),
            Marker(0, "The First", "beat", "one.first", 4),
        ),
    )
    printed = str(film)
    for part in ("A Film", "CHAPTER ONE", "The First", "embedding", "Something is said."):
        assert part in printed
    assert film.span("one.first") == (0, 4)
