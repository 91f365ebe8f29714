"""What can be wrong with what the anatomy is asked for."""

from __future__ import annotations

from ..errors import Problem


class AnatomyError(Problem):
    """An architecture that cannot be drawn, or more positions than its context has room for."""
