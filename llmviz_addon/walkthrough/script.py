"""Scripts: chapters of beats as TOML says them, with their text in one language, checked strictly.

A *beat* is a caption, a shot and gestures. Whatever is misspelled, missing or superfluous is an
`AuthoringError` that names chapter, beat and key. Scripts speak of roles, of ``{layer}`` and
``{head}``, so one script plays for every model of a family; the texts stand in a file of their own
for each language, by chapter and beat.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..languages import Language
from .errors import AuthoringError
from .framing import Margins
from .gestures import Gesture

PALETTES = ("standard", "accessible")
STATES = ("empty", "prompt", "computed", "shape", "any")

SHOT_MARGINS = Margins(left=0.035, right=0.035, top=0.06, bottom=0.02)
"""The default of shots; the lower one is above the room of the caption."""

FILM_LENS = 24.0
"""Millimeters: wide enough to look down along a tall model. Captions want one lens for a film."""

LAYERS = ("first", "next", "last")
EACH = ("companion",)


@dataclass(frozen=True)
class ShotSpec:
    """The camera's shot in a beat.

    Attributes
    ----------
    show
        Selectors of everything that has to be in view.
    azimuth, elevation
        Degrees, see `framing`; the camera may stand aside from there to fill the picture, see
        `filling`.
    lens
        Millimeters.
    margins
        Parts of the picture that stay free around it, the lower one above the caption.
    at, move
        Start of the move in seconds from the beat's start, and its length in seconds.
    drift
        Degrees that the camera turns on while it waits for the next shot.
    tall
        The shot for pictures that are higher than wide, where it differs.
    large
        The shot for models with the fact ``"large"``, where it differs.
    tower
        The shot for models in one tower, in pictures that are not higher than wide.
    told
        The shot where the numbers of all cells are at hand, with variants of its own.
    """

    show: tuple[str, ...]
    azimuth: float = 0.0
    elevation: float = 0.0
    lens: float = FILM_LENS
    margins: Margins = SHOT_MARGINS
    at: float = 0.0
    move: float = 1.5
    drift: float = 0.0
    tall: ShotSpec | None = None
    large: ShotSpec | None = None
    tower: ShotSpec | None = None
    told: ShotSpec | None = None

    def suited(self, aspect: float, facts: frozenset[str]) -> ShotSpec:
        """The shot for a picture with this width over its height, and a model of these facts."""
        if self.told is not None and "told" in facts:
            return self.told.suited(aspect, facts)
        if self.tower is not None and "tower" in facts and aspect >= 1:
            return self.tower
        if self.large is not None and "large" in facts:
            return self.large.suited(aspect, frozenset())
        return self.tall if self.tall is not None and aspect < 1 else self


@dataclass(frozen=True)
class CaptionText:
    """A caption for the case that all of `facts` hold."""

    facts: frozenset[str]
    text: str


@dataclass(frozen=True)
class Beat:
    """One beat of a chapter; see `ShotSpec` and `gestures` for what it holds.

    Beats in a row whose `each` is ``"companion"`` play together once for every other model. Where
    `layer` or `head` is None, it is the one that the film follows. `values` are names for captions,
    each with the cell whose number it stands for.
    """

    id: str
    title: str
    captions: tuple[CaptionText, ...]
    duration: float
    facts: frozenset[str]
    each: str
    layer: int | str | None
    head: int | None
    values: tuple[tuple[str, str], ...]
    shot: ShotSpec | None
    gestures: tuple[Gesture, ...]


@dataclass(frozen=True)
class Chapter:
    """Beats under a title.

    Attributes
    ----------
    state
        The model's state when it begins. ``"empty"``: nothing is computed yet; ``"prompt"``: all
        is that the prompt's tokens need, but for what the chapter computes; ``"computed"``:
        everything is; ``"shape"``: there are no numbers, and only then it plays; ``"any"``: it
        plays for models with and without numbers.
    begins
        In state ``"prompt"``, the selector of the block from which on the chapter computes: from
        there on only the positions before the one that it follows are computed. Empty if it
        computes nothing.
    follows
        The position that it follows unless one is chosen, one of `choice.POSITIONS`.
    """

    id: str
    title: str
    state: str
    begins: str
    follows: str
    facts: frozenset[str]
    beats: tuple[Beat, ...]


@dataclass(frozen=True)
class Script:
    """A walkthrough for one family of models, in one language."""

    title: str
    chapters: tuple[Chapter, ...]
    language: Language
    wanted: tuple[str, ...] = ()
    """Ids of the chapters that play; all where there are none."""
    own: bool = False
    """True for a person's own script, from a file."""

    def only(self, wanted: Sequence[str]) -> Script:
        """The script of which only these chapters play, in its own order; all where none is named.

        Raises
        ------
        AuthoringError
            If it has no such chapter.
        """
        known = [chapter.id for chapter in self.chapters]
        for id_ in wanted:
            if id_ not in known:
                raise AuthoringError(
                    f"The walkthrough has no chapter {id_!r}; there are {', '.join(known)}."
                )
        return replace(self, wanted=tuple(wanted))
