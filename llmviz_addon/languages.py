"""Languages: the catalog of words that people read in the scene, in films and in reports.

A language is two files in `presets/languages`, one for the scene and one for the sidebar, beside
its texts of the walkthrough in `presets/walkthroughs`; see `docs/translating.md`. English stands
where another language has no word of its own. For all rooms.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from gettext import c2py
from pathlib import Path
from typing import Any

from .breaking import BREAK, NO_BREAK
from .errors import Problem
from .sentences import HOLE, Sentences, filled

FOLDER = Path(__file__).parents[1] / "presets" / "languages"
ENGLISH = "en"

# A title and a note on it.
_NOTED = re.compile(r"(.+) \((.+)\)")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")
_WRITTEN = re.compile("[+−-]?[0-9][0-9,]*([.][0-9]+)?")
_COUNTED = re.compile(r"([\d,]+) ([a-z][a-z ]*)", re.IGNORECASE)

# Tables of a file that are no phrases by their names.
_OTHER_TABLES = ("numbers", "counts", "titles")

# Sentences of the sidebar and of errors that are kept as they were said.
_MOST_SAID = 2048


class LanguageError(Problem):
    """A language that there is not, or that cannot be read; the message is one sentence."""


@dataclass(frozen=True, eq=False)
class Language:
    """A language: its words, and its rules for numbers.

    Attributes
    ----------
    id, name
        Its code, such as ``"ja"``, and its own name for itself.
    numbers
        The table of that name in its file: the words and forms for numbers.
    titles
        English words of the scene, and its own; numbers in them stand as ``{}``.
    interface
        English words of the sidebar, of errors and reports, and its own.
    phrases
        By table and name, such as ``"explain.masked"``, with names in braces.
    counts
        By an English noun, what stands for a number of such things: a form for each of its numbers.
    locale
        Blender's code for it, such as ``"ja_JP"``; empty for English.
    """

    id: str
    name: str
    numbers: Mapping[str, Any]
    titles: Mapping[str, str] = field(default_factory=dict)
    interface: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    locale: str = ""

    def tell(self, name: str, /, **values: object) -> str:
        """A phrase by its name in the catalog, filled in."""
        return self.phrases[name].format_map(values) if values else self.phrases[name]

    def counted(self, number: int, noun: str) -> str:
        """A number and what it counts, such as ``"12 layers"``, by an English noun."""
        return self._form(number, noun).format(self.integer(number))

    def noun_in(self, counted: str) -> str:
        """The noun alone of an English number with what it counts, such as ``"12 layers"``."""
        match = _COUNTED.fullmatch(counted)
        if match is None:
            return self.say(counted)
        noun, number = _nouns().get(match[2].lower(), ""), int(match[1].replace(",", ""))
        if noun not in self.counts:
            return self.say(match[2])
        return self._form(number, noun).replace(HOLE, "").strip()

    def _form(self, number: int, noun: str) -> str:
        """The form of a noun after a number, with a hole for the number."""
        forms = self.counts[noun]
        return forms[min(self._plural(number), len(forms) - 1)]

    def integer(self, number: int) -> str:
        """A whole number as the language groups its digits."""
        return in_digits(f"{number:,}", self.numbers)

    @cached_property
    def _plural(self) -> Callable[[int], int]:
        """Gives the form of a noun after a number, as a formula of gettext's says."""
        return c2py(str(self.numbers["plural"]))

    def say(self, text: str) -> str:
        """English words of the scene, the sidebar or an error in this language.

        The same where it has none. What stands in the holes of a sentence is said, too.
        """
        return text if self.id == ENGLISH or not text else _said(self, text)

    @cached_property
    def _sentences(self) -> Sentences:
        return Sentences(self.interface)

    @property
    def seconds(self) -> tuple[float, str]:
        """The time to read a word or a character, and which of the two."""
        return float(self.numbers["reading"]), str(self.numbers["read"])

    def reading_time(self, text: str) -> float:
        """Seconds that it takes to read a caption without haste."""
        each, of = self.seconds
        count = len(text.split()) if of == "words" else len(text.replace(BREAK, ""))
        return each * count + 1.2


