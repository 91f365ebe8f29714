"""Numbers of 16 bits: every one converts exactly, whatever is around it and however it lies."""

from __future__ import annotations

import ctypes
import json
import platform
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon.model import halves
from llmviz_addon.model.safetensors_file import SafetensorsFile

ALL = np.arange(2**16).astype(np.uint16)


def meaning(bits: int, exponent_bits: int) -> float:
    """The number that 16 bits stand for by IEEE 754: sign, exponent and fraction."""
    fraction_bits = 15 - exponent_bits
    sign = -1.0 if bits >> 15 else 1.0
    exponent = bits >> fraction_bits & 2**exponent_bits - 1
    fraction = (bits & 2**fraction_bits - 1) / 2**fraction_bits
    bias = 2 ** (exponent_bits - 1) - 1
    if exponent == 2**exponent_bits - 1:
        return sign * (np.nan if fraction else np.inf)
    if exponent == 0:
        return sign * fraction * 2.0 ** (1 - bias)
    return sign * (1 + fraction) * 2.0 ** (exponent - bias)


HALF = np.array([meaning(bits, 5) for bits in range(2**16)]).astype(np.float32)
BRAIN = np.array([meaning(bits, 8) for bits in range(2**16)]).astype(np.float32)


def from_float16(bits: np.ndarray) -> np.ndarray:
    out = np.full(bits.shape, 7.0, np.float32)
    halves.from_float16(bits.view(np.float16), out)
    return out


def from_bfloat16(bits: np.ndarray) -> np.ndarray:
    out = np.full(bits.shape, 7.0, np.float32)
    halves.from_bfloat16(bits, out)
    return out


def same(ours: np.ndarray, wanted: np.ndarray) -> None:
    """Assert the same numbers, signs of zeros, and NaN in the same places."""
    np.testing.assert_array_equal(ours, wanted)
    there = ~np.isnan(wanted)
    np.testing.assert_array_equal(np.signbit(ours)[there], np.signbit(wanted)[there])


@pytest.mark.parametrize("order", ["rising", "shuffled"])
def test_every_float16_is_what_numpy_and_the_standard_say(order):
    bits = ALL if order == "rising" else np.random.default_rng(0).permutation(ALL)
    same(from_float16(bits), HALF[bits])
    with np.errstate(invalid="ignore"):
        same(from_float16(bits), bits.view(np.float16).astype(np.float32))


def test_every_finite_float16_is_exact_without_numpys_help():
    # Chunks with infinities or NaN are left to numpy; without them, our own arithmetic runs.
    finite = ALL[np.isfinite(HALF)]
    assert len(finite) == 2**16 - 2 * 2**10
    assert halves.all_finite(finite, "F16")
    numpys = finite.view(np.float16).astype(np.float32)
    np.testing.assert_array_equal(from_float16(finite).view(np.uint32), numpys.view(np.uint32))
    same(from_float16(finite), HALF[finite])


@pytest.mark.parametrize("bits", ALL[~np.isfinite(HALF)][::97].tolist())
def test_a_float16_that_is_no_number_stays_one_wherever_it_stands(bits):
    numbers = np.full(300_001, 0x3C00, np.uint16)
    for place in (0, 131_071, 131_072, 300_000):
        numbers[:] = 0x3C00
        numbers[place] = bits
        ours = from_float16(numbers)
        same(ours[place : place + 1], HALF[[bits]])
        assert np.count_nonzero(ours == 1) == 300_000


def test_every_bfloat16_is_what_the_standard_says():
    same(from_bfloat16(ALL), BRAIN)
    np.testing.assert_array_equal(from_bfloat16(ALL).view(np.uint32) >> 16, ALL)


@pytest.mark.parametrize(("dtype", "table"), [("F16", HALF), ("BF16", BRAIN)])
def test_what_is_not_finite_is_found_by_its_bits(dtype, table):
    for bits in range(0, 2**16, 3):
        assert halves.all_finite(ALL[bits : bits + 1], dtype) == np.isfinite(table[bits])
    assert halves.all_finite(ALL[np.isfinite(table)], dtype)
    assert not halves.all_finite(ALL, dtype)


@pytest.mark.parametrize("convert", [from_float16, from_bfloat16])
@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a.T,
        lambda a: a[:, 100:164],
        lambda a: a[3:700].T,
        lambda a: a[::-3, 1::2],
        lambda a: a[:, 0],
        lambda a: a[:0],
        lambda a: a[:, :0],
        lambda a: a[[5, 2, 2]],
    ],
    ids=range(9),
)
def test_numbers_are_the_same_however_they_lie_in_memory(convert, view):
    bits = np.random.default_rng(1).integers(0, 0x7C00, (1000, 700)).astype(np.uint16)
    table = HALF if convert is from_float16 else BRAIN
    np.testing.assert_array_equal(convert(view(bits)), table[view(bits)])


@pytest.mark.parametrize(("dtype", "table"), [("F16", HALF), ("BF16", BRAIN)])
def test_numbers_at_an_odd_place_of_a_file_are_the_same(tmp_path, dtype, table):
    finite = ALL[np.isfinite(table)]
    entry = {"dtype": dtype, "shape": list(finite.shape), "data_offsets": [0, finite.nbytes]}
    header = json.dumps({"x": entry}).encode()
    header += b" " * (1 - len(header) % 2)
    path = tmp_path / "odd.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + finite.tobytes())
    tensor = SafetensorsFile(path).tensors["x"]
    assert not tensor.raw().flags.aligned
    np.testing.assert_array_equal(tensor.to_float32(tensor.raw()), table[finite])


@contextmanager
def subnormals_taken_for_zero() -> Iterator[None]:
    """Take subnormal numbers for zero, as a library that was compiled with -ffast-math makes the
    thread that loads it do on x86.
    """
    libm = ctypes.CDLL("libm.so.6")
    before = (ctypes.c_uint32 * 8)()
    libm.fegetenv(before)
    changed = (ctypes.c_uint32 * 8)(*before)
    changed[7] |= 0x8040  # MXCSR: flush to zero, denormals are zeros
    libm.fesetenv(changed)
    try:
        yield
    finally:
        libm.fesetenv(before)


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
    reason="sets a register of x86 through glibc",
)
def test_small_numbers_survive_a_processor_that_takes_them_for_zero():
    finite = ALL[np.isfinite(HALF)]
    with subnormals_taken_for_zero():
        assert np.float32(1e-20) * np.float32(1e-20) == 0.0
        ours = from_float16(finite)
    np.testing.assert_array_equal(ours, HALF[finite])


def test_a_file_in_float16_reads_as_the_safetensors_library_does(tmp_path):
    tensor = np.random.default_rng(2).standard_normal((257, 1031)).astype(np.float16)
    save_file({"x": tensor}, tmp_path / "half.safetensors")
    stored = SafetensorsFile(tmp_path / "half.safetensors").tensors["x"]
    wanted = load_file(tmp_path / "half.safetensors")["x"].astype(np.float32)
    np.testing.assert_array_equal(stored.to_float32(stored.raw()), wanted)
    assert stored.to_float32(stored.raw()).flags.c_contiguous
