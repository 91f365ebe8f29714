"""Drawing a model: its blocks, words, arrows and strips, below one root and one anchor."""

from __future__ import annotations

from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Vector

from ..anatomy import Anatomy
from ..anatomy.strips import input_strip, output_strip
from ..detail import Bundle, Plan
from ..model import Model, Trace
from ..progress import Steps, share
from ..walkthrough import Run
from . import (
    blocks,
    company,
    kit,
    labels,
    legend,
    names,
    recipe,
    repeats,
    reuse,
    ribbons,
    slabs,
    stage,
    strips,
    tree,
)
from .blocks import CELL
from .flat import ARROW_TINTS, TILE_TINTS, Easel

# Titles that are drawn between two steps: text is slow to evaluate.
_TITLES = 25


@dataclass(frozen=True)
class Numbers:
    """A model run on a prompt: everything that the scene shows, before any of it is drawn.

    A model without weights has no prompt and no trace.
    """

    model: Model
    plan: Plan
    prompt_ids: list[int]
    trace: Trace | None

    @property
    def anatomy(self) -> Anatomy:
        """The blocks in space."""
        return self.plan.anatomy

    @property
    def n_prompt(self) -> int:
        """How many tokens the prompt has; what follows in the trace was generated."""
        return len(self.prompt_ids)

    @property
    def run(self) -> Run | None:
        """What the film tells of."""
        return None if self.trace is None else Run.of(self.model, self.n_prompt, self.trace)


def draw(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    numbers: Numbers,
    old: bpy.types.Collection | None,
) -> Steps[None]:
    """Draw a model below `root`, where `old` stands if there is one; yields how far it is."""
    drawing = numbers.plan
    shared = kit.ensure()
    anchor = _anchor(scene, root, drawing, old)
    yield 0.0, "Sorting the blocks"
    collections = _collections(root, drawing)
    pages = None
    if drawing.layout.heights:
        whose = yield from share(reuse.digest_steps(numbers.model, drawing), 0.0, 0.1)
        recipe.write_pages(root, whose)
        kept = {} if old is None else reuse.pages(old, drawing, whose)
        filling = slabs.fill(drawing, numbers.trace, numbers.n_prompt, shared, kept)
        pages = yield from share(filling, 0.1, 0.75)
    total = len(drawing.bundles)
    for index, bundle in enumerate(drawing.bundles):
        if index % 5 == 0:
            yield 0.75 + 0.15 * index / total, f"Drawing {bundle.title}"
        obj = _draw_bundle(bundle, numbers, shared, pages)
        obj.parent = anchor
        _collection_of(bundle, collections).objects.link(obj)
    yield 0.9, "Drawing blocks"
    words = tree.evaluating(scene, _draw_words(root, numbers, shared))
    yield from share(words, 0.9, 1.0)
    tree.new("Lights", root, "lights")


def _draw_words(root: bpy.types.Collection, numbers: Numbers, shared: kit.Kit) -> Steps[None]:
    """Draw everything that is read or followed, a part at a time."""
    anatomy, drawing, anchor = numbers.anatomy, numbers.plan, tree.anchor_of(root)
    words, arrows = tree.new("Labels", root, "labels"), tree.new("Arrows", root, "arrows")
    easel = Easel(anchor, words, shared.label, shared.font)
    flow = Easel(anchor, arrows, shared.arrow, tints=ARROW_TINTS)
    titled = [(bundle.name, bundle.first) for bundle in drawing.bundles if bundle.single]
    for start in range(0, len(titled), _TITLES):
        yield 0.2 * start / len(titled), "Drawing titles"
        labels.titles(easel, dict(titled[start : start + _TITLES]), drawing)
    yield 0.2, "Drawing labels"
    labels.sections(easel, anatomy.root, few=drawing.bundled)
    yield 0.3, "Drawing labels"
    labels.dimensions(easel, anatomy)
    labels.card(easel, anatomy, numbers.model.title)
    legend.draw(easel, shared, anatomy)
    if drawing.bundled:
        yield 0.4, "Drawing titles"
        repeats.titles(easel, drawing)
    yield 0.5, "Finding the paths of arrows"
    paths = anatomy.arrow_patterns if drawing.bundled else anatomy.arrows
    yield 0.6, "Drawing arrows"
    if drawing.bundled:
        repeats.arrows(flow, paths)
    else:
        ribbons.draw(flow, paths)
    strip_collection = tree.new("Strips", root, "strips")
    yield from share(draw_strips(root, strip_collection, numbers), 0.7, 1.0)


