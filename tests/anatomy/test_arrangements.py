"""Arrangements: layers in columns that fill a wide picture, everything on one ground."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmviz_addon import anatomy, model
from llmviz_addon.anatomy.arrangement import columns, enlargement
from llmviz_addon.anatomy.strips import output_strip

from .conftest import TOWER, rows


@pytest.mark.parametrize(
    ("preset", "expected"),
    [("nano-gpt", 3), ("rhyme-gpt", 3), ("gpt2", 4), ("gpt2-xl", 8), ("gpt3", 12)],
)
def test_the_usual_arrangement_fills_a_wide_picture_better_than_any_other(preset, expected):
    config = model.load(preset).config
    usual = anatomy.build(config).layout
    assert len(usual.columns) == expected
    for count in {1, expected // 2, expected - 1, expected + 1, config.n_layer} - {0}:
        other = anatomy.build(config, arrangement=rows(count)).layout
        assert _filled(other) <= _filled(usual)


def _filled(layout) -> float:
    """The share of a wide picture that the columns fill; a shorter one leaves room below it."""
    width, height = layout.size
    heights = [len(column) for column in layout.columns]
    shown = width * height * enlargement(width, height) ** 2
    columns = len(heights) * max(heights) * layout.layer_height
    return shown * (sum(heights) * layout.layer_height / columns) / (width * height)


def test_the_size_of_a_layout_is_that_of_its_blocks(body):
    (left, _, bottom), (right, _, top) = body.bounds()
    assert body.layout.size == pytest.approx((right - left, top - bottom))


@given(n_layer=st.integers(1, 200), count=st.integers(1, 250))
def test_columns_share_the_layers_evenly_and_in_order(n_layer, count):
    made = columns(n_layer, count)
    assert [layer for column in made for layer in column] == list(range(n_layer))
    heights = [len(column) for column in made]
    assert len(heights) == min(count, n_layer)
    assert max(heights) - min(heights) <= 1
    assert heights == sorted(heights, reverse=True)


def test_rows_have_one_layer_in_each_column_unless_said_otherwise():
    config = model.load("gpt2").config
    assert len(anatomy.build(config, 8, rows(0)).layout.columns) == 12
    assert [len(c) for c in anatomy.build(config, 8, rows(5)).layout.columns] == [3, 3, 2, 2, 2]
    assert len(anatomy.build(config, 8, rows(99)).layout.columns) == 12


def test_in_rows_everything_stands_on_one_ground_in_the_order_of_computation(body):
    if body.layout.tower:
        pytest.skip("a tower")
    last = [f"layer{column[-1]}" for column in body.layout.columns]
    feet = [body.section(name).bounds[0][2] for name in ("embedding", *last)]
    assert feet == pytest.approx([0.0] * len(feet), abs=1e-6)
    bars = [corner[2] for tile in output_strip(body).tiles for corner in tile.corners]
    assert min(bars) == pytest.approx(0.0, abs=1e-6)
    across = [body.section(name).bounds for name in ("embedding", *last, "output")]
    for before, after in itertools.pairwise(across):
        assert before[1][0] < after[0][0]


def test_in_a_tower_everything_stands_below_the_one_before():
    for preset in ("nano-gpt", "gpt2"):
        body = anatomy.build(model.load(preset).config, 11, TOWER)
        layers = [f"layer{i}" for i in range(body.config.n_layer)]
        parts = [body.section(name).bounds for name in ("embedding", *layers, "output")]
        for above, below in itertools.pairwise(parts):
            assert above[0][2] > below[1][2]


@pytest.mark.parametrize("wrong", [{"kind": "heap"}, {"kind": "rows", "columns": -1}])
def test_what_is_no_arrangement_is_refused(wrong):
    with pytest.raises(ValueError, match=r"arrangement|columns"):
        anatomy.Arrangement(**wrong)
