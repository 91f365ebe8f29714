"""Pages: images that hold the values of slabs, one byte a cell.

A graphics card takes textures of at most 16,384 texels a side, and a token embedding has 50,257
columns, so blocks are laid end to end on ribbons as wide as a block is high, and ribbons fold at
the page's edge like lines of text. The place of a texel follows from three numbers: the block's
place along the ribbon, the page's line where the ribbon begins, and the pitch of its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from .bundles import Bundle
from .levels import PATCH, Bytes

WIDTH = 8192
"""Texels across a page; every graphics card that Blender runs on takes twice as many."""

FULL = 8192
"""Lines after which a new page is begun."""

HIGHEST = 16_384
"""Lines that a page may have where a single bundle needs them."""

MANY = 500_000
"""Cells from which on a bundle of weights counts as large: hardly any budget makes it cubes."""

# Texels along a ribbon that are copied at once where they do not lie side by side in memory: so few
# that what is read with them stays in the processor's cache until every line has its share.
_STRIP = 32


@dataclass(frozen=True, slots=True)
class Placement:
    """The place of a block's values on a page.

    Attributes
    ----------
    page
        Number of the page.
    x, y
        Place along the ribbon, and the page's line where the ribbon begins; multiples of 8.
    pitch
        Lines of the ribbon.
    transposed
        True if rows run along the ribbon, as they do for blocks that are higher than wide.
    """

    page: int
    x: int
    y: int
    pitch: int
    transposed: bool

    def texels(self, column: np.ndarray, row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The page's (line, texel) of cells."""
        along, across = (row, column) if self.transposed else (column, row)
        fold, x = np.divmod(self.x + along, WIDTH)
        return self.y + fold * self.pitch + across, x


@dataclass(frozen=True)
class Layout:
    """The places of the values of all slabs, by block, and the height of each page in lines."""

    places: Mapping[str, Placement]
    heights: tuple[int, ...]


def padded(size: int) -> int:
    """The next multiple of a patch, so that no patch holds cells of two blocks."""
    return -(-size // PATCH) * PATCH


def fits(bundle: Bundle, computed: int) -> bool:
    """True if a page has room for the values of a bundle."""
    pitch, length, _ = _ribbon(bundle, computed)
    return _lines(pitch, length * len(bundle.blocks)) <= HIGHEST


def _ribbon(bundle: Bundle, computed: int) -> tuple[int, int, bool]:
    """The pitch of a bundle's ribbon, the length of a block on it, and True if transposed."""
    columns, rows = bundle.first.extent(computed)
    return padded(min(columns, rows)), padded(max(columns, rows)), rows > columns


def _lines(pitch: int, length: int) -> int:
    """Lines of a page that a ribbon takes, folded."""
    return -(-length // WIDTH) * pitch


@dataclass
class _Page:
    """A page that is being filled: its kind, and the length of each ribbon by its pitch."""

    kind: str
    lengths: dict[int, int] = field(default_factory=dict)

    def height(self, pitch: int = 0, more: int = 0) -> int:
        """Lines of the page, with the ribbon of this pitch longer by `more` texels."""
        lengths = self.lengths if not more else {**self.lengths, pitch: self._with(pitch, more)}
        return sum(_lines(of, length) for of, length in lengths.items())

    def _with(self, pitch: int, more: int) -> int:
        return self.lengths.get(pitch, 0) + more

    def put(self, pitch: int, length: int) -> int:
        """Take room on a ribbon and return the place along it where that begins."""
        start = self.lengths.get(pitch, 0)
        self.lengths[pitch] = start + length
        return start


def lay_out(
    bundles: Iterable[Bundle], computed: int, shared: Mapping[str, str] | None = None
) -> Layout:
    """Places for the values of all blocks of bundles.

    A bundle's blocks stand on one page, since an object has one material. Weights and numbers that
    are computed from a prompt stand on different pages, so that the weights' pages can stay when
    the prompt changes. Large weights and small ones stand on different pages too: another prompt
    may leave room to draw small ones as cubes, and then the large ones keep their places.

    Parameters
    ----------
    computed
        Positions that have numbers.
    shared
        Blocks that show another block's values, transposed, by name: a tied output head shows the
        token embedding.

    Raises
    ------
    ValueError
        If a bundle is too large for a page.
    """
    shared = shared or {}
    pages: list[_Page] = []
    placed: dict[str, tuple[int, int, int, bool]] = {}
    for bundle in bundles:
        if bundle.name in shared:
            continue
        pitch, length, transposed = _ribbon(bundle, computed)
        page = _find(pages, _kind(bundle), pitch, length * len(bundle.blocks), bundle.name)
        for block in bundle.blocks:
            placed[block.name] = (page, pages[page].put(pitch, length), pitch, transposed)
    tops = [_tops(page) for page in pages]
    places = {
        name: Placement(page, x, tops[page][pitch], pitch, transposed)
        for name, (page, x, pitch, transposed) in placed.items()
    }
    for name, other in shared.items():
        if other in places:
            at = places[other]
            places[name] = Placement(at.page, at.x, at.y, at.pitch, not at.transposed)
    return Layout(places, tuple(page.height() for page in pages))


def _kind(bundle: Bundle) -> str:
    """A key that is the same for bundles that may share a page."""
    if bundle.first.kind != "weight":
        return "computed"
    return "large weights" if bundle.cells >= MANY else "small weights"


def _find(pages: list[_Page], kind: str, pitch: int, length: int, name: str) -> int:
    """Number of the first page with room for `length` texels more; a new one where none has."""
    for number, page in enumerate(pages):
        if page.kind == kind and page.height(pitch, length) <= FULL:
            return number
    pages.append(_Page(kind))
    if pages[-1].height(pitch, length) > HIGHEST:
        raise ValueError(f"{name} is too large for a page of {WIDTH:,} x {HIGHEST:,} texels.")
    return len(pages) - 1


def _tops(page: _Page) -> dict[int, int]:
    """The line at which each ribbon begins."""
    tops, line = {}, 0
    for pitch, length in page.lengths.items():
        tops[pitch] = line
        line += _lines(pitch, length)
    return tops


def write(page: Bytes, place: Placement, values: Bytes) -> None:
    """Write a block's bytes, (columns, rows), to its place on a page, (height, width)."""
    lines = values if place.transposed else values.T  # (across, along)
    across, along = lines.shape
    most = WIDTH if lines.strides[1] == 1 else _STRIP
    done = 0
    while done < along:
        fold, x = divmod(place.x + done, WIDTH)
        count = min(along - done, WIDTH - x, most)
        top = place.y + fold * place.pitch
        page[top : top + across, x : x + count] = lines[:, done : done + count]
        done += count
