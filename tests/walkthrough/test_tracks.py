"""One property has one owner at a time."""

from __future__ import annotations

import math

import pytest

from llmviz_addon.walkthrough import AuthoringError
from llmviz_addon.walkthrough.tracks import Board


def only(board):
    (channel,) = board.channels()
    return channel


def test_a_ramp_starts_from_where_the_property_is():
    board = Board()
    board.set("a", "opacity", 0, 0.25, "one")
    board.ramp("a", "opacity", 2, 4, 1.0, "two", easing="linear")
    channel = only(board)
    assert [channel.at(t) for t in (0, 1.9, 2, 3, 4, 9)] == pytest.approx(
        [0.25, 0.25, 0.25, 0.625, 1, 1]
    )


def test_an_overlap_names_both_owners_and_the_property():
    board = Board()
    board.ramp("a", "opacity", 0, 4, 1.0, "chapter.one")
    with pytest.raises(AuthoringError, match=r"chapter.two: a\.opacity .* chapter.one moves it"):
        board.ramp("a", "opacity", 3, 5, 0.0, "chapter.two")


def test_the_tail_of_a_pulse_yields_without_a_jump():
    board = Board()
    board.pulse("a", "highlight", 1, 2, 0.8, "one", release=2)
    board.pulse("a", "highlight", 2.5, 3, 0.4, "two", release=1)
    channel = only(board)
    assert channel.at(1) == 0
    assert channel.at(2) == pytest.approx(0.8)
    assert channel.at(2.5 - 1e-9) == pytest.approx(channel.at(2.5 + 1e-9), abs=1e-6)
    assert 0.4 < channel.at(2.5) < 0.8
    assert channel.at(3) == pytest.approx(0.4)
    assert channel.at(4) == 0


def test_a_pulse_that_is_still_up_does_not_yield():
    board = Board()
    board.pulse("a", "highlight", 1, 2, 0.8, "one")
    with pytest.raises(AuthoringError, match="one owner at a time"):
        board.pulse("a", "highlight", 1.9, 3, 0.4, "two")


def test_a_few_smooth_keys_follow_a_function():
    board = Board()
    times = [i * math.pi / 4 for i in range(5)]
    board.smooth("a", "lens", times, math.cos, "one")
    channel = only(board)
    for i in range(100):
        assert channel.at(i * math.pi / 100) == pytest.approx(math.cos(i * math.pi / 100), abs=3e-3)


def test_a_jump_leaves_alone_what_was_before():
    board = Board()
    board.set("a", "focus_column", 2, 3.0, "one")
    channel = only(board)
    assert [channel.at(t) for t in (0, 1.99, 2, 5)] == [-1, -1, 3, 3]
