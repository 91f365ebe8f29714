"""Folders that name tokens and settings in several files: ids are the reference's, or none.

`tools/golden_added_tokens.py` wrote `folders.json` with the reference implementation, without any
code of ours. It holds five hundred small folders: each place that may name a token alone, all
pairs of places that agree or contradict, all settings, and files that are ill-formed.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from llmviz_addon import model
from llmviz_addon.model.words import WordTokenizer
from tools.golden_added_tokens import END, config, joined, token, write

FOLDER = Path(__file__).parent / "tokenizer"
GOLDEN = Path(__file__).parent / "golden"
_DATA = json.loads((FOLDER / "folders.json").read_text("utf-8"))
TEXTS: list[str] = _DATA["texts"]
ROWS: dict[str, dict[str, Any]] = {row["name"]: row for row in _DATA["folders"]}

# Parts of a tokenizer.json that a GPT2Tokenizer followed before transformers 5, and now ignores.
PASSED_OVER = {
    "NFC": "a normalizer of type NFC",
    "lower case": "a normalizer of type Lowercase",
    "two steps": "a pre_tokenizer of type Sequence",
    "no regex": "a pre_tokenizer without GPT-2's regular expression",
    "ignore_merges": "ignore_merges",
}
UNSETTLED = {
    f"whole, {kind}, {what}": f"has {part}, which a GPT2Tokenizer follows in transformers 4"
    for kind in (None, "GPT2Tokenizer", "GPT2TokenizerFast")
    for what, part in PASSED_OVER.items()
} | {
    f"whole, {kind}": "add_prefix_space, and tokenizer_config.json has"
    for kind in (
        "PreTrainedTokenizerFast, space True, config silence",
        "PreTrainedTokenizerFast, space True, config False",
        "PreTrainedTokenizerFast, space False, config True",
        "of nanoGPT, space True",
    )
}
OTHER_CLASS = {name for name in ROWS if ", CodeGenTokenizer, " in name}
UNREAD = {name for name, row in ROWS.items() if row["ids"] is None} - OTHER_CLASS
READ = set(ROWS) - UNREAD - OTHER_CLASS - set(UNSETTLED)


def words_of(folder: Path, files: dict[str, Any], n_vocab: int = 5000) -> WordTokenizer:
    """The tokenizer of a folder with these files."""
    write(files, folder)
    names = ("tokenizer.json",) if "tokenizer.json" in files else ("vocab.json", "merges.txt")
    return WordTokenizer(n_vocab, tuple(folder / name for name in names))


def complaint(folder: Path, files: dict[str, Any]) -> str:
    """The message of encoding with a folder's tokenizer; one sentence."""
    with pytest.raises(model.CheckpointError) as caught:
        words_of(folder, files).encode("a b")
    message = str(caught.value)
    assert message.startswith(str(folder))
    assert "\n" not in message
    return message


def test_the_folders_are_those_that_were_meant():
    assert len(ROWS) > 500
    assert set(UNSETTLED) < set(ROWS)
    assert not any(ROWS[name]["versions4"] == "alike" for name in UNSETTLED)
    assert len(READ) > 300


@pytest.mark.parametrize("name", sorted(READ))
def test_a_folder_is_read_as_the_reference_reads_it(tmp_path, name):
    row = ROWS[name]
    words = words_of(tmp_path, row["files"])
    assert [words.encode(text) for text in TEXTS] == row["ids"]
    said = [row["decoded"].get(str(i), text) for i, text in enumerate(TEXTS)]
    assert [words.decode(ids) for ids in row["ids"]] == said
    assert all(words.label(i).isprintable() for ids in row["ids"] for i in ids)


@pytest.mark.parametrize("name", sorted(UNSETTLED))
def test_a_folder_that_versions_read_differently_is_refused(tmp_path, name):
    assert UNSETTLED[name] in complaint(tmp_path, ROWS[name]["files"])


@pytest.mark.parametrize("name", sorted(UNREAD))
def test_a_folder_that_the_reference_refuses_is_refused(tmp_path, name):
    complaint(tmp_path, ROWS[name]["files"])


@pytest.mark.parametrize("name", sorted(OTHER_CLASS))
def test_a_tokenizer_of_another_class_is_refused_by_its_name(tmp_path, name):
    assert "names a CodeGenTokenizer" in complaint(tmp_path, ROWS[name]["files"])


def test_what_versions_read_differently_is_read_once_the_class_is_named(tmp_path):
    for name in UNSETTLED:
        if ", None, " in name:
            said = name.replace("None", "PreTrainedTokenizerFast")
            assert said in READ
            assert ROWS[said]["versions4"] == "alike"


# Tokens beyond the embedding


