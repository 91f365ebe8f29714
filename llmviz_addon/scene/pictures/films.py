"""Films: the walkthrough frame by frame, as numbered pictures or as one file.

A frame is a picture like any other, so a film can be stopped after each of them. An MP4 film is
put together from pictures when all are there, in a scene of its own.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import bpy

from ...counting import lasting
from ...progress import Steps
from ...saving import workshop
from .. import compat
from ..standing.memory import set_path
from . import files, taking
from .files import Pictures, RenderError
from .filming import Filming, camera_of
from .stills import model_of
from .transcribing import write_subtitles

FORMS = ("PNG", "MP4")

# The shortest side that H.264 can be written with, and the last frame that Blender allows.
_LEAST_SIDE = 16
_LAST = 1_048_574

# The fraction of the work that is rendering; the rest is putting an MP4 film together.
_RENDERING = 0.97


def film_steps(
    scene: bpy.types.Scene,
    path: str | Path,
    first: int | None = None,
    last: int | None = None,
    size: tuple[int, int] = (1920, 1080),
    engine: str = "AUTO",
    samples: int | None = None,
    form: str = "PNG",
    overwrite: bool = False,
    made: Pictures | None = None,
    extras: taking.Extras = taking.PLAIN,
) -> Steps[Pictures]:
    """Render frames `first` to `last` through the film's camera; returns the files.

    `form` is "PNG" for numbered pictures in the folder `path`, or "MP4" for the one file `path`.
    Frames or a file that are there already are replaced if `overwrite` is true; otherwise the new
    folder or file gets a number. `made` receives the files as they are written, so that they are
    known if this is stopped. The film's shots are fitted to the shape of picture that the scene
    had when the model was built.

    Raises
    ------
    RenderError
        If there is no model in the scene, no frame in the range, no such engine, or the files
        cannot be written.
    """
    camera_of(model_of(scene))
    check_size(size, form)
    if extras != extras.for_form(form):
        raise RenderError(
            f"{form} films have no transparency and no passes; render PNG pictures instead"
        )
    frames = _frames(scene, first, last)
    filming = Filming(scene, engine, size, samples, extras)
    made = Pictures() if made is None else made
    write, where = _one_file if form == "MP4" else _pictures, files.located(path)
    yield from write(filming, frames, where, overwrite, made)
    if form == "MP4":
        write_subtitles(scene, made[-1], frames, overwrite)
    return made


def check_size(size: tuple[int, int], form: str) -> None:
    """Refuse a size that a film of this form cannot have.

    Raises
    ------
    RenderError
        If it cannot, in which case the message says which size it can have; or if there is no such
        form.
    """
    if form not in FORMS:
        raise RenderError(f"There are no films of the form {form!r}; there are {', '.join(FORMS)}")
    if form == "MP4" and any(side % 2 or side < _LEAST_SIDE for side in size):
        wide, high = (max(side + side % 2, _LEAST_SIDE) for side in size)
        raise RenderError(
            f"An MP4 film has an even width and height of at least {_LEAST_SIDE} pixels, and "
            f"{size[0]} × {size[1]} is not so; choose {wide} × {high}"
        )


def _frames(scene: bpy.types.Scene, first: int | None, last: int | None) -> range:
    start = scene.frame_start if first is None else first
    end = scene.frame_end if last is None else last
    if end < start:
        raise RenderError(f"Frames {start} to {end} are none; give the first one first")
    if start < 0 or end > _LAST:
        raise RenderError(
            f"Frames {start} to {end} are not all frames of a scene; choose some from 0 to {_LAST}"
        )
    return range(start, end + 1)


def _told(filming: Filming, frame: int, frames: range) -> str:
    """The frame that is rendered, and the time that is left, once a frame has been timed."""
    told, seconds = f"Rendering frame {frame} of {frames[-1]}", filming.seconds()
    left = frames[-1] - frame + 1
    return told if seconds is None else f"{told}, {lasting(seconds * left)} left"


def _pictures(
    filming: Filming, frames: range, path: Path, overwrite: bool, made: Pictures
) -> Steps[None]:
    """The frames as pictures in a folder, numbered with enough digits to sort by name."""
    digits = max(5, len(str(frames[-1])))
    called = {frame: f"{frame:0{digits}d}.png" for frame in frames}

    def has_some(folder: Path) -> bool:
        # One listing of the folder is faster than asking for each of many thousand frames.
        there = {file.name for file in folder.iterdir()} if folder.is_dir() else set()
        return not there.isdisjoint(called.values())

    with files.telling(path):
        where = files.folder(path if overwrite else files.free(path, "", has_some))
    for name in called.values():
        files.check(where / name, overwrite)
    for done, frame in enumerate(frames):
        yield done / len(frames), _told(filming, frame, frames)
        with files.written(where / called[frame], "png", made, overwrite) as part:
            filming.frame(frame, part, (where / called[frame]).with_suffix(".exr"))
    yield 1.0, "Done"


def _one_file(
    filming: Filming, frames: range, path: Path, overwrite: bool, made: Pictures
) -> Steps[None]:
    """The frames as one MP4 file; until it is complete, the pictures need room on the disk, too."""
    files.folder(path.parent)
    files.check(path, overwrite)
    pictures = []
    with files.telling(path), workshop(path.parent) as room:
        for done, frame in enumerate(frames):
            yield _RENDERING * done / len(frames), _told(filming, frame, frames)
            pictures.append(room / f"{frame}.png")
            with files.rendered(pictures[-1], path):
                filming.frame(frame, pictures[-1])
        yield _RENDERING, f"Writing {files.shown(path.name)}"
        with files.written(path, "mp4", made, overwrite) as part:
            _put_together(filming.scene, pictures, filming.size, part)
    yield 1.0, "Done"


def _put_together(
    scene: bpy.types.Scene, pictures: list[Path], size: tuple[int, int], part: Path
) -> None:
    """Make one film of pictures, at the frame rate of `scene`, with colors left as they are."""
    cutting = bpy.data.scenes.new("Film of Pictures")
    try:
        for setting, value in compat.file_settings("MP4").items():
            set_path(cutting, setting, value)
        render = cutting.render
        render.resolution_x, render.resolution_y = size
        render.fps, render.fps_base = scene.render.fps, scene.render.fps_base
        render.use_file_extension = False
        # The pictures have their final colors, so nothing may change these again. A custom color
        # configuration may lack this view transform; then its default has to do.
        with suppress(TypeError):
            cutting.view_settings.view_transform = "Standard"
        cutting.frame_start, cutting.frame_end = 1, len(pictures)
        strips = cutting.sequence_editor_create().strips
        strip = strips.new_image("Pictures", str(pictures[0]), channel=1, frame_start=1)
        for picture in pictures[1:]:
            strip.elements.append(picture.name)
        taking.take(cutting, part, animation=True)
    finally:
        bpy.data.scenes.remove(cutting)
