"""The gestures of a script: the options of each verb, and their defaults.

A gesture is a table with exactly one verb, whose value is its subject, and options. All have `at`,
seconds from the beat's start, and `time`, the seconds that they take (else to the end of the beat).
`performance` plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

if TYPE_CHECKING:
    from .run import Run

LEAST_PACE = 0.35
"""Least time of a pass, as a part of the first one's, however many passes there are."""

Heads = Literal["together", "in turn"]
Columns = Literal["prompt", "ids", "last", "position", "token"]
_CHOICES: dict[str, tuple[str, ...]] = {"Heads": get_args(Heads), "Columns": get_args(Columns)}


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """A gesture: its subject, its start in seconds from the beat's, and its length in seconds."""

    verb: ClassVar[str]
    subject: Any
    at: float = 0.0
    time: float | None = None

    def length(self, run: Run | None) -> float:
        """Least seconds that its beat must last."""
        del run
        return self.at + (self.time or 0.0)

    @classmethod
    def from_table(cls, values: Mapping[str, Any]) -> Self:
        """The gesture that a table describes.

        Raises
        ------
        ValueError
            If it has an unknown option, or a value of the wrong type.
        """
        kinds = {field.name: str(field.type) for field in fields(cls)}
        given: dict[str, Any] = {}
        for key, value in values.items():
            # A key that Python reserves has an underscore in the class.
            name = "subject" if key == cls.verb else key + ("_" if key == "pass" else "")
            if name not in kinds or (name == "subject" and key != cls.verb):
                known = ", ".join(sorted(n.rstrip("_") for n in kinds if n != "subject"))
                raise ValueError(f"unknown option {key!r}; known: {known}")
            given[name] = _checked(key, value, kinds[name])
        return cls(**given)


def _checked(key: str, value: object, kind: str) -> object:
    """A value of the annotated type, or a ValueError."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    base = kind.removesuffix(" | None")
    if base == "float" and number:
        assert isinstance(value, int | float)
        if value < 0:
            raise ValueError(f"{key} is {value}; it must not be negative")
        return float(value)
    if base == "int" and number and isinstance(value, int) and value >= 0:
        return value
    if (base == "bool" and isinstance(value, bool)) or (base == "str" and isinstance(value, str)):
        return value
    if base in _CHOICES and value in _CHOICES[base]:
        return value
    if (
        base.startswith("tuple")
        and isinstance(value, list)
        and all(isinstance(v, str) for v in value)
    ):
        return tuple(value)
    wanted = " or ".join(_CHOICES[base]) if base in _CHOICES else base
    raise ValueError(f"{key} is {value!r}; it must be {wanted}")


@dataclass(frozen=True, kw_only=True)
class Process(Gesture):
    """Compute all blocks from the subject `to` another, in order, in one pass of generation."""

    verb = "process"
    subject: str
    to: str | None = None
    pass_: int = 0
    until: str | None = None
    """The last position that is computed; all of the pass's unless given."""
    heads: Heads = "together"
    glow: float = 0.35
    """Highlight of a block while it is computed, 0 to 1."""
    weights: float = 0.0
    """Highlight of the weights that it uses, for the same time."""


@dataclass(frozen=True, kw_only=True)
class Appear(Gesture):
    """Let the subjects come to an opacity."""

    verb = "appear"
    subject: tuple[str, ...]
    to: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Fade(Appear):
    """Let the subjects go."""

    verb = "fade"
    to: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Highlight(Gesture):
    """Light the subjects up for a time."""

    verb = "highlight"
    subject: tuple[str, ...]
    to: float = 0.4
    release: float = 0.6


@dataclass(frozen=True, kw_only=True)
class Focus(Gesture):
    """Let one column of the subjects shine, if they are lit.

    ``"prompt"`` passes over the prompt's columns, ``"ids"`` goes to the column of each token's
    index in turn, ``"last"`` stays at the prompt's last column, ``"position"`` at the one that the
    chapter follows, and ``"token"`` at the column of its token's index.
    """

    verb = "focus"
    subject: tuple[str, ...]
    columns: Columns = "prompt"


@dataclass(frozen=True, kw_only=True)
class Flash(Gesture):
    """Light up the prompt's tiles of a strip in turn; with `reveal` each one comes with it."""

    verb = "flash"
    subject: str
    to: float = 0.8
    reveal: bool = False


@dataclass(frozen=True, kw_only=True)
class Fly(Gesture):
    """Carry the token that a pass predicted from the output to its place at the input.

    With `follow` it keeps to the camera's last move, so that it stays in the picture.
    """

    verb = "fly"
    subject: int
    follow: bool = False


@dataclass(frozen=True, kw_only=True)
class Generate(Gesture):
    """Passes of generation from the subject `to` another, each with its flight, ever faster."""

    verb = "generate"
    subject: int
    to: int | None = None
    sweep: float = 3.0
    carry: float = 1.4
    faster: float = 1.0
    most: float = 30.0
    """Most seconds that all passes take together."""

    def passes(self, run: Run) -> range:
        """The numbers of the passes; pass *p* is the one with *p* appended tokens."""
        last = run.n_appended if self.to is None else min(self.to, run.n_appended)
        return range(self.subject, last + 1)

    def times(self, run: Run) -> list[tuple[float, float]]:
        """Seconds of sweep and of flight for each pass; the last pass has nothing to carry."""
        times = []
        for step, p in enumerate(self.passes(run)):
            pace = max(LEAST_PACE, self.faster**step)
            times.append((self.sweep * pace, self.carry * pace if p < run.n_appended else 0.0))
        total = sum(map(sum, times))
        squeeze = min(1.0, self.most / total) if total else 1.0
        return [(sweep * squeeze, carry * squeeze) for sweep, carry in times]

    def length(self, run: Run | None) -> float:
        """The time of all passes and a moment to see the last one."""
        if run is None:
            return self.at
        return self.at + sum(map(sum, self.times(run))) + 0.8


VERBS: dict[str, type[Gesture]] = {
    gesture.verb: gesture
    for gesture in (Process, Appear, Fade, Highlight, Focus, Flash, Fly, Generate)
}
