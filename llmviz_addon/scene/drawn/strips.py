"""The input strip and the output strip: tokens as tiles, and gauges of the next one's probability.

Each position is one object that the film moves. It instances a collection with its pieces, which
are in no scene themselves. This keeps objects with curves few: a frame costs more with each of
them, and a prompt may be long.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import bpy
import numpy as np

from ...anatomy import Anatomy
from ...anatomy.strips import (
    LETTERS,
    Strip,
    Tile,
    candidates,
    input_strip,
    letter_size,
    output_strip,
)
from ...model import Tokenizer
from ...progress import Steps
from ...walkthrough import targets
from ...walkthrough.run import Candidate, most_probable
from ...walkthrough.wording import percentage, probability
from .. import compat, names
from ..attributes import write_attribute
from ..style.kit import Kit
from .flat import Easel, rectangles
from .labels import DIMENSION, SECTION, TITLE

# Kinds of tiles: the numbers of the tile material's colors.
FACE, GLOW = 0, 1

# A gauge of the output, in units of its strip: its width, the gap between shares, and the height
# kept for the letter and the number below it. Then the transparency of a share's upper end.
GAUGE, SPLIT, LETTER_ROOM, VEIL = 1.2, 0.12, 4.4, 0.55

# Positions that are drawn in one step: few, since Blender is slow to evaluate their texts. In long
# sequences a step draws one part in SHARES of them, because after each step Blender goes through
# the whole scene.
BETWEEN, SHARES = 16, 8

# Font size in a list of candidates, over the height of a row.
ROW_LETTER = 0.6


@dataclass(frozen=True)
class Easels:
    """One easel for each material that strips are made of."""

    text: Easel
    tile: Easel
    kit: Kit

    def apart(self, name: str, center: tuple[float, float, float]) -> Easels:
        """Easels for the pieces of one position, in a collection of their own around `center`."""
        pieces = bpy.data.collections.new(name)
        pieces[names.OURS] = True
        own = (
            replace(easel, root=None, collection=pieces, origin=center)
            for easel in (self.text, self.tile)
        )
        return Easels(*own, self.kit)


def _show(easels: Easels, pieces: Easels, strip: str, position: int) -> None:
    """Make the object of a position, which shows all of its pieces at their place."""
    collection = pieces.tile.collection
    mesh = bpy.data.meshes.new(collection.name)
    mesh[names.OURS] = True
    obj = bpy.data.objects.new(collection.name, mesh)
    easels.tile.hang(obj, pieces.tile.origin, 0)
    # Without a kind of its own it leaves each piece its color.
    del obj[names.KIND]
    modifier = obj.modifiers.new(names.GROUP_PIECES, "NODES")
    modifier.node_group = easels.kit.pieces
    compat.set_modifier_input(modifier, "Collection", collection)
    obj[names.STRIP] = targets.tile(strip, position)


def _wire(easel: Easel, strip: Strip, position: int, name: str) -> None:
    points, half = strip.wires[position], strip.wire_sides[position]
    n = len(points)
    vertices = np.concatenate([points - half, points + half])
    faces = [[i, i + n, i + 1 + n, i + 1] for i in range(n - 1)]
    easel.mesh(name, vertices, faces, kind=DIMENSION)


def _between(count: int) -> int:
    return max(BETWEEN, count // SHARES)


def draw_input(
    easels: Easels, anatomy: Anatomy, tokenizer: Tokenizer, ids: list[int]
) -> Steps[None]:
    """Draw a tile for each token of the sequence: its letter, and its index in the vocabulary."""
    strip = input_strip(anatomy, len(ids))
    for position, (token, place) in enumerate(zip(ids, strip.tiles, strict=True)):
        if position % _between(len(ids)) == 0:
            yield position / len(ids), "Drawing the input"
        pieces = easels.apart(f"Input {position}", place.center)
        size = place.width, place.height
        tile(pieces, tokenizer.label(token), token, size, place.center)
        _wire(pieces.text, strip, position, "Input Wire")
        _show(easels, pieces, targets.INPUT, position)


def tile(
    easels: Easels,
    label: str,
    index: int,
    size: tuple[float, float],
    center: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> list[bpy.types.Object]:
    """A token as a tile: its face, its letter, its index in the vocabulary."""
    (x, y, z), (width, height) = center, size
    letter, front = letter_size(label, width, height), y - 0.02 * height
    centered = {"align": "CENTER", "valign": "CENTER"}
    return [
        easels.tile.rectangle("Tile", center, width, height, kind=FACE),
        easels.text.text(
            "Tile Letter", label, (x, front, z + 0.13 * height), letter, kind=TITLE, **centered
        ),
        easels.text.text(
            "Tile Index",
            str(index),
            (x, front, z - 0.33 * height),
            0.24 * height,
            kind=SECTION,
            **centered,
        ),
    ]


def draw_output(
    easels: Easels,
    anatomy: Anatomy,
    tokenizer: Tokenizer,
    probabilities: np.ndarray,
    drawn: Mapping[int, Candidate],
) -> Steps[None]:
    """Draw a gauge for each position, divided by the probability of the most probable tokens.

    At positions where a token was `drawn`, it tells that one with the chance that it had.
    """
    strip = output_strip(anatomy, len(probabilities))
    for position, (row, place) in enumerate(zip(probabilities, strip.tiles, strict=True)):
        if position % _between(len(probabilities)) == 0:
            yield position / len(probabilities), "Drawing the output"
        pieces = easels.apart(f"Output {position}", place.center)
        _wire(pieces.text, strip, position, "Output Wire")
        _gauge(pieces, tokenizer, row, place, strip.unit, drawn.get(position))
        if anatomy.config.n_vocab > LETTERS and position == len(probabilities) - 1:
            _list(pieces, tokenizer, row, candidates(anatomy, len(probabilities)))
        _show(easels, pieces, targets.OUTPUT, position)


def _list(easels: Easels, tokenizer: Tokenizer, row: np.ndarray, places: tuple[Tile, ...]) -> None:
    """The most probable next tokens and how probable they are, a line each."""
    for rank, (token, place) in enumerate(zip(most_probable(row), places, strict=False)):
        (left, y, low), (right, _, high) = place.corners
        z, label = (low + high) / 2, tokenizer.label(int(token))
        size = min(ROW_LETTER * place.height, letter_size(label, 0.7 * place.width, place.height))
        kind = SECTION if rank else TITLE
        for name, text, x, align in (
            ("Candidate", label, left, "LEFT"),
            ("Candidate Probability", probability(float(row[token]), short=True), right, "RIGHT"),
        ):
            easels.text.text(name, text, (x, y, z), size, kind=kind, align=align, valign="CENTER")


def _gauge(
    easels: Easels,
    tokenizer: Tokenizer,
    row: np.ndarray,
    place: Tile,
    unit: float,
    drawn: Candidate | None,
) -> None:
    """Draw a slim gauge as high as probability 1, over the most probable token and its number.

    The part that the candidates leave empty is the share of all other tokens. A token that was
    `drawn` takes the place of the most probable one, with its chance in percent; its share glows
    wherever it is. Lengths are in units of the strip.
    """
    best = most_probable(row)
    told, number = best[0], probability(float(row[best[0]]), short=True)
    if drawn is not None:
        told, number = drawn.token, percentage(drawn.probability, short=True)
        best = np.append(best, [] if told in best else [told]).astype(int)
    (x, y, _), (lower, upper) = place.center, place.corners
    foot, top = lower[2] + LETTER_ROOM * unit, upper[2]
    height, half = top - foot, GAUGE * unit / 2
    z = top
    for token in best:
        size = float(row[token]) * height
        if size < 2 * SPLIT * unit:
            continue
        box = np.array([[x - half, x + half, z - size + SPLIT * unit, z, y]])
        share = easels.tile.mesh(
            "Output Share", *rectangles(box), kind=GLOW if token == told else FACE
        )
        # Solid at its foot and fading upward, so that the topmost share seems to rise from below.
        write_attribute(share.data, names.CLEAR, np.array([0.0, 0.0, VEIL, VEIL]), "FLOAT")
        if token != told and size > 1.2 * unit:
            at = (x + GAUGE * unit, y, z - size / 2)
            _letter(easels, tokenizer, token, at, unit, place.width, "LEFT")
        z -= size
    at = (x, y, lower[2] + 0.56 * LETTER_ROOM * unit)
    _letter(easels, tokenizer, told, at, 2.7 * unit, place.width, "CENTER")
    easels.text.text(
        "Output Probability",
        number,
        (x, y, lower[2]),
        0.95 * unit,
        kind=SECTION,
        align="CENTER",
    )


def _letter(
    easels: Easels,
    tokenizer: Tokenizer,
    token: int,
    at: tuple[float, float, float],
    size: float,
    width: float,
    align: str,
) -> None:
    label = tokenizer.label(int(token))
    easels.text.text(
        "Output Letter",
        label,
        at,
        min(size, 1.6 * width / max(1, len(label))),
        kind=TITLE if align == "CENTER" else SECTION,
        align=align,
        valign="CENTER",
    )
