"""Any cell of a model, explained: its value, its formula, where it comes from and where it goes.

    >>> from llmviz_addon import explain
    >>> model = explain.load("nano-gpt", "CBABBC")
    >>> print(model.explain("layer0.head1.attention", column=1, row=3))

A `CellReader` gives numbers wherever they are; `explain` makes an `Explanation` of one cell from it
and from the anatomy. This room knows no Blender: the scene has a reader of its own.
"""

from __future__ import annotations

from .addresses import Cell, cell_at, check, find, parse
from .asking import explain
from .errors import CellError
from .explained import ExplainedModel, load
from .explanation import Contribution, Contributions, Explanation, Source
from .reading import CellReader, ModelReader, Reading, nothing
from .searching import search
from .uses import Use, Uses

__all__ = [
    "Cell",
    "CellError",
    "CellReader",
    "Contribution",
    "Contributions",
    "ExplainedModel",
    "Explanation",
    "ModelReader",
    "Reading",
    "Source",
    "Use",
    "Uses",
    "cell_at",
    "check",
    "explain",
    "find",
    "load",
    "nothing",
    "parse",
    "search",
]
