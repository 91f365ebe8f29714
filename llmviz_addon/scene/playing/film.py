"""The walkthrough in the scene: camera, captions, markers, and the curves of a storyboard."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass

import bpy

from ... import walkthrough
from ...detail import Plan
from ...explain import CellReader
from ...progress import Steps, rescaled
from ...walkthrough import Channel, Choice, Run, Storyboard, targets
from ...walkthrough.properties import PROPERTIES, ROWS, Property
from ...walkthrough.storyboard import Caption
from .. import names
from ..drawn import counters, slabs, titles
from ..drawn.flat import Easel
from ..standing import recipe, tree
from ..standing.graft import Graft
from ..standing.keys import FILM
from ..standing.memory import Memory
from ..standing.standing import Standing
from ..style import kit as kits
from ..style import studio
from ..style.kit import CELL, Kit
from . import actors, captions
from .curves import Curves, written_on
from .timeline import FIRST_FRAME, REST_FRAME, frame_of
from .voice import Voice

CAMERA = "Film Camera"
CHAPTERS = "llmviz_chapters"
_OFFERED = "llmviz_chapters_offered"
_SAID = "llmviz_captions_said"
TIMES = "llmviz_times"
# A digest of the run that the film tells of, and of the cells that it dwells on.
_TOLD = "llmviz_told"


@dataclass(frozen=True)
class BeatMark:
    """A beat of a film: its id ("chapter.beat"), its title, and its first and last frame.

    Files of earlier versions do not tell the last one, which is then 0.
    """

    id: str
    title: str
    frame: int
    last: int = 0


@dataclass(frozen=True)
class ChapterMark:
    """A chapter of a film, as a beat is told, and its beats."""

    id: str
    title: str
    frame: int
    beats: tuple[BeatMark, ...]
    last: int = 0


@dataclass(frozen=True)
class Reel:
    """A film that is made but not shown yet: a storyboard, with its camera and captions.

    These take long to draw, so they are drawn ahead in a collection of their own, beside the film
    that is shown, if there is one.
    """

    board: Storyboard
    camera: bpy.types.Object
    collection: bpy.types.Collection
    still_frames: dict[str, int]


def compose(
    scene: bpy.types.Scene,
    plan: Plan,
    run: Run | None,
    *,
    voice: Voice,
    model: str,
    companions: Sequence[walkthrough.Companion] = (),
    reader: CellReader | None = None,
    choice: Choice | None = None,
) -> Steps[Storyboard]:
    """Make the film of a run, its shots fitted to the shape of picture that the scene renders.

    `reader` knows the numbers of the run's cells; `choice` is that of the cells to dwell on.

    Nothing in the scene is changed.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        If the script cannot be read, or compiled for this model.
    llmviz_addon.languages.LanguageError
        If there is no such language.
    """
    return walkthrough.compile_steps(
        voice.read(plan.anatomy.config.model_type),
        plan.anatomy,
        run,
        bundles=plan.bundles if plan.bundled else None,
        companions=companions,
        model=model,
        aspect=scene.render.resolution_x / scene.render.resolution_y,
        palette=voice.palette,
        reader=reader,
        choice=choice,
    )


def prepare(
    scene: bpy.types.Scene,
    root: bpy.types.Collection,
    anchor: bpy.types.Object | None,
    board: Storyboard,
    kit: Kit,
) -> Steps[Reel]:
    """Make the camera and the captions of a film, still hidden.

    If this is stopped or fails, everything that it made is removed.
    """
    yield 0.0, "Writing the captions"
    # Read here, since a preset that cannot be read must be found before anything is changed.
    still_frames = {
        still.id: round(frame_of(walkthrough.still_time(still, board), board.fps))
        for still in walkthrough.stills(board.facts)
    }
    collection = tree.new("Film", root, FILM)
    try:
        camera = _camera(anchor, collection)
        aspect = scene.render.resolution_x / scene.render.resolution_y
        part = tree.new("Captions", collection, captions.CAPTIONS)
        hud = _hud(collection, camera)
        # What the film that stands says, too, need not be drawn again.
        said = captions.kept(root.all_objects, kit.label)
        yield from rescaled(captions.draw(part, hud, board, aspect, kit, said), 0.0, 0.6)
        shown = titles.kept(root.all_objects, kit.label)
        yield from rescaled(_titles(anchor, collection, board, kit, shown), 0.6, 1.0)
        yield 1.0, "Showing the film"
    except BaseException:
        tree.discard(collection)
        raise
    return Reel(board, camera, collection, still_frames)


def show(
    standing: Standing, reel: Reel, memory: Memory, kit: Kit, *, whole: bool = False
) -> list[str]:
    """Replace the film of a model by a new one: curves, markers, camera, frame range.

    Parameters
    ----------
    standing
        The model whose film it is.
    reel
        The film; its collection becomes part of the model.
    memory
        The memory of the model's scene.
    kit
        The materials and node groups for the tiles.
    whole
        True if parts of the film that a person deleted come back.

    Returns
    -------
    list of str
        A sentence about each change of a person's that could not be kept.
    """
    scene, root, board = standing.scene, standing.root, reel.board
    action = root.get(names.ACTION)
    if action is None or action.library is not None:
        action = bpy.data.actions.new(f"{root.name} Film")
        action[names.OURS] = True
        root[names.ACTION] = action
    times = _times(board)
    curves = Curves(action, same_times=root.get(TIMES) == times, whole=whole)
    _take_curves_away(standing, curves)
    actors.draw(standing, reel.collection, board, kit)
    collections = [reel.collection, *reel.collection.children]
    drawn = [obj for collection in collections for obj in collection.objects]
    Graft(standing, FILM, drawn, whole=whole).put(collections)
    _write_curves(standing, board, curves)
    curves.finish(_owners(standing))
    root[TIMES] = times
    recipe.write_still_frames(root, reel.still_frames)
    recipe.write_facts(root, board.facts)
    root[_TOLD] = _digest(standing)
    _mark(root, memory, board)
    camera = next(iter(standing.acting(targets.CAMERA)), None)
    memory.put("camera", camera)
    memory.set("frame_start", FIRST_FRAME)
    memory.set("frame_end", round(frame_of(board.duration, board.fps)))
    memory.set("render.fps", board.fps)
    memory.set("render.fps_base", 1.0)
    if not memory.is_set("frame_current"):
        memory.set("frame_current", REST_FRAME)
    scene.frame_set(scene.frame_current)
    set_pixel(standing)
    return [
        f"Keys of yours were replaced, since the film has other times now: {lost}"
        for lost in curves.lost
    ]


def is_behind(standing: Standing) -> bool:
    """True if a model's film tells of another run than the one whose numbers the model shows, or
    dwells on other cells than those that are chosen.
    """
    told = standing.root.get(_TOLD)
    return told is not None and told != _digest(standing)


def _digest(standing: Standing) -> str:
    """A digest of what a film of the model as it stands tells."""
    chosen = standing.recipe.choice
    # A film of the usual choice has the digest that it had before there was any.
    further = "" if chosen == Choice() else f" {chosen}"
    return recipe.digest_of_run(standing.root) + further


def clear(standing: Standing, memory: Memory) -> None:
    """Remove the film of a model: markers, camera, captions, actors and curves.

    Datablocks that only the film used are left for the next `tree.sweep`.
    """
    curves = Curves(standing.root.get(names.ACTION), same_times=False)
    _take_curves_away(standing, curves)
    Graft(standing, FILM, ()).put()
    curves.finish(_owners(standing))
    for key in (CHAPTERS, _OFFERED, _SAID, TIMES, _TOLD, names.ACTION):
        if key in standing.root:
            del standing.root[key]
    memory.mark(())


def set_pixel(standing: Standing) -> None:
    """Have slabs drawn as finely as the film's pictures show them."""
    scene = standing.scene
    if scene.camera is not None and scene.camera.type == "CAMERA":
        longer = max(scene.render.resolution_x, scene.render.resolution_y)
        shown = slabs.materials_of(standing.objects.values())
        kits.set_pixel(shown, scene.camera.data.lens, longer)


