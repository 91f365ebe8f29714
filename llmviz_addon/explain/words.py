"""Words for cells in the terms of the field: positions and their tokens, channels, queries, keys.

Here is decided which phrase of the catalog says what a cell is; the reader's language says it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ..anatomy import MANY, Pick, number
from .reading import EXACT

if TYPE_CHECKING:
    from ..anatomy import Block, Formula, Operand
    from ..languages import Language
    from .reading import CellReader, Reading

TOKENS = "tokens"
"""The block whose numbers are the ids of tokens."""

Axis = Literal["column", "row"]

# The catalog's nouns of the dimensions that grids count. See `anatomy.maker.SpecMaker`.
_NOUNS = {
    "T": "position",
    "P": "position",
    "C": "channel",
    "A": "channel",
    "F": "neuron",
    "V": "entry",
}
_ATTENTION = {"column": "key", "row": "query"}


class Place(NamedTuple):
    """A place on an axis in words, and True if they name its token."""

    words: str
    has_token: bool


class Said(NamedTuple):
    """A number in words, and a note on it: how exact it is, or which token it means."""

    number: str
    note: str


def title(block: Block, language: Language) -> str:
    """A block's title and where it is: ``"Attention, head 1 of layer 0"``."""
    said = language.say(block.title)
    if block.head is not None:
        return language.tell("explain.in_head", title=said, head=block.head, layer=block.layer)
    if block.layer is None:
        return said
    return language.tell("explain.in_layer", title=said, layer=block.layer)


def noun(block: Block, axis: Axis) -> str:
    """The catalog's noun for a place on an axis; empty for an axis of one cell."""
    if block.time_axis == "both":
        return _ATTENTION[axis]
    return _NOUNS.get(_dim(block, axis), "")


def along(reader: CellReader, block: Block, axis: Axis, place: int) -> str:
    """One place on an axis, such as ``"position 3, token B"``; empty for an axis of one cell."""
    return _along(reader, block, axis, place).words


def _along(reader: CellReader, block: Block, axis: Axis, place: int) -> Place:
    known = noun(block, axis)
    dim = _dim(block, axis)
    if not known:
        return Place("", False)
    token = None
    if dim == "T" and place < reader.n_tokens:
        token = int(reader.tokens[place])
    elif dim == "V":
        token = place
    label = "" if token is None else reader.label(token)
    language = reader.language
    said = language.tell(f"explain.{known}", number=language.integer(place))
    if not label:
        return Place(said, False)
    return Place(language.tell("explain.with_token", place=said, token=label), True)


def place(reader: CellReader, block: Block, column: int, row: int) -> str:
    """A cell's place: ``"position 3, token B; channel 15"``, ``"query 3 looks at key 1"``."""
    across, _ = _along(reader, block, "column", column)
    down, has_token = _along(reader, block, "row", row)
    tell = reader.language.tell
    if block.time_axis == "both":
        verb = "would_look" if block.causal and column > row else "looks"
        return tell(f"explain.{verb}{'_with_token' * has_token}", query=down, key=across)
    if block.kind == "weight" and across and down:
        for user in reader.anatomy.users(block)[:1]:
            picks = user.operand.columns, user.operand.rows
            if Pick.ALL in picks:
                # A matrix: it is summed over along the axis of its inputs.
                index, target = (column, down) if picks[0] is Pick.ALL else (row, across)
                source = term(reader, user.formula, index)
                return tell("explain.leads", source=source, target=target)
    if across and down:
        return tell("explain.both", column=across, row=down)
    return across or down


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
            if not several:
                return said
            return reader.language.tell("explain.of_head", head=block.head, place=said)
        index -= size
    return ""


def terms(reader: CellReader, formula: Formula, count: int) -> str:
    """The terms that a sum runs over: ``"48 channels"``; empty for what is no sum."""
    operands = summed(reader, formula)
    if not operands:
        return ""
    block = reader.anatomy.blocks[operands[0].block]
    known = noun(block, "column" if operands[0].columns in MANY else "row")
    return reader.language.counted(count, known)


def summed(reader: CellReader, formula: Formula) -> list[Operand]:
    """The operands that a formula's sum runs along: those of one part, no weights if possible."""
    joined = [operand for operand in formula.operands if operand.is_joined]
    blocks = reader.anatomy.blocks
    joined.sort(key=lambda operand: blocks[operand.block].kind == "weight")
    return [operand for operand in joined if operand.part == joined[0].part]


def value(of: Block, reading: Reading, reader: CellReader, index: int = 0) -> Said:
    """A number, in full where it is exact, and its exactness, such as ``"one of 255 levels"``."""
    shown, tell = reading.values[index], reader.language.tell
    if np.isnan(shown):
        return Said(tell("explain.no_number"), "")
    if of.name == TOKENS:
        label = reader.label(int(shown))
        return Said(f"{int(shown)}", tell("explain.token", token=label) if label else "")
    if reading.exactness == EXACT:
        return Said(str(shown).replace("-", "−"), "")
    kind = "one_of"
    if reading.clipped is not None and reading.clipped[index]:
        kind = "or_more" if shown > 0 else "or_less"
    levels = reading.exactness.partition(" ")[0]
    return Said(number(float(shown)), tell(f"explain.{kind}", levels=levels))


def masked(reader: CellReader, block: Block, column: int, row: int) -> str:
    """A sentence on a cell above the causal diagonal."""
    integer = reader.language.integer
    return reader.language.tell("explain.masked", query=integer(row), key=integer(column))


def unused(reader: CellReader, block: Block, position: int) -> str:
    """A sentence on a cell at a position without a token."""
    integer = reader.language.integer
    return reader.language.tell(
        "explain.unused", position=integer(position), last=integer(reader.n_tokens - 1)
    )


def pending(reader: CellReader, block: Block, position: int) -> str:
    """A sentence on a cell that is computed later in the film."""
    if position < reader.n_prompt:
        return reader.language.tell("explain.pending_prompt")
    return reader.language.tell("explain.pending_pass", number=position - reader.n_prompt + 2)


def absent(reader: CellReader, block: Block) -> str:
    """A sentence on a cell of a model without numbers."""
    return reader.language.tell("explain.absent", model=reader.title)


def _dim(block: Block, axis: Axis) -> str:
    return block.column_dim if axis == "column" else block.row_dim
