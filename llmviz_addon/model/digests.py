"""What tensors hold, in a few letters: the same for the same numbers, whatever a file is called.

A checkpoint that was trained on has often the name, the size and even the time of the one before,
so nothing but its content tells whether it is the same. BLAKE2b reads a gigabyte a second on one
core; here several read, since hashing leaves Python to other threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ..progress import Steps
from .safetensors_file import StoredTensor

_SIZE = 16
# Bytes that a thread reads at a time, and how many such pieces a step has.
_PIECE = 2**22
_PIECES = 16


def tensor_digests(tensors: Iterable[StoredTensor]) -> Steps[dict[StoredTensor, bytes]]:
    """The digests of tensors: of dtype, shape and every byte; yields after every 64 MB.

    Raises
    ------
    CheckpointError
        Where a file has changed its size since it was opened, or is gone.
    """
    stored = list(tensors)
    places = [
        (tensor, start) for tensor in stored for start in range(tensor.begin, tensor.end, _PIECE)
    ]
    pieces: dict[StoredTensor, bytes] = dict.fromkeys(stored, b"")
    rest, done = iter(places), 0
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        while some := list(islice(rest, _PIECES)):
            yield done / len(places), "Comparing the weights"
            data = [t.stored()[at - t.begin : at - t.begin + _PIECE] for t, at in some]
            for (tensor, _), found in zip(some, pool.map(_digest, data), strict=True):
                pieces[tensor] += found
            done += len(some)
    return {
        tensor: digest_of(f"{tensor.dtype} {tensor.shape}".encode(), found)
        for tensor, found in pieces.items()
    }


def digest_of(*parts: bytes) -> bytes:
    """The digest of a few parts together, each of which says where it ends."""
    whole = blake2b(digest_size=_SIZE)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.digest()


def _digest(data: NDArray[np.uint8]) -> bytes:
    return blake2b(data, digest_size=_SIZE).digest()
