"""The network as blocks in space: their cells, the formula behind each cell, and its place.

This room knows no Blender, and numbers only through a trace that it is given. `build` makes
everything from a configuration.
"""

from __future__ import annotations

from .anatomy import Anatomy, Dim, build, n_cells
from .arrangement import KINDS as ARRANGEMENTS
from .arrangement import Arrangement
from .arrows import Arrow
from .block import KINDS, Block, BlockSpec
from .errors import AnatomyError
from .fold import Fold, Piece
from .formula import BlockCells, Formula, Operand, Read, read_from
from .label import Label
from .patterns import ArrowPattern, Repeats, TitlePattern
from .picking import Hit
from .picks import MANY, Pick
from .places import Place
from .router import FLOWS
from .sections import Section, section_title
from .terms import first
from .uses import User
from .writing import number

__all__ = [
    "ARRANGEMENTS",
    "FLOWS",
    "KINDS",
    "MANY",
    "Anatomy",
    "AnatomyError",
    "Arrangement",
    "Arrow",
    "ArrowPattern",
    "Block",
    "BlockCells",
    "BlockSpec",
    "Dim",
    "Fold",
    "Formula",
    "Hit",
    "Label",
    "Operand",
    "Pick",
    "Piece",
    "Place",
    "Read",
    "Repeats",
    "Section",
    "TitlePattern",
    "User",
    "build",
    "first",
    "n_cells",
    "number",
    "read_from",
    "section_title",
]
