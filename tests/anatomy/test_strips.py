"""The strips: as wide as words need, wired to their columns, in nothing's way."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from llmviz_addon import anatomy, model
from llmviz_addon.anatomy import strips

from .helpers import boxes_passed, flat, overlaps, sample

PROMPT = 69


def corners(tile):
    low, high = tile.corners
    return tuple(low), tuple(high)


def both(body):
    count = min(PROMPT, body.n_tokens)
    return strips.input_strip(body, count), strips.output_strip(body, count)


def test_tiles_of_nano_gpt_hold_a_letter_each(nano):
    given, predicted = strips.input_strip(nano), strips.output_strip(nano, 6)
    assert (len(given.tiles), len(predicted.tiles)) == (11, 6)
    assert {(tile.width, tile.height) for tile in given.tiles} == {(3.0, 5.0)}
    assert {(tile.width, tile.height) for tile in predicted.tiles} == {(3.0, 15.0)}
    (left, _, _), (right, _, top) = nano.blocks["tokens"].bounds
    assert given.tiles[5].center == ((left + right) / 2, 0.0, top + 6.5)


def test_tokens_that_are_appended_later_do_not_move_the_others(nano):
    few, all_of_them = strips.input_strip(nano, 6), strips.input_strip(nano)
    assert all_of_them.tiles[:6] == few.tiles
    np.testing.assert_array_equal(all_of_them.wires[:6], few.wires)


def test_tiles_are_in_order_and_do_not_overlap(giant):
    for strip in both(giant):
        for left, right in itertools.pairwise(strip.tiles):
            assert left.corners[1, 0] < right.corners[0, 0]
            assert left.center[2] == right.center[2]


def test_tiles_of_large_models_hold_a_word_that_can_be_read_beside_their_blocks(giant):
    tile = strips.input_strip(giant, 1).tiles[0]
    assert 0.6 < tile.height / giant.space.margin < 1.2
    size = strips.letter_size("tokenize", tile.width, tile.height)
    written = anatomy.Label("tokenize", (0.0, 0.0, 0.0), size, "left").bounds[1][0]
    assert written < 0.95 * tile.width
    assert size > 0.5 * giant.space.title_size


@pytest.mark.parametrize("text", ["A", "the", "tokenizer", "internationalization"])
def test_a_text_fits_its_tile(text):
    for width, height in ((3.0, 5.0), (10.0, 5.0)):
        size = strips.letter_size(text, width, height)
        (left, _, _), (right, _, top) = anatomy.Label(text, (0, 0, 0), size, "left").bounds
        assert right - left <= width
        assert top < 0.6 * height


def test_wires_join_cells_and_tiles(giant):
    for name, strip, side in zip(("tokens", "probabilities"), both(giant), (1, -1), strict=True):
        (left, _, bottom), (_, _, top) = giant.blocks[name].bounds
        edge = top if side > 0 else bottom
        count = len(strip.tiles)
        np.testing.assert_allclose(strip.wires[:, 0, 0], left + 0.5 + np.arange(count))
        assert (strip.wires[:, 0, 2] == edge).all()
        for wire, tile in zip(strip.wires, strip.tiles, strict=True):
            low, high = tile.corners
            assert wire[-1, 0] == tile.center[0]
            assert wire[-1, 2] == pytest.approx(low[2] if side > 0 else high[2])
        assert (side * np.diff(strip.wires[..., 2], axis=1) > 0).all()


def test_wires_are_as_wide_aslant_as_upright_and_narrow_at_their_cells(giant):
    for strip in both(giant):
        width = 2 * strip.wire_sides[:, -1, 0]
        total = strip.tiles[-1].center[0] - strip.tiles[0].center[0]
        assert (width >= 0.00039 * total).all()
        assert (2 * strip.wire_sides[:, 0, 0] < 1).all()
        left, right = strip.wires - strip.wire_sides, strip.wires + strip.wire_sides
        assert (left[:, [0, -1], 2] == right[:, [0, -1], 2]).all()
        for wire, a in zip(strip.wires, left, strict=True):
            # At the upper end of its slanted part, the wire is as wide as at the tile.
            way = wire[2] - wire[1]
            way /= np.linalg.norm(way)
            apart = np.linalg.norm(np.cross(a[2] - wire[2], way))
            assert apart == pytest.approx(width[0] / 2, rel=1e-6)


def test_strips_touch_no_block_no_title_and_no_place(giant):
    things = [flat(block.bounds) for block in sample(giant)]
    things += [flat(block.label.bounds) for block in sample(giant)]
    things += [flat((place.least, place.greatest)) for place in giant.places.values()]
    low, high = (
        np.array([(x, -1.0, z) for x, z in corner]) for corner in zip(*things, strict=True)
    )
    high[:, 1] = 1.0
    for strip in both(giant):
        assert overlaps([flat(corners(tile)) for tile in strip.tiles], things) == []
        for wire in strip.wires:
            assert not boxes_passed(wire, low, high)


def test_a_prompt_in_a_long_context_hangs_over_its_own_columns():
    body = anatomy.build(model.load("gpt2").config)
    strip = strips.input_strip(body, 12)
    first = body.blocks["tokens"].bounds[0][0]
    middle = (strip.tiles[0].center[0] + strip.tiles[-1].center[0]) / 2
    assert middle == pytest.approx(first + 6)


def test_candidates_stand_beside_the_last_bar_and_in_nothings_way(giant):
    count = min(PROMPT, giant.n_tokens)
    bars = strips.output_strip(giant, count).tiles
    rows = strips.candidates(giant, count)
    assert len(rows) == strips.CANDIDATES
    assert rows[0].corners[1, 2] == pytest.approx(bars[-1].corners[1, 2])
    assert rows[-1].corners[0, 2] == pytest.approx(bars[-1].corners[0, 2])
    for above, below in itertools.pairwise(rows):
        assert below.corners[1, 2] == pytest.approx(above.corners[0, 2])
    for row in rows:
        assert row.height > giant.space.title_size
        assert row.corners[0, 0] > bars[-1].corners[1, 0]
    boxes = [flat(block.bounds) for block in giant.blocks.values()]
    assert overlaps([flat(corners(row)) for row in rows], boxes) == []


@pytest.mark.parametrize("count", [0, 12])
def test_a_strip_for_positions_that_are_not_drawn_is_refused(nano, count):
    for make in (strips.input_strip, strips.output_strip):
        with pytest.raises(ValueError, match="does not fit the 11 that are drawn"):
            make(nano, count)
