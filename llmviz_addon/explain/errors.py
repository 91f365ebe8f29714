"""Errors of this room."""

from __future__ import annotations

from ..errors import Problem


class CellError(Problem):
    """A cell that there is not, or that has no number; the message says why."""
