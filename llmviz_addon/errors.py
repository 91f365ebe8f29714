"""Errors that are meant for people, and their sentences, in a panel as on the command line."""

from __future__ import annotations


class Problem(ValueError):  # noqa: N818 (it is what a person has, and reads better than an error)
    """Something that a person can understand and mend.

    Its message is one sentence without a period at its end: what happened, then what to do. All
    exceptions of this package that are meant for people derive from it.
    """


# The errors that callers who speak to people catch: our own, and those of the system.
PROBLEMS = (Problem, OSError, MemoryError)


def sentence(error: BaseException) -> str:
    """An exception as one sentence for people, without a period at its end."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; close other programs or choose a smaller model"
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'}: {error.strerror or error}"
    return str(error).strip().removesuffix(".")