def _times(board: Storyboard) -> str:
    """A digest that two films share if they have the same times."""
    told = [(marker.id, round(marker.time, 4)) for marker in board.markers]
    return hashlib.blake2b(
        repr((board.fps, board.duration, told)).encode(), digest_size=8
    ).hexdigest()


def _camera(anchor: bpy.types.Object | None, collection: bpy.types.Collection) -> bpy.types.Object:
    camera = studio.camera(CAMERA)
    # The size, in meters, at which viewports draw its outline: that of a few blocks, not of a
    # whole layer.
    camera.data.display_size = 0.3
    camera[names.ACTOR] = targets.CAMERA
    camera.parent = anchor
    collection.objects.link(camera)
    return camera


def _hud(collection: bpy.types.Collection, camera: bpy.types.Object) -> bpy.types.Object:
    """The parent of the captions: it grows with the camera's distance, so they stay in front."""
    hud = bpy.data.objects.new("Captions", None)
    hud[names.OURS] = True
    hud[names.ACTOR] = targets.CAPTIONS
    hud.parent = camera
    hud.hide_viewport = hud.hide_render = True
    collection.objects.link(hud)
    return hud


def _titles(
    anchor: bpy.types.Object | None,
    collection: bpy.types.Collection,
    board: Storyboard,
    kit: Kit,
    kept: dict[str, bpy.types.Mesh],
) -> Steps[None]:
    """Make the titles of all shots; each stays unseen until its keys show it.

    `kept` has meshes of titles that are at hand.
    """
    part = tree.new("Titles", collection, titles.TITLES)
    # A view that walks through the model shows the titles beside blocks in their place.
    part.hide_viewport = True
    easel = Easel(anchor, part, kit.label, titles=kept)
    for number, shown in enumerate(board.titles):
        if number % 4 == 0:
            yield number / len(board.titles), "Drawing the titles"
        obj = titles.draw(easel, shown.lettering, f"{shown.beat} titles")
        obj[names.TITLES_OF] = shown.beat
        obj.scale.x = 0.0


