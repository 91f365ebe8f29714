"""Every cell of a slab has a texel of its own, at the place that its placement says."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmviz_addon import anatomy, detail, model
from llmviz_addon.detail import Budget, bundle, lay_out
from llmviz_addon.detail.bundles import Bundle
from llmviz_addon.detail.levels import PATCH
from llmviz_addon.detail.pages import HIGHEST, WIDTH, padded, write

from .conftest import CONFIGS, PRESETS


def _alone(body: anatomy.Anatomy) -> list[Bundle]:
    return [Bundle(block.name, (block,)) for block in body.blocks.values()]


def _texels(place, block, computed: int) -> np.ndarray:
    """Lines and texels of a block's cells, as one number each."""
    columns, rows = block.extent(computed)
    column, row = np.mgrid[:columns, :rows]
    line, x = place.texels(column, row)
    assert line.min() >= 0 and x.min() >= 0 and x.max() < WIDTH
    return (line * WIDTH + x).reshape(-1)


SHAPES = st.fixed_dictionaries(
    {
        "n_layer": st.integers(1, 3),
        "n_head": st.sampled_from([1, 2, 3]),
        "n_embd": st.sampled_from([6, 12]),
        "n_ctx": st.integers(1, 30),
        "n_vocab": st.sampled_from([2, 90, 9000]),
    }
)


@settings(max_examples=20, deadline=None)
@given(SHAPES, st.integers(1, 40))
def test_no_two_cells_share_a_texel_and_all_are_on_the_page(shape, computed):
    body = anatomy.build(model.Config(tied=False, **shape))
    computed = min(computed, shape["n_ctx"])
    bundles = _alone(body)
    layout = lay_out(bundles, computed)
    used: dict[int, list[np.ndarray]] = {}
    for made in bundles:
        place = layout.places[made.name]
        used.setdefault(place.page, []).append(_texels(place, made.first, computed))
    assert used.keys() == set(range(len(layout.heights)))
    for page, parts in used.items():
        texels = np.concatenate(parts)
        assert np.bincount(texels).max() == 1
        assert texels.max() < layout.heights[page] * WIDTH


def _spans(layout, bundles, computed: int):
    """By page and ribbon, the part that each block takes, (start, end, name), and its pitch."""
    spans: dict[tuple[int, int], list[tuple[int, int, str]]] = {}
    pitches: dict[tuple[int, int], int] = {}
    for made in bundles:
        for block in made.blocks:
            place = layout.places[block.name]
            columns, rows = block.extent(computed)
            along, across = (rows, columns) if place.transposed else (columns, rows)
            assert across <= place.pitch
            ribbon = (place.page, place.y)
            assert pitches.setdefault(ribbon, place.pitch) == place.pitch
            spans.setdefault(ribbon, []).append((place.x, place.x + along, block.name))
    return spans, pitches


