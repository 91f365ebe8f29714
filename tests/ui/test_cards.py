"""What cards tell of models with and without numbers, and how they read prompts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from llmviz_addon import model
from llmviz_addon.ui import cards, estimates

TEXT = "The cat sat"


@pytest.fixture
def words(checkpoint) -> Path:
    """A checkpoint whose three tokens are the words of `TEXT`."""
    folder = checkpoint()
    # A byte-level BPE that merges these words from their letters; Ġ is a space.
    goal = ["The", "Ġcat", "Ġsat"]
    letters = sorted({letter for word in goal for letter in word})
    merges = [(word[:i], word[i]) for word in goal for i in range(1, len(word))]
    merged = dict.fromkeys(left + right for left, right in merges)
    vocabulary = dict.fromkeys([*goal, *letters, *merged])
    ids = {word: number for number, word in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(ids), encoding="utf-8")
    lines = "".join(f"{left} {right}\n" for left, right in dict.fromkeys(merges))
    (folder / "merges.txt").write_text(f"#version: 0.2\n{lines}", encoding="utf-8")
    widen(folder, len(ids))
    return folder


def widen(folder: Path, n_vocab: int) -> None:
    """Give a checkpoint's embedding and head rows for a larger vocabulary."""
    import numpy as np
    from safetensors.numpy import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    for name, values in tensors.items():
        if name.startswith(("wte", "lm_head")):
            tensors[name] = np.resize(values, (n_vocab, values.shape[1]))
    save_file(tensors, folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config.update(vocab_size=n_vocab, n_positions=11)
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def test_models_without_numbers_can_be_built_and_read_no_prompt():
    for preset in ("gpt2", "gpt2-xl", "gpt3"):
        card = cards.card(preset)
        assert not card.problem and not card.has_numbers
        assert card.note.startswith("Shape only")
        assert card.read("anything") == ((), "")


def test_a_model_with_numbers_has_no_note_and_says_how_large_its_file_is():
    card = cards.card("nano-gpt")
    assert card.has_numbers and not card.note


def test_a_prompt_is_read_once(monkeypatch):
    cards._kept.clear()
    card, asked = cards.card("nano-gpt"), []
    read = card.reader.tokenizer.encode
    monkeypatch.setattr(
        card.reader.tokenizer, "encode", lambda text: (asked.append(text), read(text))[1]
    )
    for _ in range(3):
        assert card.read("ABC") == ([0, 1, 2], "")
        assert "'X'" in card.read("ABX")[1]
    assert asked == ["ABC", "ABX"]


def test_readings_do_not_pile_up():
    card = cards.card("nano-gpt")
    for number in range(100):
        card.read("A" * (number % 11) + "X" * number)
    assert len(card._readings) <= 16


def test_words_are_shown_where_tokens_are_words(words):
    card = cards.card(str(words))
    ids, problem = card.read(TEXT)
    assert not problem
    assert card.words(ids) == ("The", "·cat", "·sat")
    letters = cards.card("nano-gpt")
    assert letters.words(letters.read("ABC")[0]) == ()


def test_the_prompt_panel_shows_words_ids_and_how_many(words, sidebar, settings):
    settings.model, settings.prompt = str(words), TEXT
    read = sidebar()
    assert "The | ·cat | ·sat" in read
    assert "3 of 11" in read and "0 1 2" in read


def test_a_checkpoint_whose_tokenizer_went_is_read_by_ids_again(words, tmp_path):
    copy = shutil.copytree(words, tmp_path / "copy")
    for name in ("vocab.json", "merges.txt"):
        (copy / name).unlink()
    assert "not a token id" in cards.card(str(copy)).read(TEXT)[1]


def test_what_a_model_begins_with_is_in_its_own_units(words):
    assert cards.prompt_of(model.load("nano-gpt")) == "CBABBC"
    assert cards.prompt_of(model.load(words)) == "The quick brown fox"
    for name in ("vocab.json", "merges.txt"):
        (words / name).unlink()
    assert cards.prompt_of(model.load(words)) == "0", "an id"
    assert cards.prompt_of(model.load("gpt2")) == "", "without numbers nothing is read"


def test_info_tells_the_multiplications_and_what_drawing_takes():
    loaded = model.load("gpt2")
    found = estimates.estimate(loaded.config, 0, False, 400_000, 256)
    text = cards.describe(loaded, found)
    # 12 layers of 12 · 768² in matrices and 2 · 1024 · 768 in attention, and the head.
    assert f"{12 * (12 * 768**2 + 2 * 1024 * 768) + 50257 * 768:,} multiplications" in text
    assert f"{found.shapes:,} cells" in text
