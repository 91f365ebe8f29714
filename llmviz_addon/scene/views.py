"""3D views: turned to the models, set to show their numbers, and given back as they were.

Solid mode ignores materials but can show the color attribute of each cell's vertices, so Build sets
it to do that: in flat light, which leaves the colors as they are, and without outlines, which from
afar cover the cells in black. The floor's grid, which would cross the model, is off. When the
models of a scene change, views turn to all of them, and fit them beside the sidebar that lies over
the view. The shading type stays as it is; where it has lights, they are the look's own. A view's
former values are kept on its screen, which undo does not touch, and Remove brings back those that
have not been changed since.

A view that shows the film looks as its renders do: with the scene's own world and lights, without
overlays, and as wide as there is room. What that changes is kept apart, so that it can be left.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

import bpy
from mathutils import Quaternion, Vector

from ..walkthrough import Margins
from .pictures.overview import overview

_REMEMBERED = "llmviz_views"

# The places and directions of views, by the name of their screen and the number of their area.
Watching = dict[tuple[str, int], list]

# Sides of a view in the order of `Margins`; the share of the view that stays free at each; and the
# share that headers and sidebars may cover before they are ignored.
_SIDES, _MARGIN, _MOST_TAKEN = ("LEFT", "RIGHT", "TOP", "BOTTOM"), 0.03, 0.7

# Properties of the shading with which Solid mode shows the numbers.
_SHADING = {"color_type": "VERTEX", "light": "FLAT", "show_object_outline": False}

# The grid and the axes on the ground, which cross the model.
_GROUND = {"show_floor": False, "show_axis_x": False, "show_axis_y": False}

# Material Preview and Rendered have the look's own world and lights, as renders do.
_LIT = {
    "use_scene_world": True,
    "use_scene_lights": True,
    "use_scene_world_render": True,
    "use_scene_lights_render": True,
}

# The type of shading, and the owner of every other property that is set.
_TYPE = "type"
_OF_SHADING = {*_SHADING, *_LIT, _TYPE}
_OF_OVERLAY = {*_GROUND, "show_overlays"}
_OF_REGION = {"view_perspective", "view_camera_zoom", "view_camera_offset"}

# The key under which the place of a view from before the film is kept.
_STAND = "stand"

# Free pixels around the film's frame.
_FRAME = 12

# Distance at which a view must still draw the model, in multiples of the model's size.
_FAR = 6.0

# Greatest ratio of the farthest to the nearest distance that a view draws: with a greater one,
# surfaces close to each other flicker.
_DEPTH = 1e6


def screens_of(manager: bpy.types.WindowManager, scene: bpy.types.Scene) -> list[bpy.types.Screen]:
    """The screens of the windows that show a scene."""
    return [window.screen for window in manager.windows if window.scene == scene]


def prepare(
    screens: Iterable[bpy.types.Screen],
    roots: Sequence[bpy.types.Collection],
    turn: bool = True,
) -> None:
    """Have the 3D views of `screens` show the numbers of the cells.

    Parameters
    ----------
    screens
        The screens of windows.
    roots
        Root collections of the models in the scene, the film's own first.
    turn
        True to turn the views to the whole models.
    """
    reach = _reach(roots)
    for screen in screens:
        for index, space in _views(screen):
            wanted = {**_SHADING, **_LIT, **_GROUND, **_clipping(space, reach)}
            _set(screen, index, space, wanted)
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
    """The clip distances of a view that shows things up to `reach` meters away."""
    end = max(space.clip_end, reach)
    return {"clip_start": max(space.clip_start, end / _DEPTH), "clip_end": end}


def _overlook(
    screen: bpy.types.Screen,
    index: int,
    space: bpy.types.SpaceView3D,
    roots: Sequence[bpy.types.Collection],
) -> None:
    """Turn a view to whole models, and keep its place from before we first turned it."""
    region = space.region_3d
    kept = _kept(screen)
    stands = kept.setdefault("stand", {})
    before, ours = stands.get(str(index), (None, None))
    now = _standing(region)
    if ours is not None and region.view_perspective == "CAMERA":
        # The view shows the film, and stays with it.
        return
    if ours is None or not _same(now, ours):
        before = now
    aspect, margins = _room(screen.areas[index])
    # The lens of a view is for a sensor twice as wide as a camera's.
    rotation, target, distance = overview(roots, aspect, space.lens / 2, margins)
    _stand(region, ["PERSP", list(rotation), list(target), distance])
    stands[str(index)] = [before, _standing(region)]
    screen[_REMEMBERED] = json.dumps(kept)


def _room(area: bpy.types.Area) -> tuple[float, Margins]:
    """Width over height of an area's view, and the margins that a model must leave free."""
    view, taken = _window_of(area), _taken(area)
    width, height = max(view.width, 1), max(view.height, 1)
    sizes = (width, width, height, height)
    return width / height, Margins(
        *(side / size + _MARGIN for side, size in zip(taken, sizes, strict=True))
    )


