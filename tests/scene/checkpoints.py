"""Small checkpoints of seeded random weights, made without the package's own code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

SHAPE = {"n_layer": 2, "n_head": 2, "n_embd": 32, "n_positions": 64, "vocab_size": 300}


def save(folder: Path, seed: int = 7, **shape: int) -> Path:
    """A GPT-2 folder as Hugging Face's library writes it, with a tied head."""
    config = SHAPE | shape
    rng = np.random.default_rng(seed)
    width = config["n_embd"]

    def normal(*size: int, around: float = 0.0) -> np.ndarray:
        return (around + 0.3 * rng.normal(size=size)).astype(np.float32)

    tensors = {
        "wte.weight": normal(config["vocab_size"], width),
        "wpe.weight": normal(config["n_positions"], width),
        "ln_f.weight": normal(width, around=1.0),
        "ln_f.bias": normal(width),
    }
    for layer in range(config["n_layer"]):
        for norm in ("ln_1", "ln_2"):
            tensors[f"h.{layer}.{norm}.weight"] = normal(width, around=1.0)
            tensors[f"h.{layer}.{norm}.bias"] = normal(width)
        for name, rows, columns in (
            ("attn.c_attn", width, 3 * width),
            ("attn.c_proj", width, width),
            ("mlp.c_fc", width, 4 * width),
            ("mlp.c_proj", 4 * width, width),
        ):
            tensors[f"h.{layer}.{name}.weight"] = normal(rows, columns)
            tensors[f"h.{layer}.{name}.bias"] = normal(columns)
    folder.mkdir(parents=True, exist_ok=True)
    save_file({f"transformer.{k}": v for k, v in tensors.items()}, folder / "model.safetensors")
    settings = {"model_type": "gpt2", "activation_function": "gelu_new", **config}
    (folder / "config.json").write_text(json.dumps(settings))
    return folder


@contextmanager
def away(folder: Path) -> Iterator[Path]:
    """Hide a checkpoint in another place for a while; it comes back as it was."""
    elsewhere = folder.rename(folder.with_name("elsewhere"))
    try:
        yield elsewhere
    finally:
        elsewhere.rename(folder)
