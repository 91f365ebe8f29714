"""Pinned cells: the answers to questions about cells, as parts of a scene.

A model's pins are named on its root, beside its recipe, so that another prompt or another build
brings them up to date. `drawn.pins` draws them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np

from .. import explain as explain_room
from ..explain import Cell, CellError, Explanation
from ..walkthrough import captioning, targets
from ..walkthrough.framing import SENSOR
from ..walkthrough.picture import POINTS
from . import names
from .cells import SceneReader
from .drawn import pin_cards as cards
from .drawn import pins as drawing
from .drawn.flat import Easel
from .drawn.pins import PINS
from .pointing import Field, Ground
from .standing import place, recipe, tree
from .standing.finding import find
from .standing.graft import Graft
from .standing.standing import Standing
from .style import looks
from .style.kit import CELL, Kit

# Lines of a caption that find room below cards.
_LINES = 2
# Nearest distances that a camera sees, before which cards hang at least.
_BEYOND = 1.3

MOST = 24
"""Pins of a model at most; each has an object of some thousand faces, and a card."""


def pin(
    scene: bpy.types.Scene, block: str, column: int | None = None, row: int | None = None
) -> Explanation:
    """Pin a cell: make the answer to what it is a part of the scene.

    Parameters
    ----------
    block
        A block's name; or a cell as it is written, ``"layer0.head1.attention[1, 3]"``.
    column, row
        The cell in the block's grid: of attention, the key and the query.

    Raises
    ------
    llmviz_addon.explain.CellError
        If no model stands that has such a cell, or there are too many pins already.
    StandingError
        If the model cannot be changed.
    """
    found = find(scene)
    if not found:
        raise CellError("No model stands in this scene; build one first")
    failed: CellError | None = None
    for standing in found:
        try:
            cell = explain_room.cell_at(standing.plan.anatomy, block, column, row)
        except CellError as error:
            failed = failed or error
            continue
        return pin_cell(standing, cell)
    raise failed or CellError(f"There is no cell {block}")


def pin_cell(standing: Standing, cell: Cell) -> Explanation:
    """Pin a cell of one model; raises what `pin` raises."""
    standing.check()
    standing.check_arranged()
    cells = [each for each in recipe.pins_of(standing.root) if each != str(cell)]
    if len(cells) >= MOST:
        raise CellError(f"{MOST} cells are pinned already; clear some of them first")
    recipe.write_pins(standing.root, [*cells, str(cell)])
    renew(standing)
    return explain_room.explain(SceneReader(standing), *cell)


def clear_pins(scene: bpy.types.Scene) -> int:
    """Remove all pins of all models in a scene; returns their number.

    Raises
    ------
    StandingError
        If a model cannot be changed.
    """
    found = [standing for standing in find(scene) if recipe.pins_of(standing.root)]
    for standing in found:
        standing.check()
    count = 0
    for standing in found:
        count += len(recipe.pins_of(standing.root))
        recipe.write_pins(standing.root, [])
        renew(standing)
    tree.sweep()
    return count


def pinned(scene: bpy.types.Scene) -> list[str]:
    """The cells that are pinned in a scene, as they are written."""
    return [cell for standing in find(scene) for cell in recipe.pins_of(standing.root)]


def renew(standing: Standing, whole: bool = False) -> list[str]:
    """Draw a model's pins anew, with the numbers that it has now.

    Returns a sentence for each that is gone, because the model has no such cell any more.
    """
    wanted, notes, found = recipe.pins_of(standing.root), [], []
    if not wanted and not standing.made(PINS):
        return []
    reader = SceneReader(standing)
    for written in wanted:
        try:
            cell = explain_room.parse(reader.anatomy, written)
            found.append(explain_room.explain(reader, *cell))
        except CellError as error:
            notes.append(f"{written} is not pinned any more: {error}")
    if notes:
        recipe.write_pins(standing.root, [str(each.cell) for each in found])
    ground = Field([standing]).grounds.get(standing.id)
    collection = tree.new("Pins", standing.root, PINS)
    drawn: list[bpy.types.Object] = []
    if found and ground is not None:
        drawn = _draw(standing, ground, found, collection)
    Graft(standing, PINS, drawn, whole=whole).put([collection] if drawn else [])
    if not drawn:
        tree.delete(collection)
        left = standing.collections.pop(PINS, None)
        if left is not None:
            tree.delete(left)
    hang(standing)
    return notes


def _draw(
    standing: Standing,
    ground: Ground,
    found: Sequence[Explanation],
    collection: bpy.types.Collection,
) -> list[bpy.types.Object]:
    kit = Kit([each.root for each in find(standing.scene)] or [standing.root])
    material = kit.pin
    asked = standing.recipe
    look = looks.load(asked.look)
    kit.paint(look, look.colors(asked.accessible), ())
    easel = Easel(standing.anchor, collection, material, cards.TINTS)
    back = np.linalg.inv(ground.anchor)

    def places(block: str, points: np.ndarray) -> np.ndarray:
        matrix = back @ ground.matrix(block)
        return (points @ matrix[:3, :3].T + matrix[:3, 3]) / CELL

    def spots(block: str, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        of = ground.plan.anatomy.blocks[block]
        right, up = of.spec.places(columns, rows)
        return np.stack([right, np.zeros(len(columns)), up], -1) + np.array(of.origin)

    made = [cards.hud(easel)]
    for each in found:
        made += drawing.draw(each, places, spots, easel, kit)
    return made


def hang(standing: Standing) -> None:
    """Hang the cards of a model's pins before the film's camera."""
    film = next(iter(find(standing.scene)), standing)
    camera = next(iter(film.acting(targets.CAMERA)), None)
    parent = next(iter(film.acting(targets.CAPTIONS)), camera)
    if camera is None or parent is None:
        return
    render = standing.scene.render
    aspect = render.resolution_x / render.resolution_y
    foot = captioning.top(_LINES, titled=True) if film.recipe.captions else 0.0
    cards.compose(standing.objects, parent, camera.data.lens, aspect, foot=foot)


@contextmanager
def before(
    scene: bpy.types.Scene, camera: bpy.types.Object, aspect: float, distance: float
) -> Iterator[None]:
    """Hang the cards of all pins before another camera for as long as a picture takes.

    Parameters
    ----------
    distance
        Of the plane that is in focus, in meters; 0 where all is.
    """
    having = [standing for standing in find(scene) if standing.made(PINS)]
    # Beyond what is too near for the camera to see, which is farther before a larger model.
    distance = max(distance, _BEYOND * camera.data.clip_start)
    try:
        for standing in having:
            offsets = _offsets(standing, camera, aspect)
            lens = camera.data.lens
            cards.compose(standing.objects, camera, lens, aspect, distance, offsets)
        yield
    finally:
        for standing in having:
            hang(standing)


def _offsets(standing: Standing, camera: bpy.types.Object, aspect: float) -> dict[str, np.ndarray]:
    """Where the cards of pinned cells hide least in the picture of a camera."""
    world = np.array(place.matrix_of(standing.anchor), float)
    to_camera = np.linalg.inv(world @ np.array(camera.matrix_basis, float)) @ world
    scale = camera.data.lens / SENSOR * max(aspect, 1 / aspect) * POINTS
    found = {}
    for key, frame in standing.objects.items():
        card = standing.objects.get(f"{key} card")
        if not key.startswith("pin:") or card is None:
            continue
        points = np.empty(3 * len(frame.data.vertices), np.float32)
        frame.data.vertices.foreach_get("co", points)
        at = np.array(frame.location)
        points = np.concatenate([[at], points.reshape(-1, 3) + at, _spread(standing, key)])
        seen = points @ to_camera[:3, :3].T + to_camera[:3, 3]
        seen = seen[:, :2] / np.maximum(-seen[:, 2:], 1e-6) * scale
        high = float(card[names.HEIGHT])
        lines, block = np.split(seen[1:], [len(frame.data.vertices)])
        found[key] = cards.best_offset(lines, seen[0], aspect, high, block)
    return found


def _spread(standing: Standing, key: str) -> np.ndarray:
    """(N, 3) places all over the block of a pinned cell, in meters."""
    anatomy = standing.plan.anatomy
    try:
        block = anatomy.blocks[explain_room.parse(anatomy, key.removeprefix("pin:")).block]
    except CellError:
        return np.empty((0, 3))
    (left, front, low), (right, _, high) = block.bounds
    across, up = np.meshgrid(np.linspace(left, right, 9), np.linspace(low, high, 9))
    return np.stack([across, np.full_like(across, front), up], -1).reshape(-1, 3) * CELL


@contextmanager
def meanwhile(standing: Standing, cells: Sequence[Cell]) -> Iterator[None]:
    """Pin cells for as long as a picture takes, in place of those that are pinned."""
    if not cells:
        yield
        return
    kept = recipe.pins_of(standing.root)
    recipe.write_pins(standing.root, [str(cell) for cell in cells])
    try:
        renew(standing)
        yield
    finally:
        recipe.write_pins(standing.root, kept)
        renew(standing)
        tree.sweep()
