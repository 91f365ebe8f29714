"""Room for everything that one sequence computes in a GPT-2, as arrays of whole layers.

A forward pass writes into these arrays some positions at a time, so that a sequence can grow
without computing its beginning again: the keys and values of earlier positions are still there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from .blocks import QKV

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Norm:
    """A layer norm: (T,), (T,), (T, n_embd)."""

    mean: Array
    std: Array
    result: Array


@dataclass(frozen=True)
class Layer:
    """One layer. Scores and attention are −inf and 0 where a key comes after its query."""

    ln_1: Norm
    qkv: Array  # (T, 3 n_embd): queries, keys and values, each of all heads
    scores: Array  # (head, T query, T key), as the rest of the heads' arrays
    largest: Array  # (head, T)
    total: Array  # (head, T)
    attention: Array  # (head, T query, T key)
    outputs: Array  # (T, n_embd)
    attention_output: Array  # (T, n_embd)
    attention_residual: Array  # (T, n_embd)
    ln_2: Norm
    mlp: Array  # (T, d_ff)
    mlp_activation: Array  # (T, d_ff)
    mlp_result: Array  # (T, n_embd)
    mlp_residual: Array  # (T, n_embd)

    def heads(self, n_head: int) -> tuple[Array, Array, Array]:
        """Views of the queries, keys and values, each (head, T, d_head)."""
        n_tokens = len(self.qkv)
        q, k, v = self.qkv.reshape(n_tokens, 3, n_head, -1).transpose(1, 2, 0, 3)
        return q, k, v


class Activations:
    """Empty arrays for a sequence of T tokens.

    Attributes
    ----------
    tokens : (T,) int64
    embedding : (T, n_embd)
    layers : list of Layer
    ln_f : Norm
    logits, probabilities : (T, n_vocab)
    logits_max, logits_sum : (T,)
    """

    def __init__(self, config: Config, n_tokens: int) -> None:
        self._config, self._n_tokens = config, n_tokens
        self.tokens = np.zeros(n_tokens, np.int64)
        self.embedding = self._room(config.n_embd)
        self.layers = [self._layer() for _ in range(config.n_layer)]
        self.ln_f = self._norm()
        self.logits, self.probabilities = self._room(config.n_vocab), self._room(config.n_vocab)
        self.logits_max, self.logits_sum = self._room(), self._room()

    def _room(self, *sizes: int) -> Array:
        return np.empty((self._n_tokens, *sizes), np.float32)

    def _norm(self) -> Norm:
        return Norm(self._room(), self._room(), self._room(self._config.n_embd))

    def _layer(self) -> Layer:
        n_tokens, n_head = self._n_tokens, self._config.n_head
        width, d_ff = self._config.n_embd, self._config.d_ff
        square = (n_head, n_tokens, n_tokens)
        return Layer(
            ln_1=self._norm(),
            qkv=self._room(3 * width),
            scores=np.empty(square, np.float32),
            largest=np.empty(square[:2], np.float32),
            total=np.empty(square[:2], np.float32),
            # Attention to later positions stays 0. Unlike another number, zeros take no time to
            # fill in: the system gives out memory that is already zero.
            attention=np.zeros(square, np.float32),
            outputs=self._room(width),
            attention_output=self._room(width),
            attention_residual=self._room(width),
            ln_2=self._norm(),
            mlp=self._room(d_ff),
            mlp_activation=self._room(d_ff),
            mlp_result=self._room(width),
            mlp_residual=self._room(width),
        )

    def blocks(self) -> dict[str, NDArray[Any]]:
        """Every activation and aggregate by its block's name, as read-only views."""
        named: dict[str, NDArray[Any]] = {"tokens": self.tokens, "embedding": self.embedding}
        for i, layer in enumerate(self.layers):
            named |= _layer_blocks(f"layer{i}", layer, self._config.n_head)
        named |= _norm_blocks("ln_f", self.ln_f)
        named |= {
            "logits": self.logits,
            "logits_max": self.logits_max,
            "logits_sum": self.logits_sum,
            "probabilities": self.probabilities,
        }
        views = {name: array.view() for name, array in named.items()}
        for view in views.values():
            view.flags.writeable = False
        return views


def _norm_blocks(name: str, norm: Norm) -> dict[str, NDArray[Any]]:
    return {f"{name}.mean": norm.mean, f"{name}.std": norm.std, name: norm.result}


def _layer_blocks(block: str, layer: Layer, n_head: int) -> dict[str, NDArray[Any]]:
    named = _norm_blocks(f"{block}.ln_1", layer.ln_1)
    outputs = layer.outputs.reshape(len(layer.outputs), n_head, -1)  # (T, head, d_head)
    heads = layer.heads(n_head)
    for head in range(n_head):
        prefix = f"{block}.head{head}"
        named |= {f"{prefix}.{kind}": part[head] for kind, part in zip(QKV, heads, strict=True)}
        named |= {
            f"{prefix}.attention_scores": layer.scores[head],
            f"{prefix}.attention_max": layer.largest[head],
            f"{prefix}.attention_sum": layer.total[head],
            f"{prefix}.attention": layer.attention[head],
            f"{prefix}.output": outputs[:, head],
        }
    named |= _norm_blocks(f"{block}.ln_2", layer.ln_2)
    for part in (
        "attention_output",
        "attention_residual",
        "mlp",
        "mlp_activation",
        "mlp_result",
        "mlp_residual",
    ):
        named[f"{block}.{part}"] = getattr(layer, part)
    return named
