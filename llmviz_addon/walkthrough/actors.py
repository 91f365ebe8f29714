"""Actors: things that exist only for the film, as plain data, one class for each kind.

An actor stands at its `place` until a channel moves it. Those of a gesture hang on a `Group`, whose
scale is 0 outside its time, so that nothing of it is there then. All places and sizes are in cells;
those of actors on a group are as if the group stood at the origin of the anatomy.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..detail import Rect

Point = tuple[float, float, float]

NOWHERE: Point = (0.0, 0.0, 0.0)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A thing that exists only for the film.

    Attributes
    ----------
    name
        Its target, e.g. ``"token:6"``.
    group
        The group that it hangs on; empty for what stands by itself, `HUD` for what hangs before the
        camera.
    place
        Where it stands while nothing moves it.
    """

    name: str
    group: str = ""
    place: Point = NOWHERE


LABELS = 2
"""The first tone of lines in the colors of labels."""

HUD = "hud"
"""The group of what hangs before the camera. Places there are parts of the picture's width, from
its middle: right, up, and away; sizes alike."""


@dataclass(frozen=True, kw_only=True)
class Group(Actor):
    """A parent that shows nothing itself."""


@dataclass(frozen=True, kw_only=True)
class TokenTile(Actor):
    """A tile as the input strip has them.

    Attributes
    ----------
    text, index
        The token as it is written, and its index in the vocabulary.
    size
        Width and height at scale 1.
    """

    text: str
    index: int
    size: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Cells(Actor):
    """Copies of cells of one block, which move as one.

    Attributes
    ----------
    block
        The block, whose kind and color scale they have.
    values
        The number of each.
    offsets
        The middle of each, from the actor's place.
    lone
        True for one cell whose number a channel may change.
    """

    block: str
    values: tuple[float, ...]
    offsets: tuple[Point, ...]
    lone: bool = False


@dataclass(frozen=True, kw_only=True)
class Part(Actor):
    """A part of a block, drawn as the block is, which computes and shines with it.

    It stands at its first cell.
    """

    block: str
    rects: tuple[Rect, ...]


@dataclass(frozen=True, kw_only=True)
class Words(Actor):
    """Words that face the viewer.

    `tone` is the number of a color of labels: titles, sections, dimensions.
    """

    text: str
    size: float
    align: str = "CENTER"
    tone: int = 0


@dataclass(frozen=True, kw_only=True)
class Labels(Actor):
    """Several texts that come and go as one, each with its middle at its offset from the place.

    Many numbers that change together are one such actor for each state, since a counter costs every
    frame of the film.
    """

    texts: tuple[str, ...]
    offsets: tuple[Point, ...]
    size: float
    tone: int = 0


@dataclass(frozen=True, kw_only=True)
class Counter(Actor):
    """A number in digits, which the channel `count` changes; its point stays where it is.

    Attributes
    ----------
    size
        Font size.
    decimals
        Digits after the point.
    value
        What it shows where no channel changes it.
    """

    size: float
    decimals: int
    value: float = 0.0
    tone: int = 0


@dataclass(frozen=True, kw_only=True)
class Bars(Actor):
    """Boxes for the numbers of cells, which go from one state to the next.

    Attributes
    ----------
    block
        The block, whose kind they have.
    values
        For each state the number of each box, which its color shows.
    scales
        For each state the block on whose color scale its numbers are; empty where 1 shines fully.
    boxes
        For each state the least and greatest corner of each box, from the actor's place.
    """

    block: str
    values: tuple[tuple[float, ...], ...]
    scales: tuple[str, ...]
    boxes: tuple[tuple[tuple[Point, Point], ...], ...]


@dataclass(frozen=True, kw_only=True)
class Plate(Actor):
    """A dark plate behind numbers, whose edges fade out.

    Attributes
    ----------
    size
        Width and height.
    soft
        Width of the edge.
    strength
        Opacity of its middle.
    """

    size: tuple[float, float]
    soft: float
    strength: float = 0.94


@dataclass(frozen=True, kw_only=True)
class Lines(Actor):
    """Thin flat lines in the plane that faces the viewer, or ribbons between two places.

    Attributes
    ----------
    paths
        The points of each line, from the actor's place.
    width
        Width of the lines.
    tone
        The number of a color of arrows: weights, activations; or `LABELS` and more, that of labels:
        titles, sections, dimensions.
    """

    paths: tuple[tuple[Point, ...], ...]
    width: float
    tone: int = 1
