"""Pages of weights that a rebuild keeps, since another prompt changes none of their numbers."""

from __future__ import annotations

from dataclasses import replace

import bpy

from ...detail import Layout, Placement, Plan
from ...model import Model
from ...progress import Steps
from .. import names
from ..standing import recipe
from ..standing.standing import Standing
from ..style.materials import PATCHES, VALUES, is_page
from . import slabs
from .slabs import Kept


def digest_steps(model: Model, plan: Plan) -> Steps[list[str]]:
    """A digest of the weights on each page; empty for pages of numbers computed from a prompt.

    Yields its progress, from 0 to 1.
    """
    on_pages: dict[int, list[str]] = {
        page: [] for page in range(len(plan.layout.heights)) if _of_weights(plan, page)
    }
    for name, at in plan.layout.places.items():
        if at.page in on_pages:
            on_pages[at.page].append(name)
    # All weights are read in steps here; the digests of single pages below are made from what the
    # model remembers, at once.
    every = [name for names in on_pages.values() for name in names]
    yield from model.digest_steps(every)
    pages = range(len(plan.layout.heights))
    return [model.digest(on_pages[page]) if page in on_pages else "" for page in pages]


def pages(old: Standing, plan: Plan, digests: list[str]) -> dict[int, Kept]:
    """Pages of a new plan that the old model has already, by their number in the new plan.

    A page is kept if its digest is the same and the same blocks stand in the same places on it,
    and nobody has removed it.
    """
    if not old.is_current:
        return {}
    before, drawn, theirs = old.plan, old.blocks, recipe.pages_of(old.root)
    numbers = range(min(len(theirs), len(before.layout.heights)))
    stands = {(theirs[number], *_content(before.layout, number)): number for number in numbers}
    kept = {}
    for number, digest in enumerate(digests):
        page = stands.get((digest, *_content(plan.layout, number)))
        if page is not None and digest:
            found = _found(before, drawn, page)
            if found is not None:
                kept[number] = found
    return kept


def _content(layout: Layout, page: int) -> tuple[int, frozenset[tuple[str, Placement]]]:
    """The height of a page, and the blocks on it with their places, whatever its number."""
    places = layout.places.items()
    here = ((name, replace(at, page=0)) for name, at in places if at.page == page)
    return layout.heights[page], frozenset(here)


def _of_weights(plan: Plan, page: int) -> bool:
    places, blocks = plan.layout.places, plan.anatomy.blocks
    return all(blocks[name].kind == "weight" for name, at in places.items() if at.page == page)


def _found(before: Plan, drawn: dict[str, bpy.types.Object], page: int) -> Kept | None:
    """The images and gains of a page; None if somebody has removed an object or image of it."""
    gains: dict[str, float] = {}
    images = None
    for bundle in before.bundles:
        place = before.layout.places.get(bundle.first.name)
        if place is None or place.page != page:
            continue
        obj = drawn.get(bundle.name)
        material = None if obj is None else slabs.material_of(obj)
        if obj is None or material is None or not is_page(material):
            return None
        nodes = material.node_tree.nodes
        images = images or (nodes[VALUES].image, nodes[PATCHES].image)
        stored = list(obj[names.PAGE_GAINS])
        gains |= {block.name: gain for block, gain in zip(bundle.blocks, stored, strict=True)}
    if images is None or None in images or any(i.packed_file is None for i in images):
        return None
    return Kept(*images, gains)