@pytest.mark.parametrize(("name", "computed"), [("gpt2", 69), ("gpt2", 1024), ("gpt2-xl", 8)])
def test_no_two_blocks_of_a_large_model_overlap(name, computed):
    plan = detail.plan(PRESETS[name], computed, budget=Budget(cubes=0, slabs=4000))
    slabs = [b for b in plan.bundles if plan.ways[b.name] == "slab"]
    assert len(slabs) == len(plan.bundles)
    layout = plan.layout
    assert max(layout.heights) <= HIGHEST
    own = [b for b in slabs if b.name not in plan.shared]
    spans, pitches = _spans(layout, own, plan.computed)
    lines: dict[int, list[tuple[int, int]]] = {}
    for (page, top), taken in spans.items():
        taken.sort()
        for (_, end, one), (start, _, other) in itertools.pairwise(taken):
            assert padded(end) <= start, f"{one} and {other} share texels or a patch"
        folds = -(-max(end for _, end, _ in taken) // WIDTH)
        lines.setdefault(page, []).append((top, top + folds * pitches[page, top]))
    for page, ribbons in lines.items():
        ribbons.sort()
        for (_, end), (start, _) in itertools.pairwise(ribbons):
            assert end <= start, "ribbons overlap"
        assert ribbons[0][0] >= 0 and ribbons[-1][1] <= layout.heights[page]


def test_places_begin_at_whole_patches(bodies):
    layout = lay_out(bundle(bodies("gpt2")), 69)
    for place in layout.places.values():
        assert place.x % PATCH == place.y % PATCH == place.pitch % PATCH == 0
    assert all(height % PATCH == 0 for height in layout.heights)


def test_a_bundle_stands_on_one_page_and_weights_apart_from_what_is_computed(bodies):
    bundles = bundle(bodies("gpt2"), WIDTH * 4096)
    layout = lay_out(bundles, 1024)
    kinds: dict[int, set[bool]] = {}
    for made in bundles:
        (page,) = {layout.places[block.name].page for block in made.blocks}
        kinds.setdefault(page, set()).add(made.first.kind == "weight")
    assert {len(found) for found in kinds.values()} == {1}
    assert len(kinds) == len(layout.heights) > 2


@pytest.mark.parametrize("vocabulary", [5, 9000, 50_257])
def test_what_is_written_is_read_back_cell_by_cell(vocabulary):
    config = model.Config(n_layer=1, n_head=2, n_embd=16, n_ctx=20, n_vocab=vocabulary, tied=False)
    bundles, computed = _alone(anatomy.build(config)), 13
    layout = lay_out(bundles, computed)
    pages = [np.zeros((height, WIDTH), np.uint8) for height in layout.heights]
    rng = np.random.default_rng(vocabulary)
    written = {}
    for made in bundles:
        values = rng.integers(1, 256, made.first.extent(computed)).astype(np.uint8)
        place = layout.places[made.name]
        write(pages[place.page], place, values)
        written[made.name] = values
    for name, values in written.items():
        place = layout.places[name]
        column, row = np.mgrid[: values.shape[0], : values.shape[1]]
        np.testing.assert_array_equal(pages[place.page][place.texels(column, row)], values)
    total = sum(values.size for values in written.values())
    assert sum(int(np.count_nonzero(page)) for page in pages) == total, "nothing else is written"


def test_a_tied_head_reads_the_texels_of_the_embedding(bodies):
    body = bodies("tiny")
    layout = lay_out(_alone(body), 4, {"lm_head": "wte"})
    wte, head = layout.places["wte"], layout.places["lm_head"]
    vocabulary, channels = body.blocks["wte"].columns, body.blocks["wte"].rows
    token, channel = np.mgrid[:vocabulary, :channels]
    assert wte.page == head.page
    for one, other in zip(wte.texels(token, channel), head.texels(channel, token), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_without_a_tied_head_has_texels_for_both():
    config = model.Config(n_layer=1, n_head=1, n_embd=8, n_ctx=4, n_vocab=90, tied=False)
    layout = detail.plan(config, 3, budget=Budget(cubes=0)).layout
    assert layout.places["lm_head"] != layout.places["wte"]


def test_a_bundle_too_large_for_a_page_is_refused_in_words():
    config = model.Config(n_layer=1, n_head=1, n_embd=16_384, n_ctx=4, n_vocab=16_384)
    (wte,) = (made for made in _alone(anatomy.build(config)) if made.name == "wte")
    with pytest.raises(ValueError, match=r"wte is too large for a page of 8,192 x 16,384 texels"):
        lay_out([wte], 2)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("computed", [1, 5, 10**6])
def test_the_computed_part_of_a_block_is_what_its_positions_have(bodies, name, computed):
    for made in bundle(bodies(name)):
        block = made.first
        columns = block.columns if block.time_axis in (None, "rows") else None
        rows = block.rows if block.time_axis in (None, "columns") else None
        found = block.extent(computed)
        assert found == (
            min(block.columns, computed) if columns is None else columns,
            min(block.rows, computed) if rows is None else rows,
        )
