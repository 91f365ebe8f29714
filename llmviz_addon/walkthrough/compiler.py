"""From a script to a storyboard: the same script for every model of a family."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numpy as np

from .. import languages
from ..languages import Language, in_digits
from ..progress import Steps, rescaled
from ..progress import run as go_through
from . import targets
from .camera import clipping
from .camera_path import Move
from .choice import Choice
from .companions import Companion, in_order, told
from .composition import compose
from .errors import AuthoringError
from .filling import filling
from .framing import CameraPose
from .leads import within_sections
from .loading import load
from .picture import POINTS, Picture
from .run import Run
from .scenery import Scenery
from .script import PALETTES, Beat, CaptionText, Chapter, Script, ShotSpec
from .selection import ON, common_names, fill
from .stage import Moment, Stage
from .storyboard import FPS, Caption, Marker, Shot, Storyboard, Titles
from .titles import Taste
from .wording import facts, figure, followed, heading, places, values

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..detail import Bundle
    from ..explain import CellReader

ARRIVING, SOON, LEAVING = 0.35, 0.5, 0.25
"""Seconds: titles begin to appear so long before the camera arrives, belong to things that have
been shown so soon after that, and are gone so long after it has left."""

# What says itself what it is.
_SPEAKING = (targets.KEY, targets.CARD)

_P = ParamSpec("_P")
_T = TypeVar("_T")


def compile_steps(
    script: Script | None,
    anatomy: Anatomy,
    run: Run | None,
    aspect: float = 16 / 9,
    language: str = languages.ENGLISH,
    palette: str = "standard",
    bundles: tuple[Bundle, ...] | None = None,
    companions: Sequence[Companion] = (),
    model: str = "This model",
    reader: CellReader | None = None,
    choice: Choice | None = None,
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
    reader
        Knows the numbers of the run's cells, for gestures that show them.
    choice
        The layer and head that chapters follow in a model without numbers; a run brings its own.

    Raises
    ------
    AuthoringError
        If the script cannot be played; names chapter and beat.
    """
    choice = (choice or Choice()) if run is None else run.choice
    choice.check(anatomy.config, 0 if run is None else run.n_prompt)
    script = script or load(language=language)
    if palette not in PALETTES:
        raise AuthoringError(f"There is no palette {palette!r}; there are {', '.join(PALETTES)}.")
    spoken = script.language
    if reader is not None:
        # Cards explain cells as the film speaks.
        reader.language = spoken
    words = {**spoken.numbers, "colors": spoken.numbers[f"colors_{palette}"]}
    others = in_order(companions)
    stage = Stage(anatomy, run, aspect, bundles, others, reader)
    film = _Film(
        stage,
        heading(anatomy.config, model if run is None else run.model, spoken.say),
        facts(anatomy, run, others, told=reader is not None),
        values(anatomy, run, words, model),
        [told(companion, anatomy.config, words) for companion in others],
        choice,
        spoken,
        wanted=script.wanted,
    )
    for index, chapter in enumerate(script.chapters):
        for _ in film.add(chapter):
            yield 0.85 * index / len(script.chapters), f"Composing {chapter.title}"
    if not film.markers:
        playing = ", ".join(id_ for id_, _ in film.offered) or "none"
        raise AuthoringError(
            f"No chapter that was chosen plays for this model; those that do: {playing}."
        )
    titles = yield from rescaled(film.titles(), 0.85, 0.95)
    written = within_sections(stage.board.channels(), anatomy)
    channels = yield from rescaled(stage.leads.merge(written), 0.95, 1.0)
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
        offered=tuple(film.offered),
        partial=script.own or bool(script.wanted),
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
    choice: Choice
    language: Language
    time: float = 0.0
    captions: list[Caption] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    shots: list[Shot] = field(default_factory=list)
    wanted: tuple[str, ...] = ()
    offered: list[tuple[str, str]] = field(default_factory=list)
    staged: list[tuple[dict[str, np.ndarray], list[np.ndarray]]] = field(default_factory=list)

    def add(self, chapter: Chapter) -> Iterator[None]:
        """Play a chapter if it is one for this model; yields before each of its beats."""
        fitting = chapter.state == "any" or (chapter.state == "shape") == ("shape" in self.facts)
        beats = [beat for beat in chapter.beats if beat.facts <= self.facts]
        if not (fitting and beats and chapter.facts <= self.facts):
            return
        self.offered.append((chapter.id, chapter.title))
        if self.wanted and chapter.id not in self.wanted:
            return
        place, start = len(self.markers), self.time
        names = self._names(chapter, None, None)
        begins = fill(chapter.begins, names)
        self.stage.prepare(chapter.state, start, chapter.id, begins, int(names["position"]))
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
        names = self._names(chapter, beat, companion)
        known = {name: str(value) for name, value in names.items()} | {**self.values}
        given = self.stage.given
        if given is not None:
            known |= followed(
                given, int(names["layer"]), int(names["position"]), self.language.numbers
            )
        if companion is not None:
            known |= self.others[companion]
        found: CaptionText = next(c for c in beat.captions if c.facts <= self.facts)
        known |= self._told(beat, names, id_)
        text, heading = _filled(found.text, known, id_), _filled(beat.title, known, id_)
        start = self.time
        spec = None if beat.shot is None else beat.shot.suited(self.stage.aspect, self.facts)
        shot = 0.0 if spec is None else spec.at + spec.move
        gestures = [g.after(shot) for g in beat.gestures if frozenset(g.if_) <= self.facts]
        needed = max((gesture.length(given) for gesture in gestures), default=0.0)
        reading = self.language.reading_time(text) if text else 0.0
        seconds = max(beat.duration, needed, shot, reading)
        # Beats start on whole frames, where their markers are.
        end = start + math.ceil(seconds * FPS - 1e-6) / FPS
        moment = Moment(id_, start, end, names)
        for gesture in gestures:
            places = gesture.place(self.stage, gesture.moment(self.stage, moment))
            self.stage.selection.stages.update(places)
        first = not any(c.beat.startswith(f"{chapter.id}.") for c in self.captions)
        caption = Caption(id_, start, end, text, chapter.title if first and text else "")
        if spec is not None:
            self._shoot(spec, moment, caption)
        for gesture in gestures:
            gesture.perform(self.stage, moment)
        if text:
            self.captions.append(caption)
        self.markers.append(Marker(start, heading, "beat", id_, end))
        self.time = end

    def _names(
        self, chapter: Chapter, beat: Beat | None, companion: int | None
    ) -> dict[str, int | str]:
        """The values for the names in the braces of a chapter or of one of its beats."""
        given, last = self.stage.given, self.stage.anatomy.config.n_layer - 1
        names: dict[str, int | str] = {
            "layer": self.choice.layer,
            "head": self.choice.head,
            "next_layer": min(1, last),
            "channel": self.choice.channel or 0,
            "head_channel": (self.choice.channel or 0) % self.stage.anatomy.config.d_head,
            "neuron": (self.choice.channel or 0) % self.stage.anatomy.config.d_ff,
        }
        if beat is not None and beat.layer is not None:
            numbered = {"first": 0, "next": 1, "last": last}
            names["layer"] = numbered[beat.layer] if isinstance(beat.layer, str) else beat.layer
        if beat is not None and beat.head is not None:
            names["head"] = beat.head
        layer = int(names["layer"])
        names["stream"] = f"layer{layer - 1}.mlp_residual" if layer else "embedding"
        position = self.choice.at(chapter.follows, given.n_prompt if given else 1)
        names |= {"position": position, "next_position": position + 1}
        if given is not None:
            names |= {"token": int(given.ids[position]), **places(given, position)}
        if companion is not None:
            names["companion"] = companion
        return names | common_names(self.stage.anatomy, given)

    def _told(self, beat: Beat, names: Mapping[str, int | str], id_: str) -> dict[str, str]:
        """The numbers that a beat's captions ask for."""
        stage, told = self.stage, {}
        for name, selector in beat.values:
            cells = stage.cells(selector, Moment(id_, 0.0, 0.0, names))
            (value,) = stage.numbers(cells.block, *([part[0]] for part in cells.places))
            told[name] = in_digits(figure(float(value)), self.language.numbers)
        return told

    def _shoot(self, spec: ShotSpec, moment: Moment, caption: Caption) -> None:
        """Move the camera to a beat's shot, and let it drift on if the script says so."""
        stage = self.stage
        show = tuple(fill(selector, moment.names) for selector in spec.show)
        try:
            points = stage.selection.points(show)
            pose = self._fitted(spec, points, caption)
        except AuthoringError as error:
            raise AuthoringError(f"{moment.id}, shot: {error}") from error
        start = moment.start + spec.at
        end = start + spec.move
        if spec.move and stage.camera.rest is not None:
            calm = Move.between(stage.camera.rest, pose).calm
            end = min(max(end, start + calm), max(end, moment.end))
        if stage.camera.rest is None or not spec.move:
            stage.camera.cut(start, pose, moment.id)
        else:
            stage.camera.move(start, end, pose, moment.id)
        if spec.drift and moment.end - end > 1:
            stage.camera.drift(end, moment.end, spec.drift, moment.id)
        self.shots.append(Shot(moment.id, start, end, show, pose, points))
        shown = [name.removeprefix(ON) for name in show if name.startswith(ON)]
        stages = [stage.selection.stages[name] for name in shown]
        self.staged.append((dict(stage.selection.shifts), stages))

    def _fitted(self, spec: ShotSpec, points: np.ndarray, caption: Caption) -> CameraPose:
        aspect = self.stage.aspect
        foot = caption.top(aspect) if caption.text else 0.0
        room = foot / (POINTS * max(1.0, 1 / aspect))
        return filling(
            points,
            spec.azimuth,
            spec.elevation,
            lens=spec.lens,
            aspect=aspect,
            margins=replace(spec.margins, bottom=room + spec.margins.bottom),
            foot=foot,
        )

    def titles(self) -> Steps[tuple[Titles, ...]]:
        """The titles of all shots, for the time in which the camera is there."""
        stage, found = self.stage, []
        still = Scenery(stage.selection, stage.companions, say=self.language.say)
        captions = {caption.beat: caption for caption in self.captions}
        ends = [*(shot.start for shot in self.shots[1:]), self.time]
        for index, (shot, end) in enumerate(zip(self.shots, ends, strict=True)):
            yield index / len(self.shots), "Placing titles"
            shifts, stages = self.staged[index]
            if all(
                name.startswith(ON) or name in (targets.KEY, targets.CARD) for name in shot.show
            ):
                # What gestures show says itself what it is, and so do the key and the card.
                continue
            scenery = still.moved(shifts)
            start = max(shot.start, shot.end - ARRIVING)
            picture = Picture(shot.pose, stage.aspect)
            caption = captions.get(shot.beat)
            unseen = _unseen(stage, (min(shot.end + SOON, end), max(shot.end, end - SOON)))
            several = any(name.startswith("companions") for name in shot.show)
            whole = several or ("model" in shot.show and targets.CARD not in unseen)
            taste = Taste(
                subject=scenery.subject(shot.show),
                unseen=unseen,
                avoid=tuple(_kept_free(picture, caption, stages)),
                heading=self.heading if whole else (),
            )
            lettering = compose(scenery, picture, taste)
            if lettering.words:
                found.append(Titles(shot.beat, start, min(end + LEAVING, self.time), lettering))
        return tuple(found)


