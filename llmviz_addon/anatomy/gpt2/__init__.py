"""The GPT-2 family: its blocks with their formulas, and how they stand to each other."""

from __future__ import annotations

from .relations import RELATIONS
from .specs import Specs, specs

__all__ = ["RELATIONS", "Specs", "specs"]
