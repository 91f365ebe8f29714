"""Cubes and slabs look alike where one may replace the other, and hide and light up alike."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.drawn import slabs
from llmviz_addon.scene.style import kit

from . import checkpoints, helpers

CELL, LENS = 0.02, 200.0
SENSOR = 36.0
PROMPT = "1 2 3 4 5 6 7 8"
BLOCKS = {"weight": "layer0.mlp_weight", "activation": "layer0.ln_1", "rows": "layer0.mlp"}


@pytest.fixture(scope="module", autouse=True)
def clean_scene(tmp_path_factory):
    """One model twice, as cubes and as slabs, and a scene to look at one block of each."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = str(checkpoints.save(tmp_path_factory.mktemp("model")))
    drawn = {}
    for way, cubes in (("cubes", 10**6), ("slab", 0)):
        scene = bpy.data.scenes.new(way)
        root = scene_room.build(scene, _recipe(path, cubes))
        drawn[way] = {o["llmviz_block"]: o for o in root.all_objects if "llmviz_block" in o}
        for name in BLOCKS.values():
            assert drawn[way][name]["llmviz_drawn_as"] == way
    # Cubes have no outline.
    outline(drawn["slab"].values(), 0.0)
    return Studio(drawn)


def outline(objects, strength: float) -> None:
    """Set how bright the outlines of slabs are."""
    for material in slabs.materials_of(objects):
        material.node_tree.nodes["rim"].outputs[0].default_value = strength


def _recipe(path: str, cubes: int) -> scene_room.Recipe:
    return helpers.recipe(PROMPT, path, cubes=cubes, full_context=True)


class Studio:
    """A scene with a camera right in front of a block, a sun and gray surroundings."""

    def __init__(self, drawn: dict[str, dict[str, bpy.types.Object]]):
        self.drawn = drawn
        self.scene = scene = bpy.data.scenes.new("Studio")
        scene.render.engine = "CYCLES"
        scene.cycles.samples, scene.cycles.use_denoising = 16, False
        scene.cycles.max_bounces, scene.cycles.transparent_max_bounces = 0, 32
        # Dark enough that no color is clipped.
        scene.view_settings.view_transform, scene.view_settings.exposure = "Standard", -1.0
        scene.render.image_settings.file_format = "PNG"
        self.eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
        self.eye.data.lens, self.eye.data.sensor_width = LENS, SENSOR
        self.eye.data.clip_start, self.eye.data.clip_end = 0.001, 1e4
        self.eye.rotation_euler = (np.pi / 2, 0, 0)
        sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
        sun.data.energy = 3.6  # as the looks' key lights
        sun.rotation_euler = (0.9, 0.0, 0.2)
        for obj in (self.eye, sun):
            scene.collection.objects.link(obj)
        scene.camera = self.eye
        scene.world = bpy.data.worlds.new("Gray")
        # The background seen between cubes gets the color that slabs have between cells from afar.
        scene.world.color = scene_room.looks.load("dark").gap[:3]

    def picture(
        self, way, name, path, *, at, per_cell, size=64, samples=16, **properties
    ) -> np.ndarray:
        """(rows, columns, 3), first row on top: cells from `at` on, so many pixels a cell."""
        obj = self.drawn[way][name]
        obj.animation_data_clear()
        usual = {"progress": 1.0, "highlight": 0.0, "opacity": 1.0, "focus_column": -1.0}
        for key, value in (usual | properties).items():
            obj[key] = value
        obj.update_tag()
        self.scene.collection.objects.link(obj)
        seen = size / per_cell  # cells across the picture
        # The front of the cells stands 0.45 before their middle.
        distance = seen * LENS / SENSOR + 0.45
        first = self._first_cell(obj, way)
        middle = first + np.array([at[0] - 0.5 + seen / 2, 0, -(at[1] - 0.5 + seen / 2)]) * CELL
        self.eye.location = middle - np.array([0, distance * CELL, 0])
        self.scene.cycles.samples = samples
        self.scene.render.resolution_x = self.scene.render.resolution_y = size
        kit.set_pixel(slabs.materials_of(self.scene.objects), LENS, size)
        self.scene.render.filepath = str(path / "picture.png")
        bpy.ops.render.render(write_still=True, scene=self.scene.name)
        self.scene.collection.objects.unlink(obj)
        image = bpy.data.images.load(self.scene.render.filepath)
        shown = np.array(image.pixels, np.float32).reshape(size, size, 4)[::-1, :, :3]
        bpy.data.images.remove(image)
        return _linear(shown)

    def _first_cell(self, obj, way) -> np.ndarray:
        """The middle of the cell at column 0, row 0, in meters."""
        place = np.array(obj.evaluated_get(self._graph()).matrix_world.translation)
        if way == "cubes":
            return place
        size = obj.data.attributes["size"].data[0].vector
        return place + (np.array([-size[0], 0, size[2]]) + [0.9, 0, -0.9]) / 2 * CELL

    def _graph(self):
        layer = self.scene.view_layers[0]
        layer.update()
        return layer.depsgraph


