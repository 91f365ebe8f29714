"""Stills and films: pictures that are composed already, rendered to files.

A still is a moment of the film with a camera of its own, fitted to the shape of the picture that
is asked for. Everything that a picture needs is read from the scene, so stills can be rendered
where the checkpoint is not.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector

from ... import walkthrough
from ...errors import Problem
from ...progress import Steps
from ...walkthrough import CameraPose, Margins, Still, targets
from ...walkthrough.wording import LARGE
from .. import compat, names
from ..attributes import read_attribute
from ..drawn import slabs
from ..playing import captions, film
from ..standing import place, recipe
from ..standing.standing import Standing, find, of_root
from ..style import kit, looks, studio
from ..style.kit import CELL
from .rendering import borrowed, settings

# Azimuth and elevation of a view of a large model: from above, its first layers come forward, and
# what would make them small recedes, an output as high as all layers and an embedding half as wide.
# A row of models is seen from low in front, where heights compare.
_AT_A_TOWER, _AT_A_ROW = (-28.0, 46.0), (-12.0, 12.0)


class RenderError(Problem):
    """A picture that cannot be rendered; says what to do."""


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
) -> Steps[list[Path]]:
    """Render stills of the scene's model, as "<model>-<still>.png"; returns the files.

    Parameters
    ----------
    ids
        Which stills; all of them where None.
    size
        Width and height in pixels; the camera is fitted to their proportion.
    engine
        "AUTO", "CYCLES" or "EEVEE".
    samples
        A pixel; the look's number where None.

    Raises
    ------
    RenderError
        If there is no model in the scene, no such still, or the folder cannot be written.
    """
    standing = _model(scene)
    chosen = _choose(scene, ids)
    where = _folder(folder)
    anatomy, run = standing.plan.anatomy, standing.run
    frames = recipe.still_frames(standing.root)
    others = place.companions(find(scene))
    made = []
    for index, still in enumerate(chosen):
        yield index / len(chosen), f"Rendering {still.title}"
        path = where / f"{standing.root.name}-{still.id}.png"
        pose = walkthrough.still_pose(still, anatomy, run, size[0] / size[1], others)
        with (
            _posed(scene, standing, pose, still.f_stop),
            _captions(standing, still.captions),
            _moment(scene, frames[still.id]),
        ):
            _render(scene, standing, path, engine, size, samples)
        made.append(path)
    yield 1.0, "Done"
    return made


def overview(
    roots: Sequence[bpy.types.Collection],
    aspect: float,
    lens: float,
    margins: Margins | None = None,
) -> tuple[Quaternion, Vector, float]:
    """Where to look at whole models from, as a 3D view has it.

    Parameters
    ----------
    roots
        The models that are to be seen, at least one; the first one's place is the upright.
    aspect
        Width of the view over its height.
    lens
        In millimetres, for a sensor of 36.
    margins
        What stays free at the view's sides.

    Returns
    -------
    rotation, target, distance
        The view's rotation, the point it turns about, and its distance from there in metres.
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
    """Azimuth and elevation, in degrees, from which whole models read."""
    if len(outlines) > 1:
        return _AT_A_ROW
    if np.ptp(outlines[0], axis=0).max() > LARGE * CELL:
        return _AT_A_TOWER
    still = walkthrough.stills()[0]
    return still.azimuth, still.elevation


