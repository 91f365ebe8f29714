"""A still's subject alone: everything else of its model is left out of the picture."""

from __future__ import annotations

import bpy

from ... import walkthrough
from ...walkthrough import Still, targets
from ...walkthrough.selection import Selection
from .. import names
from ..standing.standing import Standing


def others(standing: Standing, still: Still) -> list[bpy.types.Object]:
    """The objects of blocks, axes, arrows and strips that a still leaves out, as it suits a model.

    Blocks that share an object are left out where none of them belongs to the subject. Arrows of a
    section, its stream among them, stay where the section as a whole is named, or blocks that stand
    in it directly; a large model has its arrows by layers only. There is none of them where the
    still shows everything.
    """
    if not still.alone:
        return []
    anatomy, run = standing.plan.anatomy, standing.run
    selection = Selection.of(anatomy, run)
    kept: set[str] = set()
    alone = walkthrough.filled(still.alone, anatomy, run)
    for selector in alone:
        kept.update(selection.blocks(selector))
    sections = {anatomy.blocks[name].section for name in kept}
    sections.update(each.removeprefix(targets.SECTION) for each in alone)
    if standing.plan.bundled:
        sections.update(section.partition(".")[0] for section in tuple(sections))
    bundles = {bundle.name: bundle for bundle in standing.plan.bundles}
    found = []
    for key, obj in standing.objects.items():
        group, _, about = key.partition(":")
        if group == names.AXES:
            left_out = about not in kept
        elif names.BLOCK in obj or names.WINDOW_OF in obj:
            bundle = bundles.get(obj.get(names.BLOCK, obj.get(names.WINDOW_OF)))
            left_out = bundle is not None and not any(b.name in kept for b in bundle.blocks)
        elif names.ARROWS_OF in obj:
            left_out = obj[names.ARROWS_OF] not in sections
        else:
            left_out = names.STRIP in obj
        if left_out:
            found.append(obj)
    return found
