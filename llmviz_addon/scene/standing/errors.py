"""What can be in the way of an operation on a model that stands."""

from __future__ import annotations

from ...errors import Problem


class StandingError(Problem):
    """A model that cannot be changed as it stands in the scene; says why and what to do."""
