"""From a model and a prompt to a scene: build, recolour, remove.

Building is a generator of steps that yields how far it is, so that a script can exhaust it and an
operator can drive it from a timer, show progress, and stop. A build that fails or is stopped
removes what it has made; an earlier build stays until the new one is complete.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import bpy
import numpy as np
from mathutils import Vector

from .. import anatomy as anatomy_room
from .. import model as model_room
from ..anatomy import Anatomy
from ..anatomy.strips import input_strip, output_strip
from ..model import Model, Trace
from ..walkthrough import Run
from . import blocks, film, kit, labels, legend, looks, names, ribbons, stage, strips, tree
from . import recipe as recipes
from .blocks import CELL
from .flat import ARROW_TINTS, TILE_TINTS, Easel
from .recipe import Recipe
from .version import VERSION

# How many tokens the walkthrough lets the model append to the prompt, context permitting.
APPENDED = 5

# Cubes that a viewport still turns at a bearable pace; one cell takes about 100 bytes.
MOST_CELLS = 3_000_000

Steps = Generator[tuple[float, str], None, bpy.types.Collection]


@dataclass(frozen=True)
class Numbers:
    """A model run on a prompt: everything that the scene shows, before any of it is drawn."""

    model: Model
    anatomy: Anatomy
    prompt_ids: list[int]
    trace: Trace

    @property
    def n_prompt(self) -> int:
        """How many tokens the prompt has; what follows in the trace was generated."""
        return len(self.prompt_ids)


def compute(source: str, prompt: str) -> Numbers:
    """Load the model and run it on the prompt and on what it appends.

    Raises
    ------
    llmviz_addon.model.ModelError
        If the model cannot be loaded, has no weights, has more numbers than can be drawn as cubes,
        or does not take the prompt.
    """
    model = model_room.load(source)
    anatomy = anatomy_room.build(model.config)
    ids = model.read_prompt(prompt)
    cells = sum(block.columns * block.rows for block in anatomy.blocks.values())
    if model.has_weights and cells > MOST_CELLS:
        raise model_room.ModelError(
            f"{model.title} has {cells:,} cells, and up to {MOST_CELLS:,} can be drawn as cubes; "
            "choose a smaller model."
        )
    count = min(APPENDED, max(0, model.config.n_ctx - len(ids)))
    sequence = [*ids, *model.generate(ids, count, temperature=0)]
    trace = model.forward(sequence)
    return Numbers(
        model=model,
        anatomy=anatomy,
        prompt_ids=ids,
        trace=trace,
    )


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
    numbers = compute(recipe.model, recipe.prompt)
    run_of_it = Run.of(numbers.model, numbers.n_prompt, numbers.trace)
    board = film.compose(scene, numbers.anatomy, run_of_it, accessible=recipe.accessible)
    old = next(iter(tree.roots(scene)), None)
    before = stage.settings(scene)
    if old is not None and _same_shapes(old, numbers):
        yield from _recolor(scene, old, numbers)
        root = old
    else:
        root = yield from _build(scene, numbers, old)
    recipes.write(root, recipe)
    recipes.write_config(root, numbers.model.config)
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
    drawn = tree.blocks(root)
    wanted = numbers.anatomy.blocks
    return (
        root.get(names.VERSION) == VERSION
        and drawn.keys() == wanted.keys()
        and all(len(drawn[n].data.vertices) == b.columns * b.rows for n, b in wanted.items())
        and recipes.config_of(root) == numbers.model.config
    )


def _recolor(scene: bpy.types.Scene, root: bpy.types.Collection, numbers: Numbers):
    """Write new numbers into the blocks that stand; none of their objects is made or removed.

    All numbers are gathered before the first is written: whoever stops that finds the old ones.
    """
    total = len(numbers.anatomy.blocks)
    gathered = []
    for index, block in enumerate(numbers.anatomy.blocks.values()):
        if index % 20 == 0:
            yield 0.1 + 0.5 * index / total, f"Reading {block.title}"
        gathered.append((block, blocks.gather(block, numbers.trace, numbers.n_prompt)))
    yield 0.6, "Recoloring"
    drawn = tree.blocks(root)
    for block, cells in gathered:
        blocks.write(drawn[block.name], block, cells)
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
    anatomy = numbers.anatomy
    shared = kit.ensure()
    anchor = _anchor(scene, root, anatomy, old)
    collections = {"model": root}
    for section in anatomy.root.walk():
        if section is not anatomy.root:
            parent = section.name.rpartition(".")[0] or "model"
            collections[section.name] = tree.new(section.title, collections[parent], "section")
    total = len(anatomy.blocks)
    for index, block in enumerate(anatomy.blocks.values()):
        if index % 10 == 0:
            yield 0.05 + 0.7 * index / total, f"Drawing {block.title}"
        cells = blocks.gather(block, numbers.trace, numbers.n_prompt)
        obj = blocks.create(block, cells, shared)
        obj.parent = anchor
        obj.location = tuple(c * CELL for c in block.origin)
        collections[block.section].objects.link(obj)

    yield 0.76, "Drawing labels and arrows"
    words = tree.new("Labels", root, "labels")
    easel = Easel(anchor, words, shared.label, shared.font)
    labels.titles(easel, list(anatomy.blocks.values()))
    labels.sections(easel, anatomy.root)
    labels.dimensions(easel, anatomy)
    labels.card(easel, anatomy, numbers.model.title)
    legend.draw(easel, shared, anatomy)
    ribbons.draw(
        Easel(anchor, tree.new("Arrows", root, "arrows"), shared.arrow, tints=ARROW_TINTS), anatomy
    )
    _draw_strips(root, tree.new("Strips", root, "strips"), numbers)
    tree.new("Lights", root, "lights")
    scene.world = stage.world()


def _draw_strips(
    root: bpy.types.Collection, collection: bpy.types.Collection, numbers: Numbers
) -> None:
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
        anatomy, frame = anatomy_room.build(recipes.config_of(root)), scene.frame_current
        board = film.compose(scene, anatomy, recipes.run_of(root), accessible=accessible)
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
    for strip in (input_strip(anatomy), output_strip(anatomy, anatomy.config.n_ctx)):
        corners += [corner for tile in strip.tiles for corner in tile.corners]
    return tuple(np.min(corners, axis=0)), tuple(np.max(corners, axis=0))
