"""The walkthrough in the scene: what the storyboard moves, its camera, captions and markers."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import bpy

from ... import walkthrough
from ...detail import Plan
from ...progress import Steps
from ...walkthrough import Run, Storyboard, targets
from .. import names
from ..drawn import strips
from ..drawn.blocks import CELL
from ..drawn.flat import TILE_TINTS, Easel
from ..standing import recipe, tree
from ..style import kit, stage
from . import captions
from .timeline import FIRST_FRAME, frame_of, write_channel

# Properties of a camera's own data: where they are, and what one unit of the film is there.
_OF_CAMERA = {
    targets.LENS: ("lens", 1.0),
    targets.FOCUS_DISTANCE: ("dof.focus_distance", CELL),
    targets.CLIP_START: ("clip_start", CELL),
}

CAMERA = "Film Camera"
CHAPTERS = "llmviz_chapters"
MARKERS = "llmviz_markers"


@dataclass(frozen=True)
class Beat:
    """A beat of the film: its id ("chapter.beat"), its title and the frame where it begins."""

    id: str
    title: str
    frame: int


@dataclass(frozen=True)
class Chapter:
    """A chapter of the film and its beats."""

    id: str
    title: str
    frame: int
    beats: tuple[Beat, ...]


@dataclass(frozen=True)
class Reel:
    """A film that is made but not shown: a storyboard, and what takes long to draw of it.

    It stands in a collection of its own beside the film that is shown, if there is one.
    """

    root: bpy.types.Collection
    board: Storyboard
    camera: bpy.types.Object
    collection: bpy.types.Collection


def compose(
    scene: bpy.types.Scene,
    drawing: Plan,
    run: Run | None,
    *,
    accessible: bool,
    model: str,
    companions: Sequence[walkthrough.Companion] = (),
) -> Steps[Storyboard]:
    """Make the film of a run, its shots fitted to the shape of picture that the scene renders.

    Nothing in the scene is changed.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        If the script cannot be compiled for this model.
    """
    return walkthrough.compile_steps(
        walkthrough.load(drawing.anatomy.config.model_type),
        drawing.anatomy,
        run,
        bundles=drawing.bundles if drawing.bundled else None,
        companions=companions,
        model=model,
        aspect=scene.render.resolution_x / scene.render.resolution_y,
        palette="accessible" if accessible else "standard",
    )


def prepare(scene: bpy.types.Scene, root: bpy.types.Collection, board: Storyboard) -> Steps[Reel]:
    """Make the camera and the captions of a film, not to be seen yet.

    Whoever stops it finds nothing of it.
    """
    yield 0.0, "Writing the captions"
    collection = tree.new("Next Film", root, "next film")
    camera = _camera(root, collection)
    reel = Reel(root, board, camera, collection)
    aspect = scene.render.resolution_x / scene.render.resolution_y
    try:
        part = tree.new("Next Captions", collection, "next captions")
        drawing = captions.draw(part, _hud(collection, camera), board, aspect)
        yield from tree.evaluating(scene, drawing)
        yield 1.0, "Showing the film"
    except BaseException:
        tree.delete(collection)
        raise
    return reel


def show(scene: bpy.types.Scene, reel: Reel) -> None:
    """Put a film in place of the one that its model has: curves, markers, camera, frame range."""
    root, board = reel.root, reel.board
    clear(scene, root)
    # Before anything is made, which is to have the names of what went.
    tree.sweep()
    part = _take(reel)
    _actors(root, part, board)
    action = bpy.data.actions.new(f"{root.name} Film")
    action[names.OURS] = True
    _curves(root, board, action)
    captions.key(root, board, action)
    captions.show(root, recipe.recipe_of(root).captions)
    recipe.write_still_frames(
        root,
        {
            still.id: round(frame_of(walkthrough.still_time(still, board), board.fps))
            for still in walkthrough.stills(board.facts)
        },
    )
    recipe.write_facts(root, board.facts)
    _markers(scene, root, board)
    scene.camera = reel.camera
    scene.render.fps, scene.render.fps_base = board.fps, 1.0
    scene.frame_start = FIRST_FRAME
    scene.frame_end = round(frame_of(board.duration, board.fps))
    scene.frame_set(FIRST_FRAME)
    set_pixel(scene)


def _take(reel: Reel) -> bpy.types.Collection:
    """Move what was made beside the old film to its collections; returns the upper one.

    They stay, since somebody may keep things in them.
    """
    homes = tree.part(reel.root, "film"), tree.part(reel.root, captions.ROLE)
    film = homes[0] or tree.new("Film", reel.root, "film")
    words = homes[1] or tree.new("Captions", film, captions.ROLE)
    for staged, home in ((reel.collection, film), *((c, words) for c in reel.collection.children)):
        for obj in list(staged.objects):
            home.objects.link(obj)
            staged.objects.unlink(obj)
    bpy.data.batch_remove([*reel.collection.children, reel.collection])
    reel.camera.name = CAMERA
    return film


def set_pixel(scene: bpy.types.Scene) -> None:
    """Have slabs drawn as finely as the film's pictures show them."""
    if scene.camera is not None and scene.camera.type == "CAMERA":
        longer = max(scene.render.resolution_x, scene.render.resolution_y)
        kit.set_pixel(scene.camera.data.lens, longer)


def _camera(root: bpy.types.Collection, collection: bpy.types.Collection) -> bpy.types.Object:
    camera = stage.camera(CAMERA)
    # As its outline is drawn in the viewport, in metres: a few blocks wide, not a whole layer.
    camera.data.display_size = 0.3
    camera[names.ACTOR] = targets.CAMERA
    camera.parent = tree.anchor_of(root)
    collection.objects.link(camera)
    return camera


