"""Patterns of what repeats: together they are all arrows and all titles, and no more."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from llmviz_addon import anatomy, model

from .helpers import arrows_at

UNIONS = {"nano-gpt": None, "gpt2": 8, "gpt2-xl": None}


@pytest.fixture(scope="module", params=UNIONS)
def preset(request):
    return anatomy.build(model.load(request.param).config, UNIONS[request.param])


def check_union(body):
    expected = {(arrow.source, arrow.target): arrow for arrow in body.arrows}
    found = Counter()
    for pattern in body.arrow_patterns:
        for place in range(len(pattern.places)):
            for arrow in arrows_at(pattern, place):
                found[arrow.source, arrow.target] += 1
                other = expected[arrow.source, arrow.target]
                assert (arrow.kind, arrow.width) == (other.kind, other.width)
                assert arrow.section == other.section
                close = 4 * np.spacing(np.abs(other.points).max())
                np.testing.assert_allclose(arrow.points, other.points, rtol=0, atol=close)
    assert set(found) == set(expected)
    assert set(found.values()) == {1}


def test_patterns_of_arrows_are_all_arrows_each_once(preset):
    check_union(preset)


def test_patterns_of_arrows_are_all_arrows_whatever_the_shape(body):
    check_union(body)


def test_patterns_name_the_part_of_the_network_that_they_are_in(preset):
    for pattern in preset.arrow_patterns:
        for arrow in pattern.arrows:
            assert arrow.section.partition("{")[0].rstrip(".") == pattern.region


def test_large_models_have_few_patterns_of_arrows(giant):
    arrows = sum(len(pattern.arrows) for pattern in giant.arrow_patterns)
    assert arrows < 100 + 4 * giant.config.n_head
    total = sum(len(p.arrows) * len(p.places) for p in giant.arrow_patterns)
    # Counted by hand: 4 from the stream and 23 others in a layer, 14 inside a head and 4 at its
    # ends, 3 at the embedding and 13 at the output.
    assert total == giant.config.n_layer * (27 + 18 * giant.config.n_head) + 16


def test_patterns_of_titles_are_all_labels(giant):
    expected = {block.name: block for block in giant.blocks.values()}
    found = 0
    for pattern in giant.title_patterns:
        places = pattern.places
        anchors = pattern.anchors
        assert anchors.shape == (len(places), 3)
        step = max(1, len(places) // 50)
        for i in range(0, len(places), step):
            prefix = "" if places.layers[i] < 0 else f"layer{places.layers[i]}."
            prefix += "" if places.heads[i] < 0 else f"head{places.heads[i]}."
            block = expected[prefix + pattern.role]
            label = block.label
            assert (pattern.text, pattern.size, pattern.align) == (
                label.text,
                label.size,
                label.align,
            )
            np.testing.assert_allclose(anchors[i], label.anchor, rtol=1e-12, atol=1e-6)
            np.testing.assert_allclose(places.offsets[i], block.origin, rtol=1e-12, atol=1e-6)
        assert len(set(zip(places.layers.tolist(), places.heads.tolist(), strict=True))) == len(
            places
        )
        found += len(places)
    assert found == len(expected)


def test_roles_of_titles_are_in_the_order_of_computation(nano):
    first_of_each = list(dict.fromkeys(block.role for block in nano.blocks.values()))
    assert [pattern.role for pattern in nano.title_patterns] == first_of_each
