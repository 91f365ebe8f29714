"""Pages of weights that a rebuild leaves as they are: another prompt changes none of them."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ...detail import Layout, Placement, Plan
from ...model import Model
from .. import names
from ..standing import recipe
from ..standing.standing import Standing
from ..style.materials import PATCHES, VALUES
from . import slabs
from .slabs import Kept


def pages(old: Standing, model: Model, plan: Plan) -> dict[int, Kept]:
    """Which pages of a new plan stand already, by number.

    They are the pages of weights on which the same blocks stand in the same places, if `old` was
    made from the same files and nobody has changed these since.
    """
    if not old.is_current or recipe.files_of(old.root) != recipe.state_of_files(model):
        return {}
    before, drawn = old.plan, old.blocks
    numbers = range(len(before.layout.heights))
    stands = {_content(before.layout, number): number for number in numbers}
    kept = {}
    for number in range(len(plan.layout.heights)):
        page = stands.get(_content(plan.layout, number))
        if page is not None and _of_weights(plan, number):
            found = _found(before, drawn, page)
            if found is not None:
                kept[number] = found
    return kept


def _content(layout: Layout, page: int) -> tuple[int, frozenset[tuple[str, Placement]]]:
    """The height of a page and what stands where on it, whatever its number."""
    places = layout.places.items()
    here = ((name, replace(at, page=0)) for name, at in places if at.page == page)
    return layout.heights[page], frozenset(here)


def _of_weights(plan: Plan, page: int) -> bool:
    places, blocks = plan.layout.places, plan.anatomy.blocks
    return all(blocks[name].kind == "weight" for name, at in places.items() if at.page == page)


def _found(before: Plan, drawn: dict[str, bpy.types.Object], page: int) -> Kept | None:
    """The images and gains of a page; None where somebody has removed what shows it."""
    gains: dict[str, float] = {}
    images = None
    for bundle in before.bundles:
        place = before.layout.places.get(bundle.first.name)
        if place is None or place.page != page:
            continue
        obj = drawn.get(bundle.name)
        material = None if obj is None else slabs.material_of(obj)
        if obj is None or material is None:
            return None
        nodes = material.node_tree.nodes
        images = images or (nodes[VALUES].image, nodes[PATCHES].image)
        stored = [obj[names.GAIN]] if bundle.single else list(obj[names.GAINS])
        gains |= {block.name: gain for block, gain in zip(bundle.blocks, stored, strict=True)}
    if images is None or None in images or any(i.packed_file is None for i in images):
        return None
    return Kept(*images, gains)
