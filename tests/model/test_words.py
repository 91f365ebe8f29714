"""Words: token ids as the reference tokenizer has them, and tokens as they stand on a tile.

`tools/golden_tokenizers.py` wrote the files with the reference libraries, without any code of ours.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from llmviz_addon import model
from llmviz_addon.model.words import WordTokenizer

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "tokenizer"
GOLDEN = Path(__file__).parent / "golden"
WHOLE, VOCABULARY, MERGES = (
    FOLDER / name for name in ("tokenizer.json", "vocab.json", "merges.txt")
)
STRINGS = json.loads((FOLDER / "strings.json").read_text("utf-8"))
SPELLED = json.loads(VOCABULARY.read_text("utf-8"))


@pytest.fixture(scope="module", params=["one file", "two files"])
def words(request) -> WordTokenizer:
    return WordTokenizer(2000, (WHOLE,) if request.param == "one file" else (VOCABULARY, MERGES))


def test_a_thousand_strings_have_the_reference_ids(words):
    assert len(STRINGS) == 1000
    assert [words.encode(text) for text, _ in STRINGS] == [ids for _, ids in STRINGS]


def test_what_was_encoded_is_decoded(words):
    assert [words.decode(ids) for _, ids in STRINGS] == [text for text, _ in STRINGS]


def test_a_special_token_can_be_typed(words):
    assert words.encode("<|endoftext|>") == [1999]
    assert words.label(1999) == "<|endoftext|>"


def test_every_token_has_a_label_that_can_be_printed_on_a_tile(words):
    labels = [words.label(token) for token in range(2000)]
    assert all(label.isprintable() and 1 <= len(label) <= 16 for label in labels)
    assert not any(label.startswith(" ") or label.endswith(" ") for label in labels)


# Tokens as GPT-2's vocabulary spells them, and as they are written.
LABELS = {
    "the": "the",
    "Ġthe": "·the",
    "Ġ": "·",
    "ĠĠĠĠ": "····",
    "Ċ": "⏎",
    "ĊĊ": "⏎⏎",
    "ĉ": "⇥",
    "č": "‹0D›",
    "Ā": "‹00›",
    "Ć": "‹06›",
    "ł": "‹A0›",
    "Ã": "‹C3›",
    "Ã¤": "ä",
    "âĢ": "‹E2 80›",
    "ĠâĢ": "·‹E2 80›",
    "âĢĻ": "’",
    "âĢĭ": "‹E2 80 8B›",
    "Âł": "‹C2 A0›",
    "ðŁĻĤ": "🙂",
    "ðŁ": "‹F0 9F›",
    "Ġinternationalization": "·internationali…",
}


@pytest.mark.parametrize("spelled", LABELS)
def test_a_token_is_written_legibly(tmp_path, spelled):
    (tmp_path / "vocab.json").write_text(json.dumps({spelled: 0}), "utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n")
    files = (tmp_path / "vocab.json", tmp_path / "merges.txt")
    assert WordTokenizer(1, files).label(0) == LABELS[spelled]


def test_a_padded_vocabulary_has_ids_without_a_token(words):
    padded = WordTokenizer(2048, words.files)
    assert padded.label(2000) == "#2000"
    assert padded.decode([SPELLED["Ġthe"], 2047]) == " the"
    for outside in (2048, -1):
        for ask in (padded.label, lambda token: padded.decode([token])):
            with pytest.raises(model.PromptError, match="0 to 2047"):
                ask(outside)


def test_half_a_character_is_refused_with_its_place(words):
    with pytest.raises(model.PromptError, match="Letter 4"):
        words.encode("the\ud83d")


# Within a checkpoint


@pytest.mark.parametrize("case", ["huggingface-sharded", "huggingface-saved"])
def test_a_prompt_in_words_is_read_as_the_reference_reads_it(case):
    from safetensors.numpy import load_file

    loaded = model.load(GOLDEN / case)
    assert loaded.tokenizer.unit == "words"
    golden = load_file(GOLDEN / case / "trace.safetensors")
    prompt = (GOLDEN / case / "prompt.txt").read_text("utf-8")
    assert loaded.read_prompt(prompt) == golden["tokens"].tolist()
    assert len(list((GOLDEN / case).glob("*.safetensors"))) > (2 if "sharded" in case else 1)


def test_what_a_prompt_is_made_of_is_said():
    assert model.load("nano-gpt").tokenizer.unit == "letters"
    assert model.load("gpt2").tokenizer.unit == "ids"
    assert model.load(GOLDEN / "huggingface-tied").tokenizer.unit == "ids"


def test_opening_a_checkpoint_imports_no_tokenizer():
    source = (
        "import sys; from llmviz_addon import model; m = model.load(sys.argv[1]); "
        "assert 'tokenizers' not in sys.modules; m.read_prompt('a'); "
        "assert 'tokenizers' in sys.modules; assert 'huggingface_hub' not in sys.modules"
    )
    command = [sys.executable, "-c", source, str(GOLDEN / "huggingface-saved")]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False
    )
    assert result.returncode == 0, result.stderr


# A tokenizer.json with more than text to tokens in it


def change(path: Path, **changes: object) -> Path:
    """A copy of the tokenizer with some of its parts replaced."""
    raw = json.loads(WHOLE.read_text("utf-8"))
    for name, value in changes.items():
        if isinstance(value, dict) and name == "model":
            raw["model"] |= value
        else:
            raw[name] = value
    path.write_text(json.dumps(raw), "utf-8")
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {
            "truncation": {
                "direction": "Right",
                "max_length": 2,
                "strategy": "LongestFirst",
                "stride": 0,
            }
        },
        {
            "padding": {
                "strategy": {"Fixed": 50},
                "direction": "Right",
                "pad_to_multiple_of": None,
                "pad_id": 0,
                "pad_type_id": 0,
                "pad_token": "!",
            }
        },
        {"model": {"dropout": 0.9}},
    ],
    ids=["truncation", "padding", "dropout"],
)
def test_a_prompt_is_what_was_typed_and_nothing_else(tmp_path, changes):
    words = WordTokenizer(2000, (change(tmp_path / "tokenizer.json", **changes),))
    for text, ids in STRINGS[100:150]:
        assert words.encode(text) == ids


def test_a_file_of_the_librarys_first_years_is_read(tmp_path):
    # No type, merges as lines, as in the tokenizer.json that GPT-2 was published with.
    raw = json.loads(WHOLE.read_text("utf-8"))
    del raw["model"]["type"]
    raw["model"]["merges"] = [" ".join(pair) for pair in raw["model"]["merges"]]
    del raw["pre_tokenizer"]["use_regex"]
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(raw), "utf-8")
    words = WordTokenizer(2000, (path,))
    assert [words.encode(text) for text, _ in STRINGS] == [ids for _, ids in STRINGS]


def test_the_setting_for_a_space_in_front_is_followed(tmp_path, words):
    for path in (VOCABULARY, MERGES):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "tokenizer_config.json").write_text('{"add_prefix_space": true}')
    spaced = WordTokenizer(2000, (tmp_path / "vocab.json", tmp_path / "merges.txt"))
    assert spaced.encode("the end") == words.encode(" the end")


# Tokenizers that are broken, or of another kind


def complaint(folder: Path, n_vocab: int = 2000) -> str:
    """The message of reading a prompt with the tokenizer in a folder; one sentence."""
    files = (folder / "tokenizer.json",)
    if not files[0].exists():
        files = (folder / "vocab.json", folder / "merges.txt")
    with pytest.raises(model.CheckpointError) as caught:
        WordTokenizer(n_vocab, files).encode("a b")
    message = str(caught.value)
    assert str(folder) in message
    assert "\n" not in message
    return message


@pytest.mark.parametrize("text", ["", "nope", "[]", "{}", '{"model": 3}', '{"model": {}}', "\xff"])
def test_what_is_no_tokenizer_is_refused(tmp_path, text):
    (tmp_path / "tokenizer.json").write_text(text, "latin-1")
    complaint(tmp_path)


@pytest.mark.parametrize("kind", ["WordPiece", "WordLevel", "Unigram", ["BPE"]])
def test_another_kind_of_tokenizer_is_named(tmp_path, kind):
    change(tmp_path / "tokenizer.json", model={"type": kind})
    message = complaint(tmp_path)
    assert "byte-level BPE" in message
    assert not isinstance(kind, str) or kind in message


def test_a_bpe_of_letters_is_refused(tmp_path):
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}
    change(tmp_path / "tokenizer.json", pre_tokenizer=metaspace, decoder=metaspace)
    assert "byte-level BPE" in complaint(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"pre_tokenizer": {"type": "Nonsense", "steps": [{"type": "ByteLevel"}]}},
        {"model": {"vocab": {"a": -1}, "merges": []}},
        {"model": {"vocab": {"a": 0}, "merges": ["a b"]}},
        {"model": {"vocab": {}, "merges": []}, "added_tokens": []},
        {"model": {"vocab": {"\ud800": 0}, "merges": []}},
        {"model": {"vocab": [], "merges": []}},
        {"added_tokens": 3},
    ],
    ids=range(7),
)
def test_a_tokenizer_that_makes_no_sense_is_refused(tmp_path, changes):
    change(tmp_path / "tokenizer.json", **changes)
    complaint(tmp_path)


@pytest.mark.parametrize("files", [(WHOLE,), (VOCABULARY, MERGES)], ids=["whole", "pair"])
def test_a_tokenizer_larger_than_the_embedding_refuses_only_what_lies_beyond(files):
    words = WordTokenizer(1000, files)
    for text, ids in STRINGS:
        if max(ids, default=0) < 1000:
            assert words.encode(text) == ids
            continue
        beyond = next(token for token in ids if token >= 1000)
        with pytest.raises(model.PromptError, match=rf"token {beyond} of {files[0].name}"):
            words.encode(text)
    with pytest.raises(model.PromptError, match="0 to 999"):
        words.label(1000)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("vocab.json", b"nope"),
        ("vocab.json", b'{"a": "b"}'),
        ("vocab.json", b'{"a": 0, "a": 1}'),
        ("vocab.json", b'{"a": 4000000000}'),
        ("vocab.json", b'{"a": 99999999999999999999}'),
        ("vocab.json", b'{"a": true}'),
        ("merges.txt", b"\xff\xfe"),
        ("merges.txt", b"#version: 0.2\na\n"),
        ("merges.txt", b"a b c\n"),
        ("merges.txt", b"q zz\n"),
        ("merges.txt", b"#version: 0.2\n\n"),
        ("merges.txt", b"\xef\xbb\xbf#version: 0.2\n"),
    ],
    ids=range(12),
)
def test_a_damaged_half_of_the_pair_is_refused(tmp_path, name, data):
    for path in (VOCABULARY, MERGES):
        (tmp_path / path.name).write_bytes(data if path.name == name else path.read_bytes())
    assert name in complaint(tmp_path)


@pytest.mark.parametrize("name", ["tokenizer.json", "vocab.json", "merges.txt"])
def test_a_huge_tokenizer_file_is_not_read(tmp_path, name):
    for path in (VOCABULARY, MERGES):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / name).open("ab") as file:
        file.truncate(2**33)  # a hole: takes no room on disk
    assert "8,589,934,592 bytes" in complaint(tmp_path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A sound checkpoint with the pair of files."""
    target = tmp_path / "checkpoint"
    target.mkdir()
    for path in (GOLDEN / "huggingface-sharded").iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize(
    ("gone", "left"), [("merges.txt", "vocab.json"), ("vocab.json", "merges.txt")]
)
def test_half_a_pair_is_refused_with_what_is_missing(folder, gone, left):
    (folder / gone).unlink()
    with pytest.raises(model.CheckpointError, match=rf"{gone}: is missing, and {left}"):
        model.load(folder)
    (folder / left).unlink()
    assert model.load(folder).tokenizer.unit == "ids"