@pytest.fixture
def studio(clean_scene) -> Studio:
    return clean_scene


def _linear(shown: np.ndarray) -> np.ndarray:
    """Scene-linear light of the colors on a screen (IEC 61966-2-1)."""
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)


def _both(studio, name, path, **options) -> tuple[np.ndarray, np.ndarray]:
    return tuple(studio.picture(way, name, path, **options) for way in ("cubes", "slab"))


def _cells(picture: np.ndarray, pixels: int = 6, inside: int = 0) -> np.ndarray:
    """(rows, columns, 3) the mean color of each cell that is seen in full, or of its inside."""
    count = len(picture) // pixels
    whole = picture[: count * pixels, : count * pixels]
    cells = whole.reshape(count, pixels, count, pixels, 3).swapaxes(1, 2)
    return cells[:, :, inside : pixels - inside, inside : pixels - inside].mean(axis=(2, 3))


def _alike(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.reshape(-1), other.reshape(-1))[0, 1])


def _luminance(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("name", BLOCKS.values(), ids=BLOCKS)
def test_near_by_a_slab_looks_like_cubes(studio, tmp_path, name):
    cubes, slab = _both(studio, name, tmp_path, at=(0, 0), per_cell=6)
    assert cubes.max() > 0.3 and cubes.std() > 0.03, "there is something to see"
    # In proportion to the light, so that a brighter look is not held to differ less.
    assert np.abs(cubes - slab).mean() < 0.08 * cubes.mean()
    assert _alike(_cells(cubes), _cells(slab)) > 0.99
    # Another part of the same block is as colorful and not alike.
    elsewhere = studio.picture("slab", name, tmp_path, at=(20, 11), per_cell=6)
    assert _alike(_cells(cubes)[:5, :5], _cells(elsewhere)[:5, :5]) < 0.9


@pytest.mark.parametrize("pixels", [12, 40])
def test_a_slab_has_the_bevels_of_cubes(studio, tmp_path, pixels):
    cubes, slab = _both(studio, "layer0.mlp_weight", tmp_path, at=(0, 0), per_cell=pixels, size=120)
    assert slab.mean() == pytest.approx(cubes.mean(), rel=0.02)
    # Within a filled cell nothing but the shape of its surface makes a difference.
    shades = [
        _luminance(picture)[: pixels * 2, pixels * 2 : pixels * 3] for picture in (cubes, slab)
    ]
    assert shades[0].std() > 0.005
    assert np.abs(shades[0] - shades[1]).mean() < 0.4 * shades[0].std()


def test_the_far_end_of_a_slab_shows_the_far_end_of_the_block(studio, tmp_path):
    options = {"at": (290, 22), "per_cell": 6, "size": 60}
    cubes, slab = _both(studio, "wte", tmp_path, **options)
    assert _alike(_cells(cubes), _cells(slab)) > 0.99


@pytest.mark.parametrize("pixels", [2, 3])
def test_a_few_pixels_a_cell_show_the_same_cells(studio, tmp_path, pixels):
    cubes, slab = _both(studio, "wte", tmp_path, at=(4, 0), per_cell=pixels, size=48)
    assert _alike(_cells(cubes, pixels), _cells(slab, pixels)) > 0.98
    means = [picture.mean(axis=(0, 1)) for picture in (cubes, slab)]
    np.testing.assert_allclose(means[1], means[0], rtol=0.09)


def test_cubes_and_slabs_scale_their_numbers_alike(studio):
    cubes, slabs = studio.drawn["cubes"], studio.drawn["slab"]
    for name, obj in slabs.items():
        assert obj["gain"] == pytest.approx(cubes[name]["gain"], rel=1e-5), name
        assert [*obj["traits"]] == pytest.approx([*cubes[name]["traits"]], rel=1e-5), name


def _hidden(studio, way, name, path, progress: float) -> np.ndarray:
    """(rows, columns) bool, cells that look otherwise than when everything is computed."""
    options = {"at": (0, 0), "per_cell": 6, "size": 60}
    all_there = _cells(studio.picture(way, name, path, **options), inside=1)
    now = _cells(studio.picture(way, name, path, progress=progress, **options), inside=1)
    return np.abs(now - all_there).max(axis=-1) > 0.003


@pytest.mark.parametrize("progress", [0.2, 0.5])
@pytest.mark.parametrize("name", ["layer0.ln_1", "layer0.mlp"])
def test_a_slab_hides_the_cells_that_cubes_hide(studio, tmp_path, name, progress):
    cubes, slab = (_hidden(studio, way, name, tmp_path, progress) for way in ("cubes", "slab"))
    assert 0.1 < cubes.mean() < 0.95
    np.testing.assert_array_equal(slab, cubes)


def _brightened(studio, way, path, properties: dict) -> np.ndarray:
    """Luminance of each column, less that without these properties."""
    options = {"at": (0, 0), "per_cell": 6, "size": 60}
    plain = studio.picture(way, "layer0.ln_1", path, **options)
    lit = studio.picture(way, "layer0.ln_1", path, **options, **properties)
    return _cells(_luminance(lit - plain)[..., None].repeat(3, -1))[..., 0].mean(axis=0)


def test_a_highlight_brightens_the_same_column_by_as_much(studio, tmp_path):
    lit = {"highlight": 1.0, "focus_column": 3.0}
    cubes, slab = (_brightened(studio, way, tmp_path, lit) for way in ("cubes", "slab"))
    for gained in (cubes, slab):
        assert gained.argmax() == 3 and gained[3] > 2.5 * np.delete(gained, 3).max()
        assert gained.min() > 0
    np.testing.assert_allclose(slab, cubes, rtol=0.15)


def test_a_slab_fades_as_cubes_do(studio, tmp_path):
    options = {"at": (0, 0), "per_cell": 6}
    gone = _both(studio, "layer0.ln_1", tmp_path, opacity=0.0, **options)
    np.testing.assert_allclose(gone[1], gone[0], atol=0.01)
    half = _both(studio, "layer0.ln_1", tmp_path, opacity=0.5, **options)
    assert _alike(_cells(half[0]), _cells(half[1])) > 0.97


def test_from_afar_a_slab_has_an_outline_and_near_by_none(studio, tmp_path):
    def shown(per_cell):
        found = []
        for strength in (0.0, 1.0):
            outline(studio.drawn["slab"].values(), strength)
            found.append(
                studio.picture("slab", BLOCKS["weight"], tmp_path, at=(0, 0), per_cell=per_cell)
            )
        outline(studio.drawn["slab"].values(), 0.0)
        return found[1] - found[0]

    near, far = shown(8), shown(1)
    assert abs(near).max() < 0.02
    assert far[:, 0].mean() > 0.03 and far[0].mean() > 0.03
    assert np.median(abs(far)) < 0.005


@pytest.mark.parametrize("name", ["wte", "layer0.mlp_weight"])
def test_from_afar_a_slab_has_the_light_of_cubes(studio, tmp_path, name):
    options = {"at": (40, 1), "per_cell": 0.2, "size": 6, "samples": 256}
    cubes, slab = _both(studio, name, tmp_path, **options)
    assert _luminance(slab).mean() == pytest.approx(_luminance(cubes).mean(), rel=0.07)


def test_what_is_not_computed_looks_the_same(studio, tmp_path):
    options = {"at": (0, 0), "per_cell": 6, "size": 60, "progress": 0.0}
    cubes, slab = _both(studio, "layer0.ln_1", tmp_path, **options)
    # Small cubes on a dark ground: both ways have the same contrast with it.
    assert cubes.max() > 3 * cubes.min()
    assert slab.max() == pytest.approx(cubes.max(), rel=0.3)
    assert slab.mean() == pytest.approx(cubes.mean(), rel=0.3)


@pytest.mark.parametrize(("pixels", "size"), [(3, 48), (1, 28), (0.4, 12), (0.25, 8)])
def test_a_slab_flickers_no_more_than_cubes_when_the_camera_moves(studio, tmp_path, pixels, size):
    changes = []
    for way in ("cubes", "slab"):
        frames = []
        for frame in range(5):
            # Moved on by a part of a pixel, with other samples, as from frame to frame of a film.
            studio.scene.cycles.seed = frame
            at = (100 + frame / 6 / pixels, 1 + frame / 9 / pixels)
            options = {"at": at, "per_cell": pixels, "size": size}
            frames.append(_luminance(studio.picture(way, "wte", tmp_path, **options)))
        studio.scene.cycles.seed = 0
        changes.append(np.abs(np.diff(frames, axis=0)).mean() / np.mean(frames))
    assert changes[0] > 0.05, "cubes are seen to move"
    # Both are seen on the same body, so they come close.
    assert changes[1] < 1.02 * changes[0]
