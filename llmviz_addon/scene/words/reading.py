"""The order in which characters of words stand, from left to right, and the forms that they have.

What a shaping engine would do with the tables of a font, this does for what Unicode itself tells:
marks are composed with their letters where Unicode has the two as one, Arabic letters take the
forms by which they join, words from right to left are turned around with their numbers left as
they are, and vowel signs of Indic scripts that stand before their consonant are put there. Not
done, since it needs those tables: conjuncts of Indic scripts, ligatures beyond lam and alef,
kerning, and emoji of several parts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import groupby

# Left and right of these is exchanged where words run from right to left.
_MIRRORED = str.maketrans("()[]{}<>«»‹›≤≥", ")(][}{><»«›‹≥≤")

_RIGHT_TO_LEFT, _NUMBERS = ("R", "AL"), ("EN", "AN")
# What may stand within a number, and what may stand at its ends.
_WITHIN_NUMBERS, _BESIDE_NUMBERS = ("CS", "ES"), ("ET",)

_TATWEEL, _LAM = "\u0640", "\u0644"
_ISOLATED, _FINAL, _INITIAL, _MEDIAL = "isolated", "final", "initial", "medial"

# Vowel signs that are drawn before the consonants that they follow, and the signs that join
# consonants, by which several are one syllable.
_BEFORE = frozenset(
    "\u093f\u094e\u09bf\u09c7\u09c8\u0a3f\u0abf\u0b47\u0bc6\u0bc7\u0bc8\u0d46\u0d47"
)
_BEFORE |= frozenset("\u0d48\u1031\u17be\u17c1\u17c2\u17c3")
_JOINERS = frozenset("\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0d4d\u1039\u17d2")


def as_drawn(line: str) -> str:
    """The characters of one line as they are drawn, from left to right.

    A mark follows the letter on which it stands. What is not drawn, as a joiner, is left out.
    """
    line = unicodedata.normalize("NFC", line)
    if line.isascii():
        return "".join(c for c in line.replace("\t", " ") if c.isprintable())
    line = "".join(_vowels_first(_joined(line)))
    shown = (" " if c.isspace() else c for c in _turned(line))
    return "".join(c for c in shown if not _is_unseen(c))


def is_mark(character: str) -> bool:
    """True for a mark that stands on the letter before it, and takes no room of its own."""
    return unicodedata.category(character) in ("Mn", "Me")


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Zl", "Zp") or "\ufe00" <= character <= "\ufe0f"


# Letters that join


@cache
def _forms() -> dict[str, dict[str, str]]:
    """The forms of Arabic letters, by the letters (one, or lam and alef) and the form's name."""
    found: dict[str, dict[str, str]] = {}
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFF00)):
        form, *letters = unicodedata.decomposition(chr(code)).split() or [""]
        plain = "".join(chr(int(letter, 16)) for letter in letters)
        if form.strip("<>") in (_ISOLATED, _FINAL, _INITIAL, _MEDIAL) and (
            len(plain) == 1 or (len(plain) == 2 and plain[0] == _LAM)
        ):
            found.setdefault(plain, {}).setdefault(form.strip("<>"), chr(code))
    # Other ligatures with lam are a matter of taste; that with alef is how both are written.
    return {
        plain: forms
        for plain, forms in found.items()
        if len(plain) == 1 or unicodedata.normalize("NFD", plain[1])[0] == "\u0627"
    }


def _joined(line: str) -> str:
    """A line with its Arabic letters in the forms by which they join."""
    forms = _forms()
    letters = [c for c in line if not is_mark(c)]
    if not any(c in forms for c in letters):
        return line
    shaped, joins, index = [], False, 0
    marks = _marks(line)
    while index < len(letters):
        letter, length = letters[index], 1
        if letter + "".join(letters[index + 1 : index + 2]) in forms and letter == _LAM:
            letter, length = letter + letters[index + 1], 2
        following = letters[index + length] if index + length < len(letters) else ""
        leads = _joins_on(letter) and _joins_back(following)
        name = {
            (False, False): _ISOLATED,
            (True, False): _FINAL,
            (False, True): _INITIAL,
            (True, True): _MEDIAL,
        }[joins and _joins_back(letter), leads]
        shaped.append(forms.get(letter, {}).get(name, letter))
        shaped += marks[index : index + length]
        joins = leads
        index += length
    return "".join(shaped)


