"""3D views: turned to the models and made to show their numbers, and given back as they were.

Solid mode ignores materials but can show the color that stands in each cell's vertices, so Build
asks for that: in flat light, which leaves the colors as they are, and without outlines, which from
afar cover the cells in black. Where other models stand than before, the view turns to all of them,
beside the sidebar that lies over it. The shading type stays what it is. A view's former values are
kept on its screen, which undo does not touch, and come back with Remove where they have not been
changed since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import bpy
from mathutils import Quaternion, Vector

from ..walkthrough import Margins
from .pictures.stills import overview

_REMEMBERED = "llmviz_views"

# Where views stand, by the name of their screen and the number of their area.
Watching = dict[tuple[str, int], list]

# Sides of a view in the order of `Margins`, what stays free at each, and how much may be covered.
_SIDES, _MARGIN, _MOST_TAKEN = ("LEFT", "RIGHT", "TOP", "BOTTOM"), 0.03, 0.7

# What Solid mode needs to show values, by the names of the shading's properties.
_SHADING = {"color_type": "VERTEX", "light": "FLAT", "show_object_outline": False}

# How many times the model's size away a view must still draw it.
_FAR = 6.0

# How many times nearer than the farthest the nearest may be, so that what lies close together
# does not flicker.
_DEPTH = 1e6


def screens_of(manager: bpy.types.WindowManager, scene: bpy.types.Scene) -> list[bpy.types.Screen]:
    """What the windows that show a scene show."""
    return [window.screen for window in manager.windows if window.scene == scene]


def prepare(
    screens: Iterable[bpy.types.Screen],
    roots: Sequence[bpy.types.Collection],
    turn: bool = True,
) -> None:
    """Have the 3D views of `screens` show the values of the cells.

    Parameters
    ----------
    screens
        What windows show.
    roots
        The models that stand, the film's own first.
    turn
        Whether the views turn to the whole models.
    """
    reach = _reach(roots)
    for screen in screens:
        for index, space in _views(screen):
            _set(screen, index, space, {**_SHADING, **_clipping(space, reach)})
            if turn and space.region_3d is not None:
                _overlook(screen, index, space, roots)


def follow(screens: Iterable[bpy.types.Screen], roots: Sequence[bpy.types.Collection]) -> None:
    """Turn the views to the models that are left, where they still look as we turned them."""
    for screen in screens:
        stands = _kept(screen).get("stand", {})
        for index, space in _views(screen):
            _, ours = stands.get(str(index), (None, None))
            if ours and _same(_standing(space.region_3d), ours):
                _overlook(screen, index, space, roots)


def _clipping(space: bpy.types.SpaceView3D, reach: float) -> dict[str, float]:
    """From where to where a view must draw to show what is `reach` meters away."""
    end = max(space.clip_end, reach)
    return {"clip_start": max(space.clip_start, end / _DEPTH), "clip_end": end}


def _overlook(
    screen: bpy.types.Screen,
    index: int,
    space: bpy.types.SpaceView3D,
    roots: Sequence[bpy.types.Collection],
) -> None:
    """Turn a view to whole models, and keep where it stood before we first turned it."""
    region = space.region_3d
    kept = _kept(screen)
    stands = kept.setdefault("stand", {})
    before, ours = stands.get(str(index), (None, None))
    now = _standing(region)
    if ours is not None and region.view_perspective == "CAMERA":
        # It shows the film, and goes on to.
        return
    if ours is None or not _same(now, ours):
        before = now
    aspect, margins = _room(screen.areas[index])
    # A view's lens counts for a sensor twice as wide as a camera's.
    rotation, target, distance = overview(roots, aspect, space.lens / 2, margins)
    _stand(region, ["PERSP", list(rotation), list(target), distance])
    stands[str(index)] = [before, _standing(region)]
    screen[_REMEMBERED] = json.dumps(kept)


def _room(area: bpy.types.Area) -> tuple[float, Margins]:
    """Width over height of an area's view, and what of it a model must leave free.

    Headers, tools and the sidebar lie over the view.
    """
    view = next((r for r in area.regions if r.type == "WINDOW"), area)
    width, height = max(view.width, 1), max(view.height, 1)
    taken = dict.fromkeys(_SIDES, 0)
    for region in area.regions:
        if region.type == "WINDOW" or min(region.width, region.height) <= 1:
            continue
        reaches = {
            "LEFT": region.x + region.width - view.x,
            "RIGHT": view.x + width - region.x,
            "TOP": view.y + height - region.y,
            "BOTTOM": region.y + region.height - view.y,
        }
        side = region.alignment
        if side in taken:
            taken[side] = max(taken[side], reaches[side])
    sizes = (width, width, height, height)
    shares = [taken[side] / size for side, size in zip(_SIDES, sizes, strict=True)]
    if max(shares[0] + shares[1], shares[2] + shares[3]) > _MOST_TAKEN:
        # Hardly anything of the view is free.
        shares = [0.0] * len(_SIDES)
    return width / height, Margins(*(share + _MARGIN for share in shares))


def watching(screens: Iterable[bpy.types.Screen]) -> Watching:
    """The views that look through a camera; see `watch_on`."""
    return {
        (screen.name, index): _standing(space.region_3d)
        for screen in screens
        for index, space in _views(screen)
        if space.region_3d is not None and space.region_3d.view_perspective == "CAMERA"
    }


def watch_on(screens: Iterable[bpy.types.Screen], watched: Watching) -> None:
    """Have views look through the camera again that lost it to a film made anew."""
    for screen in screens:
        for index, space in _views(screen):
            before = watched.get((screen.name, index))
            # Whoever leaves the camera by himself moves the view.
            if before and _standing(space.region_3d)[2:] == before[2:]:
                space.region_3d.view_perspective = "CAMERA"


def show_film(screen: bpy.types.Screen, area: bpy.types.Area, root: bpy.types.Collection) -> None:
    """Have one view show the film as it is: through its camera, with materials."""
    for index, space in _views(screen):
        if screen.areas[index] == area:
            reach = _reach([root])
            kind = space.shading.type
            shown = kind if kind in {"MATERIAL", "RENDERED"} else "MATERIAL"
            wanted = {"type": shown, **_clipping(space, reach), "view_perspective": "CAMERA"}
            _set(screen, index, space, wanted)


def restore(screens: Iterable[bpy.types.Screen]) -> None:
    """Give the views back what they had, where it is still what we set."""
    for screen in screens:
        kept = _kept(screen)
        for index, space in _views(screen):
            left_film = False
            for name, (before, ours) in kept.get(str(index), {}).items():
                if _get(space, name) == ours:
                    left_film |= name == "view_perspective"
                    _put(space, name, before)
            before, ours = kept.get("stand", {}).get(str(index), (None, None))
            if before and (left_film or _same(_standing(space.region_3d), ours)):
                _stand(space.region_3d, before)
        if _REMEMBERED in screen:
            del screen[_REMEMBERED]


def _views(screen: bpy.types.Screen) -> list[tuple[int, bpy.types.SpaceView3D]]:
    """The 3D views of a screen, each with the number of its area."""
    return [
        (index, area.spaces.active)
        for index, area in enumerate(screen.areas)
        if area.type == "VIEW_3D"
    ]


def _kept(screen: bpy.types.Screen) -> dict[str, Any]:
    return json.loads(screen.get(_REMEMBERED, "{}"))


def _set(
    screen: bpy.types.Screen, index: int, space: bpy.types.SpaceView3D, wanted: dict[str, Any]
) -> None:
    """Set values of a view, and keep what they were before we first changed them."""
    kept = _kept(screen)
    view = kept.setdefault(str(index), {})
    for name, ours in wanted.items():
        now = _get(space, name)
        if now == ours:
            continue
        # A rebuild removes the camera that a view looks through, and Blender makes the view leave
        # it: that is no choice of the user's.
        known = name in view and (view[name][1] == now or name == "view_perspective")
        before = view[name][0] if known else now
        view[name] = (before, ours)
        _put(space, name, ours)
        # Blender stores floats with fewer digits; what is compared later is what it stored.
        view[name] = (before, _get(space, name))
    screen[_REMEMBERED] = json.dumps(kept)


def _owner(space: bpy.types.SpaceView3D, name: str) -> Any:
    if name in _SHADING or name == "type":
        return space.shading
    return space.region_3d if name == "view_perspective" else space


def _get(space: bpy.types.SpaceView3D, name: str) -> Any:
    return getattr(_owner(space, name), name, None)


def _put(space: bpy.types.SpaceView3D, name: str, value: Any) -> None:
    setattr(_owner(space, name), name, value)


def _standing(region: bpy.types.RegionView3D) -> list:
    """Where a view looks from."""
    return [
        region.view_perspective,
        list(region.view_rotation),
        list(region.view_location),
        region.view_distance,
    ]


def _stand(region: bpy.types.RegionView3D, standing: list) -> None:
    perspective, rotation, location, distance = standing
    # Leave the camera first, or moving the view would be moving within its frame.
    region.view_perspective = "PERSP"
    region.view_rotation = Quaternion(rotation)
    region.view_location = Vector(location)
    region.view_distance = distance
    region.view_perspective = perspective


def _same(a: list, b: list) -> bool:
    """Whether two views are one, as far as Blender's floats can tell."""

    def numbers(standing: list) -> list[float]:
        return [*standing[1], *standing[2], standing[3]]

    pairs = zip(numbers(a), numbers(b), strict=True)
    return a[0] == b[0] and all(abs(x - y) <= 1e-4 * max(1.0, abs(y)) for x, y in pairs)


def _reach(roots: Iterable[bpy.types.Collection]) -> float:
    """Meters from the scene's middle to where a view must still draw."""
    drawn = (item for root in roots for item in root.all_objects)
    places = [o.matrix_world.translation for o in drawn if o.type == "MESH"]
    return _FAR * max((place.length for place in places), default=0.0)
