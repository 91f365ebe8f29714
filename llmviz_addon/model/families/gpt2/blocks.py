"""Names of the GPT-2 family's blocks, and the slice of a weight that a weight block shows."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...config import Config
from ...weights import Weights

# The thirds of the fused query, key and value projection, in order.
QKV = ("q", "k", "v")


def _norm_names(prefix: str, bias: bool) -> list[str]:
    parts = ["mean", "std", "weight", "bias"] if bias else ["mean", "std", "weight"]
    return [f"{prefix}.{part}" for part in parts] + [prefix]


def _head_names(head: str, bias: bool) -> list[str]:
    names = []
    for kind in QKV:
        names += [f"{head}.{kind}_weight"] + [f"{head}.{kind}_bias"] * bias + [f"{head}.{kind}"]
    parts = ("attention_scores", "attention_max", "attention_sum", "attention", "output")
    return names + [f"{head}.{part}" for part in parts]


def _layer_names(layer: str, config: Config) -> list[str]:
    bias = config.bias
    names = _norm_names(f"{layer}.ln_1", bias)
    for head in range(config.n_head):
        names += _head_names(f"{layer}.head{head}", bias)
    names += [f"{layer}.projection_weight"] + [f"{layer}.projection_bias"] * bias
    names += [f"{layer}.attention_output", f"{layer}.attention_residual"]
    names += _norm_names(f"{layer}.ln_2", bias)
    names += [f"{layer}.mlp_weight"] + [f"{layer}.mlp_bias"] * bias
    names += [f"{layer}.mlp", f"{layer}.mlp_activation"]
    names += [f"{layer}.mlp_projection_weight"] + [f"{layer}.mlp_projection_bias"] * bias
    return [*names, f"{layer}.mlp_result", f"{layer}.mlp_residual"]


@lru_cache(maxsize=8)
def block_names(config: Config) -> tuple[str, ...]:
    """All block names of a model, in the order of the data flow."""
    names = ["tokens", "wte", "wpe", "embedding"]
    for layer in range(config.n_layer):
        names += _layer_names(f"layer{layer}", config)
    names += _norm_names("ln_f", config.bias)
    return (*names, "lm_head", "logits", "logits_max", "logits_sum", "probabilities")


# Names in the checkpoint, by the name of a layer's weight block.
_LAYER_WEIGHTS = {
    "ln_1.weight": "ln_1.weight",
    "ln_1.bias": "ln_1.bias",
    "projection_weight": "attn.c_proj.weight",
    "projection_bias": "attn.c_proj.bias",
    "ln_2.weight": "ln_2.weight",
    "ln_2.bias": "ln_2.bias",
    "mlp_weight": "mlp.c_fc.weight",
    "mlp_bias": "mlp.c_fc.bias",
    "mlp_projection_weight": "mlp.c_proj.weight",
    "mlp_projection_bias": "mlp.c_proj.bias",
}


def weight_source(config: Config, block: str) -> tuple[str, Any]:
    """The canonical weight and the index into it that a weight block shows.

    Parameters
    ----------
    block : str
        The name of a weight block, such as `"layer0.head2.q_weight"`.

    Returns
    -------
    name, index
        So that `weights[name][index]` is the block's array.
    """
    if not block.startswith("layer"):
        return block, ...
    layer, _, rest = block.partition(".")
    prefix = f"h.{layer[len('layer') :]}."
    if rest in _LAYER_WEIGHTS:
        return prefix + _LAYER_WEIGHTS[rest], ...
    head, _, part = rest.partition(".")
    kind, _, what = part.partition("_")
    start = QKV.index(kind) * config.n_embd + int(head[len("head") :]) * config.d_head
    return f"{prefix}attn.c_attn.{what}", (..., slice(start, start + config.d_head))


def weight_block(config: Config, weights: Weights, block: str) -> NDArray[np.float32]:
    """The array of a weight block: a view of the checkpoint where it is float32."""
    return weights.part(*weight_source(config, block))
