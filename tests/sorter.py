"""The sorter's weights as a checkpoint's folder: with a flaw, or with a tokenizer of words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

from tests.folders import TESTS

SORTER = TESTS.parent / "presets" / "models" / "nano-gpt.safetensors"
CONFIG = {
    "model_type": "gpt2",
    "n_layer": 3,
    "n_head": 3,
    "n_embd": 48,
    "n_ctx": 11,
    "vocab_size": 3,
    "tie_word_embeddings": False,
}

TEXT = "The cat sat"
"""Three tokens of the tokenizer that `save_with_words` writes."""


def save(folder: Path, *broken: str) -> Path:
    """Write the sorter as it is, with a NaN in each of the named tensors; return its folder."""
    tensors = {name: np.array(values) for name, values in load_file(SORTER).items()}
    for name, values in tensors.items():
        if name.removesuffix(".weight") in broken:
            values.reshape(-1)[0] = np.nan
    _write(folder, tensors, CONFIG)
    return folder


def save_with_words(folder: Path) -> Path:
    """Write the sorter with a tokenizer that knows the words of `TEXT`; return its folder."""
    # A byte-level BPE that merges these words from their letters; Ġ is a space.
    goal = ["The", "Ġcat", "Ġsat"]
    letters = sorted({letter for word in goal for letter in word})
    merges = [(word[:i], word[i]) for word in goal for i in range(1, len(word))]
    merged = dict.fromkeys(left + right for left, right in merges)
    vocabulary = dict.fromkeys([*goal, *letters, *merged])
    ids = {word: number for number, word in enumerate(vocabulary)}
    tensors = load_file(SORTER)
    for name, values in tensors.items():
        if name.startswith(("wte", "lm_head")):
            # As many rows as the vocabulary has tokens.
            tensors[name] = np.resize(values, (len(ids), values.shape[1]))
    _write(folder, tensors, CONFIG | {"vocab_size": len(ids), "n_positions": 11})
    (folder / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    lines = "".join(f"{left} {right}\n" for left, right in dict.fromkeys(merges))
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}", encoding="utf-8")
    return folder


def _write(folder: Path, tensors: dict[str, np.ndarray], config: dict[str, object]) -> None:
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
