"""Digests of tensors: a few letters, the same for the same numbers whatever their file is called.

A checkpoint often keeps its name, its size and even its time when training goes on, so only its
content tells one from the next. BLAKE2b reads a gigabyte a second on one core; here several threads
read, since Python lets others run while one hashes.
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

# Bytes in a digest.
_SIZE = 16
# Bytes that a thread reads at a time, and the number of such pieces in a step.
_PIECE = 2**22
_PIECES = 16


def tensor_digests(tensors: Iterable[StoredTensor]) -> Steps[dict[StoredTensor, bytes]]:
    """The digests of tensors: of dtype, shape and every byte; yields after every 64 MB.

    Raises
    ------
    CheckpointError
        If a file has changed its size since it was opened, or is gone.
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
    """The digest of a few parts, each with its length, so that no two ways to cut agree."""
    whole = blake2b(digest_size=_SIZE)
    for part in parts:
        whole.update(len(part).to_bytes(8, "little") + part)
    return whole.digest()


def _digest(data: NDArray[np.uint8]) -> bytes:
    return blake2b(data, digest_size=_SIZE).digest()