@lru_cache(maxsize=_MOST_SAID)
def _said(language: Language, text: str) -> str:
    """English words in a language, as `Language.say` gives them."""
    titles, interface = language.titles, language.interface
    for known in (titles, interface):
        if text in known:
            return known[text]
    if _WRITTEN.fullmatch(text):
        return in_digits(text, language.numbers)
    if (numbered := titles.get(_NUMBER.sub(HOLE, text))) is not None:
        return filled(numbered, _NUMBER.findall(text), language.say)
    if (counted := _COUNTED.fullmatch(text)) is not None:
        noun = _nouns().get(counted[2].lower(), "")
        if noun in language.counts:
            return language.counted(int(counted[1].replace(",", "")), noun)
    if (found := language._sentences.find(text)) is not None:
        sentence, holes = found
        return filled(interface[sentence], holes, language.say)
    if noted := _NOTED.fullmatch(text):
        return f"{language.say(noted[1])} ({language.say(noted[2])})"
    return text


@cache
def _nouns() -> dict[str, str]:
    """English nouns by each of their forms, such as ``"layers"``."""
    return {
        form.replace(HOLE, "").strip().lower(): noun
        for noun, forms in load().counts.items()
        for form in forms
    }


def available() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml") if "." not in path.stem)
    return (ENGLISH, *(code for code in found if code != ENGLISH))


@cache
def load(code: str = ENGLISH) -> Language:
    """A language by its code.

    Raises
    ------
    LanguageError
        If there is no such language, or its file cannot be read.
    """
    if code not in available():
        raise LanguageError(f"There is no language {code!r}; there are {', '.join(available())}.")
    values = _read(f"{code}.toml")
    interface = _read(f"{code}.interface.toml") if code != ENGLISH else {}
    english = Language(ENGLISH, "", {}) if code == ENGLISH else load()
    return Language(
        id=code,
        name=str(values.get("name", code)),
        numbers=_with(english.numbers, values.get("numbers", {})),
        titles=values.get("titles", {}),
        interface={key: word for table in interface.values() for key, word in table.items()},
        phrases=_with(english.phrases, _phrases(values)),
        counts=_with(english.counts, values.get("counts", {})),
        locale=str(values.get("locale", "")),
    )


def _read(name: str) -> dict[str, Any]:
    """The tables of a language's file; none where there is no such file."""
    path = FOLDER / name
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LanguageError(f"The language file {name} cannot be read: {error}.") from error


def _with(english: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """A table of a language, with English in place of what it lacks."""
    return {**english, **own}


def _phrases(values: Mapping[str, Any]) -> dict[str, str]:
    """The phrases of a file by table and name."""
    tables = {name: table for name, table in values.items() if isinstance(table, dict)}
    return {
        f"{name}.{key}": text
        for name, table in tables.items()
        if name not in _OTHER_TABLES
        for key, text in table.items()
    }


def in_digits(number: str, numbers: Mapping[str, Any]) -> str:
    """A number as the language with these `numbers` writes it, such as ``"85.584,25"``.

    Formulas and the values of cells are written as in the code of all countries; this is for
    sentences. The same where the text is no number.
    """
    if not _WRITTEN.fullmatch(number):
        return number
    return number.translate({44: str(numbers["thousands"]), 46: str(numbers["decimal"])})


def fitting(locale: str) -> str:
    """The code of the language for a locale such as ``"ja_JP"``; English if there is none."""
    for code in available():
        if locale == code or locale.partition("_")[0] == code:
            return code
    return ENGLISH


def merged(own: Mapping[str, Any], english: Mapping[str, Any]) -> dict[str, Any]:
    """A table with English in place of what it lacks."""
    found: dict[str, Any] = dict(english)
    for key, value in own.items():
        there = found.get(key)
        if isinstance(value, dict) and isinstance(there, dict):
            found[key] = merged(value, there)
        else:
            found[key] = value
    return found


def with_breaks(text: str) -> str:
    """A text of a file with the places where lines may end, which are written ``|`` there."""
    return text.replace("|", BREAK)


def without_breaks(text: str) -> str:
    """A text as it is read aloud, without marks for the ends of lines."""
    return text.replace(BREAK, "").replace(NO_BREAK, " ")
