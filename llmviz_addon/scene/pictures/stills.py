"""Stills: pictures that are composed already, rendered to files.

A still is a moment of the film with a camera of its own, fitted to the shape of the picture that
is asked for. Everything that a picture needs is read from the scene, so stills can be rendered
on a machine that does not have the checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector

from ... import walkthrough
from ...progress import Steps
from ...walkthrough import CameraPose, Margins, Still, targets
from ...walkthrough.wording import LARGE
from .. import names
from ..attributes import read_attribute
from ..playing import captions
from ..standing import place, recipe
from ..standing.standing import Standing, find, of_root
from ..style import studio
from ..style.kit import CELL
from . import files, naming, taking
from .files import Pictures, RenderError

# Azimuth and elevation, in degrees, of a view of several models: from low in front, where heights
# can be compared.
_AT_SEVERAL = (-12.0, 12.0)

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
        pose = walkthrough.still_pose(still, anatomy, run, size[0] / size[1], others)
        with (
            files.written(paths[still.id], "png", made, overwrite) as part,
            _posed(standing, pose, still.f_stop) as camera,
            _captions(standing, still.captions),
            taking.prepared(
                standing, camera, engine, size, samples, frames[still.id], _AS_COMPOSED, extras
            ),
        ):
            taking.take(scene, part)
            if extras.passes:
                taking.write_passes(scene, paths[still.id].with_suffix(".exr"))
    yield 1.0, "Done"
    return made


def overview(
    roots: Sequence[bpy.types.Collection],
    aspect: float,
    lens: float,
    margins: Margins | None = None,
) -> tuple[Quaternion, Vector, float]:
    """The viewpoint for whole models, in the terms of a 3D view.

    Parameters
    ----------
    roots
        The models that are to be seen, at least one; the first one's anchor says which way is up.
    aspect
        Width of the view over its height.
    lens
        Focal length in millimeters, for a sensor of 36 mm.
    margins
        The parts of the view at its sides that stay free.

    Returns
    -------
    rotation, target, distance
        The view's rotation, the point it turns about, and its distance from there in meters.
    """
    anchor = of_root(roots[0]).anchor
    upright = Quaternion() if anchor is None else place.matrix_of(anchor).to_quaternion()
    outlines = [_outline(root) for root in roots]
    pose = walkthrough.fit(
        np.concatenate(outlines) @ np.array(upright.to_matrix()),
        *_direction(outlines),
        lens=lens,
        aspect=aspect,
        margins=margins,
    )
    rotation = upright @ Euler(pose.rotation_euler).to_quaternion()
    return rotation, upright @ Vector(pose.aim), pose.distance


def _direction(outlines: Sequence[np.ndarray]) -> tuple[float, float]:
    """Azimuth and elevation, in degrees, from which whole models can be read best."""
    if len(outlines) > 1:
        return _AT_SEVERAL
    still, (width, _, height) = walkthrough.stills()[0], np.ptp(outlines[0], axis=0)
    if still.tower is not None and height > width:
        still = still.tower
    elif still.large is not None and max(width, height) > LARGE * CELL:
        still = still.large
    return still.azimuth, still.elevation


def _outline(root: bpy.types.Collection) -> np.ndarray:
    """(N, 3) corners, in meters of the world, of a model's blocks and its card.

    They are read from the objects, because laying GPT-3 out anew takes more than a second.
    """
    boxes = [np.empty((0, 3))]
    for obj in of_root(root).objects.values():
        if names.BLOCK in obj:
            low, high = _bounds(obj.data)
        elif obj.get(names.LABEL_OF) == targets.CARD:
            low, high = (np.array(obj.bound_box)[corner] for corner in (0, 6))
        else:
            continue
        picks = [np.where(pick, high, low) for pick in np.ndindex(2, 2, 2)]
        place = np.array(obj.matrix_world)
        boxes.append(np.array(picks) @ place[:3, :3].T + place[:3, 3])
    return np.concatenate(boxes)


def _bounds(mesh: bpy.types.Mesh) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest corner of a block, whose mesh has a cube or a box at each vertex."""
    middle = np.zeros(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", middle)
    middle = middle.reshape(-1, 3)
    size = read_attribute(mesh, names.SIZE) if names.SIZE in mesh.attributes else np.ones(3)
    if not len(middle):
        # The mesh is empty: the whole block is opened up.
        return np.zeros(3), np.zeros(3)
    return (middle - size / 2).min(axis=0), (middle + size / 2).max(axis=0)


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


@contextmanager
def _captions(standing: Standing, wanted: bool) -> Iterator[None]:
    """Render the captions only if they are wanted and no person has hidden them."""
    shown = [] if wanted else [s for s in captions.switches(standing) if not s.hide_render]
    try:
        for switch in shown:
            switch.hide_render = True
        yield
    finally:
        for switch in shown:
            switch.hide_render = False
