"""Words in the scene: titles of blocks and sections, lengths of axes, the model card."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

import bpy
import numpy as np

from ... import languages
from ...anatomy import Anatomy, Block, Label, Section
from ...anatomy.label import CHARACTER
from ...anatomy.lines import numbered
from ...counting import plural
from ...detail import Plan
from ...model import Config
from ...walkthrough import targets
from .. import names
from ..standing import ledger
from ..words import typesetting
from .blocks import CELL
from .flat import Easel, rectangles

# Kinds of labels: the numbers of the label material's colors, in the order in which `Kit.label`
# names them.
TITLE, SECTION, DIMENSION, PAPER = range(4)

# Blocks whose width is written below them. They, and those of `_ROWS` below, are the first to show
# a dimension, and no arrow and no title needs the edge where it is written.
_COLUMNS = (
    "wte",
    "embedding",
    "layer0.ln_1",
    "layer0.head0.attention",
    "layer0.mlp_activation",
    "lm_head",
)
# The model card, in font sizes of its lines: the distance between lines; then the heading's font
# size and the height that it takes. On a large card it is larger, so that the name at least can be
# read where all of a large model is in view.
_PITCH = 1.5
_HEADING, _LARGE_HEADING = (2.4, 3.2), (4.4, 5.0)
# Width of a capital over the font size.
_LETTER = 0.68

_ROWS = ("wte", "wpe", "layer0.ln_1", "layer0.projection_weight", "layer0.mlp_projection_weight")


def _write(easel: Easel, label: Label, name: str, kind: int):
    return easel.say(
        name, label.text, label.anchor, label.size, kind=kind, align=label.align.upper()
    )


def noted(title: str, note: str, block: Block) -> str:
    """A title and a note in parentheses, if there is one and the block is wide enough for both."""
    whole, tag = f"{title} ({note})" if note else title, block.spec.tag
    if tag.side in ("left", "right"):
        return title
    # Titles of blocks that stand behind each other share the width: each has a third.
    room = block.columns / (1 if tag.fraction is None else 3)
    return whole if 1.2 * len(whole) * CHARACTER * tag.size < room else title


def titles(easel: Easel, blocks: Mapping[str, Block], plan: Plan) -> None:
    """Write the title of each block and, where the block is wide enough, its way of drawing."""
    for name, block in blocks.items():
        label = block.label
        text = noted(label.text, plan.note(name), block)
        obj = _write(easel, replace(label, text=text), f"{name} title", TITLE)
        obj[names.LABEL_OF] = name


def sections(easel: Easel, root: Section, few: bool = False) -> None:
    """Write the title of each section, larger than those of blocks.

    With `few`, the parts of later layers get none.
    """
    for section in root.walk():
        later = section.name.startswith("layer") and not section.name.startswith("layer0.")
        if section is not root and section.labeled and not (few and later and "." in section.name):
            obj = _write(easel, section.label, f"{section.name} label", SECTION)
            obj[names.LABEL_OF] = targets.section(section.name)


def dimensions(easel: Easel, anatomy: Anatomy) -> None:
    """Draw |- T -| brackets along a few axes, with the dimension's name and length."""
    for name in _COLUMNS:
        if name in anatomy.blocks:
            _measure_columns(easel, anatomy, anatomy.blocks[name])
    for name in _ROWS:
        if name in anatomy.blocks:
            _measure_rows(easel, anatomy, anatomy.blocks[name])
    for name, block in anatomy.blocks.items():
        for label in numbered(block, 0.8 * anatomy.space.title_size):
            _write(easel, label, f"{name} line", DIMENSION)[names.LABEL_OF] = name


def _bracket(size: float) -> tuple[float, float, float]:
    """Gap to the block, half length of the ticks, half width of the line, for a font size."""
    return 0.5 * size, 0.25 * size, 0.035 * size


def _measure_columns(easel: Easel, anatomy: Anatomy, block: Block) -> None:
    # Of a folded block, the first line.
    (left, y, bottom), (right, _, _) = block.bounds_of(block.spec.pieces[0])
    size = 0.8 * anatomy.space.title_size
    gap, tick, line = _bracket(size)
    z = bottom - gap
    boxes = [
        (left, right, z - line, z + line, y),
        (left, left + 2 * line, z - tick, z + tick, y),
        (right - 2 * line, right, z - tick, z + tick, y),
    ]
    made = [
        easel.mesh(f"{block.name} columns", *rectangles(np.array(boxes)), kind=DIMENSION),
        easel.say(
            f"{block.name} columns",
            _length(anatomy, block.column_dim, block.spec.pieces[0].columns),
            ((left + right) / 2, y, z - 0.4 * size),
            size,
            kind=DIMENSION,
            align="CENTER",
            valign="TOP",
        ),
    ]
    for obj in made:
        obj[names.LABEL_OF] = block.name


