"""Render settings that are borrowed for a picture and given back afterwards.

Borrowed are settings that decide a picture's shape, number or name, and the time that a look takes
to render. Choices about the scene itself are respected: hidden objects, motion blur,
simplification, the view transform, the film's speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import bpy

from .. import compat
from ..standing.memory import set_path
from ..style.looks import Look
from ..style.studio import reflections
from .engines import engine_id, has_denoiser

_DENOISER = {
    "cycles.denoiser": "OPENIMAGEDENOISE",
    "cycles.denoising_quality": "HIGH",
    "cycles.denoising_prefilter": "ACCURATE",
    "cycles.denoising_input_passes": "RGB_ALBEDO_NORMAL",
}
_QUICK_DENOISER = _DENOISER | {
    "cycles.denoising_quality": "FAST",
    "cycles.denoising_prefilter": "FAST",
}

# These make one picture of the whole frame, with only the scene in it, in one file of the given
# name.
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

# Setting a file format limits the values that other settings may have, and setting a display its
# view transforms, so restoring all of them can take several rounds.
_ROUNDS = 3

_Values = dict[str, Any]
_Points = list[list[tuple[float, float, str]]]


def settings(look: Look, engine: str, size: tuple[int, int], samples: int | None) -> _Values:
    """The scene's settings for a picture, by path from the scene.

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
    """The settings for Cycles; a Blender built without a denoiser takes more samples instead."""
    denoise = has_denoiser()
    bounces = int(look.render["bounces"])
    mirrored = max(bounces, reflections(look))
    return (_denoiser(look, samples) if denoise else {}) | {
        "cycles.samples": samples or int(look.render["samples"]) * (1 if denoise else 3),
        "cycles.use_layer_samples": "IGNORE",
        "cycles.use_denoising": denoise,
        "cycles.use_adaptive_sampling": True,
        "cycles.adaptive_threshold": 0.02,
        # A look has two or three lamps. A tree of them takes longer to go through than they do.
        "cycles.use_light_tree": False,
        "cycles.max_bounces": mirrored + 1,
        "cycles.diffuse_bounces": bounces,
        "cycles.glossy_bounces": mirrored,
        "cycles.transmission_bounces": 0,
        # A ray may pass through a whole row of cells that are not computed yet, and transparent.
        "cycles.transparent_max_bounces": 64,
        "cycles.caustics_reflective": False,
        "cycles.caustics_refractive": False,
    }


def of_a_film(engine: str) -> _Values:
    """More settings for the frames of a film, of which there are thousands.

    The denoiser's guides are nearly clean as they are; cleaning them takes as long as denoising.
    """
    return {"cycles.denoising_prefilter": "NONE"} if engine_id(engine) == "CYCLES" else {}


def _denoiser(look: Look, samples: int | None) -> _Values:
    """Open Image Denoise, quick where a picture has no more samples than its look proposes.

    The quick setting takes a second or two, the thorough one longer than that many samples.
    """
    thorough = samples is not None and samples > int(look.render["samples"])
    return _DENOISER if thorough else _QUICK_DENOISER


def _eevee(look: Look, samples: int | None) -> _Values:
    """The settings for EEVEE, which mirrors what is in the picture where the look has reflections.

    Rays are traced for mirrors only: what is rougher takes its light from the world, as in Cycles,
    where no light bounces off anything matt.
    """
    tracing = "eevee.ray_tracing_options"
    return {
        "eevee.taa_render_samples": samples or int(look.render["samples"]),
        "eevee.use_raytracing": reflections(look) > 0,
        "eevee.ray_tracing_method": "SCREEN",
        "eevee.use_fast_gi": False,
        f"{tracing}.resolution_scale": "1",
        f"{tracing}.trace_max_roughness": 0.1,
        f"{tracing}.screen_trace_quality": 0.5,
        f"{tracing}.screen_trace_thickness": 0.2,
        f"{tracing}.use_denoise": True,
    }


@contextmanager
def borrowed(scene: bpy.types.Scene, values: _Values) -> Iterator[None]:
    """Set `values` on the scene for as long as this context lasts, and restore the old ones.

    Settings of the file format change one another, so all of them are restored.
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
    """All writable settings of a struct and of the structs in it, by path from the scene."""
    found: _Values = {}
    struct = scene.path_resolve(path)
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if prop.type == "POINTER":
            if name.endswith(("settings", "format")):
                found |= _all_of(scene, f"{path}.{name}")
        elif not prop.is_readonly and prop.type in {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}:
            value = getattr(struct, name)
            # A tuple is a copy; Blender's own array would change with the setting.
            found[f"{path}.{name}"] = tuple(value) if getattr(prop, "is_array", False) else value
    return found


def _curves(scene: bpy.types.Scene) -> _Points:
    """The points of a picture's own color curves, which are lost when it uses the scene's."""
    view = scene.render.image_settings.view_settings
    if not view.use_curve_mapping or view.curve_mapping is None:
        return []
    curves = view.curve_mapping.curves
    return [[(*point.location, point.handle_type) for point in curve.points] for curve in curves]


def _bend(scene: bpy.types.Scene, wanted: _Points) -> None:
    """Give a picture's own color curves these points again."""
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
