"""Pointing: the cell of any model in a scene that a ray meets, and where cells are in the world.

A ray meets what is seen: blocks that are hidden or deleted are passed, and one that a person has
moved is met where it stands. A `Field` looks all of that up once. It refers to Blender's data, so
it may be kept only as long as nothing in the file changes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import bpy
import numpy as np
from numpy.typing import NDArray

from ..bounded import Bounded
from ..detail import Bundle, Plan, Rect, bricks
from . import names
from .standing.place import matrix_of
from .standing.standing import Standing
from .style.kit import CELL, CELL_SIZE

Matrix = NDArray[np.float64]
"""(4, 4)."""

# The part of a cell on each side of it that its cube leaves free.
_INSET = (1.0 - CELL_SIZE) / 2

# The least volume of a cell in the world, in m³; one of usual size has (0.02 m)³. With less, a
# model is flat, and a ray cannot hit its cells.
_FLAT = 1e-18

# The opacity below which a block is not seen any more.
_CLEAR = 0.02

# For each plan, the numbers of the bundles of all boxes that a ray may hit. It takes a while to
# tell for the hundred thousand blocks of a large model.
_boxes: Bounded[int, tuple[Plan, NDArray[np.int64]]] = Bounded(4)


class Pointed(NamedTuple):
    """A cell in the scene: the id of its model, its block's name, column and row."""

    model: str
    block: str
    column: int
    row: int


class Field:
    """The cells of models that can be pointed at.

    Parameters
    ----------
    models
        The models.
    view
        The 3D view that is pointed in, which may show only some objects; None for none in
        particular.
    faded
        True if blocks that the film has faded out are not seen, as in a view with materials.
    """

    def __init__(
        self,
        models: Iterable[Standing],
        view: bpy.types.SpaceView3D | None = None,
        faded: bool = False,
    ):
        stand = [Ground(model, view, faded) for model in models]
        self.grounds = {ground.model.id: ground for ground in stand if ground.stands}

    def cell_at(self, origin: Sequence[float], toward: Sequence[float]) -> Pointed | None:
        """The nearest cell of any model that a ray in the world meets."""
        nearest, found = float("inf"), None
        for ground in self.grounds.values():
            for away, hit in ground.hits(np.asarray(origin, float), np.asarray(toward, float)):
                if away < nearest:
                    nearest, found = away, hit
        return found


