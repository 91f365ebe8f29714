"""Sentences that are said in English, found in a catalog by the words in them; for all rooms.

An error or a report is one English sentence, said where it happens. A catalog holds it with ``{}``
in place of each name or number, beside its translation, and so it is found again by the words that
stand between these. Of a sentence that is not in the catalog as a whole, the clauses are found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

HOLE = "{}"
"""The sign for a name or a number in a sentence of a catalog."""

CLAUSES = ("{}; {}", "{}: {}")
"""The sentences of a catalog that say how two clauses are joined; they are tried last, in order."""

# What stands in a hole is no more than a part of a clause; only in the last one may a colon be.
_WITHIN = r"((?:(?!;\s|:\s).)+?)"
_LAST = r"((?:(?!;\s).)+?)"
_REST = "(.+?)"


class Sentences:
    """The sentences of a catalog, to be found by one that is said.

    Parameters
    ----------
    written
        The sentences, with `HOLE` for what differs.
    """

    def __init__(self, written: Iterable[str]) -> None:
        known = set(written)
        self._plain = {each for each in known if HOLE not in each}
        # The one with the most words of its own is meant where several would do.
        some = sorted(known - self._plain - set(CLAUSES), key=_weight, reverse=True)
        self._all = [(each, each.split(HOLE)) for each in some]
        self._clauses = {each: each.split(HOLE) for each in CLAUSES if each in known}
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, said: str) -> tuple[str, tuple[str, ...]] | None:
        """The sentence that is said, and what stands in its holes; None where there is none."""
        if (found := self._whole(said)) is not None:
            return found
        # Most errors begin with the file that they are about.
        about, _, rest = said.partition(": ")
        if rest and CLAUSES[1] in self._clauses and self._whole(rest) is not None:
            return CLAUSES[1], (about, rest)
        return self._find(self._clauses.items(), said)

    def _whole(self, said: str) -> tuple[str, tuple[str, ...]] | None:
        return (said, ()) if said in self._plain else self._find(self._all, said)

    def _find(
        self, known: Iterable[tuple[str, list[str]]], said: str
    ) -> tuple[str, tuple[str, ...]] | None:
        for sentence, parts in known:
            if not (said.startswith(parts[0]) and said.endswith(parts[-1])):
                continue
            if all(part in said for part in parts):
                match = self._pattern(sentence, parts).fullmatch(said)
                if match is not None:
                    return sentence, match.groups()
        return None

    def _pattern(self, sentence: str, parts: list[str]) -> re.Pattern[str]:
        if sentence not in self._patterns:
            holes = [_WITHIN] * (len(parts) - 2) + [_LAST]
            if sentence == CLAUSES[0]:
                holes = [_LAST, _REST]
            written = re.escape(parts[0])
            for hole, part in zip(holes, parts[1:], strict=True):
                written += hole + re.escape(part)
            self._patterns[sentence] = re.compile(written, re.DOTALL)
        return self._patterns[sentence]


def filled(translation: str, holes: Iterable[str], say: Callable[[str], str]) -> str:
    """A translation with what stood in the holes of the English sentence, by place or in order.

    `say` puts each of these into the language, where it is a phrase itself.
    """
    return translation.format(*map(say, holes))


def _weight(sentence: str) -> tuple[int, str]:
    return len(sentence.replace(HOLE, "")), sentence
