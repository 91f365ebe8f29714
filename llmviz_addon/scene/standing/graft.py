"""Renewal of a model that stands from a new drawing, in which a person's changes are kept.

An object that stands is never replaced by another one: its name, parent, constraints, keys,
visibility, collections and a person's own modifiers are not touched. It gets the numbers, words and
places of the new drawing, except those that a person has set since. Objects that are only in the
new drawing are added, and objects that are not in it any more are removed. Objects that a person
has deleted are not added again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy

from ...walkthrough import targets
from ...walkthrough.properties import OF_BLOCKS
from .. import compat, names
from ..style import materials
from ..words import typesetting
from . import ledger, succession, tree
from .keys import ANCHOR, COLLECTIONS, MODEL, SECTION, seal
from .standing import Standing

# Custom properties that the film animates and a person may set; a new drawing does not reset them.
_PLAYED = tuple(row.name for row in OF_BLOCKS)
_NOTED = (names.KEY, names.MODEL, names.WRITTEN, names.WRITTEN_GAIN, names.CURVES)


class Graft:
    """The renewal of one group of a model's objects from a new drawing.

    Parameters
    ----------
    standing
        The model that stands.
    group
        The group that was drawn anew: `standing.MODEL`, `STRIPS`, `FILM` or `LIGHTS`.
    drawn
        The new objects, in the order in which they were made.
    whole
        True if objects that a person deleted come back, because they have asked for that.
    insist
        True if a person's changes, but for names, are overwritten, because they have asked for
        that.
    other
        True if the drawing is of another model. Then only the anchor, the film's
        camera and the parent of the captions are kept.
    """

    def __init__(
        self,
        standing: Standing,
        group: str,
        drawn: Iterable[bpy.types.Object],
        *,
        whole: bool = False,
        insist: bool = False,
        other: bool = False,
    ):
        self._standing, self._group = standing, group
        self._drawn = list(drawn)
        self._whole, self._insist, self._other = whole, insist, other
        self._before = frozenset(standing.made(group))
        self._became: dict[bpy.types.Object, bpy.types.Object] = {}
        self._pages: dict[bpy.types.Material, bpy.types.Material] = {}
        self._adopted: list[bpy.types.Collection] = []

    def put(self, collections: Sequence[bpy.types.Collection] = ()) -> None:
        """Put the new objects in place.

        `collections` are those that they were drawn in, parents first. They are removed in the end,
        except where the model has no such collection: there they become part of it.
        """
        # Or a copy would be taken for what goes now.
        self._standing.disown_copies()
        keys = seal(self._standing.id, self._drawn)
        homes = self._homes(collections)
        doomed, added = [], []
        for key, obj in zip(keys, self._drawn, strict=True):
            stands = self._standing.objects.get(key)
            if stands is not None and succession.is_due(stands, obj) and not self._other:
                doomed.append(stands)
                stands = succession.succeed(stands, obj)
                self._standing.add(stands)
            fits = stands is not None and (stands.type == obj.type or succession.is_text(stands))
            if fits and (not self._other or _is_needed(obj)):
                self._became[obj] = stands
                doomed.append(obj)
            elif stands is None and self._is_gone(key, obj):
                # A person has deleted its predecessor, so it is not wanted.
                doomed.append(obj)
            else:
                doomed += [stands] if stands is not None else []
                added.append(obj)
        # Asking each object for its collections goes through all that there are.
        at_home = {obj for c in collections if homes[c] == c for obj in c.objects}
        for obj in added:
            if obj not in at_home:
                self._move(obj, homes)
            self._add(obj)
        for obj, stands in self._became.items():
            if stands.parent is None and obj.parent in added:
                # What it hung on was deleted.
                stands.parent = obj.parent
            self._renew(stands, obj)
        if any(obj.get(names.ROLE) == ANCHOR for obj in added):
            self._hang_again()
        gone = self._before - frozenset(keys)
        doomed += [o for key, o in self._standing.objects.items() if key in gone]
        self._standing.drop(gone)
        emptied = [c for c in collections if homes[c] != c]
        emptied += self._without_use(collections)
        tree.remove([*doomed, *emptied], self._standing.root)
        self._standing.note_made(self._group, keys)
        for collection in self._adopted:
            # It was drawn inside a hidden collection, and would stay hidden.
            tree.show(self._standing.scene, collection)
        for obj in added:
            # The old object is gone, so its name is free only now.
            tree.settle_names([obj])
            ledger.note(obj)

    def _is_gone(self, key: str, obj: bpy.types.Object) -> bool:
        """True if a person has deleted the object with this key, and has not asked for it back."""
        asked = self._whole or self._other or _is_needed(obj)
        return key in self._before and not asked

    def _homes(
        self, collections: Sequence[bpy.types.Collection]
    ) -> dict[bpy.types.Collection, bpy.types.Collection]:
        """The model's collection for the objects of each collection that was drawn in."""
        homes: dict[bpy.types.Collection, bpy.types.Collection] = {}
        known = self._standing.made(COLLECTIONS)
        parents = {child: parent for parent in collections for child in parent.children}
        for collection in collections:
            key = str(collection[names.KEY])
            above = homes.get(parents.get(collection), self._standing.root)
            stands = self._standing.collections.get(key)
            if stands is not None:
                homes[collection] = stands
            elif key in known and not (self._whole or self._other):
                homes[collection] = above
            else:
                homes[collection] = collection
                for parent in tree.parents_of(collection):
                    if parent != above:
                        parent.children.unlink(collection)
                if not tree.holds(above.children, collection):
                    above.children.link(collection)
                tree.settle_names([collection])
                self._standing.adopt(collection)
                self._adopted.append(collection)
        made = [str(c[names.KEY]) for c in collections]
        if self._group == MODEL:
            # Without those of sections that it does not have any more.
            known = [key for key in known if not key.startswith(SECTION)]
        self._standing.note_made(COLLECTIONS, dict.fromkeys([*known, *made]))
        return homes

    def _without_use(
        self, collections: Sequence[bpy.types.Collection]
    ) -> list[bpy.types.Collection]:
        """The collections of sections that the model does not have any more."""
        wanted = {str(c[names.KEY]) for c in collections}
        stand = self._standing.collections
        gone = [key for key in stand if key.startswith(SECTION) and key not in wanted]
        return [stand.pop(key) for key in gone] if self._group == MODEL else []

    def _move(
        self,
        obj: bpy.types.Object,
        homes: dict[bpy.types.Collection, bpy.types.Collection],
    ) -> None:
        """Move a new object to where the model has what is in its collections."""
        for collection in list(obj.users_collection):
            home = homes.get(collection, self._standing.root)
            if home != collection:
                collection.objects.unlink(obj)
                if not tree.holds(home.objects, obj):
                    home.objects.link(obj)

    def _add(self, obj: bpy.types.Object) -> None:
        """Add a new object to the model."""
        parent = obj.parent
        if parent is not None and parent.get(names.MODEL) != self._standing.id:
            parent = None
        obj.parent = self._became.get(parent, parent) or self._standing.anchor
        self._standing.add(obj)

    def _hang_again(self) -> None:
        """Parent the model to a new anchor in place of the one that was deleted."""
        anchor = self._standing.anchor
        for obj in self._standing.objects.values():
            if obj.parent is None and obj != anchor:
                obj.parent = anchor

    def _renew(self, stands: bpy.types.Object, drawn: bpy.types.Object) -> None:
        """Give an object that stands the contents of the new drawing."""
        theirs = ledger.changed(stands)
        if self._insist:
            # What a person calls a thing is no part of what they ask for.
            theirs &= {"name"}
        for name in _places(stands):
            if name not in theirs:
                setattr(stands, name, getattr(drawn, name))
        if stands.get(names.ROLE) == ANCHOR:
            # The new anchor was put at the place of this one; only its height above the ground
            # may differ.
            stands.location = drawn.location
        self._renew_data(stands, drawn, theirs)
        self._renew_properties(stands, drawn, theirs)
        for mine, modifier in _renew_modifiers(stands, drawn):
            self._renew_inputs(mine, modifier)
        if "name" not in theirs and tree.plain_name(drawn) != stands.name:
            stands.name = tree.plain_name(drawn)
        ledger.note_again(stands, theirs)

    def _renew_data(
        self, stands: bpy.types.Object, drawn: bpy.types.Object, theirs: frozenset[str]
    ) -> None:
        if stands.data is None or stands.type == "CAMERA":
            return
        worn = [slot.material for slot in stands.material_slots]
        if stands.type == "LIGHT":
            for name in ledger.LIGHT:
                if f"data.{name}" not in theirs:
                    setattr(stands.data, name, getattr(drawn.data, name))
            return
        if any(name.startswith("data.") for name in theirs):
            # A person has edited the letters or put something in their place, which is theirs.
            return
        stands.data = drawn.data
        if names.TEXT in theirs:
            typesetting.rewrite(stands)
        if "materials" in theirs:
            for slot, material in zip(stands.material_slots, worn, strict=False):
                # Set on the object, not on its data, which other texts may share.
                slot.link, slot.material = "OBJECT", material

    def _renew_properties(
        self, stands: bpy.types.Object, drawn: bpy.types.Object, theirs: frozenset[str]
    ) -> None:
        kept = {*_NOTED, *_PLAYED, *theirs}
        for key in drawn.keys():  # noqa: SIM118  (an object iterates over nothing)
            if key not in kept or key not in stands:
                stands[key] = drawn[key]
        for key in (names.WINDOWS, names.GAINS, names.PAGE_GAINS):
            if key in stands and key not in drawn:
                del stands[key]
        if names.FOCUS_COLUMN in stands and names.FOCUS_COLUMN in drawn:
            limits = drawn.id_properties_ui(names.FOCUS_COLUMN).as_dict()
            stands.id_properties_ui(names.FOCUS_COLUMN).update(
                max=limits["max"], soft_max=limits["soft_max"]
            )
        if names.GAIN in theirs and names.TRAITS in stands:
            stands[names.TRAITS] = [*list(drawn[names.TRAITS])[:2], float(stands[names.GAIN])]

    def _renew_inputs(self, mine: bpy.types.Modifier, drawn: bpy.types.Modifier) -> None:
        mine.node_group = mine.node_group or drawn.node_group
        for name in compat.modifier_inputs(drawn):
            wanted, shown = (compat.modifier_input(m, name) for m in (drawn, mine))
            if isinstance(shown, bpy.types.Material) and not shown.get(names.OURS):
                # A person has chosen a material of their own.
                continue
            if isinstance(wanted, bpy.types.Material) and names.PAGE in wanted:
                wanted = self._page(shown, wanted)
            compat.set_modifier_input(mine, name, wanted)

    def _page(
        self, shown: bpy.types.Material | None, drawn: bpy.types.Material
    ) -> bpy.types.Material:
        """The material for a page: the one that shows it already, if any, with its colors."""
        if drawn not in self._pages:
            stays = shown is not None and shown.get(names.PAGE) == drawn[names.PAGE]
            if stays and materials.is_page(shown):
                materials.turn_page(shown, drawn)
                self._pages[drawn] = shown
            else:
                self._pages[drawn] = drawn
        return self._pages[drawn]


