"""The settings for the look and the captions, which are those of a model that stands.

Where one stands in the scene, they are read from it and not from here, so that they are right
without any bookkeeping after an undo and in files made by scripts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..errors import PROBLEMS, sentence
from . import messages, state
from .items import keep

if TYPE_CHECKING:
    from ..scene import Recipe


def _looks(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    from ..scene import LookError, looks

    items = []
    for number, look_id in enumerate(looks.available()):
        try:
            title = looks.load(look_id).title
        except LookError:
            continue
        items.append((look_id, title, f"Colors, light and background of {title}", "NONE", number))
    return keep("looks", items)


def _recipe(self: LookSettings) -> Recipe | None:
    """The recipe of the model in the scene; None where there is none."""
    model = state.model_of(self.id_data)
    return None if model is None else state.recipe_of(model)


def _look(self: LookSettings) -> int:
    from ..scene import looks

    recipe = _recipe(self)
    wanted = self.look_kept if recipe is None else recipe.look
    ids = looks.available()
    return ids.index(wanted) if wanted in ids else 0


def _set_look(self: LookSettings, number: int) -> None:
    from ..scene import looks

    self.look_kept = looks.available()[number]
    self.accessible_kept = self.accessible
    _restyle(self)


def _accessible(self: LookSettings) -> bool:
    recipe = _recipe(self)
    return self.accessible_kept if recipe is None else recipe.accessible


def _set_accessible(self: LookSettings, value: bool) -> None:
    self.look_kept = self.look
    self.accessible_kept = value
    _restyle(self)


def _restyle(self: LookSettings) -> None:
    """Give the model that stands in the scene the look that was chosen."""
    from ..scene import apply_look

    scene = self.id_data
    root = state.root_of(scene)
    if root is None:
        return
    if locked := state.why_locked(scene):
        messages.say(scene, locked)
        return
    try:
        apply_look(scene, root, self.look_kept, self.accessible_kept)
    except PROBLEMS as error:
        messages.say(scene, sentence(error))


def _captions(self: LookSettings) -> bool:
    from ..scene import captions_visible

    root = state.root_of(self.id_data)
    return self.captions_kept if root is None else captions_visible(root)


def _set_captions(self: LookSettings, value: bool) -> None:
    from ..scene import set_captions

    self.captions_kept = value
    root = state.root_of(self.id_data)
    if root is not None and not state.why_locked(self.id_data):
        set_captions(root, value)


class LookSettings:
    """The part of the settings about the look and the captions."""

    look: EnumProperty(
        name="Look",
        description="Colors, light and background; changes a model that is built at once",
        items=_looks,
        get=_look,
        set=_set_look,
        options=set(),
    )
    look_kept: StringProperty(default="dark", options={"HIDDEN"})
    accessible: BoolProperty(
        name="Color-Blind Safe",
        description="Use colors that stay apart with any color vision deficiency",
        get=_accessible,
        set=_set_accessible,
        options=set(),
    )
    accessible_kept: BoolProperty(options={"HIDDEN"})
    captions: BoolProperty(
        name="Captions",
        description="Show what the walkthrough says, in the view and in renders",
        get=_captions,
        set=_set_captions,
        options=set(),
    )
    captions_kept: BoolProperty(default=True, options={"HIDDEN"})
