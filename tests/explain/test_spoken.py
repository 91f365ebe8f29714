"""Cells are explained in every language alike: the same numbers, other words."""

from __future__ import annotations

import pytest

from llmviz_addon import explain


@pytest.fixture(scope="module")
def japanese():
    """nano-gpt, explained in Japanese."""
    return explain.load("nano-gpt", "CBABBC", language="ja")


def test_an_explanation_in_another_language_has_the_same_numbers_and_no_english(japanese, nano):
    allowed = ("NumPy", "trace", "weights", "exp", "max", "mean", "GELU", "tanh", "head", "layer")
    for block in nano.anatomy.blocks.values():
        said, meant = (each.explain(block.name, 0, 0) for each in (japanese, nano))
        assert (said.value, said.n_sources, len(said.uses)) == (
            meant.value,
            meant.n_sources,
            len(meant.uses),
        )
        for text in (said.title, said.place, said.why, said.uses.summary, said.description):
            words = [w for w in text.replace("（", " ").split() if w.isascii() and w.isalpha()]
            assert not [w for w in words if len(w) > 3 and w not in allowed], text


def test_words_of_a_formula_follow_the_order_of_the_language(japanese):
    found = japanese.explain("layer0.head1.q", 3, 15)
    assert found.description == (
        "48チャンネルにわたる、Qの重みと層正規化の積の総和に、Qのバイアスを加えた値"
    )
    assert found.title == "クエリ（Q）（第0層 ヘッド1）"
    attention = japanese.explain("layer0.head1.attention", 1, 3)
    assert attention.place == "クエリ3（トークンB）がキー1（トークンB）に向ける注意"
