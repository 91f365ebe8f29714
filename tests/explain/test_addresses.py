"""Addresses of cells: as they are written, and what is said of those that there are not."""

from __future__ import annotations

import pytest

from llmviz_addon import anatomy, explain, languages, model
from llmviz_addon.errors import Problem


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("layer0.head1.attention[1, 3]", ("layer0.head1.attention", 1, 3)),
        (" wte [2,7] ", ("wte", 2, 7)),
        ("tokens[4]", ("tokens", 4, 0)),
        ("layer0.ln_1.weight[40]", ("layer0.ln_1.weight", 0, 40)),
        ("layer0.head0.attention_max[0, 5]", ("layer0.head0.attention_max", 0, 5)),
    ],
)
def test_a_cell_is_read_as_it_is_written(nano, text, cell):
    found = explain.parse(nano.anatomy, text)
    assert found == cell
    assert explain.parse(nano.anatomy, str(found)) == cell


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("layer0.hed1.attention[1, 3]", "did you mean 'layer0.head1.attention'"),
        ("layer2.atention_output[1, 3]", "did you mean 'layer2.attention_output'"),
        ("logit[1, 0]", "did you mean 'logits'"),
        ("layer7.mlp[1, 2]", "this model has 3 layers, layer0 to layer2"),
        ("layer0.head3.q[1, 2]", "this model has 3 heads, head0 to head2 in each layer"),
        ("zzz[0, 0]", "there are tokens"),
        ("layer0.mlp[192, 0]", "columns 0 to 191 and rows 0 to 10; there is no cell at column 192"),
        ("layer0.mlp[3]", "write both, such as layer0.mlp"),
        ("layer0.mlp", "is no cell; write"),
        ("layer0.mlp[-1, 2]", "is no cell; write"),
        ("layer0.mlp[1, 2][3]", "is no cell; write"),
        ("", "is no cell; write"),
    ],
)
def test_what_is_no_cell_gets_one_sentence(nano, text, match):
    with pytest.raises(Problem, match=match) as raised:
        nano.explain(text)
    assert "\n" not in str(raised.value) and not str(raised.value).endswith(".")


def test_columns_and_rows_are_checked(nano):
    for column, row in ((-1, 0), (0, -1), (11, 0), (0, 48)):
        with pytest.raises(explain.CellError, match="there is no cell"):
            nano.explain("embedding", column, row)


def test_one_number_is_enough_where_there_is_one_column_or_one_row(nano):
    assert nano.explain("layer0.ln_1.weight", 40).cell == ("layer0.ln_1.weight", 0, 40)
    assert nano.explain("layer0.ln_1.weight", row=40).cell == ("layer0.ln_1.weight", 0, 40)
    assert nano.explain("tokens", column=4).cell == ("tokens", 4, 0)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (("layer0.mlp", 1), r"write both, such as layer0.mlp\[1, 0\]"),
        (("layer0.mlp", None, 3), r"write both, such as layer0.mlp\[0, 3\]"),
        (("tokens", None, 3), r"write both, such as tokens\[0, 3\]"),
        (("layer0.mlp", 1.5, 2), "1.5 is no whole number"),
        (("layer0.mlp", "a", 2), "'a' is no whole number"),
        ((None, 1, 2), "None is no block's name"),
        (("layer0.mlp[1, 2]", 3, 4), "did you mean 'layer0.mlp'"),
        (("layer" + 5000 * "1" + ".mlp[1, 2]",), "There is no block"),
        (("layer0.mlp[" + 5000 * "1" + ", 2]",), "is no cell; write"),
    ],
)
def test_what_is_given_in_python_and_is_no_cell_gets_one_sentence(nano, given, match):
    with pytest.raises(explain.CellError, match=match) as raised:
        nano.explain(*given)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("language", "text", "first"),
    [
        ("en", "head 3 of layer 7, attention", "layer7.head3.attention"),
        ("en", "layer7.head3.attention", "layer7.head3.attention"),
        ("en", "q weights layer 0 head 11", "layer0.head11.q_weight"),
        ("en", "token embedding", "wte"),
        ("en", "logits", "logits"),
        ("en", "mlp activation, layer 5", "layer5.mlp_activation"),
        ("en", "final layer norm", "ln_f"),
        ("ja", "第7層のヘッド3の注意の重み", "layer7.head3.attention"),
        ("ja", "7層 ヘッド11 Qの重み", "layer7.head11.q_weight"),
        ("ja", "ヘッド０のキー", "layer0.head0.k"),
        ("ja", "トークン埋め込み", "wte"),
        ("ja", "MLPの重み 第5層", "layer5.mlp_weight"),
        ("ja", "LNのスケール", "layer0.ln_1.weight"),
        ("ja", "layer 7, attention", "layer7.head0.attention"),
    ],
)
def test_a_block_is_found_by_words_in_english_and_in_the_language(language, text, first):
    body = anatomy.build(model.load("gpt2").config, 4)
    found = explain.search(body, text, languages.load(language))
    assert found[0] == first
    assert set(found) <= body.blocks.keys()


def test_a_search_without_a_match_finds_nothing_and_an_empty_one_everything(nano):
    assert explain.search(nano.anatomy, "banana") == []
    assert explain.search(nano.anatomy, "layer 9") == []
    assert explain.search(nano.anatomy, "第9層", languages.load("ja")) == []
    assert len(explain.search(nano.anatomy, "", most=10**6)) == len(nano.anatomy.blocks)
