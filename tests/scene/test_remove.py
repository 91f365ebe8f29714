"""Removing takes away our own things and nothing else; building leaves all others untouched."""

from __future__ import annotations

import bpy
import pytest
from mathutils import Vector

from llmviz_addon import scene as scene_room

from . import helpers


def _furnish() -> bpy.types.Object:
    """A person's scene, whose things have the names that ours will have."""
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add(location=(0.5, 0, 0))
    cube = bpy.context.object
    cube.name = cube.data.name = "tokens"
    cube["progress"] = 0.25
    for name in ("LLM Cell", "LLM Label", "LLM Tile"):
        cube.data.materials.append(bpy.data.materials.new(name))
    bpy.data.node_groups.new("LLM Cells", "GeometryNodeTree")
    home = bpy.data.collections.new("small")
    scene.collection.children.link(home)
    home.children.link(bpy.data.collections.new("Labels"))
    scene.world = bpy.data.worlds.new("LLM World")
    scene.camera = bpy.data.objects.new("Film Camera", bpy.data.cameras.new("Film Camera"))
    scene.collection.objects.link(scene.camera)
    scene.frame_start, scene.frame_end, scene.render.fps = 7, 77, 30
    scene.render.fps_base = 1.001
    scene.frame_set(20)
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.exposure = 0.5
    scene.eevee.use_raytracing = True
    scene.timeline_markers.new("Introduction", frame=1)
    scene.timeline_markers.new("Mine", frame=50)
    return cube


@pytest.mark.parametrize("furnished", [False, True], ids=["empty", "furnished"])
def test_after_removing_the_file_is_as_it_was_before_building(furnished):
    if furnished:
        _furnish()
    before = helpers.census()
    helpers.build_small()
    root = helpers.build_small(helpers.FEW, look="light", accessible=True)
    for look in scene_room.looks.available():
        scene_room.apply_look(bpy.context.scene, root, look, False)
    assert scene_room.remove(bpy.context.scene) is True
    assert not helpers.difference(before, helpers.census())
    assert scene_room.remove(bpy.context.scene) is False


def test_a_build_leaves_the_users_objects_alone():
    cube = _furnish()
    mine = {
        name: {d.name: d.session_uid for d in pool}
        for name, pool in helpers.pools().items()
        if name != "scenes"
    }
    matrix = cube.matrix_world.copy()
    helpers.build_small()
    for name, known in mine.items():
        now = {d.name: d.session_uid for d in helpers.pools()[name]}
        assert known.items() <= now.items(), f"{name}: something of the user's was renamed"
    assert cube.matrix_world == matrix
    assert cube["progress"] == 0.25 and "llmviz" not in cube
    assert {("Introduction", 1), ("Mine", 50)} <= {
        (m.name, m.frame) for m in bpy.context.scene.timeline_markers
    }


def test_a_guest_in_our_collection_survives():
    root = helpers.open_small()
    bpy.ops.mesh.primitive_monkey_add()
    guest = bpy.context.object
    for home in list(guest.users_collection):
        home.objects.unlink(guest)
    root.children[0].objects.link(guest)
    helpers.build_small(helpers.FEW)
    assert guest.name in root.all_objects
    scene_room.remove(bpy.context.scene)
    assert guest.name in bpy.context.scene.collection.objects
    assert [o.name for o in bpy.data.objects] == [guest.name]


def test_a_guest_collection_in_ours_survives():
    root = helpers.open_small()
    mine = bpy.data.collections.new("Mine")
    root.children.link(mine)
    mine.objects.link(bpy.data.objects.new("Inside", None))
    scene_room.remove(bpy.context.scene)
    assert mine in bpy.context.scene.collection.children_recursive, "it stays in the scene"
    assert "Inside" in mine.objects
    assert "Inside" not in bpy.context.scene.collection.objects


def test_a_guest_that_hangs_on_a_block_stays_where_it_is():
    helpers.open_small()
    guest = bpy.data.objects.new("Guest", None)
    bpy.context.scene.collection.objects.link(guest)
    guest.parent = helpers.block("wte")
    bpy.context.view_layer.update()
    place = guest.matrix_world.copy()
    scene_room.remove(bpy.context.scene)
    bpy.context.view_layer.update()
    assert (guest.matrix_world.translation - place.translation).length < 1e-4


def test_what_the_user_changed_since_stays():
    helpers.open_small()
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("Mine")
    scene.frame_end = 4321
    scene.view_settings.exposure = 1.5
    camera = bpy.data.objects.new("Mine", bpy.data.cameras.new("Mine"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    helpers.build_small(helpers.FEW)
    scene.frame_end = 4321
    scene.view_settings.exposure = 1.5
    scene.camera = camera
    scene_room.remove(scene)
    assert scene.world.name == "Mine"
    assert scene.camera is camera
    assert scene.frame_end == 4321
    assert scene.view_settings.exposure == 1.5
    assert [w.name for w in bpy.data.worlds] == ["Mine"]


def test_a_marker_that_the_user_renamed_or_moved_stays():
    helpers.open_small()
    scene = bpy.context.scene
    mine, other = scene.timeline_markers[3], scene.timeline_markers[5]
    mine.name = "My own"
    other.frame += 5
    kept = {("My own", mine.frame), (other.name, other.frame)}
    scene_room.remove(scene)
    assert {(m.name, m.frame) for m in scene.timeline_markers} == kept


def test_a_removed_world_or_camera_of_before_is_not_missed():
    scene = bpy.context.scene
    _furnish()
    helpers.build_small()
    bpy.data.worlds.remove(bpy.data.worlds["LLM World"])
    bpy.data.objects.remove(bpy.data.objects["Film Camera"])
    scene_room.remove(scene)
    assert scene.world is None or not scene.world.get("llmviz")
    assert not [d for pool in helpers.pools().values() for d in pool if d.get("llmviz")]


def test_the_model_stands_clear_of_what_is_there():
    bpy.ops.wm.read_factory_settings(use_empty=False)
    bpy.data.objects["Cube"].location = (2.0, 0.5, 0.0)
    bpy.context.view_layer.update()
    root = helpers.build_small()
    bpy.context.view_layer.update()
    # Lights, cameras and what the film brings may be anywhere; other objects that render may not
    # be in or near the model.
    of_film = {"llmviz_caption_of", "llmviz_titles_of", "llmviz_actor"}
    corners = [
        obj.matrix_world @ Vector(corner)
        for obj in root.all_objects
        if obj.type == "MESH" and not of_film & set(obj.keys())
        if obj.name != "Ground" and not obj.name.startswith(("Caption", "Tile", "Studio"))
        for corner in obj.bound_box
    ]
    left = min(c.x for c in corners)
    assert left > 3.0 + 0.5, "the cube ends at 3 m"
    assert min(c.z for c in corners) > -0.05, "it stands on the ground"


def test_an_empty_scene_has_the_model_in_the_middle():
    helpers.open_small()
    (anchor,) = (o for o in bpy.data.objects if o.get("llmviz_role") == "anchor")
    assert tuple(anchor.location)[:2] == (0.0, 0.0)
