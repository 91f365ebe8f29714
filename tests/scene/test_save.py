"""The file is complete in itself: saved, opened anywhere, undone."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import pytest

import llmviz_addon
from llmviz_addon import scene as scene_room

from . import helpers

APART = '''
"""Opens a file where the extension has never been, plays it and renders a picture."""
import importlib.util, json, sys
import bpy

blend, picture, told = sys.argv[-3:]
assert importlib.util.find_spec("llmviz_addon") is None
bpy.ops.wm.open_mainfile(filepath=blend)
assert not hasattr(bpy.types.Scene, "llmviz")
scene = bpy.context.scene
found = {}
for frame in (1, 300, 900, 1500):
    scene.frame_set(frame)
    for obj in scene.objects:
        if "llmviz_block" in obj:
            found[f"{frame} {obj['llmviz_block']}"] = [obj["progress"], obj["opacity"]]
    found[f"{frame} camera"] = [*scene.camera.location, *scene.camera.rotation_euler]
scene.frame_set(900)
scene.render.filepath = picture
bpy.ops.render.render(write_still=True)
open(told, "w").write(json.dumps(found))
print("all is well")
sys.stdout.flush()
'''


def _played() -> dict[str, list[float]]:
    scene, found = bpy.context.scene, {}
    for frame in (1, 300, 900, 1500):
        scene.frame_set(frame)
        for obj in helpers.block_objects():
            found[f"{frame} {obj['llmviz_block']}"] = [obj["progress"], obj["opacity"]]
        found[f"{frame} camera"] = [*scene.camera.location, *scene.camera.rotation_euler]
    return found


def _pixels(path: Path) -> list[float]:
    image = bpy.data.images.load(str(path))
    found = list(image.pixels)
    assert tuple(image.size) == (64, 36)
    bpy.data.images.remove(image)
    return found


def _only(sections: set[str]) -> None:
    """Leave the other sections' cells out of the picture, which takes much longer with them."""
    for obj in helpers.block_objects():
        if not obj["llmviz_block"].startswith(tuple(sections)):
            obj.hide_render = True


def test_the_file_plays_and_renders_where_the_extension_is_not(tmp_path):
    helpers.open_built()
    _only({"tokens", "wte", "wpe", "embedding", "layer0.ln_1"})
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.cycles.max_bounces = 0
    scene.render.image_settings.file_format = "PNG"
    blend, here, there = (tmp_path / name for name in ("a.blend", "here.png", "there.png"))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    script = tmp_path / "apart.py"
    script.write_text(APART)
    helpers.run_apart(script, blend, there, tmp_path / "told.json")
    told = json.loads((tmp_path / "told.json").read_text())
    expected = _played()
    assert told.keys() == expected.keys()
    for key, values in expected.items():
        assert told[key] == pytest.approx(values, abs=1e-6), key
    scene.frame_set(900)
    scene.render.filepath = str(here)
    bpy.ops.render.render(write_still=True)
    ours, theirs = _pixels(here), _pixels(there)
    assert max(ours) > 0.1 and len(set(ours)) > 50, "there is something to see"
    assert sum(abs(a - b) for a, b in zip(ours, theirs, strict=True)) / len(ours) < 0.01


def test_nothing_outside_the_file_is_needed(tmp_path):
    helpers.open_built()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    assert bpy.utils.blend_paths(absolute=True, packed=False) == []
    assert not bpy.data.fonts
    assert not bpy.data.libraries
    assert not bpy.data.texts


def _told(root: bpy.types.Collection) -> object:
    return (
        scene_room.recipe_of(root),
        scene_room.chapters(root),
        scene_room.captions_visible(root),
        {o["llmviz_block"]: helpers.values(o.data) for o in helpers.block_objects()},
        {o["llmviz_block"]: o["gain"] for o in helpers.block_objects()},
        helpers.counts(),
        sorted((m.name, m.frame) for m in bpy.context.scene.timeline_markers),
    )


def test_a_file_keeps_everything_when_it_is_saved_and_opened(tmp_path):
    root = helpers.build_small(look="light", accessible=True, captions=False)
    before, played = _told(root), _played()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    (root,) = scene_room.roots(bpy.context.scene)
    assert _told(root) == before
    assert _played() == played


def test_an_opened_file_can_be_rebuilt_and_cleared(tmp_path):
    bpy.context.scene.frame_end = 77
    before = helpers.counts()
    helpers.build_small()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    counted = helpers.counts()
    identities = {o.name: o.session_uid for o in helpers.block_objects()}
    helpers.build_small("0 2 1 0 2 1")
    assert {o.name: o.session_uid for o in helpers.block_objects()} == identities
    helpers.build_small()
    assert helpers.counts() == counted
    assert scene_room.remove(bpy.context.scene)
    assert helpers.counts() == before
    assert bpy.context.scene.frame_end == 77


def test_build_and_remove_are_one_undo_step_each():
    llmviz_addon.register()
    try:
        bpy.ops.ed.undo_push(message="Before")
        scene = bpy.context.scene
        scene.llmviz.model, scene.llmviz.prompt = helpers.small(), helpers.MORE
        bpy.ops.ed.undo_push(message="Settings")
        empty = helpers.counts()
        assert bpy.ops.llmviz.build() == {"FINISHED"}
        bpy.ops.ed.undo_push(message="Build Model")
        count = len(helpers.block_objects())
        assert count
        bpy.ops.ed.undo()
        assert helpers.counts() == empty
        bpy.ops.ed.redo()
        assert len(helpers.block_objects()) == count
        (root,) = scene_room.roots(bpy.context.scene)
        assert scene_room.recipe_of(root).prompt == helpers.MORE
        assert bpy.ops.llmviz.remove() == {"FINISHED"}
        bpy.ops.ed.undo_push(message="Remove Model")
        assert not helpers.block_objects()
        bpy.ops.ed.undo()
        assert len(helpers.block_objects()) == count
    finally:
        llmviz_addon.unregister()
