"""The functions of one number against the standard library's, in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llmviz_addon.model import functions

POINTS = np.concatenate(
    [np.linspace(-8.0, 8.0, 4001), [0.0, 0.46875, -0.46875, 1e-30, 30.0, -30.0, 1e30]]
)

ORACLES = {
    "gelu": lambda x: 0.5 * x * math.erfc(-x / math.sqrt(2.0)),
    "gelu_tanh": lambda x: (
        0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))
    ),
    "relu": lambda x: max(x, 0.0),
    "silu": lambda x: x / (1.0 + math.exp(-x)),
}


def test_erf_is_exact_to_double_precision():
    wanted = [math.erf(x) for x in POINTS]
    np.testing.assert_allclose(functions.erf(POINTS), wanted, rtol=0, atol=1e-15)


def test_erf_keeps_its_relative_precision_near_zero():
    small = np.geomspace(1e-12, 0.5, 500)
    wanted = [math.erf(x) for x in small]
    np.testing.assert_allclose(functions.erf(small), wanted, rtol=1e-15)


def test_every_activation_has_an_oracle():
    assert set(functions.ACTIVATIONS) == set(ORACLES)


@pytest.mark.parametrize("name", ORACLES)
def test_activations_follow_their_formula(name):
    points = POINTS[np.abs(POINTS) < 40].astype(np.float32)
    result = functions.ACTIVATIONS[name](points)
    assert result.dtype == np.float32
    wanted = [ORACLES[name](float(x)) for x in points]
    np.testing.assert_allclose(result, wanted, rtol=1e-6, atol=1e-6)


def test_layer_norm_divides_by_the_root_of_variance_and_eps():
    x = np.random.default_rng(0).normal(3.0, 2.0, (5, 12)).astype(np.float32)
    weight, bias = np.full(12, 2.0, np.float32), np.full(12, -1.0, np.float32)
    mean, std, result = functions.layer_norm(x, weight, bias, 0.5)
    np.testing.assert_allclose(mean, x.astype(float).mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(std, np.sqrt(x.astype(float).var(axis=1) + 0.5), rtol=1e-6)
    np.testing.assert_allclose(result, 2.0 * (x - mean[:, None]) / std[:, None] - 1.0, atol=1e-6)


def test_softmax_survives_large_and_masked_scores():
    largest, total, share = functions.softmax(
        np.array([[1000.0, 1000.0, -np.inf], [-1000.0, -np.inf, -np.inf]], np.float32)
    )
    np.testing.assert_array_equal(largest, [1000.0, -1000.0])
    np.testing.assert_array_equal(total, [2.0, 1.0])
    np.testing.assert_array_equal(share, [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])


def test_softmax_writes_where_it_is_told():
    x = np.random.default_rng(0).normal(size=(3, 7)).astype(np.float32)
    room = np.zeros((5, 9), np.float32)
    *_, share = functions.softmax(x, out=room[1:4, 2:9])
    assert np.shares_memory(share, room)
    np.testing.assert_array_equal(room[1:4, 2:9], functions.softmax(x)[2])
    assert not room[0].any()
    assert not room[:, :2].any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (3, 5), (6, 8)])
def test_one_number_that_is_not_finite_is_noticed(place, value):
    numbers = np.random.default_rng(0).normal(size=(7, 9)).astype(np.float32)
    assert functions.all_finite(numbers)
    numbers[place] = value
    assert not functions.all_finite(numbers)
    assert not functions.all_finite(numbers.T)


def test_large_numbers_are_finite_though_their_squares_are_not():
    with np.errstate(over="ignore"):
        assert functions.all_finite(np.full((4, 4), 3e38, np.float32))
    assert functions.all_finite(np.zeros((0, 4), np.float32))
