"""Succession of the text objects as which earlier versions drew words.

An object keeps its type for life, so a mesh of words cannot be put into a text object. A new object
takes its place, with all that a person has made of the old one, and everything that referred to
that refers to the new one.
"""

from __future__ import annotations

from contextlib import suppress

import bpy

from .. import names
from . import ledger

# Properties of an object that are not its own, or that follow from the others.
_NOT_OWN = (
    *("name", "data", "matrix_world", "matrix_local", "matrix_basis", "active_material"),
    *("active_material_index", "active_shape_key_index", "use_fake_user", "tag"),
)


def is_text(obj: bpy.types.Object) -> bool:
    """True for a text object, as which earlier versions drew words."""
    return obj.type == "FONT"


def is_due(stands: bpy.types.Object, drawn: bpy.types.Object) -> bool:
    """True if a text object is to become the mesh of words that was drawn.

    One to which a person has given a typeface, a depth or a size of their own stays a text.
    """
    if not is_text(stands) or names.TEXT not in drawn:
        return False
    settings = {name for name in ledger.changed(stands) if name.startswith("data.")}
    return settings <= {"data.body"}


def succeed(text: bpy.types.Object, drawn: bpy.types.Object) -> bpy.types.Object:
    """A new object with the mesh that was drawn, in place of a text object; returns it.

    The text object is left without any use, and is to be removed.
    """
    theirs = ledger.changed(text)
    heir = bpy.data.objects.new(text.name, drawn.data)
    _copy(text, heir, _NOT_OWN)
    for key in text.keys():  # noqa: SIM118  (an object iterates over nothing)
        heir[key] = text[key]
    heir[names.TEXT] = text.data.body if "data.body" in theirs else drawn[names.TEXT]
    for constraint in text.constraints:
        heir.constraints.copy(constraint)
    for modifier in text.modifiers:
        _copy(modifier, heir.modifiers.new(modifier.name, modifier.type), ("name",))
    if "materials" in theirs:
        for slot, worn in zip(heir.material_slots, text.material_slots, strict=False):
            slot.link, slot.material = "OBJECT", worn.material
    _animate(text, heir)
    hidden = [
        layer
        for scene in bpy.data.scenes
        for layer in scene.view_layers
        if text.name in layer.objects and text.hide_get(view_layer=layer)
    ]
    name, text.name = text.name, f"{text.name} before"
    heir.name = name
    text.user_remap(heir)
    for layer in hidden:
        heir.hide_set(True, view_layer=layer)
    ledger.hand_over(text, heir)
    return heir


def _copy(of: bpy.types.bpy_struct, to: bpy.types.bpy_struct, but: tuple[str, ...]) -> None:
    """Set all properties that can be set as they are on another."""
    for prop in of.bl_rna.properties:
        if not prop.is_readonly and prop.identifier not in but:
            # Some can be set only for objects of some types, or in some modes.
            with suppress(AttributeError, TypeError, ValueError):
                setattr(to, prop.identifier, getattr(of, prop.identifier))


def _animate(text: bpy.types.Object, heir: bpy.types.Object) -> None:
    """Have an object play what another one does."""
    moved = text.animation_data
    if moved is None:
        return
    data = heir.animation_data_create()
    if moved.action is not None:
        data.action = moved.action
        data.action_slot = moved.action_slot
    for driver in moved.drivers:
        data.drivers.from_existing(src_driver=driver)
