"""Tracks, on which channels are written: one for each property, with one owner at a time.

Gestures ask for ramps and pulses; the board keeps the keys and raises when two gestures want the
same property at the same time. The end of a pulse is a *tail*: it fades out, but ends early where
the next gesture takes the property.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from . import targets
from .errors import AuthoringError
from .storyboard import Channel, Key, value_of

INSTANT = 1e-6
"""Times nearer than this, in seconds, are the same."""

Name = tuple[str, str, int]


@dataclass
class Track:
    """The keys of one property so far.

    Attributes
    ----------
    keys
        The keys, times ascending.
    owner
        The beat that asked last.
    free_from
        Seconds from which on another gesture may take over.
    """

    name: Name
    keys: list[Key] = field(default_factory=list)
    owner: str = ""
    free_from: float = 0.0

    @property
    def channel(self) -> Channel:
        target, prop, index = self.name
        return Channel(target, prop, tuple(self.keys), index)

    def value(self, time: float) -> float:
        return value_of(self.keys, time) if self.keys else targets.DEFAULTS[self.name[1]]

    def take(self, time: float, owner: str) -> None:
        """Become the owner from `time` on; a tail that is still fading ends there."""
        if time < self.free_from - INSTANT:
            target, prop, _ = self.name
            raise AuthoringError(
                f"{owner}: {target}.{prop} is wanted from {time:.2f} s on, but {self.owner} "
                f"moves it until {self.free_from:.2f} s. One property has one owner at a time."
            )
        value = self.value(time)
        while self.keys and self.keys[-1].time > time - INSTANT:
            self.keys.pop()
        if self.keys and self.keys[-1].value == value:
            self.keys[-1] = replace(self.keys[-1], easing="constant")
        self.keys.append(Key(time, value, "constant"))
        self.owner = owner

    def add(self, time: float, value: float, easing: str) -> None:
        """Go from the last key to a value at a time."""
        self.keys[-1] = replace(self.keys[-1], easing=easing)
        if time <= self.keys[-1].time + INSTANT:
            self.keys.pop()
        self.keys.append(Key(time, value, "constant"))


class Board:
    """All tracks of a film while it is written."""

    def __init__(self) -> None:
        self._tracks: dict[Name, Track] = {}

    def _track(self, target: str, prop: str, index: int = 0) -> Track:
        name = (target, prop, index)
        if name not in self._tracks:
            self._tracks[name] = Track(name)
        return self._tracks[name]

    def has(self, target: str, prop: str) -> bool:
        """True if a property has keys."""
        return (target, prop, 0) in self._tracks

    def moved(self, prop: str) -> list[str]:
        """The targets of which a property has keys."""
        return [target for target, moved, index in self._tracks if moved == prop and not index]

    def value(self, target: str, prop: str, time: float, index: int = 0) -> float:
        """The value of a property at a time, by the keys so far."""
        track = self._tracks.get((target, prop, index))
        return targets.DEFAULTS[prop] if track is None else track.value(time)

    def set(
        self, target: str, prop: str, time: float, value: float, owner: str, index: int = 0
    ) -> None:
        """Jump to a value."""
        track = self._track(target, prop, index)
        if not track.keys and time > 0:
            track.keys.append(Key(0.0, track.value(0.0), "constant"))
        track.take(time, owner)
        track.keys[-1] = Key(time, value, "constant")
        track.free_from = time

    def ramp(
        self,
        target: str,
        prop: str,
        start: float,
        end: float,
        value: float,
        owner: str,
        easing: str = "ease",
        index: int = 0,
    ) -> None:
        """Go from where the property is at `start` to a value at `end`."""
        track = self._track(target, prop, index)
        track.take(start, owner)
        track.add(end, value, easing)
        track.free_from = end

    def pulse(
        self,
        target: str,
        prop: str,
        start: float,
        end: float,
        peak: float,
        owner: str,
        attack: float = 0.25,
        release: float = 0.6,
    ) -> None:
        """Rise to a peak, stay until `end`, and fall back to 0 after it, unless taken over."""
        track = self._track(target, prop)
        track.take(start, owner)
        risen = start + min(attack, (end - start) / 2)
        track.add(risen, peak, "ease")
        if end > risen + INSTANT:
            track.add(end, peak, "constant")
        track.free_from = end
        track.add(end + release, 0.0, "ease")

    def smooth(
        self,
        target: str,
        prop: str,
        times: list[float],
        at: Callable[[float], float],
        owner: str,
        index: int = 0,
    ) -> None:
        """Follow a smooth function of time through a few keys that carry its slope."""
        track = self._track(target, prop, index)
        track.take(times[0], owner)
        track.keys.pop()
        step = 1e-3 * (times[-1] - times[0])
        for time in times:
            low, high = max(times[0], time - step), min(times[-1], time + step)
            slope = (at(high) - at(low)) / (high - low)
            # The difference quotient is one-sided at both ends, and all functions that are followed
            # here rest there.
            slope = 0.0 if time in (times[0], times[-1]) else slope
            track.keys.append(Key(time, at(time), "smooth", slope))
        track.keys[-1] = replace(track.keys[-1], easing="constant")
        track.free_from = times[-1]

    def channels(self) -> tuple[Channel, ...]:
        """The channels of all properties that have keys."""
        return tuple(track.channel for track in self._tracks.values() if track.keys)
