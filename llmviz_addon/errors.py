"""Errors that a person can meet, and what each of them says, in a panel as on the command line."""

from __future__ import annotations


class Problem(ValueError):  # noqa: N818 (it is what a person has, and reads better than an error)
    """Something that a person can understand and mend.

    Its message is one sentence without a period at its end: what happened, then what to do. All
    exceptions of this package that are meant for people derive from it.
    """


# What a caller that speaks to people catches: ours, and what the system says by itself.
PROBLEMS = (Problem, OSError, MemoryError)


def sentence(error: BaseException) -> str:
    """What an exception says to people, without a period at its end."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this; close other programs or choose a smaller model"
    if isinstance(error, OSError):
        return f"{error.filename or 'A file'}: {error.strerror or error}"
    return str(error).strip().removesuffix(".")
