"""Contact sheets of the films and stills, to look at them as a whole: `python tools/sheets.py`.

Writes a sheet for each film and look into build/sheets/: one frame of each beat, where its camera
has arrived, then all stills; small, with few samples. Of each picture it prints

- hull: the part of the picture, outside of the caption, that the hull of the subject covers,
- seen: the part of its pixels that the model's blocks, arrows and strips, and what gestures bring
  onto the stage, change visibly, by more than 0.06 of a channel, against the same picture without
  them.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import bpy
import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from llmviz_addon import scene as room  # noqa: E402
from llmviz_addon import walkthrough  # noqa: E402
from llmviz_addon.progress import run  # noqa: E402
from llmviz_addon.scene.pictures import taking  # noqa: E402
from llmviz_addon.scene.playing import company  # noqa: E402
from llmviz_addon.scene.playing.voice import Voice  # noqa: E402
from llmviz_addon.scene.standing import place  # noqa: E402
from llmviz_addon.walkthrough.filling import coverage  # noqa: E402
from llmviz_addon.walkthrough.picture import Picture  # noqa: E402
from llmviz_addon.walkthrough.selection import Selection  # noqa: E402

SHEETS = ROOT / "build" / "sheets"
FILMS = ("nano-gpt", "gpt2", "gpt3", "scale")
VISIBLE = 0.06
GAP = 6
# Frames before the end of a beat, so that its titles are still there.
BEFORE = 9
# Collections of a model that are no part of its body, by the beginning of their names.
NOT_BODY = ("Labels", "Captions", "Titles", "Lights")
PLATE = ":plate"


class Sheet:
    """Pictures side by side in rows, and the figures of each."""

    def __init__(self, size: tuple[int, int], samples: int, measured: bool):
        self.size, self.samples, self.measured = size, samples, measured
        self.pictures: list[np.ndarray] = []

    def take(self, name: str, hull: float, render) -> None:
        """Render a picture, measure it and say its figures; `render` writes it to a path."""
        seen = float("nan")
        with tempfile.TemporaryDirectory() as folder:
            picture = pixels(render(Path(folder)))
            if self.measured:
                with bodiless():
                    empty = pixels(render(Path(folder)))
                seen = float((abs(picture - empty).max(axis=2) > VISIBLE).mean())
        self.pictures.append(picture)
        print(f"{name:34} hull {hull:4.0%}  seen {seen:4.0%}", flush=True)

    def write(self, path: Path) -> None:
        """Put all pictures on a sheet."""
        columns = 4 if self.size[0] > self.size[1] else 7
        rows = -(-len(self.pictures) // columns)
        width, height = (side + GAP for side in self.size)
        sheet = np.full((rows * height + GAP, columns * width + GAP, 4), 0.18, np.float32)
        sheet[..., 3] = 1.0
        for number, picture in enumerate(self.pictures):
            row, column = divmod(number, columns)
            # Blender's images begin with the lowest row.
            top, left = sheet.shape[0] - GAP - row * height, GAP + column * width
            sheet[top - self.size[1] : top, left : left + self.size[0], :3] = picture
        image = bpy.data.images.new("Sheet", sheet.shape[1], sheet.shape[0])
        image.pixels.foreach_set(sheet.ravel())
        image.filepath_raw, image.file_format = str(path), "PNG"
        image.save()
        bpy.data.images.remove(image)


def pixels(path: Path) -> np.ndarray:
    """(height, width, 3) the colors in a picture's file, as they are written there."""
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    found = np.empty(image.size[0] * image.size[1] * 4, np.float32)
    image.pixels.foreach_get(found)
    found = found.reshape(image.size[1], image.size[0], 4)[..., :3].copy()
    bpy.data.images.remove(image)
    return found


@contextmanager
def bodiless() -> Iterator[None]:
    """Leave the blocks, arrows and strips of all models, and what gestures show, out of renders."""
    parts = [
        part
        for standing in room.find(bpy.context.scene)
        for child in standing.root.children
        for part in (child.children if child.name.startswith("Film") else (child,))
        if not part.name.startswith(NOT_BODY) and not part.hide_render
    ]
    # A plate only dims what is behind it.
    plates = [obj for part in parts for obj in part.objects if PLATE in obj.name]
    for plate in plates:
        bpy.context.scene.collection.objects.link(plate)
    for part in parts:
        part.hide_render = True
    try:
        yield
    finally:
        for part in parts:
            part.hide_render = False
        for plate in plates:
            bpy.context.scene.collection.objects.unlink(plate)


