"""Windows of slabs: a rectangle of cells that become cubes in place, and that the slab leaves out.

The cubes show exact values where what was drawn from is at hand and agrees with the slab. In a file
that is opened, weights are read from the checkpoint if it is still there. Otherwise the values are
read from the slab's page, in its 255 levels. The film moves the cubes as it moves the slab.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np

from ... import model as model_room
from ...anatomy import Block, Piece
from ...detail import EXACTNESS, Bundle, Plan, Rect, bricks, orders
from ...detail.levels import to_bytes, to_numbers
from ...errors import Problem
from .. import names
from ..attributes import read_attribute, write_attribute
from ..standing import known, ledger, tree
from ..standing.finding import find
from ..standing.standing import Standing
from ..style.kit import Kit
from . import blocks, images, slabs
from .blocks import CELL, Cells

# Cells along a side of a window, which makes some four thousand cubes.
SIDE = 64


class WindowError(Problem):
    """A window that cannot be opened; the message says why."""


def open_window(scene: bpy.types.Scene, name: str, column: int, row: int) -> bpy.types.Object:
    """Make cubes of the cells of a slab around one of them; returns the object of the cubes.

    Parameters
    ----------
    name
        A block's name, such as ``"layer7.mlp_weight"``.
    column, row
        The cell in the middle.

    Raises
    ------
    WindowError
        If there is no such block or cell, or it is not drawn as a slab.
    StandingError
        If the model cannot be changed.
    """
    standing, plan, bundle = _find(scene, name)
    standing.check()
    standing.check_arranged()
    return _open(standing, plan, bundle, name, column, row)


def _open(
    standing: Standing, plan: Plan, bundle: Bundle, name: str, column: int, row: int
) -> bpy.types.Object:
    obj = standing.blocks.get(bundle.name)
    if obj is None:
        raise WindowError(f"The slab of {name} was deleted; build the model again to have it back")
    page = slabs.page_of(obj)
    if page is None:
        raise WindowError(f"{name} shows no page of numbers any more; build the model again")
    index = next(i for i, block in enumerate(bundle.blocks) if block.name == name)
    window = _around(bundle, plan, column, row)
    opened = [*_windows(obj), (index, window)]
    made = _cubes(standing, obj, page, bundle, plan, index, window)
    made.parent = obj.parent
    made.matrix_parent_inverse = obj.matrix_parent_inverse
    for home in obj.users_collection:
        home.objects.link(made)
    made[names.MODEL], made[names.KEY] = standing.id, f"window:{name} {column} {row}"
    ledger.note(made)
    standing.add(made)
    if obj.animation_data is not None and obj.animation_data.action is not None:
        # The cubes share the slab's curves, so that the film moves both alike.
        data = made.animation_data_create()
        data.action = obj.animation_data.action
        data.action_slot = obj.animation_data.action_slot
    obj[names.WINDOWS] = json.dumps([[i, *rect[:4]] for i, rect in opened])
    slabs.set_bricks(obj, bricks(bundle, plan.computed, plan.layout, opened))
    return made


def close_windows(scene: bpy.types.Scene) -> int:
    """Close all windows of a scene; returns their number.

    Raises
    ------
    StandingError
        If a model cannot be changed.
    """
    closed = 0
    found = [standing for standing in find(scene) if opened(standing)]
    for standing in found:
        standing.check()
    for standing in found:
        plan = standing.plan
        bundles = {bundle.name: bundle for bundle in plan.bundles}
        for name, obj in standing.blocks.items():
            if names.WINDOWS not in obj:
                continue
            closed += len(_windows(obj))
            del obj[names.WINDOWS]
            slabs.set_bricks(obj, bricks(bundles[name], plan.computed, plan.layout))
        forget(standing)
    tree.sweep()
    return closed


def opened(standing: Standing) -> list[tuple[str, int, int]]:
    """The open windows of a model: for each its block, and the cell in its middle."""
    found = []
    bundles = None
    for name, obj in standing.blocks.items():
        if names.WINDOWS not in obj:
            continue
        bundles = bundles or {bundle.name: bundle for bundle in standing.plan.bundles}
        for index, window in _windows(obj):
            middle = window.column + window.columns // 2, window.row + window.rows // 2
            found.append((bundles[name].blocks[index].name, *middle))
    return found


def open_again(standing: Standing, were: Sequence[tuple[str, int, int]]) -> list[str]:
    """Open the same windows in a model that was drawn anew.

    Returns a sentence for each that could not be opened.
    """
    if not were:
        return []
    plan, notes = standing.plan, []
    for name, column, row in were:
        bundle = next((b for b in plan.bundles if name in {k.name for k in b.blocks}), None)
        if bundle is None or plan.ways[bundle.name] != "slab":
            notes.append(f"A window was closed, since {name} is no slab any more")
            continue
        try:
            _open(standing, plan, bundle, name, column, row)
        except WindowError as error:
            notes.append(f"A window was closed: {error}")
    return notes


def forget(standing: Standing) -> None:
    """Remove the cubes of a model's windows."""
    doomed = standing.windows
    standing.drop([str(obj[names.KEY]) for obj in doomed])
    bpy.data.batch_remove(doomed)


