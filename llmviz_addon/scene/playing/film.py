"""The walkthrough in the scene: made ahead, shown in place of the one before, and taken away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import bpy

from ... import walkthrough
from ...detail import Plan
from ...explain import CellReader
from ...progress import Steps, rescaled
from ...walkthrough import Choice, Run, Storyboard, targets
from ...walkthrough.properties import ROWS
from .. import names
from ..drawn import slabs, titles
from ..drawn.flat import Easel
from ..standing import recipe, tree
from ..standing.graft import Graft
from ..standing.keys import FILM
from ..standing.memory import Memory
from ..standing.standing import Standing
from ..style import kit as kits
from ..style import studio
from ..style.kit import Kit
from . import actors, captions, channels, marks
from .curves import Curves, written_on
from .timeline import FIRST_FRAME, REST_FRAME, frame_of
from .voice import Voice

CAMERA = "Film Camera"
TIMES = "llmviz_times"
# A digest of the run that the film tells of, and of the cells that it dwells on.
_TOLD = "llmviz_told"


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
    channels.write(standing, board, curves)
    curves.finish(_owners(standing))
    root[TIMES] = times
    recipe.write_still_frames(root, reel.still_frames)
    recipe.write_facts(root, board.facts)
    root[_TOLD] = _digest(standing)
    marks.write(root, memory, board)
    camera = next(iter(standing.acting(targets.CAMERA)), None)
    memory.put("camera", camera)
    memory.set("frame_start", FIRST_FRAME)
    memory.set("frame_end", round(frame_of(board.duration, board.fps)))
    memory.set("render.fps", board.fps)
    memory.set("render.fps_base", 1.0)
    if not memory.is_set("frame_current"):
        memory.set("frame_current", REST_FRAME)
    if titles.are_in_views(standing):
        stage_views(standing, True)
    scene.frame_set(scene.frame_current)
    set_pixel(standing)
    return [
        f"Keys of yours were replaced, since the film has other times now: {lost}"
        for lost in curves.lost
    ]


def stage_views(standing: Standing, of_film: bool) -> None:
    """Have viewports show what the film's pictures show, or the model as somebody works with it."""
    titles.show_in_views(standing, of_film)
    for obj in standing.objects.values():
        if names.BACKDROP in obj:
            obj.hide_viewport = not of_film


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
    for key in (TIMES, _TOLD, names.ACTION):
        if key in standing.root:
            del standing.root[key]
    marks.clear(standing.root, memory)


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
        obj.scale = (0.0, 0.0, 0.0)


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