def _window_of(area: bpy.types.Area) -> Any:
    """The region of an area that shows the scene."""
    return next((r for r in area.regions if r.type == "WINDOW"), area)


def _taken(area: bpy.types.Area) -> tuple[float, ...]:
    """Pixels at the sides of an area's view over which headers, tools and sidebars lie.

    Where so little is free that a model could not be seen, it is as if nothing lay there.
    """
    view = _window_of(area)
    width, height = max(view.width, 1), max(view.height, 1)
    taken = dict.fromkeys(_SIDES, 0.0)
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
    left, right, top, bottom = (taken[side] for side in _SIDES)
    if max((left + right) / width, (top + bottom) / height) > _MOST_TAKEN:
        return (0.0, 0.0, 0.0, 0.0)
    return left, right, top, bottom


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
            # A person who leaves the camera on purpose also moves the view, so a view that has not
            # moved lost its camera to the rebuild.
            if before and _standing(space.region_3d)[2:] == before[2:]:
                space.region_3d.view_perspective = "CAMERA"


def shows_film(space: bpy.types.SpaceView3D) -> bool:
    """True if a view looks through the camera, without overlays."""
    region = space.region_3d
    through = region is not None and region.view_perspective == "CAMERA"
    return through and not space.overlay.show_overlays


def show_film(screen: bpy.types.Screen, area: bpy.types.Area, root: bpy.types.Collection) -> None:
    """Have one view show the film as its renders do, as wide as there is room in it."""
    for index, space in _views(screen):
        if screen.areas[index] == area:
            kind = space.shading.type
            shown = kind if kind in {"MATERIAL", "RENDERED"} else "MATERIAL"
            _set(screen, index, space, {**_LIT, **_clipping(space, _reach([root]))})
            wanted = {_TYPE: shown, "show_overlays": False, "view_perspective": "CAMERA"}
            stand = _standing(space.region_3d)
            _set(screen, _film(index), space, wanted)
            _set(screen, _film(index), space, _filling(area))
            kept = _kept(screen)
            kept[_film(index)].setdefault(_STAND, stand)
            screen[_REMEMBERED] = json.dumps(kept)


def leave_film(screen: bpy.types.Screen, area: bpy.types.Area) -> None:
    """Have one view look as it did before it showed the film, but for what was changed since."""
    kept = _kept(screen)
    for index, space in _views(screen):
        if screen.areas[index] == area:
            before = kept.pop(_film(index), {})
            stand = before.pop(_STAND, None)
            _give_back(space, before)
            if shows_film(space):
                # It was set up so by hand, or by a former version.
                space.overlay.show_overlays = True
                space.region_3d.view_perspective = "PERSP"
            if stand is not None and space.region_3d.view_perspective != "CAMERA":
                _stand(space.region_3d, stand)
    screen[_REMEMBERED] = json.dumps(kept)


def _film(index: int) -> str:
    """The name under which a view's values from before the film are kept."""
    return f"film {index}"


def _filling(area: bpy.types.Area) -> dict[str, Any]:
    """The zoom and offset by which the camera's frame fills the free part of a view."""
    scene, view = bpy.context.scene, _window_of(area)
    render = scene.render
    across, up = (
        render.resolution_x * render.pixel_aspect_x,
        render.resolution_y * render.pixel_aspect_y,
    )
    left, right, top, bottom = (round(share) for share in _taken(area))
    room = view.width - left - right - 2 * _FRAME, view.height - top - bottom - 2 * _FRAME
    wide = min(room[0], room[1] * across / up)
    # Blender draws the longer side of the frame at this fraction of the view's longer side; see
    # `BKE_screen_view3d_zoom_to_fac`.
    fraction = max(wide, wide * up / across) / max(view.width, view.height)
    zoom = 50 * (2 * math.sqrt(max(fraction, 0.02)) - math.sqrt(2))
    # The offset counts in views, at a zoom at which the frame takes half of one.
    offset = (
        (right - left) / 2 / (2 * fraction * view.width),
        (top - bottom) / 2 / (2 * fraction * view.height),
    )
    return {"view_camera_zoom": zoom, "view_camera_offset": offset}


