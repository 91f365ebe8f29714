"""The choice of what the chapters show: a layer, a head, a position and a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import defaults

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from .run import Run


@dataclass(frozen=True)
class Choice:
    """The layer, head, position and channel that the chapters dwell on, each counted from 0.

    A number that a model has not means its last one, so that a choice can be kept for any model.
    """

    layer: int = defaults.LAYER
    head: int = defaults.HEAD
    position: int = defaults.POSITION
    channel: int = defaults.CHANNEL

    def names(self, anatomy: Anatomy, run: Run | None) -> dict[str, int]:
        """Numbers for the names that scripts have in braces.

        A position is one of the prompt's, since these are there from the first pass on.
        """
        config = anatomy.config
        found = {
            "layer": min(self.layer, config.n_layer - 1),
            "head": min(self.head, config.n_head - 1),
            "channel": min(self.channel, config.n_embd - 1),
            "head_channel": min(self.channel, config.d_head - 1),
            "neuron": min(self.channel, config.d_ff - 1),
        }
        if run is not None:
            position = min(self.position, run.n_prompt - 1)
            found |= {
                "position": position,
                "next_position": position + 1,
                "token": int(run.ids[position]),
            }
        return found
