"""Flow arrows: from edge to edge, around everything else, and only for operands of formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmviz_addon import anatomy, model

from .helpers import ARRANGEMENTS, arrows_at, boxes_passed, ends, sample, tolerance


def test_every_arrow_is_an_operand_of_its_target(body):
    for arrow in body.arrows:
        operands = {operand.block for operand in body.blocks[arrow.target].formula.operands}
        assert arrow.source in operands, (arrow.source, arrow.target)
        weight = body.blocks[arrow.source].kind == "weight"
        assert arrow.kind == ("weight" if weight else "activation")


def test_every_block_is_reached_and_leads_on(body):
    sources = {arrow.source for arrow in body.arrows}
    targets = {arrow.target for arrow in body.arrows}
    assert sources == set(body.blocks) - {"probabilities"}
    assert targets == {name for name, block in body.blocks.items() if block.formula}
    pairs = [(arrow.source, arrow.target) for arrow in body.arrows]
    assert len(set(pairs)) == len(pairs)


def on_an_edge(arrow, end, block):
    """True if an arrow's first or last point is on the outline of a block, in its plane."""
    (x0, _, z0), (x1, _, z1) = block.bounds
    slack = tolerance(np.concatenate([arrow.shape, arrow.points]))
    x, y, z = arrow.points[end]
    beside = min(abs(x - x0), abs(x - x1)) < slack and z0 - slack < z < z1 + slack
    above = min(abs(z - z0), abs(z - z1)) < slack and x0 - slack < x < x1 + slack
    return abs(y - block.origin[1]) < slack and (beside or above)


def test_arrows_start_and_end_at_the_edges_of_their_blocks(body):
    for arrow in body.arrows:
        assert on_an_edge(arrow, 0, body.blocks[arrow.source]), (arrow.source, arrow.target)
        assert on_an_edge(arrow, -1, body.blocks[arrow.target]), (arrow.source, arrow.target)


def test_arrows_pass_through_no_block(body):
    check_passages(body)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    n_layer=st.integers(1, 14),
    n_head=st.integers(1, 4),
    d_head=st.integers(1, 20),
    d_ff=st.integers(1, 150),
    n_ctx=st.integers(1, 80),
    n_vocab=st.integers(1, 600),
    arrangement=ARRANGEMENTS,
)
def test_arrows_pass_through_no_block_whatever_the_shape(n_head, d_head, arrangement, **shape):
    config = model.Config(n_head=n_head, n_embd=n_head * d_head, **shape)
    body = anatomy.build(config, arrangement=anatomy.Arrangement(*arrangement))
    check_passages(body)
    for arrow in body.arrows:
        assert on_an_edge(arrow, 0, body.blocks[arrow.source]), (arrow.source, arrow.target)
        assert on_an_edge(arrow, -1, body.blocks[arrow.target]), (arrow.source, arrow.target)
        assert np.isfinite(arrow.across).all()


def check_passages(body, arrows=None):
    names, firsts = list(body.blocks), {column.start for column in body.layout.columns}
    low, high = (np.array([block.bounds[i] for block in body.blocks.values()]) for i in (0, 1))
    for arrow in arrows or body.arrows:
        if body.blocks[arrow.target].layer in (None, *firsts):
            passed = [names[i] for i in boxes_passed(arrow.points, low, high)]
            assert not passed, (arrow.source, arrow.target)


def at_the_ends(body):
    """Arrows of the layers and heads where anything could differ."""
    names = {block.name for block in sample(body)}
    for pattern in body.arrow_patterns:
        places = pattern.places
        near = np.isin(places.layers, [1, *ends(body)]) | (places.layers < 0)
        near &= np.isin(places.heads, [-1, 0, 1, body.config.n_head - 1])
        for place in np.flatnonzero(near).tolist():
            found = arrows_at(pattern, place)
            yield from (arrow for arrow in found if {arrow.source, arrow.target} <= names)


