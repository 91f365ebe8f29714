"""A model's weights by name: a mapping that reads nothing until a tensor is touched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ..progress import Steps
from .digests import digest_of, tensor_digests
from .errors import CheckpointError
from .safetensors_file import StoredTensor

Array = NDArray[np.float32]

# Numbers of a tensor that are checked at a time: 1 MB of float32.
_CHUNK = 2**18


@dataclass(frozen=True)
class Source:
    """The stored tensor of one weight, and True if the checkpoint has it transposed."""

    tensor: StoredTensor
    transposed: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape[::-1] if self.transposed else self.tensor.shape


class Room:
    """Memory for converted numbers, used again and again.

    Fresh memory costs as much time as the conversion itself.
    """

    def __init__(self) -> None:
        self._numbers = np.empty(0, np.float32)

    def __call__(self, shape: tuple[int, ...]) -> Array:
        """An array of this shape, in the place of the one before."""
        size = math.prod(shape)
        if self._numbers.size < size:
            self._numbers = np.empty(0, np.float32)  # gives its memory back before it takes more
            self._numbers = np.empty(size, np.float32)
        return self._numbers[:size].reshape(shape)


class Weights(Mapping[str, Array]):
    """The weights of a model under their canonical names, `(in, out)`, in float32.

    Float32 checkpoints are given as read-only views of the mapped file: no memory is used
    beyond the pages that the system keeps. F16 and BF16 are converted each time they are asked
    for; `part` converts no more than is needed.

    Each tensor is searched for NaN and infinity when it is first asked for by name. A forward pass
    skips that search, so as to read the numbers only once: it calls `whole`, `rows` and `piece`,
    checks its results instead, and calls `refuse` to find the weight at fault.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)
        self._checked: set[StoredTensor] = set()
        self._digests: dict[StoredTensor, bytes] = {}

    def __getitem__(self, name: str) -> Array:
        return self.part(name, ...)

    def part(self, name: str, index: Any) -> Array:
        """A slice of a weight: `weights[name][index]`, converting only that slice.

        Raises
        ------
        KeyError
            If the model has no weight of this name.
        CheckpointError
            If the tensor holds NaN or infinity, or has a dtype that cannot hold weights.
        """
        tensor = self._source(name).tensor
        if tensor not in self._checked:
            _check_finite(tensor, tensor.raw())
            self._checked.add(tensor)
        return self.rows(name, index)

    def whole(self, name: str) -> Array:
        """A weight to compute with, not searched for NaN and infinity."""
        return self.rows(name, ...)

    def rows(self, name: str, index: Any) -> Array:
        """A slice of a weight to compute with, not searched for NaN and infinity."""
        source = self._source(name)
        raw = source.tensor.raw()
        result = source.tensor.to_float32((raw.T if source.transposed else raw)[index])
        result.flags.writeable = False
        return result

    def cells(self, name: str, index: Any, cells: Any) -> Array:
        """Some numbers of a slice of a weight, `weights[name][index][cells]`; reads no others."""
        source = self._source(name)
        raw = source.tensor.raw()
        return source.tensor.to_float32((raw.T if source.transposed else raw)[index][cells])

    def piece(self, name: str, axis: int, place: slice, room: Room) -> Array:
        """A slice of a matrix along one axis to compute with, not searched for NaN and infinity.

        A converted piece lies in `room`, and is valid until that is used again.
        """
        source = self._source(name)
        along = 1 - axis if source.transposed else axis
        raw = source.tensor.raw()[place if along == 0 else (slice(None), place)]
        piece = source.tensor.to_float32(raw, room)
        return piece.T if source.transposed else piece

    def refuse(self, block: str, names: Iterable[str]) -> NoReturn:
        """Raise the error on a block that is not finite, with the weight that made it so.

        Parameters
        ----------
        block : str
            The block's name.
        names : iterable of str
            The weights that took part; names that the model does not have are passed over.

        Raises
        ------
        CheckpointError
            Always. It names the first weight that holds NaN or infinity. Where there is none, it
            names the block: finite weights can be so large that sums overflow.
        """
        for name in names:
            if name in self._sources:
                tensor = self._sources[name].tensor
                _check_finite(tensor, tensor.raw())
        raise CheckpointError(
            f"The numbers overflow in block {block}; the weights are damaged, or belong to "
            "another architecture than the configuration says"
        )

    def digest_steps(self, names: Iterable[str]) -> Steps[str]:
        """A digest of some weights, which others share only with the same numbers; in steps.

        It depends on the numbers in the files, not on the files' names, sizes or times. A tensor
        is read once for all digests of these weights.

        Raises
        ------
        KeyError, CheckpointError
            If the model has no such weight, or its file has changed since it was opened.
        """
        sources = {name: self._source(name) for name in sorted(set(names))}
        tensors = dict.fromkeys(source.tensor for source in sources.values())
        self._digests |= yield from tensor_digests(t for t in tensors if t not in self._digests)
        parts = [
            part
            for name, source in sources.items()
            for part in (f"{name} {source.transposed}".encode(), self._digests[source.tensor])
        ]
        return digest_of(*parts).hex()

    @property
    def n_bytes(self) -> int:
        """Bytes that the tensors take on disk."""
        return sum(tensor.end - tensor.begin for tensor in self._tensors())

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold them, in the order of the data flow."""
        return tuple(dict.fromkeys(tensor.file.path for tensor in self._tensors()))

    @property
    def are_unchanged(self) -> bool:
        """True if all files are still there, with the sizes and times of when they were opened."""
        files = dict.fromkeys(tensor.file for tensor in self._tensors())
        return all(file.is_unchanged for file in files)

    def _tensors(self) -> Iterable[StoredTensor]:
        """Each stored tensor once; a tied head and the token embedding share one."""
        return dict.fromkeys(source.tensor for source in self._sources.values())

    def shape(self, name: str) -> tuple[int, ...]:
        """The shape of a weight, without touching its numbers."""
        return self._source(name).shape

    def _source(self, name: str) -> Source:
        try:
            return self._sources[name]
        except KeyError:
            known = ", ".join(list(self._sources)[:4])
            raise KeyError(f"no weight {name!r}; the names are {known}, ...") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)

    def __contains__(self, name: object) -> bool:
        # Mapping's own method would read the tensor to find out.
        return name in self._sources


def _check_finite(tensor: StoredTensor, raw: NDArray[Any]) -> None:
    flat = raw.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        part = flat[start : start + _CHUNK]
        if not tensor.all_finite(part):
            first = int(np.argmin(np.isfinite(tensor.to_float32(part))))
            place = ", ".join(str(int(i)) for i in np.unravel_index(start + first, raw.shape))
            raise CheckpointError(
                f"{tensor.file.path}: tensor {tensor.name} holds NaN or infinity at [{place}], "
                "finite numbers were expected; use a checkpoint from before training diverged"
            )
