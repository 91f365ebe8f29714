"""Pace: the time of a sweep, shared out over the blocks that it computes.

A block's time is proportional to the cells that the pass computes in it and, weakly, to the length
of the dot product behind each of them (to the power of a quarter): large blocks take longer, and no
block takes all. Blocks of the same role in a layer's heads are computed side by side, since none of
them needs another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..anatomy import Pick

if TYPE_CHECKING:
    from ..anatomy import Block


@dataclass(frozen=True, slots=True)
class Interval:
    """A block's time: seconds at which its computation starts and ends, and its progress then."""

    block: str
    start: float
    end: float
    progress: float


def computed_cells(block: Block, p: int, n_prompt: int, n_tokens: int) -> int:
    """Number of cells of a block that pass `p` computes; 0 for weights."""
    if block.time_axis is None:
        return 0
    last = min(n_prompt + p, n_tokens)
    first = 0 if p == 0 else last - 1
    return block.cells_before(last) - block.cells_before(first)


def dot_length(block: Block) -> int:
    """Number of terms that are summed for one cell; 1 where nothing is summed."""
    # That of the block's role, since the names in its own do not matter.
    formula = block.spec.formula
    if formula is None:
        return 1
    long = (Pick.ALL, Pick.UP_TO_ROW, Pick.UP_TO_COLUMN)
    return max(
        (
            size
            for operand in formula.operands
            for pick, size in zip((operand.columns, operand.rows), operand.shape, strict=True)
            if pick in long
        ),
        default=1,
    )


def relative_time(block: Block, p: int, n_prompt: int, n_tokens: int) -> float:
    """The time that a block takes in pass `p`, in a unit that all blocks share."""
    return float(computed_cells(block, p, n_prompt, n_tokens) * dot_length(block) ** 0.25)


def schedule(
    blocks: Mapping[str, Block],
    span: tuple[str, str],
    p: int,
    tokens: tuple[int, int],
    time: tuple[float, float],
    *,
    together: bool = True,
) -> list[Interval]:
    """The intervals of all blocks of a span that pass `p` computes.

    Parameters
    ----------
    blocks
        The blocks that are scheduled, by name, in the order of computation.
    span
        Names of the first and the last block that is computed. With heads side by side, each name
        stands for the blocks of its role in all heads of its layer.
    p
        The pass.
    tokens
        Tokens of the prompt, and of the finished sequence.
    time
        Start and end of the sweep, in seconds.
    together
        True if heads are computed side by side, False if one after the other.
    """
    groups: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks.values():
        if block.time_axis is not None:
            groups.setdefault(_group(block, together), []).append(block)
    order = list(groups)
    first, last = (order.index(_group(blocks[name], together)) for name in span)
    chosen = [groups[key] for key in order[first : last + 1]]
    times = [relative_time(group[0], p, *tokens) for group in chosen]
    total = sum(times)
    start, intervals = time[0], []
    for group, own in zip(chosen, times, strict=True):
        end = start + (time[1] - time[0]) * own / total
        intervals += [
            Interval(block.name, start, end, block.progress_after(p, *tokens)) for block in group
        ]
        start = end
    return intervals


def _group(block: Block, together: bool) -> tuple[object, ...]:
    """A key that is the same for blocks that are computed at the same time."""
    if together and block.head is not None:
        return (block.layer, block.role)
    return (block.name,)
