"""What can be in the way of an operation on a model that stands."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ...errors import Problem


class StandingError(Problem):
    """A model that cannot be changed as it stands in the scene; says why and what to do."""


@contextmanager
def refusals_of_blender(what: str) -> Generator[None, None, None]:
    """Blender's own refusals as a `StandingError` that begins with `what` could not be done.

    It is for single calls that Blender may refuse for a reason that lies in the file.
    """
    try:
        yield
    except RuntimeError as error:
        reason = str(error).removeprefix("Error: ").strip().rstrip(".")
        raise StandingError(f"{what}: {reason}") from error
