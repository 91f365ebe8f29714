"""Safetensors files, checked by the library of that name; their tensors stay on disk.

A file is eight bytes of header length, a JSON header that names each tensor's dtype, shape and
place, and the bytes themselves (https://github.com/huggingface/safetensors#format). Opening one
with the `safetensors` library checks all of this, and nothing is read from a file that it refuses.
But the library gives no numpy array that stays in the file: `get_tensor` copies, and knows no BF16.
So once it has accepted the header, we read the tensors' places from there and map the file.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize, safe_open

from . import foreign, halves
from .errors import CheckpointError

Array = NDArray[np.float32]

# The largest public checkpoints (tens of thousands of tensors) have headers of a few MB. The
# library takes 100 MB, which become a gigabyte of Python objects.
MAX_HEADER = 16 * 2**20
MAX_JSON = 32 * 2**20

# The dtypes that can hold weights here.
_FLOATS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}

# Explanations of the library's shortest messages, by their beginnings.
_INCOMPLETE = "incomplete metadata"
_MEANINGS = {
    "invalid offset for tensor": "its data overlaps another's, leaves a hole or is reversed",
    _INCOMPLETE: "its tensors end elsewhere than its data",
}


def read_file(path: Path, most: int = MAX_JSON) -> bytes:
    """All bytes of a small file of a checkpoint.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is larger than `most` bytes, or is a pointer or a web page in
        place of the file itself.
    """
    try:
        size = path.stat().st_size
        if size > most:
            raise CheckpointError(
                f"{path}: {size:,} bytes are too many for such a file of a checkpoint; "
                f"at most {most:,} were expected, so check that this is the right file"
            )
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be read ({error.strerror or error})") from error
    other = foreign.stand_in(data[: foreign.HEAD])
    if other:
        raise CheckpointError(f"{path}: {other}")
    return data


def read_json(path: Path, *, plain: bool = False) -> dict[str, Any]:
    """The object in a JSON file.

    With `plain` it must be UTF-8 without a byte order mark, since the reference implementation
    reads a tokenizer's files in no other form.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is empty or too large, or is not a JSON object.
    """
    data = read_file(path)
    if not data.strip():
        raise CheckpointError(f"{path}: is empty; download or save it again")
    if plain and json.detect_encoding(data) != "utf-8":
        raise CheckpointError(
            f"{path}: is not plain UTF-8, and Hugging Face's library does not read it; save it as "
            "UTF-8 without a byte order mark"
        )
    return parse_json(data, path, "the file")


def parse_json(data: bytes, path: Path, what: str) -> dict[str, Any]:
    """A JSON object from bytes, in which no name may occur twice.

    UTF-8 and UTF-16 are read, with or without a byte order mark: programs on Windows put one before
    their text, and PowerShell writes UTF-16.

    Raises
    ------
    CheckpointError
        If the bytes are not a JSON object; `what` is its name in the message.
    """
    try:
        value = json.loads(data.decode(json.detect_encoding(data)), object_pairs_hook=_unique)
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
    """One tensor's entry in a file: its name, type, shape and place, without its numbers."""

    file: SafetensorsFile = field(repr=False)
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int

    def check_floats(self) -> None:
        """Refuse a dtype that holds no weights; raises `CheckpointError`."""
        if self.dtype not in _FLOATS:
            raise CheckpointError(
                f"{self.file.path}: tensor {self.name} is stored as {self.dtype}; "
                "save the checkpoint as F32, F16 or BF16"
            )

    def stored(self) -> NDArray[np.uint8]:
        """Its bytes, as a view of the mapped file.

        Raises
        ------
        CheckpointError
            If the file has changed on disk.
        """
        return self.file.data()[self.begin : self.end]

    def raw(self) -> NDArray[Any]:
        """A view of the mapped file in its stored type (BF16 as its bits, in uint16).

        Raises
        ------
        CheckpointError
            If the dtype is not one that holds weights, or the file has changed on disk.
        """
        self.check_floats()
        data = self.stored()
        try:
            return data.view(_FLOATS[self.dtype]).reshape(self.shape)
        except ValueError as error:  # a sound file can have more dimensions than numpy's arrays
            raise CheckpointError(
                f"{self.file.path}: tensor {self.name} cannot be had as an array ({error}); "
                "save the checkpoint with plain vectors and matrices"
            ) from error

    def to_float32(
        self, raw: NDArray[Any], room: Callable[[tuple[int, ...]], Array] | None = None
    ) -> Array:
        """Numbers of (a part of) `raw()` in float32: a view of it where it is float32 already.

        Parameters
        ----------
        raw
            The array from `raw()`, or a view of it.
        room : callable, optional
            Makes the array of a given shape that takes converted numbers; a new one unless given.
        """
        if self.dtype == "F32":
            return raw
        out = np.empty_like(raw, np.float32) if room is None else room(raw.shape)
        if self.dtype == "F16":
            halves.from_float16(raw, out)
        elif self.dtype == "BF16":
            halves.from_bfloat16(raw, out)
        else:
            with np.errstate(over="ignore"):
                out[...] = raw
        return out

    def all_finite(self, raw: NDArray[Any]) -> bool:
        """True if (a part of) `raw()` is finite in float32; it must have at least one number."""
        if self.dtype in ("F16", "BF16"):
            return halves.all_finite(raw, self.dtype)
        return bool(np.isfinite(self.to_float32(raw)).all())


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
        If the file cannot be read, is truncated, or has a header that is not sound.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._map: mmap.mmap | None = None
        self._data = np.empty(0, np.uint8)
        try:
            with path.open("rb") as stream:
                self._stamp = _stamp(os.fstat(stream.fileno()))
                self._size = self._stamp[0]
                start = stream.read(foreign.HEAD)
                length = int.from_bytes(start[:8], "little")
                stream.seek(8)
                header = b"" if length > MAX_HEADER else stream.read(min(length, self._size))
            if length > MAX_HEADER:
                raise self._refusal("the header is too large", start, header)
            with safe_open(path, framework="numpy") as file:
                self.metadata: dict[str, str] = file.metadata() or {}
        except SafetensorError as error:
            raise self._refusal(_reason(error), start, header) from error
        except OSError as error:
            why = error.strerror or error
            raise CheckpointError(f"{path}: cannot be read ({why})") from error
        self._start = 8 + length
        self._head = blake2b(start[:8] + header).digest()
        entries = parse_json(header, path, "the header")
        entries.pop("__metadata__", None)
        self.tensors = {
            name: StoredTensor(
                self, name, entry["dtype"], tuple(entry["shape"]), *entry["data_offsets"]
            )
            for name, entry in entries.items()
        }

    def _refusal(self, reason: str, start: bytes, header: bytes) -> CheckpointError:
        """The library's verdict as a sentence that names the tensor and says what to do."""
        length = int.from_bytes(start[:8], "little")
        if length > self._size - 8 or not length:
            # A header is JSON and begins with a brace.
            if start[8:9] != b"{":
                return CheckpointError(f"{self.path}: {foreign.no_safetensors(self.path, start)}")
            return CheckpointError(
                f"{self.path}: is not whole, with a header of {length:,} bytes in a file of "
                f"{self._size:,}; download it again"
            )
        if length > MAX_HEADER:
            reason += f": {length:,} bytes, and at most {MAX_HEADER:,} are accepted"
        elif reason.startswith(_INCOMPLETE) and self._size < (whole := 8 + length + _end(header)):
            return CheckpointError(
                f"{self.path}: is not whole, {self._size:,} of {whole:,} bytes; download it again"
            )
        elif "tensor `" not in reason:
            reason = _accuse(header) or reason
        return CheckpointError(
            f"{self.path}: is not a sound safetensors file ({reason}); download or save it again"
        )

    def data(self) -> NDArray[np.uint8]:
        """The bytes after the header, as a read-only view of the mapped file.

        Raises
        ------
        CheckpointError
            If the file is gone or has changed. Reading mapped bytes that a file no longer has
            would end the process, so its size is looked at each time.
        """
        if self._map is None:
            self._map = self._mapped()
            self._data = np.frombuffer(self._map, np.uint8)[self._start :]
        elif self._map.size() != self._size:
            raise self._changed("size")
        return self._data

    @property
    def is_unchanged(self) -> bool:
        """True if the file is still there, with the size and the time of when it was opened."""
        try:
            return _stamp(self.path.stat()) == self._stamp
        except OSError:
            return False

    def _mapped(self) -> mmap.mmap:
        try:
            with self.path.open("rb") as stream:
                stamp = _stamp(os.fstat(stream.fileno()))
                head = blake2b(stream.read(self._start)).digest()
                if stamp == self._stamp and head == self._head:
                    return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{self.path}: can no longer be read ({error})") from error
        raise self._changed("size" if stamp[0] != self._size else "content")

    def _changed(self, what: str) -> CheckpointError:
        return CheckpointError(
            f"{self.path}: has changed its {what} since it was opened; load it again"
        )


