"""Finding the cell that a ray meets, exactly, among all blocks at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .block import Block


@dataclass(frozen=True, slots=True)
class Hit:
    """A cell that was found.

    Attributes
    ----------
    block
        Name of its block.
    column, row
        The cell.
    point
        In cells, where the ray enters the block.
    distance
        From the ray's origin to `point`, in cells.
    """

    block: str
    column: int
    row: int
    point: tuple[float, float, float]
    distance: float


class Picker:
    """The bounds of all blocks as arrays.

    Parameters
    ----------
    blocks
        By name.
    """

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self._blocks = list(blocks.values())
        low, high = corners(self._blocks)
        whole = np.array([block.spec.fold is None for block in self._blocks])
        # A folded block is solid in each of its lines, and open between them.
        lines = [
            (index, piece)
            for index in np.flatnonzero(~whole).tolist()
            for piece in self._blocks[index].spec.pieces
        ]
        bounds = np.array([self._blocks[i].bounds_of(piece) for i, piece in lines])
        bounds = bounds.reshape(-1, 2, 3)
        self._low = np.concatenate([low[whole], bounds[:, 0]])
        self._high = np.concatenate([high[whole], bounds[:, 1]])
        of = [*np.flatnonzero(whole).tolist(), *(index for index, _ in lines)]
        self._of = np.array(of, np.int64)
        self._first = {len(of) - len(lines) + n: p for n, (_, p) in enumerate(lines)}

    def boxes(self, numbers: Mapping[str, int]) -> NDArray[np.int64]:
        """The numbers of blocks, given by name, for each of the boxes that `pick` looks among."""
        of_block = np.array([numbers[block.name] for block in self._blocks], np.int64)
        return of_block[self._of]

    def pick(
        self,
        origin: Sequence[float],
        direction: Sequence[float],
        among: NDArray[np.bool_] | None = None,
        inset: float = 0.0,
    ) -> Hit | None:
        """See `Anatomy.pick`.

        Parameters
        ----------
        among
            True for each box that can be hit; all unless given.
        inset
            The part of a cell on each side of it that nothing is drawn in. A ray that enters
            between two cells meets the one that it comes to, if any.
        """
        start, along = _vector(origin, "The origin of a ray"), _unit(direction)
        # By slabs (Kay and Kajiya, 1986, "Ray tracing complex scenes"): the ray is in a box while
        # it is between all three pairs of planes.
        enter = np.full(len(self._of), 0.0)
        leave = np.full(len(self._of), np.inf)
        for axis in range(3):
            low = self._low[:, axis] + (inset - start[axis])
            high = self._high[:, axis] - (inset + start[axis])
            if along[axis] == 0.0:
                leave[(low > 0.0) | (high < 0.0)] = -np.inf
                continue
            near, far = low / along[axis], high / along[axis]
            if along[axis] < 0.0:
                near, far = far, near
            np.maximum(enter, near, out=enter)
            np.minimum(leave, far, out=leave)
        enter[enter > leave] = np.inf
        if among is not None:
            enter[~among] = np.inf
        index = int(np.argmin(enter))
        distance = float(enter[index])
        if not np.isfinite(distance):
            return None
        at = start + distance * along
        low, high = self._low[index], self._high[index]
        columns, _, rows = np.rint(high - low).astype(int).tolist()
        deep = (1.0 - 2.0 * inset) / max(abs(float(along[1])), 1e-9) if inset else 0.0
        column = _cell(at[0] - low[0], along[0] * deep, inset, columns)
        row = _cell(high[2] - at[2], -along[2] * deep, inset, rows)
        piece = self._first.get(index)
        if piece is not None:
            column, row = column + piece.column, row + piece.row
        x, y, z = at.tolist()
        return Hit(self._blocks[self._of[index]].name, column, row, (x, y, z), distance)


def _cell(place: float, drift: float, inset: float, count: int) -> int:
    """The cell along an axis that a ray meets which enters at a place and drifts so far within."""
    cell = int(np.floor(place))
    within = place - cell
    if within > 1.0 - inset and drift >= 1.0 + inset - within:
        cell += 1
    elif within < inset and -drift >= inset + within:
        cell -= 1
    return min(max(cell, 0), count - 1)


def corners(blocks: Iterable[Block]) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) the least and the greatest corners of blocks, as `Block.bounds` has them."""
    found = list(blocks)
    specs = {id(block.spec): block.spec for block in found}
    sizes = {key: (spec.extent[0], 1.0, spec.extent[1]) for key, spec in specs.items()}
    low = np.array([block.origin for block in found]) - 0.5  # (N, 3)
    size = np.array([sizes[id(block.spec)] for block in found])  # (N, 3)
    low[:, 2] += 1.0 - size[:, 2]
    return low, low + size


def _vector(values: Sequence[float], what: str) -> np.ndarray:
    vector = np.array(values, dtype=np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise ValueError(f"{what} is three finite numbers, not {values!r}.")
    return vector


def _unit(direction: Sequence[float]) -> np.ndarray:
    vector = _vector(direction, "A direction")
    length = float(np.linalg.norm(vector))
    if length == 0.0:
        raise ValueError("A direction must lead somewhere; this one is (0, 0, 0).")
    return vector / length
