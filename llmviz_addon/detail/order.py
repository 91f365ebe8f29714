"""The order in which a bundle's cells are computed, as fractions from 0 to 1.

For a single block this is `Block.order`. A bundle of several layers counts pass by pass, within a
pass layer by layer, and within a layer as its blocks do. The material of slabs computes the same
from a cell's place (`scene/style/groups/slab_cells.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .bundles import Bundle

if TYPE_CHECKING:
    from ..anatomy import Block


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
    own = bundle.first.order(n_prompt, n_tokens)
    n = bundle.n_steps
    if n == 1 or bundle.first.time_axis is None:
        return np.broadcast_to(own, (len(bundle.blocks), *own.shape))
    position = _positions(bundle.first)
    before, after = (bundle.first.cells_before(position + i) for i in (0, 1))
    total = float(bundle.first.cells_before(n_tokens))
    # Back to whole ranks: an order is a fraction that float32 has rounded.
    rank = np.rint(own.astype(np.float64) * total)
    prompt = float(bundle.first.cells_before(n_prompt))
    step = bundle.steps[:, None, None].astype(np.float64)
    later = n * before + step * (after - before) + (rank - before)
    within = np.where(position < n_prompt, step * prompt + rank, later)
    return np.asarray(within / (n * total), np.float32)


def _positions(block: Block) -> np.ndarray:
    """(columns, rows) the token position that each cell belongs to."""
    columns, rows = np.ogrid[: block.columns, : block.rows]
    along = rows if block.time_axis in ("rows", "both") else columns
    return np.broadcast_to(along, (block.columns, block.rows))
