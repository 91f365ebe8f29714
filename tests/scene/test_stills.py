"""Stills are files of the size asked for, and the scene is as it was before."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

import bpy
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.progress import run
from llmviz_addon.scene.pictures import taking
from llmviz_addon.scene.playing import captions
from llmviz_addon.scene.standing.finding import of_root
from llmviz_addon.scene.style import looks, studio
from llmviz_addon.walkthrough import Still

from . import helpers, pictures

SHAPES = {"wide": (128, 72), "square": (96, 96), "tall": (72, 128)}


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """One build for all tests, with settings of a person's own."""
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
    """Leave most cells out of pictures, to save time."""
    kept = ("tokens", "wte", "embedding", "logits", "probabilities")
    for obj in helpers.block_objects():
        obj.hide_render = not obj["llmviz_block"].startswith(kept)
    yield
    for obj in helpers.block_objects():
        obj.hide_render = False


def test_there_are_at_least_six_stills():
    found = dict(scene_room.stills())
    assert len(found) >= 6 and all(found.values())


def test_a_still_is_a_picture_of_the_size_asked_for(clean_scene, few_cells, tmp_path):
    scene, still = bpy.context.scene, scene_room.stills()[1][0]
    before = helpers.census(content=False)
    steps = scene_room.still_steps(scene, [still], tmp_path / "new", (64, 36), "CYCLES", 2)
    (made,) = scene_room.run(steps)
    assert made.name == f"nano-gpt_CBABBC_dark_{still}_64x36.png"
    assert pictures.size_of(made) == (64, 36)
    assert not helpers.difference(before, helpers.census(content=False))
    assert [p.name for p in made.parent.iterdir()] == [made.name]


@dataclass
class Series:
    """All stills of one shape: what each picture would have shown, and what was told and made."""

    shots: list[dict]
    told: list[float]
    made: list[str]


@pytest.fixture(scope="module")
def taken(clean_scene, tmp_path_factory) -> Callable[[str], Series]:
    """Take all stills of a shape, once for all tests."""
    series: dict[str, Series] = {}

    def take(shape: str) -> Series:
        if shape not in series:
            folder = tmp_path_factory.mktemp(shape)
            with pytest.MonkeyPatch.context() as patch:
                shots = _watch(patch)
                steps = scene_room.still_steps(bpy.context.scene, None, folder, SHAPES[shape])
                told = [fraction for fraction, _ in steps]
            series[shape] = Series(shots, told, sorted(path.name for path in folder.iterdir()))
        return series[shape]

    return take


def test_stills_are_rendered_one_step_each(taken):
    ids = [still for still, _ in scene_room.stills()]
    series = taken("wide")
    assert series.told == sorted(series.told) and series.told[0] == 0 and series.told[-1] == 1
    assert len(series.shots) == len(ids)
    assert series.made == sorted(f"nano-gpt_CBABBC_dark_{still}_128x72.png" for still in ids)