@pytest.mark.parametrize(
    "name", ["vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json"]
)
def test_a_link_to_a_tokenizer_elsewhere_is_not_followed(folder, name):
    outside = folder.parent / "outside"
    outside.write_text("{}")
    (folder / name).unlink(missing_ok=True)
    try:
        (folder / name).symlink_to(outside)
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(model.CheckpointError, match=rf"{name}: is a link"):
        model.load(folder)


def test_a_tokenizer_that_vanishes_after_loading_is_named(folder):
    loaded = model.load(folder)
    (folder / "merges.txt").unlink()
    with pytest.raises(model.CheckpointError, match=r"merges\.txt: cannot be read"):
        loaded.read_prompt("a")


def test_a_damaged_tokenizer_reads_text_or_says_what_is_wrong(tmp_path):
    rng = random.Random(7)
    sound = (GOLDEN / "huggingface-saved" / "tokenizer.json").read_bytes()
    for i in range(150):
        data = bytearray(sound)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b'0123456789"{}[],:-.etrufalsn \xc4\x80')
        path = tmp_path / f"{i}.json"
        path.write_bytes(data)
        words = WordTokenizer(320, (path,))
        try:
            ids = words.encode("The naïve print 🙂\n<|endoftext|>")
            words.decode(ids)
            assert all(words.label(token) for token in ids)
        except model.ModelError:
            continue