def _outline(root: bpy.types.Collection) -> np.ndarray:
    """(N, 3) corners, in metres of the world, of a model's blocks and its card.

    They are read from what stands: to lay GPT-3 out anew takes a second and more.
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
    """Least and greatest corner of what a block's mesh shows: a cube or a box at each vertex."""
    middle = np.zeros(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", middle)
    middle = middle.reshape(-1, 3)
    size = read_attribute(mesh, names.SIZE) if names.SIZE in mesh.attributes else np.ones(3)
    if not len(middle):
        # All of it is opened up.
        return np.zeros(3), np.zeros(3)
    return (middle - size / 2).min(axis=0), (middle + size / 2).max(axis=0)


def film_steps(
    scene: bpy.types.Scene,
    path: str | Path,
    first: int | None = None,
    last: int | None = None,
    size: tuple[int, int] = (1920, 1080),
    engine: str = "AUTO",
    samples: int | None = None,
    form: str = "PNG",
) -> Steps[list[Path]]:
    """Render frames `first` to `last` of the film; returns the files.

    `form` is "PNG", numbered pictures in the folder `path`, or "MP4", one file. The film's shots
    are fitted to the shape of picture that the scene had when it was built.

    Raises
    ------
    RenderError
        If there is no model in the scene, the frames are none, or the folder cannot be written.
    """
    standing = _model(scene)
    start = scene.frame_start if first is None else first
    end = scene.frame_end if last is None else last
    if end < start:
        raise RenderError(f"Frames {start} to {end} are none; give the first one first.")
    path = Path(path)
    if form == "MP4":
        _folder(path.parent)
        yield 0.0, f"Rendering frames {start} to {end}"
        with borrowed(scene, {"frame_start": start, "frame_end": end}):
            _render(scene, standing, path, engine, size, samples, animation=True)
        yield 1.0, "Done"
        return [path]
    where = _folder(path)
    made = []
    for frame in range(start, end + 1):
        yield (frame - start) / (end - start + 1), f"Rendering frame {frame} of {end}"
        made.append(where / f"{frame:05d}.png")
        with _moment(scene, frame):
            _render(scene, standing, made[-1], engine, size, samples)
    yield 1.0, "Done"
    return made


def _model(scene: bpy.types.Scene) -> Standing:
    found = find(scene)
    if not found:
        raise RenderError("There is no model in this scene to render; build one first.")
    return found[0]


def _choose(scene: bpy.types.Scene, ids: Sequence[str] | None) -> list[Still]:
    known = {still.id: still for still in _offered(scene)}
    if ids is None:
        return list(known.values())
    for wanted in ids:
        if wanted not in known:
            raise RenderError(f"There is no still {wanted!r}; there are: {', '.join(known)}.")
    return [known[wanted] for wanted in ids]


def _folder(folder: str | Path) -> Path:
    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
        probe = where / ".llmviz"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = error.strerror or error
        raise RenderError(f"Pictures cannot be written to {where}: {reason}.") from error
    return where


@contextmanager
def _posed(
    scene: bpy.types.Scene, standing: Standing, pose: CameraPose, f_stop: float
) -> Generator[None, None, None]:
    """A camera at `pose` for as long as the picture takes."""
    camera = studio.camera("Still Camera")
    data = camera.data
    data.lens = pose.lens
    # From afar what is near is out of the way, and what is far is told apart.
    data.clip_start = max(data.clip_start, 0.001 * pose.distance * CELL)
    if f_stop > 0:
        data.dof.use_dof = True
        data.dof.focus_distance = pose.distance * CELL
        data.dof.aperture_fstop = f_stop
    camera.parent = standing.anchor
    camera.location = tuple(c * CELL for c in pose.location)
    camera.rotation_euler = pose.rotation_euler
    scene.collection.objects.link(camera)
    before = scene.camera
    scene.camera = camera
    try:
        yield
    finally:
        scene.camera = before
        bpy.data.objects.remove(camera)
        bpy.data.cameras.remove(data)


@contextmanager
def _moment(scene: bpy.types.Scene, frame: int) -> Generator[None, None, None]:
    """The scene at a frame; then back where it was, all that is animated included."""
    before = scene.frame_current
    scene.frame_set(frame)
    try:
        yield
    finally:
        scene.frame_set(before)


@contextmanager
def _captions(standing: Standing, wanted: bool) -> Generator[None, None, None]:
    before = captions.shown(standing)
    captions.show(standing, wanted and before)
    try:
        yield
    finally:
        captions.show(standing, before)


@contextmanager
def _fine(standing: Standing, size: tuple[int, int]) -> Generator[None, None, None]:
    """Slabs drawn as finely as a picture of this size shows them."""
    shown = slabs.materials_of(standing.objects.values())
    kit.set_pixel(shown, standing.scene.camera.data.lens, max(size))
    try:
        yield
    finally:
        film.set_pixel(standing)


def _render(
    scene: bpy.types.Scene,
    standing: Standing,
    path: Path,
    engine: str,
    size: tuple[int, int],
    samples: int | None,
    animation: bool = False,
) -> None:
    look = looks.load(standing.recipe.look)
    values = settings(look, engine, size, samples)
    values |= compat.file_settings("MP4" if animation else "PNG")
    values |= {
        "render.filepath": str(path),
        "render.use_file_extension": False,
        "render.use_compositing": False,
        "render.use_sequencer": False,
    }
    with borrowed(scene, values), _fine(standing, size):
        bpy.ops.render.render(write_still=not animation, animation=animation, scene=scene.name)
    if not path.is_file() or path.stat().st_size == 0:
        raise RenderError(f"Blender wrote no picture to {path}; is the disk full?")
