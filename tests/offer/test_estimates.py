"""Estimates of a model's drawing, and the refusal of one that does not fit into memory."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from llmviz_addon import detail, model
from llmviz_addon.offer import estimates

GIGABYTE = 10**9


def config(preset: str) -> model.Config:
    return next(p.config for p in model.presets() if p.id == preset)


def test_an_estimate_is_that_of_the_plan():
    found = estimates.estimate(config("gpt2"), 12, 5, True, 1000, 64)
    budget = detail.Budget(1000, 64)
    assert found == detail.plan(config("gpt2"), 17, full_context=True, budget=budget).estimate


def test_the_same_question_is_planned_once(monkeypatch):
    asked = []
    plan = detail.plan
    monkeypatch.setattr(detail, "plan", lambda *a, **k: (asked.append(a), plan(*a, **k))[1])
    for _ in range(3):
        estimates.estimate(config("gpt2"), 7, 5, False, 123_456, 32)
    assert len(asked) == 1
    estimates.estimate(config("gpt2"), 8, 5, False, 123_456, 32)
    assert len(asked) == 2


def test_rows_tell_only_what_there_is():
    whole = estimates.rows(estimates.estimate(config("nano-gpt"), 11, 5, False, 400_000, 256))
    assert [name for name, _ in whole] == ["Cubes", "File", "Memory", "Rendering"]
    shapes = dict(estimates.rows(estimates.estimate(config("gpt2"), 0, 5, False, 400_000, 256)))
    assert "Cubes" not in shapes and "Slabs" not in shapes
    assert shapes["Shape Only"].endswith(" cells")


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 KB"),
        (999_600, "1 MB"),
        (138_000_000, "138 MB"),
        (2_300_000_000, "2.3 GB"),
        (1_234 * GIGABYTE, "1,234.0 GB"),
    ],
)
def test_sizes_are_written_for_people(n_bytes, text):
    assert estimates.size(n_bytes) == text


def needs(trace: int = 0, drawn: int = 0) -> detail.Estimate:
    found = estimates.estimate(config("gpt2"), 7, 5, False, 1000, 64)
    return replace(found, trace_bytes=trace, drawn_bytes=drawn, scene_bytes=0)


def test_too_little_memory_is_a_sentence_with_both_amounts():
    reason = estimates.why_no_memory("GPT-2 XL", needs(drawn=8 * GIGABYTE), 3 * GIGABYTE)
    assert "GPT-2 XL" in reason and "8.0 GB" in reason and "3.0 GB" in reason
    assert "\n" not in reason


def test_too_little_memory_offers_only_cures_that_help():
    long = estimates.why_no_memory("GPT-2", needs(8 * GIGABYTE, GIGABYTE), GIGABYTE)
    assert "shorter prompt" in long and "Slab Memory" not in long
    large = estimates.why_no_memory("GPT-2", needs(GIGABYTE, 8 * GIGABYTE), GIGABYTE)
    assert "shorter prompt" not in large and "Slab Memory" in large


@pytest.mark.parametrize("available", [None, 8 * GIGABYTE, 9 * GIGABYTE])
def test_enough_memory_or_an_unknown_amount_stops_nobody(available):
    assert estimates.why_no_memory("GPT-2", needs(drawn=8 * GIGABYTE), available) == ""


def test_the_available_memory_is_read_as_linux_writes_it():
    text = "MemTotal:       16000000 kB\nMemFree:  1000 kB\nMemAvailable:    2048 kB\n"
    assert estimates.available_in(text) == 2048 * 1024
    for odd in ("", "MemAvailable:", "MemAvailable: many kB", "MemAvailable: 12 pages"):
        assert estimates.available_in(odd) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the file is Linux's")
def test_this_machine_has_memory():
    total = int(Path("/proc/meminfo").read_text("ascii").split()[1]) * 1024
    assert 0 < estimates.available_memory() <= total
