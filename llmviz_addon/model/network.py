"""A model as a whole: its architecture, its numbers, and what it does with a prompt."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .config import Config
from .errors import PromptError, WeightsMissingError
from .families import family
from .tokenizer import Tokenizer
from .trace import Trace
from .weights import Weights


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes
    ----------
    id : str
        What `load` was given: a preset's id or a path.
    title : str
        Its name for people.
    config : Config
    weights : Weights or None
        None where only the architecture is known.
    tokenizer : Tokenizer
    prompt : str
        A prompt to begin with; may be empty.
    unused : tuple of str
        Tensors of the checkpoint that this model does not need.
    """

    id: str
    title: str
    config: Config
    weights: Weights | None
    tokenizer: Tokenizer
    prompt: str = ""
    unused: tuple[str, ...] = ()

    @property
    def has_weights(self) -> bool:
        return self.weights is not None

    def read_prompt(self, text: str) -> list[int]:
        """Token ids of a prompt that `forward` will accept.

        Raises
        ------
        PromptError
            Where the prompt is empty, too long, or has letters that the model does not know.
        """
        return self._checked(self.tokenizer.encode(text))

    def forward(self, ids: Sequence[int]) -> Trace:
        """Every intermediate of one pass over a sequence of 1 to `n_ctx` tokens.

        Raises
        ------
        PromptError
            Where the sequence is empty or too long, or a token is not in the vocabulary.
        WeightsMissingError
            Where only the architecture of this model is known.
        CheckpointError
            Where a weight is NaN or infinite, or the numbers overflow.
        """
        if self.weights is None:
            raise WeightsMissingError(
                f"{self.title} comes as architecture only, without numbers to compute with; "
                "load a checkpoint folder of this model instead"
            )
        tokens = self._checked(ids)
        package, config, weights = family(self.config.model_type), self.config, self.weights
        computed = package.forward(config, weights, tokens)
        return Trace(
            package.block_names(config),
            computed,
            lambda block: package.weight_block(config, weights, block),
        )

    def generate(
        self, ids: Sequence[int], n: int, temperature: float = 0.0, seed: int = 0
    ) -> list[int]:
        """The `n` tokens that follow a sequence, each chosen from the logits and appended.

        Parameters
        ----------
        ids : sequence of int
            The sequence to continue.
        n : int
            How many tokens to add. The last one is not read back, so `len(ids) + n - 1` must
            not exceed `n_ctx`: nano-gpt sorts six letters within a context of eleven.
        temperature : float
            0 takes the largest logit (the first of equals); otherwise tokens are drawn from
            softmax(logits / temperature).
        seed : int
            Of the draws: the same seed gives the same tokens.

        Raises
        ------
        PromptError
            As `forward`, and where the tokens would not fit into the context.
        """
        sequence = self._checked(ids)
        if n < 0 or not 0.0 <= temperature < np.inf:
            raise PromptError(f"Cannot generate {n} tokens at temperature {temperature}")
        if len(sequence) + n - 1 > self.config.n_ctx:
            raise PromptError(
                f"{len(sequence)} tokens and {n} more do not fit into the context of "
                f"{self.config.n_ctx}; at most {self.config.n_ctx + 1 - len(sequence)} can follow"
            )
        random = np.random.default_rng(seed)
        for _ in range(n):
            logits = self.forward(sequence).logits[-1].astype(np.float64)  # (n_vocab,)
            if temperature == 0.0:
                sequence.append(int(logits.argmax()))
                continue
            scaled = (logits - logits.max()) / temperature
            share = np.exp(scaled)
            sequence.append(int(random.choice(len(share), p=share / share.sum())))
        return sequence[len(sequence) - n :]

    def _checked(self, ids: Sequence[int]) -> list[int]:
        try:
            tokens = [operator.index(token) for token in ids]
        except TypeError as error:
            raise PromptError("A sequence must be a list of whole token numbers") from error
        n_ctx, n_vocab = self.config.n_ctx, self.config.n_vocab
        if not tokens:
            raise PromptError(f"The prompt is empty; type 1 to {n_ctx} tokens")
        if len(tokens) > n_ctx:
            raise PromptError(
                f"The prompt has {len(tokens)} tokens; {self.title} reads at most {n_ctx}"
            )
        for place, token in enumerate(tokens, 1):
            if not 0 <= token < n_vocab:
                raise PromptError(
                    f"Token {place} of the prompt is {token}; the vocabulary has 0 to {n_vocab - 1}"
                )
        return tokens
