"""The gestures of a script, one class for each: its options, its length, how it plays and prints.

A gesture is a table with exactly one verb, whose value is its subject, and options. A new one is a
class in a module of this package: it is found by itself.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from .base import VERBS, Gesture

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["VERBS", "Gesture"]
