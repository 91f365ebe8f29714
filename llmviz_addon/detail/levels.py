"""Numbers as bytes, as the images of slabs hold them, and averages of patches of them.

A number times the block's gain is clipped to -1 to 1 and rounded to one of 255 levels, of which
zero is one. Byte 0 means that there is no number. From afar a pixel covers many cells, so their
look is averaged beforehand, over patches of 8 x 8 cells, in the quantities that the material mixes
colors by: the fill of positive cells, the frame of negative ones, and the light of either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 255
"""Numbers that a byte tells apart."""

ZERO, STEPS = 128, 127
"""The byte of the number 0, and the levels on either side of it."""

PATCH, CHANNELS = 8, 4
"""Cells along a side of a patch, and averages that are taken of each patch."""

BODY, GLOW = 0.6, 2.0
"""Powers of a number's magnitude that give the strength of its color and of its light."""

# Numbers that a gain is taken from where a block has more, and numbers turned into bytes at once,
# which bounds the memory for copies.
_SAMPLE = 2**18
_CHUNK = 2**20

# Bits that hold the sum of a patch's 64 bytes, each up to 255.
_BITS = 14

Bytes = NDArray[np.uint8]


def gain_of(numbers: np.ndarray) -> float:
    """The factor that brings numbers to -1 to 1: 1 over the magnitude that gets the full color.

    That is the 98th percentile rather than the maximum, so that one outlier does not gray out a
    block. Of more than a quarter of a million numbers, a regular sample of about as many is taken.
    The factor is 1 where all numbers are 0 or there are none.
    """
    flat = numbers.reshape(-1) if numbers.flags.c_contiguous else numbers
    if flat.size > _SAMPLE:
        # An odd stride shares no factor with widths that are powers of two, so that the sample
        # does not take the same few channels of every row.
        stride = flat.size // _SAMPLE | 1
        flat = flat.reshape(-1)[::stride] if flat.ndim == 1 else _sampled(flat)
    # Ids of tokens are whole numbers.
    magnitude = np.abs(flat.reshape(-1).astype(np.float32, copy=False))
    if magnitude.size == 0:
        return 1.0
    full = _quantile(magnitude, 0.98) or float(magnitude.max())
    return 1.0 / full if full > 0 else 1.0


def _quantile(numbers: np.ndarray, share: float) -> float:
    """As `numpy.quantile`, in one pass; the order of the numbers is changed."""
    place = share * (numbers.size - 1)
    below = int(place)
    numbers.partition(below)
    low = float(numbers[below])
    high = float(numbers[below + 1 :].min(initial=np.inf)) if place > below else low
    return low + (high - low) * (place - below)


def _sampled(numbers: np.ndarray) -> np.ndarray:
    """Evenly spread rows of a view: taking every n-th element would copy all of it first."""
    rows = max(1, _SAMPLE // max(1, numbers[0].size))
    return numbers[np.linspace(0, len(numbers) - 1, min(rows, len(numbers))).astype(np.intp)]


def to_bytes(numbers: np.ndarray, gain: float) -> Bytes:
    """The bytes of numbers, of the same shape; 0 where a number is NaN.

    Raises
    ------
    ValueError
        If the gain is not a positive number.
    """
    if not (gain > 0 and np.isfinite(gain)):
        raise ValueError(f"A gain of {gain} scales nothing.")
    if numbers.ndim == 2 and numbers.strides[0] < numbers.strides[1]:
        # A transposed view: its numbers are converted in the order in which they lie in memory.
        return to_bytes(numbers.T, gain).T
    out, scale = np.empty(numbers.shape, np.uint8), np.float32(gain * STEPS)
    rows = max(1, _CHUNK // max(1, numbers[0].size)) if len(numbers) else 1
    for start in range(0, len(numbers), rows):
        with np.errstate(over="ignore"):
            part = np.multiply(numbers[start : start + rows], scale, dtype=np.float32)
        np.clip(part, -STEPS, STEPS, out=part)
        # Storing into bytes cuts off the fraction, so adding a half rounds to the nearest level.
        part += np.float32(ZERO + 0.5)
        if np.isnan(part.sum()):
            np.nan_to_num(part, copy=False, nan=0.0)
        out[start : start + rows] = part
    return out


def to_numbers(levels: Bytes, gain: float) -> NDArray[np.float32]:
    """The numbers that bytes stand for; NaN for byte 0.

    Each is within half a level of the number that the byte was made from, unless that was clipped.
    """
    numbers = (levels.astype(np.float32) - ZERO) / np.float32(STEPS * gain)
    return np.where(levels == 0, np.float32(np.nan), numbers)


def _fields() -> NDArray[np.uint64]:
    """(256,) for each byte its four shares in the sums of a patch and its count, in one integer.

    Adding these integers adds all five fields at once. A patch has 64 bytes, so each of the four
    sums fits 14 bits (64 x 255 is less than 2**14), and the count the 7 bits above them.
    """
    number = (np.arange(256) - ZERO) / STEPS
    magnitude = np.abs(number)
    there = np.arange(256) > 0
    fill = np.where(number > 0, magnitude**BODY, 0)
    frame = np.where((number < 0) & there, magnitude**BODY, 0)
    shine = np.where(number > 0, magnitude**GLOW, 0)
    hollow_shine = np.where((number < 0) & there, magnitude, 0)
    packed = there.astype(np.uint64) << np.uint64(CHANNELS * _BITS)
    for index, part in enumerate((fill, frame, shine, hollow_shine)):
        packed |= np.rint(255 * part).astype(np.uint64) << np.uint64(index * _BITS)
    return packed


_FIELDS = _fields()


def patches(page: Bytes) -> Bytes:
    """Averages of patches of 8 x 8 bytes, over those that stand for a number.

    The four channels are the fill of positive cells, the frame of negative ones, the light of
    positive ones and that of negative ones.

    Parameters
    ----------
    page
        (height, width), both multiples of 8.

    Returns
    -------
    numpy.ndarray
        (height / 8, width / 8, 4) bytes, 255 for full strength; 0 where no byte stands for a
        number.
    """
    height, width = page.shape
    sums = np.zeros((height // PATCH, width // PATCH), np.uint64)
    fields = np.empty((PATCH, width), np.uint64)
    starts = np.arange(0, width, PATCH)
    for row, into in enumerate(sums):
        band = page[row * PATCH : (row + 1) * PATCH]
        if band.any():
            # Bytes never lie outside of the table, so nothing has to be checked.
            _FIELDS.take(band, out=fields, mode="clip")
            np.add.reduceat(fields.sum(axis=0), starts, out=into)
    count = np.maximum(sums >> np.uint64(CHANNELS * _BITS), np.uint64(1)).astype(np.float32)
    out = np.empty((*sums.shape, CHANNELS), np.uint8)
    for channel in range(CHANNELS):
        field = (sums >> np.uint64(channel * _BITS)) & np.uint64(2**_BITS - 1)
        out[..., channel] = np.rint(field.astype(np.float32) / count)
    return out