def _owners(standing: Standing) -> Iterator[bpy.types.ID]:
    """Everything that may own curves of a film."""
    for obj in standing.objects.values():
        yield obj
        if obj.type == "CAMERA":
            yield obj.data
        elif obj.type == "MESH" and obj.data.shape_keys is not None:
            yield obj.data.shape_keys


def _take_curves_away(standing: Standing, curves: Curves) -> None:
    """Remove a film's curves, and reset what they animated and a model without a film has not."""
    rows = [row for row in ROWS if row.at_rest]
    for owner in [owner for owner in _owners(standing) if written_on(owner)]:
        taken = curves.take_away(owner)
        for row in rows:
            if row.path not in taken:
                continue
            if row.of_block:
                if row.name in owner:
                    owner[row.name] = row.default
            else:
                setattr(owner, row.path, (row.default,) * 3)


def _write_curves(standing: Standing, board: Storyboard, curves: Curves) -> None:
    moved, fps = _Targets(standing), board.fps
    for channel in board.channels:
        for obj in moved.of(channel.target, PROPERTIES[channel.property]):
            _write(curves, obj, channel, fps)
    captioned = {caption.beat: caption for caption in board.captions}
    said = {
        names.CAPTION_OF: captioned,
        names.SHADE_OF: captioned,
        names.TITLES_OF: {shown.beat: shown for shown in board.titles},
    }
    for obj in standing.objects.values():
        found = (told.get(obj.get(mark)) for mark, told in said.items())
        words = next((each for each in found if each is not None), None)
        if words is None:
            continue
        for channel in captions.channels(words.beat, words.start, words.end):
            _write(curves, obj, channel, fps, lasting=False)


def _write(
    curves: Curves, obj: bpy.types.Object, channel: Channel, fps: int, *, lasting: bool = True
) -> None:
    """Write the curves of a channel where its property lives.

    What is not `lasting` exists only for the film, and so has no rest before it.
    """
    row = PROPERTIES[channel.property]
    owner, path, scale = obj, row.path, CELL if row.in_cells else 1.0
    if row.owner == "data":
        owner = obj.data
    elif row.owner == "keys":
        owner = obj.data.shape_keys
    elif row.owner == "counter":
        path = counters.path(obj)
    if owner is None or not path:
        # A person has taken away what the property was of.
        return
    rest = row.default if row.at_rest and lasting and names.ACTOR not in obj else None
    for axis in range(row.axes):
        index = channel.index + axis
        curves.write(owner, path, channel, fps, index=index, scale=scale, rest=rest)


