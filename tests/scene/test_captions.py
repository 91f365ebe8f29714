"""Captions are objects that the film's camera sees, each for its time, whatever the picture."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from llmviz_addon import scene as scene_room

from . import helpers

FPS = 24
ROOM = 0.018
SHAPES = {"wide": (1920, 1080), "square": (1080, 1080), "tall": (1080, 1920)}


@pytest.fixture(scope="module", autouse=True, params=SHAPES)
def clean_scene(request, expect):
    """One build for each shape of picture."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    width, height = SHAPES[request.param]
    render = bpy.context.scene.render
    render.resolution_x, render.resolution_y = width, height
    helpers.build(chapters="")
    return expect(helpers.PROMPT).board(width / height)


@pytest.fixture
def root() -> bpy.types.Collection:
    (found,) = scene_room.roots(bpy.context.scene)
    return found


def _texts(root: bpy.types.Collection) -> list[bpy.types.Object]:
    return [o for o in root.all_objects if "llmviz_caption_of" in o]


def _frames(board) -> list[int]:
    """Frames to look at: of each caption the middle, and moments between captions."""
    middles = [round(1 + (c.start + c.end) / 2 * FPS) for c in board.captions]
    return sorted({1, *middles, *range(1, round(board.duration * FPS), 397)})


def _expected(board, frame: int) -> list[str]:
    """Texts to be read at a frame, as words; none if one comes or goes within a frame of it."""
    time = (frame - 1) / FPS
    shown = [c for c in board.captions if c.start <= time < c.end]
    return sorted(f"{c.title} {c.text}".strip().replace("\u00a0", " ") for c in shown)


def test_exactly_the_captions_of_the_moment_are_seen(clean_scene, root):
    for frame in _frames(clean_scene):
        time = (frame - 1) / FPS
        if any(abs(time - t) < 0.05 for c in clean_scene.captions for t in (c.start, c.end)):
            continue
        bpy.context.scene.frame_set(frame)
        seen: dict[str, list[bpy.types.Object]] = {}
        for obj in _texts(root):
            if obj.scale.x > 0:
                seen.setdefault(obj["llmviz_caption_of"], []).append(obj)
        # Top down, as they are read.
        read = [
            " ".join(o["llmviz_text"] for o in sorted(objects, key=lambda o: -o.location.y))
            if abs(objects[0].location.z) > abs(objects[0].location.y)
            else " ".join(o["llmviz_text"] for o in sorted(objects, key=lambda o: -o.location.z))
            for objects in seen.values()
        ]
        assert sorted(read) == _expected(clean_scene, frame), f"frame {frame}"


def test_captions_are_within_the_picture_and_apart_from_each_other(clean_scene, root):
    scene = bpy.context.scene
    for frame in _frames(clean_scene):
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        boxes = []
        for obj in _texts(root):
            if obj.scale.x == 0:
                continue
            corners = [
                world_to_camera_view(scene, scene.camera, obj.matrix_world @ Vector(corner))
                for corner in obj.bound_box
            ]
            across, up = [c.x for c in corners], [c.y for c in corners]
            what = f"{obj['llmviz_text']!r} at frame {frame}"
            assert min(across) >= 0.02 and max(across) <= 0.98, what
            assert min(up) >= 0.01 and max(up) <= 0.5, what
            assert max(up) - min(up) >= 0.008, f"{what} is too small to read"
            boxes.append((min(up), max(up)))
        for (_, top), (bottom, _) in zip(sorted(boxes), sorted(boxes)[1:], strict=False):
            assert top <= bottom + 1e-4, f"lines overlap at frame {frame}"


def test_nothing_of_the_model_comes_between_the_camera_and_a_caption(clean_scene, root):
    scene = bpy.context.scene
    anchor = next(o for o in root.objects if o.get("llmviz_role") == "anchor")
    solid = [o for o in root.all_objects if o.type == "MESH" and o.parent == anchor]
    solid = [o for o in solid if o.name != "Ground" and "llmviz_titles_of" not in o]
    bpy.context.view_layer.update()
    clouds = []
    for obj in solid:
        local = np.array([v.co for v in obj.data.vertices]) if obj.type == "MESH" else None
        if local is None or not len(local):
            local = np.array([tuple(corner) for corner in obj.bound_box])
        matrix = np.array(obj.matrix_world)
        clouds.append((obj, local @ matrix[:3, :3].T + matrix[:3, 3]))
    for frame in range(1, scene.frame_end, 190):
        scene.frame_set(frame)
        bpy.context.view_layer.update()
        depths = [
            -(scene.camera.matrix_world.inverted() @ o.matrix_world.translation).z
            for o in _texts(root)
            if not o.hide_render
        ]
        if not depths:
            continue
        assert min(depths) > scene.camera.data.clip_start
        view = np.array(scene.camera.matrix_world.inverted())
        # What has faded is not in the way.
        cloud = np.concatenate([points for obj, points in clouds if obj.get("opacity", 1) > 0])
        seen = cloud @ view[:3, :3].T + view[:3, 3]
        depth = -seen[:, 2]
        # Half a cell's diagonal of room around a cell's center.
        reach = np.abs(depth) * 18 / scene.camera.data.lens + ROOM
        near = (depth > -ROOM) & (np.abs(seen[:, :2]) < reach[:, None]).all(axis=1)
        assert depth[near].min(initial=np.inf) > max(depths) + ROOM, f"frame {frame}"


def test_captions_can_be_switched_off(clean_scene, root):
    caption = clean_scene.captions[0]
    bpy.context.scene.frame_set(round(1 + (caption.start + caption.end) / 2 * FPS))

    def drawn() -> set[str]:
        graph = bpy.context.evaluated_depsgraph_get()
        names = {o.name for o in _texts(root)}
        return {i.object.name for i in graph.object_instances if i.object.name in names}

    assert scene_room.captions_visible(root) and drawn()
    scene_room.set_captions(root, False)
    assert not scene_room.captions_visible(root) and not drawn()
    hidden = {o.name for c in root.children_recursive if c.hide_render for o in c.all_objects}
    assert {o.name for o in _texts(root)} <= hidden
    scene_room.set_captions(root, True)
    assert scene_room.captions_visible(root) and drawn()
