"""Sentences that are said in English, found in a catalog by the words in them; for all rooms.

An error or a report is one English sentence, said where it happens. A catalog holds it with ``{}``
in place of each name or number, beside its translation, and so it is found again by the words that
stand between these.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

HOLE = "{}"
"""The sign for a name or a number in a sentence of a catalog."""


class Sentences:
    """The sentences of a catalog, to be found by one that is said.

    Parameters
    ----------
    written
        The sentences, with `HOLE` for what differs.
    """

    def __init__(self, written: Iterable[str]) -> None:
        # The one with the most words of its own is meant where several would do.
        some = sorted((each for each in written if HOLE in each), key=_weight, reverse=True)
        self._all = [(each, each.split(HOLE)) for each in some]
        self._patterns: dict[str, re.Pattern[str]] = {}

    def find(self, said: str) -> tuple[str, tuple[str, ...]] | None:
        """The sentence that is said, and what stands in its holes; None where there is none."""
        for sentence, parts in self._all:
            if not (said.startswith(parts[0]) and said.endswith(parts[-1])):
                continue
            if all(part in said for part in parts):
                match = self._pattern(sentence, parts).fullmatch(said)
                if match is not None:
                    return sentence, match.groups()
        return None

    def _pattern(self, sentence: str, parts: list[str]) -> re.Pattern[str]:
        if sentence not in self._patterns:
            between = "(.+?)".join(map(re.escape, parts))
            self._patterns[sentence] = re.compile(between, re.DOTALL)
        return self._patterns[sentence]


def filled(translation: str, holes: Iterable[str], say: Callable[[str], str]) -> str:
    """A translation with what stood in the holes of the English sentence, by place or in order.

    `say` puts each of these into the language, where it is a phrase itself.
    """
    return translation.format(*map(say, holes))


def _weight(sentence: str) -> int:
    return len(sentence.replace(HOLE, ""))
