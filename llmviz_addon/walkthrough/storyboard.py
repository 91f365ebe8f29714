"""The film as data: channels of keys, captions, markers, shots, actors. Printing it reads well.

A storyboard is what a script becomes for one model, one prompt and one shape of picture. Time is
in seconds. It knows no Blender and leaves no decisions open: each channel becomes one F-curve.
Every property has one owner: two channels for the same one are an error.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np

from . import captioning, targets
from .actors import Actor
from .easing import EASINGS, blend, hermite
from .errors import AuthoringError
from .framing import CameraPose
from .titles import Lettering

FPS = 24


@dataclass(frozen=True, slots=True)
class Key:
    """A value at a time.

    Attributes
    ----------
    time
        Seconds from the start of the film.
    value
        The property's value.
    easing
        The way from here to the next key, one of `easing.EASINGS`.
    slope
        For ``"smooth"``: change per second at this key.
    """

    time: float
    value: float
    easing: str = "linear"
    slope: float = 0.0


def value_of(keys: Sequence[Key], time: float) -> float:
    """The value at a time of a property with these keys, times ascending."""
    if time >= keys[-1].time:
        # While a film is written, this is what is asked for most.
        return keys[-1].value
    place = bisect.bisect_right(keys, time, key=lambda key: key.time)
    if place == 0:
        return keys[0].value
    key = keys[place - 1]
    after = keys[place]
    span = after.time - key.time
    fraction = (time - key.time) / span
    if key.easing == "smooth":
        return hermite(key.value, after.value, key.slope, after.slope, span, fraction)
    return key.value + (after.value - key.value) * blend(key.easing, fraction)


@dataclass(frozen=True, slots=True)
class Channel:
    """One property of one target over time; outside the keys it keeps its first or last value.

    Attributes
    ----------
    target, property
        As `targets` lists them.
    keys
        At least one, times ascending.
    index
        Number of the component, for properties that have several.

    Raises
    ------
    AuthoringError
        If the property has no row in `properties`, the keys are not in order, or one has an unknown
        easing.
    """

    target: str
    property: str
    keys: tuple[Key, ...]
    index: int = 0

    def __post_init__(self) -> None:
        if self.property not in targets.DEFAULTS:
            raise AuthoringError(f"{self.target} has no property {self.property!r} to move.")
        times = [key.time for key in self.keys]
        if not times or any(b <= a for a, b in itertools.pairwise(times)):
            raise AuthoringError(f"The keys of {self.target}.{self.property} are not in order.")
        for key in self.keys:
            if key.easing not in EASINGS:
                raise AuthoringError(
                    f"{self.target}.{self.property} has a key with the easing {key.easing!r}; "
                    f"there are {', '.join(EASINGS)}."
                )

    def at(self, time: float) -> float:
        """The value at a time."""
        return value_of(self.keys, time)

    def handles(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """For every key its left and right Bezier handle, (seconds, value) each.

        They matter where a key or the one before it is ``"smooth"``: with free handles at these
        places a Bezier curve is the same cubic.
        """
        found = []
        for i, key in enumerate(self.keys):
            before = key.time - self.keys[i - 1].time if i else 1.0
            after = self.keys[i + 1].time - key.time if i + 1 < len(self.keys) else 1.0
            left = (key.time - before / 3, key.value - key.slope * before / 3)
            right = (key.time + after / 3, key.value + key.slope * after / 3)
            found.append((left, right))
        return found


@dataclass(frozen=True, slots=True)
class Caption:
    """Text at the bottom of the picture; `title` is set where a chapter begins."""

    beat: str
    start: float
    end: float
    text: str
    title: str = ""

    def lines(self, aspect: float = 16 / 9) -> list[str]:
        """The text in as few lines as it needs in a picture of this width over its height."""
        return captioning.lines(self.text, aspect)

    def top(self, aspect: float) -> float:
        """The upper end of its room in such a picture, in points; see `captioning`."""
        return captioning.top(len(self.lines(aspect)), bool(self.title))


@dataclass(frozen=True, slots=True)
class Marker:
    """The start and end of a chapter or a beat; `id` is ``chapter`` or ``chapter.beat``."""

    time: float
    name: str
    kind: Literal["chapter", "beat"]
    id: str
    end: float


@dataclass(frozen=True, slots=True)
class Shot:
    """A shot as it was fitted: what it shows, its pose, and the seconds at which the move begins
    and arrives; `points` (N, 3) are the corners of what it shows, in cells.
    """

    beat: str
    start: float
    end: float
    show: tuple[str, ...]
    pose: CameraPose
    points: np.ndarray = field(compare=False, repr=False)


@dataclass(frozen=True)
class Titles:
    """The titles of a shot, for the seconds in which its camera is there."""

    beat: str
    start: float
    end: float
    lettering: Lettering


@dataclass(frozen=True)
class Storyboard:
    """A film for one model; see the classes above for its parts.

    `facts` are those that held for the script, see `wording.FACTS`; `offered` are the ids and
    titles of all chapters that play for this model, chosen or not. A `partial` film has only some
    of the chapters that stills are taken from, or is a person's own.

    Raises
    ------
    AuthoringError
        If a property has two channels.
    """

    title: str
    duration: float
    channels: tuple[Channel, ...]
    captions: tuple[Caption, ...]
    markers: tuple[Marker, ...]
    actors: tuple[Actor, ...]
    shots: tuple[Shot, ...]
    titles: tuple[Titles, ...] = ()
    fps: int = FPS
    facts: frozenset[str] = frozenset()
    offered: tuple[tuple[str, str], ...] = ()
    partial: bool = False
    _by_name: dict[tuple[str, str, int], Channel] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, str, int], Channel] = {}
        for channel in self.channels:
            name = (channel.target, channel.property, channel.index)
            if name in found:
                raise AuthoringError(f"{channel.target}.{channel.property} has two owners.")
            found[name] = channel
        object.__setattr__(self, "_by_name", found)

    def value_at(self, target: str, prop: str, time: float, index: int = 0) -> float:
        """The value of a property at a time; its default where no channel moves it.

        Raises
        ------
        KeyError
            If there is no such property.
        """
        channel = self._by_name.get((target, prop, index))
        return targets.DEFAULTS[prop] if channel is None else channel.at(time)

    def span(self, id: str) -> tuple[float, float]:  # noqa: A002 (the field's name in Marker)
        """The seconds at which a chapter or a beat (``"chapter.beat"``) starts and ends.

        Raises
        ------
        KeyError
            If the film has none of that name.
        """
        marker = self._spans[id]
        return marker.time, marker.end

    @cached_property
    def _spans(self) -> dict[str, Marker]:
        return {marker.id: marker for marker in self.markers}

    @property
    def beats(self) -> tuple[Marker, ...]:
        """The markers of beats."""
        return tuple(marker for marker in self.markers if marker.kind == "beat")

    def __str__(self) -> str:
        keys = sum(len(channel.keys) for channel in self.channels)
        length = f"{_clock(self.duration)} at {self.fps} frames a second"
        lines = [f"{self.title}: {length}, {len(self.channels)} channels, {keys} keys"]
        for marker in self.markers:
            if marker.kind == "chapter":
                lines += ["", f"{_clock(marker.time)}  {marker.name.upper()}"]
            else:
                lines += ["", f"{_clock(marker.time)}  {marker.name}  ({marker.id})"]
                lines += [f"         {line}" for line in self._describe(marker)]
        return "\n".join(lines)

    def _describe(self, beat: Marker) -> Iterable[str]:
        """Lines on a beat: its shot, the properties that move, and its caption."""
        for shot in self.shots:
            if shot.beat == beat.id:
                pose = shot.pose
                yield (
                    f"camera   {', '.join(shot.show)} from {pose.azimuth:+.0f}°, "
                    f"{pose.elevation:+.0f}°, {pose.lens:.0f} mm, in {shot.end - shot.start:.1f} s"
                )
        moved: dict[str, list[str]] = {}
        for channel in self.channels:
            inside = [k for k in channel.keys if beat.time < k.time <= beat.end + 1e-6]
            changed = any(abs(k.value - channel.at(beat.time)) > 1e-6 for k in inside)
            if changed and channel.target != targets.CAMERA and channel.index == 0:
                moved.setdefault(channel.property, []).append(channel.target)
        for prop, names in moved.items():
            more = f" and {len(names) - 4} more" if len(names) > 4 else ""
            yield f"{prop:<12} {', '.join(names[:4])}{more}"
        for caption in self.captions:
            if caption.beat == beat.id:
                yield from (f"“{line}”" for line in caption.lines())
        for titles in self.titles:
            if titles.beat == beat.id and titles.lettering.words:
                yield f"titles   {', '.join(words.text for words in titles.lettering.words)}"


def _clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"
