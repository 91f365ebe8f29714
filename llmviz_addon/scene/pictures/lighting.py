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
def sun_free(standing: Standing, shown: Outlines, lettering: Lettering) -> Iterator[None]:
    """Have the look's sun stand where nothing is before or behind it, while this context lasts.

    Where there is no such place it is out of the picture. A sun that somebody has moved stays.
    """
    look, world, anchor = looks.load(standing.recipe.look), standing.scene.world, standing.anchor
    if anchor is None or not studio.has_sun_of(world, look):
        yield
        return
    plates = [plate.rect for plate in lettering.plates]
    words = [each.rect for each in lettering.words]
    radius = math.radians(float(look.world["sun"]["radius"]))
    way = sky.sun(shown, [*words, *plates], radius)
    if way is None:
        # Behind the camera.
        backward = shown.picture.pose.rotation[:, 2]
        way = float(backward[0]), float(backward[1]), 0.0
    turned = anchor.matrix_world.to_3x3() @ Vector(way)
    with studio.sun_toward(world, look, turned):
        yield