def _marks(line: str) -> list[str]:
    """The marks that stand on each of the letters of a line."""
    found: list[str] = []
    for character in line:
        if not is_mark(character):
            found.append("")
        elif found:
            found[-1] += character
    return found


def _joins_on(letter: str) -> bool:
    """True if a letter joins the one after it."""
    return letter == _TATWEEL or _INITIAL in _forms().get(letter, {})


def _joins_back(letter: str) -> bool:
    """True if a letter joins the one before it."""
    return letter == _TATWEEL or _FINAL in _forms().get(letter[:1], {})


# Signs before their letters


def _vowels_first(line: str) -> Iterator[str]:
    """The characters of a line, with the vowel signs that stand first in their syllable there."""
    syllable: list[str] = []
    for character in line:
        if character in _BEFORE and syllable:
            yield from (character, *syllable)
            syllable = []
            continue
        begins = unicodedata.category(character) not in ("Mn", "Mc")
        if begins and not (syllable and syllable[-1] in _JOINERS):
            yield from syllable
            syllable = []
        syllable.append(character)
    yield from syllable


# Words from right to left


def _turned(line: str) -> str:
    """A line in the order of its places, from left to right.

    A shortened form of the Unicode Bidirectional Algorithm: no embedding, one paragraph.
    """
    clusters = list(_clusters(line))
    kinds = [unicodedata.bidirectional(cluster[0]) for cluster in clusters]
    if not any(kind in (*_RIGHT_TO_LEFT, "AN") for kind in kinds):
        return line
    strong = (kind for kind in kinds if kind in ("L", *_RIGHT_TO_LEFT))
    base = int(next(strong, "L") != "L")
    levels = _levels(kinds, base)
    order = list(range(len(clusters)))
    for level in range(max(levels), 0, -1):
        start = 0
        while start < len(order):
            end = start
            while end < len(order) and levels[order[end]] >= level:
                end += 1
            order[start:end] = reversed(order[start:end])
            start = max(end, start + 1)
    turned = (clusters[at].translate(_MIRRORED) if levels[at] % 2 else clusters[at] for at in order)
    return "".join(turned)


def _clusters(line: str) -> Iterator[str]:
    """Letters, each with the marks that stand on it."""
    cluster = ""
    for character in line:
        if is_mark(character) and cluster:
            cluster += character
            continue
        if cluster:
            yield cluster
        cluster = character
    if cluster:
        yield cluster


def _levels(kinds: list[str], base: int) -> list[int]:
    """For each cluster an even number where it runs to the right, an odd one where to the left."""
    main = "R" if base else "L"
    strong, runs = main, []
    for kind in _with_numbers(kinds):
        if kind == "L" or kind in _RIGHT_TO_LEFT:
            strong = "L" if kind == "L" else "R"
            runs.append(strong)
        elif kind == "EN" and strong == "L":
            runs.append("L")
        else:
            runs.append("N" if kind in _NUMBERS else "")
    start = 0
    for run, same in groupby(list(runs)):
        end = start + len(list(same))
        if not run:
            # Between two of one direction it is part of them; numbers count as from right to left.
            before = runs[start - 1] if start else main
            after = runs[end] if end < len(runs) else main
            sides = {"L" if side == "L" else "R" for side in (before, after)}
            runs[start:end] = [sides.pop() if len(sides) == 1 else main] * (end - start)
        start = end
    return [{"L": 2 * base, "R": 1, "N": 2}[run] for run in runs]


def _with_numbers(kinds: Iterable[str]) -> list[str]:
    """The kinds of clusters, with signs that belong to a number counted as part of it."""
    found = list(kinds)
    for at in range(1, len(found) - 1):
        if found[at] in _WITHIN_NUMBERS and found[at - 1] == found[at + 1] == "EN":
            found[at] = "EN"
    for order in (range(1, len(found)), range(len(found) - 2, -1, -1)):
        step = order.step
        for at in order:
            if found[at] in _BESIDE_NUMBERS and found[at - step] == "EN":
                found[at] = "EN"
    return found
