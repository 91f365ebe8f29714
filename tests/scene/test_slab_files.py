"""A file with slabs is complete in itself, and its materials read no more than a GPU can."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import compat
from llmviz_addon.scene.drawn import slabs as slab_room
from llmviz_addon.scene.style import kit

from . import checkpoints, helpers

PROMPT = "1 2 3 4"

APART = '''
"""Opens a file where the extension has never been, looks at its pages and renders a picture."""
import importlib.util, sys
import bpy

blend, picture = sys.argv[-2:]
assert importlib.util.find_spec("llmviz_addon") is None
bpy.ops.wm.open_mainfile(filepath=blend)
pages = [i for i in bpy.data.images if i.name.startswith("LLM Page")]
assert len(pages) == 4, [i.name for i in pages]
for image in pages:
    assert image.packed_file is not None and image.packed_file.size > 100
    assert min(image.size) > 1 and len(set(image.pixels[:])) > 20, image.name
scene = bpy.context.scene
scene.render.filepath = picture
bpy.ops.render.render(write_still=True)
print("all is well")
sys.stdout.flush()
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The checkpoint that tests build."""
    return checkpoints.save(tmp_path_factory.mktemp("checkpoint") / "model", n_layer=1)


@pytest.fixture
def root(clean_scene, folder) -> bpy.types.Collection:
    """A model that is mostly slabs."""
    return helpers.open_built(PROMPT, str(folder), cubes=2000)


def _aim(name: str) -> bpy.types.Scene:
    """Have the camera look at one block, and only that be rendered, in a small picture."""
    scene = bpy.context.scene
    for obj in scene.objects:
        obj.hide_render = obj.get("llmviz_block") != name and obj.type != "LIGHT"
    obj = helpers.block(name)
    obj.animation_data_clear()
    obj["progress"], obj["opacity"] = 1.0, 1.0
    eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
    scene.collection.objects.link(eye)
    eye.location = obj.matrix_world.translation
    eye.location.y -= 1.5
    eye.rotation_euler = (np.pi / 2, 0, 0)
    scene.camera = eye
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.render.resolution_x, scene.render.resolution_y = 64, 36
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    kit.set_pixel(slab_room.materials_of(scene.objects), 50.0, 64)
    return scene


def _pixels(path: Path) -> np.ndarray:
    image = bpy.data.images.load(str(path))
    assert tuple(image.size) == (64, 36)
    found = np.array(image.pixels, np.float32)
    bpy.data.images.remove(image)
    return found


def test_the_file_shows_its_slabs_where_neither_extension_nor_checkpoint_is(root, folder, tmp_path):
    scene = _aim("wte")
    blend, here, there = (tmp_path / name for name in ("a.blend", "here.png", "there.png"))
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert bpy.utils.blend_paths(absolute=True, packed=False) == []
    scene.render.filepath = str(here)
    bpy.ops.render.render(write_still=True)
    script = tmp_path / "apart.py"
    script.write_text(APART)
    with checkpoints.away(folder):
        helpers.run_apart(script, blend, there)
    ours, theirs = _pixels(here), _pixels(there)
    assert ours.max() > 0.1 and len(np.unique(ours)) > 50, "there is something to see"
    np.testing.assert_allclose(theirs, ours, atol=0.02)


def test_a_file_that_is_opened_and_saved_again_keeps_every_byte(root, tmp_path):
    pages = {i.name: bytes(i.packed_file.data) for i in _pages()}
    assert len(pages) == 4
    for name in ("a.blend", "b.blend"):
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / name))
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / name))
    assert {i.name: bytes(i.packed_file.data) for i in _pages()} == pages


def _pages() -> list[bpy.types.Image]:
    return [i for i in bpy.data.images if i.name.startswith("LLM Page")]


def test_removing_a_model_removes_its_pages(root):
    assert _pages()
    assert scene_room.remove(bpy.context.scene)
    assert not _pages()
    assert not [m for m in bpy.data.materials if m.get("llmviz_role") == "page"]


def test_building_again_leaves_no_old_pages(root, folder):
    helpers.build("9 8 7", folder, cubes=2000)
    assert len(_pages()) == 4
    assert len([m for m in bpy.data.materials if m.get("llmviz_role") == "page"]) == 2


