"""Removal of models, and of the remains of builds and of models deleted by hand."""

from __future__ import annotations

import bpy

from ..progress import run
from . import pins
from .playing import captions, company, film
from .renewal import leave_to_others
from .standing import finding, originals, tree
from .standing.finding import find
from .standing.memory import Memory
from .standing.standing import Standing
from .style import finish
from .style.kit import Kit
from .styling import restyle


def remove(scene: bpy.types.Scene, root: bpy.types.Collection | None = None) -> bool:
    """Remove one model, or all; with the last one, `scene` gets back the settings it had before.

    Returns True if there was something to remove.

    Raises
    ------
    StandingError
        If a model cannot be changed.
    """
    found, memory = find(scene), Memory(scene)
    chosen = [standing for standing in found if root in (None, standing.root)]
    if not chosen and (found or not memory):
        return False
    for standing in chosen:
        if not standing.is_shared:
            standing.check()
    teller, hidden = (found[0].id, captions.hidden(found[0])) if found else ("", (False, False))
    for standing in chosen:
        _remove(standing, memory)
    left = find(scene)
    if left:
        run(company.renew_steps(scene, memory))
        left = find(scene)
        kit = Kit([standing.root for standing in left])
        if left[0].id != teller:
            captions.hide(left[0], hidden)
        for standing in left:
            # The film, and its camera, may be another model's now.
            pins.hang(standing)
        restyle(left, left[0].recipe, memory, kit, insist=False)
        memory.keep()
    else:
        clear_away(scene)
        finish.remove(scene)
        memory.give_back()
    tree.sweep()
    return True


def _remove(standing: Standing, memory: Memory) -> None:
    if standing.is_shared:
        leave_to_others(standing)
        memory.mark(())
        return
    film.clear(standing, memory)
    tree.delete(standing.root, standing.objects.values())
    originals.forget(standing.scene, standing.id)


def clear_away(scene: bpy.types.Scene, but: bpy.types.Collection | None = None) -> None:
    """Remove the remains of builds that were cut short, and of models deleted by hand."""
    for root in finding.unfinished(scene):
        if root != but:
            tree.delete(root)
    finding.disown_strays(scene)
    own, shared = finding.leftovers(scene)
    tree.let_go(scene, shared)
    tree.remove(own, scene.collection)
