"""A Blender with a window is waited for as long as it says what it does."""

from __future__ import annotations

import os
import sys

from tests.gui.following import follow


def test_what_falls_silent_is_stopped_and_what_it_had_said_is_known():
    told: list[str] = []
    script = "echo pressing build; sleep 600"
    status, output = follow(["sh", "-c", script], dict(os.environ), told.append, silence=3)
    assert status != 0
    assert output == "pressing build\nstopped: it had printed nothing for 3 s"
    assert told == ["pressing build"]


def test_what_talks_may_take_longer_than_the_limit():
    told: list[str] = []
    script = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.7; done; exit 3"
    status, output = follow(["sh", "-c", script], dict(os.environ), told.append, silence=3)
    assert (status, output.split()) == (3, ["1", "2", "3", "4", "5", "6"])


def test_errors_are_part_of_what_it_said():
    script = "import sys; print('out', flush=True); print('wrong', file=sys.stderr)"
    status, output = follow([sys.executable, "-c", script], dict(os.environ), lambda _line: None)
    assert (status, output.split()) == (0, ["out", "wrong"])
