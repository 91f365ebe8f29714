"""The search for a block by its name or by words, in English and in the reader's language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from .. import languages
from ..anatomy import section_title
from ..languages import Language
from ..sentences import HOLE

if TYPE_CHECKING:
    from ..anatomy import Anatomy, Block

# Blocks that a search finds most.
_MOST_FOUND = 200

_NUMBERED = re.compile(r"\b(layer|head)\s*(\d{1,18})\b")
_NUMBER = r"\s*(\d{1,18})\s*"

# Gives a number that is lower the likelier a block's role is meant; None if it is not.
_Rank = Callable[["Block"], int | None]


def search(
    anatomy: Anatomy, text: str, language: Language | None = None, most: int = _MOST_FOUND
) -> list[str]:
    """Names of blocks that words describe, the likeliest first.

    Parameters
    ----------
    text
        A name or part of it, or words, such as ``"head 3 of layer 7, attention"``, in English or
        in the language.
    language
        The language of titles, beside English.
    most
        Names that are given at most.
    """
    written = _folded(text).replace("_", " ")
    found = _ranked(anatomy, *_in_english(written))
    if not found and language is not None and language.id != languages.ENGLISH:
        found = _ranked(anatomy, *_Spoken(language).asked(written))
    return [name for _, _, name in sorted(found)[:most]]


def _folded(text: str) -> str:
    """Words as they are compared: in small letters, digits and letters of one width."""
    return unicodedata.normalize("NFKC", text).lower()


def _ranked(anatomy: Anatomy, wanted: dict[str, int], rank_of: _Rank) -> list[tuple[int, int, str]]:
    """Rank, place and name of the blocks that are meant, where layer and head are as wanted."""
    ranks: dict[int, int | None] = {}
    found = []
    for place, block in enumerate(anatomy.blocks.values()):
        key = id(block.spec)
        if key not in ranks:
            ranks[key] = rank_of(block)
        rank = ranks[key]
        if rank is None or any(getattr(block, w) != number for w, number in wanted.items()):
            continue
        found.append((rank, place, block.name))
    return found


def _in_english(written: str) -> tuple[dict[str, int], _Rank]:
    """The numbers of layer and head that are asked for, and the ranks of roles."""
    wanted = {what: int(number) for what, number in _NUMBERED.findall(written)}
    between = languages.load().phrases["search.between"].split()
    words = [w for w in re.findall(r"\w+", _NUMBERED.sub(" ", written)) if w not in between]

    def rank(block: Block) -> int | None:
        role = re.findall(r"\w+", block.role.replace("_", " "))
        title = re.findall(r"\w+", f"{block.title} {block.short_title}".lower())
        known = [*role, *title, block.kind, *block.section.split(".")]
        if not all(any(each.startswith(word) for each in known) for word in words):
            return None
        if words in (role, re.findall(r"\w+", block.title.lower())):
            return 0
        return 1 if set(words) <= {*role, *title} else 2

    return wanted, rank


class _Spoken:
    """A search in another language, in which words may stand without spaces between them.

    A word is found anywhere in a title, once what the language puts between words is left out.
    """

    def __init__(self, language: Language) -> None:
        self.language = language

    @cached_property
    def numbered(self) -> list[tuple[str, re.Pattern[str]]]:
        """Layer and head with a number, as the language numbers and as it counts them."""
        found = []
        for noun in ("layer", "head"):
            for form in (f"{noun.title()} {HOLE}", *self.language.counts[noun]):
                said = re.escape(_folded(self.language.say(form)))
                found.append((noun, re.compile(said.replace(re.escape(HOLE), _NUMBER))))
        return found

    @cached_property
    def between(self) -> re.Pattern[str]:
        """Words that may stand between others: whole ones in scripts with spaces, else anywhere."""
        words = self.language.phrases["search.between"].split()
        return re.compile("|".join(rf"\b{w}\b" if w.isascii() else re.escape(w) for w in words))

    def asked(self, written: str) -> tuple[dict[str, int], _Rank]:
        """The numbers of layer and head that are asked for, and the ranks of roles."""
        wanted: dict[str, int] = {}
        for noun, pattern in self.numbered:
            if (match := pattern.search(written)) is not None:
                wanted.setdefault(noun, int(match[1]))
                written = pattern.sub(" ", written)
        words = re.findall(r"\w+", self.between.sub("", written))

        def rank(block: Block) -> int | None:
            sections = block.section.split(".")
            titles = [self.said(title) for title in (block.title, block.short_title)]
            known = [*titles, *(self.said(section_title(name)) for name in sections)]
            if not all(any(word in each for each in known) for word in words):
                return None
            if "".join(words) in titles:
                return 0
            return 1 if all(any(word in each for each in titles) for word in words) else 2

        return wanted, rank

    def said(self, title: str) -> str:
        """A title in the language, as it is compared."""
        return self.between.sub("", _folded(self.language.say(title)))
