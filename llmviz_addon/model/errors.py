"""What can go wrong in this room, each as an exception whose message is one clear sentence.

A message names the file, the tensor or the letter, says what was expected, and what to do. All
exceptions derive from `ModelError`, so that a caller who shows messages to people needs one
`except`.
"""

from __future__ import annotations

from ..errors import Problem

# Names in a hostile file can be megabytes long; a message must still fit where people look.
_LONGEST = 600


class ModelError(Problem):
    """Something about a model, its files or its prompt is wrong; the message is for people."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.splitlines())
        super().__init__(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}...")


class ConfigError(ModelError):
    """An architecture that is not possible, not supported, or not described completely."""


class CheckpointError(ModelError):
    """A checkpoint that cannot be read, or does not hold what its configuration promises."""


class WeightsMissingError(ModelError):
    """Numbers were asked of a model that has only its architecture."""


class PromptError(ModelError):
    """A prompt the model cannot take: foreign letters, unknown ids, too long or empty."""
