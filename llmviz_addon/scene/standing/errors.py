"""The error of operations on a model that stands."""

from __future__ import annotations

from ...errors import Problem


class StandingError(Problem):
    """A model cannot be changed as it stands in the scene; the message says why and what to do."""
