"""Several models in one scene: where each stands, and what the film knows of the others.

They stand on the same ground in a row, the smallest on the left. The film is that of the smallest
model; the others are there as a whole, and its last chapters may show them. Light is one for all.
"""

from __future__ import annotations

import bpy
from mathutils import Vector

from .. import walkthrough
from . import film, names, recipe, stage, tree
from .blocks import CELL

# Between two models, as a part of the larger one's width, and at least, in metres.
GAP, LEAST_GAP = 0.06, 2.0


def mark(
    root: bpy.types.Collection, anchor: bpy.types.Object, low: Vector, high: Vector, size: float
) -> None:
    """Note how large a model is: its box in metres from its anchor, and its parameters."""
    anchor[names.BOX] = [*low, *high]
    root[names.PARAMETERS] = size


def box(root: bpy.types.Collection) -> tuple[Vector, Vector]:
    """Least and greatest corner of a model, in the coordinates of its anchor's parent."""
    anchor = tree.anchor_of(root)
    corners = list(anchor[names.BOX])
    # Models that stand in a row are not turned, or the user has a row of their own in mind.
    return anchor.location + Vector(corners[:3]), anchor.location + Vector(corners[3:])


def beside(
    others: list[bpy.types.Collection], low: Vector, high: Vector, size: float
) -> tuple[float, float]:
    """Where a model of this box and size goes: right of what is smaller, left of all else."""
    smaller = [root for root in others if root[names.PARAMETERS] <= size]
    gap = max(LEAST_GAP, GAP * (high.x - low.x))
    if smaller:
        # Right of everything, in fact: what stands is left alone, even where the order suffers.
        return max(box(root)[1].x for root in others) + gap - low.x, 0.0
    widest = max(box(root)[1].x - box(root)[0].x for root in others)
    return min(box(root)[0].x for root in others) - max(gap, GAP * widest) - high.x, 0.0


def companions(root: bpy.types.Collection, scene: bpy.types.Scene) -> list[walkthrough.Companion]:
    """The other models of a scene, smallest first, in the cells of the film of `root`."""
    here = tree.anchor_of(root).location
    found = []
    for other in tree.roots(scene):
        if other == root:
            continue
        low, high = ((corner - here) / CELL for corner in box(other))
        config = recipe.config_of(other)
        found.append(
            walkthrough.Companion(
                other.name, recipe.title_of(other), config, (tuple(low), tuple(high))
            )
        )
    return found


def write_film(
    scene: bpy.types.Scene, *, accessible: bool, alone: walkthrough.Storyboard | None = None
) -> None:
    """Write the film of the scene's smallest model, and take away that of any other.

    `alone` is the film where there is only one model, if it has been composed already.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        If the script cannot be compiled for this model; then nothing has been changed.
    """
    roots = tree.roots(scene)
    if not roots:
        return
    first = roots[0]
    board = alone if len(roots) == 1 else None
    if board is None:
        board = film.compose(
            scene,
            recipe.plan_of(first),
            recipe.run_of(first),
            accessible=accessible,
            model=recipe.title_of(first),
            companions=companions(first, scene),
        )
    for root in roots:
        film.clear(scene, root)
    film.write(scene, first, board)


def settle(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Pass on what a model that is to be removed keeps for the scene, to one that stays."""
    others = [other for other in tree.roots(scene) if other != root]
    if others and stage.REMEMBERED in root:
        stage.hand_over(root, others[0])
