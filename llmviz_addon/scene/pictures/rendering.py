"""Rendering without leaving a trace: settings are borrowed for a picture and given back.

Borrowed is what decides a picture's shape, number or name, and how long a look takes to render.
What somebody chose for the scene itself stays: what is hidden, motion blur, simplification, the
view transform, the film's speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import bpy

from .. import compat
from ..standing.memory import set_path
from ..style.looks import Look
from .engines import engine_id, has_denoiser

_DENOISER = {
    "cycles.denoiser": "OPENIMAGEDENOISE",
    "cycles.denoising_quality": "FAST",
    "cycles.denoising_prefilter": "FAST",
    "cycles.denoising_input_passes": "RGB_ALBEDO_NORMAL",
}

# One picture, of all of the frame and nothing but the scene, in one file of the name that is said.
_ONE_PICTURE = {
    "render.resolution_percentage": 100,
    "render.pixel_aspect_x": 1.0,
    "render.pixel_aspect_y": 1.0,
    "render.use_border": False,
    "render.film_transparent": False,
    "render.use_multiview": False,
    "render.use_single_layer": False,
    "render.use_stamp": False,
    "render.use_compositing": False,
    "render.use_sequencer": False,
    "render.use_file_extension": False,
    "render.use_overwrite": True,
    "render.use_placeholder": False,
}

# What Blender gives back in several rounds: to name a format changes what others may be, to name a
# display its views.
_ROUNDS = 3

_Values = dict[str, Any]
_Points = list[list[tuple[float, float, str]]]


def settings(look: Look, engine: str, size: tuple[int, int], samples: int | None) -> _Values:
    """Scene settings of a picture, by path from the scene.

    Raises
    ------
    RenderError
        If the engine is not there.
    """
    chosen = engine_id(engine)
    of_engine = _cycles if chosen == "CYCLES" else _eevee
    return (
        {"render.engine": chosen, "render.resolution_x": size[0], "render.resolution_y": size[1]}
        | _ONE_PICTURE
        | compat.file_settings("PNG")
        | of_engine(look, samples)
    )


def _cycles(look: Look, samples: int | None) -> _Values:
    """Denoised with the quick setting of Open Image Denoise, which costs a second or two where the
    default one takes longer than the samples. A Blender built without it takes more samples.
    """
    denoise = has_denoiser()
    bounces = int(look.render["bounces"])
    return (_DENOISER if denoise else {}) | {
        "cycles.samples": samples or int(look.render["samples"]) * (1 if denoise else 3),
        "cycles.use_layer_samples": "IGNORE",
        "cycles.use_denoising": denoise,
        "cycles.use_adaptive_sampling": True,
        "cycles.adaptive_threshold": 0.02,
        "cycles.max_bounces": bounces + 1,
        "cycles.diffuse_bounces": bounces,
        "cycles.glossy_bounces": bounces,
        "cycles.transmission_bounces": 0,
        # A ray may pass the empty shells of a whole row of cells.
        "cycles.transparent_max_bounces": 64,
        "cycles.caustics_reflective": False,
        "cycles.caustics_refractive": False,
    }


def _eevee(look: Look, samples: int | None) -> _Values:
    return {"eevee.taa_render_samples": samples or int(look.render["samples"])}


@contextmanager
def borrowed(scene: bpy.types.Scene, values: _Values) -> Iterator[None]:
    """Set `values` on the scene, and set back what they were, whatever happens.

    Settings of the file format change one another, so all of them are set back.
    """
    before = {path: scene.path_resolve(path) for path in values}
    before |= _all_of(scene, "render.image_settings")
    points = _curves(scene)
    try:
        for path, value in values.items():
            set_path(scene, path, value)
        yield
    finally:
        for _ in range(_ROUNDS):
            for path, value in before.items():
                if scene.path_resolve(path) != value:
                    with suppress(TypeError, AttributeError):
                        set_path(scene, path, value)
        _bend(scene, points)


def _all_of(scene: bpy.types.Scene, path: str) -> _Values:
    """What can be set of a struct and the structs in it, by path from the scene."""
    found: _Values = {}
    struct = scene.path_resolve(path)
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if prop.type == "POINTER":
            if name.endswith(("settings", "format")):
                found |= _all_of(scene, f"{path}.{name}")
        elif not prop.is_readonly and prop.type in {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}:
            value = getattr(struct, name)
            # A copy, not a view of Blender's.
            found[f"{path}.{name}"] = tuple(value) if getattr(prop, "is_array", False) else value
    return found


def _curves(scene: bpy.types.Scene) -> _Points:
    """The points of the curves of a picture's own colors, which go when it takes the scene's."""
    view = scene.render.image_settings.view_settings
    if not view.use_curve_mapping or view.curve_mapping is None:
        return []
    curves = view.curve_mapping.curves
    return [[(*point.location, point.handle_type) for point in curve.points] for curve in curves]


def _bend(scene: bpy.types.Scene, wanted: _Points) -> None:
    """Give the curves of a picture's own colors their points."""
    if not wanted or wanted == _curves(scene):
        return
    mapping = scene.render.image_settings.view_settings.curve_mapping
    for curve, points in zip(mapping.curves, wanted, strict=True):
        while len(curve.points) < len(points):
            curve.points.new(0.5, 0.5)
        while len(curve.points) > len(points):
            curve.points.remove(curve.points[1])
        for point, (x, y, handle) in zip(curve.points, points, strict=True):
            point.location, point.handle_type = (x, y), handle
    mapping.update()
