"""Addresses of cells: a block's name with a column and a row, and what to say where there is none.

A name is found in a model of any size at once, since only names that are like it are looked at.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from ..counting import counted
from .errors import CellError

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block

# Python refuses to read numbers of some thousand digits, which no model needs.
_WRITTEN = re.compile(r"\s*([\w.]+)\s*\[\s*(\d{1,18})\s*(?:,\s*(\d{1,18})\s*)?\]\s*")
_PLACE = re.compile(r"(?:layer(\d{1,18})\.)?(?:head(\d{1,18})\.)?(.*)")

_LONGEST_NAME = 80


class Cell(NamedTuple):
    """A cell: its block's name, column and row in the grid that is drawn."""

    block: str
    column: int
    row: int

    def __str__(self) -> str:
        return f"{self.block}[{self.column}, {self.row}]"


def parse(anatomy: Anatomy, text: str) -> Cell:
    """The cell that a text such as ``"layer0.head1.attention[1, 3]"`` means: column, then row.

    Raises
    ------
    CellError
        If it is not written so, or there is no such cell.
    """
    match = _WRITTEN.fullmatch(text)
    if match is None:
        raise CellError(
            f"{_quoted(text)} is no cell; write a block's name, a column and a row, "
            "such as layer0.head1.attention[1, 3]"
        )
    return cell_at(anatomy, match[1], int(match[2]), None if match[3] is None else int(match[3]))


def cell_at(
    anatomy: Anatomy, block: str, column: int | None = None, row: int | None = None
) -> Cell:
    """The cell that is meant by a block's name with its column and row, or with all in one text.

    Parameters
    ----------
    block
        A block's name; or, without column and row, a cell as `parse` reads it.
    column, row
        The cell in the block's grid; of a block of one row or of one column, one of them is enough.

    Raises
    ------
    CellError
        If there is no such cell.
    """
    if not isinstance(block, str):
        raise CellError(f"{block!r} is no block's name; write one, such as 'layer0.mlp'")
    if column is None and row is None:
        return parse(anatomy, block)
    found = find(anatomy, block)
    if column is not None and row is not None:
        return check(found, column, row)
    if column is not None and found.rows == 1:
        return check(found, column, 0)
    place = row if column is None else column
    if place is not None and found.columns == 1:
        return check(found, 0, place)
    example = f"{block}[{column or 0}, {row or 0}]"
    raise CellError(f"{block} has columns and rows; write both, such as {example}")


def check(block: Block, column: int, row: int) -> Cell:
    """A cell of a block.

    Raises
    ------
    CellError
        If the block does not have it.
    """
    for place in (column, row):
        if not hasattr(place, "__index__"):
            raise CellError(f"{place!r} is no whole number; columns and rows are counted from 0")
    if not (0 <= column < block.columns and 0 <= row < block.rows):
        raise CellError(
            f"{block.name} has columns 0 to {block.columns - 1:,} and rows 0 to "
            f"{block.rows - 1:,}; there is no cell at column {column:,}, row {row:,}"
        )
    return Cell(block.name, int(column), int(row))


def find(anatomy: Anatomy, name: str) -> Block:
    """The block of a name.

    Raises
    ------
    CellError
        If there is none; it names the nearest.
    """
    if name in anatomy.blocks:
        return anatomy.blocks[name]
    config = anatomy.config
    match = _PLACE.fullmatch(name)
    layer, head = (None, None) if match is None else (match[1], match[2])
    for what, given, count in (("layer", layer, config.n_layer), ("head", head, config.n_head)):
        if given is not None and int(given) >= count:
            span = f"{what}0 to {what}{count - 1}" if count > 1 else f"{what}0"
            has = f"this model has {counted(count, what)}, {span}"
            if what == "head":
                has = f"{has} in each layer"
            raise CellError(f"There is no block {_quoted(name)}; {has}")
    # Only blocks with the numbers in the name are compared: a large model has too many others.
    near = {None, 0, *map(int, re.findall(r"\d{1,6}", name))}
    some = [b.name for b in anatomy.blocks.values() if b.layer in near and b.head in near]
    similar = get_close_matches(name, some, n=1)
    hint = f"did you mean {similar[0]!r}?" if similar else f"there are {some[0]}, {some[-1]}, …"
    raise CellError(f"There is no block {_quoted(name)}; {hint}")


def _quoted(text: str) -> str:
    """Words that somebody has written, in quotes, cut off where they are longer than any name."""
    return repr(text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…")