def _find(scene: bpy.types.Scene, name: str) -> tuple[Standing, Plan, Bundle]:
    """The model, its plan and the bundle of a block that is drawn as a slab."""
    ways = set()
    for standing in find(scene):
        plan = standing.plan
        for bundle in plan.bundles:
            if any(block.name == name for block in bundle.blocks):
                ways.add(plan.ways[bundle.name])
                if plan.ways[bundle.name] == "slab":
                    return standing, plan, bundle
    if not ways:
        raise WindowError(f"There is no block {name!r} in this scene; choose one of the list")
    if "cubes" in ways:
        raise WindowError(f"{name} is drawn as cubes already, so there is nothing to open")
    raise WindowError(f"{name} is a shape without numbers, so there is nothing to open")


def _around(bundle: Bundle, plan: Plan, column: int, row: int) -> Rect:
    columns, rows = bundle.first.extent(plan.computed)
    if not (0 <= column < columns and 0 <= row < rows):
        raise WindowError(
            f"{bundle.first.title} has numbers at columns 0 to {columns - 1} and rows 0 to "
            f"{rows - 1}; there is no cell at column {column}, row {row}"
        )
    # A window does not reach from one line of a folded block into the next.
    line = next(
        p
        for p in bundle.first.spec.pieces
        if column < p.column + p.columns and row < p.row + p.rows
    )
    left, width = _span(column, line.column, min(columns, line.column + line.columns))
    top, height = _span(row, line.row, min(rows, line.row + line.rows))
    return Rect(left, top, width, height)


def _span(middle: int, first: int, end: int) -> tuple[int, int]:
    """Start and length of a window along an axis on which there are cells from `first` to `end`."""
    length = min(SIDE, end - first)
    return min(max(first, middle - length // 2), end - length), length


def _windows(obj: bpy.types.Object) -> list[tuple[int, Rect]]:
    kept = json.loads(obj.get(names.WINDOWS, "[]"))
    return [(index, Rect(*rect)) for index, *rect in kept]


def _cubes(
    standing: Standing,
    obj: bpy.types.Object,
    page: bytes,
    bundle: Bundle,
    plan: Plan,
    index: int,
    window: Rect,
) -> bpy.types.Object:
    block = bundle.blocks[index]
    gain = float(obj[names.PAGE_GAINS][index])
    across = slice(window.column, window.column + window.columns)
    down = slice(window.row, window.row + window.rows)
    levels = _levels(page, plan, block.name, window)
    value = to_numbers(levels, gain)
    empty = np.isnan(value)
    exact = _exact(standing, block, window)
    if exact is not None:
        exact = np.where(empty, np.float32(np.nan), exact)
    agrees = exact is not None and bool((to_bytes(exact, gain) == levels).all())
    if agrees:
        value = exact
    if block.time_axis is None:
        order = np.zeros(value.shape, np.float32)
    else:
        run = standing.run
        order = orders(bundle, run.n_prompt, run.n_tokens)[index][across, down]
    never = np.float32(blocks.NEVER)
    cells = Cells(
        value=np.where(empty, np.float32(0), value).reshape(1, -1),
        order=np.where(empty | np.isnan(order), never, order).reshape(1, -1),
        empty=empty.reshape(1, -1),
        gains=np.array([gain], np.float32),
    )
    (x, y, _), (_, _, z) = block.bounds_of(Piece(*window[:4]))
    at = (x + 0.5, y + 0.5, z - 0.5)
    spec = replace(block.spec, columns=window.columns, rows=window.rows, fold=None)
    part = Bundle(block.name, (replace(block, origin=at, spec=spec),))
    made = blocks.create(part, cells, Kit([standing.root]))
    made.name = f"{block.name} window"
    made.location = tuple(c * CELL for c in at)
    made[names.TITLE] = f"{bundle.title}, opened"
    made[names.EXACTNESS] = EXACTNESS["cubes" if agrees else "slab"]
    made[names.TRAITS] = [*obj[names.TRAITS][:2], gain]
    made[names.WINDOW_OF] = bundle.name
    del made[names.BLOCK]
    _set_columns(made, window)
    return made


def _exact(standing: Standing, block: Block, window: Rect) -> np.ndarray | None:
    """The numbers of a window, (columns, rows), from what was drawn; None where it is not at hand.

    In a file that is opened, the checkpoint is asked for weights; what was computed from a prompt
    is not computed again for a window.
    """
    found = known.of(known.build_of(standing.root))
    try:
        if block.kind != "weight":
            array = None if found is None or found.trace is None else found.trace[block.name]
        else:
            network = _network(standing) if found is None else found.model
            array = None if network is None else network.weight_block(block.name)
    except (model_room.ModelError, KeyError):
        return None
    if array is None:
        return None
    across = slice(window.column, window.column + window.columns)
    cells = block.grid(array)[across, window.row : window.row + window.rows]
    return np.ascontiguousarray(cells, np.float32)


def _network(standing: Standing) -> model_room.Model | None:
    """The model that the recipe names; None where it is not the one that is drawn."""
    network = model_room.load(standing.recipe.source, standing.recipe.activation)
    return network if network.config == standing.config else None


def _set_columns(made: bpy.types.Object, window: Rect) -> None:
    """Number columns and rows as in the whole block, so that the column in focus is the same."""
    mesh = made.data
    for name, start in ((names.COLUMN, window.column), (names.ROW, window.row)):
        values = read_attribute(mesh, name) + np.int32(start)
        write_attribute(mesh, name, values, "INT")


def _levels(page: bytes, plan: Plan, name: str, window: Rect) -> np.ndarray:
    """The bytes of a window, (columns, rows), from the packed page."""
    place = plan.layout.places[name]
    column = np.arange(window.column, window.column + window.columns)[:, None]
    row = np.arange(window.row, window.row + window.rows)[None, :]
    return images.stored(page)[place.texels(column, row)]
