"""The film plays exactly as the storyboard says, on the timeline and nowhere else."""

from __future__ import annotations

import random

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import compat
from llmviz_addon.scene.playing.timeline import write_channel
from llmviz_addon.walkthrough.easing import EASINGS
from llmviz_addon.walkthrough.properties import PROPERTIES
from llmviz_addon.walkthrough.storyboard import Channel, Key

from . import helpers

CELL, FPS = 0.02, 24
ASPECT = 16 / 9


@pytest.fixture(scope="module", autouse=True)
def clean_scene(expect):
    """One build for all tests, which only scrub."""
    helpers.open_built(chapters="")
    render = bpy.context.scene.render
    assert (render.resolution_x, render.resolution_y) == (1920, 1080)
    return expect(helpers.PROMPT).board(ASPECT)


@pytest.fixture
def root() -> bpy.types.Collection:
    (found,) = scene_room.roots(bpy.context.scene)
    return found


def _go(seconds: float) -> None:
    frame = 1 + seconds * FPS
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))


def _moments(board, count: int) -> list[float]:
    dice = random.Random(2)
    inside = [dice.uniform(0, board.duration) for _ in range(count)]
    return [0.0, *inside, board.duration]


def _owners(root: bpy.types.Collection, board) -> dict[str, list[bpy.types.Object]]:
    """The objects that each target of the storyboard moves, found by their marks."""
    found: dict[str, list[bpy.types.Object]] = {}
    moved = {channel.target for channel in board.channels}
    for obj in root.all_objects:
        arrows = f"arrows:{obj.get('llmviz_leads_to')}"
        if arrows in moved:
            # They fade with their section, too; their own channel says both.
            found.setdefault(arrows, []).append(obj)
            continue
        for mark in ("llmviz_block", "llmviz_strip", "llmviz_actor"):
            if mark in obj:
                found.setdefault(obj[mark], []).append(obj)
        label = obj.get("llmviz_label_of", "")
        if label in ("card", "key"):
            found.setdefault(label, []).append(obj)
        section = obj.get("llmviz_arrows_of") or label.partition("section:")[2]
        # Objects of a section also belong to the sections that it is a part of.
        while section:
            found.setdefault(f"section:{section}", []).append(obj)
            section = section.rpartition(".")[0]
    return found


def _titles(root: bpy.types.Collection) -> dict[str, list[bpy.types.Object]]:
    """The objects of titles, by the name of their block."""
    found: dict[str, list[bpy.types.Object]] = {}
    for obj in root.all_objects:
        if "llmviz_label_of" in obj:
            found.setdefault(obj["llmviz_label_of"], []).append(obj)
    return found


def test_every_channel_plays_what_the_storyboard_says(clean_scene, root):
    owners, titles = _owners(root, clean_scene), _titles(root)
    checked = set()
    for time in _moments(clean_scene, 14):
        _go(time)
        for channel in clean_scene.channels:
            found = owners.get(channel.target, [])
            if channel.property == "opacity":
                found = found + titles.get(channel.target, [])
            assert found, f"nothing stands for {channel.target}"
            if channel.property in ("location", "scale", "rotation_euler"):
                found = found[:1]
            for obj in found:
                row = PROPERTIES[channel.property]
                if row.owner in ("counter", "keys") or (obj.hide_viewport and obj.type != "EMPTY"):
                    # `test_stage` sees to what gestures bring; viewports do not evaluate the rest.
                    continue
                expected, shown = channel.at(time), _shown(obj, channel)
                where = f"{channel.target}.{channel.property} at {time:.3f} s"
                # Frames are float32, so late in the film a moment is off by up to a thousandth.
                assert shown == pytest.approx(expected, abs=4e-3, rel=2e-4), where
            checked.add(channel.property)
    assert {"progress", "highlight", "opacity", "location", "rotation_euler"} <= checked


def _shown(obj: bpy.types.Object, channel: Channel) -> float:
    match channel.property:
        case "location":
            return obj.location[channel.index] / CELL
        case "rotation_euler":
            return obj.rotation_euler[channel.index]
        case "scale":
            assert len(set(obj.scale)) == 1
            return obj.scale[0]
        case "presence":
            return obj.delta_scale[0]
        case "offset":
            return obj.delta_location[channel.index] / CELL
        case "lens":
            return obj.data.lens
        case "focus_distance":
            return obj.data.dof.focus_distance / CELL
        case prop:
            return obj[prop]


