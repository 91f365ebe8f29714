"""Every intermediate of one forward pass, by the name that the whole project uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Trace(Mapping[str, NDArray[Any]]):
    """All blocks of a model for one sequence, weights included.

    A mapping from block names (docs/architecture.md, "Names") to arrays. Activations and aggregates
    are float32 arrays from the forward pass; weight blocks are slices of the checkpoint, resolved
    when asked for. Iterating gives the names in the order of the data flow; `len` counts blocks.

    Attributes
    ----------
    ids : list[int]
        The tokens that were read.
    n_tokens : int
        Their number, T in the shapes of the blocks.
    logits : (T, n_vocab) float32
    """

    def __init__(
        self,
        names: tuple[str, ...],
        computed: Mapping[str, NDArray[Any]],
        weight: Callable[[str], NDArray[np.float32]],
    ) -> None:
        self._names = dict.fromkeys(names)
        self._computed = computed
        self._weight = weight
        self.ids: list[int] = computed["tokens"].tolist()
        self.n_tokens = len(self.ids)

    @property
    def logits(self) -> NDArray[np.float32]:
        return self._computed["logits"]

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name in self._computed:
            return self._computed[name]
        if name not in self._names:
            similar = get_close_matches(str(name), list(self._names), n=1)
            hint = f"; did you mean {similar[0]!r}?" if similar else ""
            raise KeyError(f"no block {name!r} in this model{hint}")
        return self._weight(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        # Mapping's own method would convert a weight to find out.
        return name in self._names
