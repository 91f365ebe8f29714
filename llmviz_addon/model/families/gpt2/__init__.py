"""GPT-2 and its likes: Hugging Face's GPT-2, minGPT, nanoGPT, and GPT-3 in its shapes."""

from __future__ import annotations

from .blocks import block_names, weight_block, weight_source
from .checkpoint import weights
from .configuration import read_config, unwrap
from .forward import Computation
from .naming import canonical

__all__ = [
    "Computation",
    "block_names",
    "canonical",
    "read_config",
    "unwrap",
    "weight_block",
    "weight_source",
    "weights",
]
