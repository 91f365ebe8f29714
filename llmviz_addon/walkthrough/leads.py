"""Large models: gestures act on the lead blocks of bundles, and a bundle plays what its leads do.

In a large model blocks of one role share an object (see `detail.bundles`), so the film keys one
channel for a bundle. It is written for the bundle's leads, one block for each layer, and merged in
the end:

- ``"mean"``, of `progress`: the mean over the layers. The order of a bundle's cells counts pass by
  pass and, within a pass, layer by layer, and a film computes them so; thus the mean is exactly the
  part of the bundle's cells that is computed.
- ``"largest"``, of `highlight`: the bundle is lit while any of its layers is.
- ``"first"``: what is the same for all of a bundle's leads is taken from the first.

Which of these it is stands in the property's row (`properties.ROWS`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from ..progress import Steps
from . import targets
from .properties import PROPERTIES, Property
from .storyboard import Channel, Key
from .tracks import INSTANT

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block
    from ..detail import Bundle

Floats = NDArray[np.float64]

JUMP = 1e-4
"""Seconds before a jump at which its old value is keyed."""

NOTICED, EXACT = 0.02, 1e-9
"""The most by which merged keys may be off: for the largest, too little to be seen; for the mean,
nothing but rounding."""

BENDS = 0.05
"""Seconds over which an eased curve looks straight."""

AHEAD = 1 + 2.0**-22
"""A factor on the mean. Orders and progress are float32, so that a mean could be rounded to just
below the order of a cell that is complete, and the cell would not be seen."""


@dataclass(frozen=True)
class Leads:
    """The blocks that gestures act on; merges their channels into those of bundles.

    Attributes
    ----------
    anatomy
        The network.
    bundles
        Blocks that share an object; None where every block has its own.
    """

    anatomy: Anatomy
    bundles: tuple[Bundle, ...] | None = None

    @cached_property
    def blocks(self) -> dict[str, Block]:
        """The leads by name, in the order of computation."""
        if self.bundles is None:
            return self.anatomy.blocks
        chosen = {block.name for bundle in self.bundles for block in bundle.leads}
        return {name: block for name, block in self.anatomy.blocks.items() if name in chosen}

    @cached_property
    def _lead_of(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for bundle in self.bundles or ():
            leads = bundle.leads
            for step, block in zip(bundle.steps.tolist(), bundle.blocks, strict=True):
                found[block.name] = leads[step].name
        return found

    def of(self, names: Iterable[str]) -> list[str]:
        """The leads of these blocks, each once; where no object is shared, the blocks."""
        if self.bundles is None:
            return list(names)
        return list(dict.fromkeys(self._lead_of[name] for name in names))

    @cached_property
    def _led(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name, lead in self._lead_of.items():
            found.setdefault(lead, []).append(name)
        return found

    def led_by(self, target: str) -> list[str]:
        """The blocks for which a lead acts; for any other target, itself."""
        return self._led.get(target, [target])

    def used_by(self, name: str) -> list[str]:
        """The leads of the weights that a block's cells are computed from."""
        if name not in self._used:
            formula = self.anatomy.blocks[name].formula
            operands = () if formula is None else formula.operands
            used = dict.fromkeys(operand.block for operand in operands)
            weights = (block for block in used if self.anatomy.blocks[block].kind == "weight")
            self._used[name] = self.of(weights)
        return self._used[name]

    @cached_property
    def _used(self) -> dict[str, list[str]]:
        return {}

    def is_own(self, name: str) -> bool:
        """True if a block has an object of its own, so that it can be moved by itself."""
        return self.bundles is None or name in self._own

    @cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(bundle.first.name for bundle in self.bundles or () if bundle.single)

    def merge(self, channels: Iterable[Channel]) -> Steps[tuple[Channel, ...]]:
        """Make one channel, named like the bundle, of those of its leads; a step is a bundle.

        Returns all channels, those of blocks with objects of their own as they were.
        """
        shared = [bundle for bundle in self.bundles or () if not bundle.single]
        if not shared:
            return tuple(channels)
        acting = {lead.name for bundle in shared for lead in bundle.leads}
        kept: list[Channel] = []
        played: dict[str, dict[tuple[str, int], Channel]] = {name: {} for name in acting}
        for channel in channels:
            if channel.target in acting:
                played[channel.target][channel.property, channel.index] = channel
            else:
                kept.append(channel)
        for number, bundle in enumerate(shared):
            yield number / len(shared), f"Composing {bundle.title}"
            own = [played[lead.name] for lead in bundle.leads]
            for prop, index in dict.fromkeys(moved for lead in own for moved in lead):
                found = [lead.get((prop, index)) for lead in own]
                keys = _merged(PROPERTIES[prop], found)
                kept.append(Channel(bundle.name, prop, keys, index))
        return tuple(kept)


def _merged(row: Property, found: Sequence[Channel | None]) -> tuple[Key, ...]:
    """The keys of a bundle whose leads have these channels; None for a lead that is not moved."""
    there = [channel for channel in found if channel is not None]
    first = there[0].keys
    alike = all(channel is not None and channel.keys == first for channel in found)
    # Where the default is the least there is, a single lead's channel is the largest.
    unrivaled = row.merge == "largest" and row.default == row.least and len(there) == 1
    if alike or unrivaled or row.merge == "first":
        return first
    default = Key(0.0, row.default)
    curves = [_Curve.of((default,) if channel is None else channel.keys) for channel in found]
    if row.merge == "largest":
        return _keys(curves, lambda values: values.max(axis=0), NOTICED)
    return _keys(curves, lambda values: np.minimum(values.mean(axis=0) * AHEAD, 1.0), EXACT)


