"""From a script to a storyboard: the same script for every model of a family."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ..progress import Steps, rescaled
from ..progress import run as go_through
from . import targets
from .camera import clipping
from .companions import Companion, in_order, told
from .composition import Taste, compose
from .errors import AuthoringError
from .framing import CameraPose, fit
from .performance import play
from .picture import POINTS, Picture
from .run import Run
from .scenery import Scenery
from .script import PALETTES, Beat, CaptionText, Chapter, Script, ShotSpec, load
from .selection import common_names, fill
from .stage import Moment, Stage
from .storyboard import FPS, Caption, Marker, Shot, Storyboard, Titles
from .wording import facts, heading, values

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..detail import Bundle

ARRIVING, SOON, LEAVING = 0.35, 0.5, 0.25
"""Seconds: titles begin to appear so long before the camera arrives, belong to things that have
been shown so soon after that, and are gone so long after it has left."""

_P = ParamSpec("_P")
_T = TypeVar("_T")


def compile_steps(
    script: Script | None,
    anatomy: Anatomy,
    run: Run | None,
    aspect: float = 16 / 9,
    language: str = "en",
    palette: str = "standard",
    bundles: tuple[Bundle, ...] | None = None,
    companions: Sequence[Companion] = (),
    model: str = "This model",
) -> Steps[Storyboard]:
    """Make the storyboard of a script for one model and one run, a beat at a time.

    Parameters
    ----------
    script
        The choreography; that of the family, in `language`, unless given.
    anatomy
        The network.
    run
        The model's prompt and predictions; None for a model without numbers, for which only the
        chapters about shapes are played.
    aspect
        Width of the picture over its height: shots are fitted to it.
    language
        Of the texts, where no script is given.
    palette
        ``"standard"`` or ``"accessible"``, for the names of colors in captions.
    bundles
        Blocks that share an object, as `detail.bundle` makes them: a bundle has one channel for
        each property, named like the bundle. Every block has its own unless given.
    companions
        Other models in the scene, in any order.
    model
        The title of a model without numbers; a run brings its own.

    Raises
    ------
    AuthoringError
        If the script cannot be played; names chapter and beat.
    """
    script = script or load(language=language)
    if palette not in PALETTES:
        raise AuthoringError(f"There is no palette {palette!r}; there are {', '.join(PALETTES)}.")
    words = {**script.words, "colors": script.colors[palette]}
    others = in_order(companions)
    stage = Stage(anatomy, run, aspect, bundles, others)
    film = _Film(
        stage,
        heading(anatomy.config, model if run is None else run.model),
        facts(anatomy, run, others),
        values(anatomy, run, words, model),
        [told(companion, anatomy.config, words) for companion in others],
    )
    for number, chapter in enumerate(script.chapters):
        for _ in film.add(chapter):
            yield 0.85 * number / len(script.chapters), f"Composing {chapter.title}"
    titles = yield from rescaled(film.titles(), 0.85, 0.95)
    channels = yield from rescaled(stage.leads.merge(stage.board.channels()), 0.95, 1.0)
    return Storyboard(
        title=f"{script.title}, {film.values['model'] if run is None else run.model}",
        duration=film.time,
        channels=(*channels, *clipping(channels, large="large" in film.facts)),
        captions=tuple(film.captions),
        markers=tuple(film.markers),
        actors=tuple(stage.actors.values()),
        shots=tuple(film.shots),
        titles=titles,
        facts=film.facts,
    )


def _at_once(
    steps: Callable[_P, Steps[_T]],
) -> Callable[_P, _T]:
    """A function that goes through all steps and returns their result."""

    def go(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        return go_through(steps(*args, **kwargs))

    go.__doc__ = "The storyboard of a script in one go; takes and raises what `compile_steps` does."
    return go


compile = _at_once(compile_steps)  # noqa: A001 (the word for it; the builtin is not used here)


def reading_time(text: str) -> float:
    """Seconds that it takes to read a caption without haste."""
    return 0.3 * len(text.split()) + 1.2


@dataclass
class _Film:
    """The film so far.

    `heading` is what a card says of the model; `others` holds the values of each companion for
    captions.
    """

    stage: Stage
    heading: tuple[str, ...]
    facts: frozenset[str]
    values: Mapping[str, str]
    others: Sequence[Mapping[str, str]]
    time: float = 0.0
    captions: list[Caption] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)

    def add(self, chapter: Chapter) -> Iterator[None]:
        """Play a chapter if it is one for this model; yields before each of its beats."""
        fitting = chapter.state == "any" or (chapter.state == "shape") == ("shape" in self.facts)
        beats = [beat for beat in chapter.beats if beat.facts <= self.facts]
        if not (fitting and beats and chapter.facts <= self.facts):
            return
        place, start = len(self.markers), self.time
        self.stage.prepare(chapter.state, start, chapter.id)
        for each, row in itertools.groupby(beats, key=lambda beat: beat.each):
            together = list(row)
            for companion in range(len(self.others)) if each else (None,):
                for beat in together:
                    yield
                    self._beat(chapter, beat, companion)
        marker = Marker(start, chapter.title, "chapter", chapter.id, self.time)
        self.markers.insert(place, marker)

    def _beat(self, chapter: Chapter, beat: Beat, companion: int | None) -> None:
        """Play a beat, of a companion if it is one of those that are repeated."""
        id_ = f"{chapter.id}.{beat.id}" + ("" if companion is None else f":{companion}")
        names = self._names(beat, companion)
        known = {name: str(value) for name, value in names.items()} | {**self.values}
        if companion is not None:
            known |= self.others[companion]
        found: CaptionText = next(c for c in beat.captions if c.facts <= self.facts)
        text, heading = _filled(found.text, known, id_), _filled(beat.title, known, id_)
        given, start = self.stage.given, self.time
        needed = max((gesture.length(given) for gesture in beat.gestures), default=0.0)
        spec = None if beat.shot is None else beat.shot.suited(self.stage.aspect, self.facts)
        shot = 0.0 if spec is None else spec.at + spec.move
        seconds = max(beat.duration, needed, shot, reading_time(text) if text else 0.0)
        # Beats start on whole frames, where their markers are.
        end = start + math.ceil(seconds * FPS - 1e-6) / FPS
        moment = Moment(id_, start, end, names)
        first = not any(c.beat.startswith(f"{chapter.id}.") for c in self.captions)
        caption = Caption(id_, start, end, text, chapter.title if first and text else "")
        if spec is not None:
            self._shoot(spec, moment, caption)
        for gesture in beat.gestures:
            play(self.stage, gesture, moment)
        if text:
            self.captions.append(caption)
        self.markers.append(Marker(start, heading, "beat", id_, end))
        self.time = end

    def _names(self, beat: Beat, companion: int | None) -> dict[str, int]:
        """The numbers for the names in a beat's braces."""
        last = self.stage.anatomy.config.n_layer - 1
        places = {"first": 0, "next": 1, "last": last}
        layer = places[beat.layer] if isinstance(beat.layer, str) else beat.layer
        names = {"layer": layer, "head": beat.head, "next_layer": 1}
        if companion is not None:
            names["companion"] = companion
        return names | common_names(self.stage.anatomy, self.stage.given)

    def _shoot(self, spec: ShotSpec, moment: Moment, caption: Caption) -> None:
        """Move the camera to a beat's shot, and let it drift on if the script says so."""
        stage = self.stage
        show = tuple(fill(selector, moment.names) for selector in spec.show)
        try:
            pose = self._fitted(spec, show, caption)
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

    def _fitted(self, spec: ShotSpec, show: tuple[str, ...], caption: Caption) -> CameraPose:
        aspect = self.stage.aspect
        room = caption.top(aspect) / (POINTS * max(1.0, 1 / aspect)) if caption.text else 0.0
        return fit(
            self.stage.selection.points(show),
            spec.azimuth,
            spec.elevation,
            lens=spec.lens,
            aspect=aspect,
            margins=replace(spec.margins, bottom=room + spec.margins.bottom),
        )

    def titles(self) -> Steps[tuple[Titles, ...]]:
        """The titles of all shots, for the time in which the camera is there."""
        stage, found = self.stage, []
        scenery = Scenery(stage.selection, stage.companions)
        captions = {caption.beat: caption for caption in self.captions}
        ends = [*(shot.start for shot in self.shots[1:]), self.time]
        for number, (shot, end) in enumerate(zip(self.shots, ends, strict=True)):
            yield number / len(self.shots), "Placing titles"
            start = max(shot.start, shot.end - ARRIVING)
            picture = Picture(shot.pose, stage.aspect)
            caption = captions.get(shot.beat)
            seen = _Seen(stage, (min(shot.end + SOON, end), max(shot.end, end - SOON)))
            whole = bool({"model", "companions"}.intersection(shot.show))
            taste = Taste(
                subject=scenery.subject(shot.show),
                seen=seen,
                avoid=()
                if caption is None
                else ((0.0, 0.0, picture.width, caption.top(stage.aspect)),),
                heading=self.heading if seen(targets.CARD) and whole else (),
            )
            lettering = compose(scenery, picture, taste)
            if lettering.words:
                found.append(Titles(shot.beat, start, min(end + LEAVING, self.time), lettering))
        return tuple(found)


@dataclass
class _Seen:
    """Says whether targets are seen at all of some times."""

    stage: Stage
    times: tuple[float, ...]
    _known: dict[str, bool] = field(default_factory=dict)

    def __call__(self, target: str) -> bool:
        if target not in self._known:
            acting = target
            if target in self.stage.anatomy.blocks:
                (acting,) = self.stage.leads.of([target])
            opacity = (self.stage.board.value(acting, targets.OPACITY, t) for t in self.times)
            self._known[target] = min(opacity) >= 0.5
        return self._known[target]


def _filled(text: str, known: Mapping[str, str], id_: str) -> str:
    """A text with its braces filled in."""
    try:
        return text.format_map(known).strip()
    except (KeyError, IndexError, ValueError) as error:
        listed = ", ".join(sorted(known))
        raise AuthoringError(f"{id_}: the text has {error} in braces; known: {listed}.") from None
