"""Places where a line may end, also in scripts that put no spaces between words; for all rooms.

A text may mark them itself. Where it does not, a line of Japanese ends before a word that begins
with a Chinese character, a foreign one or a bracket, after one that ends in hiragana or a closing
sign: so no particle begins a line, and hardly any word is broken. Chinese may be broken between any
two characters, but for signs that cling to one of them.
"""

from __future__ import annotations

import re
import unicodedata

BREAK = "\u200b"
"""A place where a line may end though there is no space; ``|`` in the files."""

NO_BREAK = "\u00a0"
"""A space at which no line is broken."""

# Signs that begin no line, and that end none.
_CLOSING = "、。，．・：；！？）」』】〕》〉”’…ー々)]},.;:!?%％"
_OPENING = "（「『【〔《〈“‘([{"

# A space, but for one between the places of an index, as in ``W[i, 15]``.
_SPACE = re.compile(r" (?![^\[\]]*\])")


def pieces(text: str) -> list[tuple[str, str]]:
    """Pairs of a gap and a piece of text, between which lines may end.

    The gap is a space or nothing; it is left out where the line ends before the piece. What square
    brackets hold stays together.
    """
    found: list[tuple[str, str]] = []
    for number, word in enumerate(_SPACE.split(text)):
        gap = " " if number else ""
        for part in word.split(BREAK) if BREAK in text else _parts(word):
            found.append((gap, part))
            gap = ""
    return found


def _parts(word: str) -> list[str]:
    """A word between spaces in parts, each of which may begin a line."""
    if word.isascii():
        return [word]
    japanese = any(map(_is_kana, word))
    parts = [""]
    for index, character in enumerate(word):
        before = word[index - 1] if index else ""
        if parts[-1] and _parted(before, character, japanese):
            parts.append("")
        parts[-1] += character
    return parts


def _parted(before: str, after: str, japanese: bool) -> bool:
    """True if a line may end between two characters."""
    if after in _CLOSING or before in _OPENING or NO_BREAK in (before, after):
        return False
    if before in "、。，！？；" or (after in _OPENING and not before.isascii()):
        return True
    if not japanese:
        return _is_wide(before) and _is_wide(after)
    if before in "）」』】":
        return not _is_hiragana(after)
    return _is_hiragana(before) and not _is_hiragana(after)


def _is_hiragana(character: str) -> bool:
    return "\u3041" <= character <= "\u309f"


def _is_kana(character: str) -> bool:
    return "\u3041" <= character <= "\u30fa"


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
