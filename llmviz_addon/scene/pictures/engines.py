"""The render engines of this Blender, and the graphics and denoiser that they can use."""

from __future__ import annotations

import ctypes
import sys
from functools import cache

import bpy

from .. import compat
from .files import RenderError

ENGINES = ("AUTO", "CYCLES", "EEVEE")


def has_gpu() -> bool:
    """True if Cycles' preferences or the window system name a graphics card."""
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


def has_cycles() -> bool:
    """True if Cycles is there; it is an add-on, and can be switched off."""
    return hasattr(bpy.types.Scene, "cycles")


def has_graphics() -> bool:
    """True if anything, even software, can draw here; without, EEVEE ends the whole process."""
    return not bpy.app.background or sys.platform != "linux" or _has_display()


@cache
def _has_display() -> bool:
    """True if EGL, by which Blender draws without a window, finds a device to draw with."""
    try:
        get_display = ctypes.CDLL("libEGL.so.1").eglGetDisplay
    except (OSError, AttributeError):
        return False
    get_display.restype, get_display.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    return bool(get_display(None))


def has_denoiser() -> bool:
    """True if this Blender was built with Open Image Denoise; some distributions' are not."""
    import _cycles

    return bool(_cycles.with_openimagedenoise)


def engine_id(choice: str) -> str:
    """Blender's identifier of an engine; AUTO is EEVEE where there is a graphics card.

    Raises
    ------
    RenderError
        If there is no such engine, here or at all.
    """
    if choice not in ENGINES:
        raise RenderError(f"There is no engine {choice!r}; there are {', '.join(ENGINES)}")
    if choice == "AUTO":
        quick = has_graphics() and (has_gpu() or not has_cycles())
        choice = "EEVEE" if quick else "CYCLES"
    if choice == "EEVEE":
        if not has_graphics():
            raise RenderError(
                "EEVEE needs a graphics card, or a driver that stands in for one, and finds "
                "neither; choose Cycles"
            )
        return compat.EEVEE
    if not has_cycles():
        raise RenderError(
            "Cycles is switched off; switch it on in Blender's preferences under Add-ons, or "
            "choose EEVEE"
        )
    return "CYCLES"
