"""The drawing of what is under the pointer: the card, the cell's outline, lights on its sources.

It is drawn over the view as a part of the pointer. The view itself stays as it was drawn, so that
the card follows the mouse however long a picture of the scene takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from . import rays
from .hover_card import Bar, Row, Style, Words, beside, named, rows_of, wrapped

if TYPE_CHECKING:
    from ..scene.pointing import Ground
    from .hovering import Shown

Color = tuple[float, float, float, float]

_FONT = 0

# Of each style: the size of its letters and the distance of its lines, in pixels of an interface of
# usual size, and its color.
_STYLES: dict[Style, tuple[float, float, Color]] = {
    "title": (15.0, 20.0, (0.96, 0.97, 1.0, 1.0)),
    "place": (12.5, 18.0, (0.62, 0.68, 0.80, 1.0)),
    "value": (23.0, 33.0, (1.0, 1.0, 1.0, 1.0)),
    "formula": (12.5, 17.0, (0.80, 0.86, 0.98, 1.0)),
    "words": (12.0, 17.0, (0.60, 0.66, 0.78, 1.0)),
    "note": (12.5, 17.0, (1.0, 0.79, 0.42, 1.0)),
}
_BAR_STYLE: Style = "words"
_BAR_PITCH = 17.0

# Of the card, in the same pixels: its width, its margin, the distance to the pointer, the radius of
# its corners, and the width of the stripe in the color of the block's kind.
_WIDTH, _MARGIN, _OFF, _ROUND, _STRIPE = 430.0, 14.0, 22.0, 7.0, 4.0
_BAR_WIDTH, _BAR_GAP = 64.0, 8.0

_PAPER: Color = (0.018, 0.026, 0.048, 0.94)
_KINDS: dict[str, Color] = {
    "weight": (0.36, 0.58, 1.0, 1.0),
    "activation": (0.26, 0.92, 0.56, 1.0),
    "aggregate": (1.0, 0.69, 0.25, 1.0),
}
_NEGATIVE: Color = (1.0, 0.45, 0.42, 1.0)
_TARGET: Color = (1.0, 0.93, 0.62, 1.0)
_SOURCE: Color = (1.0, 0.75, 0.25, 1.0)
_USE: Color = (0.35, 0.85, 1.0, 1.0)

# Sources that get a light of their own; of more, the strongest ones.
_MOST_LIGHTS = 512

# Blocks that a weight goes into whose cells are lit.
_MOST_USERS = 8

# Pixels below which a cell is too small to be seen by its outline, so that a ring is drawn.
_TOO_SMALL = 7.0


def draw(context: bpy.types.Context, shown: Shown, x: int, y: int) -> None:
    """Draw a cell's outline, its sources' lights and its card in a view.

    Parameters
    ----------
    x, y
        The pixel of the window at which the pointer is.
    """
    region, found = context.region, shown.answer.found
    corner = np.array([region.x, region.y], float)
    gpu.state.blend_set("ALPHA")
    try:
        if found is not None:
            _light_sources(region, corner, shown)
        _outline(region, corner, shown)
        _card(context, rows_of(shown.answer), found.kind if found else "", x, y)
    finally:
        gpu.state.blend_set("NONE")


def _faces(ground: Ground, block: str, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(N, 2, 4, 3) corners, in the world, of the front and the back of cells' cubes."""
    found = ground.plan.anatomy.blocks[block]
    right, up = found.spec.places(columns, rows)
    middle = np.stack([right, np.zeros(len(columns)), up], -1) + np.array(found.origin)
    sides = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.45
    front = np.stack([sides[:, 0], np.full(4, -0.45), sides[:, 1]], -1)
    corners = np.stack([front, front * (1, -1, 1)])
    places = middle[:, None, None, :] + corners
    matrix = ground.matrix(block)
    return places @ matrix[:3, :3].T + matrix[:3, 3]


def _outline(region: bpy.types.Region, corner: np.ndarray, shown: Shown) -> None:
    """Draw the outline of the cell: around all of its cube."""
    _, block, column, row = shown.cell
    faces = _faces(shown.ground, block, np.array([column]), np.array([row])).reshape(-1, 3)
    pixels, before = rays.pixels_of(region.data, (region.width, region.height), faces)
    if not before.all():
        return
    pixels += corner
    if np.ptp(pixels, axis=0).max() < _TOO_SMALL:
        around = np.linspace(0, 2 * np.pi, 25)[:-1]
        pixels = pixels.mean(0) + 9 * np.stack([np.cos(around), np.sin(around)], -1)
    loop = _hull(pixels)
    _line(np.append(loop, loop[:1], axis=0), (0.0, 0.0, 0.0, 0.6), 4.5)
    _line(np.append(loop, loop[:1], axis=0), _TARGET, 2.2)


