"""Stills: pictures that are composed already, rendered to files.

A still is a moment of the film with a camera of its own, fitted to the shape of the picture that
is asked for. Everything that a picture needs is read from the scene, so stills can be rendered
on a machine that does not have the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import bpy
import numpy as np

from ... import walkthrough
from ...explain import Cell
from ...progress import Steps
from ...walkthrough import CameraPose, Still, targets
from ...walkthrough.picture import Picture
from .. import pins
from ..drawn.titles import TITLES
from ..playing import captions
from ..standing import place, recipe
from ..standing.finding import find
from ..standing.standing import Standing
from ..style import studio
from ..style.kit import CELL
from . import files, isolating, lighting, naming, repeating, taking, titling
from .files import Pictures, RenderError

# A still's moment is a time of the film, so a person's time stretching must not shift it.
_AS_COMPOSED = {"render.frame_map_old": 100, "render.frame_map_new": 100}


def stills(scene: bpy.types.Scene | None = None) -> tuple[tuple[str, str], ...]:
    """Ids and titles of the stills of the scene's film, or of a small model's that stands alone."""
    return tuple((still.id, still.title) for still in _offered(scene))


def _offered(scene: bpy.types.Scene | None) -> tuple[Still, ...]:
    found = find(scene) if scene is not None else []
    return walkthrough.stills(recipe.facts_of(found[0].root)) if found else walkthrough.stills()


def still_steps(
    scene: bpy.types.Scene,
    ids: Sequence[str] | None,
    folder: str | Path,
    size: tuple[int, int] = (1920, 1080),
    engine: str = "AUTO",
    samples: int | None = None,
    overwrite: bool = False,
    made: Pictures | None = None,
    extras: taking.Extras = taking.PLAIN,
) -> Steps[Pictures]:
    """Render stills of the scene's model; returns the files, which `naming.still_name` names.

    Parameters
    ----------
    ids
        The ids of the stills to render; all stills where None.
    size
        Width and height in pixels; the camera is fitted to their proportion.
    engine
        "AUTO", "CYCLES" or "EEVEE".
    samples
        Samples per pixel; the look's number where None.
    overwrite
        True if a still may replace a file of its name; otherwise its own name gets a number.
    made
        Receives the files as they are written, so that they are known if this is stopped.
    extras
        See there.

    Raises
    ------
    RenderError
        If there is no model in the scene, no such still or engine, or the folder or a file cannot
        be written.
    """
    standing = model_of(scene)
    standing.check_arranged()
    chosen = _choose(scene, ids)
    where = files.folder(folder)
    paths = {still.id: where / naming.still_name(standing, still.id, size) for still in chosen}
    for path in paths.values():
        files.check(path, overwrite)
    anatomy, run = standing.plan.anatomy, standing.run
    frames = recipe.still_frames(standing.root)
    others = place.companions(find(scene))
    made = Pictures() if made is None else made
    for index, still in enumerate(chosen):
        yield index / len(chosen), f"Rendering {still.title}"
        # The scene may have changed since the last step, so the model is looked up anew.
        standing = model_of(scene)
        aspect = size[0] / size[1]
        pose = walkthrough.still_pose(still, anatomy, run, aspect, others)
        suited = still.suited(anatomy, aspect)
        cells = [Cell(*c) for c in walkthrough.still_cells(still, anatomy, run, aspect)]
        focus = pose.distance * CELL if suited.f_stop else 0.0
        with (
            files.written(paths[still.id], "png", made, overwrite) as part,
            _posed(standing, pose, suited.f_stop) as camera,
            _without(_words_to_hide(standing, still.captions)),
            _without(isolating.others(standing, suited)),
            _without(_beside(scene) if others else []),
            # Asked now, since far cubes are hidden for the picture, and slabs stand in for them.
            nullcontext(_hidden(standing)) as hidden,
            taking.prepared(
                standing, camera, engine, size, samples, frames[still.id], _AS_COMPOSED, extras
            ),
            pins.meanwhile(standing, cells),
            pins.before(scene, camera, aspect, focus),
            taking.clear_air(standing, _reach(suited, pose, others)),
            repeating.near(standing, suited, Picture(pose, aspect)),
            titling.titled(standing, suited, Picture(pose, aspect), others, hidden) as composed,
            lighting.sun_free(standing, *composed),
        ):
            taking.take(scene, part)
            if extras.passes:
                taking.write_passes(scene, paths[still.id].with_suffix(".exr"))
    yield 1.0, "Done"
    return made


def _hidden(standing: Standing) -> frozenset[str]:
    """The names of a model's objects that renders leave out."""
    return frozenset(obj.name for obj in standing.objects.values() if obj.hide_render)


def model_of(scene: bpy.types.Scene) -> Standing:
    """The model whose film the scene has.

    Raises
    ------
    RenderError
        If there is none.
    """
    found = find(scene)
    if not found:
        raise RenderError("There is no model in this scene to render; build one first")
    return found[0]


def _choose(scene: bpy.types.Scene, ids: Sequence[str] | None) -> list[Still]:
    known = {still.id: still for still in _offered(scene)}
    if ids is None:
        return list(known.values())
    for wanted in ids:
        if wanted not in known:
            raise RenderError(f"There is no still {wanted!r}; there are: {', '.join(known)}")
    return [known[wanted] for wanted in ids]


@contextmanager
def _posed(standing: Standing, pose: CameraPose, f_stop: float) -> Iterator[bpy.types.Object]:
    """A camera at `pose` for as long as the picture takes."""
    camera = studio.camera("Still Camera")
    data = camera.data
    data.lens = pose.lens
    # A distant camera needs its near clipping farther out, or the depth buffer is too coarse to
    # tell distant surfaces apart.
    data.clip_start = max(data.clip_start, 0.001 * pose.distance * CELL)
    if f_stop > 0:
        data.dof.use_dof = True
        data.dof.focus_distance = pose.distance * CELL
        data.dof.aperture_fstop = f_stop
    camera.parent = standing.anchor
    camera.location = tuple(c * CELL for c in pose.location)
    camera.rotation_euler = pose.rotation_euler
    standing.scene.collection.objects.link(camera)
    try:
        yield camera
    finally:
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)


def _words_to_hide(
    standing: Standing, captioned: bool
) -> list[bpy.types.Collection | bpy.types.Object]:
    """The switches of the titles of the film's shots, and of captions unless they are wanted."""
    titles = standing.collections.get(TITLES)
    return [
        *([] if captioned else captions.switches(standing)),
        *([] if titles is None else [titles]),
    ]


def _reach(still: Still, pose: CameraPose, others: Sequence[walkthrough.Companion]) -> float:
    """Meters to the farthest of the other models, of a still that shows several."""
    if not (others and still.heading):
        return 0.0
    middles = [np.mean(other.bounds, axis=0) for other in others]
    return float(max(np.linalg.norm(middle - pose.location) for middle in middles)) * CELL


def _beside(scene: bpy.types.Scene) -> list[bpy.types.Collection | bpy.types.Object]:
    """The switches of the legends of several models, each of which is as large as its model."""
    found = (standing.collections.get(targets.KEY) for standing in find(scene))
    return [legend for legend in found if legend is not None]


@contextmanager
def _without(switches: list[bpy.types.Collection | bpy.types.Object]) -> Iterator[None]:
    """Render without these things, where a person has not hidden them already."""
    shown = [switch for switch in switches if not switch.hide_render]
    try:
        for switch in shown:
            switch.hide_render = True
        yield
    finally:
        for switch in shown:
            switch.hide_render = False
