"""From a model and a prompt to a scene: build, recolour, remove.

Building is a generator of steps that yields how far it is, so that a script can exhaust it and an
operator can drive it from a timer, show progress, and stop. A build that fails or is stopped
removes what it has made; an earlier build stays until the new one is complete.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from .. import model as model_room
from ..anatomy import Anatomy
from ..anatomy.strips import input_strip, output_strip
from ..detail import Bundle, Plan, plan
from ..model import Model, Trace
from ..walkthrough import Run
from . import blocks, film, kit, labels, legend, looks, names, ribbons, slabs, stage, strips, tree
from . import recipe as recipes
from .blocks import CELL
from .flat import ARROW_TINTS, TILE_TINTS, Easel
from .recipe import Recipe
from .version import VERSION

# How many tokens the walkthrough lets the model append to the prompt, context permitting.
APPENDED = 5

Steps = Generator[tuple[float, str], None, bpy.types.Collection]


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


def compute(recipe: Recipe) -> Generator[tuple[float, str], None, Numbers]:
    """Load the model and run it on the prompt and on what it appends.

    Raises
    ------
    llmviz_addon.model.ModelError
        If the model cannot be loaded, or does not take the prompt.
    """
    model = model_room.load(recipe.model)
    ids: list[int] = []
    trace = None
    if model.has_weights:
        ids = model.read_prompt(recipe.prompt)
        trace = yield from model.complete_steps(ids, APPENDED)
    drawing = plan(
        model.config,
        len(trace.ids) if trace else 0,
        full_context=recipe.full_context,
        budget=recipes.budget_of(recipe),
    )
    return Numbers(model, drawing, ids, trace)


def _share(
    work: Generator[tuple[float, str], None, Any], low: float, high: float
) -> Generator[tuple[float, str], None, Any]:
    """Steps of a part of the work, as fractions of the whole."""
    while True:
        try:
            fraction, label = next(work)
        except StopIteration as end:
            return end.value
        yield low + (high - low) * fraction, label


def steps(scene: bpy.types.Scene, recipe: Recipe) -> Steps:
    """Build `recipe` in `scene`, or recolour the model that is there; returns the root collection.

    Raises
    ------
    llmviz_addon.model.ModelError
        As `compute` does, before anything is drawn.
    llmviz_addon.scene.looks.LookError
        If there is no such look.
    """
    looks.load(recipe.look)
    yield 0.0, "Computing the model"
    numbers = yield from _share(compute(recipe), 0.0, 0.3)
    run_of_it = numbers.run
    board = film.compose(scene, numbers.plan, run_of_it, accessible=recipe.accessible)
    old = next(iter(tree.roots(scene)), None)
    before = stage.settings(scene)
    if old is not None and _same_shapes(old, numbers):
        yield from _recolor(scene, old, numbers)
        root = old
    else:
        root = yield from _build(scene, numbers, old)
    recipes.write(root, recipe)
    recipes.write_config(root, numbers.model.config, numbers.plan.computed)
    recipes.write_run(root, run_of_it)
    film.write(scene, root, board)
    apply_look(scene, root, recipe.look, recipe.accessible)
    stage.note_changes(scene, root, before)
    yield 1.0, "Done"
    return root


def build(scene: bpy.types.Scene, recipe: Recipe) -> bpy.types.Collection:
    """Build `recipe` in `scene` in one go; raises what `steps` raises."""
    return run(steps(scene, recipe))


def run(generator: Iterator[tuple[float, str]]) -> bpy.types.Collection:
    """Exhaust a generator of steps and return its result."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


def _same_shapes(root: bpy.types.Collection, numbers: Numbers) -> bool:
    """Whether only numbers change: everything is cubes, and as many as before."""
    drawn = tree.blocks(root)
    wanted = {bundle.name: bundle for bundle in numbers.plan.bundles}
    return (
        root.get(names.VERSION) == VERSION
        and set(numbers.plan.ways.values()) == {"cubes"}
        and drawn.keys() == wanted.keys()
        and all(o[names.DRAWN_AS] == "cubes" for o in drawn.values())
        and all(len(drawn[n].data.vertices) == b.cells for n, b in wanted.items())
        and recipes.config_of(root) == numbers.model.config
    )


def _recolor(scene: bpy.types.Scene, root: bpy.types.Collection, numbers: Numbers):
    """Write new numbers into the blocks that stand; none of their objects is made or removed.

    All numbers are gathered before the first is written: whoever stops that finds the old ones.
    """
    total = len(numbers.plan.bundles)
    gathered = []
    for index, bundle in enumerate(numbers.plan.bundles):
        if index % 20 == 0:
            yield 0.3 + 0.4 * index / total, f"Reading {bundle.title}"
        gathered.append((bundle, blocks.gather(bundle, numbers.trace, numbers.n_prompt)))
    yield 0.7, "Recoloring"
    drawn = tree.blocks(root)
    for bundle, cells in gathered:
        blocks.write(drawn[bundle.name], bundle, cells)
    film.clear(scene, root)
    strip_collection = tree.part(root, "strips")
    bpy.data.batch_remove(list(strip_collection.objects))
    tree.sweep()
    _draw_strips(root, strip_collection, numbers)


def _build(scene: bpy.types.Scene, numbers: Numbers, old: bpy.types.Collection | None) -> Steps:
    root = tree.new(numbers.model.title, scene.collection, "model")
    try:
        root[names.VERSION] = VERSION
        if old is None:
            stage.remember(scene, root)
        else:
            stage.hand_over(old, root)
        yield from _draw(scene, root, numbers, old)
    except BaseException:
        tree.delete(root)
        raise
    if old is not None:
        film.clear(scene, old)
        tree.delete(old)
        tree.settle_names(root)
    return root


