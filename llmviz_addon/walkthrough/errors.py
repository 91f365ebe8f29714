"""What can be wrong with a script."""

from __future__ import annotations

from ..errors import Problem


class AuthoringError(Problem):
    """A script, its text or a still that cannot be played; says which chapter, beat and key."""
