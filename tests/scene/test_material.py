"""The look of a cell tells if it is positive, negative, zero or not yet computed."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.attributes import write_attribute

from . import helpers

CELL, SIZE = 0.02, 16  # pixels a cell
LOOK_IDS = scene_room.looks.available()
LOOKS = [(look, accessible) for look in LOOK_IDS for accessible in (False, True)]
BLOCKS = {"weight": "wte", "activation": "embedding", "aggregate": "ln_f.mean"}


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """One build; each test hangs one block of it alone into a scene with a camera and a sun."""
    helpers.open_built()
    studio = bpy.data.scenes.new("Studio")
    studio.render.engine = "CYCLES"
    studio.cycles.samples = 8
    studio.cycles.use_denoising = False
    studio.cycles.max_bounces = 0
    studio.cycles.transparent_max_bounces = 32
    studio.view_settings.view_transform = "Standard"
    studio.render.image_settings.file_format = "PNG"
    camera = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
    camera.data.type, camera.data.clip_start = "ORTHO", 0.001
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler = (0.9, 0.0, 0.2)
    for obj in (camera, sun):
        studio.collection.objects.link(obj)
    studio.camera = camera
    studio.world = bpy.data.worlds.new("Gray")
    studio.world.color = (0.05, 0.05, 0.05)
    return studio


@pytest.fixture
def studio(clean_scene):
    """The scene in which one block is looked at."""
    yield clean_scene
    for obj in list(clean_scene.collection.objects):
        if "llmviz_block" in obj:
            clean_scene.collection.objects.unlink(obj)


def _dress(look: str, accessible: bool) -> None:
    scene = next(s for s in bpy.data.scenes if scene_room.roots(s))
    (root,) = scene_room.roots(scene)
    scene_room.apply_look(scene, root, look, accessible)


def _show(studio: bpy.types.Scene, kind: str = "activation") -> bpy.types.Object:
    """A block of that kind whose first four cells are 1, -1, 0 and empty, in view."""
    obj = helpers.block(BLOCKS[kind])
    mesh = obj.data
    count = len(mesh.vertices)
    column, row = helpers.read(mesh, "column"), helpers.read(mesh, "row")
    first = {(c, 0): c for c in range(4)}
    place = np.array([first.get(cell, 3) for cell in zip(column, row, strict=True)])
    if kind == "weight":  # three columns only: take the rows
        place = np.array([r if c == 0 and r < 4 else 3 for c, r in zip(column, row, strict=True)])
    assert len(place) == count
    write_attribute(mesh, "value", np.array([1.0, -1.0, 0.0, 0.0])[place], "FLOAT")
    write_attribute(mesh, "order", np.array([0.25, 0.5, 0.75, 2.0])[place], "FLOAT")
    obj["gain"] = 1.0
    # The film animates them; here the test does.
    obj.animation_data_clear()
    obj["progress"], obj["highlight"], obj["opacity"] = 1.0, 0.0, 1.0
    studio.collection.objects.link(obj)
    camera = studio.camera
    camera.data.ortho_scale = 4 * CELL
    at = np.array(obj.matrix_world.translation)
    upright = kind == "weight"
    middle = at + 1.5 * CELL * np.array([0, 0, -1] if upright else [1, 0, 0])
    camera.location = middle + [0, -1, 0]
    camera.rotation_euler = (np.pi / 2, 0, 0)
    studio.render.resolution_x, studio.render.resolution_y = 4 * SIZE, SIZE
    if upright:
        studio.render.resolution_x, studio.render.resolution_y = SIZE, 4 * SIZE
    return obj


def _picture(studio: bpy.types.Scene, tmp_path) -> np.ndarray:
    """(rows, columns, 3) of a render, first row at the bottom, as shown on a screen."""
    studio.render.filepath = str(tmp_path / "look.png")
    bpy.ops.render.render(write_still=True, scene=studio.name)
    image = bpy.data.images.load(studio.render.filepath)
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    width, height = image.size
    bpy.data.images.remove(image)
    return pixels.reshape(height, width, 4)[..., :3]


def _luminance(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.2126, 0.7152, 0.0722])


def _cells(picture: np.ndarray) -> list[np.ndarray]:
    """The luminance of the four cells: plus, minus, zero, empty."""
    shown = _luminance(picture)
    if shown.shape[0] > shown.shape[1]:
        return np.split(shown[::-1], 4, axis=0)
    return np.split(shown, 4, axis=1)


@pytest.mark.parametrize("kind", BLOCKS)
@pytest.mark.parametrize(("look", "accessible"), LOOKS)
def test_plus_minus_zero_and_empty_are_told_apart_without_color(
    studio, tmp_path, look, accessible, kind
):
    _dress(look, accessible)
    _show(studio, kind)
    cells = _cells(_picture(studio, tmp_path))
    for i in range(4):
        for j in range(i):
            apart = np.sqrt(((cells[i] - cells[j]) ** 2).mean())
            assert apart > 0.04, f"cells {j} and {i} of plus, minus, zero, empty look alike"


def _face(cell: np.ndarray) -> tuple[float, float]:
    """Mean luminance of the middle of a cell's face, and of its frame."""
    n = len(cell)
    middle = cell[3 * n // 8 : 5 * n // 8, 3 * n // 8 : 5 * n // 8].mean()
    # Two pixels inside the edge: what lies further out is the bevel and the gap.
    ring = np.concatenate([cell[n // 6 + 1, n // 4 : -n // 4], cell[-n // 6 - 2, n // 4 : -n // 4]])
    return float(middle), float(ring.mean())


@pytest.mark.parametrize("look", LOOK_IDS)
def test_minus_is_a_frame_and_plus_is_filled(studio, tmp_path, look):
    _dress(look, False)
    _show(studio)
    plus, minus, _, _ = (_face(cell) for cell in _cells(_picture(studio, tmp_path)))
    assert abs(minus[0] - minus[1]) > 2 * abs(plus[0] - plus[1])


def test_progress_uncovers_the_cells_in_their_order(studio, tmp_path):
    _dress("dark", False)
    obj = _show(studio)
    before = None
    for progress, number in ((0.0, 0), (0.3, 1), (0.6, 2), (1.0, 3)):
        obj["progress"] = progress
        obj.update_tag()
        cells = _cells(_picture(studio, tmp_path))
        if before is not None:
            changed = [np.abs(a - b).mean() > 0.02 for a, b in zip(cells, before, strict=True)]
            assert changed == [i == number - 1 for i in range(4)]
        before = cells


@pytest.mark.parametrize("look", LOOK_IDS)
def test_a_highlight_brightens(studio, tmp_path, look):
    _dress(look, False)
    obj = _show(studio)
    plain = _cells(_picture(studio, tmp_path))[0].mean()
    obj["highlight"] = 1.0
    obj["focus_column"] = 0.0
    obj.update_tag()
    assert _cells(_picture(studio, tmp_path))[0].mean() > plain + 0.01


def test_at_opacity_0_nothing_is_there(studio, tmp_path):
    _dress("dark", False)
    obj = _show(studio)
    obj["opacity"] = 0.0
    obj.update_tag()
    gone = _picture(studio, tmp_path)
    studio.collection.objects.unlink(obj)
    np.testing.assert_allclose(gone, _picture(studio, tmp_path), atol=0.01)


# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
_DEFICIENCY = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}

_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
) / np.array([[0.9505], [1.0], [1.089]])


def _lab(color: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(np.clip(_TO_XYZ @ color, 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", _DEFICIENCY)
@pytest.mark.parametrize("look", LOOK_IDS)
def test_kinds_stay_apart_with_a_color_vision_deficiency(look, deficiency):
    palette = scene_room.looks.load(look).colors(accessible=True)
    seen = [
        _lab(np.clip(np.array(_DEFICIENCY[deficiency]) @ np.array(color[:3]), 0, 1))
        for color in palette.positive
    ]
    for i in range(3):
        for j in range(i):
            assert np.linalg.norm(seen[i] - seen[j]) > 20, (i, j)
