"""The widths of words before they are drawn, so that the room for them can be planned.

All lengths are in heights of a capital of Inter, the typeface of all words in the scene.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from ..breaking import pieces

FONT_SIZE = 1.966
"""Blender's font size over the height of a capital."""

DESCENT = 0.34
"""The part of a letter that hangs below the baseline."""

# Advances of characters, by Inter's own table.
_GROUPS = {
    0.33: "ij",
    0.37: " ,.:;l!",
    0.43: "'`|·",
    0.45: "t",
    0.50: "f/\\r",
    0.54: "()[]{}",
    0.60: "I_-",
    0.65: '"^',
    0.71: "s?",
    0.75: "kxzε",
    0.77: "avyγJLc",
    0.80: "ehnuüβ",
    0.83: "bdgopqFE",
    0.88: "PSTR&$#Z√",
    0.89: "0123456789+−<>=*~×B",
    0.94: "AKVXYΣ",
    1.00: "CDGHNU",
    1.05: "OQ",
    1.12: "w",
    1.20: "mM",
    1.35: "W@%",
}
_WIDTHS = {character: width for width, those in _GROUPS.items() for character in those}
_OTHER, _WIDE = 0.95, 1.95


@lru_cache(4096)
def width(text: str) -> float:
    """The width of words in one line."""
    return sum(_advance(character) for character in text)


def _advance(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.combining(character):
        return 0.0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER


def wrapped(text: str, most: float) -> list[str]:
    """Words in as few lines of at most this width as they need, evenly filled.

    Lines end where `breaking.pieces` says that they may. A single word that is wider is broken.
    """
    words = _words(text, most)
    lines = _filled(words, most)
    low, high = 0.0, most
    for _ in range(12):
        middle = (low + high) / 2
        tried = _filled(words, middle)
        if len(tried) > len(lines) or max(map(width, tried)) > middle:
            low = middle
        else:
            high, even = middle, tried
            lines = even
    return lines


def _words(text: str, most: float) -> list[tuple[str, str]]:
    """Pairs of the gap before a word, where it does not begin a line, and the word."""
    found = []
    for gap, word in pieces(text):
        for number, part in enumerate(_broken(word, most)):
            found.append(("" if number else gap, part))
    return found


def _broken(word: str, most: float) -> list[str]:
    """A word in parts that are not wider than a line."""
    parts = [""]
    for character in word:
        if parts[-1] and width(parts[-1] + character) > most:
            parts.append("")
        parts[-1] += character
    return parts


def _filled(words: list[tuple[str, str]], most: float) -> list[str]:
    lines = [words[0][1]]
    for gap, word in words[1:]:
        longer = f"{lines[-1]}{gap}{word}"
        if width(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
