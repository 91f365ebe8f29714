"""A strip shows the model's tokens or predictions, each position as one object."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import model

from . import checkpoints, helpers


def _positions(strip: str) -> dict[int, bpy.types.Object]:
    """The objects of a strip by their position; there must be one for each."""
    found = [o for o in bpy.context.scene.objects if strip in o.get("llmviz_strip", "").split(":")]
    by_place = {int(o["llmviz_strip"].rpartition(":")[2]): o for o in found}
    assert len(by_place) == len(found) and sorted(by_place) == list(range(len(found)))
    return by_place


def _said(obj: bpy.types.Object) -> list[str]:
    """The words on the sheet of a position, in the order in which they were written."""
    words = obj["llmviz_text"]
    return words.split("\n") if words else [""]


def test_each_position_of_the_input_is_one_object_with_its_token_and_number(standing):
    shown = _positions("input")
    numbers = {"A": "0", "B": "1", "C": "2"}
    # A sorted sequence follows the prompt, and the context ends.
    assert [_said(shown[i]) for i in range(11)] == [[c, numbers[c]] for c in "CBABBCABBBC"]


def test_the_words_of_a_position_are_glyphs_on_its_sheet(standing):
    tiles = _positions("input")
    same, other = (len(tiles[i].data.vertices) for i in (1, 2))
    assert len(tiles[3].data.vertices) == same != other
    assert all(len(tile.data.vertices) > 20 for tile in tiles.values())


def test_positions_without_a_token_have_an_empty_object(expect):
    helpers.build("A")
    tiles = _positions("input")
    count = len(expect("A").ids)
    assert len(tiles) == 11 > count
    assert all(bool(len(tile.data.polygons)) == (i < count) for i, tile in tiles.items())


def test_the_last_position_of_the_output_lists_the_five_most_probable_tokens(tmp_path):
    path = checkpoints.save(tmp_path / "model")
    helpers.build("1 2 3", path)
    network, ids = model.load(path), [1, 2, 3]
    for _ in range(5):
        ids.append(int(np.argmax(network.forward(ids).logits[-1])))
    logits = np.asarray(network.forward(ids).logits[-1], np.float64)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    best = np.argsort(-shares)[:5]
    last = _positions("output")[len(ids) - 1]
    listed = _said(last)[-10:]
    assert listed[::2] == [network.tokenizer.label(int(token)) for token in best]
    assert [float(text) for text in listed[1::2]] == pytest.approx(shares[best], abs=0.00501)


def _picture(tmp_path: Path, obj: bpy.types.Object, opacity: float) -> np.ndarray:
    """A picture of one position."""
    scene = bpy.context.scene
    obj.animation_data_clear()
    obj["opacity"] = opacity
    obj.update_tag()
    scene.render.filepath = str(tmp_path / "tile.png")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    found = np.array(image.pixels, np.float32)
    bpy.data.images.remove(image)
    return found


def test_a_positions_opacity_is_that_of_all_its_pieces(tmp_path):
    helpers.open_built("CBABBC")
    scene, obj = bpy.context.scene, _positions("input")[3]
    for other in scene.objects:
        other.hide_render = other != obj
    eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
    scene.collection.objects.link(eye)
    eye.location = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world.translation
    eye.location.y -= 0.4
    eye.rotation_euler = (np.pi / 2, 0, 0)
    scene.camera = eye
    scene.render.engine, scene.cycles.samples = "CYCLES", 4
    scene.render.resolution_x = scene.render.resolution_y = 48
    gone, half, there = (_picture(tmp_path, obj, opacity) for opacity in (0.0, 0.5, 1.0))
    seen = np.abs(there - gone).mean()
    assert seen > 0.003
    assert 0.2 * seen < np.abs(half - gone).mean() < 0.9 * seen