@pytest.mark.parametrize("form", ["whole", "pair"])
def test_a_token_beyond_the_embedding_refuses_only_prompts_that_contain_it(tmp_path, form):
    for path in (GOLDEN / "huggingface-saved").iterdir():
        if path.name not in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(path, tmp_path)
    # Of twelve tokens ten fit into the embedding, which was padded from 310 to 320.
    tokens = config(extra_special_tokens=[f"<{i}>" for i in range(12)])
    write(joined(ROWS[f"{form}, alone"]["files"], tokens), tmp_path)
    shutil.copy(GOLDEN / "huggingface-saved" / "config.json", tmp_path)
    loaded = model.load(tmp_path)
    assert loaded.config.n_vocab == 320
    for text, ids in zip(TEXTS[:8], ROWS[f"{form}, alone"]["ids"], strict=False):
        assert loaded.read_prompt(f"{text}<9>") == [*ids, 319]
        with pytest.raises(model.PromptError, match=r"contains <10>, which is token 320 of"):
            loaded.read_prompt(f"<9><10>{text}")


def test_the_end_of_text_beyond_the_embedding_can_only_not_be_typed(tmp_path):
    words = words_of(tmp_path, ROWS["pair, no end of text"]["files"], 309)
    at = TEXTS.index("the end")
    assert words.encode(TEXTS[at]) == ROWS["pair, no end of text"]["ids"][at]
    with pytest.raises(model.PromptError, match=r"token 309 .* 0 to 308"):
        words.encode(END)


# Cases that the reference decides by its version, by code, or by accident


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({"fast_tokenizer_files": ["tokenizer.4.0.0.json"]}, "several versions"),
        ({"auto_map": {"AutoTokenizer": ["a.A", "a.B"]}}, "code, which is never run"),
        ({"auto_map": ["a.A", "a.B"]}, "code, which is never run"),
        ({"tokenizer_class": 3}, "names a 3 as tokenizer_class"),
        ({"tokenizer_class": ["GPT2Tokenizer"]}, "as tokenizer_class"),
        ({"tokenizer_class": "BertTokenizer" * 100}, "names a BertTokenizer"),
        ({"vocab": {"a": 0}}, "has vocab"),
        ({"init_inputs": ["a"]}, "has init_inputs"),
    ],
    ids=lambda value: str(value)[:40],
)
@pytest.mark.parametrize("form", ["whole", "pair"])
def test_what_no_file_settles_is_refused(tmp_path, form, settings, part):
    files = ROWS[f"{form}, alone"]["files"]
    assert part in complaint(tmp_path, joined(files, config(**settings)))


@pytest.mark.parametrize("other", ["tokenizer.model", "tekken.json", "tiktoken.model"])
def test_a_second_vocabulary_beside_the_pair_is_named(tmp_path, other):
    (tmp_path / other).write_bytes(b"")
    assert f"has {other} beside" in complaint(tmp_path, ROWS["pair, alone"]["files"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("added_tokens.json", {"<x>": "310"}),
        ("added_tokens.json", {"<x>": None}),
        ("added_tokens.json", {"<x>": 310.0}),
        ("special_tokens_map.json", {"pad_token": 3}),
        ("special_tokens_map.json", {"pad_token": {"content": 3}}),
        ("special_tokens_map.json", {"pad_token": {"content": "<x>", "lstrip": "yes"}}),
        ("special_tokens_map.json", {"extra_special_tokens": "<x>"}),
        ("special_tokens_map.json", {"extra_special_tokens": [3]}),
        ("special_tokens_map.json", {"additional_special_tokens": [token("<x>")]}),
        ("tokenizer_config.json", {"extra_special_tokens": {"a": 3}}),
        ("tokenizer_config.json", {"model_specific_special_tokens": ["<x>"]}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"1": {**token("<x>"), "lstrip": 3}}}),
    ],
    ids=range(12),
)
def test_an_ill_formed_entry_is_refused_with_the_file_that_has_it(tmp_path, name, content):
    message = complaint(tmp_path, joined(ROWS["pair, alone"]["files"], {name: content}))
    assert message.startswith(f"{tmp_path / name}: ")


def test_a_fault_of_the_configuration_is_not_put_on_the_map_beside_it(tmp_path):
    both = {"special_tokens_map.json": {"cls_token": "<x>"}, **config(pad_token=3)}
    message = complaint(tmp_path, joined(ROWS["pair, alone"]["files"], both))
    assert message.startswith(f"{tmp_path / 'tokenizer_config.json'}: has 3 as pad_token")


@pytest.mark.parametrize("name", ["added_tokens.json", "special_tokens_map.json"])
def test_a_link_to_tokens_elsewhere_is_not_followed(tmp_path, name):
    folder = tmp_path / "checkpoint"
    shutil.copytree(GOLDEN / "huggingface-sharded", folder)
    (tmp_path / "outside").write_text("{}")
    try:
        (folder / name).symlink_to(tmp_path / "outside")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(model.CheckpointError, match=rf"{name}: is a link"):
        model.load(folder)


def test_a_panic_of_the_library_is_a_sentence(tmp_path, monkeypatch):
    # The class that pyo3 raises for a panic in Rust; it does not derive from Exception.
    panic = type("PanicException", (BaseException,), {})

    class Panicking:
        def encode(self, _: str) -> None:
            raise panic("AddedVocabulary bad split")

    words = words_of(tmp_path, ROWS["pair, alone"]["files"])
    monkeypatch.setitem(words.__dict__, "_library", Panicking())
    with pytest.raises(model.CheckpointError, match="bad split"):
        words.encode("a")
