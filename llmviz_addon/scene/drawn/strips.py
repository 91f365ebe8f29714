"""The input strip and the output strip: tokens as tiles, and gauges of the next one's probability.

Each position is one object that the film moves. Where all of a model is cubes, every position of
its context has one, empty as long as no token stands there, so that another prompt changes nothing
but meshes.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

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
from .. import names
from ..style.kit import Kit
from .flat import TILE_TINTS, Easel
from .labels import DIMENSION, SECTION, TITLE
from .sheets import Sheet

# Kinds of tiles: the numbers of the tile material's colors.
FACE, GLOW = 0, 1

# A gauge of the output, in units of its strip: its width for letters and for words, the gap between
# shares, and the height kept for the letter and the number below it. Then the transparency of a
# share's upper end, and of the share of all tokens that are not told apart.
GAUGE, SPLIT, LETTER_ROOM, VEIL, REST = (2.2, 4.0), 0.12, 4.4, 0.55, 0.4

# Positions that are drawn in one step. In long sequences a step draws one part in SHARES of them,
# because after each step Blender goes through the whole scene.
BETWEEN, SHARES = 16, 8

# The materials of a sheet, by number.
WORDS, TILES = 0, 1

# Font size in a list of candidates, over the height of a row.
ROW_LETTER = 0.6


@dataclass(frozen=True)
class Shown:
    """The tokens and predictions that the strips show.

    Attributes
    ----------
    tokenizer
        For the words of tokens.
    ids
        The tokens at all positions.
    probabilities
        (T, V) of the token that follows each position.
    drawn
        The tokens that were drawn by chance, by the position that they follow.
    """

    tokenizer: Tokenizer
    ids: list[int]
    probabilities: np.ndarray
    drawn: Mapping[int, Candidate]


_Draw = Callable[[Sheet, Anatomy, Shown, Strip, int], None]


def sheet(kit: Kit, center: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Sheet:
    """An empty sheet for a tile around `center`, in cells."""
    return Sheet(center, (kit.label, kit.tile), ((), TILE_TINTS))


@dataclass(frozen=True)
class Position:
    """A position of a strip, before it is drawn.

    Attributes
    ----------
    target
        Its name in the film.
    center
        The place of its object, in cells.
    shows
        A digest of what it shows; empty where no token stands there.
    sheet
        Makes its sheet.
    """

    target: str
    center: tuple[float, float, float]
    shows: str
    sheet: Callable[[], Sheet]


def lay_out(kit: Kit, anatomy: Anatomy, shown: Shown, positions: int) -> Iterator[Position]:
    """So many positions of both strips; those without a token are empty."""
    count = len(shown.ids)
    ends = (
        (targets.INPUT, input_strip, _input),
        (targets.OUTPUT, output_strip, _output),
    )
    for name, strip_of, draw_in in ends:
        strip, whole = strip_of(anatomy, count), strip_of(anatomy, positions)
        for position in range(positions):
            target = targets.tile(name, position)
            if position >= count:
                center = whole.tiles[position].center
                yield Position(target, center, "", partial(sheet, kit, center))
                continue
            made = partial(_filled, kit, anatomy, shown, strip, position, draw_in)
            center = strip.tiles[position].center
            yield Position(target, center, _shows(name, shown, position), made)


def _filled(
    kit: Kit, anatomy: Anatomy, shown: Shown, strip: Strip, position: int, draw_in: _Draw
) -> Sheet:
    """The sheet of a position at which a token stands."""
    made = sheet(kit, strip.tiles[position].center)
    _wire(made, strip, position)
    draw_in(made, anatomy, shown, strip, position)
    return made


def _shows(name: str, shown: Shown, position: int) -> str:
    """A digest of what a position shows: its token, or the probabilities of the next."""
    if name == targets.INPUT:
        return str(shown.ids[position])
    last = position == len(shown.ids) - 1
    row = np.ascontiguousarray(shown.probabilities[position]).tobytes()
    return f"{zlib.crc32(row)} {shown.drawn.get(position)} {last}"


def write(obj: bpy.types.Object, position: Position) -> None:
    """Draw a position on its object."""
    sheet = position.sheet()
    sheet.write(obj.data)
    obj[names.TEXT], obj[names.SHOWS] = "\n".join(sheet.said), position.shows


def draw(easel: Easel, kit: Kit, anatomy: Anatomy, shown: Shown, positions: int) -> Steps[None]:
    """Draw both strips, with an object for each of so many positions."""
    between = max(BETWEEN, 2 * positions // SHARES)
    for index, position in enumerate(lay_out(kit, anatomy, shown, positions)):
        if index % between == 0:
            yield index / (2 * positions), "Drawing the input and the output"
        _, strip, number = position.target.split(":")
        mesh = bpy.data.meshes.new(f"{strip.title()} {number}")
        mesh[names.OURS] = True
        obj = bpy.data.objects.new(mesh.name, mesh)
        write(obj, position)
        easel.hang(obj, position.center, 0)
        obj[names.STRIP] = position.target


def _wire(made: Sheet, strip: Strip, position: int) -> None:
    points, half = strip.wires[position], strip.wire_sides[position]
    left, right = points - half, points + half
    pieces = np.stack([left[:-1], right[:-1], right[1:], left[1:]], axis=1)
    made.polygons(pieces, material=WORDS, kind=DIMENSION)


def _input(made: Sheet, _: Anatomy, shown: Shown, strip: Strip, position: int) -> None:
    token, place = shown.ids[position], strip.tiles[position]
    tile(made, shown.tokenizer.label(token), token, (place.width, place.height))


def tile(made: Sheet, label: str, index: int, size: tuple[float, float]) -> None:
    """Draw a token as a tile: its face, its letter, its index in the vocabulary."""
    (x, y, z), (width, height) = made.center, size
    front = y - 0.02 * height
    made.rectangle(made.center, width, height, material=TILES, kind=FACE)
    letter = letter_size(label, width, height)
    made.words(label, (x, front, z + 0.13 * height), letter, kind=TITLE)
    made.words(str(index), (x, front, z - 0.33 * height), 0.24 * height, kind=SECTION)


def _output(made: Sheet, anatomy: Anatomy, shown: Shown, strip: Strip, position: int) -> None:
    row, place = shown.probabilities[position], strip.tiles[position]
    last = position == len(shown.ids) - 1
    _gauge(made, shown.tokenizer, row, place, strip.unit, shown.drawn.get(position))
    if anatomy.config.n_vocab > LETTERS and last:
        _list(made, shown.tokenizer, row, candidates(anatomy, len(shown.ids)))


def _list(made: Sheet, tokenizer: Tokenizer, row: np.ndarray, places: tuple[Tile, ...]) -> None:
    """The most probable next tokens and how probable they are, a line each."""
    for rank, (token, place) in enumerate(zip(most_probable(row), places, strict=False)):
        (left, y, low), (right, _, high) = place.corners
        z, label = (low + high) / 2, tokenizer.label(int(token))
        size = min(ROW_LETTER * place.height, letter_size(label, 0.7 * place.width, place.height))
        kind = SECTION if rank else TITLE
        share = probability(float(row[token]))
        made.words(label, (left, y, z), size, kind=kind, align="LEFT")
        made.words(share, (right, y, z), size, kind=kind, align="RIGHT")


def _gauge(
    made: Sheet,
    tokenizer: Tokenizer,
    row: np.ndarray,
    place: Tile,
    unit: float,
    drawn: Candidate | None,
) -> None:
    """Draw a gauge as high as probability 1, over the most probable token and its number.

    The part that is nearly clear is the share of all other tokens. A token that was
    `drawn` takes the place of the most probable one, with its chance in percent; its share glows
    wherever it is. Lengths are in units of the strip.
    """
    best = most_probable(row)
    told, number = best[0], probability(float(row[best[0]]))
    if drawn is not None:
        told, number = drawn.token, percentage(drawn.probability)
        best = np.append(best, [] if told in best else [told]).astype(int)
    (x, y, _), (lower, upper) = place.center, place.corners
    foot, top = lower[2] + LETTER_ROOM * unit, upper[2]
    height, half = top - foot, GAUGE[len(row) > LETTERS] * unit / 2
    z = top
    for token in best:
        size = float(row[token]) * height
        if size < 2 * SPLIT * unit:
            continue
        bottom = z - size + SPLIT * unit
        made.rectangle(
            (x, y, (bottom + z) / 2),
            2 * half,
            z - bottom,
            material=TILES,
            kind=GLOW if token == told else FACE,
            # Solid at its foot and fading upward, so that the topmost seems to rise from below.
            clear=np.array([0.0, 0.0, VEIL, VEIL]),
        )
        if token != told and size > 1.2 * unit:
            at = (x + half + 0.3 * unit, y, z - size / 2)
            _letter(made, tokenizer, token, at, unit, place.width, "LEFT")
        z -= size
    if z - foot > 2 * SPLIT * unit:
        rest = (x, y, (foot + z) / 2)
        made.rectangle(rest, 2 * half, z - foot, material=TILES, kind=FACE, clear=np.full(4, REST))
    at = (x, y, lower[2] + 0.56 * LETTER_ROOM * unit)
    _letter(made, tokenizer, told, at, 2.7 * unit, place.width, "CENTER")
    made.words(number, (x, y, lower[2]), 0.95 * unit, kind=SECTION, valign="BOTTOM_BASELINE")


def _letter(
    made: Sheet,
    tokenizer: Tokenizer,
    token: int,
    at: tuple[float, float, float],
    size: float,
    width: float,
    align: str,
) -> None:
    label = tokenizer.label(int(token))
    fitting = min(size, 1.6 * width / max(1, len(label)))
    kind = TITLE if align == "CENTER" else SECTION
    made.words(label, at, fitting, kind=kind, align=align)
