"""A checkpoint of the smallest released GPT-2's shapes, for measuring the cost of its size."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

SIZES = {"n_layer": 12, "n_head": 12, "n_embd": 768, "n_positions": 1024, "vocab_size": 50257}

N_PARAMETERS = 124_439_808
"""Numbers in all of its tensors."""


def write_checkpoint(folder: Path) -> Path:
    """Write one into a folder, filled with seeded numbers as at its initialization.

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
    _write_config(folder)
    return path


def write_halves(source: Path, folder: Path, dtype: str) -> Path:
    """Write the numbers of a float32 file in 16 bits each, into a folder that is made for them.

    `dtype` is F16, which rounds them, or BF16, which cuts them short. Returns the new file.
    """
    halves = {
        name: tensor.astype(np.float16)
        if dtype == "F16"
        else (tensor.view(np.uint32) >> 16).astype(np.uint16)
        for name, tensor in load_file(source).items()
    }
    header, at = {}, 0
    for name, half in halves.items():
        offsets = [at, at + half.nbytes]
        header[name] = {"dtype": dtype, "shape": half.shape, "data_offsets": offsets}
        at += half.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir()
    path = folder / "model.safetensors"
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for half in halves.values():
            file.write(half.tobytes())
    _write_config(folder)
    return path


def _write_config(folder: Path) -> None:
    config = {"model_type": "gpt2", "tie_word_embeddings": True, **SIZES}
    (folder / "config.json").write_text(json.dumps(config))
