"""Reading safetensors files: a header checked before it is believed, and tensors left on disk.

A file is eight bytes of header length, a JSON header that names each tensor's dtype, shape and
place, and the bytes themselves (https://github.com/huggingface/safetensors#format). We read it
ourselves because the `safetensors` library's numpy interface cannot give BF16 and copies each
tensor into memory, where we want views of the mapped file; the library writes our files, and
the tests compare what we read with what it reads.

Nothing in a header is trusted: sizes are compared with the file's own before anything is
allocated, and places must tile the data exactly, as the format demands.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CheckpointError

# The largest public checkpoints (tens of thousands of tensors) have headers of a few MB.
MAX_HEADER = 16 * 2**20
MAX_JSON = 32 * 2**20

# Bits per number of every dtype of the format; only those in `_FLOATS` can hold weights here.
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8, "F8_E4M3FNUZ": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "F64": 64, "I64": 64, "U64": 64, "C64": 64,
}  # fmt: skip
_FLOATS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}


def read_json(path: Path, most: int = MAX_JSON) -> dict[str, Any]:
    """The object in a JSON file.

    Raises
    ------
    CheckpointError
        Where the file cannot be read, is larger than `most` bytes, or is not a JSON object.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise CheckpointError(
                f"{path}: {size:,} bytes are too many for a JSON file of a checkpoint; "
                f"at most {most:,} were expected, so check that this is the right file"
            )
        return parse_json(path.read_bytes(), path, "the file")
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error})") from error


def parse_json(data: bytes, path: Path, what: str) -> dict[str, Any]:
    """A JSON object from bytes, in which no name may occur twice."""
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path}: {what} is not valid JSON ({error}); download or save the file again"
        ) from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path}: {what} is JSON but not an object {{...}}")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in result if names.count(name) > 1)
        raise ValueError(f"the name {twice!r} occurs twice")
    return result


@dataclass(frozen=True)
class StoredTensor:
    """One tensor in a file: where it is, not what it holds."""

    file: SafetensorsFile = field(repr=False)
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    def raw(self) -> NDArray[Any]:
        """A view of the mapped file in its stored type (BF16 as its bits, in uint16).

        Raises
        ------
        CheckpointError
            Where the dtype is not one that holds weights, or the file has changed on disk.
        """
        if self.dtype not in _FLOATS:
            raise CheckpointError(
                f"{self.file.path}: tensor {self.name} is stored as {self.dtype}; "
                "save the checkpoint as F32, F16 or BF16"
            )
        data = self.file.data()[self.begin : self.end]
        return data.view(_FLOATS[self.dtype]).reshape(self.shape)

    def to_float32(self, raw: NDArray[Any]) -> NDArray[np.float32]:
        """Numbers of (a part of) `raw()` in float32: the same memory where they are that."""
        if self.dtype == "BF16":
            # BF16 is the upper half of a float32.
            bits = raw.astype(np.uint32)
            bits <<= 16
            return bits.view(np.float32)
        with np.errstate(over="ignore"):
            return raw.astype(np.float32, copy=False)


class SafetensorsFile:
    """The header of one safetensors file, and its data, mapped when first touched.

    Attributes
    ----------
    path : Path
    metadata : dict[str, str]
        The header's `__metadata__`.
    tensors : dict[str, StoredTensor]
        By the names in the file.

    Raises
    ------
    CheckpointError
        Where the file is not readable, truncated, or its header not sound.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._data: NDArray[np.uint8] | None = None
        try:
            self._size = path.stat().st_size
            with path.open("rb") as stream:
                header = self._read_header(stream)
        except (OSError, ValueError) as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(f"{path}: cannot be read ({error})") from error
        metadata = header.pop("__metadata__", None) or {}
        if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
            raise self._broken("its __metadata__ is not a table of texts")
        self.metadata: dict[str, str] = metadata
        self.tensors = {name: self._entry(name, entry) for name, entry in header.items()}
        self._check_tiling(self.tensors.values())

    def _read_header(self, stream: Any) -> dict[str, Any]:
        start = stream.read(8)
        if len(start) < 8:
            raise self._broken(f"it has only {self._size} bytes")
        length = int.from_bytes(start, "little")
        if length > MAX_HEADER or length > self._size - 8:
            if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80":
                raise CheckpointError(
                    f"{self.path}: is a pickle (torch.save), which could run code and is never "
                    "opened; save the model as safetensors"
                )
            raise self._broken(
                f"it claims a header of {length:,} bytes in a file of {self._size:,} "
                f"(at most {MAX_HEADER:,} are accepted)"
            )
        self._start = 8 + length
        return parse_json(stream.read(length), self.path, "the header")

    def _broken(self, why: str) -> CheckpointError:
        return CheckpointError(
            f"{self.path}: is not a complete safetensors file, {why}; download or save it again"
        )

    def _entry(self, name: str, entry: Any) -> StoredTensor:
        try:
            dtype, shape = entry["dtype"], entry["shape"]
            begin, end = entry["data_offsets"]
            bits = _BITS[dtype]
        except (KeyError, TypeError, ValueError) as error:
            raise self._broken(
                f"the entry of tensor {name} lacks a known dtype, a shape or two data_offsets"
            ) from error
        if not isinstance(shape, list) or len(shape) > 8 or not all(map(_is_size, shape)):
            raise self._broken(f"tensor {name} has the impossible shape {str(shape)[:60]}")
        available = self._size - self._start
        if not (_is_size(begin) and _is_size(end) and begin <= end <= available):
            raise self._broken(
                f"tensor {name} lies at bytes {str(begin)[:20]} to {str(end)[:20]} "
                f"of {available:,} bytes of data"
            )
        if (end - begin) * 8 != math.prod(shape) * bits:
            raise self._broken(
                f"tensor {name} has {end - begin:,} bytes where {dtype} of shape "
                f"{tuple(shape)} was expected"
            )
        return StoredTensor(self, name, dtype, tuple(shape), begin, end)

    def _check_tiling(self, tensors: Iterable[StoredTensor]) -> None:
        """The format leaves no holes and no overlaps, so that nothing else hides in a file."""
        at = 0
        for tensor in sorted(tensors, key=lambda t: (t.begin, t.end)):
            if tensor.begin != at:
                fault = "overlaps another" if tensor.begin < at else "leaves a hole before it"
                raise self._broken(f"the data of tensor {tensor.name} {fault}")
            at = tensor.end
        if at != self._size - self._start:
            raise self._broken(
                f"its tensors end at byte {at:,} of {self._size - self._start:,} bytes of data"
            )

    def data(self) -> NDArray[np.uint8]:
        """The bytes after the header, as a read-only view of the mapped file."""
        if self._data is None:
            try:
                mapped = np.memmap(self.path, dtype=np.uint8, mode="r")
            except (OSError, ValueError) as error:
                raise CheckpointError(f"{self.path}: can no longer be read ({error})") from error
            if mapped.size != self._size:
                raise CheckpointError(
                    f"{self.path}: has changed its size since it was opened; load it again"
                )
            # A plain ndarray: slicing np.memmap costs more and its type surprises.
            self._data = np.asarray(mapped).view(np.ndarray)[self._start :]
        return self._data


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
