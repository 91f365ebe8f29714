"""A scene keeps how its tokens were chosen, shows them, and is renewed by another choice."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import model
from llmviz_addon import scene as scene_room
from llmviz_addon.scene.drawn import strips
from llmviz_addon.scene.standing import recipe as recipes

from . import checkpoints, helpers
from .test_strips import _positions, _said

HOT = {"temperature": 8.0, "seed": 5}


def _letters() -> str:
    return "".join(_said(obj)[0] for _, obj in sorted(_positions("input").items()))


def _told(obj: bpy.types.Object) -> list[str]:
    """The token that a gauge of the output stands for, and the number below it."""
    return _said(obj)[-2:]


def _shares(obj: bpy.types.Object) -> list[tuple[float, bool]]:
    """The heights of a gauge's shares, and whether each of them glows."""
    mesh = obj.data
    tone = helpers.read(mesh, "tone")
    found = []
    for polygon in mesh.polygons:
        if polygon.material_index == strips.TILES:
            heights = [mesh.vertices[v].co.z for v in polygon.vertices]
            kind = tone[polygon.vertices[0]]
            found.append((max(heights) - min(heights), kind == strips.GLOW))
    return found


def _written(prompt: str, n: int, **choice: float) -> str:
    """nano-gpt's text, with a whole pass for each token."""
    network, sampling = model.load("nano-gpt"), model.Sampling(**choice)
    return prompt + network.tokenizer.decode(
        network.generate(network.read_prompt(prompt), n, sampling)
    )


def test_a_drawn_text_stands_in_the_scene_with_the_chance_of_each_token():
    root = helpers.build("CBABBC", **HOT)
    written = _written("CBABBC", 5, **HOT)
    assert _letters() == written
    assert written != _written("CBABBC", 5)
    run = recipes.run_of(root)
    shown = _positions("output")
    for position in range(5):
        # Inside the prompt, the most probable token and its probability, as ever.
        best = run.candidates[position][0]
        letter, number = _told(shown[position])
        assert letter == run.label(best.token) and "%" not in number
    for position in range(5, 10):
        token, chance = run.drawn[position]
        letter, percent = _told(shown[position])
        assert letter == written[position + 1] and token == "ABC".index(letter)
        assert percent == ("> 99 %" if chance >= 0.995 else f"{100 * chance:.0f} %")
    assert "%" not in _told(shown[10])[1], "nothing is drawn after the last"


def test_the_share_that_was_drawn_glows_wherever_it_is(tmp_path):
    path = checkpoints.save(tmp_path / "model", vocab_size=6)
    run = recipes.run_of(helpers.build("1 2 3", path, temperature=3.0, seed=1, max_new_tokens=9))
    probabilities = model.load(path).forward(run.ids)["probabilities"]
    ranks = set()
    for position, obj in sorted(_positions("output").items())[2 : len(run.ids) - 1]:
        shares = _shares(obj)
        glowing = [height for height, glows in shares if glows]
        row, token = probabilities[position], run.ids[position + 1]
        ranks.add(int((row > row[token]).sum()))
        if not glowing:
            assert row[token] < 0.03, "too small a share to be seen"
            continue
        (glow,) = glowing
        tallest = max(height for height, _ in shares)
        assert glow / tallest == pytest.approx(row[token] / row.max(), abs=0.05)
    assert {0, 5} < ranks, "also the last of six, which is no candidate"


def test_another_choice_renews_the_tokens_in_blocks_that_stay():
    helpers.build("CBABBC")
    before = {o["llmviz_block"]: o.session_uid for o in helpers.block_objects()}
    for n, choice in ((5, HOT), (2, HOT), (0, {}), (5, {})):
        root = helpers.build("CBABBC", max_new_tokens=n, **choice)
        assert _letters() == _written("CBABBC", n, **choice)
        assert {o["llmviz_block"]: o.session_uid for o in helpers.block_objects()} == before
        tokens = helpers.read(helpers.block("tokens").data, "value")
        ids = ["ABC".index(letter) for letter in _letters()]
        np.testing.assert_array_equal(tokens[: len(ids)], ids)
        assert recipes.run_of(root).n_appended == n


def test_a_context_that_is_full_ends_the_text():
    helpers.build("CBABBCCB", max_new_tokens=40)
    assert len(_letters()) == 11


def test_a_scene_of_an_earlier_version_opens_and_is_rebuilt_greedily(tmp_path: Path):
    root = helpers.open_built()
    kept = json.loads(root["llmviz_recipe"])
    for name in ("max_new_tokens", "temperature", "top_k", "seed"):
        del kept[name]
    root["llmviz_recipe"] = json.dumps(kept)
    run = json.loads(root["llmviz_run"])
    del run["sampling"], run["chances"]
    root["llmviz_run"] = json.dumps(run)
    path = tmp_path / "earlier.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    (root,) = scene_room.roots(bpy.context.scene)
    recipe = scene_room.recipe_of(root)
    assert (recipe.max_new_tokens, recipe.sampling) == (5, model.GREEDY)
    assert recipes.run_of(root).drawn == {}
    scene_room.build(bpy.context.scene, recipe)
    assert _letters() == "CBABBCABBBC"


@pytest.mark.parametrize(
    "choice", [{"temperature": -1.0}, {"top_k": -2}, {"seed": -3}, {"max_new_tokens": -4}]
)
def test_an_impossible_choice_is_refused_before_anything_is_drawn(choice):
    with pytest.raises(model.SamplingError):
        helpers.build("CBABBC", **choice)
    assert not scene_room.roots(bpy.context.scene)
    assert not bpy.data.objects
