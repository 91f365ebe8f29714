"""Folded blocks: every cell in its line, in order, and found again where it stands."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmviz_addon import anatomy, model
from llmviz_addon.anatomy.fold import Fold, line_length
from llmviz_addon.anatomy.lines import numbered

from .conftest import TOWER, UNFOLDED
from .helpers import flat, overlaps


def folded(body):
    return [block for block in body.blocks.values() if block.spec.fold is not None]


@pytest.fixture(scope="module", params=[None, TOWER], ids=("rows", "tower"))
def gpt2(request):
    return anatomy.build(model.load("gpt2").config, 12, request.param)


def test_long_blocks_of_gpt2_fold_and_no_others(gpt2):
    assert {block.name for block in folded(gpt2)} == {"wte", "lm_head", "logits", "probabilities"}
    width = gpt2.layout.layer.blocks.right - gpt2.layout.layer.blocks.left
    assert max(b.bounds[1][0] - b.bounds[0][0] for b in gpt2.blocks.values()) < 2.5 * width


def test_nothing_folds_where_that_is_not_wanted():
    body = anatomy.build(model.load("gpt2").config, 12, UNFOLDED)
    assert folded(body) == []
    (left, _, _), (right, _, _) = body.blocks["wte"].bounds
    assert right - left == body.config.n_vocab


def test_a_small_vocabulary_stays_in_one_line(nano):
    assert folded(nano) == []


@pytest.mark.parametrize("along", ["columns", "rows"])
@given(columns=st.integers(1, 40), rows=st.integers(1, 40), length=st.integers(1, 15))
def test_cells_of_a_fold_stand_apart_and_in_the_order_of_text(along, columns, rows, length):
    other = rows if along == "columns" else columns
    fold = Fold(along, length, other + 3.0)
    column, row = (grid.reshape(-1) for grid in np.indices((columns, rows)))
    right, up = fold.shift(column, row)
    x, z = column + right, up - row
    assert len({*zip(x.tolist(), z.tolist(), strict=True)}) == columns * rows
    width, height = fold.extent(columns, rows)
    assert x.min() == z.max() == 0
    assert x.max() < width and -z.min() < height
    # Along the axis that is folded, each next cell is beside the one before or begins a line.
    number = column if along == "columns" else row
    step = x if along == "columns" else -z
    np.testing.assert_array_equal(step, number % length)
    assert sum(p.columns * p.rows for p in fold.pieces(columns, rows)) == columns * rows
    for piece in fold.pieces(columns, rows):
        inside = (column >= piece.column) & (column < piece.column + piece.columns)
        inside &= (row >= piece.row) & (row < piece.row + piece.rows)
        assert np.ptp(x[inside]) == piece.columns - 1 and np.ptp(z[inside]) == piece.rows - 1


@given(size=st.integers(1, 200_000), limit=st.floats(1, 10_000))
def test_lines_are_about_as_long_as_they_may_be_and_alike(size, limit):
    length = line_length(size, limit)
    assert 1 <= length <= size
    lines = -(-size // length)
    assert length <= max(1.25 * limit, -(-limit // 1) + 256)
    assert (lines - 1) * length < size
    if lines > 1:
        assert size > 1.25 * limit


def test_a_ray_finds_each_cell_of_a_fold_and_nothing_between_its_lines(gpt2):
    for block in folded(gpt2):
        pieces = block.spec.pieces
        for piece in pieces:
            for column in (piece.column, piece.column + piece.columns - 1):
                for row in (piece.row, piece.row + piece.rows - 1):
                    low, high = block.bounds_of(anatomy.Piece(column, row, 1, 1))
                    x, z = (low[0] + high[0]) / 2, (low[2] + high[2]) / 2
                    hit = gpt2.pick((x, -10.0, z), (0, 1, 0))
                    assert (hit.block, hit.column, hit.row) == (block.name, column, row)
        for before, after in itertools.pairwise(pieces):
            a, b = (np.array(block.bounds_of(piece)) for piece in (before, after))
            between = (np.minimum(a[1], b[1]) + np.maximum(a[0], b[0])) / 2
            assert gpt2.pick((between[0], -10.0, between[2]), (0, 1, 0)) is None


def test_each_line_says_with_which_number_it_begins_and_covers_nothing(gpt2):
    size = 0.8 * gpt2.space.title_size
    front = [b for b in gpt2.blocks.values() if b.layer is None]
    things = [flat(b.bounds_of(piece)) for b in front for piece in b.spec.pieces]
    things += [flat(b.label.bounds) for b in front]
    for block in folded(gpt2):
        labels = list(numbered(block, size))
        numbers = [max(piece.column, piece.row) for piece in block.spec.pieces]
        assert [int(label.text.replace(",", "")) for label in labels] == numbers[1:]
        for label in labels:
            assert overlaps([flat(label.bounds)], things) == [], label.text
    assert list(numbered(gpt2.blocks["embedding"], size)) == []
