"""Fixtures of several tests of this room."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def write_hollow() -> Callable[..., None]:
    """Writes a GPT-2 of zeros as a sparse file, which takes no room on disk whatever its size."""

    def write(
        path: Path,
        *,
        n_layer: int,
        n_embd: int,
        n_positions: int,
        vocab_size: int,
        dtype: str = "F32",
    ) -> None:
        shapes = {"wte.weight": [vocab_size, n_embd], "wpe.weight": [n_positions, n_embd]}
        for layer in range(n_layer):
            for norm in ("ln_1", "ln_2"):
                shapes |= {f"h.{layer}.{norm}.{part}": [n_embd] for part in ("weight", "bias")}
            for name, n_in, n_out in (
                ("attn.c_attn", 1, 3),
                ("attn.c_proj", 1, 1),
                ("mlp.c_fc", 1, 4),
                ("mlp.c_proj", 4, 1),
            ):
                shapes[f"h.{layer}.{name}.weight"] = [n_in * n_embd, n_out * n_embd]
                shapes[f"h.{layer}.{name}.bias"] = [n_out * n_embd]
        shapes |= {"ln_f.weight": [n_embd], "ln_f.bias": [n_embd]}
        header, at = {}, 0
        for name, shape in shapes.items():
            end = at + (4 if dtype == "F32" else 2) * int(np.prod(shape))
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
            at = end
        text = json.dumps(header).encode()
        with path.open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + at)

    return write
