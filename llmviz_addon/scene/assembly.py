"""From a model and a prompt to a scene: build, recolour, remove.

Building is a generator of steps that yields how far it is, so that a script can exhaust it and an
operator can drive it from a timer, show progress, and stop. A build that fails or is stopped
removes what it has made; an earlier build stays until the new one is complete.
"""

from __future__ import annotations

from dataclasses import replace

import bpy

from .. import model as model_room
from ..detail import APPENDED, plan_steps
from ..progress import Steps, rescaled, run
from . import names
from .drawn import blocks
from .drawn.model import Numbers, draw, draw_strips
from .playing import film
from .standing import company, tree
from .standing import recipe as recipes
from .standing.company import Subject
from .standing.recipe import Recipe
from .style import kit, looks, stage
from .version import VERSION


def compute(recipe: Recipe) -> Steps[Numbers]:
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
        trace = yield from rescaled(model.complete_steps(ids, APPENDED), 0.0, 0.9)
    planning = plan_steps(
        model.config,
        len(trace.ids) if trace else 0,
        full_context=recipe.full_context,
        budget=recipes.budget_of(recipe),
    )
    drawing = yield from rescaled(planning, 0.9, 1.0)
    return Numbers(model, drawing, ids, trace)


def steps(
    scene: bpy.types.Scene, recipe: Recipe, beside: bool = False
) -> Steps[bpy.types.Collection]:
    """Build `recipe` in `scene`, or recolour the model that is there; returns the root collection.

    Until its last step nothing that was there is changed; whoever stops it, or whatever fails,
    finds the scene as it was.

    Parameters
    ----------
    beside
        Whether models that stand stay as they are, and this one is built beside them.

    Raises
    ------
    llmviz_addon.model.ModelError
        As `compute` does, before anything is drawn.
    llmviz_addon.walkthrough.AuthoringError
        If the film cannot be compiled.
    llmviz_addon.scene.looks.LookError
        If there is no such look.
    """
    looks.load(recipe.look)
    yield 0.0, "Computing the model"
    numbers = yield from rescaled(compute(recipe), 0.0, 0.3)
    old = None if beside else _replaced(scene, recipe)
    others = [root for root in tree.roots(scene) if root != old]
    subject = Subject(numbers.plan, numbers.run, numbers.model.title)
    board = None
    if not others:
        # Whatever is wrong with the film is found before anything is drawn.
        composing = company.compose(scene, [], subject, accessible=recipe.accessible)
        board = yield from rescaled(composing, 0.3, 0.35)
    before = stage.settings(scene)
    if old is not None and _same_shapes(old, numbers):
        root = old
        cells = yield from rescaled(_gather(numbers), 0.35, 0.8)
    else:
        root = yield from rescaled(_build(scene, recipe, numbers, old), 0.35, 0.8)
    try:
        roots = tree.in_order([*others, root])
        if board is None:
            known = subject if root == roots[0] else None
            composing = company.compose(scene, roots, known, accessible=recipe.accessible)
            board = yield from rescaled(composing, 0.8, 0.9)
        reel = yield from rescaled(film.prepare(scene, roots[0], board), 0.9, 0.95)
    except BaseException:
        if root != old:
            tree.delete(root)
        raise
    # From here on nothing stops it.
    if root == old:
        _recolor(scene, root, numbers, cells)
    else:
        if old is not None:
            film.clear(scene, old)
            tree.delete(old)
            tree.settle_names(root)
        tree.show(scene, root)
    _note(root, recipe, numbers)
    if scene.world is None or (root != old and not scene.world.get(names.OURS)):
        scene.world = stage.world()
    company.show_film(scene, reel)
    apply_look(scene, root, recipe.look, recipe.accessible)
    stage.note_changes(scene, tree.roots(scene)[0], before)
    yield 1.0, "Done"
    return root


def _note(root: bpy.types.Collection, recipe: Recipe, numbers: Numbers) -> None:
    """Keep on a model's root collection what it was made from."""
    recipes.write(root, recipe)
    recipes.write_model(root, numbers.model, numbers.plan.computed)
    recipes.write_run(root, numbers.run)


def _replaced(scene: bpy.types.Scene, recipe: Recipe) -> bpy.types.Collection | None:
    """The model that a build replaces: the one made from the same source, else the film's own."""
    roots = tree.roots(scene)
    same = (root for root in roots if recipes.recipe_of(root).model == recipe.model)
    return next(same, next(iter(roots), None))


