"""The error that the anatomy raises."""

from __future__ import annotations

from ..errors import Problem


class AnatomyError(Problem):
    """An architecture that cannot be drawn, or more positions than its context has room for."""