def _light_sources(region: bpy.types.Region, corner: np.ndarray, shown: Shown) -> None:
    """Light the sources of the cell, or the uses of one that is given: weights and tokens."""
    found = shown.answer.found
    for source, strengths in zip(found.sources, found.strengths, strict=True):
        _light(region, corner, shown.ground, source.cells, strengths, _SOURCE)
    for use in () if found.sources else found.uses.groups[:_MOST_USERS]:
        shares = np.ones(len(use)) if use.shares is None else np.abs(use.shares)
        most = float(shares.max(initial=0.0)) or 1.0
        _light(region, corner, shown.ground, use.cells, shares / most, _USE)


def _light(
    region: bpy.types.Region,
    corner: np.ndarray,
    ground: Ground,
    cells: tuple,
    strengths: np.ndarray,
    color: Color,
) -> None:
    """Light cells of one block, brighter the more they count, and frame those in one piece."""
    block, columns, rows = cells
    if not len(columns):
        return
    size = region.width, region.height
    order = np.argsort(-strengths, kind="stable")[:_MOST_LIGHTS]
    faces = _faces(ground, block, columns[order], rows[order])
    pixels, before = rays.pixels_of(region.data, size, faces)
    # Of front and back, the one that is nearer is seen: it is the larger one.
    areas = np.abs(_areas(pixels))
    nearer = np.where((areas[:, 0] >= areas[:, 1])[:, None, None], pixels[:, 0], pixels[:, 1])
    there = before.all(axis=(1, 2))
    _quads(nearer[there] + corner, color, 0.12 + 0.6 * strengths[order][there])
    for ends in runs(ground, *cells):
        # Of the cell in each corner, that corner of its front.
        loop = _faces(ground, block, *ends)[np.arange(4), 0, np.arange(4)]
        pixels, before = rays.pixels_of(region.data, size, loop)
        if before.all():
            pixels += corner
            _line(np.append(pixels, pixels[:1], axis=0), (*color[:3], 0.9), 1.4)


