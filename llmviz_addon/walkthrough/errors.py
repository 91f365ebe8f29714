"""The error that a script, its texts or its stills raise."""

from __future__ import annotations

from ..errors import Problem


class AuthoringError(Problem):
    """A script, its text or a still that cannot be played; says which chapter, beat and key."""


class LackingError(AuthoringError):
    """A thing that is not on the stage, since its numbers are not known; gestures leave it out."""
