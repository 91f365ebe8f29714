"""The forward pass of GPT-2, which keeps everything it computes.

Radford et al. 2019: learned positions, layer norm before attention and before the MLP, and a
residual stream that both add to. Everything is float32, as in the reference implementation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from ...functions import ACTIVATIONS, all_finite, layer_norm, softmax
from ...weights import Weights
from .activations import Activations, Array, Norm
from .blocks import QKV

# What overflows is found by its result, which says more than numpy's warning.
_quietly = np.errstate(over="ignore", invalid="ignore", divide="ignore")


class Computation:
    """A sequence on its way through the network, some positions at a time.

    Each call of `advance` computes the next positions from the tokens given, reading every
    weight once, and the keys and values of the positions before.

    Parameters
    ----------
    config, weights
        The model.
    n_tokens : int
        T, the length that the sequence will have; at most `n_ctx`.

    Attributes
    ----------
    activations : Activations
        What has been computed: the rows up to `n_done`.
    n_done : int
        How many positions are computed.
    """

    def __init__(self, config: Config, weights: Weights, n_tokens: int) -> None:
        self.config, self.weights = config, weights
        self.activations = Activations(config, n_tokens)
        self.n_done = 0

    def advance(self, ids: Sequence[int]) -> Iterator[int]:
        """Compute the next positions, one for each of the valid token ids given.

        Yields
        ------
        int
            How many layers are done, after each of them; logits follow the last.

        Raises
        ------
        CheckpointError
            Where a weight that takes part is not finite, or the numbers overflow.
        """
        rows = slice(self.n_done, self.n_done + len(ids))
        x = self._embed(rows, ids)
        for layer in range(self.config.n_layer):
            x = self._mlp(layer, rows, self._attention(layer, rows, x))
            yield layer + 1
        self._predict(rows, x)
        self.n_done = rows.stop

    # A decorated function each: a `with` around a `yield` would quieten the caller, too.

    @_quietly
    def _embed(self, rows: slice, ids: Sequence[int]) -> Array:
        made = self.activations
        made.tokens[rows] = ids
        tokens = self.weights.rows("wte", made.tokens[rows])
        x = np.add(tokens, self.weights.rows("wpe", rows), out=made.embedding[rows])
        return self._finite("embedding", x, "wte", "wpe")

    @_quietly
    def _attention(self, layer: int, rows: slice, x: Array) -> Array:
        block, name, made = f"layer{layer}", f"h.{layer}", self.activations.layers[layer]
        n_head = self.config.n_head
        normed = self._norm(f"{block}.ln_1", f"{name}.ln_1", x, made.ln_1, rows)
        qkv = self._linear(f"{name}.attn.c_attn", normed, made.qkv[rows])
        if not all_finite(qkv):
            self._refuse_heads(layer, rows)
        queries, keys, values = made.heads(n_head)
        seen = slice(0, rows.stop)
        # One product a head, all heads in one call: (head, t, d_head) by (head, d_head, T).
        scores = made.scores[:, rows, seen]
        np.matmul(queries[:, rows], keys[:, seen].swapaxes(1, 2), out=scores)
        scores *= np.float32(self.config.d_head**-0.5)
        self._finite_heads(block, "attention_scores", scores)
        future = np.arange(rows.start, rows.stop)[:, None] < np.arange(rows.stop)
        scores[:, future] = -np.inf
        attention = made.attention[:, rows, seen]
        made.largest[:, rows], made.total[:, rows], _ = softmax(scores, out=attention)
        outputs = made.outputs.reshape(len(made.outputs), n_head, -1).swapaxes(0, 1)
        np.matmul(attention, values[:, seen], out=outputs[:, rows])
        self._finite_heads(block, "output", outputs[:, rows])
        projected = self._linear(
            f"{name}.attn.c_proj", made.outputs[rows], made.attention_output[rows]
        )
        self._finite(f"{block}.attention_output", projected, *_parts(f"{name}.attn.c_proj"))
        residual = np.add(x, projected, out=made.attention_residual[rows])
        return self._finite(f"{block}.attention_residual", residual)

    @_quietly
    def _mlp(self, layer: int, rows: slice, x: Array) -> Array:
        block, name, made = f"layer{layer}", f"h.{layer}.mlp", self.activations.layers[layer]
        normed = self._norm(f"{block}.ln_2", f"h.{layer}.ln_2", x, made.ln_2, rows)
        hidden = self._linear(f"{name}.c_fc", normed, made.mlp[rows])
        self._finite(f"{block}.mlp", hidden, *_parts(f"{name}.c_fc"))
        active = made.mlp_activation[rows]
        active[...] = ACTIVATIONS[self.config.activation](hidden)
        self._finite(f"{block}.mlp_activation", active)
        result = self._linear(f"{name}.c_proj", active, made.mlp_result[rows])
        self._finite(f"{block}.mlp_result", result, *_parts(f"{name}.c_proj"))
        residual = np.add(x, result, out=made.mlp_residual[rows])
        return self._finite(f"{block}.mlp_residual", residual)

    @_quietly
    def _predict(self, rows: slice, x: Array) -> None:
        made = self.activations
        x = self._norm("ln_f", "ln_f", x, made.ln_f, rows)
        logits = np.matmul(x, self.weights.whole("lm_head").T, out=made.logits[rows])
        self._finite("logits", logits, "lm_head")
        shares = made.probabilities[rows]
        made.logits_max[rows], made.logits_sum[rows], _ = softmax(logits, out=shares)

    def _norm(self, block: str, name: str, x: Array, made: Norm, rows: slice) -> Array:
        weight = self.weights.whole(f"{name}.weight")
        bias = self.weights.whole(f"{name}.bias") if self.config.bias else None
        mean, std, result = layer_norm(x, weight, bias, self.config.norm_eps)
        made.mean[rows], made.std[rows], made.result[rows] = mean, std, result
        self._finite(f"{block}.mean", mean)
        self._finite(f"{block}.std", std)
        return self._finite(block, made.result[rows], *_parts(name))

    def _linear(self, name: str, x: Array, out: Array) -> Array:
        np.matmul(x, self.weights.whole(f"{name}.weight"), out=out)
        if self.config.bias:
            out += self.weights.whole(f"{name}.bias")
        return out

    def _finite(self, block: str, array: Array, *names: str) -> Array:
        """Give an array back, or raise: its weights are damaged, or else it overflows."""
        if not all_finite(array):
            self.weights.refuse(block, names)
        return array

    def _finite_heads(self, block: str, part: str, array: NDArray[np.float32]) -> None:
        """The same for an array of all heads, (head, ...)."""
        if not all_finite(array):
            head = next(i for i, one in enumerate(array) if not all_finite(one))
            self.weights.refuse(f"{block}.head{head}.{part}", ())

    def _refuse_heads(self, layer: int, rows: slice) -> None:
        """Name the first head whose queries, keys or values are not finite."""
        parts = self.activations.layers[layer].heads(self.config.n_head)
        block = next(
            f"layer{layer}.head{head}.{kind}"
            for head in range(self.config.n_head)
            for kind, part in zip(QKV, parts, strict=True)
            if not all_finite(part[head, rows])
        )
        self.weights.refuse(block, _parts(f"h.{layer}.attn.c_attn"))


def _parts(name: str) -> tuple[str, str]:
    return f"{name}.weight", f"{name}.bias"