def film(sheet: Sheet, chapters: tuple[str, ...]) -> None:
    """Put a frame of each beat of the scene's film on a sheet."""
    scene = bpy.context.scene
    standing, *_ = found = room.find(scene)
    aspect = sheet.size[0] / sheet.size[1]
    # The very film that stands: one that does without the cells' numbers has other shots and times.
    board = run(company.compose(scene, found, voice=Voice.of(standing.recipe)))
    captions = {caption.beat: caption.top(aspect) for caption in board.captions}
    for shot in board.shots:
        if chapters and not shot.beat.startswith(chapters):
            continue
        picture = Picture(shot.pose, aspect)
        hull = coverage(shot.points, picture, captions.get(shot.beat, 0.0))
        frame = round(1 + board.span(shot.beat)[1] * board.fps) - BEFORE

        def render(folder: Path, frame: int = frame) -> Path:
            model = room.find(scene)[0]
            path = folder / f"{frame}.png"
            with taking.prepared(model, scene.camera, "CYCLES", sheet.size, sheet.samples, frame):
                taking.take(scene, path)
            return path

        sheet.take(shot.beat, hull, render)


def stills(sheet: Sheet, only: tuple[str, ...] = ()) -> None:
    """Put the stills of the scene on a sheet."""
    scene = bpy.context.scene
    standing, *_ = found = room.find(scene)
    anatomy, others = standing.plan.anatomy, place.companions(found)
    aspect = sheet.size[0] / sheet.size[1]
    selection = Selection.of(anatomy, standing.run, walkthrough.in_order(others))
    offered = {id_ for id_, _ in room.stills(scene)}
    for still in walkthrough.stills(frozenset(walkthrough.FACTS)):
        if still.id not in offered or (only and still.id not in only):
            continue
        suited = still.suited(anatomy, aspect)
        pose = walkthrough.still_pose(still, anatomy, standing.run, aspect, others)
        show = walkthrough.filled(suited.show, anatomy, standing.run)
        hull = coverage(selection.points(show), Picture(pose, aspect), 0.0)

        def render(folder: Path, id_: str = still.id) -> Path:
            steps = room.still_steps(
                scene, [id_], folder, sheet.size, "CYCLES", sheet.samples, overwrite=True
            )
            (path,) = run(steps)
            return path

        sheet.take(f"* {still.id}", hull, render)


def build(
    name: str, look: str, folder: Path, size: tuple[int, int], language: str
) -> tuple[str, ...]:
    """Build the models of a film; returns the chapters of which the sheet has frames."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    recipe = partial(room.Recipe, look=look, language=language)
    if name == "scale":
        room.build(scene, recipe("nano-gpt", "CBABBC"))
        for other in ("gpt2", "gpt2-xl", "gpt3"):
            run(room.steps(scene, recipe(other, ""), beside=True))
        return ("scale",)
    if name == "gpt2":
        import bench_checkpoint

        checkpoint = folder / "gpt2"
        if not checkpoint.is_dir():
            checkpoint.mkdir(parents=True)
            bench_checkpoint.write_checkpoint(checkpoint)
        room.build(scene, recipe(str(checkpoint), "464 3290 318 3772 1660"))
        return ()
    prompt = "CBABBC" if name == "nano-gpt" else ""
    room.build(scene, recipe(name, prompt))
    return ()


def main() -> None:
    """Make the sheets that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--films", default=",".join(FILMS), help="of " + ", ".join(FILMS))
    parser.add_argument("--looks", default="", help="all unless given")
    parser.add_argument("--language", default="en")
    parser.add_argument("--size", default="480x270")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--only", choices=("films", "stills"), default="")
    parser.add_argument(
        "--still", action="append", default=[], help="the id of a still; may repeat"
    )
    parser.add_argument("--unmeasured", action="store_true", help="do without the figure 'seen'")
    asked = parser.parse_args()
    width, height = (int(side) for side in asked.size.split("x"))
    SHEETS.mkdir(parents=True, exist_ok=True)
    looks = asked.looks.split(",") if asked.looks else list(room.looks.available())
    begun = time.monotonic()
    for look in looks:
        for name in asked.films.split(","):
            chapters = build(
                name, look, ROOT / "build" / "checkpoints", (width, height), asked.language
            )
            sheet = Sheet((width, height), asked.samples, not asked.unmeasured)
            print(f"\n{name}, {look}, {time.monotonic() - begun:.0f} s", flush=True)
            # The films of further looks have the same shots.
            if asked.only != "stills" and (look == looks[0] or asked.only == "films"):
                film(sheet, chapters)
            if asked.only != "films":
                stills(sheet, tuple(asked.still) or (("scale",) if name == "scale" else ()))
            said = "" if asked.language == "en" else f"-{asked.language}"
            sheet.write(SHEETS / f"{name}-{look}{said}-{asked.size}.png")
    print(f"\n{time.monotonic() - begun:.0f} s; the sheets are in {SHEETS}")


if __name__ == "__main__":
    main()
    # bpy 4.5 may hang when the interpreter shuts down.
    sys.stdout.flush()
    os._exit(0)
