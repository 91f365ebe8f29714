"""Choices: the layer, head, position and channel that chapters take as their example."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import AuthoringError

if TYPE_CHECKING:
    from ..model import Config

POSITIONS = ("middle", "last")
"""The prompt's positions that a chapter may take where none is chosen."""


@dataclass(frozen=True)
class Choice:
    """The example that chapters follow; None for what a chapter chooses by itself.

    Attributes
    ----------
    layer, head
        Numbers of a layer and of a head in it.
    position
        A position of the prompt.
    channel
        A channel of the residual stream; of a head's vectors and of neurons, the one that it falls
        on.
    """

    layer: int = 0
    head: int = 0
    position: int | None = None
    channel: int | None = None

    def check(self, config: Config, n_prompt: int) -> None:
        """Raise if a model, or a prompt of so many tokens, does not have what is chosen.

        Raises
        ------
        AuthoringError
            Says what there is; for a model without numbers (`n_prompt` is 0), positions are free.
        """
        wanted = [
            ("layer", self.layer, config.n_layer),
            ("head", self.head, config.n_head),
            ("channel", self.channel, config.n_embd),
        ]
        if n_prompt:
            wanted.append(("position", self.position, n_prompt))
        for name, chosen, count in wanted:
            if chosen is not None and not 0 <= chosen < count:
                raise AuthoringError(
                    f"There is no {name} {chosen} to follow; they count from 0 to {count - 1}."
                )

    def within(self, config: Config, n_prompt: int) -> Choice:
        """The nearest choice that a model, and a prompt of so many tokens, has."""

        def nearest(chosen: int | None, count: int) -> int | None:
            return None if chosen is None else max(0, min(chosen, count - 1))

        return Choice(
            nearest(self.layer, config.n_layer) or 0,
            nearest(self.head, config.n_head) or 0,
            nearest(self.position, n_prompt) if n_prompt else self.position,
            nearest(self.channel, config.n_embd),
        )

    def at(self, usual: str, n_prompt: int) -> int:
        """The position that a chapter follows; `usual` is one of `POSITIONS`, or empty."""
        if self.position is not None:
            return self.position
        return n_prompt // 2 if usual == "middle" else max(0, n_prompt - 1)

    def positions(self, n_prompt: int) -> tuple[int, ...]:
        """All positions that some chapter follows."""
        return tuple(sorted({self.at(usual, n_prompt) for usual in POSITIONS}))


USUAL = Choice()
"""The choice where nothing is chosen: the first layer, its first head."""
