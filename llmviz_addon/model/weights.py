"""A model's weights by name: a mapping that reads nothing until a tensor is touched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import CheckpointError
from .safetensors_file import StoredTensor

# Numbers looked at at a time when a tensor is checked: 1 MB of float32.
_CHUNK = 2**18


@dataclass(frozen=True)
class Source:
    """Where one weight comes from: a stored tensor, transposed where the checkpoint does."""

    tensor: StoredTensor
    transposed: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return self.tensor.shape[::-1] if self.transposed else self.tensor.shape


class Weights(Mapping[str, NDArray[np.float32]]):
    """The weights of a model under their canonical names, `(in, out)`, in float32.

    Float32 checkpoints are given as read-only views of the mapped file: no memory is used
    beyond the pages that the system keeps. F16 and BF16 are converted each time they are asked
    for; `part` converts no more than is needed.

    Each tensor is searched for NaN and infinity when it is first touched.
    """

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)
        self._checked: set[StoredTensor] = set()

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self.part(name, ...)

    def part(self, name: str, index: Any) -> NDArray[np.float32]:
        """A slice of a weight: `weights[name][index]`, converting only that slice.

        Raises
        ------
        KeyError
            Where the model has no weight of this name.
        CheckpointError
            Where the tensor holds NaN or infinity, or is stored in a dtype without weights.
        """
        source = self._source(name)
        raw = source.tensor.raw()
        if source.tensor not in self._checked:
            _check_finite(source.tensor, raw)
            self._checked.add(source.tensor)
        result = source.tensor.to_float32((raw.T if source.transposed else raw)[index])
        result.flags.writeable = False
        return result

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
        # Mapping's own would read the tensor to find out.
        return name in self._sources


def _check_finite(tensor: StoredTensor, raw: NDArray[Any]) -> None:
    flat = raw.reshape(-1)
    for start in range(0, flat.size, _CHUNK):
        finite = np.isfinite(tensor.to_float32(flat[start : start + _CHUNK]))
        if not finite.all():
            at = np.unravel_index(start + int(np.argmin(finite)), raw.shape)
            place = ", ".join(str(int(i)) for i in at)
            raise CheckpointError(
                f"{tensor.file.path}: tensor {tensor.name} holds NaN or infinity at [{place}], "
                "finite numbers were expected; use a checkpoint from before training diverged"
            )
