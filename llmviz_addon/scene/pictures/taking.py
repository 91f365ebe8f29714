"""One picture: its camera, moment and view layer, and the render itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from .. import compat, names
from ..drawn import slabs
from ..standing.standing import Standing
from ..style import finish, kit, looks, materials
from .afar import drawn_as_slabs
from .engines import has_gpu
from .files import RenderError
from .rendering import borrowed, settings

# Passes that can be asked for, with the settings of a view layer that make them.
PASSES = {
    "depth": {"use_pass_z": True},
    "cryptomatte": {"use_pass_cryptomatte_object": True, "use_pass_cryptomatte_asset": True},
}


@dataclass(frozen=True)
class Extras:
    """Wishes for a picture that most pictures do without.

    Attributes
    ----------
    transparent
        True to leave out ground and background, so that the picture is clear there.
    bloom
        False to leave out the bloom of the look.
    passes
        Of `PASSES`; they are written beside the picture, as layers of an OpenEXR file.
    """

    transparent: bool = False
    bloom: bool = True
    passes: tuple[str, ...] = ()

    def for_form(self, form: str) -> Extras:
        """These wishes as far as a film of that form can fulfill them: MP4 films have neither
        transparency nor passes.
        """
        return self if form == "PNG" else replace(self, transparent=False, passes=())


PLAIN = Extras()


@contextmanager
def prepared(
    standing: Standing,
    camera: bpy.types.Object,
    engine: str,
    size: tuple[int, int],
    samples: int | None,
    frame: int,
    further: dict[str, Any] | None = None,
    extras: Extras = PLAIN,
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
    extras
        See there.
    """
    scene, look = standing.scene, looks.load(standing.recipe.look)
    values = settings(look, engine, size, samples) | (further or {})
    if extras.transparent:
        values |= {"render.film_transparent": True, "render.image_settings.color_mode": "RGBA"}
    # What glows around a thing has no place where there is nothing.
    elif extras.bloom and finish.is_on(scene):
        values |= {"render.use_compositing": True}
        if not has_gpu():
            # By software OpenGL the compositor is slow, and may fail.
            values |= {"render.compositor_device": "CPU"}
    pages = slabs.materials_of(standing.objects.values())
    with ExitStack() as stack:
        stack.enter_context(_through(scene, camera))
        stack.enter_context(_returning(scene))
        stack.enter_context(borrowed(scene, values))
        layer = stack.enter_context(_one_layer(scene, standing.root))
        stack.enter_context(finish.of_layer(scene, layer.name))
        stack.enter_context(_passes(layer, extras.passes))
        if extras.transparent:
            stack.enter_context(_without_ground(standing))
        scene.frame_set(frame)
        # A mask of each block needs an object of each.
        masked = "cryptomatte" in extras.passes
        apart = nullcontext([]) if masked else drawn_as_slabs(standing, camera, max(size))
        far = stack.enter_context(apart)
        stack.enter_context(_fine([*pages, *far], camera.data.lens, max(size)))
        yield


def take(scene: bpy.types.Scene, part: Path | None, animation: bool = False) -> None:
    """Have Blender render the scene as it stands into the file `part`; see `files.written`.

    Without a file, the picture is only rendered.

    Raises
    ------
    RuntimeError
        With Blender's report, where it fails.
    """
    if bpy.app.is_job_running("RENDER"):
        raise RenderError("Blender is rendering already; wait until that picture is complete")
    # Blender reads braces in a path as variables, unless they are doubled.
    path = str(part or "").replace("{", "{{").replace("}", "}}")
    keep = part is not None and not animation
    with (
        borrowed(scene, {"render.filepath": path}),
        _heeding_interrupts(),
        # Without this, Blender would render the scene at the frame of the context's scene.
        bpy.context.temp_override(scene=scene),
    ):
        bpy.ops.render.render(write_still=keep, animation=animation, scene=scene.name)


def write_passes(scene: bpy.types.Scene, path: Path) -> None:
    """Write all layers of the picture that was taken last into an OpenEXR file."""
    with borrowed(scene, compat.file_settings("EXR")):
        bpy.data.images["Render Result"].save_render(str(path), scene=scene)


@contextmanager
def _passes(layer: bpy.types.ViewLayer, wanted: Iterable[str]) -> Iterator[None]:
    values = {name: value for each in wanted for name, value in PASSES[each].items()}
    before = {name: getattr(layer, name) for name in values}
    try:
        for name, value in values.items():
            setattr(layer, name, value)
        yield
    finally:
        for name, value in before.items():
            setattr(layer, name, value)


@contextmanager
def _without_ground(standing: Standing) -> Iterator[None]:
    """Render a model without the ground that we made for it."""
    grounds = [obj for obj in standing.objects.values() if names.GROUND in obj]
    shown = [obj for obj in grounds if not obj.hide_render]
    try:
        for obj in shown:
            obj.hide_render = True
        yield
    finally:
        for obj in shown:
            obj.hide_render = False


@contextmanager
def clear_air(standing: Standing, far: float) -> Iterator[None]:
    """Have the ground seen as far as `far` meters; nearer haze begins as the look says."""
    trees = [
        material.node_tree
        for obj in standing.objects.values()
        if names.GROUND in obj and obj.type == "MESH"
        for material in obj.data.materials
        if material is not None and material.node_tree is not None
    ]
    nodes = [node for tree in trees if (node := tree.nodes.get("haze")) is not None]
    before = [node.outputs[0].default_value for node in nodes]
    try:
        for node, value in zip(nodes, before, strict=True):
            node.outputs[0].default_value = max(value, far)
        yield
    finally:
        for node, value in zip(nodes, before, strict=True):
            node.outputs[0].default_value = value


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
def _one_layer(scene: bpy.types.Scene, root: bpy.types.Collection) -> Iterator[bpy.types.ViewLayer]:
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
        yield chosen
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