def _measure_rows(easel: Easel, anatomy: Anatomy, block: Block) -> None:
    (left, y, bottom), (_, _, top) = block.bounds_of(block.spec.pieces[0])
    size = 0.8 * anatomy.space.title_size
    gap, tick, line = _bracket(size)
    x = left - gap
    boxes = [
        (x - line, x + line, bottom, top, y),
        (x - tick, x + tick, bottom, bottom + 2 * line, y),
        (x - tick, x + tick, top - 2 * line, top, y),
    ]
    made = [
        easel.mesh(f"{block.name} rows", *rectangles(np.array(boxes)), kind=DIMENSION),
        easel.say(
            f"{block.name} rows",
            _length(anatomy, block.row_dim, block.spec.pieces[0].rows),
            (x - 0.5 * size, y, bottom + 0.25 * (top - bottom)),
            size,
            kind=DIMENSION,
            align="RIGHT",
            valign="CENTER",
        ),
    ]
    for obj in made:
        obj[names.LABEL_OF] = block.name


def _length(anatomy: Anatomy, dim: str, shown: int) -> str:
    """The name and the length of a dimension, and the part of it that a line of a fold shows."""
    whole = f"{anatomy.dims[dim].label} = {anatomy.size_of(dim)}"
    return whole if shown == anatomy.size_of(dim) else f"{shown} of {whole}"


def card_lines(title: str, config: Config) -> tuple[str, list[tuple[str, str]]]:
    """The words of the model card: a heading, and pairs of a number and the thing it counts."""
    lines = [
        _count(config.n_parameters, "parameter"),
        _count(config.n_layer, "layer"),
        (f"{config.n_head:,}", f"{plural(config.n_head, 'head')} in each layer"),
        _count(config.n_embd, "channel"),
        (f"{config.n_ctx:,}", "tokens of context"),
        (f"{config.n_vocab:,}", "tokens of vocabulary"),
    ]
    if config.n_head_parameters:
        lines.insert(1, (f"+ {config.n_head_parameters:,}", "in the output head"))
    return title, lines


def _count(number: int, noun: str) -> tuple[str, str]:
    return f"{number:,}", plural(number, noun)


def card(easel: Easel, anatomy: Anatomy, title: str) -> None:
    """Write the model card in the room that the anatomy keeps for it."""
    places = anatomy.places
    large = "model_card_large" in places
    place = places["model_card_large" if large else "model_card"]
    (x, y, bottom), top = place.least, place.least[2] + place.height
    heading, lines = card_lines(title, anatomy.config)
    letters, room = _LARGE_HEADING if large else _HEADING
    # The font size is the largest at which the heading and a line for each fact fit.
    size = (top - bottom) / (room + _PITCH * len(lines))
    width = place.greatest[0] - x
    letters = min(letters * size, width / (_LETTER * len(heading)))
    z = top - 0.72 * letters
    made = [easel.text("Card Title", heading, (x, y, z), letters, kind=TITLE)]
    column = x + max(len(number) for number, _ in lines) * 0.6 * size
    z = top - (room + 0.72) * size
    for number, meaning in lines:
        made.append(
            easel.say("Card Number", number, (column, y, z), size, kind=TITLE, align="RIGHT")
        )
        beside = (column + 0.6 * size, y, z)
        if number.startswith("+"):
            made.append(easel.say("Card Line", meaning, beside, size, kind=SECTION))
        else:
            counted = f"{number} {meaning}"
            made.append(easel.noun("Card Line", counted, beside, size, kind=SECTION))
        z -= _PITCH * size
    for obj in made:
        _lean(obj, bottom, place.lean)
        obj[names.LABEL_OF] = targets.CARD


def _lean(obj: bpy.types.Object, foot: float, angle: float) -> None:
    """Lean an upright text back about the height `foot`, in cells."""
    x, y, z = obj.location
    height = z - foot * CELL
    obj.location = (x, y + math.sin(angle) * height, foot * CELL + math.cos(angle) * height)
    obj.rotation_euler[0] -= angle


def say_again(objects: Iterable[bpy.types.Object], language: str) -> None:
    """Have all words of ours that are said in a language say the same in another.

    What a person has written anew stays.
    """
    said = languages.load(language)
    # The words of titles that repeat are no objects of the scene; only the repeats show them.
    sources = [obj for obj in bpy.data.objects if names.SAYS in obj and not obj.users_collection]
    for obj in [*(obj for obj in objects if names.SAYS in obj), *sources]:
        changed = ledger.changed(obj)
        if obj.type != "MESH" or obj.library is not None or {names.TEXT, "data.shape"} & changed:
            continue
        how = said.noun_in if obj.get(names.NOUN) else said.say
        obj[names.TEXT] = how(obj[names.SAYS])
        typesetting.rewrite(obj)
        ledger.note_again(obj, changed)
