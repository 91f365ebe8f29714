"""Numbers keep their value within half a level when they become bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from llmviz_addon.detail.levels import (
    BODY,
    GLOW,
    LEVELS,
    PATCH,
    STEPS,
    ZERO,
    gain_of,
    patches,
    to_bytes,
    to_numbers,
)

FLOATS = st.floats(-1e6, 1e6, width=32)
GAINS = st.floats(1e-4, 1e4)


@given(hnp.arrays(np.float32, hnp.array_shapes(max_dims=2, max_side=9), elements=FLOATS), GAINS)
def test_a_number_that_is_not_clipped_is_kept_within_half_a_level(numbers, gain):
    back = to_numbers(to_bytes(numbers, gain), gain)
    level = 1 / (STEPS * gain)
    inside = np.abs(numbers.astype(np.float64)) * gain <= 1
    error = np.abs(back.astype(np.float64) - numbers)[inside]
    assert (error <= level * 0.5001).all()


@given(hnp.arrays(np.float32, 20, elements=FLOATS), GAINS)
def test_a_number_beyond_the_scale_becomes_its_end_and_keeps_its_sign(numbers, gain):
    levels = to_bytes(numbers, gain)
    scaled = numbers.astype(np.float64) * gain
    assert (levels[scaled > 1.0001] == ZERO + STEPS).all()
    assert (levels[scaled < -1.0001] == ZERO - STEPS).all()


def test_zero_stays_zero():
    for gain in (1e-20, 0.3, 1.0, 7.0, 1e20):
        levels = to_bytes(np.array([0.0, -0.0], np.float32), gain)
        assert levels.tolist() == [ZERO, ZERO]
        assert to_numbers(levels, gain).tolist() == [0.0, 0.0]


def test_no_number_is_byte_0_and_only_that():
    numbers = np.array([np.nan, -1e30, -1.0, 0.0, 1.0, 1e30, -np.inf, np.inf], np.float32)
    levels = to_bytes(numbers, 1.0)
    assert (levels == 0).tolist() == [True] + [False] * 7
    assert np.isnan(to_numbers(levels, 1.0)).tolist() == [True] + [False] * 7


def test_there_are_255_levels_evenly_spread():
    levels = to_bytes(np.linspace(-1, 1, 100_001, dtype=np.float32), 1.0)
    assert np.unique(levels).tolist() == list(range(1, 256))
    assert LEVELS == 255
    numbers = to_numbers(np.arange(1, 256, dtype=np.uint8), 1.0)
    np.testing.assert_allclose(numbers, np.arange(-127, 128) / 127, rtol=1e-6)


def test_levels_read_back_as_themselves():
    levels = np.arange(256, dtype=np.uint8)
    for gain in (0.01, 1.0, 3.7):
        np.testing.assert_array_equal(to_bytes(to_numbers(levels, gain), gain), levels)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7,), (1, 5), (5, 1), (33, 17), (3, 400_000), (400_000, 3)])
def test_transposed_strided_and_other_types_give_the_same_bytes(dtype, shape):
    rng = np.random.default_rng(1)
    numbers = rng.normal(size=shape).astype(dtype)
    numbers.reshape(-1)[::5] = np.nan
    expected = to_bytes(np.ascontiguousarray(numbers, np.float32), 0.4)
    for view in (numbers, np.asfortranarray(numbers)):
        np.testing.assert_array_equal(to_bytes(view, 0.4), expected)
    if len(shape) == 2:
        np.testing.assert_array_equal(to_bytes(numbers.T, 0.4), expected.T)
        np.testing.assert_array_equal(to_bytes(numbers[::2, ::-1], 0.4), expected[::2, ::-1])


def test_numbers_are_left_as_they_were():
    numbers = np.array([[0.2, np.nan], [3.0, -4.0]], np.float32)
    kept = numbers.copy()
    to_bytes(numbers, 1.0)
    gain_of(np.nan_to_num(numbers))
    np.testing.assert_array_equal(numbers, kept)


@pytest.mark.parametrize("shape", [(0,), (0, 4), (4, 0)])
def test_nothing_has_no_bytes_and_a_gain_of_1(shape):
    assert gain_of(np.empty(shape, np.float32)) == 1.0
    assert to_bytes(np.empty(shape, np.float32), 1.0).shape == shape


@pytest.mark.parametrize("gain", [0.0, -1.0, np.nan, np.inf])
def test_a_gain_that_scales_nothing_is_refused_in_words(gain):
    with pytest.raises(ValueError, match="scales nothing"):
        to_bytes(np.ones(3, np.float32), gain)


@pytest.mark.parametrize("shape", [(1,), (50,), (51, 20), (500, 524)])
def test_the_gain_makes_the_98th_percentile_the_full_color(shape):
    numbers = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    expected = 1 / np.percentile(np.abs(numbers), 98)
    for view in (numbers, numbers.T, np.asfortranarray(numbers)):
        assert gain_of(view) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(3_000_000,), (3000, 1000), (1000, 3000)])
def test_the_gain_of_many_numbers_is_close_to_that_of_all(shape):
    numbers = np.random.default_rng(3).standard_t(4, size=shape).astype(np.float32)
    expected = 1 / np.percentile(np.abs(numbers), 98)
    for view in (numbers, numbers.T):
        assert gain_of(view) == pytest.approx(expected, rel=0.03)


def test_the_gain_is_1_where_all_is_zero_and_takes_the_largest_where_nearly_all_is():
    assert gain_of(np.zeros((4, 5), np.float32)) == 1.0
    sparse = np.zeros(1000, np.float32)
    sparse[7] = -4.0
    assert gain_of(sparse) == 0.25


def _patch(cells: np.ndarray) -> list[float]:
    """The averages of a patch, computed cell by cell over those that have a number."""
    fill = frame = light = frame_light = 0.0
    count = 0
    for byte in cells.reshape(-1).tolist():
        if byte == 0:
            continue
        count += 1
        number = (byte - ZERO) / STEPS
        if number > 0:
            fill += number**BODY
            light += number**GLOW
        elif number < 0:
            frame += abs(number) ** BODY
            frame_light += abs(number)
    totals = (fill, frame, light, frame_light)
    return [255 * total / count if count else 0.0 for total in totals]


def _expected(page: np.ndarray) -> np.ndarray:
    high, wide = (size // PATCH for size in page.shape)
    return np.array(
        [
            [
                _patch(page[r * PATCH : (r + 1) * PATCH, c * PATCH : (c + 1) * PATCH])
                for c in range(wide)
            ]
            for r in range(high)
        ]
    )


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.uint8, (2 * PATCH, 3 * PATCH), elements=st.integers(0, 255)))
def test_a_patch_shows_the_mean_of_its_cells(page):
    # Half a level of rounding for each cell's share, and half for the average.
    np.testing.assert_allclose(patches(page), _expected(page), atol=1.0)


def test_a_patch_that_is_only_part_of_a_block_shows_the_mean_of_that_part():
    rng = np.random.default_rng(4)
    page = np.zeros((3 * PATCH, 4 * PATCH), np.uint8)
    page[:13, :21] = rng.integers(1, 256, (13, 21))
    found = patches(page)
    np.testing.assert_allclose(found, _expected(page), atol=1.0)
    assert found[:2, :3].any(axis=-1).all()
    assert not found[2].any() and not found[:, 3].any()


@pytest.mark.parametrize(
    ("byte", "shown"),
    [
        (255, (255, 0, 255, 0)),
        (1, (0, 255, 0, 255)),
        (128, (0, 0, 0, 0)),
        (0, (0, 0, 0, 0)),
    ],
)
def test_a_patch_of_one_number_shows_that_number(byte, shown):
    page = np.full((PATCH, PATCH), byte, np.uint8)
    assert tuple(patches(page)[0, 0]) == shown


def test_patches_of_a_transposed_page_are_the_transposed_patches():
    page = np.random.default_rng(5).integers(0, 256, (5 * PATCH, 3 * PATCH)).astype(np.uint8)
    np.testing.assert_array_equal(patches(page.T), patches(page).transpose(1, 0, 2))


@pytest.mark.parametrize("ids", [[3], [0, 0], [17, 212, 5], list(range(40))])
def test_ids_of_tokens_have_the_gain_of_the_same_numbers_as_floats(ids):
    assert gain_of(np.array(ids)) == gain_of(np.array(ids, np.float32))
