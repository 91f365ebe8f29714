"""3D views turn when the models of a scene change, and come back to where they were."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import bpy
import pytest
from mathutils import Quaternion, Vector

from llmviz_addon.scene import views

LEVEL = Quaternion()


@pytest.fixture
def view() -> bpy.types.RegionView3D:
    """The only 3D view, 7 m from a place that a person looks at."""
    (area,) = (a for a in bpy.context.screen.areas if a.type == "VIEW_3D")
    region = area.spaces.active.region_3d
    region.view_perspective, region.view_distance = "PERSP", 7.0
    return region


@pytest.fixture
def models(monkeypatch) -> Callable[[int], list[bpy.types.Collection]]:
    """A function that makes models; a view of all is a hundred meters away for each of them."""
    monkeypatch.setattr(
        views,
        "overview",
        lambda roots, *_: (LEVEL, Vector((0, 0, 0)), 100.0 * len(roots)),
    )
    return lambda count: [bpy.data.collections.new("Model") for _ in range(count)]


def prepare(roots: list[bpy.types.Collection], turn: bool = True) -> None:
    views.prepare([bpy.context.screen], roots, turn)


def restore() -> None:
    views.restore([bpy.context.screen])


def test_views_turn_to_all_models_when_one_more_stands(view, models):
    prepare(models(1))
    assert view.view_distance == pytest.approx(100)
    prepare(models(3))
    assert view.view_distance == pytest.approx(300)
    restore()
    assert view.view_distance == pytest.approx(7)


def test_a_rebuild_is_seen_from_where_one_stands(view, models):
    prepare(models(1))
    view.view_distance = 42.0
    prepare(models(1), turn=False)
    assert view.view_distance == pytest.approx(42)


def test_remove_gives_back_where_one_stood_before_the_last_turn(view, models):
    prepare(models(1))
    view.view_distance = 42.0
    prepare(models(2))
    assert view.view_distance == pytest.approx(200)
    restore()
    assert view.view_distance == pytest.approx(42)


def test_a_view_that_was_moved_since_is_left_there(view, models):
    prepare(models(2))
    view.view_distance = 42.0
    views.follow([bpy.context.screen], models(1))
    restore()
    assert view.view_distance == pytest.approx(42)


def test_views_follow_to_the_models_that_are_left(view, models):
    prepare(models(3))
    views.follow([bpy.context.screen], models(2))
    assert view.view_distance == pytest.approx(200)
    restore()
    assert view.view_distance == pytest.approx(7)


@pytest.fixture
def camera() -> Iterator[bpy.types.Object]:
    """The scene's camera."""
    scene = bpy.context.scene
    made = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(made)
    scene.camera = made
    return made


def test_a_view_that_shows_the_film_goes_on_to(view, models, camera):
    prepare(models(1))
    view.view_perspective = "CAMERA"
    prepare(models(2))
    assert view.view_perspective == "CAMERA"
    restore()
    assert view.view_perspective == "CAMERA", "the user's own choice"


def test_a_view_keeps_showing_the_film_when_its_camera_is_made_anew(view, camera):
    view.view_perspective = "CAMERA"
    screens = [bpy.context.screen]
    watching = views.watching(screens)
    bpy.data.objects.remove(camera)
    view.view_perspective = "PERSP"  # as Blender does at once where it draws
    views.watch_on(screens, watching)
    assert view.view_perspective == "CAMERA"
    view.view_perspective, view.view_distance = "PERSP", 42.0
    views.watch_on(screens, watching)
    assert view.view_perspective == "PERSP", "the user left the camera"


def test_a_view_of_the_film_is_left_as_it_was_before(view, models, camera):
    (area,) = (a for a in bpy.context.screen.areas if a.type == "VIEW_3D")
    space = area.spaces.active
    prepare(models(1))
    view.view_distance = 42.0
    assert not space.overlay.show_floor, "no grid across the model"
    before = space.shading.type, list(view.view_camera_offset), view.view_camera_zoom
    views.show_film(bpy.context.screen, area, models(1)[0])
    assert views.shows_film(space) and view.view_perspective == "CAMERA"
    assert space.shading.type == "MATERIAL" and space.shading.use_scene_world
    assert not space.overlay.show_overlays
    views.leave_film(bpy.context.screen, area)
    assert not views.shows_film(space) and space.overlay.show_overlays
    assert view.view_perspective == "PERSP" and view.view_distance == pytest.approx(42)
    assert (space.shading.type, list(view.view_camera_offset), view.view_camera_zoom) == before
    views.show_film(bpy.context.screen, area, models(1)[0])
    restore()
    assert space.overlay.show_floor and space.overlay.show_overlays
    assert not space.shading.use_scene_world and view.view_perspective == "PERSP"


@pytest.mark.parametrize("sidebar", [0, 300])
def test_the_frame_of_the_film_is_as_wide_as_the_free_part_of_a_view(sidebar, monkeypatch):
    """Where Blender draws the frame is computed as `ED_view3d_calc_camera_border` does."""
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 1920, 1080
    regions = [region("WINDOW", "NONE", 0, 0, 1000, 800)]
    if sidebar:
        regions.append(region("UI", "RIGHT", 1000 - sidebar, 0, sidebar, 800))
    found = views._filling(SimpleNamespace(regions=regions))
    fraction = (math.sqrt(2) + found["view_camera_zoom"] / 50) ** 2 / 4
    wide = fraction * 1000
    middle = 500 - found["view_camera_offset"][0] * 2 * fraction * 1000
    assert middle - wide / 2 == pytest.approx(views._FRAME)
    assert middle + wide / 2 == pytest.approx(1000 - sidebar - views._FRAME)


def region(kind: str, side: str, x: int, y: int, width: int, height: int) -> SimpleNamespace:
    return SimpleNamespace(type=kind, alignment=side, x=x, y=y, width=width, height=height)


def test_models_are_seen_beside_what_lies_over_the_view():
    """A view of 1000 by 500 pixels at (100, 50), its sidebar moved to the left."""
    regions = [
        region("WINDOW", "NONE", 100, 50, 1000, 500),
        region("HEADER", "TOP", 100, 525, 1000, 25),
        region("UI", "LEFT", 100, 50, 300, 475),
        region("TOOLS", "RIGHT", 1050, 50, 50, 475),
        region("ASSET_SHELF", "BOTTOM", 100, 50, 1, 1),
        region("HUD", "FLOAT", 420, 60, 200, 100),
    ]
    aspect, margins = views._room(SimpleNamespace(regions=regions))
    free = views._MARGIN
    assert aspect == 2
    assert (margins.left, margins.right) == pytest.approx((0.3 + free, 0.05 + free))
    assert (margins.top, margins.bottom) == pytest.approx((0.05 + free, free))


def test_a_view_that_is_covered_is_framed_as_if_it_were_not():
    regions = [
        region("WINDOW", "NONE", 0, 0, 400, 400),
        region("UI", "RIGHT", 50, 0, 350, 400),
    ]
    _, margins = views._room(SimpleNamespace(regions=regions))
    assert margins.right == views._MARGIN
