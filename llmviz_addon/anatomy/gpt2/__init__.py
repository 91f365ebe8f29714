"""The GPT-2 family: its blocks with their formulas, and how they stand to each other."""

from __future__ import annotations

from .relations import embedding, layer, output
from .specs import Specs, specs

__all__ = ["Specs", "embedding", "layer", "output", "specs"]
