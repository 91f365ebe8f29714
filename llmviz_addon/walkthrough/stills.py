"""Composed stills: moments of the film, each with a camera of its own.

They are presets like the script (`presets/walkthroughs/gpt2.stills.toml`), and are framed in the
same way, so one still fits every model of the family and every shape of picture.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .companions import Companion, in_order
from .errors import AuthoringError
from .filling import filling
from .framing import CameraPose, Margins, fit
from .loading import read_preset
from .nearby import Nearby, at_height
from .picture import Picture
from .run import Run
from .selection import Selection, common_names, fill
from .storyboard import Storyboard
from .tables import Table
from .wording import is_large

if TYPE_CHECKING:
    from ..anatomy import Anatomy

ORDINARY = frozenset({"numbers"})
"""The facts about a model with numbers that stands alone."""

STILL_MARGINS = Margins(0.04, 0.04, 0.05, 0.04)


@dataclass(frozen=True)
class Still:
    """A picture of the film, framed by itself.

    Attributes
    ----------
    id, title
        Its name in files and in the interface.
    beat
        The beat that it is taken in, ``"chapter.beat"``.
    at
        Moment within that beat, as a fraction from 0 to 1.
    show
        Selectors of everything that has to be in the picture.
    azimuth, elevation, lens, margins
        As in a shot.
    f_stop
        The aperture, for a scene in which a cell is two centimeters; 0 for no depth of field.
    focus
        Selector of the subject that is in focus; the middle of what is shown, unless given.
    closer
        A factor on the distance of the exact fit: below 1 the camera goes nearer, and the subject
        overflows the picture.
    captions
        True if the caption of the moment is in the picture.
    pin
        Cells that are pinned in the picture, written ``"layer0.mlp[4, 7]"``; the nearest that there
        are.
    heading
        True if the model's title and size are written where there is room.
    line
        A sentence that is written under the still's own title where there is room, in pictures that
        are wider than high; empty for none.
    alone
        Selectors of the only blocks that are in the picture; all are where there are none.
    tall
        The still for pictures that are square or higher than wide, where it differs.
    large
        The still for models with the fact ``"large"``, where it differs.
    tower
        The still for models in one tower, in pictures that are wider than high.
    eye
        The height of the camera above the ground, in cells, where it is given rather than the
        elevation; 0 where it is not.
    near
        Room for the film's own model, which is drawn a second time near the camera; see `Nearby`.
    facts
        Facts that must hold for it to be offered.
    """

    id: str
    title: str
    beat: str
    at: float
    show: tuple[str, ...]
    azimuth: float
    elevation: float
    lens: float
    margins: Margins
    f_stop: float
    focus: str
    closer: float
    captions: bool
    pin: tuple[str, ...]
    heading: bool
    line: str
    alone: tuple[str, ...]
    tall: Still | None
    large: Still | None
    tower: Still | None
    eye: float
    near: Nearby | None
    facts: frozenset[str]

    def suited(self, anatomy: Anatomy, aspect: float) -> Still:
        """The still for a model and a picture with this width over its height."""
        if self.tower is not None and anatomy.layout.tower and aspect > 1:
            return self.tower
        still = self.large if self.large is not None and is_large(anatomy) else self
        return still.tall if still.tall is not None and aspect <= 1 else still


def stills(facts: frozenset[str] = ORDINARY, name: str = "gpt2") -> tuple[Still, ...]:
    """The stills of a family that a film of these facts offers.

    Parameters
    ----------
    facts
        As `Storyboard.facts` has them; those of a model with numbers that stands alone, unless
        given.
    name
        The family.

    Raises
    ------
    AuthoringError
        If there are none, or something in them is wrong.
    """
    found = parse_stills(read_preset(f"{name}.stills.toml"))
    return tuple(still for still in found if still.facts <= facts)


def parse_stills(values: dict[str, Any]) -> tuple[Still, ...]:
    """Stills from the table in their file.

    Raises
    ------
    AuthoringError
        If something is wrong; says where.
    """
    table = Table(values, "the stills")
    found = tuple(_still(still) for still in table.tables("still"))
    table.done()
    return found


def _still(table: Table) -> Still:
    id_ = table.text("id")
    table.where = f"still {id_!r}"
    tall = _still(table.variant("tall", "large", "tower")) if "tall" in table.values else None
    large = _still(table.variant("large", "tower")) if "large" in table.values else None
    tower = _still(table.variant("tower", "tall", "large")) if "tower" in table.values else None
    show = tuple(table.strings("show"))
    if not show:
        raise AuthoringError(f"{table.where}: show is empty; name what is to be in the picture.")
    still = Still(
        id=id_,
        title=table.text("title"),
        beat=table.text("beat"),
        at=_moment(table),
        show=show,
        azimuth=table.number("azimuth", 0.0, least=-360),
        elevation=table.number("elevation", 0.0, least=-90),
        lens=table.number("lens", 50.0, least=5),
        margins=table.margins("margins", STILL_MARGINS),
        f_stop=table.number("f_stop", 0.0),
        focus=table.text("focus") if "focus" in table.values else "",
        closer=table.number("closer", 1.0, least=0.05),
        captions=table.flag("captions"),
        pin=tuple(table.strings("pin")) if "pin" in table.values else (),
        heading=table.flag("heading"),
        line=table.text("line") if "line" in table.values else "",
        alone=tuple(table.strings("alone")) if "alone" in table.values else (),
        tall=tall,
        large=large,
        tower=tower,
        eye=table.number("eye", 0.0),
        near=_nearby(table.table("near")) if "near" in table.values else None,
        facts=table.facts("if"),
    )
    table.done()
    return still


def _nearby(table: Table) -> Nearby:
    sides = [table.number(side, 0.0) for side in ("left", "right", "bottom", "top")]
    table.done()
    left, right, bottom, top = sides
    if not (left < right <= 1 and bottom <= top <= 1):
        raise AuthoringError(f"{table.where}: near has no room; right is beyond left, up to 1.")
    return Nearby(*sides)


def _moment(table: Table) -> float:
    """``"start"``, ``"end"`` or a fraction of the beat."""
    given = table.values.get("at", "end")
    if given in ("start", "end"):
        table.used.add("at")
        return float(given == "end")
    at = table.number("at", 1.0)
    if at > 1:
        raise AuthoringError(f"{table.where}: at is {at:g}; it is a fraction of the beat, up to 1.")
    return at


def still_time(still: Still, storyboard: Storyboard) -> float:
    """The moment of a still, in seconds of the film; of a partial film without its beat, the last.

    Raises
    ------
    AuthoringError
        If the film has no such beat.
    """
    try:
        start, end = storyboard.span(still.beat)
    except KeyError:
        if storyboard.partial:
            return storyboard.duration - 1 / storyboard.fps
        known = ", ".join(marker.id for marker in storyboard.beats)
        raise AuthoringError(
            f"still {still.id!r}: this film has no beat {still.beat!r}; there are {known}."
        ) from None
    # One frame before the end at the latest: from then on the next beat moves things.
    last = max(start, end - 1 / storyboard.fps)
    return min(start + still.at * (end - start), last)


def filled(selectors: Sequence[str], anatomy: Anatomy, run: Run | None) -> list[str]:
    """Selectors of a still with their braces filled in."""
    names = common_names(anatomy, run)
    return [fill(selector, names) for selector in selectors]


_CELL = re.compile(r"([\w.]+)\[(\d+), (\d+)\]")


def still_cells(
    still: Still, anatomy: Anatomy, run: Run | None, aspect: float = 16 / 9
) -> list[tuple[str, int, int]]:
    """The cells that are pinned in a still: names of blocks, columns and rows.

    Raises
    ------
    AuthoringError
        If they are not written as cells, or the model has no such block.
    """
    names, found = common_names(anatomy, run), []
    for written in still.suited(anatomy, aspect).pin:
        match = _CELL.fullmatch(fill(written, names))
        block = anatomy.blocks.get(match[1]) if match else None
        if match is None or block is None:
            raise AuthoringError(f"still {still.id!r}: {written!r} is no cell of this model.")
        columns, rows = block.extent(anatomy.n_tokens if run is None else run.n_tokens)
        found.append((block.name, min(int(match[2]), columns - 1), min(int(match[3]), rows - 1)))
    return found


def still_pose(
    still: Still,
    anatomy: Anatomy,
    run: Run | None,
    aspect: float = 16 / 9,
    companions: Sequence[Companion] = (),
) -> CameraPose:
    """The camera of a still; its `distance` is that of the plane of focus.

    Parameters
    ----------
    run
        None for a model without numbers.
    companions
        Other models in the scene.

    Raises
    ------
    AuthoringError
        If the still shows something that this model does not have.
    """
    still = still.suited(anatomy, aspect)
    selection = Selection.of(anatomy, run, in_order(companions))
    try:
        points = selection.points(filled(still.show, anatomy, run))
        focus = None
        if still.focus:
            focus = selection.center(*filled([still.focus], anatomy, run))
    except AuthoringError as error:
        raise AuthoringError(f"still {still.id!r}: {error}") from error
    if still.eye:
        way = partial(fit, points, still.azimuth)
        fitted = partial(way, lens=still.lens, aspect=aspect, margins=still.margins)
        pose = at_height(still.eye, fitted)
    else:
        pose = filling(
            points,
            still.azimuth,
            still.elevation,
            lens=still.lens,
            aspect=aspect,
            margins=still.margins,
        )
    if still.closer != 1:
        pose = CameraPose.looking_at(
            pose.aim, pose.azimuth, pose.elevation, still.closer * pose.distance, pose.lens
        )
    if focus is not None:
        depth = float((np.array(pose.location) - focus) @ pose.rotation[:, 2])
        pose = replace(pose, distance=depth)
    if still.near is not None:
        # What is near the camera is in focus, and the picture begins before it.
        box = np.array(anatomy.bounds(), float)
        middle = box.mean(axis=0) + still.near.shift(Picture(pose, aspect), box)
        depth = float((np.array(pose.location) - middle) @ pose.rotation[:, 2])
        pose = replace(pose, distance=depth)
    return pose
