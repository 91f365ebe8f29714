"""Conversion of 16-bit numbers to float32: numpy's own results, several times as fast.

numpy converts float16 number by number. Moving bits is arithmetic on whole arrays instead, a
chunk at a time, so that one step after the other finds it in the processor's cache. Nothing is
rounded: every number of 16 bits is a float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Numbers at a time: half a megabyte of float32.
_CHUNK = 2**17

# The bits of infinity in either format, as an integer: those of NaN are larger, those of finite
# positive numbers smaller.
_INFINITE = {"F16": 0x7C00, "BF16": 0x7F80}
_SIGN = 0x8000

# The bias of float32's exponent is 127, that of float16's is 15.
_SCALE = np.float32(2.0**112)
# Float32's sign, fraction, and the exponent's lower five bits.
_KEPT = np.int32(-0x70000001)
_SMALLEST = np.ones(1, np.int32).view(np.float32)[0]


def from_float16(raw: NDArray[Any], out: NDArray[np.float32]) -> None:
    """Write float16 numbers into `out`, of the same shape.

    Notes
    -----
    Shifted to where float32 has its sign, exponent and fraction, the bits mean numbers that are
    2^-112 times too small, since the exponents have different biases. Multiplying puts that right,
    for subnormal numbers, too. Infinity and NaN would become finite, so chunks that have them are
    left to numpy. So is everything where the processor takes subnormal numbers for zero, a mode
    that libraries compiled for speed may leave it in.
    """
    exact = bool(_SMALLEST * _SCALE > 0)
    for numbers, room in _chunks(raw, out):
        if not (exact and all_finite(numbers, "F16")):
            room[...] = numbers
            continue
        bits = room.view("<i4")
        bits[...] = numbers.view("<i2")  # the sign fills the upper half
        bits <<= 13
        bits &= _KEPT
        room *= _SCALE


def from_bfloat16(raw: NDArray[Any], out: NDArray[np.float32]) -> None:
    """Write bfloat16 numbers, given as their bits in uint16, into `out`, of the same shape.

    They are the upper halves of float32 numbers.
    """
    for numbers, room in _chunks(raw, out):
        bits = room.view("<u4")
        bits[...] = numbers
        bits <<= 16


def all_finite(raw: NDArray[Any], dtype: str) -> bool:
    """True if no number is NaN or infinite; none is converted to find out.

    Parameters
    ----------
    raw
        At least one number of 16 bits, of any type.
    dtype : str
        The format of the bits, `"F16"` or `"BF16"`.
    """
    infinite = _INFINITE[dtype]
    # As signed integers, the negative numbers are below all others, so the largest is a positive
    # one's; as unsigned integers, the negative numbers are above all others.
    return bool(raw.view("<i2").max() < infinite and raw.view("<u2").max() < _SIGN | infinite)


def _chunks(
    raw: NDArray[Any], out: NDArray[np.float32]
) -> Iterator[tuple[NDArray[Any], NDArray[np.float32]]]:
    """Parts of both arrays that belong together, in the order in which they stand in memory."""
    if raw.ndim == 2 and raw.strides[0] < raw.strides[1]:
        raw, out = raw.T, out.T
    if raw.size:
        rows = max(1, _CHUNK * len(raw) // raw.size)
        for start in range(0, len(raw), rows):
            # Made contiguous once here, rather than gathered anew in every step on the chunk.
            yield np.ascontiguousarray(raw[start : start + rows]), out[start : start + rows]
