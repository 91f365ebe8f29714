"""The order in which a bundle's cells are computed, as fractions from 0 to 1.

For a single block this is `Block.order`. A bundle of several layers counts pass by pass, within a
pass layer by layer, and within a layer as its blocks do. The material of slabs computes the same
from a cell's place (`scene/style/groups/slab_cells.py`).
"""

from __future__ import annotations

import numpy as np

from .bundles import Bundle


def orders(bundle: Bundle, n_prompt: int, n_tokens: int) -> np.ndarray:
    """The order of every cell of a bundle.

    Parameters
    ----------
    n_prompt, n_tokens
        Positions computed by the first pass, and in all.

    Returns
    -------
    numpy.ndarray
        (blocks, columns, rows) float32; NaN for cells that are never computed, 0 for weights.
    """
    first = bundle.first
    if bundle.n_steps == 1 or first.time_axis is None:
        own = first.order(n_prompt, n_tokens)
        return np.broadcast_to(own, (len(bundle.blocks), *own.shape))
    found = np.full((len(bundle.blocks), first.columns, first.rows), np.nan, np.float32)
    columns, rows = first.extent(n_tokens)
    column, row = np.ogrid[:columns, :rows]
    step = bundle.steps[:, None, None].astype(np.float64)
    found[:, :columns, :rows] = _fraction(bundle, step, column, row, n_prompt, n_tokens)
    if first.causal:
        column, row = np.ogrid[: first.columns, : first.rows]
        found[:, column > row] = np.nan
    return found


def order_of(
    bundle: Bundle, index: int, column: int, row: int, n_prompt: int, n_tokens: int
) -> float:
    """The order of one cell that is computed at some time, in the bundle's block `index`.

    It is rounded as those of `orders` are.
    """
    if bundle.first.time_axis is None:
        return 0.0
    step = np.asarray(bundle.steps[index], np.float64)
    return float(
        np.float32(_fraction(bundle, step, np.array(column), np.array(row), n_prompt, n_tokens))
    )


def _fraction(
    bundle: Bundle,
    step: np.ndarray,
    column: np.ndarray,
    row: np.ndarray,
    n_prompt: int,
    n_tokens: int,
) -> np.ndarray:
    """The order of cells in the layers `step` of a bundle, all of which are computed."""
    first, n = bundle.first, bundle.n_steps
    rank = first.rank(column, row)
    total = float(first.cells_before(n_tokens))
    if n == 1:
        return np.asarray(rank / total)
    position = first.position(column, row)
    before, after = (first.cells_before(position + i) for i in (0, 1))
    prompt = float(first.cells_before(n_prompt))
    later = n * before + step * (after - before) + (rank - before)
    within = np.where(position < n_prompt, step * prompt + rank, later)
    return np.asarray(within / (n * total))
