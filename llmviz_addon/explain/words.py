"""Words for cells in the terms of the field: positions and their tokens, channels, queries, keys.

All words of this room that say what a cell is stand here, so that another language needs no other
place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from ..anatomy import MANY, Pick, number
from .reading import EXACT

if TYPE_CHECKING:
    from ..anatomy import Block, Formula, Operand
    from .reading import CellReader, Reading

TOKENS = "tokens"
"""The block whose numbers are the ids of tokens."""

Axis = Literal["column", "row"]

# Nouns of the dimensions that grids count, one and many. See `anatomy.maker.SpecMaker`.
_NOUNS = {
    "T": ("position", "positions"),
    "P": ("position", "positions"),
    "C": ("channel", "channels"),
    "A": ("channel", "channels"),
    "F": ("neuron", "neurons"),
    "V": ("vocabulary entry", "vocabulary entries"),
}
_ATTENTION = {"column": ("key", "keys"), "row": ("query", "queries")}


def title(block: Block) -> str:
    """A block's title and where it is: ``"Attention, head 1 of layer 0"``."""
    if block.head is not None:
        return f"{block.title}, head {block.head} of layer {block.layer}"
    return block.title if block.layer is None else f"{block.title}, layer {block.layer}"


def nouns(block: Block, axis: Axis) -> tuple[str, str]:
    """Nouns for one and for many places on an axis; empty for an axis of one cell."""
    if block.time_axis == "both":
        return _ATTENTION[axis]
    return _NOUNS.get(_dim(block, axis), ("", ""))


def along(reader: CellReader, block: Block, axis: Axis, place: int) -> str:
    """One place on an axis, such as ``"position 3, token B"``; empty for an axis of one cell."""
    noun = nouns(block, axis)[0]
    dim = _dim(block, axis)
    if not noun:
        return ""
    token = None
    if dim == "T" and place < reader.n_tokens:
        token = int(reader.tokens[place])
    elif dim == "V":
        token = place
    label = "" if token is None else reader.label(token)
    return f"{noun} {place:,}" + (f", token {label}" if label else "")


def place(reader: CellReader, block: Block, column: int, row: int) -> str:
    """A cell's place: ``"position 3, token B; channel 15"``, ``"query 3 looks at key 1"``."""
    across, down = along(reader, block, "column", column), along(reader, block, "row", row)
    if block.time_axis == "both":
        verb = "would look at" if block.causal and column > row else "looks at"
        return f"{down}{',' * (',' in down)} {verb} {across}"
    if block.kind == "weight" and across and down:
        for user in reader.anatomy.users(block)[:1]:
            picks = user.operand.columns, user.operand.rows
            if Pick.ALL in picks:
                # A matrix: it is summed over along the axis of its inputs.
                index, target = (column, down) if picks[0] is Pick.ALL else (row, across)
                return f"from {term(reader, user.formula, index)} to {target}"
    return "; ".join(each for each in (across, down) if each)


def term(reader: CellReader, formula: Formula, index: int) -> str:
    """The term of a sum, by what the sum runs over: ``"channel 447"``, ``"head 2, channel 5"``."""
    operands = summed(reader, formula)
    if not operands:
        return ""
    several = len(operands) > 1
    for operand in operands:
        block = reader.anatomy.blocks[operand.block]
        axis: Axis = "column" if operand.columns in MANY else "row"
        size = block.columns if axis == "column" else block.rows
        if index < size or operand is operands[-1]:
            said = along(reader, block, axis, index)
            return f"head {block.head}, {said}" if several else said
        index -= size
    return ""


def terms(reader: CellReader, formula: Formula, count: int) -> str:
    """The terms that a sum runs over: ``"48 channels"``; empty for what is no sum."""
    operands = summed(reader, formula)
    if not operands:
        return ""
    block = reader.anatomy.blocks[operands[0].block]
    one, many = nouns(block, "column" if operands[0].columns in MANY else "row")
    return f"{count:,} {one if count == 1 else many}"


def summed(reader: CellReader, formula: Formula) -> list[Operand]:
    """The operands that a formula's sum runs along: those of one part, no weights if possible."""
    joined = [operand for operand in formula.operands if operand.is_joined]
    blocks = reader.anatomy.blocks
    joined.sort(key=lambda operand: blocks[operand.block].kind == "weight")
    return [operand for operand in joined if operand.part == joined[0].part]


def value(of: Block, reading: Reading, reader: CellReader, index: int = 0) -> str:
    """A number with its exactness: ``"0.312, one of 255 levels"``; in full where it is exact."""
    shown = reading.values[index]
    if np.isnan(shown):
        return "no number"
    if of.name == TOKENS:
        label = reader.label(int(shown))
        return f"{int(shown)}" + (f", token {label}" if label else "")
    if reading.exactness == EXACT:
        return str(shown).replace("-", "−")
    if reading.clipped is not None and reading.clipped[index]:
        beyond = "or more" if shown > 0 else "or less"
        return f"{number(float(shown))} {beyond}, the last of {reading.exactness}"
    return f"{number(float(shown))}, one of {reading.exactness}"


def masked(reader: CellReader, block: Block, column: int, row: int) -> str:
    """A sentence on a cell above the causal diagonal."""
    return f"Masked: query {row} does not look at key {column}, which comes later"


def unused(reader: CellReader, block: Block, position: int) -> str:
    """A sentence on a cell at a position without a token."""
    last = reader.n_tokens - 1
    return f"Unused: there is no token at position {position:,}; the sequence ends at {last:,}"


def pending(reader: CellReader, block: Block, position: int) -> str:
    """A sentence on a cell that is computed later in the film."""
    if position < reader.n_prompt:
        return "Not computed yet at this frame; it comes with the prompt, in the first pass"
    number_of_pass = position - reader.n_prompt + 2
    return f"Not computed yet at this frame; it comes in pass {number_of_pass}"


def absent(reader: CellReader, block: Block) -> str:
    """A sentence on a cell of a model without numbers."""
    return f"No number: {reader.title} is here as its shape only, without weights"


def _dim(block: Block, axis: Axis) -> str:
    return block.column_dim if axis == "column" else block.row_dim
