"""Amounts that hold unless somebody asks for others.

The sidebar and the command line read them before any room is needed, so nothing is imported here.
"""

from __future__ import annotations

CUBES = 400_000
"""Cells that are drawn as cubes."""

SLABS = 256
"""Megabytes of slab values, one byte a cell."""

MAX_NEW_TOKENS = 5
"""Tokens that a model appends to the prompt, if its context has room for them."""

TEMPERATURE, TOP_K, SEED = 0.0, 0, 0
"""The choice of the most probable token each time; see `model.Sampling`."""
ARRANGEMENT = "auto"
"""The kind of arrangement of a model's layers."""

LAYER, HEAD = 0, 0
"""The layer and the head that the chapters of the film follow."""

CHOSEN_BY_CHAPTER = -1
"""The position or channel where each chapter chooses its own."""
