"""One picture: its camera, moment and view layer, and the render itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import bpy

from ..drawn import slabs
from ..standing.standing import Standing
from ..style import kit, looks, materials
from .afar import drawn_as_slabs
from .files import RenderError
from .rendering import borrowed, settings


@contextmanager
def prepared(
    standing: Standing,
    camera: bpy.types.Object,
    engine: str,
    size: tuple[int, int],
    samples: int | None,
    frame: int,
    further: dict[str, Any] | None = None,
) -> Iterator[None]:
    """A scene ready for a picture of a model at a frame; afterwards all is as it was.

    Parameters
    ----------
    camera
        The camera of the picture.
    engine, size, samples
        As in `still_steps`.
    further
        More settings of the scene to borrow, by path.
    """
    scene, look = standing.scene, looks.load(standing.recipe.look)
    values = settings(look, engine, size, samples) | (further or {})
    pages = slabs.materials_of(standing.objects.values())
    with ExitStack() as stack:
        stack.enter_context(_through(scene, camera))
        stack.enter_context(_returning(scene))
        stack.enter_context(borrowed(scene, values))
        stack.enter_context(_one_layer(scene, standing.root))
        scene.frame_set(frame)
        far = stack.enter_context(drawn_as_slabs(standing, camera, max(size)))
        stack.enter_context(_fine([*pages, *far], camera.data.lens, max(size)))
        yield


def take(scene: bpy.types.Scene, part: Path, animation: bool = False) -> None:
    """Have Blender render the scene as it stands into the file `part`; see `files.written`.

    Raises
    ------
    RuntimeError
        With Blender's report, where it fails.
    """
    if bpy.app.is_job_running("RENDER"):
        raise RenderError("Blender is rendering already; wait until that picture is complete")
    # Blender reads braces in a path as variables, unless they are doubled.
    path = str(part).replace("{", "{{").replace("}", "}}")
    with (
        borrowed(scene, {"render.filepath": path}),
        _heeding_interrupts(),
        # Without this, Blender would render the scene at the frame of the context's scene.
        bpy.context.temp_override(scene=scene),
    ):
        bpy.ops.render.render(write_still=not animation, animation=animation, scene=scene.name)


@contextmanager
def _heeding_interrupts() -> Iterator[None]:
    """Raise Ctrl-C after the picture, because Cycles swallows it and only ends the picture."""
    usual = signal.default_int_handler
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not usual
    ):
        yield
        return
    pressed = []

    def note(*_: object) -> None:
        pressed.append(True)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if pressed:
        raise KeyboardInterrupt


@contextmanager
def _through(scene: bpy.types.Scene, camera: bpy.types.Object) -> Iterator[None]:
    """Have the scene seen through a camera, even where markers switch to another one."""
    before = scene.camera
    bound = [(marker, marker.camera) for marker in scene.timeline_markers if marker.camera]
    try:
        for marker, _ in bound:
            marker.camera = None
        scene.camera = camera
        yield
    finally:
        for marker, theirs in bound:
            marker.camera = theirs
        scene.camera = before


@contextmanager
def _returning(scene: bpy.types.Scene) -> Iterator[None]:
    """Let the scene go to any frame, then return to its own, animated values included."""
    before, subframe = scene.frame_current, scene.frame_subframe
    try:
        yield
    finally:
        scene.frame_set(before, subframe=subframe)


@contextmanager
def _one_layer(scene: bpy.types.Scene, root: bpy.types.Collection) -> Iterator[None]:
    """Have only one view layer rendered: of those with the model, the first that is in use.

    Without compositing, Blender writes only the first layer that is in use, whether or not it has
    the model, and no picture at all if none is in use.
    """
    layers = list(scene.view_layers)
    having = [layer for layer in layers if _has(layer, root)] or layers
    chosen = next((layer for layer in having if layer.use), having[0])
    before = [layer.use for layer in layers]
    try:
        for layer in layers:
            layer.use = layer == chosen
        yield
    finally:
        for layer, used in zip(layers, before, strict=True):
            layer.use = used


def _has(layer: bpy.types.ViewLayer, root: bpy.types.Collection) -> bool:
    """True if a view layer shows a model's collection."""
    places = [layer.layer_collection]
    while places:
        place = places.pop()
        if place is None or place.exclude:
            continue
        if place.collection == root:
            return True
        places += place.children
    return False


@contextmanager
def _fine(pages: list[bpy.types.Material], lens: float, longer: int) -> Iterator[None]:
    """Have slabs drawn as finely as a picture of `longer` pixels through `lens` mm shows them."""
    trees = (page.node_tree for page in pages)
    nodes = [node for t in trees if (node := t.nodes.get(materials.PIXEL)) is not None]
    before = [node.outputs[0].default_value for node in nodes]
    try:
        kit.set_pixel(pages, lens, longer)
        yield
    finally:
        for node, value in zip(nodes, before, strict=True):
            node.outputs[0].default_value = value
