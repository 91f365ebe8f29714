"""The tokens that a model will append to its prompt, and the choice of them, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..counting import counted

if TYPE_CHECKING:
    from ..model import Config, Sampling


def sentence(config: Config, n_prompt: int, max_new_tokens: int, sampling: Sampling) -> str:
    """The outcome of a choice for a prompt of so many tokens, without a period at its end.

    It says where the context ends before all tokens are appended.
    """
    room = config.n_ctx - n_prompt
    n = min(max_new_tokens, room)
    if max_new_tokens == 0:
        return "Appends no token; the prediction is only read"
    if n == 0:
        return f"Appends no token, since the prompt fills the context of {config.n_ctx:,}"
    each = ", " if n == 1 else ", each "
    how = f"{each}{_choice(config, sampling)}"
    if n == max_new_tokens:
        return f"Appends {counted(n, 'token')}{how}"
    return f"Appends {n:,} of {max_new_tokens:,} tokens, where the context ends{how}"


def _choice(config: Config, sampling: Sampling) -> str:
    """The choice of one token, as words."""
    if sampling.is_greedy:
        return "the most probable one"
    temperature = f"drawn at temperature {sampling.temperature:g}"
    if 0 < sampling.top_k < config.n_vocab:
        return f"{temperature} from the {sampling.top_k:,} most probable ones"
    return temperature


def same(one: tuple[int, Sampling], other: tuple[int, Sampling]) -> bool:
    """True if two numbers of new tokens and choices of them give the same tokens for a prompt.

    Seed and temperature make no difference to the most probable tokens.
    """
    (n, choice), (m, another) = one, other
    return n == m and (choice == another or n == 0 or (choice.is_greedy and another.is_greedy))
