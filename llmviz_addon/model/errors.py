"""The errors of this room, each with a message that is one clear sentence.

A message names the file, the tensor or the letter, says what was expected, and then what to do.
All errors derive from `ModelError`, so that a caller who shows messages to people needs one
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
    """A question about numbers, put to a model that has only its architecture."""


class PromptError(ModelError):
    """A prompt that the model cannot take: unknown letters or ids, too many tokens, or none."""


class SamplingError(ModelError):
    """A way of choosing the next token that is not possible."""
