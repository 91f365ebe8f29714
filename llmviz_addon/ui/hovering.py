"""The cell under the pointer while the tool *Inspect Cell* is on, and the ways from cell to cell.

What is under the pointer is looked up whenever the pointer is drawn, so it is right while the view
is turned and while the film plays. Nothing in the file is changed for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import bpy

from . import asking, rays, running, state

if TYPE_CHECKING:
    from ..scene.pointing import Field, Ground, Pointed
    from .asking import Answer

# Pixels that the mouse may move, as it does while a key is pressed, before it points anew.
_STILL = 5

# Cells that the way back remembers.
_MOST_STEPS = 100


class Shown(NamedTuple):
    """A cell that is shown, and all that there is to say of it.

    It refers to Blender's data, so it must not be kept.
    """

    cell: Pointed
    ground: Ground
    answer: Answer


class Hover:
    """The cell under the pointer, in any 3D view.

    Attributes
    ----------
    cell
        The cell that was shown last; None where there was none.
    trail
        The cells from which one was followed to a source or a use, the latest last.
    """

    def __init__(self) -> None:
        self.cell: Pointed | None = None
        self.trail: list[Pointed] = []
        self._mouse: tuple[int, int] | None = None
        self._held: tuple[int, int] | None = None
        self._field: Field | None = None
        self._looked_at: tuple[object, ...] = ()

    def forget(self) -> None:
        """Look all objects up again, since something in the file has changed."""
        self._field = None

    def look(
        self,
        scene: bpy.types.Scene,
        space: bpy.types.SpaceView3D,
        region: bpy.types.Region,
        x: int,
        y: int,
    ) -> Shown | None:
        """The cell to show while the pointer is at a pixel of a view."""
        self._mouse = x, y
        if running.is_busy():
            return None
        field = self._field_of(scene, space)
        if self._held is not None and _away(self._held, self._mouse) > _STILL:
            self._held = None
            self.trail.clear()
        if self._held is None:
            ray = rays.ray_through(region.data, x / region.width, y / region.height)
            self.cell = field.cell_at(*ray)
        if self.cell is None or self.cell.model not in field.grounds:
            self.cell = None
            return None
        ground = field.grounds[self.cell.model]
        asked = asking.Asked(ground.model, *self.cell[1:])
        return Shown(self.cell, ground, asking.answer_to(scene, asked))

    def _field_of(self, scene: bpy.types.Scene, space: bpy.types.SpaceView3D) -> Field:
        from ..scene.pointing import Field

        looked_at = scene.session_uid, space.as_pointer(), space.shading.type
        if self._field is None or self._looked_at != looked_at:
            faded = space.shading.type in ("MATERIAL", "RENDERED")
            # A model that cannot be read is the header's to tell of.
            stand = [model for model in state.models(scene) if model.is_readable]
            self._field = Field(stand, space, faded)
            self._looked_at = looked_at
        return self._field

    def go_to(self, cell: Pointed) -> None:
        """Show a cell until the mouse is moved, wherever it is."""
        self.cell, self._held = cell, self._mouse

    def follow(self, cell: Pointed) -> None:
        """Show a cell, and remember the way back."""
        if self.cell is not None:
            self.trail = [*self.trail[1 - _MOST_STEPS :], self.cell]
        self.go_to(cell)

    def back(self) -> bool:
        """Show the cell again that was followed from last; False where there is none."""
        if not self.trail:
            return False
        self.go_to(self.trail.pop())
        return True

    @property
    def is_held(self) -> bool:
        """True while the cell that is shown is not the one under the pointer."""
        return self._held is not None


def _away(one: tuple[int, int], other: tuple[int, int]) -> float:
    return float(max(abs(one[0] - other[0]), abs(one[1] - other[1])))
