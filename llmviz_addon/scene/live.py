"""Another prompt for a model that stands, shown while somebody types.

A build makes everything anew, the film included, which takes seconds. Here only what is seen at
once follows the prompt: the colors of what the model computes, and its strips. The film follows in
steps of its own, when typing rests.
"""

from __future__ import annotations

from dataclasses import replace

import bpy

from .. import defaults
from ..detail import Bundle
from ..model import ModelError
from ..progress import Steps, run
from . import axes, names, pins, tables
from .assembly import compute
from .drawn import blocks, strips
from .drawn.blocks import CELL
from .drawn.model import Numbers, positions, shown
from .playing import company, film
from .renewal import fits, note, recolor
from .standing import known, ledger
from .standing import recipe as recipes
from .standing.finding import find, find_one
from .standing.recipe import FOLLOWED, Recipe
from .standing.standing import Standing
from .style.kit import Kit

# Meters up to which a place counts as the same; Blender keeps places as float32.
_NEAR = 1e-4

MOST = defaults.CUBES
"""Cells up to which a model is live; with more it would hold up whoever types."""


def is_live(standing: Standing, recipe: Recipe) -> bool:
    """True if a model that stands can show a recipe at once.

    It must differ from the model's own in prompt and new tokens only, and the model must be small,
    with a cube for every cell. One that another scene shows, too, is left to that scene.
    """
    told = ("prompt", "max_new_tokens", "temperature", "top_k", "seed", "captions", "version")
    told += FOLLOWED
    same = {name: getattr(recipe, name) for name in told}
    if not standing.is_current or replace(standing.recipe, **same) != recipe:
        return False
    drawn = standing.blocks.values()
    return (
        standing.run is not None
        and not standing.is_shared
        and all(obj[names.DRAWN_AS] == "cubes" for obj in drawn)
        and sum(len(obj.data.vertices) for obj in drawn) <= MOST
    )


def follow(scene: bpy.types.Scene, recipe: Recipe) -> bool:
    """Show another prompt in the model that a recipe names, but not in its film.

    Returns False, with nothing changed, if the model that stands cannot show it that way, or the
    model does not take the prompt.

    Raises
    ------
    StandingError
        If the model cannot be changed.
    """
    standing = next((each for each in find(scene) if is_live(each, recipe)), None)
    if standing is None:
        return False
    drawn, before = known.of(known.build_of(standing.root)), standing.run
    try:
        numbers = run(compute(recipe, drawn and drawn.model))
    except ModelError:
        # The panel says what is wrong with a prompt; half a word is no reason to interrupt.
        return False
    if not fits(standing, numbers):
        return False
    standing.check()
    # Weights are the same whatever the prompt, as long as the checkpoint is.
    same = drawn is not None
    due = [bundle for bundle in numbers.plan.bundles if not same or _is_computed(bundle)]
    cells = [blocks.gather(bundle, numbers.trace, numbers.n_prompt) for bundle in due]
    lengths = numbers.n_prompt, len(numbers.trace.ids)
    as_long = before is not None and lengths == (before.n_prompt, before.n_tokens)
    recolor(standing, due, cells, values_only=same and as_long)
    _rewrite_strips(standing, numbers)
    note(standing.root, replace(recipe, captions=standing.recipe.captions), numbers)
    known.keep(known.note(standing.root), numbers.model, numbers.trace)
    # Looked up anew, since the run that it shows is another one now.
    shown = find_one(scene, standing.id)
    if shown is not None:
        axes.rewrite(shown, Kit([each.root for each in find(scene)]))
        pins.renew(shown)
        tables.renew(shown)
    return True


def _rewrite_strips(standing: Standing, numbers: Numbers) -> None:
    """Write the tokens and predictions of a run into the strips that stand."""
    stand = standing.marked(names.STRIP)
    kit = Kit([standing.root])
    for position in strips.lay_out(kit, numbers.anatomy, shown(numbers), positions(numbers)):
        obj = stand.get(position.target)
        if obj is None:
            # A person has deleted it.
            continue
        place = [at * CELL for at in position.center]
        moved = any(abs(at - to) > _NEAR for at, to in zip(obj.location, place, strict=True))
        if not moved and obj.get(names.SHOWS) == position.shows:
            # What follows a token changes nothing before it.
            continue
        theirs = ledger.changed(obj)
        if not {"data.shape", names.TEXT} & theirs:
            strips.write(obj, position)
        if "location" not in theirs:
            obj.location = place
        ledger.note_again(obj, theirs)


def _is_computed(bundle: Bundle) -> bool:
    return any(block.kind != "weight" for block in bundle.blocks)


def is_behind(scene: bpy.types.Scene) -> bool:
    """True if the film of a scene tells of another run than the one that is shown."""
    found = find(scene)
    return bool(found) and film.is_behind(found[0])


def catch_up_steps(scene: bpy.types.Scene) -> Steps[list[str]]:
    """Make the film that of the run that is shown; returns and raises as `company.renew_steps`."""
    notes = yield from company.renew_steps(scene)
    for standing in find(scene):
        pins.hang(standing)
    return notes


def choose(scene: bpy.types.Scene, recipe: Recipe) -> bool:
    """Have the film of a scene follow the example that a recipe chooses; True if it is behind then.

    Only the choice is noted; `catch_up_steps` makes the film.
    """
    chosen = {name: getattr(recipe, name) for name in FOLLOWED}
    for standing in find(scene):
        recipes.write(standing.root, replace(standing.recipe, **chosen))
    return is_behind(scene)
