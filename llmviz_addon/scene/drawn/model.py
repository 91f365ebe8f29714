"""Drawing a model: its blocks, words, arrows and strips, below one root and one anchor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np
from mathutils import Vector

from ... import languages
from ...anatomy import Anatomy
from ...anatomy.strips import input_strip, output_strip
from ...detail import Bundle, Plan
from ...model import Model, Sampling, Trace
from ...progress import Steps, rescaled
from ...walkthrough import Choice, Run
from ...walkthrough.choice import USUAL
from .. import names
from ..standing import place as placing
from ..standing import recipe, tree
from ..standing.finding import find_one
from ..standing.keys import ANCHOR, MODEL, SECTION, STRIPS
from ..standing.standing import Standing
from ..style.kit import Kit
from . import blocks, labels, legend, repeats, reuse, ribbons, slabs, strips
from .blocks import CELL
from .flat import ARROW_TINTS, Easel
from .titles import LABELS

# Titles that are drawn in one step.
_TITLES = 100


@dataclass(frozen=True)
class Numbers:
    """A model run on a prompt: everything that the scene shows, before any of it is drawn.

    A model without weights has no prompt and no trace.
    """

    model: Model
    plan: Plan
    prompt_ids: list[int]
    trace: Trace | None
    sampling: Sampling
    choice: Choice = USUAL
    language: str = languages.ENGLISH

    @property
    def anatomy(self) -> Anatomy:
        """The blocks in space."""
        return self.plan.anatomy

    @property
    def n_prompt(self) -> int:
        """Number of tokens in the prompt; those after it in the trace were generated."""
        return len(self.prompt_ids)

    @cached_property
    def run(self) -> Run | None:
        """The run that the film tells about; None for a model without numbers."""
        if self.trace is None:
            return None
        choice = self.choice.within(self.model.config, self.n_prompt)
        return Run.of(self.model, self.n_prompt, self.trace, self.sampling, choice)


def draw(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    numbers: Numbers,
    kit: Kit,
    digests: Steps[list[str]],
    *,
    old: Standing | None = None,
    others: Sequence[Standing] = (),
) -> Steps[None]:
    """Draw a model below `root`; yields its progress.

    Parameters
    ----------
    scene
        The scene that it will stand in.
    root
        A collection of ours with nothing in it yet.
    numbers
        The model run on its prompt.
    kit
        The materials and node groups that models of this scene share.
    digests
        The digests of what stands on its pages; see `reuse.digest_steps`.
    old
        The model in whose place it will stand, if there is one.
    others
        Models that it will stand beside.
    """
    plan = numbers.plan
    # Pictures draw far cubes as slabs, and nothing shall be left of them.
    kit.prepare()
    replaces = None if old is None else old.id
    anchor = _anchor(scene, root, plan, old, others)
    # Each step lets other things happen in Blender, and these models may be gone after the next.
    del old, others
    yield 0.0, "Sorting the blocks"
    collections = _collections(root, plan)
    pages = None
    if plan.layout.heights:
        kept: dict[int, reuse.Kept] = {}
        if replaces is not None:
            whose = yield from rescaled(digests, 0.0, 0.1)
            standing = find_one(scene, replaces)
            kept = {} if standing is None else reuse.pages(standing, plan, whose)
            del standing
        filling = slabs.fill(plan, numbers.trace, numbers.n_prompt, kit, kept)
        pages = yield from rescaled(filling, 0.1, 0.7)
        if replaces is None:
            # Needed only by now, so the threads that read the weights had as long for it.
            whose = yield from rescaled(digests, 0.7, 0.75)
        recipe.write_pages(root, whose)
    total = len(plan.bundles)
    for index, bundle in enumerate(plan.bundles):
        if index % 5 == 0:
            yield 0.75 + 0.15 * index / total, f"Drawing {bundle.title}"
        obj = _draw_bundle(bundle, numbers, kit, pages)
        obj.parent = anchor
        _collection_of(bundle, collections).objects.link(obj)
    yield 0.9, "Drawing blocks"
    yield from rescaled(_draw_words(root, anchor, numbers, kit), 0.9, 1.0)


def _draw_words(
    root: bpy.types.Collection, anchor: bpy.types.Object, numbers: Numbers, kit: Kit
) -> Steps[None]:
    """Draw all words, arrows and strips, a part at a time."""
    anatomy, plan = numbers.anatomy, numbers.plan
    words, arrows = tree.new("Labels", root, LABELS), tree.new("Arrows", root, "arrows")
    # They are for whoever walks through the model; pictures have titles of their own.
    words.hide_render = True
    easel = Easel(anchor, words, kit.label, language=numbers.language)
    flow = Easel(anchor, arrows, kit.arrow, tints=ARROW_TINTS)
    titled = [(bundle.name, bundle.first) for bundle in plan.bundles if bundle.single]
    for start in range(0, len(titled), _TITLES):
        yield 0.2 * start / len(titled), "Drawing titles"
        labels.titles(easel, dict(titled[start : start + _TITLES]), plan)
    yield 0.2, "Drawing labels"
    labels.sections(easel, anatomy.root, few=plan.bundled)
    yield 0.3, "Drawing labels"
    labels.dimensions(easel, anatomy)
    labels.card(easel, anatomy, numbers.model.title)
    key = tree.new("Key", root, "key")
    legend.draw(Easel(anchor, key, kit.label, language=numbers.language), kit, anatomy)
    if plan.bundled:
        yield 0.4, "Drawing titles"
        repeats.titles(easel, kit, plan)
    yield 0.5, "Finding the paths of arrows"
    paths = anatomy.arrow_patterns if plan.bundled else anatomy.arrows
    yield 0.6, "Drawing arrows"
    if plan.bundled:
        repeats.arrows(flow, kit, paths)
    else:
        ribbons.draw(flow, paths)
    yield from rescaled(draw_strips(root, anchor, numbers, kit), 0.7, 1.0)


def _draw_bundle(
    bundle: Bundle, numbers: Numbers, kit: Kit, pages: slabs.Pages | None
) -> bpy.types.Object:
    way = numbers.plan.ways[bundle.name]
    if way == "cubes":
        cells = blocks.gather(bundle, numbers.trace, numbers.n_prompt)
        return blocks.create(bundle, cells, kit)
    return slabs.create(bundle, numbers.plan, kit, pages if way == "slab" else None)


def _collections(root: bpy.types.Collection, plan: Plan) -> dict[str, bpy.types.Collection]:
    """Collections like the section tree; of the layers of a bundled model only the first's."""
    made = {MODEL: root}
    for section in plan.anatomy.root.walk():
        if section.name == "model" or not _has_own(section.name, plan):
            continue
        parent = section.name.rpartition(".")[0] or "model"
        made[section.name] = tree.new(section.title, made[parent], f"{SECTION}{section.name}")
    if plan.bundled:
        heads = made["layer0.attention"]
        made["further heads"] = tree.new("Further Heads", heads, f"{SECTION}further heads")
        made["later layers"] = tree.new("Later Layers", root, f"{SECTION}later layers")
    return made


