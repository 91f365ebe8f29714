"""The base of all gestures: options that are checked, a start, a length, a way to play."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self, get_args

from ..errors import AuthoringError, LackingError
from ..stage import Moment, Stage

if TYPE_CHECKING:
    import numpy as np

    from ..run import Run

VERBS: dict[str, type[Gesture]] = {}
"""Every gesture by its verb."""


@dataclass(frozen=True, kw_only=True)
class Gesture:
    """A gesture: its subject, its start in seconds from the beat's, and its length in seconds.

    A class that gives a `verb` is a gesture of scripts. Its fields are the options; a field whose
    name Python reserves has an underscore behind it. A field that is annotated with a name of
    `choices` takes one of the words that are listed there.
    """

    verb: ClassVar[str] = ""
    needs_numbers: ClassVar[bool] = True
    """True if it cannot be played for a model that has only a shape."""
    choices: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    subject: Any
    at: float = 0.0
    time: float | None = None
    if_: Texts = ()
    """Facts that must hold for it to be played, see `wording.FACTS`."""

    def __init_subclass__(cls) -> None:
        if "verb" in cls.__dict__:
            VERBS[cls.verb] = cls

    def natural(self, run: Run | None) -> float:
        """Seconds that it takes where its script does not say, and needs at least in its beat."""
        del run
        return 0.0

    def length(self, run: Run | None) -> float:
        """Least seconds that its beat must last."""
        return self.at + (self.natural(run) if self.time is None else self.time)

    def after(self, seconds: float) -> Self:
        """The gesture in a beat whose camera arrives after so many seconds."""
        del seconds
        return self

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """Corners, (N, 3) in cells, of what it brings onto the stage, by the name that shots use.

        It is asked before the camera moves, and before anything is played.
        """
        del stage, moment
        return {}

    def play(self, stage: Stage, moment: Moment) -> None:
        """Write its keys; `moment` is its own time.

        Raises
        ------
        AuthoringError
            If it names nothing that exists, or moves what another gesture is moving.
        """
        raise NotImplementedError

    def perform(self, stage: Stage, beat: Moment) -> None:
        """Play in a beat.

        Raises
        ------
        AuthoringError
            If it is longer than its beat, needs numbers of a model that has none, or cannot be
            played; names chapter and beat.
        """
        if self.needs_numbers and stage.given is None:
            raise AuthoringError(f"{beat.id}: {self.verb} needs numbers, and this model has none.")
        moment = self.moment(stage, beat)
        start, end = moment.start, moment.end
        if start >= end or end > beat.end + 1e-6:
            raise AuthoringError(
                f"{beat.id}: {self.verb} takes from {self.at:g} s to {end - beat.start:g} s of a "
                f"beat of {beat.end - beat.start:g} s."
            )
        # Numbers may be missing, where a file is opened without its checkpoint. What needs them is
        # left out then, and the film goes on.
        with suppress(LackingError):
            self.play(stage, moment)

    def moment(self, stage: Stage, beat: Moment) -> Moment:
        """Its own time in a beat: as long as it says, else naturally, else to the beat's end."""
        start = beat.start + self.at
        length = self.natural(stage.given) if self.time is None else self.time
        return replace(beat, start=start, end=start + length if length else beat.end)

    def __str__(self) -> str:
        said = [f"{self.verb} {_said(self.subject)}"]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "subject" and value != field.default:
                said.append(f"{field.name.rstrip('_')} {_said(value)}")
        return ", ".join(said)

    @classmethod
    def options(cls) -> frozenset[str]:
        """The names of its options in scripts."""
        names = (field.name.rstrip("_") for field in fields(cls))
        return frozenset(name for name in names if name != "subject")

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
            name = "subject" if key == cls.verb else key
            name = f"{key}_" if f"{key}_" in kinds else name
            if name not in kinds or (name == "subject" and key != cls.verb):
                known = ", ".join(sorted(cls.options()))
                raise ValueError(f"unknown option {key!r}; known: {known}")
            given[name] = cls._checked(key, value, kinds[name])
        return cls(**given)

    @classmethod
    def _checked(cls, key: str, value: object, kind: str) -> object:
        """A value of the annotated type, or a ValueError."""
        base = kind.removesuffix(" | None")
        if base in cls.choices:
            if value in cls.choices[base]:
                return value
            raise ValueError(f"{key} is {value!r}; it must be {' or '.join(cls.choices[base])}")
        if base not in _READ:
            raise TypeError(f"{cls.verb}: there is no way to read {kind}")
        found = _READ[base](value)
        if found is None:
            raise ValueError(f"{key} is {value!r}; it must be {_WANTED[base]}")
        if base == "float" and isinstance(found, float) and found < 0:
            raise ValueError(f"{key} is {value}; it must not be negative")
        return found


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _read_float(value: object) -> object:
    return float(value) if _is_number(value) else None  # type: ignore[arg-type]


def _read_int(value: object) -> object:
    return value if isinstance(value, int) and _is_number(value) and value >= 0 else None


def _read_index(value: object) -> object:
    """A number of a column, a row or a range of them, as text with braces."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int) and _is_number(value) else None


def _read_texts(value: object) -> object:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return None


def _read_words(value: object) -> object:
    """One text or several."""
    return (value,) if isinstance(value, str) else _read_texts(value)


def _read_vector(value: object) -> object:
    if isinstance(value, list) and len(value) == 3 and all(map(_is_number, value)):
        return tuple(float(item) for item in value)
    return None


_READ = {
    "float": _read_float,
    "int": _read_int,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "str": lambda value: value if isinstance(value, str) else None,
    "Index": _read_index,
    "Texts": _read_texts,
    "Words": _read_words,
    "Vector": _read_vector,
}
_WANTED = {
    "float": "a number",
    "int": "a whole number, 0 or more",
    "bool": "true or false",
    "str": "a text",
    "Index": "a number or a text such as '0:6'",
    "Texts": "a list of texts",
    "Words": "a text or a list of texts",
    "Vector": "a list of three numbers",
}

Index = str
Texts = tuple[str, ...]
Words = tuple[str, ...]
Vector = tuple[float, float, float]


def words_of(literal: Any) -> tuple[str, ...]:
    """The words of a `Literal`, for `Gesture.choices`."""
    return get_args(literal)
