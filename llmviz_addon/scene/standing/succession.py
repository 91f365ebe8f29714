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

# Properties that an object gets from its data, or that follow from others.
_NOT_OWN = (
    *("data", "matrix_world", "matrix_local", "matrix_basis"),
    *("active_material", "active_material_index", "active_shape_key_index"),
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
    _copy(text, heir, _OWN)
    for key in text.keys():  # noqa: SIM118  (an object iterates over nothing)
        heir[key] = text[key]
    heir[names.TEXT] = text.data.body if "data.body" in theirs else drawn[names.TEXT]
    for constraint in text.constraints:
        heir.constraints.copy(constraint)
    for modifier in text.modifiers:
        made = heir.modifiers.new(modifier.name, modifier.type)
        _copy(modifier, made, _settable(modifier.bl_rna))
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


def _settable(kind: bpy.types.Struct) -> list[str]:
    return [prop.identifier for prop in kind.properties if not prop.is_readonly]


_OWN = [
    name
    for name in _settable(bpy.types.Object.bl_rna)
    if name not in _NOT_OWN and name not in bpy.types.ID.bl_rna.properties
]


def _copy(of: bpy.types.bpy_struct, to: bpy.types.bpy_struct, properties: list[str]) -> None:
    """Set properties as they are on another, where they differ."""
    for name in properties:
        wanted = getattr(of, name)
        if _plain(getattr(to, name)) != _plain(wanted):
            # Some can be set only on objects of some types, or in some modes.
            with suppress(AttributeError, TypeError, ValueError):
                setattr(to, name, wanted)


def _plain(value: object) -> object:
    """A property's value, to compare: vectors and matrices as numbers."""
    if isinstance(value, str | bpy.types.bpy_struct) or not hasattr(value, "__iter__"):
        return value
    return [_plain(part) for part in value]


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
