"""How long each block takes: the time of a sweep, shared out over what it computes.

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
    """When a block is computed, in seconds, and its progress at the end of it."""

    block: str
    start: float
    end: float
    progress: float


def computed_cells(block: Block, p: int, n_prompt: int, n_tokens: int) -> int:
    """How many cells of a block pass `p` computes; 0 for weights."""
    if block.time_axis is None:
        return 0
    last = min(n_prompt + p, n_tokens)
    first = 0 if p == 0 else last - 1
    return block.cells_before(last) - block.cells_before(first)


def dot_length(block: Block) -> int:
    """How many terms are summed for one cell; 1 where nothing is summed."""
    if block.formula is None:
        return 1
    long = (Pick.ALL, Pick.UP_TO_ROW, Pick.UP_TO_COLUMN)
    return max(
        (
            size
            for operand in block.formula.operands
            for pick, size in zip((operand.columns, operand.rows), operand.shape, strict=True)
            if pick in long
        ),
        default=1,
    )


def relative_time(block: Block, p: int, n_prompt: int, n_tokens: int) -> float:
    """How long a block takes in pass `p`, relative to other blocks."""
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
        Those that are scheduled, by name, in the order of computation.
    span
        Names of the first and the last block that is computed, in the order of computation; with
        heads side by side, all heads' blocks of the same role are meant.
    p
        The pass.
    tokens
        Tokens of the prompt, and of the finished sequence.
    time
        When the sweep starts and ends, in seconds.
    together
        Whether heads are computed side by side, or one after the other.
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
    """What is computed at the same time has the same key."""
    if together and block.head is not None:
        return (block.layer, block.role)
    return (block.name,)
