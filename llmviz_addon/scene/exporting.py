"""Exports: the numbers of a whole block in a file, as a trace has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import explain
from ..explain.words import TOKENS
from ..progress import Steps, run
from ..saving import replacing
from .cells import SceneReader

if TYPE_CHECKING:
    from pathlib import Path

    from .standing.standing import Standing

ENDINGS = (".npy", ".csv")
"""Endings of the files that can be written."""

# Values that are written as text in one step, which takes some 50 ms.
_TOGETHER = 50_000


def export_block(standing: Standing, name: str, path: Path) -> tuple[np.ndarray, str]:
    """Write the numbers of a block to a file in one go; see `export_steps`."""
    return run(export_steps(standing, name, path))


def export_steps(standing: Standing, name: str, path: Path) -> Steps[tuple[np.ndarray, str]]:
    """Write the numbers of a block to a file of numpy's or to comma-separated values.

    The array has the shape and the order of `trace[name]`, so only the positions that are
    computed; masked cells are NaN. Values of a ``.csv`` have the digits that tell a float32 from
    its neighbors.

    Parameters
    ----------
    standing
        The model.
    name
        The block's name.
    path
        The file; its name ends in one of `ENDINGS`.

    Returns
    -------
    numpy.ndarray, str
        The array, float32 or, of tokens, int64; and its exactness.

    Raises
    ------
    llmviz_addon.explain.CellError
        If there is no such block, it has no numbers, or the file's name has another ending.
    llmviz_addon.saving.SaveError
        If the file cannot be written; one that was there before is still as it was.
    """
    if path.suffix.lower() not in ENDINGS:
        raise explain.CellError(f"{path.name}: end the name of the file in {' or '.join(ENDINGS)}")
    yield 0.0, f"Reading {name}"
    reader = SceneReader(standing)
    block = explain.find(reader.anatomy, name)
    columns, rows = block.extent(reader.n_tokens)
    reading = reader.read_all(block)
    values = block.array(reading.values[:columns, :rows])
    if np.isnan(values).all():
        raise explain.CellError(f"{name} has no numbers to export; it is here as its shape only")
    if name == TOKENS:
        values = values.astype(np.int64)
    with replacing(path) as part:
        if path.suffix.lower() == ".npy":
            with part.open("wb") as file:
                np.save(file, values, allow_pickle=False)
        else:
            kind = "%d" if values.dtype == np.int64 else "%.9g"
            lines = max(1, _TOGETHER // max(1, values[:1].size))
            with part.open("w", encoding="ascii", newline="\n") as file:
                for first in range(0, len(values), lines):
                    yield first / len(values), f"Writing {path.name}"
                    np.savetxt(file, values[first : first + lines], fmt=kind, delimiter=",")
    return values, reading.exactness
