"""A separate kit for the models of a scene that was copied.

A full copy of a scene copies objects and meshes, but not the materials and node groups that they
refer to. A look sets the values of those, so before the copy gets another look it needs its own:
copies of the shared parts, which keep a person's changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import bpy

from .. import compat, names
from .kit import Kit

# Parts that no look changes; they may be shared.
_NEUTRAL = tuple(f"{names.KIT}_{role}" for role in ("repeats", "slab_cells"))


def make_own(roots: Sequence[bpy.types.Collection], objects: Iterable[bpy.types.Object]) -> None:
    """Give models parts of their own in place of those that models elsewhere refer to as well.

    Parameters
    ----------
    roots
        Root collections of all models of a scene.
    objects
        Their objects.
    """
    shared = _shared(roots)
    if not shared:
        return
    copies = _Copies(shared)
    for root in roots:
        for key in [k for k in root.keys() if k.startswith(f"{names.KIT}_")]:  # noqa: SIM118
            if root[key] in shared:
                root[key] = copies.of(root[key])
    for obj in objects:
        copies.dress(obj)
    Kit(roots).hand_on()


def _shared(roots: Sequence[bpy.types.Collection]) -> set[bpy.types.ID]:
    """The parts of a kit that models outside of these roots refer to as well."""
    strangers = [
        c for c in bpy.data.collections if c.get(names.ROLE) == names.COMPLETE and c not in roots
    ]
    ours = {part for root in roots for part in _parts(root)}
    return ours & {part for root in strangers for part in _parts(root)}


def _parts(root: bpy.types.Collection) -> list[bpy.types.ID]:
    keys = [k for k in root.keys() if k.startswith(f"{names.KIT}_")]  # noqa: SIM118
    return [root[key] for key in keys if key not in _NEUTRAL and root[key] is not None]


class _Copies:
    """Copies of parts, made once each, that refer to each other as the originals do."""

    def __init__(self, shared: set[bpy.types.ID]) -> None:
        self._shared = shared
        self._made: dict[bpy.types.ID, bpy.types.ID] = {}
        self._copies: set[bpy.types.ID] = set()

    def of(self, part: bpy.types.ID) -> bpy.types.ID:
        """The copy of a part, or of an object within one."""
        if part in self._copies:
            return part
        if part not in self._made:
            self._made[part] = made = part.copy()
            self._copies.add(made)
            if isinstance(part, bpy.types.Collection):
                for obj in list(made.objects):
                    made.objects.unlink(obj)
                    made.objects.link(self.of(obj))
            elif isinstance(part, bpy.types.Object):
                made.data = part.data.copy()
                self.dress(made)
            else:
                tree = made.node_tree if isinstance(made, bpy.types.Material) else made
                self._refer(tree)
        return self._made[part]

    def _refer(self, tree: bpy.types.NodeTree) -> None:
        """Have the nodes of a copied tree refer to copies."""
        for node in tree.nodes:
            group = getattr(node, "node_tree", None)
            if group in self._shared:
                node.node_tree = self.of(group)
            for socket in node.inputs:
                value = getattr(socket, "default_value", None)
                if isinstance(value, bpy.types.Object | bpy.types.Collection):
                    socket.default_value = self.of(value)

    def dress(self, obj: bpy.types.Object) -> None:
        """Have an object's materials and modifiers refer to copies."""
        for slot in obj.material_slots:
            worn = slot.material
            if worn in self._shared:
                if obj.data.users > 1:
                    # Another object has the same mesh, and must keep the original material.
                    slot.link = "OBJECT"
                slot.material = self.of(worn)
        for modifier in (m for m in obj.modifiers if m.type == "NODES" and m.node_group):
            if modifier.node_group in self._shared:
                modifier.node_group = self.of(modifier.node_group)
            for name in compat.modifier_inputs(modifier):
                value = compat.modifier_input(modifier, name)
                if isinstance(value, bpy.types.ID) and value.get(names.OURS) and _has_look(value):
                    compat.set_modifier_input(modifier, name, self.of(value))


def _has_look(thing: bpy.types.ID) -> bool:
    """True if a look could change a thing that a modifier refers to."""
    return isinstance(thing, bpy.types.Material | bpy.types.Object | bpy.types.Collection)
