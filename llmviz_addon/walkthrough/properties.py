"""The properties that a film moves, one row for each.

A row says everything that there is to know of a property: its name, its value where no channel
moves it, its range, how the channels of blocks that share an object become one, and where it lives
in Blender. Whatever keys, merges, writes or resets a property asks its row, so a property that has
a row cannot be lost on the way, and one that has none cannot be keyed.

| property | what it is |
|---|---|
| `progress` | 0 to 1; a cell shows its value when its order is at most this |
| `highlight` | 0 to 1; how much the target is brightened as a whole |
| `opacity` | 0 to 1; a target at 0 is not there |
| `focus_column` | the column, counted from 0, that shines while its block is highlighted; -1 for none; between two columns the nearer one shines |
| `offset` | in cells, three components: how far a block stands from its place in the layout; everything that is its own goes with it |
| `presence` | 1, or 0 while other things stand in for a block's cells |
| `location` | in anatomy space, in cells, three components |
| `rotation_euler` | XYZ angles in radians, as Blender's |
| `scale` | 1 is the size that it was given; for captions, both size and distance from the camera |
| `breadth` | 1, or 0 while words that face the camera are not there; they are flat, so without breadth there is nothing of them |
| `value` | the number that a cell of the film's own shows, in its color |
| `count` | the number that a counter of the film's own shows, in digits |
| `step` | the state that bars are in, counted from 0, for their color; between two numbers they are on their way |
| `form` | the same for their shape, in the tenths of a state that Blender counts |
| `lens` | millimeters, on a sensor whose longer side is 36 mm |
| `focus_distance` | in cells, from the camera to the plane of focus |
| `clip_start` | in cells; what is nearer to the camera is not seen |
"""  # noqa: E501 (rows of a table)

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Merge = Literal["mean", "largest", "first"]
"""The way in which channels of blocks that share an object become one: their mean over the layers,
the largest, or the first, for what is the same for all of them."""

Owner = Literal["object", "data", "keys", "counter"]
"""The owner of a property in Blender: an object, its data, its data's shape keys, or the modifier
that draws a counter."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property that channels move.

    Attributes
    ----------
    name
        Its name in channels.
    default
        Its value where no channel moves it.
    least, greatest
        Its range.
    merge
        See `Merge`.
    owner
        See `Owner`.
    path
        Its path from its owner, as F-curves have it.
    components
        How many channels it has, told apart by their index.
    axes
        How many F-curves one channel becomes.
    in_cells
        True if it is a length in cells, which Blender has in meters.
    of_block
        True if every block has it as a custom property, which its material reads.
    with_words
        True if the titles and brackets of a block follow it, too.
    at_rest
        True if a model that loses its film gets the default back.
    """

    name: str
    default: float
    least: float = -math.inf
    greatest: float = math.inf
    merge: Merge = "first"
    owner: Owner = "object"
    path: str = ""
    components: int = 1
    axes: int = 1
    in_cells: bool = False
    of_block: bool = False
    with_words: bool = False
    at_rest: bool = False


def _custom(name: str, default: float, least: float, greatest: float, merge: Merge) -> Property:
    """A custom property of a block's object."""
    return Property(
        name,
        default,
        least,
        greatest,
        merge,
        path=f'["{name}"]',
        of_block=True,
        with_words=name == "opacity",
        at_rest=name != "focus_column",
    )


STATES = 8
"""Further states that bars may have after the first."""

FORM = 10.0
"""The steps that Blender counts from one state of bars to the next."""

ROWS = (
    _custom("progress", 1.0, 0.0, 1.0, "mean"),
    _custom("highlight", 0.0, 0.0, 1.0, "largest"),
    _custom("opacity", 1.0, 0.0, 1.0, "first"),
    _custom("focus_column", -1.0, -1.0, math.inf, "first"),
    Property(
        "offset",
        0.0,
        path="delta_location",
        components=3,
        in_cells=True,
        with_words=True,
        at_rest=True,
    ),
    Property("presence", 1.0, 0.0, 1.0, path="delta_scale", axes=3, at_rest=True),
    Property("location", 0.0, path="location", components=3, in_cells=True),
    Property("rotation_euler", 0.0, path="rotation_euler", components=3),
    Property("scale", 1.0, 0.0, path="scale", axes=3),
    Property("breadth", 1.0, 0.0, 1.0, path="scale"),
    Property("value", 0.0, path='["value"]'),
    Property("count", 0.0, owner="counter"),
    Property("step", 0.0, 0.0, float(STATES), path='["step"]'),
    Property("form", 0.0, 0.0, FORM * STATES, owner="keys", path="eval_time"),
    Property("lens", 50.0, 1.0, owner="data", path="lens"),
    Property("focus_distance", 100.0, 0.0, owner="data", path="dof.focus_distance", in_cells=True),
    Property("clip_start", 0.5, 0.0, owner="data", path="clip_start", in_cells=True),
)

PROPERTIES = {row.name: row for row in ROWS}
"""Every row by the property's name."""

OF_BLOCKS = tuple(row for row in ROWS if row.of_block)
"""The rows of the custom properties that every block has."""
