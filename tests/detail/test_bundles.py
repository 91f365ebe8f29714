"""Blocks share objects where a model is large, and never where it is small."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from llmviz_addon.detail import bundle

from .conftest import CONFIGS, LARGE


@pytest.mark.parametrize("name", CONFIGS)
def test_every_block_is_in_exactly_one_bundle(bodies, name):
    body = bodies(name)
    held = Counter(block.name for made in bundle(body) for block in made.blocks)
    assert held.keys() == body.blocks.keys()
    assert set(held.values()) == {1}


@pytest.mark.parametrize("name", ["tiny", "nano-gpt"])
def test_a_small_model_keeps_one_object_per_block(bodies, name):
    body = bodies(name)
    assert [made.name for made in bundle(body)] == list(body.blocks)


@pytest.mark.parametrize(("name", "blocks"), [("gpt2", 2294), ("gpt2-xl", 17_870)])
def test_gpt2_becomes_about_a_hundred_objects(bodies, name, blocks):
    assert len(bodies(name).blocks) == blocks
    assert 50 <= len(bundle(bodies(name))) <= 120


def test_the_131150_blocks_of_gpt3_become_about_a_hundred_objects(bodies):
    assert len(bodies("gpt3").blocks) == 131_150
    assert 50 <= len(bundle(bodies("gpt3"))) <= 120


@pytest.mark.parametrize("name", LARGE)
def test_blocks_of_a_bundle_have_one_role_one_grid_and_one_kind(bodies, name):
    for made in bundle(bodies(name)):
        alike = {(b.role, b.columns, b.rows, b.kind, b.time_axis) for b in made.blocks}
        assert len(alike) == 1, made.name
        assert made.cells == sum(b.columns * b.rows for b in made.blocks)


@pytest.mark.parametrize("name", LARGE)
def test_the_first_layer_and_its_first_head_keep_objects_of_their_own(bodies, name):
    for made in bundle(bodies(name)):
        for block in made.blocks:
            own = not block.layer and not block.head
            assert made.single == own, block.name


@pytest.mark.parametrize("name", LARGE)
def test_names_are_unique_and_fit_a_datablock(bodies, name):
    names = [made.name for made in bundle(bodies(name))]
    assert len(set(names)) == len(names)
    assert max(len(n.encode()) for n in names) <= 63


@pytest.mark.parametrize("name", LARGE)
def test_a_title_says_the_block_and_which_layers_and_heads(bodies, name):
    config = CONFIGS[name]
    titles = {made.name: made.title for made in bundle(bodies(name))}
    last, heads = config.n_layer - 1, config.n_head - 1
    assert titles["wte"] == "Token Embedding"
    assert titles["layer0.mlp_weight"] == "MLP Weights"
    assert titles[f"layers1-{last}.mlp_weight"] == f"MLP Weights, Layers 1–{last}"
    assert titles[f"layers1-{last}.ln_1.mean"] == f"LN Mean, Layers 1–{last}"
    assert titles[f"layer0.heads1-{heads}.q"] == f"Q Vectors, Layer 0, Heads 1–{heads}"
    both = f"layers1-{last}.heads0-{heads}.attention"
    assert titles[both] == f"Attention, Layers 1–{last}, Heads 0–{heads}"


@pytest.mark.parametrize("name", CONFIGS)
def test_there_is_one_lead_for_each_layer(bodies, name):
    for made in bundle(bodies(name)):
        layers = [block.layer for block in made.leads]
        assert layers == sorted({b.layer for b in made.blocks}, key=lambda layer: layer or 0)
        assert len(layers) == made.n_steps
        assert set(made.leads) <= set(made.blocks)


def test_steps_count_the_layers_of_a_bundle_from_zero(bodies):
    for made in bundle(bodies("gpt2")):
        first = made.first.layer or 0
        assert made.steps.tolist() == [(b.layer or 0) - first for b in made.blocks]
        np.testing.assert_array_equal(made.origins, [b.origin for b in made.blocks])


@pytest.mark.parametrize("most", [1, 768 * 3072, 4 * 768 * 3072, 10**9])
def test_a_bundle_holds_as_many_layers_as_fit_and_never_a_part_of_one(bodies, most):
    bundles = bundle(bodies("gpt2"), most)
    layers: dict[tuple[str, int], set[str]] = {}
    for made in bundles:
        assert made.cells <= most or made.n_steps == 1, made.name
        for block in made.blocks:
            if block.layer:
                layers.setdefault((block.role, block.layer), set()).add(made.name)
    assert {len(names) for names in layers.values()} == {1}
    assert len({made.name for made in bundles}) == len(bundles)


def test_a_bundle_of_one_layer_without_heads_is_named_after_its_block(bundled):
    names = {made.name for made in bundle(bundled(n_layer=2))}
    assert "layer1.mlp_weight" in names
    assert "layer1.heads0-2.q_weight" in names