def _draw(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    numbers: Numbers,
    old: bpy.types.Collection | None,
):
    anatomy, drawing = numbers.anatomy, numbers.plan
    shared = kit.ensure()
    anchor = _anchor(scene, root, anatomy, old)
    collections = _collections(root, drawing)
    pages = None
    if drawing.layout.heights:
        filling = slabs.fill(drawing, numbers.trace, numbers.n_prompt, shared)
        pages = yield from _share(filling, 0.3, 0.75)
    total = len(drawing.bundles)
    for index, bundle in enumerate(drawing.bundles):
        if index % 10 == 0:
            yield 0.75 + 0.13 * index / total, f"Drawing {bundle.title}"
        obj = _draw_bundle(bundle, numbers, shared, pages)
        obj.parent = anchor
        _collection_of(bundle, collections).objects.link(obj)

    yield 0.88, "Drawing labels and arrows"
    words = tree.new("Labels", root, "labels")
    easel = Easel(anchor, words, shared.label, shared.font)
    labels.titles(easel, [bundle.first for bundle in drawing.bundles])
    labels.sections(easel, anatomy.root, few=drawing.bundled)
    labels.dimensions(easel, anatomy)
    labels.card(easel, anatomy, numbers.model.title)
    legend.draw(easel, shared, anatomy)
    ribbons.draw(
        Easel(anchor, tree.new("Arrows", root, "arrows"), shared.arrow, tints=ARROW_TINTS), anatomy
    )
    _draw_strips(root, tree.new("Strips", root, "strips"), numbers)
    tree.new("Lights", root, "lights")
    scene.world = stage.world()


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


def _draw_strips(
    root: bpy.types.Collection, collection: bpy.types.Collection, numbers: Numbers
) -> None:
    if numbers.trace is None:
        return
    shared, anchor = kit.ensure(), tree.anchor_of(root)
    easels = strips.Easels(
        text=Easel(anchor, collection, shared.label, shared.font),
        tile=Easel(anchor, collection, shared.tile, tints=TILE_TINTS),
    )
    tokenizer = numbers.model.tokenizer
    strips.draw_input(easels, numbers.anatomy, tokenizer, numbers.trace.ids)
    strips.draw_output(easels, numbers.anatomy, tokenizer, numbers.trace["probabilities"])


def _anchor(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    anatomy: Anatomy,
    old: bpy.types.Collection | None,
) -> bpy.types.Object:
    """Make the anchor: the model stands on the ground, clear of what else the scene has."""
    anchor = bpy.data.objects.new(f"{root.name} Anchor", None)
    anchor[names.OURS] = True
    anchor[names.ROLE] = "anchor"
    # Hidden, or the viewport draws a dashed line from it to each of the model's objects.
    anchor.hide_viewport = True
    anchor.hide_render = True
    low, high = (Vector(corner) * CELL for corner in extent(anatomy))
    # What hangs lowest is read, so it hangs clear of the ground.
    low.z -= 0.5 * anatomy.space.margin * CELL
    anchor[names.FLOOR] = low.z
    if old is not None:
        # Not its world matrix: Blender does not keep that up to date for what is hidden.
        before = tree.anchor_of(old)
        anchor.matrix_basis = before.matrix_basis
        anchor.location.z += before.get(names.FLOOR, low.z) - low.z
    else:
        anchor.location = (*stage.clear_of(scene, low, high), -low.z)
    root.objects.link(anchor)
    return anchor


def apply_look(
    scene: bpy.types.Scene, root: bpy.types.Collection, look_id: str, accessible: bool
) -> None:
    """Give a model, its light and its background a look."""
    look = looks.load(look_id)
    before = stage.settings(scene)
    recipe = recipes.recipe_of(root)
    recipes.write(root, replace(recipe, look=look_id, accessible=accessible))
    if accessible != recipe.accessible:
        # Captions name the colours.
        frame = scene.frame_current
        run_of_it = recipes.run_of(root)
        board = film.compose(scene, recipes.plan_of(root), run_of_it, accessible=accessible)
        film.clear(scene, root)
        film.write(scene, root, board)
        scene.frame_set(frame)
    kit.paint(kit.ensure(), look, look.colors(accessible))
    stage.lights(look, tree.part(root, "lights"), tree.anchor_of(root))
    tree.sweep()
    if scene.world is not None and scene.world.get(names.OURS):
        stage.paint_world(scene.world, look)
    stage.apply_view(scene, look)
    stage.note_changes(scene, root, before)


def remove(scene: bpy.types.Scene) -> bool:
    """Remove the model and give `scene` its settings back; False if there is none."""
    found = tree.roots(scene)
    for root in found:
        film.clear(scene, root)
        stage.restore(scene, root)
        tree.delete(root)
    return bool(found)


def extent(anatomy: Anatomy) -> tuple[tuple, tuple]:
    """Least and greatest corner of all that is drawn, strips and card included, in cells."""
    corners = [np.array(corner) for corner in anatomy.bounds()]
    for place in anatomy.places.values():
        corners += [np.array(place.least), np.array(place.greatest)]
    for strip in (input_strip(anatomy), output_strip(anatomy, anatomy.n_tokens)):
        corners += [corner for tile in strip.tiles for corner in tile.corners]
    return tuple(np.min(corners, axis=0)), tuple(np.max(corners, axis=0))