def runs(
    ground: Ground, block: str, columns: np.ndarray, rows: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The rectangles that cells stand together in, as columns and rows of four cells.

    These are in the corners at the lower left, the lower right, the upper right, the upper left.
    """
    found = []
    for piece in ground.plan.anatomy.blocks[block].spec.pieces:
        within = (columns >= piece.column) & (columns < piece.column + piece.columns)
        within &= (rows >= piece.row) & (rows < piece.row + piece.rows)
        if within.any():
            left, right = columns[within].min(), columns[within].max()
            top, bottom = rows[within].min(), rows[within].max()
            corners = [left, right, right, left], [bottom, bottom, top, top]
            found.append((np.array(corners[0]), np.array(corners[1])))
    return found


def _card(context: bpy.types.Context, rows: Sequence[Row], kind: str, x: int, y: int) -> None:
    """Draw the card beside the pointer, within the view."""
    if not rows:
        return
    scale = context.preferences.system.ui_scale
    inner = (_WIDTH - 2 * _MARGIN - _STRIPE) * scale

    def measure(text: str, style: Style) -> float:
        blf.size(_FONT, _STYLES[style][0] * scale)
        return float(blf.dimensions(_FONT, text)[0])

    lines: list[tuple[Row, str]] = []
    for row in rows:
        if isinstance(row, Bar):
            lines.append((row, ""))
            continue
        taken = measure(row.beside, "words") + _MARGIN * scale if row.beside else 0.0
        texts = wrapped(row.text, row.style, inner - taken, measure)
        lines += [(row if not n else Words(row.text, row.style), t) for n, t in enumerate(texts)]
    height = (2 * _MARGIN - 4) * scale + sum(_pitch(row) for row, _ in lines) * scale
    left, top = _placed(context.region, _WIDTH * scale, height, _OFF * scale, x, y)
    stripe = _KINDS.get(kind, _NEGATIVE)
    _rounded(left, top - height, _WIDTH * scale, height, _ROUND * scale, _PAPER)
    edge = np.array([(0, 0), (_STRIPE, 0), (_STRIPE, 1), (0, 1)]) * (scale, height)
    edge += (left, top - height)
    edge[:, 1] = np.clip(edge[:, 1], top - height + _ROUND * scale, top - _ROUND * scale)
    _quads(edge[None], stripe, np.ones(1))
    at = left + (_MARGIN + _STRIPE) * scale
    z = top - (_MARGIN - 2) * scale
    for row, text in lines:
        z -= _pitch(row) * scale
        if isinstance(row, Bar):
            _bar(row, at, z, inner, scale, stripe, measure)
            continue
        _write(text, row.style, at, z, scale)
        if row.beside:
            _write(row.beside, "words", at + inner - measure(row.beside, "words"), z, scale)


def _pitch(row: Row) -> float:
    return _BAR_PITCH if isinstance(row, Bar) else _STYLES[row.style][1]


def _placed(
    region: bpy.types.Region, width: float, height: float, off: float, x: int, y: int
) -> tuple[float, float]:
    """The upper left corner of a card: right of the pointer and below it where there is room."""
    left, top = x + off, y - off
    if left + width > region.x + region.width:
        left = x - off - width
    if top - height < region.y:
        top = y + off + height
    left = min(max(left, region.x + 4), region.x + region.width - width - 4)
    top = max(min(top, region.y + region.height - 4), region.y + height + 4)
    return left, top


def _bar(bar: Bar, x: float, y: float, width: float, scale: float, color: Color, measure) -> None:
    """Draw a term as a bar with its words and its numbers."""
    long = max(abs(bar.share) * _BAR_WIDTH, 1.5) * scale
    box = np.array([(0, 0), (long, 0), (long, 8 * scale), (0, 8 * scale)]) + (x, y)
    _quads(box[None], color if bar.share >= 0 else _NEGATIVE, np.array([0.95]))
    at = x + (_BAR_WIDTH + _BAR_GAP) * scale
    room = x + width - at
    term = beside(bar, _BAR_STYLE, 0.62 * room, measure)
    wide = measure(term, _BAR_STYLE)
    text = named(bar, _BAR_STYLE, room - wide - _BAR_GAP * scale, measure)
    _write(text, _BAR_STYLE, at, y, scale)
    _write(term, _BAR_STYLE, x + width - wide, y, scale, _STYLES["formula"][2])


def _write(
    text: str, style: Style, x: float, y: float, scale: float, color: Color | None = None
) -> None:
    size, _, usual = _STYLES[style]
    blf.size(_FONT, size * scale)
    blf.color(_FONT, *(color or usual))
    blf.position(_FONT, x, y, 0)
    blf.draw(_FONT, text)


def _rounded(x: float, y: float, width: float, height: float, radius: float, color: Color) -> None:
    """Fill a rectangle with round corners."""
    turns = np.linspace(0, np.pi / 2, 7)
    corners = []
    for number, (across, up) in enumerate(((1, 1), (0, 1), (0, 0), (1, 0))):
        middle = (
            x + (width - radius if across else radius),
            y + (height - radius if up else radius),
        )
        angle = turns + number * np.pi / 2
        corners.append(middle + radius * np.stack([np.cos(angle), np.sin(angle)], -1))
    loop = np.concatenate(corners)
    middle = loop.mean(0)
    triangles = np.stack([np.broadcast_to(middle, loop.shape), loop, np.roll(loop, -1, 0)], 1)
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    shader.uniform_float("color", color)
    _batch(shader, triangles.reshape(-1, 2))


def _quads(corners: np.ndarray, color: Color, alpha: np.ndarray) -> None:
    """Fill (N, 4, 2) quadrangles of one color, each with its own opacity."""
    if not len(corners):
        return
    shader = gpu.shader.from_builtin("FLAT_COLOR")
    triangles = corners[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 2)
    colors = np.tile(np.array(color, np.float32), (len(triangles), 1))
    colors[:, 3] *= np.repeat(alpha, 6)
    _batch(shader, triangles, colors)


def _batch(shader: gpu.types.GPUShader, points: np.ndarray, colors: np.ndarray | None = None):
    flat = np.zeros((len(points), 3), np.float32)
    flat[:, :2] = points
    content = {"pos": flat} if colors is None else {"pos": flat, "color": colors}
    batch_for_shader(shader, "TRIS", content).draw(shader)


def _line(points: np.ndarray, color: Color, width: float) -> None:
    """Draw a line through (N, 2) pixels."""
    shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
    shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
    shader.uniform_float("lineWidth", width)
    shader.uniform_float("color", color)
    flat = np.zeros((len(points), 3), np.float32)
    flat[:, :2] = points
    batch_for_shader(shader, "LINE_STRIP", {"pos": flat}).draw(shader)


def _areas(loops: np.ndarray) -> np.ndarray:
    """The areas of (..., 4, 2) quadrangles, with their sign."""
    following = np.roll(loops, -1, -2)
    cross = loops[..., 0] * following[..., 1] - loops[..., 1] * following[..., 0]
    return 0.5 * cross.sum(-1)


def _hull(points: np.ndarray) -> np.ndarray:
    """The convex hull of (N, 2) points, counterclockwise (Andrew's monotone chain)."""
    found = sorted(map(tuple, points.tolist()))

    def half(ordered: Sequence[tuple[float, ...]]) -> list[tuple[float, ...]]:
        chain: list[tuple[float, ...]] = []
        for point in ordered:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return np.array(half(found) + half(found[::-1]))


def _turn(a: Sequence[float], b: Sequence[float], c: Sequence[float]) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
