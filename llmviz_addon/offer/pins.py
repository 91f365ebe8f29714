"""Cells that are to be pinned, checked before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..explain import CellError, parse

if TYPE_CHECKING:
    from ..anatomy import Anatomy


def check(cells: Sequence[str], anatomies: Sequence[Anatomy]) -> None:
    """Refuse cells that none of some models will have.

    Parameters
    ----------
    cells
        As they are written, ``"layer0.head1.attention[1, 3]"``.
    anatomies
        Of each model the blocks, as they will be drawn.

    Raises
    ------
    CellError
        On the first such cell, with what the first model has in its place.
    """
    for cell in cells:
        refused = [_refusal(anatomy, cell) for anatomy in anatomies]
        if all(refused):
            raise CellError(refused[0])


def _refusal(anatomy: Anatomy, cell: str) -> str:
    """The sentence on a cell that a model does not have; empty where it has it."""
    try:
        parse(anatomy, cell)
    except CellError as error:
        return str(error)
    return ""
