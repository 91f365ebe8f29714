"""Looks: colors, light and render settings, read from `presets/looks/*.toml`.

A look never builds anything: it sets the values of nodes in the materials, found by name. So
switching looks is quick, and a person's own changes to a material's structure survive it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...anatomy import KINDS
from ...errors import Problem

FOLDER = Path(__file__).parents[3] / "presets" / "looks"

Color = tuple[float, float, float, float]


class LookError(Problem):
    """A look that does not exist, or whose file cannot be used; the message says which and why."""


def linear(hex_color: str) -> Color:
    """Scene-linear RGBA of an sRGB color like "#4f8dff" (IEC 61966-2-1)."""
    digits = hex_color.lstrip("#")
    if len(digits) != 6:
        raise LookError(f"{hex_color!r} is not a color; write it like #4f8dff.")
    srgb = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in srgb)
    return (r, g, b, 1.0)


@dataclass(frozen=True)
class Palette:
    """Scene-linear colors of cells; `positive` and `negative` are in the order of `KINDS`."""

    zero: Color
    hollow: Color
    empty: Color
    positive: tuple[Color, Color, Color]
    negative: tuple[Color, Color, Color]


@dataclass(frozen=True)
class Look:
    """One look; tables that need no conversion are as they stand in the file."""

    id: str
    title: str
    palette: Palette
    accessible: Palette
    cell: dict[str, float]
    slab: dict[str, float]
    gap: Color
    grid: Color
    world: dict[str, Any]
    lights: tuple[dict[str, Any], ...]
    ground: dict[str, Any]
    label: dict[str, Any]
    arrow: dict[str, Any]
    tile: dict[str, Any]
    bloom: dict[str, float]
    pin: dict[str, Any]
    render: dict[str, Any]

    def colors(self, accessible: bool) -> Palette:
        """The palette, or the one that stays legible with a color vision deficiency."""
        return self.accessible if accessible else self.palette


def _palette(table: dict[str, Any]) -> Palette:
    pairs = [table[kind] for kind in KINDS]
    return Palette(
        zero=linear(table["zero"]),
        hollow=linear(table["hollow"]),
        empty=linear(table["empty"]),
        positive=tuple(linear(pair[0]) for pair in pairs),
        negative=tuple(linear(pair[1]) for pair in pairs),
    )


@cache
def load(look_id: str) -> Look:
    """Read the look called `look_id`.

    Raises
    ------
    LookError
        If there is no such look, or its file lacks a table or a color.
    """
    path = FOLDER / f"{look_id}.toml"
    if not path.is_file():
        raise LookError(f"There is no look {look_id!r}; there are: {', '.join(available())}.")
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    try:
        return Look(
            id=table["id"],
            title=table["title"],
            palette=_palette(table["colors"]),
            accessible=_palette(table["colors_accessible"]),
            cell=table["cell"],
            slab={key: v for key, v in table["slab"].items() if not isinstance(v, str)},
            gap=linear(table["slab"]["gap"]),
            grid=linear(table["slab"]["grid"]),
            world=table["world"],
            lights=tuple(table["light"]),
            ground=table["ground"],
            label=table["label"],
            arrow=table["arrow"],
            tile=table["tile"],
            bloom=table.get("bloom", {}),
            pin=table["pin"],
            render=table["render"],
        )
    except KeyError as missing:
        raise LookError(f"{path.name} lacks {missing}.") from missing


@cache
def available() -> tuple[str, ...]:
    """Ids of the looks that there are, dark first."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))
