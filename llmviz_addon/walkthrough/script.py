"""Scripts: chapters of beats as TOML says them, with their text in one language, checked strictly.

A *beat* is a caption, a shot and gestures. Whatever is misspelled, missing or superfluous is an
`AuthoringError` that names chapter, beat and key. Scripts speak of roles, of ``{layer}`` and
``{head}``, so one script plays for every model of a family; the texts stand in a file of their own
for each language, by chapter and beat.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .. import languages
from ..languages import Language
from .choice import POSITIONS
from .errors import AuthoringError
from .framing import Margins
from .gestures import VERBS, Gesture
from .wording import FACTS

FOLDER = Path(__file__).parents[2] / "presets" / "walkthroughs"
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

    def suited(self, aspect: float, facts: frozenset[str]) -> ShotSpec:
        """The shot for a picture with this width over its height, and a model of these facts."""
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


def load(name: str = "gpt2", language: str = languages.ENGLISH) -> Script:
    """The script of a family from `presets/walkthroughs`.

    What a language does not say is said in English.

    Raises
    ------
    AuthoringError
        If there is no such script, or something in it is wrong.
    llmviz_addon.languages.LanguageError
        If there is no such language.
    """
    spoken, script = languages.load(language), read_preset(f"{name}.toml")
    texts = read_preset(f"{name}.{languages.ENGLISH}.toml")
    if language != languages.ENGLISH:
        texts = languages.merged(read_preset(f"{name}.{language}.toml"), texts)
    return parse(script, texts, spoken)


def load_file(path: str | Path, language: str = languages.ENGLISH) -> Script:
    """A script of one's own: choreography and texts in one file, texts of other languages beside.

    ``tour.toml`` has the texts where they belong, as ``title`` of a chapter and as ``title`` and
    ``text`` of a beat; ``tour.ja.toml`` may have those in Japanese.

    Raises
    ------
    AuthoringError
        If there is no such script, or something in it is wrong; names the file.
    llmviz_addon.languages.LanguageError
        If there is no such language.
    """
    path = Path(path)
    spoken = languages.load(language)
    try:
        script, texts = separated(_read(path))
        beside = path.with_suffix(f".{language}.toml")
        if beside.is_file():
            texts = languages.merged(_read(beside), texts)
        return replace(parse(script, texts, spoken), own=True)
    except AuthoringError as error:
        raise AuthoringError(f"{path.name}: {error}") from error


def separated(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A script whose texts stand where they belong, as choreography and texts apart."""
    script, texts = dict(values), {"title": values.get("title", "A Walkthrough")}
    script.pop("title", None)
    chapters = script.get("chapter")
    if not isinstance(chapters, list) or not all(isinstance(c, dict) for c in chapters):
        return script, texts
    script["chapter"] = [_parted(chapter, texts, "beat") for chapter in chapters]
    return script, texts


def _parted(table: Mapping[str, Any], texts: dict[str, Any], inner: str) -> dict[str, Any]:
    """A chapter or a beat without its texts, which go into a table of its id."""
    kept, id_ = dict(table), str(table.get("id", ""))
    own: dict[str, Any] = {"title": kept.pop("title", id_.replace("_", " ").capitalize())}
    if "text" in kept:
        own["text"] = kept.pop("text")
    within = kept.get(inner) if inner else None
    if isinstance(within, list) and all(isinstance(each, dict) for each in within):
        kept[inner] = [_parted(each, own, "") for each in within]
    texts[id_] = own
    return kept


def read_preset(file: str) -> dict[str, Any]:
    """The table in a file of `presets/walkthroughs`.

    Raises
    ------
    AuthoringError
        If there is no such file, or it is not TOML.
    """
    path = FOLDER / file
    if not path.is_file():
        known = ", ".join(sorted(p.name for p in FOLDER.glob("*.toml")))
        raise AuthoringError(f"There is no walkthrough file {file}; there are {known}.")
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AuthoringError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AuthoringError(f"{path.name} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(f"{path.name} is not TOML: {error}.") from error


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
        tall=_shot(table.variant("tall", "large", "tower")) if "tall" in table.values else None,
        large=_shot(table.variant("large", "tower")) if "large" in table.values else None,
        tower=_shot(table.variant("tower", "tall", "large")) if "tower" in table.values else None,
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


class Table:
    """A table of TOML that remembers which keys were read, and where it stands."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = values
        self.where = where
        self.used: set[str] = set()

    def _get(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        self.used.add(key)
        if key not in self.values:
            raise AuthoringError(f"{self.where} lacks {key!r} ({what}).")
        value = self.values[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be {what}.")
        return value

    def text(self, key: str) -> str:
        value: str = self._get(key, str, "a text")
        return value

    def number(self, key: str, default: float, least: float = 0.0) -> float:
        if key not in self.values:
            return default
        value = float(self._get(key, (int, float), "a number"))
        if not value >= least:
            raise AuthoringError(f"{self.where}: {key} is {value:g}; it must be {least:g} or more.")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where the key is missing."""
        self.used.add(key)
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be true or false.")
        return value

    def margins(self, key: str, default: Margins) -> Margins:
        """Margins, where each side may be left out."""
        if key not in self.values:
            return default
        table = self.table(key)
        sides = {
            side: table.number(side, getattr(default, side))
            for side in ("left", "right", "top", "bottom")
        }
        table.done()
        try:
            return Margins(**sides)
        except ValueError as error:
            raise AuthoringError(f"{table.where}: {error}") from error

    def strings(self, key: str) -> list[str]:
        value: list[str] = self._get(key, list, "a list of texts")
        if not all(isinstance(item, str) for item in value):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be a list of texts.")
        return value

    def choice(self, key: str, among: Sequence[str]) -> str:
        value = self.text(key)
        if value not in among:
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be one of {among}.")
        return value

    def facts(self, key: str) -> frozenset[str]:
        """Facts that must hold; none where the key is missing."""
        names = self.strings(key) if key in self.values else []
        for name in names:
            if name not in FACTS:
                raise AuthoringError(
                    f"{self.where}: {key} has {name!r}; facts are {', '.join(FACTS)}."
                )
        return frozenset(names)

    def table(self, key: str) -> Table:
        return Table(self._get(key, dict, "a table"), f"{self.where}, {key}")

    def variant(self, key: str, *without: str) -> Table:
        """The table at a key, with this table's values for all keys that it lacks.

        The key itself and those in `without` are not filled in.
        """
        own = self.table(key)
        rest = {name: v for name, v in self.values.items() if name not in (key, *without)}
        return Table({**rest, **own.values}, own.where)

    def tables(self, key: str, *, required: bool = True) -> list[Table]:
        if not required and key not in self.values:
            return []
        found: list[Any] = self._get(key, list, "a list of tables")
        for item in found:
            if not isinstance(item, dict):
                raise AuthoringError(f"{self.where}: {key} has {item!r}; it must hold tables.")
        return [Table(item, f"{self.where}, {key} {i}") for i, item in enumerate(found, 1)]

    def done(self) -> None:
        """Raise if a key was never read: it is misspelled, or belongs to a beat that is gone."""
        for key in self.values:
            if key not in self.used:
                similar = ", ".join(sorted(self.used))
                raise AuthoringError(f"{self.where} has an unknown key {key!r}; known: {similar}.")