def _has_own(section: str, plan: Plan) -> bool:
    """True if a section has a collection of its own; in a bundled model some share one."""
    if not plan.bundled:
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
    root: bpy.types.Collection, anchor: bpy.types.Object, numbers: Numbers, kit: Kit
) -> Steps[None]:
    """Draw the strips of a model's input and output, in a collection below `root`.

    A model without numbers has none.
    """
    if numbers.trace is None or numbers.run is None:
        return
    easel = Easel(anchor, tree.new("Strips", root, STRIPS), kit.tile)
    yield from strips.draw(easel, kit, numbers.anatomy, shown(numbers), positions(numbers))


def shown(numbers: Numbers) -> strips.Shown:
    """The tokens and predictions of a model that was run."""
    return strips.Shown(
        numbers.model.tokenizer,
        list(numbers.trace.ids),
        numbers.trace["probabilities"],
        numbers.run.drawn,
    )


def positions(numbers: Numbers) -> int:
    """Number of positions for which the strips have an object; see `strips`."""
    return numbers.anatomy.n_tokens if numbers.plan.all_cubes else len(numbers.trace.ids)


def _anchor(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    plan: Plan,
    old: Standing | None,
    others: Sequence[Standing],
) -> bpy.types.Object:
    """Make the anchor, at a place where the model stands on the ground, clear of other things."""
    anchor = bpy.data.objects.new(f"{root.name} Anchor", None)
    anchor[names.OURS] = True
    anchor[names.ROLE] = ANCHOR
    # An anchor that is visible makes the viewport draw a dashed line from it to each object.
    anchor.hide_viewport = True
    anchor.hide_render = True
    low, high = (Vector(corner) * CELL for corner in extent(plan))
    # The lowest things are words, which stay clear of the ground so that they can be read.
    low.z -= 0.5 * plan.anatomy.space.margin * CELL
    size = float(plan.anatomy.config.n_parameters)
    if old is not None and old.anchor is not None:
        anchor.matrix_basis = old.anchor.matrix_basis
        anchor.location.z += float(old.anchor.get(names.FLOOR, low.z)) - low.z
    else:
        at = placing.beside(others, (low, high), size) or placing.clear_of(scene, (low, high))
        anchor.location = (*at, -low.z)
    body = [Vector(corner) * CELL for corner in plan.anatomy.bounds()]
    placing.note(root, anchor, (low, high), size, (body[0], body[1]))
    root.objects.link(anchor)
    return anchor


def extent(plan: Plan) -> tuple[tuple, tuple]:
    """Least and greatest corner of everything that is drawn, strips and card included, in cells."""
    anatomy = plan.anatomy
    corners = [*(np.array(corner) for corner in anatomy.bounds()), *anatomy.layout.rails]
    for place in anatomy.places.values():
        corners += [np.array(place.least), np.array(place.greatest)]
    # A model without numbers has no strips.
    ends = (input_strip, output_strip) if plan.has_numbers else ()
    for strip in (end(anatomy) for end in ends):
        corners += [corner for tile in strip.tiles for corner in tile.corners]
    return tuple(np.min(corners, axis=0)), tuple(np.max(corners, axis=0))
