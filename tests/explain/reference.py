"""A GPT-2 in plain numpy, float64, written for these tests alone, which keeps every intermediate.

It follows Radford et al. 2019 and the equations of the papers that it cites, reads only the
checkpoint's tensors, and shares no code with the package.
"""

from __future__ import annotations

import math

import numpy as np


def gelu(x):
    """Hendrycks and Gimpel 2016, section 2."""
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def norm(kept, name, x, weight, bias, eps):
    mean = x.mean(-1, keepdims=True)
    std = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + eps)
    kept[f"{name}.mean"], kept[f"{name}.std"] = mean[:, 0], std[:, 0]
    kept[f"{name}.weight"] = weight
    kept[name] = (x - mean) / std * weight
    if bias is not None:
        kept[f"{name}.bias"] = bias
        kept[name] = kept[name] + bias
    return kept[name]


def softmax(kept, name, largest, total, x):
    top = x.max(-1, keepdims=True)
    e = np.exp(x - top)
    kept[largest], kept[total] = top[:, 0], e.sum(-1)
    kept[name] = e / e.sum(-1, keepdims=True)
    return kept[name]


def head(kept, name, x, fused, bias, n_head, index):
    size = fused.shape[1] // 3 // n_head
    vectors = {}
    for number, letter in enumerate("qkv"):
        start = number * n_head * size + index * size
        weight = fused[:, start : start + size]
        kept[f"{name}.{letter}_weight"] = weight
        vectors[letter] = x @ weight
        if bias is not None:
            kept[f"{name}.{letter}_bias"] = bias[start : start + size]
            vectors[letter] = vectors[letter] + bias[start : start + size]
        kept[f"{name}.{letter}"] = vectors[letter]
    scores = vectors["q"] @ vectors["k"].T / math.sqrt(size)
    scores[np.triu_indices(len(x), 1)] = -np.inf
    kept[f"{name}.attention_scores"] = scores
    names = (f"{name}.{part}" for part in ("attention", "attention_max", "attention_sum"))
    kept[f"{name}.output"] = softmax(kept, *names, scores) @ vectors["v"]
    return kept[f"{name}.output"]


def run(tensors, ids, n_head, eps=1e-5):
    """Every block of a forward pass by its name, in the shapes of a trace.

    `tensors` has the names of GPT-2's checkpoints, matrices (in, out).
    """
    w = {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items()}
    kept = {"tokens": np.array(ids), "wte": w["wte"], "wpe": w["wpe"], "lm_head": w["lm_head"]}
    x = kept["embedding"] = w["wte"][ids] + w["wpe"][: len(ids)]
    for layer in range(sum(name.endswith("attn.c_attn.weight") for name in w)):
        p, b = f"h.{layer}.", f"layer{layer}."

        def linear(name, title, x, p=p, b=b):
            kept[f"{b}{title}_weight"] = w[f"{p}{name}.weight"]
            out = x @ w[f"{p}{name}.weight"]
            if f"{p}{name}.bias" in w:
                kept[f"{b}{title}_bias"] = w[f"{p}{name}.bias"]
                out = out + w[f"{p}{name}.bias"]
            return out

        normed = norm(kept, b + "ln_1", x, w[p + "ln_1.weight"], w.get(p + "ln_1.bias"), eps)
        fused, bias = w[p + "attn.c_attn.weight"], w.get(p + "attn.c_attn.bias")
        outs = [head(kept, f"{b}head{j}", normed, fused, bias, n_head, j) for j in range(n_head)]
        attended = linear("attn.c_proj", "projection", np.concatenate(outs, 1))
        kept[b + "attention_output"] = attended
        x = kept[b + "attention_residual"] = x + attended
        normed = norm(kept, b + "ln_2", x, w[p + "ln_2.weight"], w.get(p + "ln_2.bias"), eps)
        kept[b + "mlp"] = linear("mlp.c_fc", "mlp", normed)
        kept[b + "mlp_activation"] = gelu(kept[b + "mlp"])
        kept[b + "mlp_result"] = linear("mlp.c_proj", "mlp_projection", kept[b + "mlp_activation"])
        x = kept[b + "mlp_residual"] = x + kept[b + "mlp_result"]
    normed = norm(kept, "ln_f", x, w["ln_f.weight"], w.get("ln_f.bias"), eps)
    kept["logits"] = normed @ w["lm_head"].T
    softmax(kept, "probabilities", "logits_max", "logits_sum", kept["logits"])
    return kept
