"""Arrows and titles that repeat in a large model's layers, drawn once and instanced."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import bpy
import numpy as np

from ...anatomy import FLOWS, ArrowPattern, TitlePattern
from ...detail import Plan
from .. import compat, names
from ..style.kit import CELL, Kit
from . import ribbons
from .flat import Easel
from .labels import TITLE, noted

# Titles of further heads above which those in later layers are left out. When a layer is in view
# they are specks, and each costs a mesh to draw.
MOST_TITLES = 3_000


def _repeat(
    easel: Easel, kit: Kit, name: str, source: bpy.types.Object, offsets: np.ndarray, kind: int
) -> bpy.types.Object:
    """An object that shows `source` at so many places (N, 3), in cells."""
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    mesh.vertices.add(len(offsets))
    start = offsets[0]
    mesh.vertices.foreach_set("co", ((offsets - start) * CELL).astype(np.float32).reshape(-1))
    obj = easel.hang(bpy.data.objects.new(name, mesh), tuple(start), kind)
    modifier = obj.modifiers.new(names.GROUP_REPEATS, "NODES")
    modifier.node_group = kit.repeats
    compat.set_modifier_input(modifier, "Object", source)
    return obj


def _hidden(obj: bpy.types.Object) -> bpy.types.Object:
    """Take an object out of the scene that is only a source; the repeats still refer to it."""
    for collection in list(obj.users_collection):
        collection.objects.unlink(obj)
    obj.parent = None
    obj.location = (0.0, 0.0, 0.0)
    return obj


def titles(easel: Easel, kit: Kit, plan: Plan) -> None:
    """Write the titles of blocks that share an object; the others have texts of their own."""
    own = {(b.first.layer, b.first.head, b.first.role) for b in plan.bundles if b.single}
    owners = {
        (block.layer, block.head, block.role): bundle.name
        for bundle in plan.bundles
        if not bundle.single
        for block in bundle.blocks
    }
    firsts = {bundle.name: bundle.first for bundle in plan.bundles}
    many = sum(1 for _, head, _ in owners if head) > MOST_TITLES
    for pattern in plan.anatomy.title_patterns:
        for owner, offsets in _title_places(pattern, own, owners, many):
            text = easel.say(
                f"{owner} title",
                noted(pattern.text, plan.note(owner), firsts[owner]),
                (0.0, 0.0, 0.0),
                pattern.size,
                kind=TITLE,
                align=pattern.align.upper(),
            )
            shown = _repeat(easel, kit, f"{owner} titles", _hidden(text), offsets, TITLE)
            shown[names.LABEL_OF] = owner


def _title_places(
    pattern: TitlePattern, own: set[tuple], owners: dict[tuple, str], many: bool
) -> Iterator[tuple[str, np.ndarray]]:
    """Each bundle that has titles of one role, with the places (N, 3) of these, in cells."""
    found: dict[str, list[np.ndarray]] = {}
    places = zip(
        pattern.anchors, pattern.places.layers.tolist(), pattern.places.heads.tolist(), strict=True
    )
    for anchor, layer, head in places:
        key = (layer if layer >= 0 else None, head if head >= 0 else None, pattern.role)
        if key in own or (many and layer > 0 and head > 0):
            continue
        found.setdefault(owners[key], []).append(anchor)
    for owner, anchors in found.items():
        yield owner, np.array(anchors)


def arrows(easel: Easel, kit: Kit, patterns: Iterable[ArrowPattern]) -> None:
    """Draw all arrows: each pattern once for the first layer, and once for all others."""
    for pattern in patterns:
        for kind in FLOWS:
            chosen = [arrow for arrow in pattern.arrows if arrow.kind == kind]
            if not chosen:
                continue
            for section, offsets in _arrow_places(pattern):
                name = f"{section} {kind} arrows"
                source = ribbons.merged(easel, name, chosen, FLOWS.index(kind))
                shown = _repeat(easel, kit, name, _hidden(source), offsets, FLOWS.index(kind))
                shown[names.ARROWS_OF] = section


def _arrow_places(pattern: ArrowPattern) -> Iterator[tuple[str, np.ndarray]]:
    """The sections that arrows come and go with, and their places in each, (N, 3), in cells.

    The arrows of all later layers come and go with layer 1.
    """
    layers, offsets = pattern.places.layers, pattern.places.offsets
    if pattern.region != "layer":
        yield pattern.region, offsets
        return
    for section, chosen in (("layer0", layers == 0), ("layer1", layers > 0)):
        if chosen.any():
            yield section, offsets[chosen]
