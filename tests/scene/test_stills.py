"""Stills and films are files of the size asked for, and the scene is as it was afterwards."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import bpy
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from llmviz_addon import scene as scene_room

from . import helpers

# The package has a function of that name, too.
stills_room = importlib.import_module("llmviz_addon.scene.pictures.stills")

SHAPES = {"wide": (128, 72), "square": (96, 96), "tall": (72, 128)}


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """One build for all tests, with settings of a user's own."""
    root = helpers.open_built()
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = 333, 222
    scene.render.filepath = "/tmp/mine"
    scene.render.image_settings.file_format = "OPEN_EXR"
    scene.cycles.samples = 17
    scene.frame_set(42)
    return root


@pytest.fixture
def few_cells():
    """Leave most cells out of pictures, which take long with them."""
    kept = ("tokens", "wte", "embedding", "logits", "probabilities")
    for obj in helpers.block_objects():
        obj.hide_render = not obj["llmviz_block"].startswith(kept)
    yield
    for obj in helpers.block_objects():
        obj.hide_render = False


def _size(path: Path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_there_are_at_least_six_stills():
    found = dict(scene_room.stills())
    assert len(found) >= 6 and all(found.values())


def test_a_still_is_a_picture_of_the_size_asked_for(clean_scene, few_cells, tmp_path):
    scene, still = bpy.context.scene, scene_room.stills()[1][0]
    before = helpers.census(content=False)
    steps = scene_room.still_steps(scene, [still], tmp_path / "new", (64, 36), "CYCLES", 2)
    (made,) = scene_room.run(steps)
    assert made.name == f"nano-gpt-{still}.png" and _size(made) == (64, 36)
    assert not helpers.difference(before, helpers.census(content=False))
    assert [p.name for p in made.parent.iterdir()] == [made.name]


def test_stills_are_rendered_one_step_each(monkeypatch, tmp_path):
    shots = _watch(monkeypatch)
    ids = [still for still, _ in scene_room.stills()]
    steps = scene_room.still_steps(bpy.context.scene, None, tmp_path, (128, 72))
    told = [fraction for fraction, _ in steps]
    assert told == sorted(told) and told[0] == 0 and told[-1] == 1
    assert [shot["path"].stem for shot in shots] == [f"nano-gpt-{still}" for still in ids]


def _watch(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Note how each picture would be taken instead of taking it."""
    shots: list[dict] = []

    def render(scene, _root, path, _engine, size, _samples, animation=False):
        bpy.context.view_layer.update()
        camera = scene.camera
        before = scene.render.resolution_x, scene.render.resolution_y
        scene.render.resolution_x, scene.render.resolution_y = size
        boxes = {
            obj["llmviz_block"]: [
                world_to_camera_view(scene, camera, obj.matrix_world @ Vector(corner))
                for corner in _corners(obj)
            ]
            for obj in helpers.block_objects()
        }
        scene.render.resolution_x, scene.render.resolution_y = before
        shots.append(
            {
                "path": path,
                "boxes": boxes,
                "camera": camera.name,
                "clip": camera.data.clip_end,
                "frame": scene.frame_current,
                "shown": {o["llmviz_block"] for o in helpers.block_objects() if o["opacity"] > 0.5},
            }
        )

    monkeypatch.setattr(stills_room, "_render", render)
    return shots


def _corners(obj: bpy.types.Object) -> list[tuple[float, float, float]]:
    """The outermost corners of a block's cells, which are drawn around its vertices."""
    columns = int(helpers.read(obj.data, "column").max())
    rows = -int(helpers.read(obj.data, "row").max())
    return [
        (x, y, z)
        for x in (-0.45, columns + 0.45)
        for y in (-0.45, 0.45)
        for z in (0.45, rows - 0.45)
    ]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_still_of_everything_has_every_block_in_the_picture(monkeypatch, tmp_path, shape):
    shots = _watch(monkeypatch)
    first = scene_room.stills()[0][0]
    scene_room.run(scene_room.still_steps(bpy.context.scene, [first], tmp_path, SHAPES[shape]))
    (shot,) = shots
    points = [p for corners in shot["boxes"].values() for p in corners]
    assert all(0 <= p.x <= 1 and 0 <= p.y <= 1 and 0 < p.z < shot["clip"] for p in points)
    across = max(p.x for p in points) - min(p.x for p in points)
    up = max(p.y for p in points) - min(p.y for p in points)
    assert max(across, up) > 0.4, "it fills the picture"


@pytest.mark.parametrize("shape", SHAPES)
def test_each_still_shows_cells(monkeypatch, tmp_path, shape):
    shots = _watch(monkeypatch)
    scene_room.run(scene_room.still_steps(bpy.context.scene, None, tmp_path, SHAPES[shape]))
    for shot in shots:
        seen = [
            name
            for name, corners in shot["boxes"].items()
            if min(p.z for p in corners) > 0
            and min(p.x for p in corners) < 0.9
            and max(p.x for p in corners) > 0.1
            and min(p.y for p in corners) < 0.9
            and max(p.y for p in corners) > 0.1
        ]
        assert set(seen) & shot["shown"], shot["path"].stem


def test_a_macro_has_depth_of_field_and_its_cells_in_focus(monkeypatch, tmp_path):
    seen = []

    def render(scene, *_args, **_options):
        bpy.context.view_layer.update()
        seen.append((scene.camera.data.dof.use_dof, scene.camera.data.dof.focus_distance))

    monkeypatch.setattr(stills_room, "_render", render)
    scene_room.run(scene_room.still_steps(bpy.context.scene, None, tmp_path))
    assert any(use and 0.01 < distance < 100 for use, distance in seen)


def test_settings_come_back_when_the_render_fails(monkeypatch, tmp_path):
    before = helpers.census(content=False)

    def fail(*_args, **_options):
        raise RuntimeError("no")

    monkeypatch.setattr(stills_room, "bpy", _Failing(bpy, fail))
    with pytest.raises((RuntimeError, scene_room.RenderError)):
        scene_room.run(scene_room.still_steps(bpy.context.scene, None, tmp_path))
    with pytest.raises((RuntimeError, scene_room.RenderError)):
        scene_room.run(scene_room.film_steps(bpy.context.scene, tmp_path / "film", 10, 12))
    assert not helpers.difference(before, helpers.census(content=False))


class _Failing:
    """bpy, but its render operator fails."""

    def __init__(self, real, fail):
        self._real = real
        self.ops = type("Ops", (), {"render": type("Render", (), {"render": staticmethod(fail)})})

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_settings_come_back_when_somebody_stops(monkeypatch, tmp_path):
    before = helpers.census(content=False)
    _watch(monkeypatch)
    for steps in (
        scene_room.still_steps(bpy.context.scene, None, tmp_path),
        scene_room.film_steps(bpy.context.scene, tmp_path / "film", 10, 20),
    ):
        next(steps)
        next(steps)
        steps.close()
        assert not helpers.difference(before, helpers.census(content=False))


def test_a_film_is_numbered_pictures(few_cells, tmp_path):
    before = helpers.census(content=False)
    steps = scene_room.film_steps(bpy.context.scene, tmp_path, 100, 101, (32, 18), "CYCLES", 1)
    made = scene_room.run(steps)
    assert [p.name for p in made] == ["00100.png", "00101.png"]
    assert all(_size(p) == (32, 18) for p in made)
    assert not helpers.difference(before, helpers.census(content=False))


def test_a_film_is_one_file_as_mp4(few_cells, tmp_path):
    before = helpers.census(content=False)
    steps = scene_room.film_steps(
        bpy.context.scene, tmp_path / "a.mp4", 100, 101, (32, 18), "CYCLES", 1, "MP4"
    )
    (made,) = scene_room.run(steps)
    assert made == tmp_path / "a.mp4" and b"ftyp" in made.read_bytes()[:12]
    assert not helpers.difference(before, helpers.census(content=False))


@pytest.mark.parametrize("before", [True, False], ids=["captions on", "captions off"])
def test_captions_are_as_they_were_after_a_still(clean_scene, monkeypatch, tmp_path, before):
    scene_room.set_captions(clean_scene, before)
    _watch(monkeypatch)
    ids = [still for still, _ in scene_room.stills()][:2]
    scene_room.run(scene_room.still_steps(bpy.context.scene, ids, tmp_path))
    assert scene_room.captions_visible(clean_scene) is before
    scene_room.set_captions(clean_scene, True)


def _sentence(error: BaseException, word: str) -> None:
    text = str(error)
    assert word in text and "\n" not in text and text.rstrip(".").count(". ") <= 1, text


def test_mistakes_get_a_sentence(tmp_path):
    scene = bpy.context.scene
    first = scene_room.stills()[0][0]
    with pytest.raises(scene_room.RenderError) as caught:
        scene_room.run(scene_room.still_steps(scene, ["sunset"], tmp_path))
    _sentence(caught.value, "sunset")
    assert first in str(caught.value), "it lists those that there are"
    with pytest.raises(scene_room.RenderError) as caught:
        scene_room.run(scene_room.film_steps(scene, tmp_path, 20, 10))
    _sentence(caught.value, "20")
    empty = bpy.data.scenes.new("Empty")
    for steps in (
        scene_room.still_steps(empty, None, tmp_path),
        scene_room.film_steps(empty, tmp_path),
    ):
        with pytest.raises(scene_room.RenderError) as caught:
            scene_room.run(steps)
        _sentence(caught.value, "model")
    bpy.data.scenes.remove(empty)
    occupied = tmp_path / "file"
    occupied.touch()
    with pytest.raises(scene_room.RenderError) as caught:
        scene_room.run(scene_room.still_steps(scene, [first], occupied / "below"))
    _sentence(caught.value, str(occupied))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_gets_a_sentence(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(scene_room.RenderError, match=str(tmp_path)):
        scene_room.run(scene_room.still_steps(bpy.context.scene, None, tmp_path))
