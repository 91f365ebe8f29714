"""Products in threads: numpy's numbers, whatever the shapes, and without a word on overflow."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from llmviz_addon.model import products


@pytest.fixture(autouse=True)
def threads(monkeypatch):
    """Three threads, each worth its while for a few numbers."""
    monkeypatch.setattr(products, "THREADS", 3)
    monkeypatch.setattr(products, "_WORTH", 8)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(3) as made:
        yield made


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape, np.float32)


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 8, 2), (3, 5, 7), (2, 16, 33), (4, 1, 9)])
@pytest.mark.parametrize("turned", [False, True])
def test_parts_of_a_product_are_the_product(pool, shape, turned):
    rows, inner, columns = shape
    x = numbers(rows, inner)
    matrix = numbers(columns, inner).T if turned else numbers(inner, columns)
    out = np.full((rows, columns + 1), np.nan, np.float32)
    products.product(x, matrix, out[:, 1:], pool)
    exact = np.einsum("ri,ic->rc", x.astype(np.float64), matrix.astype(np.float64))
    np.testing.assert_allclose(out[:, 1:], exact, rtol=1e-4, atol=1e-5)
    assert np.isnan(out[:, 0]).all()


@pytest.mark.parametrize("stack", [1, 2, 5, 12])
def test_stacked_products_are_one_for_each_of_the_stack(pool, stack):
    x, y = numbers(stack, 4, 6), numbers(stack, 6, 9)
    out = np.empty((stack, 4, 9), np.float32)
    products.stacked(x, y, out, pool)
    exact = np.einsum("sri,sic->src", x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(out, exact, rtol=1e-4, atol=1e-5)


def test_numbers_that_overflow_in_a_thread_are_infinite_without_a_warning(pool):
    x, matrix = np.full((1, 4), 3e38, np.float32), np.full((4, 12), 10, np.float32)
    out = np.empty((1, 12), np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        products.product(x, matrix, out, pool)
    assert np.isinf(out).all()


def test_openblas_has_as_many_threads_afterwards_as_before():
    found = products._openblas()
    if found is None:
        pytest.skip("numpy multiplies with another library here")
    _, ask = found
    before = ask()
    with products.one_thread_each():
        assert ask() == 1
    assert ask() == before
