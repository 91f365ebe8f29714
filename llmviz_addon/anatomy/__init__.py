"""The network as blocks in space: their cells, the formula behind each cell, and its place.

This room knows no Blender, and numbers only through a trace that it is given. `build` makes
everything from a configuration.
"""

from __future__ import annotations

from .anatomy import Anatomy, Dim, build, n_cells
from .arrows import FLOWS, Arrow
from .block import KINDS, Block, BlockSpec
from .errors import AnatomyError
from .formula import Formula, Operand, Pick, SourceCells
from .label import Label
from .patterns import ArrowPattern, Repeats, TitlePattern
from .picking import Hit
from .places import Place
from .sections import Section

__all__ = [
    "FLOWS",
    "KINDS",
    "Anatomy",
    "AnatomyError",
    "Arrow",
    "ArrowPattern",
    "Block",
    "BlockSpec",
    "Dim",
    "Formula",
    "Hit",
    "Label",
    "Operand",
    "Pick",
    "Place",
    "Repeats",
    "Section",
    "SourceCells",
    "TitlePattern",
    "build",
    "n_cells",
]
