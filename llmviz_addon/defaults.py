"""Amounts that hold unless somebody asks for others.

The sidebar and the command line read them before any room is needed, so nothing is imported here.
"""

from __future__ import annotations

CUBES = 400_000
"""Cells that are drawn as cubes."""

SLABS = 256
"""Megabytes of slab values, one byte a cell."""

ARRANGEMENT = "auto"
"""The kind of arrangement of a model's layers."""
