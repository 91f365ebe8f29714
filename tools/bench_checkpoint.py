"""A checkpoint of the smallest released GPT-2's shapes, for measuring what its size costs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SIZES = {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257}

N_PARAMETERS = 124_439_808
"""How many numbers those are."""


def write_checkpoint(folder: Path) -> Path:
    """Write one into a folder, filled with seeded numbers as at its initialisation.

    Returns the file that holds the numbers.
    """
    random = np.random.default_rng(0)
    width = SIZES["n_embd"]

    def normal(*shape: int) -> np.ndarray:
        numbers = random.standard_normal(shape, np.float32)
        numbers *= 0.02
        return numbers

    tensors = {
        "wte.weight": normal(SIZES["vocab_size"], width),
        "wpe.weight": normal(SIZES["n_positions"], width),
    }
    norms = ["ln_f"]
    for layer in range(SIZES["n_layer"]):
        norms += [f"h.{layer}.ln_1", f"h.{layer}.ln_2"]
        for name, n_in, n_out in (
            ("attn.c_attn", 1, 3),
            ("attn.c_proj", 1, 1),
            ("mlp.c_fc", 1, 4),
            ("mlp.c_proj", 4, 1),
        ):
            tensors[f"h.{layer}.{name}.weight"] = normal(n_in * width, n_out * width)
            tensors[f"h.{layer}.{name}.bias"] = normal(n_out * width)
    for norm in norms:
        tensors[f"{norm}.weight"] = 1 + normal(width)
        tensors[f"{norm}.bias"] = normal(width)
    path = folder / "model.safetensors"
    save_file(tensors, path)
    config = {"model_type": "gpt2", "tie_word_embeddings": True, **SIZES}
    (folder / "config.json").write_text(json.dumps(config))
    return path
