"""The look of the models in a scene: colors, light, background and view transform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import bpy
import numpy as np

from ..progress import run
from . import axes, names, pins
from .attributes import read_attribute
from .drawn import labels, slabs
from .playing import company, film
from .playing.voice import Voice
from .standing import recipe as recipes
from .standing import tree
from .standing.finding import find
from .standing.graft import Graft
from .standing.keys import LIGHTS
from .standing.memory import Memory
from .standing.recipe import Recipe
from .standing.standing import Standing
from .style import finish, looks, studio
from .style.ground import Footprint
from .style.kit import CELL, Kit
from .style.separate import make_own


def apply_look(
    scene: bpy.types.Scene, root: bpy.types.Collection, look_id: str, accessible: bool
) -> None:
    """Give the models of a scene, their light and their background a look.

    Raises
    ------
    LookError
        If there is no such look.
    StandingError
        If a model cannot be changed.
    """
    look = looks.load(look_id)
    found = find(scene)
    for standing in found:
        standing.check()
    renamed = any(accessible != standing.recipe.accessible for standing in found)
    # A model that is shown by several scenes looks alike in all of them.
    scenes = dict.fromkeys([scene, *(s for standing in found for s in standing.scenes)])
    for each in scenes:
        memory = Memory(each)
        here = find(each)
        for standing in here:
            wanted = replace(standing.recipe, look=look.id, accessible=accessible)
            recipes.write(standing.root, wanted)
        here = find(each)
        kit = own_kit(here)
        if renamed:
            # Captions name the colors, so their words change with them.
            run(company.renew_steps(each, memory))
        here = find(each)
        restyle(here, here[0].recipe, memory, kit, insist=True)
        memory.keep()
    tree.sweep()


def tell(scene: bpy.types.Scene, **telling: str) -> list[str]:
    """Have the film of a scene told otherwise: in another language, by another script, in part.

    The models stay as they are, but for their words. Until all is known to be right, nothing is
    changed.

    Parameters
    ----------
    telling
        Values for any of `recipe.TELLING`.

    Returns
    -------
    list of str
        A sentence about each change of a person's that could not be kept.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError, llmviz_addon.languages.LanguageError
        If the script cannot be read or played, or there is no such language.
    StandingError
        If a model cannot be changed.
    """
    found = find(scene)
    if not found:
        return []
    for standing in found:
        standing.check()
    wanted = replace(found[0].recipe, **telling)
    first, memory = found[0], Memory(scene)
    board = run(company.compose(scene, found, voice=Voice.of(wanted)))
    kit = own_kit(found)
    reel = run(film.prepare(scene, first.root, first.anchor, board, kit))
    said_anew = wanted.language != first.recipe.language
    for standing in found:
        recipes.write(standing.root, replace(standing.recipe, **telling))
        if said_anew:
            labels.say_again(standing.objects.values(), wanted.language)
    notes = company.show_film(found, reel, memory, kit)
    for standing in find(scene) if said_anew else ():
        notes += pins.renew(standing)
        axes.rewrite(standing, kit)
    memory.keep()
    tree.sweep()
    return notes


def own_kit(found: Sequence[Standing]) -> Kit:
    """The kit of a scene's models, from now on shared with no other scene."""
    roots = [standing.root for standing in found]
    if not any(standing.is_shared for standing in found):
        make_own(roots, [obj for standing in found for obj in standing.objects.values()])
    return Kit(roots)


def restyle(
    found: Sequence[Standing],
    recipe: Recipe,
    memory: Memory,
    kit: Kit,
    *,
    insist: bool,
    relight: bool = False,
) -> None:
    """Give models their look.

    With `insist` a person has just chosen the look, so it also replaces colors and lights that they
    changed; otherwise only things that have no look yet get one.
    """
    look, scene = looks.load(recipe.look), found[0].scene
    objects = [obj for standing in found for obj in standing.objects.values()]
    pages = [m for m in slabs.materials_of(objects) if names.PAGE in m]
    kit.paint(look, look.colors(recipe.accessible), pages, insist=insist)
    for standing in found:
        shines, wanted = bool(standing.made(LIGHTS)), standing is found[0]
        if insist or relight or shines != wanted:
            _light(standing, look, wanted, insist)
    if insist or not memory.is_put("world"):
        if scene.world is None or not scene.world.get(names.OURS):
            memory.put("world", studio.world())
        if scene.world is not None and scene.world.get(names.OURS):
            studio.paint_world(scene.world, look)
    if insist or finish.node_of(scene) is None:
        finish.apply(scene, look)
    for path, value in studio.view_settings(look).items():
        memory.set(path, value, insist=insist)


def _light(standing: Standing, look: looks.Look, shine: bool, insist: bool) -> None:
    """Give a model the lights of a look; none without `shine`, where another model has them."""
    if not shine:
        Graft(standing, LIGHTS, ()).put()
        return
    anchor = standing.anchor
    floor = 0.0 if anchor is None else float(anchor.get(names.FLOOR, 0.0))
    collection = tree.new("Lights", standing.root, LIGHTS)
    drawn = studio.lights(look, collection, floor, _footprint(standing))
    Graft(standing, LIGHTS, drawn, whole=insist, insist=insist).put([collection])


def _footprint(standing: Standing) -> Footprint:
    """The rectangle that a model's blocks stand over, in meters from its anchor."""
    found = []
    for obj in standing.blocks.values():
        if obj.parent == standing.anchor and obj.type == "MESH" and len(obj.data.vertices):
            middle = np.empty(3 * len(obj.data.vertices), np.float32)
            obj.data.vertices.foreach_get("co", middle)
            middle = middle.reshape(-1, 3)
            half = 0.5
            if names.SIZE in obj.data.attributes:
                half = read_attribute(obj.data, names.SIZE) / 2
            ends = (middle - half).min(axis=0), (middle + half).max(axis=0)
            found += [end * CELL + obj.location for end in ends]
    if not found:
        return (0.0, 0.0), (0.0, 0.0)
    least, most = np.min(found, axis=0).tolist(), np.max(found, axis=0).tolist()
    return (least[0], least[1]), (most[0], most[1])
