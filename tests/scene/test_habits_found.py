"""What chance has found among people's habits, each as the shortest tale that it told."""

from __future__ import annotations

import bpy
import pytest

from llmviz_addon import scene as scene_room

from . import checkpoints, helpers

SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 8, "n_positions": 5, "vocab_size": 5}


@pytest.fixture
def tiny(tmp_path):
    """A model of few blocks, built from two tokens; the function builds it anew."""
    folder = str(checkpoints.save(tmp_path / "one", **SHAPE))

    def build(prompt: str = "1 2", **options: object) -> scene_room.Standing:
        helpers.build(prompt, folder, **options)
        (standing,) = scene_room.find(bpy.context.scene)
        return standing

    build()
    return build


def _standing() -> scene_room.Standing:
    (standing,) = scene_room.find(bpy.context.scene)
    return standing


def test_a_look_can_be_chosen_for_a_model_whose_anchor_is_deleted(tiny):
    bpy.data.objects.remove(_standing().anchor)
    for look in ("light", "dark"):
        scene_room.apply_look(bpy.context.scene, _standing().root, look, False)
    standing = tiny("3")
    lights = [o for o in standing.objects.values() if o.type == "LIGHT"]
    assert lights and all(light.parent == standing.anchor for light in lights)