def _kept_free(
    picture: Picture, caption: Caption | None, stages: Sequence[np.ndarray]
) -> Iterator[tuple[float, float, float, float]]:
    """Rectangles of a picture, in points, for the caption and what gestures show."""
    if caption is not None:
        yield 0.0, 0.0, picture.width, caption.top(picture.aspect)
    for corners in stages:
        seen = picture.project(corners)
        if (seen[:, 2] > picture.near).all():
            (left, bottom), (right, top) = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
            yield float(left), float(bottom), float(right), float(top)


def _unseen(stage: Stage, times: tuple[float, ...]) -> frozenset[str]:
    """The blocks, and the targets of sections and the card, that are not seen all of the time."""
    faded = [
        target
        for target in stage.board.moved(targets.OPACITY)
        if (target in stage.leads.blocks or target in stage.labeled)
        and any(stage.board.value(target, targets.OPACITY, time) < 0.5 for time in times)
    ]
    return frozenset(name for target in faded for name in stage.leads.led_by(target))


def _filled(text: str, known: Mapping[str, str], id_: str) -> str:
    """A text with its braces filled in."""
    try:
        return languages.with_breaks(text).format_map(known).strip()
    except (KeyError, IndexError, ValueError) as error:
        listed = ", ".join(sorted(known))
        raise AuthoringError(f"{id_}: the text has {error} in braces; known: {listed}.") from None
