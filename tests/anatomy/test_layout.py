"""The layout of blocks, names and arrows: nothing stands in the way of anything else."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmviz_addon import anatomy, model

from .helpers import ARRANGEMENTS, flat, overlaps, overlaps_within, sample

TITLE_BAND = 0.4
"""Free height over a block, in margins."""


def in_planes(blocks):
    """Blocks by the plane that they stand in."""
    planes = defaultdict(list)
    for block in blocks:
        planes[round(block.origin[1], 3)].append(block)
    return planes.values()


def with_title_band(block, margin):
    low, (right, back, top) = block.bounds
    # Rows of one cell are named at their left.
    band = TITLE_BAND * margin if block.rows > 1 else 0.0
    return low, (right, back, top + band)


def test_no_two_blocks_overlap_nor_their_title_bands(body):
    check_overlaps(body)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    n_layer=st.integers(1, 14),
    n_head=st.integers(1, 5),
    d_head=st.integers(1, 20),
    d_ff=st.integers(1, 200),
    n_ctx=st.integers(1, 80),
    n_vocab=st.integers(1, 600),
    bias=st.booleans(),
    arrangement=ARRANGEMENTS,
)
def test_nothing_overlaps_whatever_the_shape(n_head, d_head, arrangement, **shape):
    config = model.Config(n_head=n_head, n_embd=n_head * d_head, **shape)
    check_overlaps(anatomy.build(config, arrangement=anatomy.Arrangement(*arrangement)))


def test_nothing_overlaps_in_large_models(giant):
    check_overlaps(giant, sample(giant))


def check_overlaps(body, blocks=None):
    margin = body.space.margin
    for plane in in_planes(blocks or body.blocks.values()):
        found = overlaps_within([with_title_band(block, margin) for block in plane])
        assert [(plane[a].name, plane[b].name) for a, b in found] == []


def test_planes_are_at_least_a_block_apart(body):
    planes = sorted({round(block.origin[1], 3) for block in body.blocks.values()})
    assert all(b - a > 1 for a, b in itertools.pairwise(planes))


def test_no_name_covers_a_block_or_another_name(nano):
    check_names(list(nano.blocks.values()))


def test_no_name_covers_a_block_or_another_name_in_large_models(giant):
    check_names(sample(giant))


def check_names(blocks):
    for plane in in_planes(blocks):
        labels = [flat(block.label.bounds) for block in plane]
        found = overlaps(labels, [flat(block.bounds) for block in plane])
        found += overlaps_within(labels)
        assert [(plane[a].name, plane[b].name) for a, b in found] == []


def test_no_name_of_a_section_covers_a_block_or_name_beside_the_stream(giant):
    front = [block for block in sample(giant) if block.head is None]
    covered = [flat(bounds) for block in front for bounds in (block.bounds, block.label.bounds)]
    layers = {block.section.partition(".")[0] for block in front}
    for section in giant.root.walk():
        near = section.name.partition(".")[0] in layers and section.name.count(".") < 2
        if section.labeled and near:
            found = overlaps([flat(section.label.bounds)], covered)
            assert [front[other // 2].name for _, other in found] == [], section.name


def test_titles_are_as_large_beside_large_blocks_as_beside_small_ones(giant, nano):
    # A title takes about the same share of a view of one layer in every model.
    def share(body):
        return body.space.title_size / body.layout.layer_pitch

    assert 0.5 < share(giant) / share(nano) < 2.5


def test_heads_differ_in_depth_alone(body):
    for block in body.blocks.values():
        if block.head:
            first = body.blocks[block.name.replace(f"head{block.head}.", "head0.")]
            x, y, z = block.origin
            assert (x, z) == (first.origin[0], first.origin[2])
            assert y > first.origin[1]


def test_there_is_more_room_between_heads_than_between_the_planes_of_one(giant, nano):
    for body in (nano, giant):
        y = {name: block.origin[1] for name, block in body.blocks.items()}
        within = y["layer0.head0.k"] - y["layer0.head0.q"]
        assert within == y["layer0.head0.v"] - y["layer0.head0.k"]
        assert y["layer0.head1.q"] - y["layer0.head0.v"] > 2 * within


def test_a_layer_is_not_much_deeper_than_it_is_high(giant):
    # Ninety-six heads as far apart as three would be a tunnel.
    (_, front, bottom), (_, back, top) = giant.section("layer0").bounds
    assert back - front < 2.5 * (top - bottom)


def test_nothing_stands_in_front_of_the_residual_stream(body):
    assert min(block.origin[1] for block in body.blocks.values()) == 0
    for name, block in body.blocks.items():
        if name.endswith("residual"):
            assert block.origin[1] == 0


def test_every_layer_keeps_its_own_stream(body):
    streams = [b for b in body.blocks.values() if b.role in ("attention_residual", "mlp_residual")]
    assert len({block.origin for block in streams}) == 2 * body.config.n_layer
    for block in streams:
        norm = body.blocks[f"layer{block.layer}.ln_1"]
        assert 0 < block.bounds[0][0] - norm.bounds[1][0] < 2 * body.space.margin


def test_a_layer_is_below_the_one_before_or_in_the_next_column(body):
    firsts = {layers.start for layers in body.layout.columns}
    for layer in range(1, body.config.n_layer):
        before = body.section(f"layer{layer - 1}").bounds
        (left, _, _), (_, _, top) = body.section(f"layer{layer}").bounds
        if layer in firsts:
            assert left > before[1][0]
        else:
            assert top < before[0][2]


def test_vectors_stand_in_line_with_what_is_computed_from_them(body):
    def left(name):
        return body.blocks[name].bounds[0][0]

    def top(name):
        return body.blocks[name].bounds[1][2]

    head = "layer0.head0."
    assert left(f"{head}k") == left(f"{head}attention_scores")
    for aggregate in ("attention_max", "attention_sum", "attention"):
        assert top(f"{head}{aggregate}") == top(f"{head}attention_scores")
    for letter in "qkv":
        assert top(f"{head}{letter}_weight") == top(f"{head}{letter}")
    for norm in ("layer0.ln_1", "layer0.ln_2", "ln_f"):
        assert left(f"{norm}.mean") == left(f"{norm}.std") == left(norm)
        assert top(f"{norm}.weight") == top(norm)
    assert left("logits") == left("logits_max") == left("logits_sum") == left("probabilities")
    assert left("layer0.mlp_weight") == left("layer0.mlp") == left("layer0.mlp_activation")
    assert left("logits") == left("ln_f")


def test_bounds_hold_the_blocks_cell_edges_included(nano):
    tokens = nano.blocks["tokens"]
    assert nano.bounds(["tokens"]) == tokens.bounds
    (x0, y0, z0), (x1, y1, z1) = tokens.bounds
    assert (x1 - x0, y1 - y0, z1 - z0) == (11, 1, 1)
    assert tokens.origin == (x0 + 0.5, 0, z1 - 0.5)
    corners = np.array([block.bounds for block in nano.blocks.values()])
    low, high = nano.bounds()
    np.testing.assert_allclose(low, corners[:, 0].min(axis=0))
    np.testing.assert_allclose(high, corners[:, 1].max(axis=0))
    with pytest.raises(KeyError):
        nano.bounds(["nothing"])


def test_every_block_is_in_one_section_the_one_it_names(body):
    found = [name for section in body.root.walk() for name in section.blocks]
    assert sorted(found) == sorted(body.blocks)
    for section in body.root.walk():
        assert body.section(section.name) is section
        for name in section.blocks:
            assert body.blocks[name].section == section.name


def test_sections_follow_the_network(body):
    layers = [f"layer{i}" for i in range(body.config.n_layer)]
    assert [child.name for child in body.root.children] == ["embedding", *layers, "output"]
    for layer in body.root.children[1:-1]:
        parts = [child.name.removeprefix(f"{layer.name}.") for child in layer.children]
        assert parts == ["ln_1", "attention", "ln_2", "mlp"]
        heads = [f"{layer.name}.attention.head{j}" for j in range(body.config.n_head)]
        attention = body.section(f"{layer.name}.attention")
        assert [child.name for child in attention.children] == [
            *heads,
            f"{layer.name}.attention.projection",
        ]


def test_places_for_other_things_are_free(body):
    check_places(body)


def test_places_for_other_things_are_free_in_large_models(giant):
    check_places(giant)


def check_places(body):
    places = list(body.places.values())
    taken = [flat((place.least, place.greatest)) for place in places]
    assert overlaps_within(taken) == []
    depth = np.array([0.0, 0.5, 0.0])
    deep = [(place.least - depth, place.greatest + depth) for place in places]
    names = list(body.blocks)
    found = overlaps(deep, [block.bounds for block in body.blocks.values()])
    assert [names[other] for _, other in found] == []
    sections = [section for section in body.root.walk() if section.labeled]
    found = overlaps(taken, [flat(section.label.bounds) for section in sections])
    assert [sections[other].name for _, other in found] == []


def test_a_card_can_be_read_beside_the_embedding_and_from_where_all_is_in_view(giant):
    (left, _, bottom), (right, _, top) = giant.bounds()
    longer = max(right - left, top - bottom)
    card = giant.places["model_card_large"]
    assert 0.1 * longer <= card.height <= 0.12 * longer
    # The small card is at least a tenth as high as the embedding beside it.
    assert giant.places["model_card"].height > 0.1 * giant.config.n_embd
    assert giant.places["key"].height > 0.05 * giant.config.n_embd
    # Near the top, and beside the layers rather than below or behind them.
    first = giant.section("layer0").bounds
    level = first[1][2] if giant.layout.tower else max(top, first[1][2])
    assert abs(level - card.greatest[2]) < 0.1 * longer
    if giant.layout.tower:
        assert card.least[0] > giant.section("layer0").bounds[1][0]
    else:
        assert card.greatest[0] < first[0][0]
    assert card.least[1] == card.greatest[1] == 0


def test_a_small_model_has_one_card(nano):
    assert set(nano.places) == {"model_card", "key"}


def test_layers_of_large_models_do_not_overlap(giant):
    layers = [giant.section(f"layer{i}").bounds for i in range(giant.config.n_layer)]
    others = [giant.section(name).bounds for name in ("embedding", "output")]
    assert overlaps_within([*layers, *others]) == []


def test_columns_of_layers_keep_their_own_streams(giant):
    streams = [b for b in giant.blocks.values() if b.role in ("attention_residual", "mlp_residual")]
    assert len({block.origin for block in streams}) == 2 * giant.config.n_layer
