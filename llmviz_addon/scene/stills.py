"""Stills and films: pictures that are composed already, rendered to files."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import bpy


def stills() -> tuple[tuple[str, str], ...]:
    return ()


def still_steps(scene, ids, folder, size=(1920, 1080), engine="AUTO", samples=None):
    yield 0.0, ""


def film_steps(*args, **kwargs):
    yield 0.0, ""