def within_sections(channels: Iterable[Channel], anatomy: Anatomy) -> tuple[Channel, ...]:
    """Channels where those of arrows come first, and fade with their section, too.

    An object of arrows has one opacity, and the first channel that moves it is the one that does.
    """
    rest: list[Channel] = []
    arrows: list[Channel] = []
    sections: dict[str, Channel] = {}
    for channel in channels:
        (arrows if channel.target.startswith(targets.ARROWS) else rest).append(channel)
        if channel.target.startswith(targets.SECTION):
            sections[channel.target] = channel
    found = []
    for channel in arrows:
        block = anatomy.blocks[channel.target.removeprefix(targets.ARROWS)]
        section = sections.get(targets.section(block.section.partition(".")[0]))
        curves = [_Curve.of(each.keys) for each in (channel, section) if each is not None]
        keys = _keys(curves, lambda values: values.prod(axis=0), NOTICED)
        found.append(Channel(channel.target, channel.property, keys))
    return (*found, *rest)


@dataclass(frozen=True)
class _Curve:
    """Keys as arrays, to be read at many times at once."""

    times: Floats
    values: Floats
    linear: NDArray[np.bool_]
    eased: NDArray[np.bool_]

    @classmethod
    def of(cls, keys: Sequence[Key]) -> _Curve:
        table = [
            (key.time, key.value, key.easing == "linear", key.easing == "ease") for key in keys
        ]
        times, values, linear, eased = np.array(table, float).T
        return cls(times, values, linear > 0, eased > 0)

    def moves_after(self, times: Floats) -> NDArray[np.bool_]:
        """True where the value changes between a time and the next key."""
        place = np.searchsorted(self.times, times, side="right") - 1
        here, after = np.maximum(place, 0), np.minimum(place + 1, len(self.times) - 1)
        moving = (self.linear | self.eased)[here]
        found: NDArray[np.bool_] = moving & (self.values[here] != self.values[after])
        return found

    def at(self, times: Floats, side: Literal["left", "right"] = "right") -> Floats:
        """The values at these times, or just before them."""
        place = np.searchsorted(self.times, times, side=side) - 1
        here, after = np.maximum(place, 0), np.minimum(place + 1, len(self.times) - 1)
        span = np.maximum(self.times[after] - self.times[here], 1e-12)
        fraction = np.clip((times - self.times[here]) / span, 0.0, 1.0)
        eased = 0.5 - 0.5 * np.cos(np.pi * fraction)
        blended = np.where(self.linear[here], fraction, np.where(self.eased[here], eased, 0.0))
        values: Floats = self.values[here] + blended * (self.values[after] - self.values[here])
        return values


def _keys(
    curves: Sequence[_Curve], combine: Callable[[Floats], Floats], tolerance: float
) -> tuple[Key, ...]:
    """Keys, as few as will do, of the curve that `combine` makes of curves."""
    times = np.unique(np.concatenate([curve.times for curve in curves]))
    # The end of one interval and the start of the next are the same moment, but rounding can make
    # them differ.
    times = times[np.diff(times, prepend=-np.inf) > INSTANT]
    keyed = np.arange(len(times))
    if any(curve.eased.any() for curve in curves):
        moving = np.any([curve.moves_after(times[:-1]) for curve in curves], axis=0)
        times, keyed = _finer(times, moving)
    values = combine(np.array([curve.at(times) for curve in curves]))
    # Only keys can jump.
    before = values.copy()
    before[keyed] = combine(np.array([curve.at(times[keyed], "left") for curve in curves]))
    jumps = np.flatnonzero(abs(values - before) > tolerance)
    jumps = jumps[jumps > 0]
    early = times[jumps] - JUMP
    times = np.insert(times, jumps, early)
    values = np.insert(values, jumps, before[jumps])
    keep = _needed(times, values, tolerance)
    times, values = times[keep], values[keep]
    steady = np.append((np.diff(values) == 0) | (np.diff(times) < 1.5 * JUMP), True)
    return tuple(
        Key(time, value, "constant" if still else "linear")
        for time, value, still in zip(times.tolist(), values.tolist(), steady.tolist(), strict=True)
    )


def _finer(times: Floats, moving: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.intp]]:
    """Moments, with further ones between those after which anything moves, so that lines follow an
    eased curve; and the places at which the given ones are among them.
    """
    spans = np.diff(times)
    counts = np.where(moving, np.ceil(spans / BENDS), 1).astype(int)
    ends = np.cumsum(counts)
    within = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
    finer = np.repeat(times[:-1], counts) + within * np.repeat(spans / counts, counts)
    return np.append(finer, times[-1]), np.append(0, ends)


def _needed(times: Floats, values: Floats, tolerance: float) -> NDArray[np.intp]:
    """Indices of a polyline's points that keep it within `tolerance` of all its points.

    Notes
    -----
    Ramer (1972), Douglas and Peucker (1973), with distances taken along the value's axis.
    """
    needed = np.zeros(len(times), bool)
    needed[[0, -1]] = True
    spans = [(0, len(times) - 1)]
    while spans:
        low, high = spans.pop()
        if high - low < 2:
            continue
        inside = slice(low + 1, high)
        slope = (values[high] - values[low]) / (times[high] - times[low])
        off = abs(values[inside] - values[low] - slope * (times[inside] - times[low]))
        worst = int(np.argmax(off))
        if off[worst] > tolerance:
            middle = low + 1 + worst
            needed[middle] = True
            spans += [(low, middle), (middle, high)]
    return np.flatnonzero(needed)
