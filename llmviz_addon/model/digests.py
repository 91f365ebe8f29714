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

from ..progress import Steps
from .safetensors_file import StoredTensor

# Bytes in a digest.
_SIZE = 16
# Bytes that a thread reads at a time, and the number of such pieces in a step.
_PIECE = 2**22
_PIECES = 16


def tensor_digests(tensors: Iterable[StoredTensor]) -> Steps[dict[StoredTensor, bytes]]:
    """The digests of tensors: of dtype, shape and every byte; yields after every 64 MB.

    From the first step on, threads read on by themselves.

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
    for tensor in stored:
        tensor.stored()  # maps its file, which threads must not do at the same time
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    try:
        found = [pool.submit(_digest, tensor, start) for tensor, start in places]
        for number, ((tensor, _), digest) in enumerate(zip(places, found, strict=True)):
            if number % _PIECES == 0:
                yield number / len(places), "Comparing the weights"
            pieces[tensor] += digest.result()
    finally:
        pool.shutdown(cancel_futures=True)
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


def _digest(tensor: StoredTensor, start: int) -> bytes:
    """The digest of a piece of a tensor, from a place in its file."""
    at = start - tensor.begin
    # Asked for anew each time, since that notices a file that has become shorter.
    return blake2b(tensor.stored()[at : at + _PIECE], digest_size=_SIZE).digest()
