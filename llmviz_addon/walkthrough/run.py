"""What the film tells of: one prompt, what the model made of it, and the words for both.

Every number and every letter in a caption comes from here or from the configuration, never from
the script. *Facts* choose between captions: that the result is sorted is said where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import AuthoringError

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Model, Trace

LONGEST = 26
"""Characters of a prompt or a title that a caption quotes; longer ones are elided."""

FACTS = ("appended", "appended_more", "full", "sorted", "layers", "no_appended", "one_layer")
"""What a script may ask: tokens were appended, more than one was, the context is full, the result
is the prompt sorted, there are several layers, and two of these negated."""


@dataclass(frozen=True)
class Run:
    """One run of a model: the finished sequence and what was predicted on the way.

    Attributes
    ----------
    prompt_ids
        The tokens that the model was given.
    ids
        The finished sequence: the prompt, and what was appended to it.
    labels
        How tokens are written, by id; at least those that occur and those that are predicted.
    probabilities
        (T, n_vocab): at each position of the finished sequence, of every next token.
    model
        The model's title.
    """

    prompt_ids: Sequence[int]
    ids: Sequence[int]
    labels: Mapping[int, str]
    probabilities: np.ndarray
    model: str = "The model"

    def __post_init__(self) -> None:
        prompt, ids = list(self.prompt_ids), list(self.ids)
        if not prompt or ids[: len(prompt)] != prompt:
            raise AuthoringError("A run's sequence must begin with its prompt, of a token or more.")
        if len(self.probabilities) != len(ids):
            raise AuthoringError(
                f"A run of {len(ids)} tokens needs probabilities at as many positions, "
                f"not {len(self.probabilities)}."
            )

    @classmethod
    def of(cls, model: Model, n_prompt: int, trace: Trace) -> Run:
        """The run of a model whose finished sequence gave a trace."""
        probabilities = trace["probabilities"]
        shown = {*trace.ids, *np.argmax(probabilities, axis=1).tolist()}
        labels = {token: model.tokenizer.label(token) for token in shown}
        return cls(trace.ids[:n_prompt], trace.ids, labels, probabilities, model.title)

    @property
    def n_prompt(self) -> int:
        """Tokens of the prompt."""
        return len(self.prompt_ids)

    @property
    def n_tokens(self) -> int:
        """Tokens of the finished sequence."""
        return len(self.ids)

    @property
    def n_appended(self) -> int:
        """Tokens that the model added."""
        return self.n_tokens - self.n_prompt

    @property
    def predicted(self) -> list[int]:
        """The next token after the prompt, and after each one that follows: one for every pass.

        What was appended, where something was; the most probable token at the end.
        """
        return [*self.ids[self.n_prompt :], int(np.argmax(self.probabilities[-1]))]

    def share(self, position: int, token: int) -> float:
        """The probability of a token after a position."""
        return float(self.probabilities[position][token])

    def label(self, token: int) -> str:
        """How a token is written."""
        return self.labels[int(token)]

    def write(self, ids: Sequence[int]) -> str:
        """A sequence as text: letters join, longer tokens stand apart; elided where it is long."""
        labels = [self.label(token) for token in ids]
        joint = "" if all(len(label) == 1 for label in labels) else " "
        return elide(joint.join(labels))


def elide(text: str) -> str:
    """A text, or its beginning and an ellipsis."""
    return text if len(text) <= LONGEST else text[: LONGEST - 2].rstrip() + " …"


def facts(anatomy: Anatomy, run: Run) -> frozenset[str]:
    """Which of `FACTS` hold."""
    several = anatomy.config.n_layer > 1
    holds = {
        "appended": run.n_appended > 0,
        "no_appended": run.n_appended == 0,
        "appended_more": run.n_appended > 1,
        "full": run.n_tokens == anatomy.config.n_ctx,
        "sorted": run.n_appended > 0 and run.predicted == sorted(run.prompt_ids),
        "layers": several,
        "one_layer": not several,
    }
    return frozenset(name for name in FACTS if holds[name])


def values(anatomy: Anatomy, run: Run, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What captions may put in braces.

    Parameters
    ----------
    words
        The language's ``ordinals`` (first, second ...), ``numbers`` (one, two ...) and
        ``colors`` of weights, activations and aggregates.
    """
    config = anatomy.config
    predicted = run.predicted
    weight, activation, aggregate = words["colors"]
    ids = sorted(set(run.prompt_ids))[:3]
    sizes = ("n_layer", "n_head", "n_embd", "n_ctx", "n_vocab", "d_head", "d_ff", "n_parameters")
    return {
        **{size: f"{getattr(config, size):,}" for size in sizes},
        "layers": _number(config.n_layer, words["numbers"]),
        "heads": _number(config.n_head, words["numbers"]),
        "later_layers": _number(config.n_layer - 1, words["numbers"]),
        "last_layer": str(config.n_layer - 1),
        "model": elide(run.model),
        "prompt": run.write(run.prompt_ids),
        "sequence": run.write(run.ids),
        "appended": run.write(run.ids[run.n_prompt :]),
        "result": run.write(predicted),
        "letter": run.label(predicted[0]),
        "final_letter": run.label(predicted[-1]),
        "last_letter": run.label(run.prompt_ids[-1]),
        "token_ids": ", ".join(f"{run.label(token)} is {token}" for token in ids),
        "probability": probability(run.share(run.n_prompt - 1, predicted[0])),
        "final_probability": probability(run.share(run.n_tokens - 1, predicted[-1])),
        "tokens": _number(run.n_prompt, words["numbers"]),
        "sequence_tokens": _number(run.n_tokens, words["numbers"]),
        "last_ordinal": _ordinal(run.n_prompt, words["ordinals"]),
        "next_ordinal": _ordinal(run.n_prompt + 1, words["ordinals"]),
        "weight_color": weight,
        "activation_color": activation,
        "aggregate_color": aggregate,
    }


def probability(p: float) -> str:
    """Three decimals, and no certainty that is not there."""
    if p > 1 - 5e-4:
        return "more than 0.999"
    return "less than 0.001" if p < 5e-4 else f"{p:.3f}"


def _number(n: int, numbers: Sequence[str]) -> str:
    return numbers[n - 1] if 1 <= n <= len(numbers) else f"{n:,}"


def _ordinal(n: int, ordinals: Sequence[str]) -> str:
    return ordinals[n - 1] if 1 <= n <= len(ordinals) else f"{n:,}th"
