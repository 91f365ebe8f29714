"""Cards of models with and without numbers, and the prompts that they read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from llmviz_addon import model
from llmviz_addon.offer import cards, estimates
from tests.sorter import TEXT, save_with_words


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A checkpoint whose three tokens are the words of `TEXT`."""
    return save_with_words(tmp_path / "words")


def test_models_without_numbers_can_be_built_and_read_no_prompt():
    for preset in ("gpt2", "gpt2-xl", "gpt3"):
        card = cards.card(preset)
        assert not card.problem and not card.has_numbers
        assert card.note.startswith("Shape only")
        assert card.read("anything") == ((), "")


def test_a_model_with_numbers_has_no_note_and_says_how_large_its_file_is():
    card = cards.card("nano-gpt")
    assert card.has_numbers and not card.note


def test_a_preset_says_in_a_line_what_it_does_and_a_checkpoint_says_nothing(words):
    told = {preset.id: preset.summary for preset in model.presets()}
    assert {name: cards.card(name).summary for name in told} == told
    assert cards.card(str(words)).summary == ""


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
    found = estimates.estimate(loaded.config, 0, 5, False, 400_000, 256)
    text = cards.describe(loaded, found)
    # 12 layers of 12 · 768² in matrices and 2 · 1024 · 768 in attention, and the head.
    assert f"{12 * (12 * 768**2 + 2 * 1024 * 768) + 50257 * 768:,} multiplications" in text
    assert f"{found.shapes:,} cells" in text
