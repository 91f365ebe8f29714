"""From the tables of a script's files to the script, checked strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import languages
from ..languages import Language
from .choice import POSITIONS
from .errors import AuthoringError
from .gestures import VERBS, Gesture
from .script import (
    EACH,
    FILM_LENS,
    LAYERS,
    SHOT_MARGINS,
    STATES,
    Beat,
    CaptionText,
    Chapter,
    Script,
    ShotSpec,
)
from .tables import Table

VARIANTS = ("tall", "large", "tower", "told")
"""Keys of a shot that say what differs; each is filled in with the shot's own values."""


def parse(
    script: Mapping[str, Any], texts: Mapping[str, Any], language: Language | None = None
) -> Script:
    """A script from the tables in its two files; the language is English unless given.

    Raises
    ------
    AuthoringError
        If something is wrong; says where.
    """
    table = Table(script, "the script")
    chapters = tuple(
        _chapter(chapter, Table(texts, "the texts")) for chapter in table.tables("chapter")
    )
    table.done()
    known = {"title", *(chapter.id for chapter in chapters)}
    for id_ in texts:
        if id_ not in known:
            raise AuthoringError(f"The texts have {id_!r}, but the script has no such chapter.")
    return Script(
        title=Table(texts, "the texts").text("title"),
        chapters=chapters,
        language=language or languages.load(),
    )


def _chapter(table: Table, texts: Table) -> Chapter:
    id_ = table.text("id")
    table.where = f"chapter {id_!r}"
    written = texts.table(id_)
    beats = tuple(_beat(beat, written, table.where) for beat in table.tables("beat"))
    state = table.choice("state", STATES)
    begins = table.text("from") if "from" in table.values else ""
    if begins and state != "prompt":
        raise AuthoringError(
            f"{table.where}: from is {begins!r}; it belongs to chapters whose state is 'prompt', "
            f"and this one's is {state!r}."
        )
    follows = table.choice("follows", POSITIONS) if "follows" in table.values else "last"
    facts = table.facts("if")
    chapter = Chapter(id_, written.text("title"), state, begins, follows, facts, beats)
    table.done()
    written.done()
    return chapter


def _beat(table: Table, texts: Table, chapter: str) -> Beat:
    id_ = table.text("id")
    table.where = f"{chapter}, beat {id_!r}"
    written = texts.table(id_)
    layer = table.values.get("layer")
    if layer is not None and layer not in LAYERS and not _is_index(layer):
        raise AuthoringError(
            f"{table.where}: layer is {layer!r}; give a number or one of {LAYERS}."
        )
    table.used.add("layer")
    beat = Beat(
        id=id_,
        title=written.text("title"),
        captions=_captions(written),
        duration=table.number("duration", 0.0),
        facts=table.facts("if"),
        each=table.choice("each", EACH) if "each" in table.values else "",
        layer=layer,
        head=int(table.number("head", 0)) if "head" in table.values else None,
        values=_values(table),
        shot=_shot(table.table("shot")) if "shot" in table.values else None,
        gestures=tuple(_gesture(gesture) for gesture in table.tables("do", required=False)),
    )
    table.done()
    written.done()
    return beat


def _values(table: Table) -> tuple[tuple[str, str], ...]:
    """Names for captions, and the cell whose number each stands for."""
    if "values" not in table.values:
        return ()
    given = table.table("values")
    found = tuple((name, given.text(name)) for name in given.values)
    given.done()
    return found


def _is_index(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _captions(written: Table) -> tuple[CaptionText, ...]:
    """One text, or several of which the first whose facts hold is used."""
    if isinstance(written.values.get("text"), str):
        return (CaptionText(frozenset(), written.text("text")),)
    found = []
    for table in written.tables("text"):
        found.append(CaptionText(table.facts("if"), table.text("text")))
        table.done()
    if found and found[-1].facts:
        raise AuthoringError(f"{written.where}: the last text must hold without conditions.")
    return tuple(found)


def _shot(table: Table) -> ShotSpec:
    shot = ShotSpec(
        show=tuple(table.strings("show")),
        azimuth=table.number("azimuth", 0.0, least=-360),
        elevation=table.number("elevation", 0.0, least=-90),
        lens=table.number("lens", FILM_LENS, least=5),
        margins=table.margins("margins", SHOT_MARGINS),
        at=table.number("at", 0.0),
        move=table.number("move", 1.5),
        drift=table.number("drift", 0.0, least=-90),
        told=_shot(table.variant("told", *VARIANTS)) if "told" in table.values else None,
        tall=_shot(table.variant("tall", *VARIANTS)) if "tall" in table.values else None,
        large=_shot(table.variant("large", "told", "tower")) if "large" in table.values else None,
        tower=_shot(table.variant("tower", *VARIANTS)) if "tower" in table.values else None,
    )
    if not shot.show:
        raise AuthoringError(f"{table.where}: show is empty; name what the camera is to see.")
    table.done()
    return shot


def _gesture(table: Table) -> Gesture:
    """The gesture whose verb is the one key that is a verb's name.

    One verb's name may be another verb's option.
    """
    named = [key for key in table.values if key in VERBS]
    verbs = [verb for verb in named if set(named) - {verb} <= VERBS[verb].options()]
    if len(verbs) != 1:
        raise AuthoringError(
            f"{table.where} has {sorted(table.values)}; a gesture has exactly one of "
            f"{', '.join(VERBS)}."
        )
    table.facts("if")
    try:
        return VERBS[verbs[0]].from_table(table.values)
    except (TypeError, ValueError) as error:
        raise AuthoringError(f"{table.where}, {verbs[0]}: {error}") from error