def build(scene: bpy.types.Scene, recipe: Recipe) -> bpy.types.Collection:
    """Build `recipe` in `scene` in one go; raises what `steps` raises."""
    return run(steps(scene, recipe))


def _same_shapes(root: bpy.types.Collection, numbers: Numbers) -> bool:
    """Whether only numbers change: everything is cubes, and as many as before."""
    drawn = tree.blocks(root)
    wanted = {bundle.name: bundle for bundle in numbers.plan.bundles}
    return (
        root.get(names.VERSION) == VERSION
        and numbers.plan.all_cubes
        and drawn.keys() == wanted.keys()
        and all(o[names.DRAWN_AS] == "cubes" for o in drawn.values())
        and all(len(drawn[n].data.vertices) == b.cells for n, b in wanted.items())
        and recipes.config_of(root) == numbers.model.config
    )


def _gather(numbers: Numbers) -> Steps[list[blocks.Cells]]:
    """The new numbers of all blocks."""
    total, gathered = len(numbers.plan.bundles), []
    for index, bundle in enumerate(numbers.plan.bundles):
        if index % 20 == 0:
            yield index / total, f"Reading {bundle.title}"
        gathered.append(blocks.gather(bundle, numbers.trace, numbers.n_prompt))
    return gathered


def _recolor(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    numbers: Numbers,
    cells: list[blocks.Cells],
) -> None:
    """Write new numbers into the blocks that stand; none of their objects is made or removed."""
    drawn = tree.blocks(root)
    for bundle, found in zip(numbers.plan.bundles, cells, strict=True):
        blocks.write(drawn[bundle.name], bundle, found)
    film.clear(scene, root)
    strip_collection = tree.part(root, "strips")
    bpy.data.batch_remove(list(strip_collection.objects))
    tree.sweep()
    run(draw_strips(root, strip_collection, numbers))


def _build(
    scene: bpy.types.Scene, recipe: Recipe, numbers: Numbers, old: bpy.types.Collection | None
) -> Steps[bpy.types.Collection]:
    """Draw a model; if that is stopped or fails, nothing of it stays."""
    alone = not tree.roots(scene)
    root = tree.new(numbers.model.title, scene.collection, "model")
    # Not drawn before it is complete: viewports are quick meanwhile, and what it replaces is seen.
    tree.hide(scene, root)
    try:
        root[names.VERSION] = VERSION
        _note(root, recipe, numbers)
        if old is not None:
            stage.hand_over(old, root)
        elif alone:
            stage.remember(scene, root)
        yield from draw(scene, root, numbers, old)
    except BaseException:
        tree.delete(root)
        raise
    return root


def apply_look(
    scene: bpy.types.Scene, root: bpy.types.Collection, look_id: str, accessible: bool
) -> None:
    """Give the models of a scene, their light and their background a look."""
    look = looks.load(look_id)
    before = stage.settings(scene)
    roots = tree.roots(scene)
    renamed = accessible != recipes.recipe_of(root).accessible
    for each in roots:
        recipe = recipes.recipe_of(each)
        recipes.write(each, replace(recipe, look=look_id, accessible=accessible))
    if renamed:
        # Captions name the colours.
        frame = scene.frame_current
        company.renew_film(scene, accessible=accessible)
        scene.frame_set(frame)
    kit.paint(kit.ensure(), look, look.colors(accessible))
    for each in roots:
        stage.lights(look, tree.part(each, "lights"), tree.anchor_of(each), shine=each == roots[0])
    tree.sweep()
    if scene.world is not None and scene.world.get(names.OURS):
        stage.paint_world(scene.world, look)
    stage.apply_view(scene, look)
    stage.note_changes(scene, roots[0], before)


def remove(scene: bpy.types.Scene, root: bpy.types.Collection | None = None) -> bool:
    """Remove a model, or all of them; the last one gives `scene` its settings back.

    Returns False if there is none.
    """
    found = tree.roots(scene) if root is None else [root]
    for each in found:
        film.clear(scene, each)
        company.settle(scene, each)
        if len(tree.roots(scene)) == 1:
            stage.restore(scene, each)
        tree.delete(each)
    left = tree.roots(scene)
    if found and left:
        recipe, before = recipes.recipe_of(left[0]), stage.settings(scene)
        company.renew_film(scene, accessible=recipe.accessible)
        apply_look(scene, left[0], recipe.look, recipe.accessible)
        stage.note_changes(scene, left[0], before)
    return bool(found)