def _stamp(status: os.stat_result) -> tuple[int, int]:
    """The size in bytes and the time of writing; with the header, they tell if a file changed."""
    return status.st_size, status.st_mtime_ns


def _reason(error: SafetensorError) -> str:
    """The library's message on a file, with an explanation where it is short."""
    said = str(error).removeprefix("Error while deserializing").removeprefix(" header")
    said = said.removeprefix(": ")
    meanings = (f": {text}" for words, text in _MEANINGS.items() if said.startswith(words))
    return said + next(meanings, "")


def _end(header: bytes) -> int:
    """The end of the last tensor, in bytes of data, by a header that the library understands."""
    entries = json.loads(header)
    entries.pop("__metadata__", None)
    return max((entry["data_offsets"][1] for entry in entries.values()), default=0)


def _accuse(header: bytes) -> str | None:
    """The name of the first tensor whose entry the library refuses, and the reason.

    The library does not name it, so each entry is shown to it again as the only one of a file that
    ends with the header. Its complaint about an entry that is not sound comes before the one about
    the missing data, which it makes of all others.
    """
    try:
        entries = json.loads(header)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, dict):
        return None
    for name, entry in entries.items():
        try:
            begin, end = entry["data_offsets"]
            alone = {**entry, "data_offsets": [min(begin, 0), end - max(begin, 0)]}
        except (KeyError, TypeError, ValueError):
            alone = entry
        text = json.dumps({name: alone}).encode()
        try:
            deserialize(struct.pack("<Q", len(text)) + text)  # type: ignore[no-untyped-call]
        except SafetensorError as error:
            reason = _reason(error)
            if not reason.startswith(_INCOMPLETE):
                return f"the entry of {name}: {reason.partition(' at line ')[0]}"
    return None
