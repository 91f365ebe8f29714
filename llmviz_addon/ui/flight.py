"""Flights: a 3D view that moves to another place in a moment, as Blender's own views do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import bpy
from mathutils import Quaternion, Vector

# Seconds between two pictures of a flight.
_PAUSE = 0.01


@dataclass(frozen=True)
class Stand:
    """A place from which a view looks: its rotation, the point it turns about, the distance."""

    rotation: Quaternion
    location: Vector
    distance: float

    @classmethod
    def of(cls, view: bpy.types.RegionView3D) -> Stand:
        """The place from which a view looks now."""
        return cls(view.view_rotation.copy(), view.view_location.copy(), view.view_distance)

    def set(self, view: bpy.types.RegionView3D) -> None:
        """Have a view look from here."""
        view.view_rotation, view.view_location = self.rotation, self.location
        view.view_distance = self.distance


def between(start: Stand, end: Stand, share: float) -> Stand:
    """The place after a share of the way, from 0 to 1.

    The distance changes by the same factor in equal times, and the point that the view turns about
    keeps in step with it: what is flown to comes nearer in a straight line in the picture.
    """
    if share >= 1.0:
        return end
    ease = share * share * (3.0 - 2.0 * share)
    distance = start.distance ** (1.0 - ease) * end.distance**ease
    far = start.distance - end.distance
    if abs(far) > 0.05 * max(start.distance, end.distance):
        ease = (start.distance - distance) / far
    location = start.location.lerp(end.location, ease)
    return Stand(start.rotation.slerp(end.rotation, ease), location, distance)


def fly(area: bpy.types.Area | None, space: bpy.types.SpaceView3D, end: Stand) -> None:
    """Have a view fly to a place, in the time that the preferences give to a smooth view.

    Without a window, or where they give none, it is there at once.
    """
    seconds = bpy.context.preferences.view.smooth_view / 1000
    if bpy.app.background or area is None or seconds <= 0:
        end.set(space.region_3d)
        return
    start = Stand.of(space.region_3d)
    # Blender's own data may be gone by the next step, so the area is known by its address.
    step = partial(_step, area.as_pointer(), start, end, time.monotonic(), seconds)
    bpy.app.timers.register(step, first_interval=_PAUSE)


def _step(address: int, start: Stand, end: Stand, began: float, seconds: float) -> float | None:
    """Move a view on; returns the seconds until the next step, None after the last."""
    areas = (a for w in bpy.context.window_manager.windows for a in w.screen.areas)
    area = next((a for a in areas if a.as_pointer() == address and a.type == "VIEW_3D"), None)
    if area is None:
        return None
    share = min((time.monotonic() - began) / seconds, 1.0)
    between(start, end, share).set(area.spaces.active.region_3d)
    area.tag_redraw()
    return None if share >= 1.0 else _PAUSE