def _watch(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Note the settings of each picture instead of taking it."""
    shots: list[dict] = []
    blocks = helpers.block_objects()
    corners_of = {obj: _corners(obj) for obj in blocks}

    def look(scene):
        bpy.context.view_layer.update()
        camera = scene.camera
        boxes = {
            obj["llmviz_block"]: [
                world_to_camera_view(scene, camera, obj.matrix_world @ Vector(corner))
                for corner in corners
            ]
            for obj, corners in corners_of.items()
        }
        shots.append(
            {
                "boxes": boxes,
                "camera": camera.name,
                "dof": (camera.data.dof.use_dof, camera.data.dof.focus_distance),
                "clip": camera.data.clip_end,
                "frame": scene.frame_current_final,
                "shown": {o["llmviz_block"] for o in blocks if o["opacity"] > 0.5},
                "sun": _sun(scene),
                "before the sun": _before_the_sun(scene),
            }
        )

    pictures.stand_in(monkeypatch, look)
    return shots


def _away(scene: bpy.types.Scene) -> bpy.types.NodeSocket:
    """The direction away from the sun, in the world's material."""
    return scene.world.node_tree.nodes["away from the sun"].inputs[1]


def _sun(scene: bpy.types.Scene) -> Vector:
    """Across, up and depth of the sun in the picture, in parts of its width and height."""
    eye = scene.camera.matrix_world.translation
    return world_to_camera_view(scene, scene.camera, eye - 1e4 * Vector(_away(scene).default_value))


def _before_the_sun(scene: bpy.types.Scene) -> list[str]:
    """The blocks in the picture that a ray from the camera to the sun meets."""
    found = []
    for obj in helpers.block_objects():
        back = obj.matrix_world.inverted()
        eye = back @ scene.camera.matrix_world.translation
        way = -(back.to_3x3() @ Vector(_away(scene).default_value))
        corners = _corners(obj)
        enters, leaves = 0.0, float("inf")
        for axis in range(3):
            ends = [(corner[axis] - eye[axis]) / (way[axis] or 1e-12) for corner in corners]
            enters, leaves = max(enters, min(ends)), min(leaves, max(ends))
        if enters < leaves and not obj.hide_render:
            found.append(obj["llmviz_block"])
    return found


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


@pytest.mark.parametrize("shape", ["wide", "tall"])
def test_each_still_shows_cells(taken, shape):
    for shot in taken(shape).shots:
        seen = [
            name
            for name, corners in shot["boxes"].items()
            if min(p.z for p in corners) > 0
            and min(p.x for p in corners) < 0.9
            and max(p.x for p in corners) > 0.1
            and min(p.y for p in corners) < 0.9
            and max(p.y for p in corners) > 0.1
        ]
        assert set(seen) & shot["shown"], shot["frame"]


def test_a_macro_has_depth_of_field_and_its_cells_in_focus(taken):
    lenses = [shot["dof"] for shot in taken("wide").shots]
    assert any(use and 0.01 < distance < 100 for use, distance in lenses)


def test_a_still_has_the_aperture_that_suits_the_model(clean_scene, tmp_path, monkeypatch):
    suited = Still.suited
    monkeypatch.setattr(Still, "suited", lambda *args: replace(suited(*args), f_stop=0.0))
    shots = _watch(monkeypatch)
    run(scene_room.still_steps(bpy.context.scene, ["weights"], tmp_path, SHAPES["wide"]))
    assert [shot["dof"][0] for shot in shots] == [False]


@pytest.mark.parametrize("shape", ["wide", "tall"])
def test_the_sun_stands_free_or_out_of_the_picture(taken, shape):
    within = 0
    for shot in taken(shape).shots:
        across, up, depth = shot["sun"]
        if depth > 0 and 0 < across < 1 and 0 < up < 1:
            within += 1
            assert not shot["before the sun"]
    assert within >= 2
    assert studio.has_sun_of(bpy.context.scene.world, looks.load("dark")), "it has set again"


def test_a_sun_that_somebody_has_moved_stays(monkeypatch, tmp_path):
    scene = bpy.context.scene
    socket = _away(scene)
    before, theirs = tuple(socket.default_value), (0.6, -0.8, 0.0)
    socket.default_value = theirs
    seen = []
    pictures.stand_in(monkeypatch, lambda scene: seen.append(tuple(_away(scene).default_value)))
    first = scene_room.stills()[0][0]
    scene_room.run(scene_room.still_steps(scene, [first], tmp_path, SHAPES["wide"]))
    assert seen == [pytest.approx(theirs)]
    assert tuple(socket.default_value) == pytest.approx(theirs)
    socket.default_value = before


def test_all_is_as_it_was_when_the_render_fails(monkeypatch, tmp_path):
    before = helpers.census(content=False)

    def fail(*_args, **_options):
        raise RuntimeError("Error: The sky fell\nError: twice\n")

    monkeypatch.setattr(taking, "take", fail)
    with pytest.raises(scene_room.RenderError, match=r"embedding.*: The sky fell; twice$"):
        scene_room.run(scene_room.still_steps(bpy.context.scene, ["embedding"], tmp_path))
    assert not helpers.difference(before, helpers.census(content=False))
    assert not list(tmp_path.iterdir())


def test_all_is_as_it_was_when_somebody_stops(monkeypatch, tmp_path):
    before = helpers.census(content=False)
    _watch(monkeypatch)
    steps = scene_room.still_steps(bpy.context.scene, None, tmp_path)
    next(steps)
    next(steps)
    steps.close()
    assert not helpers.difference(before, helpers.census(content=False))
    assert len(list(tmp_path.iterdir())) == 1, "what was complete stays"


def test_a_still_is_of_its_moment_through_its_own_camera_whatever_a_person_made_of_time(
    monkeypatch, tmp_path
):
    scene, shots = bpy.context.scene, _watch(monkeypatch)
    still = ["attention"]
    scene_room.run(scene_room.still_steps(scene, still, tmp_path))
    film = scene.camera
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    scene.collection.objects.link(own)
    marker = scene.timeline_markers.new("Cut", frame=1)
    marker.camera = own
    scene.render.frame_map_new = 300
    scene.frame_set(42, subframe=0.5)
    scene.camera = None
    before = helpers.census(content=False)
    try:
        scene_room.run(scene_room.still_steps(scene, still, tmp_path))
        assert not helpers.difference(before, helpers.census(content=False))
    finally:
        scene.timeline_markers.remove(marker)
        bpy.data.objects.remove(own)
        scene.camera, scene.render.frame_map_new = film, 100
        scene.frame_set(42)
    first, second = shots
    assert first == second and second["camera"] == "Still Camera"


def test_a_second_still_of_the_same_name_leaves_the_first_unless_it_is_to_replace_it(
    monkeypatch, tmp_path
):
    pictures.stand_in(monkeypatch)

    def render(**options: bool):
        return scene_room.run(
            scene_room.still_steps(bpy.context.scene, ["model"], tmp_path, (64, 36), **options)
        )

    first, second = render(), render()
    assert second[0].name == f"{first[0].stem}-2.png" and first[0].is_file()
    again = render(overwrite=True)
    assert again == first and (second.replaced, again.replaced) == (0, 1)


@pytest.mark.parametrize("before", [True, False], ids=["captions on", "captions off"])
def test_captions_are_as_they_were_after_a_still(clean_scene, monkeypatch, tmp_path, before):
    scene_room.set_captions(clean_scene, before)
    switches = captions.switches(of_root(clean_scene))
    for switch in switches:
        switch.hide_viewport = before
    _watch(monkeypatch)
    ids = [still for still, _ in scene_room.stills()][:2]
    scene_room.run(scene_room.still_steps(bpy.context.scene, ids, tmp_path))
    assert scene_room.captions_visible(clean_scene) is before
    assert {switch.hide_viewport for switch in switches} == {before}, "views have their own switch"
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
