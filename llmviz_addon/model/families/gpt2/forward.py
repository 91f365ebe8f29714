"""The forward pass of GPT-2, which keeps everything it computes.

Radford et al. 2019: learned positions, layer norm before attention and before the MLP, and a
residual stream that both add to. Everything is float32, as in the reference implementation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from ...functions import ACTIVATIONS, layer_norm, softmax
from ...trace import Recorder
from ...weights import Weights
from .blocks import QKV

Array = NDArray[np.float32]


def forward(config: Config, weights: Weights, ids: Sequence[int]) -> Recorder:
    """Compute every activation and aggregate of a sequence.

    Parameters
    ----------
    ids : sequence of int
        T valid token ids, at most `n_ctx`.

    Returns
    -------
    Recorder
        Block names to arrays; the shapes are in docs/architecture.md, "Names". Heads are views
        of arrays that hold all heads of a layer.

    Raises
    ------
    CheckpointError
        Where a weight is not finite, or the numbers overflow.
    """
    record = Recorder()
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        tokens = record.keep("tokens", np.array(ids, np.int64))  # (T,)
        positions = weights.part("wpe", slice(0, len(tokens)))
        x = record.keep("embedding", weights.part("wte", tokens) + positions)  # (T, n_embd)
        for layer in range(config.n_layer):
            x = _attention(config, weights, record, layer, x)
            x = _mlp(config, weights, record, layer, x)
        x = _norm(config, weights, record, "ln_f", "ln_f", x)
        logits = record.keep("logits", x @ weights["lm_head"].T)  # (T, n_vocab)
        for name, array in zip(("_max", "_sum", None), softmax(logits), strict=True):
            record.keep(f"logits{name}" if name else "probabilities", array)
    return record


def _optional(config: Config, weights: Weights, name: str) -> Array | None:
    return weights[name] if config.bias else None


def _norm(
    config: Config, weights: Weights, record: Recorder, block: str, name: str, x: Array
) -> Array:
    weight, bias = weights[f"{name}.weight"], _optional(config, weights, f"{name}.bias")
    mean, std, result = layer_norm(x, weight, bias, config.norm_eps)
    record.keep(f"{block}.mean", mean)
    record.keep(f"{block}.std", std)
    return record.keep(block, result)


def _linear(config: Config, weights: Weights, name: str, x: Array) -> Array:
    y = x @ weights[f"{name}.weight"]
    if config.bias:
        y += weights[f"{name}.bias"]
    return y


def _attention(config: Config, weights: Weights, record: Recorder, layer: int, x: Array) -> Array:
    block, name = f"layer{layer}", f"h.{layer}"
    n_tokens, n_head, d_head = len(x), config.n_head, config.d_head
    normed = _norm(config, weights, record, f"{block}.ln_1", f"{name}.ln_1", x)
    qkv = _linear(config, weights, f"{name}.attn.c_attn", normed)  # (T, 3 n_embd)
    qkv = qkv.reshape(n_tokens, 3, n_head, d_head).transpose(1, 2, 0, 3)  # (3, head, T, d_head)
    outputs = np.empty((n_tokens, n_head, d_head), np.float32)
    masked = np.triu(np.ones((n_tokens, n_tokens), bool), 1)
    for head in range(n_head):
        prefix = f"{block}.head{head}"
        q, k, v = (record.keep(f"{prefix}.{kind}", qkv[i, head]) for i, kind in enumerate(QKV))
        scores = q @ k.T * np.float32(d_head**-0.5)  # (T query, T key)
        record.keep(f"{prefix}.attention_scores", scores, masked)
        largest, total, attention = softmax(scores)
        record.keep(f"{prefix}.attention_max", largest)
        record.keep(f"{prefix}.attention_sum", total)
        record.keep(f"{prefix}.attention", attention)
        np.matmul(attention, v, out=outputs[:, head])
        record.keep(f"{prefix}.output", outputs[:, head])
    joined = outputs.reshape(n_tokens, n_head * d_head)
    projected = _linear(config, weights, f"{name}.attn.c_proj", joined)
    record.keep(f"{block}.attention_output", projected)
    return record.keep(f"{block}.attention_residual", x + projected)


def _mlp(config: Config, weights: Weights, record: Recorder, layer: int, x: Array) -> Array:
    block, name = f"layer{layer}", f"h.{layer}"
    normed = _norm(config, weights, record, f"{block}.ln_2", f"{name}.ln_2", x)
    hidden = record.keep(f"{block}.mlp", _linear(config, weights, f"{name}.mlp.c_fc", normed))
    active = record.keep(f"{block}.mlp_activation", ACTIVATIONS[config.activation](hidden))
    result = record.keep(
        f"{block}.mlp_result", _linear(config, weights, f"{name}.mlp.c_proj", active)
    )
    return record.keep(f"{block}.mlp_residual", x + result)
