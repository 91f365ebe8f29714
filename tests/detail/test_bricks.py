"""The boxes of a slab cover each of its cells once, and none that a window has opened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmviz_addon.detail import Rect, bricks, bundle, cut, lay_out
from llmviz_addon.detail.bricks import (
    ALWAYS,
    BOTTOM,
    CAUSAL,
    COLUMNS,
    LARGEST,
    LEFT,
    NEVER,
    RIGHT,
    ROWS,
    SHAPE,
    TOP,
    rects,
)
from llmviz_addon.detail.pages import WIDTH

from .conftest import CONFIGS


def _count(rectangles, columns: int, rows: int) -> np.ndarray:
    """Number of rectangles that cover each cell of a grid."""
    covered = np.zeros((columns, rows), int)
    for rect in rectangles:
        assert rect.columns > 0 and rect.rows > 0 and rect.column >= 0 and rect.row >= 0
        covered[rect.column :, rect.row :][: rect.columns, : rect.rows] += 1
    return covered


@pytest.mark.parametrize("largest", [3, 7, 100])
@pytest.mark.parametrize("computed", [1, 4, 7])
def test_tiles_of_a_block_cover_each_cell_once(bodies, computed, largest):
    for block in bodies("tiny").blocks.values():
        made = rects(block, computed, largest)
        assert (_count(made, block.columns, block.rows) == 1).all(), block.name
        columns, rows = block.extent(computed)
        numbered = _count([r for r in made if r.numbered], block.columns, block.rows)
        expected = np.zeros_like(numbered)
        expected[:columns, :rows] = 1
        np.testing.assert_array_equal(numbered, expected, err_msg=block.name)
        assert max(max(r.columns, r.rows) for r in made) <= largest


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("way", LARGEST)
def test_no_tile_is_larger_than_a_renderer_can_resolve(bodies, name, way):
    for made in bundle(bodies(name)):
        block, largest = made.first, LARGEST[way]
        found = rects(block, 69, largest)
        assert max(max(r.columns, r.rows) for r in found) <= largest
        assert sum(r.columns * r.rows for r in found) == block.columns * block.rows


SIDES = st.integers(1, 14)
WINDOWS = st.tuples(st.integers(-3, 14), st.integers(-3, 14), SIDES, SIDES)


@settings(deadline=None)
@given(SIDES, SIDES, st.integers(1, 14), st.lists(WINDOWS, max_size=4), st.integers(2, 9))
def test_a_cut_leaves_out_exactly_the_windows(columns, rows, computed, windows, largest):
    done = min(computed, columns)
    pieces = [Rect(0, 0, done, rows)]
    if done < columns:
        pieces.append(Rect(done, 0, columns - done, rows, numbered=False))
    expected = np.ones((columns, rows), int)
    for window in windows:
        pieces = cut(pieces, Rect(*window))
        column, row = np.ogrid[:columns, :rows]
        left, top, wide, high = window
        inside = (column >= left) & (column < left + wide) & (row >= top) & (row < top + high)
        expected[inside] = 0
    np.testing.assert_array_equal(_count(pieces, columns, rows), expected)
    numbered = _count([r for r in pieces if r.numbered], columns, rows)
    np.testing.assert_array_equal(numbered, expected * (np.arange(columns) < done)[:, None])


def test_a_cut_beside_a_rectangle_leaves_it_as_it_is():
    rect = Rect(4, 4, 5, 5)
    for window in (Rect(0, 0, 4, 20), Rect(9, 0, 3, 20), Rect(0, 0, 20, 4), Rect(0, 9, 20, 4)):
        assert cut([rect], window) == [rect]
    assert cut([rect], Rect(0, 0, 20, 20)) == []


def _cells_of_bricks(made, found) -> list[np.ndarray]:
    """For each block the number of boxes over each cell, from the places of the boxes alone."""
    covered = [np.zeros((b.columns, b.rows), int) for b in made.blocks]
    for index, center, size in zip(found.block, found.center, found.size, strict=True):
        block = made.blocks[index]
        low = center - (size + 0.1) / 2
        high = center + (size + 0.1) / 2
        assert low[1] < block.origin[1] < high[1], "the box is where its block is"
        columns, rows = round(size[0] + 0.1), round(size[2] + 0.1)
        for piece in block.spec.pieces:
            (left, _, bottom), (right, _, top) = block.bounds_of(piece)
            if not (left < center[0] < right and bottom < center[2] < top):
                continue
            column, row = piece.column + low[0] - left, piece.row + top - high[2]
            assert (column, row) == pytest.approx((round(column), round(row)), abs=1e-3)
            assert low[0] > left - 1e-3 and high[0] < right + 1e-3, "it is within one line"
            column, row = round(column), round(row)
            covered[index][column : column + columns, row : row + rows] += 1
    return covered


@pytest.mark.parametrize("computed", [2, 6, 9])
@pytest.mark.parametrize("drawn", ["slab", "shape"])
@pytest.mark.parametrize("n_vocab", [7, 1200])
def test_boxes_stand_where_their_cells_are(bundled, computed, drawn, n_vocab):
    body = bundled(n_vocab=n_vocab)
    assert (body.blocks["wte"].spec.fold is not None) == (n_vocab > 7)
    bundles = bundle(body)
    layout = lay_out(bundles, computed) if drawn == "slab" else None
    for made in bundles:
        for covered in _cells_of_bricks(made, bricks(made, computed, layout)):
            assert (covered == 1).all(), made.name


def test_a_window_is_left_out_of_its_block_only(bundled):
    bundles = bundle(bundled())
    layout = lay_out(bundles, 6)
    (made,) = (b for b in bundles if b.name == "layers1-2.mlp_weight")
    window = Rect(5, 2, 10, 4)
    covered = _cells_of_bricks(made, bricks(made, 6, layout, [(1, window), (1, Rect(0, 0, 1, 1))]))
    assert (covered[0] == 1).all()
    expected = np.ones_like(covered[1])
    expected[5:15, 2:6] = expected[0, 0] = 0
    np.testing.assert_array_equal(covered[1], expected)


@pytest.mark.parametrize("windows", [[], [(0, Rect(1, 1, 3, 2))]])
def test_a_tile_says_which_cells_it_has_and_where_their_numbers_stand(bundled, windows):
    bundles, computed = bundle(bundled()), 6
    layout = lay_out(bundles, computed)
    for made in bundles:
        found = bricks(made, computed, layout, windows)
        table = zip(found.block, found.extent, found.first, found.texel, strict=True)
        for index, (columns, rows, step, steps), (column, row, mode, _), texel in table:
            assert (step, steps) == (made.steps[index], made.n_steps)
            block = made.blocks[index]
            assert column + columns <= block.columns and row + rows <= block.rows
            if mode == NEVER:
                continue
            along, line, (seams, transposed), pitch = *texel[:2], divmod(texel[2], 2), texel[3]
            assert 0 <= seams < 16
            place = layout.places[block.name]
            assert (bool(transposed), pitch) == (place.transposed, place.pitch)
            lines, texels = place.texels(np.array(column), np.array(row))
            fold, x = divmod(along, WIDTH)
            assert (line + fold * pitch, x) == (lines, texels)


@pytest.mark.parametrize("windows", [[], [(0, Rect(1, 1, 3, 2))]])
def test_a_side_is_a_seam_where_the_cell_beside_it_is_the_same_blocks(
    monkeypatch, bundled, windows
):
    monkeypatch.setitem(LARGEST, "shape", 7)
    seen = set()
    for made in bundle(bundled()):
        found = bricks(made, 6, None, windows)
        block = made.first
        for (columns, rows, *_), (column, row, *_), texel in zip(
            found.extent, found.first, found.texel, strict=True
        ):
            last = column + columns - 1, row + rows - 1
            beside = (
                (LEFT, (column, row), (column - 1, row)),
                (RIGHT, last, (last[0] + 1, last[1])),
                (TOP, (column, row), (column, row - 1)),
                (BOTTOM, last, (last[0], last[1] + 1)),
            )
            for side, own, other in beside:
                there = 0 <= other[0] < block.columns and 0 <= other[1] < block.rows
                # In the next line of a folded block, a cell is not beside the one before it.
                places = [block.spec.places(np.array(c), np.array(r)) for c, r in (own, other)]
                apart = abs(np.subtract(*places)).sum() if there else np.inf
                assert bool(int(texel[2]) // 2 & side) == (apart < 1.5), (block.name, side)
                seen.add(apart < 1.5)
    assert seen == {False, True}


def test_a_tile_says_how_its_cells_come_to_their_numbers(bundled):
    bundles, computed = bundle(bundled()), 6
    layout = lay_out(bundles, computed)
    modes = {None: ALWAYS, "columns": COLUMNS, "rows": ROWS, "both": CAUSAL}
    unused = 0
    for made in bundles:
        found = bricks(made, computed, layout)
        columns, rows = made.first.extent(computed)
        past = (found.first[:, 0] >= columns) | (found.first[:, 1] >= rows)
        assert (found.first[past, 2] == NEVER).all(), made.name
        assert (found.first[~past, 2] == modes[made.first.time_axis]).all(), made.name
        unused += int(past.sum())
        shapes = bricks(made, made.first.columns + made.first.rows)
        assert (shapes.first[:, 2] == SHAPE).all()
    assert unused > 50


def test_tiles_of_gpt3_are_few_enough_to_draw(bodies):
    body = bodies("gpt3")
    counted = sum(len(bricks(made, 0x7FFF).block) for made in bundle(body))
    assert len(body.blocks) <= counted <= 1.1 * len(body.blocks)
