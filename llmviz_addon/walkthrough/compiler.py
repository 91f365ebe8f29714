"""From a script to a storyboard: the same script for every model of a family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import AuthoringError
from .framing import CameraPose, fit
from .performance import Moment, Stage
from .run import Run
from .script import PALETTES, Beat, CaptionText, Chapter, Script, ShotSpec, load
from .selection import fill
from .storyboard import FPS, Caption, Marker, Shot, Storyboard
from .wording import facts, values

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..detail import Bundle


def compile(  # noqa: A001 (the word for it; the builtin is not used here)
    script: Script | None,
    anatomy: Anatomy,
    run: Run,
    aspect: float = 16 / 9,
    language: str = "en",
    palette: str = "standard",
    bundles: tuple[Bundle, ...] | None = None,
) -> Storyboard:
    """The storyboard of a script for one model and one run.

    Parameters
    ----------
    script
        The choreography; that of the family, in `language`, unless given.
    anatomy
        The network.
    run
        Its prompt and what it made of it.
    aspect
        Width of the picture over its height: shots are fitted to it.
    language
        Of the texts, where no script is given.
    palette
        ``"standard"`` or ``"accessible"``: what captions call the colours.
    bundles
        Which blocks share an object, as `detail.bundle` says: a bundle has one channel for each
        property, named like it. Every block has its own unless given.

    Raises
    ------
    AuthoringError
        If the script cannot be played; names chapter and beat.
    """
    script = script or load(language=language)
    if palette not in PALETTES:
        raise AuthoringError(f"There is no palette {palette!r}; there are {', '.join(PALETTES)}.")
    words = {**script.words, "colors": script.colors[palette]}
    film = _Film(
        Stage(anatomy, run, aspect, bundles), facts(anatomy, run), values(anatomy, run, words), {}
    )
    for chapter in script.chapters:
        film.add(chapter)
    return Storyboard(
        title=f"{script.title}, {run.model}",
        duration=film.time,
        channels=film.stage.leads.merge(film.stage.board.channels()),
        captions=tuple(film.captions),
        markers=tuple(film.markers),
        actors=tuple(film.stage.actors.values()),
        shots=tuple(film.shots),
    )


def reading_time(text: str) -> float:
    """Seconds that it takes to read a caption without haste."""
    return 0.3 * len(text.split()) + 1.2


@dataclass
class _Film:
    """What is compiled so far."""

    stage: Stage
    facts: frozenset[str]
    values: Mapping[str, str]
    names: Mapping[str, int]
    time: float = 0.0
    captions: list[Caption] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)

    def add(self, chapter: Chapter) -> None:
        beats = [beat for beat in chapter.beats if beat.facts <= self.facts]
        if not beats:
            return
        place, start = len(self.markers), self.time
        prepare = self.stage.empty if chapter.state == "empty" else self.stage.computed
        prepare(start, chapter.id)
        for beat in beats:
            self._beat(chapter, beat, first=beat is beats[0])
        marker = Marker(start, chapter.title, "chapter", chapter.id, self.time)
        self.markers.insert(place, marker)

    def _beat(self, chapter: Chapter, beat: Beat, *, first: bool) -> None:
        id_ = f"{chapter.id}.{beat.id}"
        text = self._text(beat, id_)
        run, start = self.stage.run, self.time
        needed = max((gesture.length(run) for gesture in beat.gestures), default=0.0)
        spec = None if beat.shot is None else beat.shot.suited(self.stage.aspect, self.facts)
        shot = 0.0 if spec is None else spec.at + spec.move
        seconds = max(beat.duration, needed, shot, reading_time(text) if text else 0.0)
        # Beats start on whole frames, where their markers are.
        end = start + math.ceil(seconds * FPS - 1e-6) / FPS
        moment = Moment(id_, start, end, self._names(beat))
        if spec is not None:
            self._shoot(spec, moment)
        for gesture in beat.gestures:
            self.stage.play(gesture, moment)
        if text:
            title = chapter.title if first else ""
            self.captions.append(Caption(id_, start, end, text, title))
        self.markers.append(Marker(start, beat.title, "beat", id_, end))
        self.time = end

    def _names(self, beat: Beat) -> dict[str, int]:
        """What stands for the names in a beat's braces."""
        last = self.stage.anatomy.config.n_layer - 1
        places = {"first": 0, "next": 1, "last": last}
        layer = places[beat.layer] if isinstance(beat.layer, str) else beat.layer
        return {
            "layer": layer,
            "head": beat.head,
            "next_layer": 1,
            "last_layer": last,
            "last_head": self.stage.anatomy.config.n_head - 1,
            "last_column": self.stage.run.n_prompt - 1,
            "end_column": self.stage.run.n_tokens - 1,
            "first_appended": min(self.stage.run.n_prompt, self.stage.run.n_tokens - 1),
        }

    def _text(self, beat: Beat, id_: str) -> str:
        found: CaptionText = next(c for c in beat.captions if c.facts <= self.facts)
        numbers = {name: str(value) for name, value in self._names(beat).items()}
        try:
            # The words of the run win over the bare numbers.
            return found.text.format_map({**numbers, **self.values}).strip()
        except (KeyError, IndexError, ValueError) as error:
            known = ", ".join(sorted({**numbers, **self.values}))
            raise AuthoringError(
                f"{id_}: the text has {error} in braces; known: {known}."
            ) from None

    def _shoot(self, spec: ShotSpec, moment: Moment) -> None:
        """Move the camera to a beat's shot, and let it drift on if the script says so."""
        stage = self.stage
        show = tuple(fill(selector, moment.names) for selector in spec.show)
        try:
            pose = self._fitted(spec, show)
        except AuthoringError as error:
            raise AuthoringError(f"{moment.id}, shot: {error}") from error
        start = moment.start + spec.at
        end = start + spec.move
        if stage.camera.rest is None or not spec.move:
            stage.camera.cut(start, pose, moment.id)
        else:
            stage.camera.move(start, end, pose, moment.id)
        if spec.drift and moment.end - end > 1:
            stage.camera.drift(end, moment.end, spec.drift, moment.id)
        self.shots.append(Shot(moment.id, start, end, show, pose))

    def _fitted(self, spec: ShotSpec, show: tuple[str, ...]) -> CameraPose:
        return fit(
            self.stage.selection.points(show),
            spec.azimuth,
            spec.elevation,
            lens=spec.lens,
            aspect=self.stage.aspect,
            margins=spec.margins,
        )
