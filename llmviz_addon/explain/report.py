"""Reports: an explanation as lines of text, for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..anatomy import number

if TYPE_CHECKING:
    from ..languages import Language
    from .explanation import Contributions, Explanation

# Operands of one kind, and blocks that a cell goes into, which are listed one by one.
_MOST_LISTED = 6

# Columns of the names at the left.
_MARGIN = 10

# Characters of the longest bar of a chart.
_BAR = 12


def report(found: Explanation) -> str:
    """All of an explanation, line by line."""
    tell = found.language.tell
    head = tell("explain.parts", words=found.title, written=found.place)
    lines = [str(found.cell), head, ""]
    if found.why:
        lines += [found.why, ""]
    for name, said in _said(found):
        row = tell(f"explain.row_{name}") if name else ""
        lines.append(f"{row}{' ' * max(1, _MARGIN - _columns(row))}{said}")
    return "\n".join(lines)


def _said(found: Explanation) -> Iterator[tuple[str, str]]:
    counted = found.language.counted
    if found.value is not None:
        yield "value", found.value_words
    yield "numpy", found.numpy_address
    if found.checkpoint_address:
        yield "", found.checkpoint_address
    if found.formula is not None and found.state != "masked":
        yield "formula", found.text
        if found.with_numbers:
            yield "", f"= {found.with_numbers}"
        if found.definition:
            yield "", found.definition
        yield "words", found.description
    if found.contributions is not None and len(found.contributions) > 1:
        yield "terms", counted(len(found.contributions), "term")
        yield from (("", line) for line in _chart(found.contributions, found.language))
    if found.sources:
        yield "sources", counted(found.n_sources, "cell")
        yield from _listed([source.summary for source in found.sources], found.language)
    if found.context:
        yield "beside", counted(sum(map(len, found.context)), "cell")
        yield from _listed([source.summary for source in found.context], found.language)
    if found.state not in ("masked", "unused"):
        yield "uses", found.uses.summary
        if len(found.uses.groups) > 1:
            yield from _listed([use.summary for use in found.uses.groups], found.language)


def _chart(found: Contributions, language: Language) -> Iterator[str]:
    """The largest terms, each with a bar as long as its share of the largest."""
    most = max(abs(each.value) for each in found.largest) or 1.0
    numbers = [number(each.value) for each in found.largest]
    wide = max(map(len, numbers))
    for each, value in zip(found.largest, numbers, strict=True):
        bar = "█" * round(_BAR * abs(each.value) / most) or "▏"
        said = each.words
        if each.written != value:
            said = language.tell("explain.parts", words=said, written=each.written)
        yield f"{value:>{wide}}  {bar:<{_BAR}}  {said}"
    if len(found) > len(found.largest):
        yield f"{'…':>{wide}}"


def _listed(lines: list[str], language: Language) -> Iterator[tuple[str, str]]:
    yield from (("", line) for line in lines[:_MOST_LISTED])
    if len(lines) > _MOST_LISTED:
        left = language.counted(len(lines) - _MOST_LISTED, "block")
        yield "", language.tell("explain.blocks_more", blocks=left)


def _columns(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)
