"""A model as a whole: its architecture, its numbers, and its forward pass over a prompt."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..progress import Steps, run
from .config import Config
from .errors import PromptError, SamplingError, WeightsMissingError
from .families import family
from .sampling import GREEDY, Sampler, Sampling
from .tokenizer import Tokenizer
from .trace import Trace
from .weights import Weights

# Positions that could be computed in the time of reading all weights: on common machines, some five
# to ten.
_READING = 8


@dataclass(frozen=True)
class Model:
    """A loaded model.

    Attributes
    ----------
    id : str
        The preset's id or the path that `load` was given.
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
    assumptions : tuple of str
        A sentence on each thing that the checkpoint does not say: what was assumed, why, and
        what to write where that is wrong.
    """

    id: str
    title: str
    config: Config
    weights: Weights | None
    tokenizer: Tokenizer
    prompt: str = ""
    unused: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()

    @property
    def has_weights(self) -> bool:
        return self.weights is not None

    def read_prompt(self, text: str) -> list[int]:
        """Token ids of a prompt that `forward` will accept.

        Raises
        ------
        PromptError
            If the prompt is empty, too long, or has letters that the model does not know.
        """
        return self._checked(self.tokenizer.encode(text))

    @property
    def n_bytes(self) -> int:
        """Bytes that the weights take on disk; 0 where only the architecture is known."""
        return 0 if self.weights is None else self.weights.n_bytes

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that hold the weights."""
        return () if self.weights is None else self.weights.files

    def forward(self, ids: Sequence[int]) -> Trace:
        """Every intermediate of one pass over a sequence of 1 to `n_ctx` tokens.

        Raises
        ------
        PromptError
            If the sequence is empty or too long, or a token is not in the vocabulary.
        WeightsMissingError
            If only the architecture of this model is known.
        CheckpointError
            If a weight that takes part is NaN or infinite, or the numbers overflow.
        """
        return self.complete(ids, 0)

    def weight_block(self, block: str) -> NDArray[np.float32]:
        """The array of a weight block, as a trace gives it, without a forward pass.

        Raises
        ------
        WeightsMissingError
            If only the architecture of this model is known.
        CheckpointError
            If the weight is NaN or infinite somewhere.
        """
        found: NDArray[np.float32] = family(self.config.model_type).weight_block(
            self.config, self._weights(), block
        )
        return found

    def weight_cells(self, block: str, cells: Any) -> NDArray[np.float32]:
        """Some numbers of a weight block, `weight_block(block)[cells]`; reads no others.

        Raises
        ------
        WeightsMissingError
            If only the architecture of this model is known.
        CheckpointError
            If the checkpoint is gone or has changed.
        """
        return self._weights().cells(*self.weight_source(block), cells)

    def weight_source(self, block: str) -> tuple[str, Any]:
        """The weight that a weight block shows, and the index of the block in it."""
        found: tuple[str, Any] = family(self.config.model_type).weight_source(self.config, block)
        return found

    def digest(self, blocks: Iterable[str] | None = None) -> str:
        """The digest that `digest_steps` makes, in one go."""
        return run(self.digest_steps(blocks))

    def digest_steps(self, blocks: Iterable[str] | None = None) -> Steps[str]:
        """A digest of the weights, which two models share only where their tensors agree.

        It is made from the numbers in the files, so it tells a checkpoint from its continued
        training even where name, size and time are the same, and it stays the same when a
        checkpoint is moved, copied or sharded. A loaded model remembers the digests of tensors
        that it has read; load it again to notice files that were written since.

        Parameters
        ----------
        blocks : iterable of str, optional
            The weight blocks that matter; all of them unless given. Whole tensors are read, each
            once for all digests of a model, at a gigabyte a second or faster.

        Yields
        ------
        fraction, label

        Returns
        -------
        str
            32 letters; empty where only the architecture is known.

        Raises
        ------
        CheckpointError
            If a file has changed since the model was loaded.
        """
        weights = self.weights
        if weights is None:
            return ""
        source = family(self.config.model_type).weight_source
        names = weights if blocks is None else (source(self.config, block)[0] for block in blocks)
        return (yield from weights.digest_steps(names))

    def complete(
        self, ids: Sequence[int], max_new_tokens: int, sampling: Sampling = GREEDY
    ) -> Trace:
        """Continue a sequence and give every intermediate of the result.

        This is `complete_steps` in one go; parameters and errors are described there.
        """
        return run(self.complete_steps(ids, max_new_tokens, sampling))

    def complete_steps(
        self, ids: Sequence[int], max_new_tokens: int, sampling: Sampling = GREEDY
    ) -> Steps[Trace]:
        """Continue a sequence, a layer at a time; returns the trace of the result.

        The prompt is one pass; each token appended is one more, in which the keys and values of
        earlier positions are used and not computed again. The trace has `len(ids) +
        max_new_tokens` tokens, its numbers are those of `forward` on all of them but for rounding,
        and the prediction at its last position is there to be read, but not appended.

        Parameters
        ----------
        ids : sequence of int
            The sequence to continue.
        max_new_tokens : int
            Number of tokens to append; fewer where the context has no room for so many.
        sampling : Sampling
            The choice of each of them; the most probable one unless given.

        Yields
        ------
        fraction, label
            The progress, 0 to 1, and the work at hand, before the first layer and after each
            layer of every pass, and more often where a layer or the logits take long. Closing the
            generator drops everything computed so far.

        Returns
        -------
        Trace

        Raises
        ------
        SamplingError
            If `max_new_tokens` is below 0.
        PromptError, WeightsMissingError, CheckpointError
            As `forward`.
        """
        prompt = self._checked(ids)
        room = self.config.n_ctx - len(prompt)
        n = min(_counted(max_new_tokens), room)
        return (yield from self._steps(prompt, n, Sampler(sampling)))

    def generate(self, ids: Sequence[int], n: int, sampling: Sampling = GREEDY) -> list[int]:
        """The `n` tokens that follow a sequence, each chosen from the logits and appended.

        Parameters
        ----------
        ids : sequence of int
            The sequence to continue.
        n : int
            Number of tokens to add. The last one is not read back, so `len(ids) + n - 1` must
            not exceed `n_ctx`: nano-gpt sorts six letters within a context of eleven.
        sampling : Sampling
            The choice of each of them; the most probable one unless given.

        Raises
        ------
        SamplingError
            If `n` is below 0.
        PromptError
            As `forward`, and where the tokens would not fit into the context.
        """
        sequence = self._checked(ids)
        choose = Sampler(sampling)
        if len(sequence) + _counted(n) - 1 > self.config.n_ctx:
            raise PromptError(
                f"{len(sequence)} tokens and {n} more do not fit into the context of "
                f"{self.config.n_ctx}; at most {self.config.n_ctx + 1 - len(sequence)} can follow"
            )
        if n == 0:
            return []
        trace = run(self._steps(sequence, n - 1, choose))
        return [*trace.ids[len(sequence) :], choose(trace.logits[-1])]

    def _steps(self, prompt: list[int], n: int, choose: Sampler) -> Steps[Trace]:
        """The passes over a prompt and `n` tokens after it, which must fit into the context."""
        if self.weights is None:
            raise WeightsMissingError(
                f"{self.title} comes as architecture only, without numbers to compute with; "
                "load a checkpoint folder of this model instead"
            )
        package, config, weights = family(self.config.model_type), self.config, self.weights
        computation = package.Computation(config, weights, len(prompt) + n)
        # Progress is counted in positions. A pass reads all weights whatever its length, and that
        # takes as long as a few positions.
        whole = len(prompt) + n + (n + 1) * _READING
        new, begun = prompt, 0
        for appended in range(n + 1):
            what = f"Computing token {appended} of {n}" if appended else "Computing the prompt"
            yield begun / whole, what
            share = len(new) + _READING
            for layer in computation.advance(new):
                done = begun + share * layer / (config.n_layer + 1)
                yield done / whole, f"{what}, layer {layer} of {config.n_layer}"
            begun += share
            if appended < n:
                new = [choose(computation.activations.logits[computation.n_done - 1])]
        return Trace(
            package.block_names(config),
            computation.activations.blocks(),
            lambda block: package.weight_block(config, weights, block),
        )

    def _weights(self) -> Weights:
        if self.weights is None:
            raise WeightsMissingError(f"{self.title} comes as architecture only, without numbers")
        return self.weights

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


def _counted(n: int) -> int:
    """A number of tokens to append, refused below 0."""
    if n < 0:
        raise SamplingError(f"There are {n} tokens to append; it must be 0 or more")
    return n