def restore(screens: Iterable[bpy.types.Screen]) -> None:
    """Give the views back their former values, where they still have those that we set."""
    for screen in screens:
        kept = _kept(screen)
        for index, space in _views(screen):
            filmed = kept.get(_film(index), {})
            filmed.pop(_STAND, None)
            left_film = _give_back(space, filmed)
            left_film |= _give_back(space, kept.get(str(index), {}))
            before, ours = kept.get("stand", {}).get(str(index), (None, None))
            if before and (left_film or _same(_standing(space.region_3d), ours)):
                _stand(space.region_3d, before)
        if _REMEMBERED in screen:
            del screen[_REMEMBERED]


def _give_back(space: bpy.types.SpaceView3D, kept: dict[str, Any]) -> bool:
    """Give a view its former values, where it has ours; True if it left the camera by that."""
    left = False
    for name, (before, ours) in kept.items():
        if _get(space, name) == ours:
            left |= name == "view_perspective"
            _put(space, name, before)
    return left


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
    screen: bpy.types.Screen, index: int | str, space: bpy.types.SpaceView3D, wanted: dict[str, Any]
) -> None:
    """Set values of a view, and keep under `index` what they were before we first changed them."""
    kept = _kept(screen)
    view = kept.setdefault(str(index), {})
    for name, ours in wanted.items():
        now = _get(space, name)
        if now == ours:
            continue
        # When a rebuild removes the camera that a view looks through, Blender makes the view leave
        # it; that is not the person's choice, so it does not count as a former value.
        known = name in view and (view[name][1] == now or name == "view_perspective")
        before = view[name][0] if known else now
        view[name] = (before, ours)
        _put(space, name, ours)
        # Blender stores floats with fewer digits, so the value is read back for comparing later.
        view[name] = (before, _get(space, name))
    screen[_REMEMBERED] = json.dumps(kept)


def _owner(space: bpy.types.SpaceView3D, name: str) -> Any:
    if name in _OF_SHADING:
        return space.shading
    if name in _OF_OVERLAY:
        return space.overlay
    return space.region_3d if name in _OF_REGION else space


def _get(space: bpy.types.SpaceView3D, name: str) -> Any:
    value = getattr(_owner(space, name), name, None)
    return list(value) if name == "view_camera_offset" else value


def _put(space: bpy.types.SpaceView3D, name: str, value: Any) -> None:
    setattr(_owner(space, name), name, value)


def _standing(region: bpy.types.RegionView3D) -> list:
    """A view's perspective, rotation, point that it turns about, and distance from there."""
    return [
        region.view_perspective,
        list(region.view_rotation),
        list(region.view_location),
        region.view_distance,
    ]


def _stand(region: bpy.types.RegionView3D, standing: list) -> None:
    perspective, rotation, location, distance = standing
    # The view leaves the camera first; else it would be moved within the camera's frame.
    region.view_perspective = "PERSP"
    region.view_rotation = Quaternion(rotation)
    region.view_location = Vector(location)
    region.view_distance = distance
    region.view_perspective = perspective


def _same(a: list, b: list) -> bool:
    """True if two views look the same way from the same place, within Blender's precision."""

    def numbers(standing: list) -> list[float]:
        return [*standing[1], *standing[2], standing[3]]

    pairs = zip(numbers(a), numbers(b), strict=True)
    return a[0] == b[0] and all(abs(x - y) <= 1e-4 * max(1.0, abs(y)) for x, y in pairs)


def _reach(roots: Iterable[bpy.types.Collection]) -> float:
    """Meters from the scene's middle up to which a view must draw."""
    drawn = (item for root in roots for item in root.all_objects)
    places = [o.matrix_world.translation for o in drawn if o.type == "MESH"]
    return _FAR * max((place.length for place in places), default=0.0)
