"""The card beside the pointer: what it says of a cell, and how its lines are laid out.

Nothing is drawn here, so a card can be looked at without a window.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..breaking import pieces
from . import translating

if TYPE_CHECKING:
    from ..explain import Contributions, Explanation
    from ..languages import Language
    from .asking import Answer

Style = Literal["title", "place", "value", "formula", "words", "note"]

Measure = Callable[[str, Style], float]
"""Gives the width of words in a style, in pixels."""

# Blocks from which a cell takes something that are listed.
_MOST_SOURCES = 4

# Cells to which a weight adds most that are listed.
_MOST_USES = 5

# Lines that words may take; the rest is left out.
_MOST_LINES: dict[Style, int] = {"formula": 3, "note": 3, "words": 2}

_ELLIPSIS = "…"


@dataclass(frozen=True)
class Words:
    """Words on a card, and at its right edge, if any, words that belong to them."""

    text: str
    style: Style
    beside: str = ""


@dataclass(frozen=True)
class Bar:
    """A term of the cell's sum, or what the cell adds to another.

    Attributes
    ----------
    share
        Its share of the largest one, with its sign.
    text
        The name of what it is.
    written, value
        The term with its numbers, empty where it is a number, and what it comes to.
    """

    share: float
    text: str
    written: str
    value: str


Row = Words | Bar


def rows_of(answer: Answer) -> list[Row]:
    """The lines of a card; empty where there is nothing to say."""
    found, problem, note = answer
    problem, note = translating.say(problem), translating.say(note)
    if found is None:
        return [Words(problem, "note")] if problem else []
    return list(_rows(found, note))


def _rows(found: Explanation, note: str) -> Iterator[Row]:
    yield Words(found.title, "title")
    yield Words(found.place or str(found.cell), "place")
    if found.value is not None:
        yield Words(found.said.number, "value", found.exactness_words)
    why = "" if found.state == "absent" and note else found.why
    for sentence in filter(None, (why, note)):
        yield Words(sentence, "note")
    if found.formula is not None and found.state != "masked":
        yield Words(found.text, "formula")
        if found.with_numbers:
            yield Words(f"= {found.with_numbers}", "formula")
        elif found.definition:
            yield Words(found.definition, "formula")
    if found.contributions is not None and len(found.contributions) > 1:
        yield from _bars(found.contributions, found.language)
    elif found.sources:
        for source in found.sources[:_MOST_SOURCES]:
            yield Words(source.summary, "words")
    yield from _ways(found)
    yield from _uses(found)


def _bars(found: Contributions, language: Language) -> Iterator[Row]:
    from ..anatomy import number

    most = max(abs(each.value) for each in found.largest) or 1.0
    for each in found.largest:
        value = number(each.value)
        written = "" if each.written == value else each.written
        yield Bar(each.value / most, each.words, written, value)
    left = len(found) - len(found.largest)
    if left:
        terms = language.counted(left, "term")
        yield Words(language.tell("explain.terms_more", terms=terms), "words")


def _ways(found: Explanation) -> Iterator[Row]:
    """Where it comes from and where it goes, in a line."""
    if found.state in ("masked", "unused"):
        return
    yield Words(found.ways, "words", str(found.cell))


def _uses(found: Explanation) -> Iterator[Row]:
    """The cells that it goes into most; of what is given, a chart, since it has no other."""
    from ..anatomy import number

    strongest = found.uses.strongest(1 if found.sources else _MOST_USES)
    if not strongest:
        return
    (cell, most), *more = strongest
    if more and any(value != most for _, value in more):
        for cell, value in strongest:
            yield Bar(value / (abs(most) or 1.0), str(cell), "", number(value))
        return
    key = "only" if len(found.uses) == 1 else "alike" if more else "most"
    said = found.language.tell(f"explain.into_{key}", cell=cell, value=number(most))
    yield Words(said, "words")


def wrapped(text: str, style: Style, width: float, measure: Measure) -> list[str]:
    """Words in lines of a width in pixels, as many as a card has room for."""
    lines = [""]
    for gap, word in pieces(text):
        longer = f"{lines[-1]}{gap}{word}" if lines[-1] else word
        if measure(longer, style) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    most = _MOST_LINES.get(style, 1)
    kept = [shortened(line, style, width, measure) for line in lines[:most]]
    if len(lines) > most:
        kept[-1] = shortened(f"{kept[-1]} {_ELLIPSIS}", style, width, measure)
    return kept


def beside(bar: Bar, style: Style, width: float, measure: Measure) -> str:
    """A bar's term and what it comes to, in a width in pixels; what it comes to is never cut."""
    if not bar.written:
        return bar.value
    end = f" = {bar.value}"
    return shortened(bar.written, style, width - measure(end, style), measure) + end


def named(bar: Bar, style: Style, width: float, measure: Measure) -> str:
    """A bar's name in a width in pixels: where it is too long, without all but its last part."""
    text = bar.text
    if measure(text, style) > width:
        text = text.rpartition(", ")[2]
    return shortened(text, style, width, measure)


def shortened(text: str, style: Style, width: float, measure: Measure) -> str:
    """Words that fit a width in pixels, cut off at their end where they are too long."""
    if measure(text, style) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle] + _ELLIPSIS, style) <= width:
            low = middle
        else:
            high = middle - 1
    return text[:low].rstrip(f" {_ELLIPSIS}") + _ELLIPSIS
