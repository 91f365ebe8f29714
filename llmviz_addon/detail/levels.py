"""Numbers as bytes: what a slab's image holds of a cell, and what a patch of cells looks like.

A number times the block's gain is clipped to -1 to 1 and rounded to one of 255 levels, of which
zero is one. Byte 0 says that there is no number. From afar a pixel covers many cells; what it
would show of them is averaged beforehand, over patches of 8 x 8 cells, in the quantities that the
material mixes colors by: the fill of positive cells, the frame of negative ones, and the light of
either.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = 255
"""How many numbers a byte tells apart."""

ZERO, STEPS = 128, 127
"""The byte of the number 0, and how many levels there are on either side of it."""

PATCH, CHANNELS = 8, 4
"""Cells a side of what is averaged, and how many averages are taken of them."""

BODY, GLOW = 0.6, 2.0
"""Powers of a number's magnitude: how strongly it colors a cell, and how brightly it shines."""

_SAMPLE = 2**18
_CHUNK = 2**20

# Of a sum of 64 bytes.
_BITS = 14

Bytes = NDArray[np.uint8]


def gain_of(numbers: np.ndarray) -> float:
    """1 over the magnitude that gets the full color; 1 where all numbers are 0 or there are none.

    The 98th percentile rather than the maximum, so that one outlier does not gray out a block. Of
    more than a quarter of a million numbers a regular sample of as many is looked at.
    """
    flat = numbers.reshape(-1) if numbers.flags.c_contiguous else numbers
    if flat.size > _SAMPLE:
        # Coprime with the usual widths, so that no channel is preferred.
        stride = flat.size // _SAMPLE | 1
        flat = flat.reshape(-1)[::stride] if flat.ndim == 1 else _sampled(flat)
    magnitude = np.abs(flat.reshape(-1))
    if magnitude.size == 0:
        return 1.0
    full = float(np.quantile(magnitude, 0.98)) or float(magnitude.max())
    return 1.0 / full if full > 0 else 1.0


def _sampled(numbers: np.ndarray) -> np.ndarray:
    """Evenly spread rows of a view, which taking every n-th element of would have to copy first."""
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
        # In the order in which they stand in memory.
        return to_bytes(numbers.T, gain).T
    out = np.empty(numbers.shape, np.uint8)
    rows = max(1, _CHUNK // max(1, numbers[0].size)) if len(numbers) else 1
    for start in range(0, len(numbers), rows):
        part = numbers[start : start + rows].astype(np.float32)
        with np.errstate(over="ignore"):
            part *= np.float32(gain * STEPS)
        np.clip(part, -STEPS, STEPS, out=part)
        # Rounds to the nearest level; bytes are made by cutting off.
        part += np.float32(ZERO + 0.5)
        if np.isnan(part.sum()):
            np.nan_to_num(part, copy=False, nan=0.0)
        out[start : start + rows] = part
    return out


def to_numbers(levels: Bytes, gain: float) -> NDArray[np.float32]:
    """Numbers from bytes, each within half a level of what it was if it was not clipped."""
    numbers = (levels.astype(np.float32) - ZERO) / np.float32(STEPS * gain)
    return np.where(levels == 0, np.float32(np.nan), numbers)


def _fields() -> NDArray[np.uint64]:
    """For each byte its share in the sums of a patch, and that it counts, in one number.

    A patch has 64 bytes, so a sum of theirs takes 14 bits, and their count the last 7.
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
    """What patches of 8 x 8 bytes show on average, of those with a number.

    That is the fill of positive ones, the frame of negative ones, the light of positive ones and
    that of negative ones.

    Parameters
    ----------
    page
        (height, width), both multiples of 8.

    Returns
    -------
    numpy.ndarray
        (height / 8, width / 8, 4) bytes, 255 for full; 0 where there is no number at all.
    """
    height, width = page.shape
    out = np.zeros((height // PATCH, width // PATCH, CHANNELS), np.uint8)
    for row in range(height // PATCH):
        band = page[row * PATCH : (row + 1) * PATCH]
        if not band.any():
            continue
        sums = _FIELDS[band].sum(axis=0).reshape(-1, PATCH).sum(axis=1)
        count = np.maximum(sums >> np.uint64(CHANNELS * _BITS), np.uint64(1)).astype(np.float32)
        for channel in range(CHANNELS):
            field = (sums >> np.uint64(channel * _BITS)) & np.uint64(2**_BITS - 1)
            out[row, :, channel] = np.rint(field.astype(np.float32) / count)
    return out