def _random_channel(easing: str, dice: random.Random) -> Channel:
    time, keys = 0.0, []
    for _ in range(12):
        time += dice.uniform(0.05, 3)
        keys.append(Key(time, dice.uniform(-5, 5), easing, dice.uniform(-4, 4)))
    return Channel("thing", "highlight", tuple(keys))


@pytest.mark.parametrize("easing", [*EASINGS, "mixed"])
def test_an_easing_is_the_same_curve_in_blender(easing):
    dice = random.Random(7)
    channel = _random_channel("linear" if easing == "mixed" else easing, dice)
    if easing == "mixed":
        keys = [
            Key(k.time, k.value, dice.choice([*EASINGS]), k.slope if i else 0.0)
            for i, k in enumerate(channel.keys)
        ]
        channel = Channel("thing", "highlight", tuple(keys))
    obj = bpy.data.objects.new("Thing", None)
    obj["highlight"] = 0.0
    action = bpy.data.actions.new("Thing")
    write_channel(compat.fcurves(obj, action), '["highlight"]', channel, FPS)
    (bag,) = action.layers[0].strips[0].channelbags
    (curve,) = bag.fcurves
    last = channel.keys[-1].time
    for _ in range(300):
        time = dice.uniform(-1, last + 1)
        if easing in ("constant", "mixed") and any(abs(time - k.time) < 1e-3 for k in channel.keys):
            continue
        assert curve.evaluate(1 + time * FPS) == pytest.approx(channel.at(time), abs=3e-3), time
    bpy.data.objects.remove(obj)
    bpy.data.actions.remove(action)


def test_the_timeline_has_a_marker_for_every_chapter_and_beat(clean_scene):
    expected = sorted((round(1 + m.time * FPS), m.name) for m in clean_scene.markers)
    found = sorted((m.frame, m.name) for m in bpy.context.scene.timeline_markers)
    assert found == expected


def test_chapters_are_read_back_from_the_scene(clean_scene, root):
    chapters = scene_room.chapters(root)
    markers = [m for m in clean_scene.markers if m.kind == "chapter"]
    assert [(c.id, c.title) for c in chapters] == [(m.id, m.name) for m in markers]
    beats = {m.id: round(1 + m.time * FPS) for m in clean_scene.beats}
    assert {b.id: b.frame for c in chapters for b in c.beats} == beats
    for chapter in chapters:
        assert all(beat.id.startswith(f"{chapter.id}.") for beat in chapter.beats)
    assert len(chapters) == 10


def test_the_film_plays_from_frame_1_at_24_frames_a_second(clean_scene):
    scene = bpy.context.scene
    assert (scene.render.fps, scene.render.fps_base) == (24, 1.0)
    assert scene.frame_start == 1
    assert scene.frame_end == round(1 + clean_scene.duration * 24)
    assert scene.camera.get("llmviz_actor") == "camera"


def test_before_the_film_the_whole_model_is_computed_and_seen(clean_scene):
    """A model that was just built shows its numbers, and the film begins in the dark."""
    scene = bpy.context.scene
    blocks = helpers.block_objects()
    scene.frame_set(scene.frame_start)
    assert any(block["progress"] < 1 for block in blocks)
    scene.frame_set(scene.frame_start - 1)
    for block in blocks:
        assert (block["progress"], block["opacity"], block["highlight"]) == (1, 1, 0), block.name


def test_there_is_one_curve_for_each_property(root):
    for action in bpy.data.actions:
        for bag in action.layers[0].strips[0].channelbags:
            names = [(c.data_path, c.array_index) for c in bag.fcurves]
            assert len(set(names)) == len(names)


def test_the_outliner_names_the_film_and_its_captions(root):
    assert {"Film", "Captions"} <= {c.name for c in root.children_recursive}


def test_playing_needs_no_code(root):
    assert not any(bpy.data.texts)
    for obj in bpy.data.objects:
        for owner in (obj, obj.data):
            data = getattr(owner, "animation_data", None)
            assert data is None or not data.drivers, obj.name
    for name in dir(bpy.app.handlers):
        handlers = getattr(bpy.app.handlers, name)
        if isinstance(handlers, list):
            assert not [h for h in handlers if "llmviz" in getattr(h, "__module__", "")], name
