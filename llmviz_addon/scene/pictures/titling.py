"""The titles of a still, composed for its camera when it is taken, and gone afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import bpy
import numpy as np

from ... import languages, walkthrough
from ...walkthrough import Still, targets, wording
from ...walkthrough.composition import compose, shown
from ...walkthrough.picture import Outlines, Picture
from ...walkthrough.scenery import Scenery
from ...walkthrough.selection import Selection
from ...walkthrough.titles import Lettering, Taste
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
    hidden: frozenset[str],
) -> Iterator[tuple[Outlines, Outlines, Lettering]]:
    """Have the scene show the titles of a still, as it suits the model, while this context lasts.

    The scene must be at the still's frame, since its objects tell what is seen then; `hidden` are
    the names of those that renders leave out. Gives what is seen in the picture, such thin things
    as arrows, and its words.
    """
    anatomy, run = standing.plan.anatomy, standing.run
    say = languages.load(standing.recipe.language).say
    others = walkthrough.in_order(companions)
    near, box = still.near, np.array(anatomy.bounds(), float)
    selection = Selection.of(anatomy, run, others)
    scenery = Scenery(selection, others, say)
    show = walkthrough.filled(still.show, anatomy, run)
    taste = Taste(
        subject=scenery.subject(show),
        unseen=_unseen(standing, hidden),
        heading=_heading(standing, still, picture, say),
        hangs=not still.heading,
        f_stop=still.f_stop,
        cell=CELL,
        sizes=bool(companions) and still.heading,
        still=True,
        models=selection.beside(show),
        shift=None if near is None else tuple(near.shift(picture, box).tolist()),
        inset=near.rect(picture) if near is not None and near.is_inset else None,
    )
    lettering = compose(scenery, picture, taste)
    thin = Outlines.of(picture, scenery.thin, least=0.0)
    composed = shown(scenery, picture, taste), thin, lettering
    if not lettering.words:
        yield composed
        return
    easel = Easel(standing.anchor, standing.scene.collection, Kit([standing.root]).label)
    obj = titles.draw(easel, lettering, "Still Titles")
    mesh = obj.data
    try:
        yield composed
    finally:
        bpy.data.objects.remove(obj)
        bpy.data.meshes.remove(mesh)


def _heading(
    standing: Standing, still: Still, picture: Picture, say: Callable[[str], str]
) -> tuple[str, ...]:
    """The lines where there is room: of the model and its size, or of what the still shows.

    A part of a model leaves room beside it in wide pictures only.
    """
    if still.heading:
        return wording.heading(standing.plan.anatomy.config, standing.title, say)
    wide = picture.width > picture.height
    return (say(still.title), say(still.line)) if still.line and wide else ()


def _unseen(standing: Standing, hidden: frozenset[str]) -> frozenset[str]:
    """The blocks and sections that are not seen, by the opacity of their objects."""
    unseen: set[str] = set()
    seen: set[str] = set()
    bundles = {bundle.name: bundle for bundle in standing.plan.bundles}
    for obj in standing.objects.values():
        faded = obj.name in hidden or float(obj.get(names.OPACITY, 1.0)) < _SEEN
        if names.BLOCK in obj and obj[names.BLOCK] in bundles and faded:
            unseen.update(block.name for block in bundles[obj[names.BLOCK]].blocks)
        if names.ARROWS_OF in obj:
            part = targets.section(obj[names.ARROWS_OF].partition(".")[0])
            (unseen if faded else seen).add(part)
    # A section is seen where any part of it is.
    return frozenset(unseen - seen)