def test_arrows_of_large_models_join_edges_and_pass_through_no_block(giant):
    arrows = list(at_the_ends(giant))
    check_passages(giant, arrows)
    for arrow in arrows:
        assert on_an_edge(arrow, 0, giant.blocks[arrow.source])
        assert on_an_edge(arrow, -1, giant.blocks[arrow.target])


@pytest.mark.parametrize("n_tokens", [8, 1024])
def test_the_stream_has_one_width_and_touches_nothing_on_its_way(n_tokens):
    body = anatomy.build(model.load("gpt2").config, n_tokens)
    low, high = (np.array([block.bounds[i] for block in body.blocks.values()]) for i in (0, 1))
    last = f"layer{body.config.n_layer - 1}.mlp_residual"
    stream = [a for a in body.arrows if a.target.endswith("_residual") and is_stream(a.source)]
    stream += [a for a in body.arrows if (a.source, a.target) == (last, "ln_f")]
    assert len(stream) == 2 * body.config.n_layer + 1
    assert {arrow.width for arrow in stream} == {0.6 * n_tokens}
    for arrow in stream:
        # Where it turns in to the block at its end, its edges touch that block.
        for side in (-0.5, 0.5):
            edge = arrow.points[:-1] + side * arrow.width * arrow.across[:-1]
            assert not boxes_passed(edge, low, high), (arrow.source, arrow.target)


def is_stream(name):
    return name == "embedding" or name.endswith("_residual")


def test_the_stream_leaves_each_block_below_and_stands_out_nowhere(body):
    for arrow in body.arrows:
        if is_stream(arrow.source):
            low, high = body.blocks[arrow.source].bounds
            x, _, z = arrow.points[0]
            assert low[0] < x < high[0]
            assert abs(z - low[2]) < tolerance(np.concatenate([arrow.shape, arrow.points]))


def test_arrows_are_seen_from_as_far_as_their_layer(giant):
    # Arrows that do not run along the stream; the stream is as wide as the number of tokens.
    assert 3 * giant.space.ribbon > 0.003 * giant.layout.layer_pitch


def test_arrows_are_sampled_finely_and_never_stand_still(body):
    for arrow in body.arrows:
        assert arrow.points.dtype == np.float32
        assert arrow.points.shape == (len(arrow.shape), 3)
        steps = np.linalg.norm(np.diff(arrow.shape, axis=0), axis=1)
        assert (steps > 0).all(), (arrow.source, arrow.target)
        tangents = np.diff(arrow.shape, axis=0) / steps[:, None]
        turns = (tangents[:-1] * tangents[1:]).sum(axis=1)
        assert (turns > np.cos(np.radians(40))).all(), (arrow.source, arrow.target)


def test_ribbons_face_the_viewer(body):
    for arrow in body.arrows:
        np.testing.assert_allclose(np.linalg.norm(arrow.across, axis=1), 1, rtol=1e-5)
        assert not arrow.across[:, 1].any()


def test_ribbons_are_no_wider_than_the_edges_they_join(body):
    for arrow in body.arrows:
        for name, across in ((arrow.source, arrow.across[0]), (arrow.target, arrow.across[-1])):
            block = body.blocks[name]
            edge = block.columns if abs(across[0]) > abs(across[2]) else block.rows
            assert 0 < arrow.width <= edge, (arrow.source, arrow.target)


def test_the_stream_is_continuous_down_the_middle_and_between_columns(body):
    following = {
        arrow.source: arrow.target
        for arrow in body.arrows
        if arrow.target.endswith("_residual") and arrow.source.endswith(("residual", "embedding"))
        if arrow.source not in ("wte", "wpe")
    }
    name, passed = "embedding", 0
    while name in following:
        name, passed = following[name], passed + 1
    assert passed == 2 * body.config.n_layer


def test_a_network_without_biases_has_no_arrows_from_them():
    config = model.Config(n_layer=1, n_head=2, n_embd=8, n_ctx=4, n_vocab=3, bias=False)
    body = anatomy.build(config)
    assert not [arrow for arrow in body.arrows if "bias" in arrow.source]
