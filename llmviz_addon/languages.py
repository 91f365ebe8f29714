"""Languages: the catalog of words that people read in the scene, in films and in reports.

English is what the code and its presets say, and stands where a language has no word of its own. A
language is one file in `presets/languages`, beside its texts of the walkthrough in
`presets/walkthroughs`; see `docs/translating.md`. For all rooms.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from .errors import Problem

FOLDER = Path(__file__).parents[1] / "presets" / "languages"
ENGLISH = "en"

BREAK = "\u200b"
"""A place where a line may end though there is no space; ``|`` in the files."""

# A title and a note on it.
_NOTED = re.compile(r"(.+) \((.+)\)")
_NUMBER = re.compile(r"\d[\d,.]*\d|\d")


class LanguageError(Problem):
    """A language that there is not, or that cannot be read; the message is one sentence."""


@dataclass(frozen=True)
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
        English words of the sidebar, and its own.
    locale
        Blender's code for it, such as ``"ja_JP"``; empty for English.
    """

    id: str
    name: str
    numbers: Mapping[str, Any]
    titles: Mapping[str, str] = field(default_factory=dict)
    interface: Mapping[str, str] = field(default_factory=dict)
    locale: str = ""

    def say(self, text: str) -> str:
        """English words of the scene in this language; the same where it has none.

        Numbers keep their places in the order of the sentence: ``"Layer 3"`` is looked up as
        ``"Layer {}"``.
        """
        if text in self.titles:
            return self.titles[text]
        if noted := _NOTED.fullmatch(text):
            return f"{self.say(noted[1])} ({self.say(noted[2])})"
        found = self.titles.get(_NUMBER.sub("{}", text))
        return text if found is None else found.format(*_NUMBER.findall(text))

    @property
    def seconds(self) -> tuple[float, str]:
        """The time to read a word or a character, and which of the two."""
        return float(self.numbers["reading"]), str(self.numbers["read"])

    def reading_time(self, text: str) -> float:
        """Seconds that it takes to read a caption without haste."""
        each, of = self.seconds
        count = len(text.split()) if of == "words" else len(text.replace(BREAK, ""))
        return each * count + 1.2


def available() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    found = sorted(path.stem for path in FOLDER.glob("*.toml"))
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
    try:
        values = tomllib.loads((FOLDER / f"{code}.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LanguageError(f"The language file {code}.toml cannot be read: {error}.") from error
    numbers = {} if code == ENGLISH else dict(load().numbers)
    numbers |= values.get("numbers", {})
    return Language(
        id=code,
        name=str(values.get("name", code)),
        numbers=numbers,
        titles=values.get("titles", {}),
        interface=values.get("interface", {}),
        locale=str(values.get("locale", "")),
    )


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
    return text.replace(BREAK, "").replace("\u00a0", " ")
