"""The frames of a film, one by one, and the time that one takes on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from ...bounded import Bounded
from ...progress import Steps
from ...walkthrough import targets
from ..standing.standing import Standing
from . import taking
from .engines import engine_id
from .files import RenderError
from .rendering import of_a_film
from .stills import model_of

# Seconds that a frame took, by all that it depends on; see `Filming`.
_seconds: Bounded[tuple, float] = Bounded(64)

# The weight of the latest frame in the time that is expected of the next.
_LATEST = 0.3


@dataclass
class Filming:
    """The camera and settings for all frames of a film; see `film_steps`."""

    scene: bpy.types.Scene
    engine: str
    size: tuple[int, int]
    samples: int | None
    extras: taking.Extras = taking.PLAIN
    _ended: float | None = field(default=None, init=False)
    """The moment at which the latest frame was done."""

    def frame(self, frame: int, part: Path | None, passes: Path | None = None) -> None:
        """Render one frame into a file, or for its time alone, and its passes, if it has any.

        The model is looked up anew, since the scene may have changed.
        """
        standing = model_of(self.scene)
        how = self.engine, self.size, self.samples, frame
        began = time.monotonic()
        further = of_a_film(self.engine)
        with taking.prepared(standing, camera_of(standing), *how, further, self.extras):
            taking.take(self.scene, part)
            if self.extras.passes and passes is not None:
                taking.write_passes(self.scene, passes)
        now = time.monotonic()
        # From frame to frame, since a window that draws the scene again between two is part of it.
        took = now - (began if self._ended is None else self._ended)
        self._ended, key = now, self._key(standing)
        before = _seconds.get(key, took)
        _seconds[key] = before + _LATEST * (took - before)

    def seconds(self) -> float | None:
        """The seconds that a frame takes, as it was measured; None if it has not been."""
        return _seconds.get(self._key(model_of(self.scene)))

    def _key(self, standing: Standing) -> tuple:
        where = self.scene.session_uid, standing.root.session_uid, standing.recipe.look
        return (*where, engine_id(self.engine), self.size, self.samples)


def trial_steps(
    scene: bpy.types.Scene,
    size: tuple[int, int],
    engine: str,
    samples: int | None,
    extras: taking.Extras = taking.PLAIN,
) -> Steps[float]:
    """Render the scene's current frame for its time alone; returns the seconds it took.

    Raises
    ------
    RenderError
        If there is no model in the scene, or no such engine.
    """
    filming = Filming(scene, engine, size, samples, extras)
    camera_of(model_of(scene))
    yield 0.0, "Timing one frame"
    filming.frame(scene.frame_current, None)
    yield 1.0, "Done"
    return filming.seconds()


def camera_of(standing: Standing) -> bpy.types.Object:
    """The camera of a model's film.

    Raises
    ------
    RenderError
        If it was deleted.
    """
    for obj in standing.acting(targets.CAMERA):
        if obj.type == "CAMERA":
            return obj
    raise RenderError("The film's camera was deleted; build the model again")
