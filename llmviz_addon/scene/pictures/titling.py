"""The titles of a still, composed for its camera when it is taken, and gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import bpy

from ... import walkthrough
from ...walkthrough import Still, targets, wording
from ...walkthrough.composition import Taste, compose
from ...walkthrough.picture import Picture
from ...walkthrough.scenery import Scenery
from ...walkthrough.selection import Selection
from .. import names
from ..drawn import titles
from ..drawn.blocks import CELL
from ..drawn.flat import Easel
from ..standing.standing import Standing
from ..style.kit import Kit

# A thing is seen from this opacity on.
_SEEN = 0.5


@contextmanager
def titled(
    standing: Standing,
    still: Still,
    picture: Picture,
    companions: Sequence[walkthrough.Companion],
) -> Iterator[None]:
    """Have the scene show the titles of a still for as long as this context lasts.

    The scene must be at the still's frame, since its objects tell what is seen then.
    """
    anatomy, run = standing.plan.anatomy, standing.run
    others = walkthrough.in_order(companions)
    scenery = Scenery(Selection.of(anatomy, run, others), others)
    suited = still.suited(anatomy, picture.aspect)
    taste = Taste(
        subject=scenery.subject(walkthrough.filled(suited.show, anatomy, run)),
        seen=_Seen(standing),
        heading=wording.heading(anatomy.config, standing.title) if suited.heading else (),
        f_stop=suited.f_stop,
        cell=CELL,
    )
    lettering = compose(scenery, picture, taste)
    if not lettering.words:
        yield
        return
    easel = Easel(standing.anchor, standing.scene.collection, Kit([standing.root]).label)
    obj = titles.draw(easel, lettering, "Still Titles")
    mesh = obj.data
    try:
        yield
    finally:
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)


class _Seen:
    """Says whether targets are seen, by the opacity of their objects."""

    def __init__(self, standing: Standing):
        self._opacity: dict[str, float] = {}
        bundles = {bundle.name: bundle for bundle in standing.plan.bundles}
        for obj in standing.objects.values():
            opacity = float(obj.get(names.OPACITY, 1.0))
            if names.BLOCK in obj and obj[names.BLOCK] in bundles and opacity < _SEEN:
                shown = (block.name for block in bundles[obj[names.BLOCK]].blocks)
                self._opacity |= dict.fromkeys(shown, opacity)
            if names.ARROWS_OF in obj:
                part = targets.section(obj[names.ARROWS_OF].partition(".")[0])
                self._opacity[part] = max(opacity, self._opacity.get(part, 0.0))

    def __call__(self, target: str) -> bool:
        return self._opacity.get(target, 1.0) >= _SEEN
