"""The input strip and the output strip: tokens as letters, and the model's opinion on the next."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..anatomy import Anatomy
from ..anatomy.strips import Strip, Tile, input_strip, output_strip
from ..model import Tokenizer
from . import names
from .flat import Easel, rectangles
from .labels import DIMENSION, PAPER, SECTION, TITLE

# How many candidates a bar tells apart, the most probable ones.
CANDIDATES = 5

# Colours of the tile material.
FACE, GLOW = 0, 1

WIRE = 0.12


@dataclass(frozen=True)
class Easels:
    """One easel for each material that strips are made of."""

    text: Easel
    tile: Easel


def _mark(objects: list[bpy.types.Object], strip: str, position: int) -> None:
    for obj in objects:
        obj[names.STRIP] = f"strip:{strip}:{position}"


def _wire(easel: Easel, points: np.ndarray, name: str) -> bpy.types.Object:
    half = np.array([WIRE / 2, 0.0, 0.0])
    n = len(points)
    vertices = np.concatenate([points - half, points + half])
    faces = [[i, i + n, i + 1 + n, i + 1] for i in range(n - 1)]
    return easel.mesh(name, vertices, faces, kind=DIMENSION)


def draw_input(easels: Easels, anatomy: Anatomy, tokenizer: Tokenizer, ids: list[int]) -> Strip:
    """A tile for each token of the sequence: its letter, and its index in the vocabulary."""
    strip = input_strip(anatomy, len(ids))
    for position, (token, place) in enumerate(zip(ids, strip.tiles, strict=True)):
        made = tile(
            easels, tokenizer.label(token), token, (place.width, place.height), place.center
        )
        made.append(_wire(easels.text, strip.wires[position], "Input Wire"))
        _mark(made, "input", position)
    return strip


def tile(
    easels: Easels,
    label: str,
    index: int,
    size: tuple[float, float],
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> list[bpy.types.Object]:
    """A token as a tile: its face, its letter, its index in the vocabulary."""
    (x, y, z), (width, height) = center, size
    letter = 0.56 * height if len(label) == 1 else 1.6 * width / max(2, len(label))
    centered = {"align": "CENTER", "valign": "CENTER"}
    return [
        easels.tile.rectangle("Tile", center, width, height, kind=FACE),
        easels.text.text(
            "Tile Letter", label, (x, y - 0.1, z + 0.13 * height), letter, kind=TITLE, **centered
        ),
        easels.text.text(
            "Tile Index",
            str(index),
            (x, y - 0.1, z - 0.35 * height),
            0.22 * height,
            kind=SECTION,
            **centered,
        ),
    ]


def draw_output(
    easels: Easels, anatomy: Anatomy, tokenizer: Tokenizer, probabilities: np.ndarray
) -> Strip:
    """A bar for each position, divided by the probability of the most probable next tokens."""
    strip = output_strip(anatomy, len(probabilities))
    for position, (row, place) in enumerate(zip(probabilities, strip.tiles, strict=True)):
        made = [_wire(easels.text, strip.wires[position], "Output Wire")]
        made += _bar(easels, tokenizer, row, place)
        _mark(made, "output", position)
    return strip


def _bar(
    easels: Easels, tokenizer: Tokenizer, row: np.ndarray, place: Tile
) -> list[bpy.types.Object]:
    best = np.argsort(-row, kind="stable")[:CANDIDATES]
    lower, upper = place.corners
    # The bar's full height is probability 1; what is left over are all other candidates.
    height, gap = upper[2] - lower[2], 0.12
    made = []
    top = upper[2]
    for rank, token in enumerate(best):
        size = float(row[token]) * height
        if size < 2 * gap:
            continue
        box = np.array([[lower[0], upper[0], top - size + gap, top, place.center[1]]])
        kind = GLOW if rank == 0 else FACE
        made.append(easels.tile.mesh("Output Share", *rectangles(box), kind=kind))
        if size > 1.2:
            label = tokenizer.label(int(token))
            middle = (place.center[0], place.center[1] - 0.1, top - (size - gap) / 2)
            letter = min(2.2, size * 0.8, 4.6 / max(1, len(label)) + 0.6)
            made.append(
                easels.text.text(
                    "Output Letter",
                    label,
                    middle,
                    letter,
                    kind=PAPER if rank == 0 else TITLE,
                    align="CENTER",
                    valign="CENTER",
                )
            )
        top -= size
    return made
