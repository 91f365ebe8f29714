"""The sun of a look where a still has room for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from mathutils import Vector

from ...walkthrough import sky
from ...walkthrough.picture import Outlines
from ...walkthrough.titles import Lettering
from ..standing.standing import Standing
from ..style import looks, studio


@contextmanager
def sun_free(
    standing: Standing, shown: Outlines, thin: Outlines, lettering: Lettering
) -> Iterator[None]:
    """Have the look's sun rise where nothing is before or behind it, while this context lasts.

    Where there is no such place it stays set. A sun that somebody has moved is theirs.
    """
    look, world, anchor = looks.load(standing.recipe.look), standing.scene.world, standing.anchor
    if anchor is None or not studio.has_sun_of(world, look):
        yield
        return
    plates = [plate.rect for plate in lettering.plates]
    words = [each.rect for each in lettering.words]
    radius = math.radians(float(look.world["sun"]["radius"]))
    way = sky.sun(shown, [*words, *plates], radius, thin)
    if way is None:
        yield
        return
    with studio.sun_toward(world, look, anchor.matrix_world.to_3x3() @ Vector(way)):
        yield