class Ground:
    """A model as it stands in the world, block by block."""

    def __init__(self, model: Standing, view: bpy.types.SpaceView3D | None, faded: bool):
        self.model = model
        self._view, self._faded = view, faded

    @cached_property
    def plan(self) -> Plan:
        """The plan by which the model is drawn."""
        return self.model.plan

    @cached_property
    def stands(self) -> bool:
        """False where no cell can be found: without an anchor, or scaled to nothing."""
        if self.model.anchor is None or not self.model.is_arranged:
            return False
        return bool(abs(np.linalg.det(self._whole)) > _FLAT)

    @cached_property
    def anchor(self) -> Matrix:
        """From meters of the model to meters of the world."""
        # Blender does not keep the anchor's own world matrix up to date, since it is hidden.
        return np.array(matrix_of(self.model.anchor), float)

    @cached_property
    def _whole(self) -> Matrix:
        """From cells to the world, where nobody has moved a block."""
        return self.anchor @ np.diag([CELL, CELL, CELL, 1.0])

    @cached_property
    def _moved(self) -> frozenset[str]:
        """Names of the bundles that are not where they were drawn."""
        anchor = self.model.anchor
        return frozenset(
            name
            for name, obj in self.model.blocks.items()
            if obj.parent != anchor or obj.constraints or _is_moved(obj)
        )

    def matrix(self, block: str) -> Matrix:
        """From cells of the anatomy to meters of the world, for the cells of one block."""
        bundle, _ = self.plan.by_block[block]
        return self._matrix_of(bundle) if bundle.name in self._moved else self._whole

    def _matrix_of(self, bundle: Bundle) -> Matrix:
        obj = self.model.blocks[bundle.name]
        if obj.parent != self.model.anchor or obj.constraints:
            stands = np.array(obj.matrix_world, float)
        else:
            stands = self.anchor @ np.array(obj.matrix_parent_inverse @ obj.matrix_basis, float)
        back = np.eye(4)
        back[:3, 3] = -_origin_of(self.plan, bundle, obj)
        return stands @ back

    def hits(self, origin: NDArray, toward: NDArray) -> Iterable[tuple[float, Pointed]]:
        """The cells that a ray meets first: of the blocks in place, and of each moved one.

        Each comes with its distance from the origin in meters, since cells of scaled models differ
        in size.
        """
        if not self._moved and not self._meets(origin, toward):
            return
        for matrix, among in self._groups:
            back = np.linalg.inv(matrix)
            start, way = back[:3, :3] @ origin + back[:3, 3], back[:3, :3] @ toward
            hit = self.plan.anatomy.picker.pick(start, way, among, _INSET)
            if hit is not None:
                place = matrix[:3, :3] @ hit.point + matrix[:3, 3]
                away = float(np.linalg.norm(place - origin))
                yield away, Pointed(self.model.id, hit.block, hit.column, hit.row)

    @cached_property
    def _groups(self) -> list[tuple[Matrix, NDArray[np.bool_] | None]]:
        """The blocks that stand alike: their matrix, and True for each box that is theirs."""
        plan, blocks = self.plan, self.model.blocks
        seen = np.array([self._is_seen(blocks.get(b.name)) for b in plan.bundles])
        moved = np.array([b.name in self._moved for b in plan.bundles])
        if seen.all() and not moved.any():
            return [(self._whole, None)]
        of = _bundles_of_boxes(plan)
        groups: list[tuple[Matrix, NDArray[np.bool_] | None]] = [(self._whole, (seen & ~moved)[of])]
        for index in np.flatnonzero(seen & moved):
            matrix = self._matrix_of(plan.bundles[index])
            if abs(np.linalg.det(matrix)) > _FLAT:
                groups.append((matrix, of == index))
        return groups

    def _is_seen(self, obj: bpy.types.Object | None) -> bool:
        """True if a block's object is there and shown."""
        if obj is None:
            return False
        view = {} if self._view is None else {"viewport": self._view}
        if not obj.visible_get(**view):
            return False
        return not self._faded or float(obj.get(names.OPACITY, 1.0)) > _CLEAR

    def _meets(self, origin: NDArray, toward: NDArray) -> bool:
        """True if a ray meets the model's box: a quick test, since planning takes a while."""
        try:
            low, high = np.reshape(list(self.model.anchor[names.BOX]), (2, 3)).astype(float)
        except (KeyError, TypeError, ValueError):
            return True
        back = np.linalg.inv(self.anchor)
        start, way = back[:3, :3] @ origin + back[:3, 3], back[:3, :3] @ toward
        with np.errstate(divide="ignore", invalid="ignore"):
            sides = np.stack([(low - start) / way, (high - start) / way])
        # A ray along a face of the box divides zero by zero; the NaN is left out.
        enter, leave = np.nanmin(sides, axis=0).max(), np.nanmax(sides, axis=0).min()
        return bool(leave >= max(enter, 0.0))


def _is_moved(obj: bpy.types.Object) -> bool:
    """True if an object is not where it was drawn, by the note that was made on it then."""
    if names.WINDOWS in obj:
        # Opening a slab up moves its origin, which is looked up wherever it is.
        return True
    try:
        noted = json.loads(obj.get(names.WRITTEN, "{}"))
        places = [noted[part] for part in ("location", "rotation_euler", "scale")]
    except (TypeError, ValueError, KeyError):
        return True
    now = [list(part) for part in (obj.location, obj.rotation_euler, obj.scale)]
    return places != now or obj.rotation_mode != "XYZ"


def _origin_of(plan: Plan, bundle: Bundle, obj: bpy.types.Object) -> NDArray[np.float64]:
    """(3,) the place, in cells of the anatomy, of the origin of a bundle's object."""
    if plan.ways[bundle.name] == "cubes":
        return np.array(bundle.first.origin, float)
    opened = [(i, Rect(*rect)) for i, *rect in json.loads(obj.get(names.WINDOWS, "[]"))]
    layout = plan.layout if plan.ways[bundle.name] == "slab" else None
    found = bricks(bundle, plan.computed, layout, opened).center
    # All of it is opened up: the object stands where it stood before.
    found = found if len(found) else bricks(bundle, plan.computed, layout).center
    return np.array(found[0], float)


def _bundles_of_boxes(plan: Plan) -> NDArray[np.int64]:
    if id(plan) not in _boxes:
        numbers = {bundle.name: index for index, bundle in enumerate(plan.bundles)}
        of = {name: numbers[bundle.name] for name, (bundle, _) in plan.by_block.items()}
        _boxes[id(plan)] = plan, plan.anatomy.picker.boxes(of)
    return _boxes[id(plan)][1]


def middle_of(ground: Ground, block: str, column: int, row: int) -> tuple[NDArray, float]:
    """The middle of a cell in the world, (3,) meters, and the size of a cell there."""
    to_world = ground.matrix(block)
    size = float(np.linalg.norm(to_world[:3, [0, 2]], axis=0).max())
    found = ground.plan.anatomy.blocks[block]
    right, up = found.spec.places(np.array(column), np.array(row))
    within = np.array(found.origin) + [float(right), 0.0, float(up)]
    return to_world[:3, :3] @ within + to_world[:3, 3], size
