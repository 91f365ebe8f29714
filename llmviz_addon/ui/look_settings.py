"""The settings for the look and the captions, which are those of a model that stands.

Where one stands in the scene, they are read from it and not from here, so that they are right
without any bookkeeping after an undo and in files made by scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy
from bpy.props import (
    BoolProperty,
    BoolVectorProperty,
    EnumProperty,
    IntProperty,
    StringProperty,
)

from .. import defaults, languages
from ..errors import PROBLEMS, sentence
from . import live, messages, state, translating
from .items import keep

if TYPE_CHECKING:
    from ..scene import Recipe

MOST_CHAPTERS = 32
"""Chapters that have a tick in the sidebar; Blender allows no more in a vector."""


def _looks(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    from ..scene import LookError, looks

    items = []
    for number, look_id in enumerate(looks.available()):
        try:
            title = looks.load(look_id).title
        except LookError:
            continue
        told = translating.say(f"Colors, light and background of {title}")
        items.append((look_id, title, told, "NONE", number))
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


def _languages(_self: LookSettings, _context: bpy.types.Context | None) -> list[tuple]:
    items = [("AUTO", "Blender's", "The language of Blender's interface, else English", "NONE", 0)]
    for number, code in enumerate(languages.available(), 1):
        name = languages.load(code).name
        told = translating.say(f"Captions and titles in {name}")
        items.append((code, name, told, "NONE", number))
    return keep("languages", items)


def _language(self: LookSettings) -> int:
    recipe, codes = _recipe(self), ["AUTO", *languages.available()]
    wanted = self.language_kept if recipe is None else recipe.language
    return codes.index(wanted) if wanted in codes else 0


def _set_language(self: LookSettings, number: int) -> None:
    self.language_kept = ["AUTO", *languages.available()][number]
    _tell(self, language=state.language_of(self.language_kept))


def _script(self: LookSettings) -> str:
    recipe = _recipe(self)
    return self.script_kept if recipe is None else recipe.script


def _set_script(self: LookSettings, path: str) -> None:
    if _tell(self, script=path, chapters=""):
        self.script_kept, self.chapters_kept = path, ""


def _chosen(self: LookSettings) -> list[bool]:
    """For each chapter that could play, True if it does."""
    root = state.root_of(self.id_data)
    offered = [] if root is None else [id_ for id_, _ in state.offered_of(root)]
    played = _played(self, offered)
    ticks = [id_ in played for id_ in offered]
    return (ticks + [False] * MOST_CHAPTERS)[:MOST_CHAPTERS]


def _played(self: LookSettings, offered: Sequence[str]) -> set[str]:
    """The chapters that play, of those that could."""
    recipe = _recipe(self)
    return set(recipe.chapters.split(",") if recipe is not None and recipe.chapters else offered)


def _choose(self: LookSettings, ticks: Sequence[bool]) -> None:
    root = state.root_of(self.id_data)
    if root is None:
        return
    offered = [id_ for id_, _ in state.offered_of(root)]
    # What has no tick stays as it is.
    played = _played(self, offered)
    kept = [id_ in played for id_ in offered[MOST_CHAPTERS:]]
    shown = [*ticks[: len(offered)], *kept]
    wanted = [id_ for id_, tick in zip(offered, shown, strict=True) if tick]
    if not wanted:
        messages.say(self.id_data, "A film needs a chapter at least; the last one stays")
        return
    chosen = "" if len(wanted) == len(offered) else ",".join(wanted)
    if _tell(self, chapters=chosen):
        self.chapters_kept = chosen


def _tell(self: LookSettings, **telling: str) -> bool:
    """Have the film that stands in the scene told otherwise; True if it could be, or none does."""
    from ..scene import tell

    scene = self.id_data
    if state.root_of(scene) is None:
        return True
    if locked := state.why_locked(scene):
        messages.say(scene, locked)
        return False
    try:
        for note in tell(scene, **telling):
            messages.say(scene, note)
    except PROBLEMS as error:
        messages.say(scene, sentence(error))
        return False
    return True


class LookSettings:
    """The part of the settings about the look, the captions, and how the film is told."""

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
    language: EnumProperty(
        name="Language",
        description="The language of captions and titles; changes those of a model at once",
        items=_languages,
        get=_language,
        set=_set_language,
        options=set(),
    )
    language_kept: StringProperty(default="AUTO", options={"HIDDEN"})
    script: StringProperty(
        name="Script",
        description="A walkthrough of your own, a TOML file; empty for the one that comes with it",
        subtype="FILE_PATH",
        get=_script,
        set=_set_script,
        options=set(),
    )
    script_kept: StringProperty(options={"HIDDEN"})
    chapters_ticked: BoolVectorProperty(
        name="Chapters",
        description="Whether this chapter plays",
        size=MOST_CHAPTERS,
        get=_chosen,
        set=_choose,
        options=set(),
    )
    chapters_kept: StringProperty(options={"HIDDEN"})
    layer: IntProperty(
        name="Layer",
        description="The layer that the chapters take as their example, counted from 0",
        default=defaults.LAYER,
        min=0,
        soft_max=11,
        update=live.chosen,
        options=set(),
    )
    head: IntProperty(
        name="Head",
        description="The head that the chapters take as their example, counted from 0",
        default=defaults.HEAD,
        min=0,
        soft_max=11,
        update=live.chosen,
        options=set(),
    )
    position: IntProperty(
        name="Position",
        description="The token of the prompt that the chapters follow, counted from 0; at -1 each "
        "chapter follows the one that shows most",
        default=defaults.CHOSEN_BY_CHAPTER,
        min=-1,
        soft_max=63,
        update=live.chosen,
        options=set(),
    )
    channel: IntProperty(
        name="Channel",
        description="The channel whose number is computed before your eyes, counted from 0; at -1 "
        "the one that matters most",
        default=defaults.CHOSEN_BY_CHAPTER,
        min=-1,
        soft_max=767,
        update=live.chosen,
        options=set(),
    )
