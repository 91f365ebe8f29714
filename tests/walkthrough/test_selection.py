"""Selectors find the things that they name, and report those that do not exist."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy, model
from llmviz_addon.walkthrough import AuthoringError
from llmviz_addon.walkthrough.selection import Selection, fill


@pytest.fixture
def selection(sorter):
    anatomy, run = sorter
    return Selection(anatomy, run.n_prompt, run.n_tokens)


def box(points):
    return points.min(axis=0), points.max(axis=0)


def extent(points):
    """(2, 3) the least and the greatest corner of points."""
    return np.array([points.min(axis=0), points.max(axis=0)])


def test_blocks_by_name_pattern_and_section(selection):
    assert selection.blocks("embedding") == ["embedding"]
    assert selection.blocks("layer0.head*.q") == [f"layer0.head{j}.q" for j in range(3)]
    assert set(selection.blocks("section:embedding")) == {"tokens", "wte", "wpe", "embedding"}
    assert len(selection.blocks("model")) == len(selection.anatomy.blocks)
    inside = selection.blocks("section:layer1")
    assert all(name.startswith("layer1.") for name in inside)
    assert "layer1.head2.output" in inside


def test_corners_are_those_of_the_blocks(selection):
    names = selection.blocks("section:layer0.attention")
    for corner, expected in zip(
        box(selection.points(["section:layer0.attention"])),
        selection.anatomy.bounds(names),
        strict=True,
    ):
        np.testing.assert_allclose(corner, expected)


def test_cells_are_counted_from_the_first_column_and_row(selection):
    block = selection.anatomy.blocks["embedding"]
    x, y, z = block.origin
    low, high = box(selection.points(["embedding[2:5, 10:12]"]))
    np.testing.assert_allclose(low, (x + 1.5, y - 0.5, z - 11.5))
    np.testing.assert_allclose(high, (x + 4.5, y + 0.5, z - 9.5))
    np.testing.assert_allclose(selection.center("embedding[3, 0]"), (x + 3, y, z))
    np.testing.assert_allclose(
        selection.points(["embedding[:, :]"]).max(axis=0), np.max(block.bounds, axis=0)
    )


def test_cells_of_a_folded_block_are_those_of_its_lines():
    config = model.Config(n_layer=1, n_head=2, n_embd=8, n_ctx=6, n_vocab=1200)
    selection = Selection.of(anatomy.build(config), None)
    wte = selection.anatomy.blocks["wte"]
    first, second = (np.array(wte.bounds_of(piece)) for piece in wte.spec.pieces[:2])
    length = wte.spec.fold.length
    for found, line in ((":4", first), (f"{length}:{length + 4}", second)):
        low, high = box(selection.points([f"wte[{found}]"]))
        np.testing.assert_allclose(low, line[0])
        np.testing.assert_allclose(high, (line[0][0] + 4, *line[1][1:]))
    low, high = box(selection.points([f"wte[{length - 2}:{length + 2}]"]))
    np.testing.assert_allclose(high, first[1])
    np.testing.assert_allclose(low, second[0])


def test_strips_have_a_place_for_each_token(selection):
    low, high = box(selection.points(["strip:input"]))
    first, last = (selection.center(f"strip:input:{i}") for i in (0, selection.n_tokens - 1))
    assert low[0] < first[0] < last[0] < high[0]
    assert box(selection.points(["strip:input:prompt"]))[1][0] < high[0]


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("embeding", "Did you mean 'embedding'"),
        ("section:layer9", "section:layer"),
        ("strip:input:11", "positions 0 to 10"),
        ("embedding[6:2]", "has no cells"),
        ("embedding[4:4]", "has no cells"),
        ("embedding[-2:-5]", "has no cells"),
        ("embedding[:0]", "has no cells"),
        ("embedding[a]", r"written like \[0:6"),
        ("layer0.head*.q[0]", "one block only"),
    ],
)
def test_what_is_not_there_is_an_error(selection, selector, says):
    with pytest.raises(AuthoringError, match=says):
        selection.points([selector])


def test_braces_are_filled_in():
    assert fill("layer{layer}.head{head}.q", {"layer": 2, "head": 1}) == "layer2.head1.q"
    with pytest.raises(AuthoringError, match="known here are layer"):
        fill("layer{leyer}", {"layer": 0})


def test_negative_numbers_count_from_the_end(selection):
    block = selection.anatomy.blocks["wpe"]
    count = block.columns
    for text, same in (("[-4:]", f"[{count - 4}:{count}]"), ("[-1]", f"[{count - 1}]")):
        np.testing.assert_allclose(
            selection.points([f"wpe{text}"]), selection.points([f"wpe{same}"])
        )
    np.testing.assert_allclose(selection.points(["wpe[-4000:]"]), selection.points(["wpe[:]"]))


@pytest.mark.parametrize(
    ("around", "same"), [("[5~2]", "[3:8]"), ("[0~2, 7~1]", "[0:3, 6:9]"), ("[10~1]", "[8:11]")]
)
def test_cells_around_one_are_chosen_by_their_number_on_either_side(selection, around, same):
    assert selection.anatomy.blocks["wpe"].columns == 11
    np.testing.assert_allclose(selection.points([f"wpe{around}"]), selection.points([f"wpe{same}"]))


@pytest.mark.parametrize(
    ("beyond", "nearest"),
    [
        ("[4:8]", "[0:3]"),
        ("[2:4]", "[1:3]"),
        ("[1:]", "[1:3]"),
        ("[6:]", "[2:3]"),
        ("[9]", "[2:3]"),
        ("[-9]", "[0:1]"),
        ("[:-5]", "[0:1]"),
        ("[-2:]", "[1:3]"),
        ("[1:900]", "[0:3]"),
        ("[1~900]", "[0:3]"),
    ],
)
def test_cells_beyond_a_small_block_are_the_nearest_that_it_has(selection, beyond, nearest):
    assert selection.anatomy.blocks["wte"].columns == 3
    np.testing.assert_allclose(
        selection.points([f"wte{beyond}"]), selection.points([f"wte{nearest}"])
    )


def test_tiles_of_a_strip_are_chosen_like_cells(selection):
    tiles = selection.tiles("strip:input")
    expected = np.concatenate([tile.corners for tile in tiles[1:3]])
    np.testing.assert_allclose(extent(selection.points(["strip:input[1:3]"])), extent(expected))
    last = selection.points(["strip:input:prompt[-1:]"])
    np.testing.assert_allclose(extent(last), tiles[selection.n_prompt - 1].corners)


def test_a_model_without_numbers_has_no_strips(sorter):
    shape = Selection.of(sorter[0], None)
    for selector in ("strip:input", "strip:output[-3:]", "candidates"):
        with pytest.raises(AuthoringError):
            shape.points([selector])


def test_the_card_of_a_large_model_is_the_one_that_can_be_read_from_afar(selection):
    preset = next(preset for preset in model.presets() if preset.id == "gpt2")
    body = anatomy.build(preset.config, 8)
    large = Selection.of(body, None)
    for chosen, place in (
        (large, body.places["model_card_large"]),
        (selection, selection.anatomy.places["model_card"]),
    ):
        np.testing.assert_allclose(extent(chosen.points(["card"])), (place.least, place.greatest))
