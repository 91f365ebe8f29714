"""The input strip and the output strip: tokens as letters, and the model's opinion on the next."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np

from ..anatomy import Anatomy
from ..anatomy.strips import WIDTH, Strip, Tile, input_strip, output_strip
from ..model import Tokenizer
from . import names
from .attributes import write_attribute
from .flat import Easel, rectangles
from .labels import DIMENSION, SECTION, TITLE

# How many candidates a bar tells apart, the most probable ones.
CANDIDATES = 5

# Colours of the tile material.
FACE, GLOW = 0, 1

WIRE = 0.09

# Of a gauge of the output, in cells: its width, the gap between shares, the room for the letter
# and the number below it; and how transparent a share is at its upper end.
GAUGE, SPLIT, LETTER_ROOM, VEIL = 1.2, 0.12, 4.4, 0.55


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
            (x, y - 0.1, z - 0.33 * height),
            0.24 * height,
            kind=SECTION,
            **centered,
        ),
    ]


def draw_output(
    easels: Easels, anatomy: Anatomy, tokenizer: Tokenizer, probabilities: np.ndarray
) -> Strip:
    """A gauge for each position, divided by the probability of the most probable next tokens."""
    strip = output_strip(anatomy, len(probabilities))
    for position, (row, place) in enumerate(zip(probabilities, strip.tiles, strict=True)):
        made = [_wire(easels.text, strip.wires[position], "Output Wire")]
        made += _gauge(easels, tokenizer, row, place)
        _mark(made, "output", position)
    return strip


def _gauge(
    easels: Easels, tokenizer: Tokenizer, row: np.ndarray, place: Tile
) -> list[bpy.types.Object]:
    """A slim gauge, all of it probability 1, over the most probable token and its number.

    What the candidates leave of the gauge is the share of all other tokens.
    """
    best = np.argsort(-row, kind="stable")[:CANDIDATES]
    (x, y, _), (lower, upper) = place.center, place.corners
    foot, top = lower[2] + LETTER_ROOM, upper[2]
    height, half = top - foot, GAUGE / 2
    made = []
    z = top
    for rank, token in enumerate(best):
        size = float(row[token]) * height
        if size < 2 * SPLIT:
            continue
        box = np.array([[x - half, x + half, z - size + SPLIT, z, y]])
        share = easels.tile.mesh("Output Share", *rectangles(box), kind=GLOW if not rank else FACE)
        # Brightest at its foot, over the letter that it stands for.
        write_attribute(share.data, names.CLEAR, np.array([0.0, 0.0, VEIL, VEIL]), "FLOAT")
        made.append(share)
        if rank and size > 1.2:
            made.append(
                _letter(easels, tokenizer, token, (x + GAUGE, y, z - size / 2), 1.0, "LEFT")
            )
        z -= size
    at = (x, y, lower[2] + 0.56 * LETTER_ROOM)
    made.append(_letter(easels, tokenizer, best[0], at, 2.7, "CENTER"))
    made.append(
        easels.text.text(
            "Output Probability",
            _written(float(row[best[0]])),
            (x, y, lower[2]),
            0.95,
            kind=SECTION,
            align="CENTER",
        )
    )
    return made


def _written(probability: float) -> str:
    """To two places, and never rounded to a certainty that no softmax gives."""
    return "> .99" if probability > 0.99 else f"{probability:.2f}".removeprefix("0")


def _letter(
    easels: Easels,
    tokenizer: Tokenizer,
    token: int,
    at: tuple[float, float, float],
    size: float,
    align: str,
) -> bpy.types.Object:
    label = tokenizer.label(int(token))
    return easels.text.text(
        "Output Letter",
        label,
        at,
        min(size, 1.6 * WIDTH / max(1, len(label))),
        kind=TITLE if align == "CENTER" else SECTION,
        align=align,
        valign="CENTER",
    )
