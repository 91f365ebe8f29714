"""The choice of the next token: the most probable one, or one that is drawn.

At temperature T, token i is drawn with the chance

    pᵢ = exp(xᵢ / T) / Σⱼ exp(xⱼ / T)

of its logit x, where the sum is over the tokens that may be drawn. Top-k sampling leaves the k
most probable ones: A. Fan, M. Lewis, Y. Dauphin, "Hierarchical Neural Story Generation", ACL 2018,
section 5.1. At T = 1 without it, these are the model's own probabilities; T → 0 is greedy decoding.
The temperature of a softmax is that of D. H. Ackley, G. E. Hinton, T. J. Sejnowski, "A Learning
Algorithm for Boltzmann Machines", Cognitive Science 9 (1985) 147-169.

A seed stands for a fixed sequence of numbers u in [0, 1), one for each token, and a token is drawn
where the sum of the chances, from the most probable token on, first exceeds u. The sequence is the
same with every version of numpy and on every machine. So is the token, unless u falls within
rounding of a boundary between two tokens: logits are float32, and matrix libraries differ in their
last digits. As measured by two orders of summation, that meets one draw in fifty million with
nano-gpt's three tokens, one in thirty thousand among the 40 most probable of 50,257, and one in a
few thousand among all of them.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import defaults
from .errors import SamplingError

# PCG64's numbers have 64 bits; a double in [0, 1) has room for the upper 53.
_SPARE, _STEP = 11, 2.0**-53


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    try:
        operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        return False
    return not isinstance(value, bool)


@dataclass(frozen=True)
class Sampling:
    """The way in which next tokens are chosen.

    Attributes
    ----------
    temperature : float
        0 takes the most probable token; otherwise tokens are drawn from softmax(logits /
        temperature).
    top_k : int
        Number of the most probable tokens from which one is drawn; 0 for all of them. Of equally
        probable ones those with the lower ids come first.
    seed : int
        The same seed draws the same tokens.

    Raises
    ------
    SamplingError
        If one of them is out of its range.
    """

    temperature: float = defaults.TEMPERATURE
    top_k: int = defaults.TOP_K
    seed: int = defaults.SEED

    def __post_init__(self) -> None:
        if not _is_number(self.temperature) or not 0.0 <= self.temperature < math.inf:
            raise SamplingError(
                f"The temperature is {self.temperature!r}; it must be a number from 0, which takes "
                "the most probable token"
            )
        if not _is_whole(self.top_k) or self.top_k < 0:
            raise SamplingError(
                f"Top-k is {self.top_k!r}; it must be a number of tokens, or 0 for all of them"
            )
        if not _is_whole(self.seed) or self.seed < 0:
            raise SamplingError(f"The seed is {self.seed!r}; it must be a whole number from 0")

    @property
    def is_greedy(self) -> bool:
        """True if every token is the most probable one, whatever the seed."""
        return self.temperature == 0.0 or self.top_k == 1

    def distribution(self, logits: NDArray[Any]) -> NDArray[np.float64]:
        """(n_vocab,) the chance of every token to be the next one, from its (n_vocab,) logits.

        It is 1 for one token if the choice is greedy.
        """
        tokens, chances = self._ranked(logits)
        spread = np.zeros(len(logits))
        spread[tokens] = chances
        return spread

    def choose(self, logits: NDArray[Any], u: float) -> int:
        """The next token for its (n_vocab,) logits and a number from 0 to less than 1."""
        tokens, chances = self._ranked(logits)
        # The sums end near 1 rather than at it, so u is scaled to where they end.
        sums = np.cumsum(chances)
        return int(tokens[np.searchsorted(sums, u * sums[-1], side="right")])

    def _ranked(self, logits: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """The tokens that may be next, the most probable one first, and their chances."""
        if self.is_greedy:
            return np.array([logits.argmax()]), np.ones(1)
        order = np.argsort(-logits, kind="stable")[: self.top_k or None]
        wide = logits[order].astype(np.float64)
        with np.errstate(over="ignore"):
            # At a temperature next to 0, all but the largest logits may be infinitely far below.
            share = np.exp((wide - wide[0]) / self.temperature)
        return order, share / share.sum()


GREEDY = Sampling()
"""The choice of the most probable token."""


class Sampler:
    """The choices of one sequence of next tokens, in order."""

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        # Of numpy's random numbers only these are promised to stay the same in all versions.
        self._random = np.random.PCG64(sampling.seed)

    def __call__(self, logits: NDArray[Any]) -> int:
        """The token that follows, from its (n_vocab,) logits."""
        return self._sampling.choose(logits, (self._random.random_raw() >> _SPARE) * _STEP)