def _uids(weights: bool) -> dict[str, int]:
    """The id of each slab's image, by the block's name: of weights, or of all others."""
    found = {}
    for obj in helpers.block_objects():
        slab = obj.modifiers.get("LLM Slabs")
        kind = obj["traits"][0] == 0
        if slab is not None and kind == weights:
            material = compat.modifier_input(slab, "Material")
            found[obj["llmviz_block"]] = material.node_tree.nodes["values"].image.session_uid
    return found


@pytest.fixture
def slabs(clean_scene, folder) -> Path:
    """A checkpoint, built once with all of its weights as slabs."""
    helpers.open_built(PROMPT, str(folder), cubes=0)
    return folder


@pytest.fixture
def own_slabs(tmp_path) -> Path:
    """The same in a folder that a test may change."""
    path = checkpoints.save(tmp_path / "model", n_layer=1)
    helpers.build(PROMPT, path, cubes=0)
    return path


def test_another_prompt_leaves_the_pages_of_weights_and_makes_those_of_activations(slabs):
    weights, computed = _uids(weights=True), _uids(weights=False)
    helpers.build("9 8 7 6 5 4 3", slabs, cubes=0)
    assert _uids(weights=True) == weights and weights
    assert not set(_uids(weights=False).values()) & set(computed.values())
    assert not [i.name for i in _pages() if i.name.endswith(".001")]


def test_weights_that_have_changed_on_disk_are_read_again(tmp_path):
    path = checkpoints.save(tmp_path / "model", n_layer=1)
    helpers.build(PROMPT, path, cubes=0)
    before = _uids(weights=True)
    checkpoints.save(path, seed=8, n_layer=1)
    helpers.build(PROMPT, path, cubes=0)
    assert not set(_uids(weights=True).values()) & set(before.values())


def test_weights_are_read_again_whose_file_has_the_name_size_and_time_of_the_one_before(own_slabs):
    path, before = own_slabs / "model.safetensors", _uids(weights=True)
    looks = path.stat()
    checkpoints.save(own_slabs, seed=8, n_layer=1)
    os.utime(path, ns=(looks.st_atime_ns, looks.st_mtime_ns))
    assert path.stat().st_size == looks.st_size
    helpers.build(PROMPT, own_slabs, cubes=0)
    assert not set(_uids(weights=True).values()) & set(before.values())


def test_pages_of_weights_stay_where_the_checkpoint_has_only_moved(own_slabs):
    before = _uids(weights=True)
    moved = own_slabs.rename(own_slabs.with_name("elsewhere"))
    os.utime(moved / "model.safetensors", ns=(0, 0))
    helpers.build(PROMPT, moved, cubes=0)
    assert _uids(weights=True) == before


def test_pages_that_somebody_has_taken_away_are_made_again(slabs):
    before = _uids(weights=True)
    obj = helpers.block("layer0.mlp_weight")
    obj.modifiers.remove(obj.modifiers["LLM Slabs"])
    helpers.build("9 8 7", slabs, cubes=0)
    assert _uids(weights=True).keys() == before.keys()


def test_a_stopped_rebuild_leaves_the_pages_that_it_would_have_kept(slabs):
    census = helpers.census()
    recipe = helpers.recipe("9 8 7", str(slabs), cubes=0)
    steps = scene_room.steps(bpy.context.scene, recipe)
    next(told for told in steps if told[1] == "Showing the film")
    steps.close()
    assert not helpers.difference(census, helpers.census())


def _attributes(tree: bpy.types.NodeTree, seen: set[str]) -> set[str]:
    """The attributes that a tree and the groups in it read from objects and instances."""
    found = set()
    for node in tree.nodes:
        if node.type == "ATTRIBUTE" and node.attribute_type in ("OBJECT", "INSTANCER"):
            found.add((node.attribute_type, node.attribute_name))
        elif node.type == "GROUP" and node.node_tree.name not in seen:
            found |= _attributes(node.node_tree, seen | {node.node_tree.name})
    return found


def test_no_material_reads_more_attributes_than_eevee_gives(root):
    # EEVEE on 4.5 gives a material eight attributes of objects, and 0 for any further.
    counts = {
        material.name: len(_attributes(material.node_tree, set()))
        for material in bpy.data.materials
        if material.node_tree
    }
    assert max(counts.values()) <= 8, counts
    slabs = [count for name, count in counts.items() if name.startswith("LLM Slab")]
    assert len(slabs) == 2 and min(slabs) >= 6, "both pages are among them"
