"""The functions that networks are made of, of single numbers and of rows, in float32.

Each is written from its published formula, and agrees with torch's float32 implementation to a
few units in the last place. Elementwise functions keep the shape; row functions work along the
last axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

# Coefficients of W. J. Cody, "Rational Chebyshev approximations for the error function",
# Mathematics of Computation 23 (1969) 631-637: relative error below 1.2e-16 in each interval.
_ERF_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2,
     3.77485237685302021e2, 3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)  # fmt: skip
_ERFC_MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0,
     6.61191906371416295e1, 2.98635138197400131e2, 8.81952221241769090e2,
     1.71204761263407058e3, 2.05107837782607147e3, 1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3,
     3.43936767414372164e3, 1.23033935480374942e3),
)  # fmt: skip


def _ratio(
    coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: NDArray[Any]
) -> NDArray[Any]:
    return np.polyval(coefficients[0], x) / np.polyval(coefficients[1], x)


def erf(x: NDArray[Any]) -> NDArray[np.float64]:
    """The error function, in float64 (absolute error below 1e-15).

    Notes
    -----
    Cody's two inner intervals. His third, beyond 4, is not needed: there 1 - erf(x) is below
    1.6e-8, and the middle approximation still gives it to 1e-15 of 1 up to 6, where erf is 1.
    """
    x = np.asarray(x, np.float64)
    size = np.minimum(np.abs(x), 6.0)
    near = x * _ratio(_ERF_NEAR, np.minimum(size, 0.5) ** 2)
    far = np.copysign(1.0 - np.exp(-size * size) * _ratio(_ERFC_MIDDLE, size), x)
    return np.where(size <= 0.46875, near, far)


def gelu(x: Array) -> Array:
    """x times the normal distribution's share below x (Hendrycks & Gimpel 2016)."""
    half = 0.5 * (1.0 + erf(x.astype(np.float64) * np.sqrt(0.5)))
    return np.asarray(x * half, np.float32)


def gelu_tanh(x: Array) -> Array:
    """GPT-2's approximation of `gelu`: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³)))."""
    inner = np.float32(np.sqrt(2.0 / np.pi)) * (x + np.float32(0.044715) * (x * x * x))
    return np.asarray(np.float32(0.5) * x * (np.float32(1.0) + np.tanh(inner)), np.float32)


def relu(x: Array) -> Array:
    """The positive part."""
    return np.maximum(x, np.float32(0.0))


def silu(x: Array) -> Array:
    """x times its logistic sigmoid, which is (1 + tanh(x/2)) / 2 and so cannot overflow."""
    result: Array = x * (np.float32(0.5) * (np.float32(1.0) + np.tanh(np.float32(0.5) * x)))
    return result


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "gelu_tanh": gelu_tanh,
    "gelu": gelu,
    "relu": relu,
    "silu": silu,
}


def layer_norm(
    x: Array, weight: Array, bias: Array | None, eps: float
) -> tuple[Array, Array, Array]:
    """Layer normalization (Ba, Kiros & Hinton 2016) of rows.

    Parameters
    ----------
    x : (T, C)
    weight, bias : (C,)
        γ and β; a bias of None adds nothing.
    eps : float
        Added to the variance before the root.

    Returns
    -------
    mean, std, result : (T,), (T,), (T, C)
        `std` is √(variance + eps), by which the centered row is divided.
    """
    mean: Array = x.mean(axis=-1, dtype=np.float32)
    centered = x - mean[:, None]
    variance: Array = np.square(centered).mean(axis=-1, dtype=np.float32)
    std: Array = np.sqrt(variance + np.float32(eps))
    result: Array = centered / std[:, None] * weight
    return mean, std, result if bias is None else result + bias


def softmax(x: Array, out: Array | None = None) -> tuple[Array, Array, Array]:
    """Softmax along the last axis, with the two aggregates it is made of.

    Parameters
    ----------
    x : (..., n)
    out : (..., n), optional
        The array to write the shares to; a new one unless given.

    Returns
    -------
    largest, total, share : (...,), (...,), (..., n)
        The row's maximum, the sum of exp(x - maximum), and each exponential's share of it.
    """
    largest = x.max(axis=-1)
    share: Array = np.subtract(x, largest[..., None], out=out)
    np.exp(share, out=share)
    total = share.sum(axis=-1, dtype=np.float32)
    share /= total[..., None]
    return largest, total, share


@np.errstate(over="ignore", invalid="ignore")
def all_finite(array: Array) -> bool:
    """True if no number is NaN or infinite.

    Notes
    -----
    The sum of squares is finite only where every number is, and BLAS computes it at the speed
    of memory. Large numbers may overflow it, and only then is each number looked at.
    """
    flat = array.reshape(-1)
    return bool(np.isfinite(np.dot(flat, flat))) or bool(np.isfinite(array).all())