def _is_needed(obj: bpy.types.Object) -> bool:
    """True if a model needs an object: the anchor, the camera, or the parent of the captions."""
    actor = obj.get(names.ACTOR)
    return obj.get(names.ROLE) == ANCHOR or actor in (targets.CAMERA, targets.CAPTIONS)


def _renew_modifiers(
    stands: bpy.types.Object, drawn: bpy.types.Object
) -> list[tuple[bpy.types.Modifier, bpy.types.Modifier]]:
    """Give an object the modifiers by which it is drawn, since it shows no numbers without them.

    Returns each of them with its counterpart in the new drawing.
    """
    pairs = [(_like(modifier, stands), modifier) for modifier in drawn.modifiers]
    kept = [mine for mine, _ in pairs]
    for modifier in list(stands.modifiers):
        if modifier.name in names.WAYS_OF_DRAWING and modifier not in kept:
            stands.modifiers.remove(modifier)
    for at, (mine, modifier) in enumerate(pairs):
        if mine is None:
            made = stands.modifiers.new(modifier.name, modifier.type)
            made.node_group, made.show_expanded = modifier.node_group, modifier.show_expanded
            # Put before a person's own modifiers, which are meant to work on its result.
            stands.modifiers.move(len(stands.modifiers) - 1, at)
    return [(_like(modifier, stands), modifier) for modifier in drawn.modifiers]


def _like(drawn: bpy.types.Modifier, stands: bpy.types.Object) -> bpy.types.Modifier | None:
    """The object's counterpart of a drawn modifier: of the same node group, else of its name."""
    same = (m for m in stands.modifiers if m.type == "NODES" and m.node_group == drawn.node_group)
    named = (m for m in stands.modifiers if m.type == "NODES" and m.name == drawn.name)
    return next(same, next(named, None))


def _places(obj: bpy.types.Object) -> Sequence[str]:
    """The names of the place properties that were written when an object was drawn."""
    if obj.get(names.ACTOR) in (targets.CAMERA, targets.CAPTIONS):
        # The camera and the captions on it stand where the film's curves have them.
        return ()
    if any(mark in obj for mark in (names.CAPTION_OF, names.SHADE_OF, names.TITLES_OF)):
        return ("location", "rotation_euler")
    return ("location", "rotation_euler", "scale")
