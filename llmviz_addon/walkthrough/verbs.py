"""The gestures of a script: what each verb may say, and its defaults.

A gesture is a table with exactly one verb, whose value is its subject, and options. All have `at`,
seconds from the beat's start, and `time`, how long they take (else to the end of the beat).
`performance` knows how to play them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, get_args

if TYPE_CHECKING:
    from .run import Run

LEAST_PACE = 0.35
"""However many passes there are, they get no faster than to this part of the first one's time."""

Heads = Literal["together", "in turn"]
Columns = Literal["prompt", "ids", "last"]
_CHOICES: dict[str, tuple[str, ...]] = {"Heads": get_args(Heads), "Columns": get_args(Columns)}


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """What all gestures have: when they begin in their beat, and how long they take."""

    verb: ClassVar[str]
    subject: Any
    at: float = 0.0
    time: float | None = None

    def length(self, run: Run | None) -> float:
        """How many seconds of its beat it needs at least."""
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
    heads: Heads = "together"
    glow: float = 0.35
    """How much a block lights up while it is in process."""
    weights: float = 0.0
    """How much the weights light up that a block in process uses."""


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
    index in turn, ``"last"`` stays at the prompt's last column.
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
    """Seconds that all of it takes at most."""

    def passes(self, run: Run) -> range:
        """The passes that there are; pass *p* is the one with *p* appended tokens."""
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