class _Targets:
    """The objects that the targets of a storyboard stand for."""

    def __init__(self, standing: Standing):
        self._found: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._sections: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._hung: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._leading: dict[str, list[bpy.types.Object]] = defaultdict(list)
        self._parts: dict[str, list[bpy.types.Object]] = defaultdict(list)
        for obj in standing.objects.values():
            for mark in (names.BLOCK, names.WINDOW_OF, names.STRIP, names.ACTOR):
                if mark in obj:
                    self._found[obj[mark]].append(obj)
            if names.PART_OF in obj:
                self._parts[obj[names.PART_OF]].append(obj)
            owner = obj.get(names.LABEL_OF)
            if owner in (targets.CARD, targets.KEY):
                self._found[owner].append(obj)
            elif owner is not None and owner.startswith(targets.SECTION):
                self._sections[owner.removeprefix(targets.SECTION)].append(obj)
            elif owner is not None:
                self._hung[owner].append(obj)
            if names.LEADS_TO in obj:
                self._leading[obj[names.LEADS_TO]].append(obj)
            if names.ARROWS_OF in obj:
                self._sections[obj[names.ARROWS_OF]].append(obj)

    def of(self, target: str, row: Property) -> list[bpy.types.Object]:
        """The objects whose property follows the channel."""
        if target.startswith(targets.SECTION):
            path = target.removeprefix(targets.SECTION)
            return [
                obj
                for section, objects in self._sections.items()
                if path in ("model", section) or section.startswith(f"{path}.")
                for obj in objects
            ]
        if target.startswith(targets.ARROWS):
            return self._leading.get(target.removeprefix(targets.ARROWS), [])
        found = self._found.get(target, [])
        if row.with_words:
            # The texts beside a block fade and go with it.
            return [*found, *self._hung.get(target, [])]
        if row.of_block:
            # What stands in for a block computes and shines with it, and arrows carry light while
            # the block that they lead to is computed.
            leading = [obj for obj in self._leading.get(target, []) if row.name in obj]
            return [*found, *self._parts.get(target, []), *leading]
        if row.path in ("location", "scale", "rotation_euler"):
            # The other parts of an actor are parented to the one that is moved.
            return [obj for obj in found if obj.parent not in found]
        return found


def _mark(root: bpy.types.Collection, memory: Memory, board: Storyboard) -> None:
    """Put a film's markers on the timeline, and note the frames of chapters and beats."""
    chapters: list[dict] = []
    wanted = []
    begun: dict[str, dict] = {}
    for marker in board.markers:
        frame = round(frame_of(marker.time, board.fps))
        entry = {"id": marker.id, "title": marker.name, "frame": frame}
        if marker.kind == "chapter":
            entry["beats"] = []
            chapters.append(entry)
            _end(begun.values(), frame - 1)
            begun = {"chapter": entry}
        else:
            chapters[-1]["beats"].append(entry)
            _end([begun[kind] for kind in begun if kind == "beat"], frame - 1)
            begun["beat"] = entry
        wanted.append((f"{marker.kind} {marker.id}", marker.name, frame))
    _end(begun.values(), round(frame_of(board.duration, board.fps)))
    root[CHAPTERS] = json.dumps(chapters)
    root[_OFFERED] = json.dumps(board.offered)
    root[_SAID] = json.dumps([astuple(caption) for caption in board.captions])
    memory.mark(wanted)


def _end(begun: Iterable[dict], last: int) -> None:
    for entry in begun:
        entry["last"] = max(last, entry["frame"])


def said(root: bpy.types.Collection) -> tuple[Caption, ...]:
    """The captions of the film that was written for a model."""
    return tuple(Caption(*each) for each in recipe.read(root, _SAID, []))


def offered(root: bpy.types.Collection) -> tuple[tuple[str, str], ...]:
    """The ids and titles of all chapters that could play for a model, chosen or not."""
    return tuple((str(id_), str(title)) for id_, title in recipe.read(root, _OFFERED, []))


def chapters(root: bpy.types.Collection) -> tuple[ChapterMark, ...]:
    """The chapters of the film that was written for a model."""
    return tuple(
        ChapterMark(**c | {"beats": tuple(BeatMark(**b) for b in c["beats"])})
        for c in recipe.read(root, CHAPTERS, [])
    )


def part(root: bpy.types.Collection, part_id: str) -> ChapterMark | BeatMark | None:
    """The chapter or beat of this id in a model's film; None if there is none."""
    places = (place for c in chapters(root) for place in (c, *c.beats))
    return next((place for place in places if place.id == part_id), None)
