"""A model that stands in a scene, found once for one operation.

A person may rename, move, copy, reparent or delete anything of a model, so nothing is found by its
name or by the collection that it was put into. All that belongs to a model carries the model's id
and a key that names its part in it. `Standing` reads both once, tells originals from copies, and
knows which parts are missing. It refers to Blender's data, which may be gone after an undo or after
anything a person does, so it must not be kept beyond one operation or one step of a build.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property

import bpy

from ... import languages
from ...detail import Plan
from ...languages import Language, LanguageError
from ...model import Config
from ...progress import Steps, run
from ...walkthrough import Run
from .. import names
from ..version import DRAWING, VERSION
from . import ledger, originals, recipe
from .copies import disown, sorted_out
from .errors import StandingError
from .keys import ANCHOR, MODEL, seal_collections
from .recipe import Recipe


class Standing:
    """A model in a scene.

    Attributes
    ----------
    scene, root
        The scene in which it stands, and its root collection, on which its recipe is kept.
    id
        The model's own mark, on all that belongs to it.
    """

    def __init__(self, scene: bpy.types.Scene, root: bpy.types.Collection):
        self.scene, self.root = scene, root
        self.id = str(root.get(names.MODEL, ""))

    @cached_property
    def _found(self) -> tuple[dict[str, bpy.types.Object], list[bpy.types.Object]]:
        every = dict.fromkeys((*self.scene.objects, *self.root.all_objects))
        return sorted_out(self.scene, self.id, every, self._is_here)

    @property
    def _is_here(self) -> bool:
        """True if it stands where it was made, and is neither appended nor part of a copied scene.

        Then its parts have the names that they were made with, unless a person has renamed them.
        """
        return ledger.is_named_as_made(self.root)

    @property
    def objects(self) -> dict[str, bpy.types.Object]:
        """Its original objects, by key, wherever in the scene they are."""
        return self._found[0]

    @property
    def copies(self) -> list[bpy.types.Object]:
        """Objects that a person copied from it; they belong to that person."""
        return self._found[1]

    @cached_property
    def _found_collections(
        self,
    ) -> tuple[dict[str, bpy.types.Collection], list[bpy.types.Collection]]:
        within = dict.fromkeys(
            (*self.root.children_recursive, *self.scene.collection.children_recursive)
        )
        found, copies = sorted_out(self.scene, self.id, within, self._is_here)
        copies += [c for c in (found.pop(MODEL, None),) if c not in (None, self.root)]
        return {MODEL: self.root} | found, [c for c in copies if c != self.root]

    @property
    def collections(self) -> dict[str, bpy.types.Collection]:
        """Its collections, by key."""
        return self._found_collections[0]

    # Its recipe

    @cached_property
    def recipe(self) -> Recipe:
        """The recipe from which it was made.

        Raises
        ------
        StandingError
            If the recipe on the root collection cannot be read.
        """
        return recipe.recipe_of(self.root)

    @cached_property
    def is_readable(self) -> bool:
        """True if all that is kept of what it was made from can be read."""
        try:
            recipe.check(self.root)
        except StandingError:
            return False
        return True

    @cached_property
    def language(self) -> Language:
        """The language of its words; English where it is one that is not here any more."""
        try:
            return languages.load(self.recipe.language)
        except (StandingError, LanguageError):
            return languages.load()

    @cached_property
    def config(self) -> Config:
        """The model's architecture; raises what `recipe` raises."""
        return recipe.config_of(self.root)

    @property
    def title(self) -> str:
        """The model's title."""
        return recipe.title_of(self.root)

    @cached_property
    def run(self) -> Run | None:
        """The run whose numbers it shows; None for a model without numbers.

        Raises
        ------
        StandingError
            If it cannot be read.
        """
        return recipe.run_of(self.root)

    @property
    def plan(self) -> Plan:
        """The plan by which it is drawn."""
        return run(self.plan_steps())

    def plan_steps(self) -> Steps[Plan]:
        """`plan` in steps."""
        return recipe.plan_steps_of(self.root)

    @property
    def is_current(self) -> bool:
        """True if this version of the extension made it, or one that draws it alike."""
        made = self.root.get(names.VERSION), self.root.get(names.DRAWING)
        return made == (VERSION, DRAWING)

    @property
    def is_arranged(self) -> bool:
        """True if it stands as its plan says: models drawn before there were arrangements do
        not.
        """
        return recipe.is_arranged(self.root)

    @property
    def size(self) -> float:
        """Its number of parameters, by which models in a scene are ordered."""
        found = self.root.get(names.PARAMETERS, 0.0)
        return float(found) if isinstance(found, int | float) else 0.0

    # Its parts

    @property
    def anchor(self) -> bpy.types.Object | None:
        """The empty that carries everything: move it to move the model. None if it is deleted."""
        return self.objects.get(ANCHOR)

    def part(self, key: str) -> bpy.types.Collection:
        """The collection with this key; the root where a person has deleted that collection."""
        return self.collections.get(key, self.root)

    def marked(self, mark: str) -> dict[str, bpy.types.Object]:
        """The objects that carry the property `mark`, by its value."""
        return {str(o[mark]): o for o in self.objects.values() if mark in o}

    def acting(self, name: str) -> list[bpy.types.Object]:
        """The objects that the film calls by this name."""
        return [o for o in self.objects.values() if o.get(names.ACTOR) == name]

    @cached_property
    def blocks(self) -> dict[str, bpy.types.Object]:
        """The objects of blocks, by the names of their bundles."""
        return self.marked(names.BLOCK)

    @cached_property
    def windows(self) -> list[bpy.types.Object]:
        """The objects whose cubes stand in place of a slab's cells."""
        return [o for o in self.objects.values() if names.WINDOW_OF in o]

    def drop(self, keys: Iterable[str]) -> None:
        """Forget objects that are about to be removed."""
        for key in keys:
            self.objects.pop(key, None)
        for name in ("blocks", "windows"):
            self.__dict__.pop(name, None)

    def add(self, obj: bpy.types.Object) -> None:
        """Add an object that has just been marked by `seal`."""
        self.objects[str(obj[names.KEY])] = obj
        self._note([obj])
        for name in ("blocks", "windows"):
            self.__dict__.pop(name, None)

    def adopt(self, collection: bpy.types.Collection) -> None:
        """Make a collection part of it."""
        (key,) = seal_collections(self.id, [collection])
        self.collections[key] = collection
        self._note([collection])

    def made(self, group: str) -> list[str]:
        """Keys of all objects of a group that the last build made, in order."""
        return recipe.read(self.root, names.MADE, {}).get(group, [])

    def note_made(self, group: str, keys: Iterable[str]) -> None:
        """Note the keys of all objects of a group that were made."""
        known = recipe.read(self.root, names.MADE, {})
        self.root[names.MADE] = json.dumps(known | {group: list(keys)})

    @property
    def missing(self) -> list[str]:
        """Keys of objects that were made and are gone, because a person has deleted them."""
        groups = recipe.read(self.root, names.MADE, {})
        known = [key for keys in groups.values() for key in keys]
        return [k for k in known if k not in self.objects and k not in self.collections]

    # Checks before it is changed

    @property
    def is_shared(self) -> bool:
        """True if another scene shows the same collection, as a linked copy of a scene does."""
        return any(scene != self.scene for scene in self.scenes)

    @property
    def scenes(self) -> list[bpy.types.Scene]:
        """The scenes that show it."""
        return [s for s in bpy.data.scenes if self.root in s.collection.children_recursive]

    def check(self) -> None:
        """Make sure that it can be changed.

        Raises
        ------
        StandingError
            If a part of it is linked from another file, or is being edited.
        """
        for datablock in (self.root, *self.objects.values()):
            data = getattr(datablock, "data", None)
            for each in filter(None, (datablock, data)):
                if each.library or each.override_library:
                    raise StandingError(
                        f"{each.name} belongs to another file; make it local first "
                        "(Object > Relations > Make Local)"
                    )
            if getattr(datablock, "mode", "OBJECT") != "OBJECT":
                raise StandingError(
                    f"{datablock.name} is being edited; go back to Object Mode first"
                )

    def check_arranged(self) -> None:
        """Make sure that its blocks stand where its plan says.

        Raises
        ------
        StandingError
            If it was drawn before models could be arranged.
        """
        if not self.is_arranged:
            raise StandingError(
                f"{self.root.name} was built before layers could stand in rows; build it again"
            )

    def disown_copies(self) -> None:
        """Take our marks off a person's copies, so that we never take them for ours."""
        disown((*self.copies, *self._found_collections[1]))
        self.copies.clear()
        self._found_collections[1].clear()
        self.note_originals()

    def disown_doubtful_copies(self) -> None:
        """Take our marks off the copies that nothing in a saved file tells from originals."""
        stand = self.objects | self.collections
        named = {key for key, thing in stand.items() if ledger.is_named_as_made(thing)}
        copies = (*self.copies, *self._found_collections[1])
        disown(copy for copy in copies if copy[names.KEY] not in named)

    def note_originals(self) -> None:
        """Note what belongs to it, so that no copy that is made from now on is taken for it."""
        self._note([*self.objects.values(), *self.collections.values()])

    def _note(self, things: list[bpy.types.ID]) -> None:
        """Note what belongs to it, also for other scenes that show it and have seen it before."""
        originals.note(self.scene, self.id, things)
        for scene in self.scenes if len(bpy.data.scenes) > 1 else ():
            if originals.is_known(scene, self.id):
                originals.note(scene, self.id, things)