def _hud(collection: bpy.types.Collection, camera: bpy.types.Object) -> bpy.types.Object:
    """What captions hang on: it grows where the camera is far away, and they stay before it."""
    hud = bpy.data.objects.new("Captions", None)
    hud[names.OURS] = True
    hud[names.ACTOR] = targets.CAPTIONS
    hud.parent = camera
    hud.hide_viewport = hud.hide_render = True
    collection.objects.link(hud)
    return hud


def _actors(root: bpy.types.Collection, part: bpy.types.Collection, board: Storyboard) -> None:
    """The tiles that fly: like those of the input strip, and hanging together."""
    shared, anchor = kit.ensure(), tree.anchor_of(root)
    text = Easel(anchor, part, shared.label, shared.font)
    tile = Easel(anchor, part, shared.tile, tints=TILE_TINTS)
    for actor in board.actors:
        face, *words = strips.tile(strips.Easels(text, tile), actor.text, actor.index, actor.size)
        for obj in (face, *words):
            obj[names.ACTOR] = actor.name
        for word in words:
            word.parent = face


def _curves(root: bpy.types.Collection, board: Storyboard, action: bpy.types.Action) -> None:
    moved = _Targets(root)
    for channel in board.channels:
        prop = channel.property
        for obj in moved.of(channel.target, prop):
            if prop in _OF_CAMERA:
                path, scale = _OF_CAMERA[prop]
                write_channel(obj.data, action, path, channel, board.fps, scale=scale)
            elif prop in (targets.LOCATION, targets.ROTATION):
                scale = CELL if prop == targets.LOCATION else 1.0
                write_channel(
                    obj, action, prop, channel, board.fps, index=channel.index, scale=scale
                )
            elif prop == targets.SCALE:
                for axis in range(3):
                    write_channel(obj, action, prop, channel, board.fps, index=axis)
            else:
                write_channel(obj, action, f'["{prop}"]', channel, board.fps)


class _Targets:
    """Which objects a target of the storyboard stands for."""

    def __init__(self, root: bpy.types.Collection):
        self._found: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._sections: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._hung: dict[str, list[bpy.types.Object]] = defaultdict(list)
        for obj in root.all_objects:
            for mark in (names.BLOCK, names.WINDOW_OF, names.STRIP, names.ACTOR):
                if mark in obj:
                    self._found[obj[mark]].append(obj)
            owner = obj.get(names.LABEL_OF)
            if owner in (targets.CARD, targets.KEY):
                self._found[owner].append(obj)
            elif owner is not None and owner.startswith(targets.SECTION):
                self._sections[owner.removeprefix(targets.SECTION)].append(obj)
            elif owner is not None:
                self._hung[owner].append(obj)
            if names.ARROWS_OF in obj:
                self._sections[obj[names.ARROWS_OF]].append(obj)

    def of(self, target: str, prop: str) -> list[bpy.types.Object]:
        """The objects whose property follows the channel."""
        if target.startswith(targets.SECTION):
            path = target.removeprefix(targets.SECTION)
            return [
                obj
                for section, objects in self._sections.items()
                if path in ("model", section) or section.startswith(f"{path}.")
                for obj in objects
            ]
        found = self._found.get(target, [])
        if prop == targets.OPACITY:
            # What is written beside a block goes where the block goes.
            return [*found, *self._hung.get(target, [])]
        # Only the first part of an actor moves; the others hang on it.
        if prop in (targets.LOCATION, targets.SCALE, targets.ROTATION):
            return found[:1]
        return found


def _markers(scene: bpy.types.Scene, root: bpy.types.Collection, board: Storyboard) -> None:
    chapters: list[dict] = []
    made = []
    for marker in board.markers:
        frame = round(frame_of(marker.time, board.fps))
        entry = {"id": marker.id, "title": marker.name, "frame": frame}
        if marker.kind == "chapter":
            chapters.append(entry | {"beats": []})
        else:
            chapters[-1]["beats"].append(entry)
        scene.timeline_markers.new(marker.name, frame=frame)
        made.append([marker.name, frame])
    root[CHAPTERS] = json.dumps(chapters)
    root[MARKERS] = json.dumps(made)


def chapters(root: bpy.types.Collection) -> tuple[Chapter, ...]:
    """The chapters of the film that was written for a model."""
    return tuple(
        Chapter(c["id"], c["title"], c["frame"], tuple(Beat(**beat) for beat in c["beats"]))
        for c in json.loads(root.get(CHAPTERS, "[]"))
    )


def clear(scene: bpy.types.Scene, root: bpy.types.Collection) -> None:
    """Remove the film of a model: markers, camera, captions, actors and curves.

    What only the film used is left for the next sweep.
    """
    ours = Counter((name, frame) for name, frame in json.loads(root.get(MARKERS, "[]")))
    # The last first: a marker that was there before ours may have the same name and frame.
    for marker in reversed(list(scene.timeline_markers)):
        key = (marker.name, marker.frame)
        if ours[key] > 0:
            ours[key] -= 1
            scene.timeline_markers.remove(marker)
    root[MARKERS] = root[CHAPTERS] = "[]"
    for obj in root.all_objects:
        if obj.get(names.OURS) and obj.animation_data is not None:
            obj.animation_data_clear()
            # As a model without a film is: all computed, all there.
            for prop in (targets.PROGRESS, targets.HIGHLIGHT, targets.OPACITY):
                if prop in obj:
                    obj[prop] = targets.DEFAULTS[prop]
    part = tree.part(root, "film")
    if part is not None:
        for child in part.children_recursive:
            bpy.data.batch_remove([o for o in child.objects if o.get(names.OURS)])
        bpy.data.batch_remove([o for o in part.objects if o.get(names.OURS)])
