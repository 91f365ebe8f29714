"""A strip shows the model's tokens or predictions, each position as one object."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import model
from llmviz_addon.scene import compat

from . import checkpoints, helpers


def _positions(strip: str) -> dict[int, bpy.types.Object]:
    """The objects of a strip by their position; there must be one for each."""
    found = [o for o in bpy.context.scene.objects if strip in o.get("llmviz_strip", "").split(":")]
    by_place = {int(o["llmviz_strip"].rpartition(":")[2]): o for o in found}
    assert len(by_place) == len(found) and sorted(by_place) == list(range(len(found)))
    return by_place


def _said(obj: bpy.types.Object, name: str) -> list[str]:
    """The texts of this name among its pieces, from top to bottom, then from the left."""
    pieces = compat.modifier_input(obj.modifiers["LLM Pieces"], "Collection").objects
    texts = [o for o in pieces if "llmviz_text" in o and o.name.split(".")[0] == name]
    texts.sort(key=lambda o: (-round(o.location.z, 5), o.location.x))
    return [o["llmviz_text"] for o in texts]


def test_each_position_of_the_input_is_one_object_with_its_token_and_number(standing):
    shown = _positions("input")
    assert [_said(shown[i], "Tile Letter") for i in range(6)] == [[letter] for letter in "CBABBC"]
    assert [_said(shown[i], "Tile Index") for i in range(6)] == [
        [str(i)] for i in (2, 1, 0, 1, 1, 2)
    ]
    # A sorted sequence follows, and the context ends.
    assert [_said(shown[i], "Tile Letter")[0] for i in range(6, 11)] == list("ABBBC")


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
    assert _said(last, "Candidate") == [network.tokenizer.label(int(token)) for token in best]
    assert [float(text) for text in _said(last, "Candidate Probability")] == pytest.approx(
        shares[best], abs=0.00501
    )


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
