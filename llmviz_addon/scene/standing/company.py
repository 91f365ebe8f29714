"""Several models in one scene: where each stands, and what the film knows of the others.

They stand on the same ground in a row, the smallest on the left. The film is that of the smallest
model; the others are there as a whole, and its last chapters may show them. Light is one for all.
"""

from __future__ import annotations

from dataclasses import dataclass

import bpy
from mathutils import Vector

from ... import walkthrough
from ...detail import Plan
from ...progress import Steps, rescaled, run
from .. import names
from ..drawn.blocks import CELL
from ..playing import film
from ..style import stage
from . import recipe, tree

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


def companions(roots: list[bpy.types.Collection]) -> list[walkthrough.Companion]:
    """All models but the first, in the cells of the first one's film."""
    first, *others = roots
    here = tree.anchor_of(first).location
    found = []
    for other in others:
        low, high = ((corner - here) / CELL for corner in box(other))
        config = recipe.config_of(other)
        found.append(
            walkthrough.Companion(
                other.name, recipe.title_of(other), config, (tuple(low), tuple(high))
            )
        )
    return found


@dataclass(frozen=True)
class Subject:
    """What a film tells of: a model as it is drawn, its run if it has numbers, and its title."""

    plan: Plan
    run: walkthrough.Run | None
    title: str

    @classmethod
    def of(cls, root: bpy.types.Collection) -> Steps[Subject]:
        """What a model that stands shows."""
        drawing = yield from recipe.plan_steps_of(root)
        return cls(drawing, recipe.run_of(root), recipe.title_of(root))


def compose(
    scene: bpy.types.Scene,
    roots: list[bpy.types.Collection],
    subject: Subject | None = None,
    *,
    accessible: bool,
) -> Steps[walkthrough.Storyboard]:
    """Compose the film of these models, which is that of the first; nothing is changed.

    `subject` is what the first one shows, where that is not what stands in the scene yet. Where
    there are no models, it will stand alone.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        If the script cannot be compiled for this model.
    """
    if subject is None:
        subject = yield from rescaled(Subject.of(roots[0]), 0.0, 0.2)
    composing = film.compose(
        scene,
        subject.plan,
        subject.run,
        accessible=accessible,
        model=subject.title,
        companions=companions(roots) if roots else (),
    )
    return (yield from rescaled(composing, 0.2, 1.0))


def show_film(scene: bpy.types.Scene, reel: film.Reel) -> None:
    """Show a film, and take away that of any other model in the scene."""
    for root in tree.roots(scene):
        if root != reel.root:
            film.clear(scene, root)
    film.show(scene, reel)


def renew_film(scene: bpy.types.Scene, *, accessible: bool) -> None:
    """Make the film of the models that stand once more, and show it.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        As `compose` does; then nothing has been changed.
    """
    roots = tree.roots(scene)
    board = run(compose(scene, roots, accessible=accessible))
    show_film(scene, run(film.prepare(scene, roots[0], board)))


def settle(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Pass on what a model that is to be removed keeps for the scene, to one that stays."""
    others = [other for other in tree.roots(scene) if other != root]
    if others and stage.REMEMBERED in root:
        stage.hand_over(root, others[0])
