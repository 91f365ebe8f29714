"""Rendering without leaving a trace: settings are borrowed for a picture and given back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from .. import compat
from ..standing.memory import set_path
from ..style.looks import Look

ENGINES = ("AUTO", "CYCLES", "EEVEE")

_DENOISER = {
    "cycles.denoiser": "OPENIMAGEDENOISE",
    "cycles.denoising_quality": "FAST",
    "cycles.denoising_prefilter": "FAST",
    "cycles.denoising_input_passes": "RGB_ALBEDO_NORMAL",
}


def has_gpu() -> bool:
    """Whether Cycles' preferences or the window system name a graphics card."""
    addon = bpy.context.preferences.addons.get("cycles")
    if addon is not None:
        devices = getattr(addon.preferences, "devices", ())
        if any(device.type != "CPU" and device.use for device in devices):
            return True
    if bpy.app.background:
        return False
    import gpu

    renderer = gpu.platform.renderer_get().lower()
    return not any(word in renderer for word in ("llvmpipe", "softpipe", "swiftshader"))


def has_denoiser() -> bool:
    """Whether this Blender was built with Open Image Denoise; some distributions' are not."""
    import _cycles

    return bool(_cycles.with_openimagedenoise)


def engine_id(choice: str) -> str:
    """Blender's identifier of an engine; AUTO is EEVEE where there is a graphics card."""
    if choice not in ENGINES:
        raise ValueError(f"There is no engine {choice!r}; there are {', '.join(ENGINES)}.")
    if choice == "EEVEE" or (choice == "AUTO" and has_gpu()):
        return compat.EEVEE
    return "CYCLES"


def settings(look: Look, engine: str, size: tuple[int, int], samples: int | None) -> dict[str, Any]:
    """Scene settings of a picture, by path from the scene.

    Denoised with the quick setting of Open Image Denoise, which costs a second or two where the
    default one takes longer than the samples. A Blender built without it takes more samples.
    """
    denoise = has_denoiser()
    count = samples or int(look.render["samples"]) * (1 if denoise else 3)
    bounces = int(look.render["bounces"])
    return (_DENOISER if denoise else {}) | {
        "render.engine": engine_id(engine),
        "render.resolution_x": size[0],
        "render.resolution_y": size[1],
        "render.resolution_percentage": 100,
        "render.use_border": False,
        "render.film_transparent": False,
        "render.use_overwrite": True,
        "cycles.samples": count,
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
        "eevee.taa_render_samples": count,
    }


@contextmanager
def borrowed(scene: bpy.types.Scene, values: dict[str, Any]) -> Iterator[None]:
    """Set `values` on the scene, and set back what they were, whatever happens."""
    before = {path: scene.path_resolve(path) for path in values}
    try:
        for path, value in values.items():
            set_path(scene, path, value)
        yield
    finally:
        for path, value in before.items():
            set_path(scene, path, value)
