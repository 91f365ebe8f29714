"""Reports: an explanation as lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..anatomy import number
from ..counting import counted

if TYPE_CHECKING:
    from .explanation import Contributions, Explanation
    from .uses import Use

# Operands of one kind, and blocks that a cell goes into, which are listed one by one.
_MOST_LISTED = 6

_MARGIN = " " * 10

# Characters of the longest bar of a chart.
_BAR = 12


def report(found: Explanation) -> str:
    """All of an explanation, line by line."""
    lines = [str(found.cell), f"{found.title}: {found.place}", ""]
    if found.why:
        lines += [found.why, ""]
    for name, said in _said(found):
        lines.append(f"{name:<{len(_MARGIN)}}{said}")
    return "\n".join(lines)


def _said(found: Explanation) -> Iterator[tuple[str, str]]:
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
            yield "", f"where {found.definition}"
        yield "words", found.description
    if found.contributions is not None and len(found.contributions) > 1:
        yield "terms", counted(len(found.contributions), "term")
        yield from (("", line) for line in _chart(found.contributions))
    if found.sources:
        yield "sources", counted(found.n_sources, "cell")
        yield from _listed([source.summary for source in found.sources])
    if found.context:
        yield "beside", counted(sum(map(len, found.context)), "cell")
        yield from _listed([source.summary for source in found.context])
    if found.state not in ("masked", "unused"):
        yield "uses", found.uses.summary
        if len(found.uses.groups) > 1:
            yield from _listed([_use(use) for use in found.uses.groups])


def _chart(found: Contributions) -> Iterator[str]:
    """The largest terms, each with a bar as long as its share of the largest."""
    most = max(abs(each.value) for each in found.largest) or 1.0
    numbers = [number(each.value) for each in found.largest]
    wide = max(map(len, numbers))
    for each, value in zip(found.largest, numbers, strict=True):
        bar = "█" * round(_BAR * abs(each.value) / most) or "▏"
        written = "" if each.written == value else f": {each.written}"
        yield f"{value:>{wide}}  {bar:<{_BAR}}  {each.words}{written}"
    if len(found) > len(found.largest):
        yield f"{'…':>{wide}}"


def _listed(lines: list[str]) -> Iterator[tuple[str, str]]:
    yield from (("", line) for line in lines[:_MOST_LISTED])
    if len(lines) > _MOST_LISTED:
        yield "", f"… and {counted(len(lines) - _MOST_LISTED, 'block')} more"


def _use(use: Use) -> str:
    said = f"{counted(len(use), 'cell')} of {use.cells.block}, as {use.part}"
    if use.largest is None or use.shares is None:
        return said
    share = number(float(use.shares[use.largest]))
    return f"{said}; {'most ' * (len(use) > 1)}into {use.cell(use.largest)}: {share}"