def _draw_bundle(
    bundle: Bundle, numbers: Numbers, shared: kit.Kit, pages: slabs.Pages | None
) -> bpy.types.Object:
    way = numbers.plan.ways[bundle.name]
    if way == "cubes":
        cells = blocks.gather(bundle, numbers.trace, numbers.n_prompt)
        return blocks.create(bundle, cells, shared)
    return slabs.create(bundle, numbers.plan, shared, pages if way == "slab" else None)


def _collections(root: bpy.types.Collection, drawing: Plan) -> dict[str, bpy.types.Collection]:
    """Collections after the section tree; of a bundled model those of its first layer."""
    made = {"model": root}
    for section in drawing.anatomy.root.walk():
        if section.name == "model" or not _has_own(section.name, drawing):
            continue
        parent = section.name.rpartition(".")[0] or "model"
        made[section.name] = tree.new(section.title, made[parent], "section")
    if drawing.bundled:
        heads = made["layer0.attention"]
        made["further heads"] = tree.new("Further Heads", heads, "section")
        made["later layers"] = tree.new("Later Layers", root, "section")
    return made


def _has_own(section: str, drawing: Plan) -> bool:
    """Whether a section has a collection: in a bundled model some share one."""
    if not drawing.bundled:
        return True
    first, last = section.partition(".")[0], section.rpartition(".")[2]
    return first in ("embedding", "layer0", "output") and last.removeprefix("head") in (
        last,
        "0",
    )


def _collection_of(
    bundle: Bundle, collections: dict[str, bpy.types.Collection]
) -> bpy.types.Collection:
    block = bundle.first
    if block.section in collections:
        return collections[block.section]
    return collections["later layers" if block.layer else "further heads"]


def draw_strips(
    root: bpy.types.Collection, collection: bpy.types.Collection, numbers: Numbers
) -> Steps[None]:
    """Draw what a model read and what it makes of it; nothing of one without numbers."""
    if numbers.trace is None:
        return
    shared, anchor = kit.ensure(), tree.anchor_of(root)
    easels = strips.Easels(
        text=Easel(anchor, collection, shared.label, shared.font),
        tile=Easel(anchor, collection, shared.tile, tints=TILE_TINTS),
    )
    tokenizer = numbers.model.tokenizer
    read = strips.draw_input(easels, numbers.anatomy, tokenizer, numbers.trace.ids)
    yield from share(read, 0.0, 0.5)
    made = strips.draw_output(easels, numbers.anatomy, tokenizer, numbers.trace["probabilities"])
    yield from share(made, 0.5, 1.0)


def _anchor(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    drawing: Plan,
    old: bpy.types.Collection | None,
) -> bpy.types.Object:
    """Make the anchor: the model stands on the ground, clear of what else the scene has."""
    anchor = bpy.data.objects.new(f"{root.name} Anchor", None)
    anchor[names.OURS] = True
    anchor[names.ROLE] = "anchor"
    # Hidden, or the viewport draws a dashed line from it to each of the model's objects.
    anchor.hide_viewport = True
    anchor.hide_render = True
    low, high = (Vector(corner) * CELL for corner in extent(drawing))
    # What hangs lowest is read, so it hangs clear of the ground.
    low.z -= 0.5 * drawing.anatomy.space.margin * CELL
    anchor[names.FLOOR] = low.z
    if old is not None:
        # Not its world matrix: Blender does not keep that up to date for what is hidden.
        before = tree.anchor_of(old)
        anchor.matrix_basis = before.matrix_basis
        anchor.location.z += before.get(names.FLOOR, low.z) - low.z
    else:
        others = [other for other in tree.roots(scene) if other != root]
        if others:
            x, y = company.beside(others, low, high, float(drawing.anatomy.config.n_parameters))
        else:
            x, y = stage.clear_of(scene, low, high)
        anchor.location = (x, y, -low.z)
    company.mark(root, anchor, low, high, float(drawing.anatomy.config.n_parameters))
    root.objects.link(anchor)
    return anchor


def extent(drawing: Plan) -> tuple[tuple, tuple]:
    """Least and greatest corner of all that is drawn, strips and card included, in cells."""
    anatomy = drawing.anatomy
    corners = [np.array(corner) for corner in anatomy.bounds()]
    for place in anatomy.places.values():
        corners += [np.array(place.least), np.array(place.greatest)]
    # A model without numbers has read nothing.
    ends = (input_strip, output_strip) if drawing.has_numbers else ()
    for strip in (end(anatomy) for end in ends):
        corners += [corner for tile in strip.tiles for corner in tile.corners]
    return tuple(np.min(corners, axis=0)), tuple(np.max(corners, axis=0))
