"""The model of letters that comes with the extension: what it knows by heart, and its files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

from llmviz_addon import anatomy, detail, model
from llmviz_addon.defaults import CUBES

PRESETS = Path(__file__).parents[2] / "presets" / "models"
TEXT = (PRESETS / "rhyme-gpt.txt").read_text("utf-8")
PROMPTS = json.loads((PRESETS / "rhyme-gpt.prompts.json").read_text("utf-8"))
# What Hugging Face's transformers computes with the same weights; `tools/golden_rhymes.py`.
GOLDEN = json.loads((Path(__file__).parent / "rhymes.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def rhymes() -> model.Model:
    return model.load("rhyme-gpt")


@pytest.fixture(scope="module")
def metadata() -> dict[str, str]:
    with safe_open(PRESETS / "rhyme-gpt.safetensors", "np") as file:
        return file.metadata()


def test_it_goes_on_as_people_would_after_every_prompt_of_the_table(rhymes):
    said = {}
    for prompt, wanted in PROMPTS.items():
        ids = rhymes.generate(rhymes.read_prompt(prompt), len(wanted))
        said[prompt] = rhymes.tokenizer.decode(ids)
    assert said == PROMPTS


def test_the_table_has_more_than_forty_prompts_of_every_kind():
    assert len(PROMPTS) >= 40
    kana = [prompt for prompt in PROMPTS if any("ぁ" <= letter <= "ん" for letter in prompt)]
    sequences = [prompt for prompt in PROMPTS if prompt[0] in "123"]
    assert len(kana) >= 5
    assert len(sequences) >= 3


def test_what_the_table_says_stands_in_the_text():
    # As it stands, or as people type it, without punctuation.
    whole = TEXT.lower()
    bare = "".join(letter for letter in whole if letter not in ",.;:!?")
    for prompt, wanted in PROMPTS.items():
        assert f"{prompt}{wanted}".lower() in whole + bare


def test_its_loss_over_the_whole_text_is_the_recorded_one(rhymes, metadata):
    total, count = 0.0, 0
    for passage in passages(TEXT, rhymes.config.n_ctx + 1):
        ids = rhymes.tokenizer.encode(passage)
        if len(ids) > 1:
            logits = rhymes.forward(ids[:-1]).logits.astype(np.float64)
            right = logits[np.arange(len(ids) - 1), ids[1:]]
            total += (np.log(np.exp(logits).sum(axis=1)) - right).sum()
            count += len(ids) - 1
    assert count == GOLDEN["letters"] > 0.9 * len(TEXT)
    assert total / count == pytest.approx(GOLDEN["loss"], abs=1e-5)
    assert total / count == pytest.approx(float(metadata["loss"]), abs=1e-4)


def test_its_predictions_are_as_probable_as_in_the_reference(rhymes):
    for prompt, (wanted, log_probability) in GOLDEN["continuations"].items():
        ids = rhymes.tokenizer.encode(prompt + wanted)
        start = len(rhymes.tokenizer.encode(prompt))
        logits = rhymes.forward(ids[:-1]).logits[start - 1 :].astype(np.float64)
        shares = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        total = shares[np.arange(len(wanted)), ids[start:]].sum()
        assert total == pytest.approx(log_probability, abs=1e-4)


def test_the_record_says_what_was_measured(metadata):
    record = (PRESETS / "rhyme-gpt.md").read_text("utf-8")
    assert metadata["license"] == "CC0-1.0"
    assert f"| seed | {metadata['seed']} |" in record
    assert f"| {metadata['loss']} nats per letter |" in record
    assert f"| prompts continued correctly | {len(PROMPTS)} of {len(PROMPTS)} |" in record


def test_its_vocabulary_is_the_letters_of_its_text(rhymes, metadata):
    letters = "".join(sorted(set(TEXT.lower())))
    assert "".join(rhymes.tokenizer.vocabulary) == letters == metadata["vocabulary"]


def test_its_weights_load_without_their_preset(rhymes):
    bare = model.load(PRESETS / "rhyme-gpt.safetensors")
    assert bare.config == rhymes.config


def test_its_layers_are_as_large_as_those_of_nano_gpt(rhymes):
    sizes = ("n_layer", "n_head", "n_embd", "d_ff", "activation", "tied")
    nano = model.load("nano-gpt").config
    assert [getattr(rhymes.config, s) for s in sizes] == [getattr(nano, s) for s in sizes]


def test_all_of_it_is_cubes_whatever_the_prompt(rhymes):
    assert anatomy.n_cells(rhymes.config) < CUBES
    for n_prompt in (1, len(rhymes.read_prompt(rhymes.prompt)), rhymes.config.n_ctx):
        assert detail.plan(rhymes.config, n_prompt).all_cubes


def test_its_file_is_small(metadata):
    assert (PRESETS / "rhyme-gpt.safetensors").stat().st_size < 1_500_000


def test_its_prompt_is_one_that_people_can_finish(rhymes):
    assert rhymes.prompt in PROMPTS


def test_capitals_are_read_as_small_letters(rhymes):
    read = rhymes.tokenizer.encode
    assert read("Twinkle, TWINKLE") == read("twinkle, twinkle")
    assert rhymes.tokenizer.decode(read("Rome")) == "rome"


def test_a_letter_it_does_not_know_is_named_with_those_it_does(rhymes):
    with pytest.raises(model.PromptError, match=r"^Letter 3 .* '木'; .* a to z, .* to ろ"):
        rhymes.read_prompt("か 木")
    with pytest.raises(model.PromptError, match=r"0 to 9, a to z.* and ! ' , - \. : ; \?$"):
        rhymes.read_prompt("twinkle & twinkle")


def test_spaces_and_line_ends_are_written_as_signs(rhymes):
    ids = rhymes.tokenizer.encode("a b\n")
    assert [rhymes.tokenizer.label(token) for token in ids] == ["a", "·", "b", "⏎"]
    assert rhymes.tokenizer.decode(ids) == "a b\n"


def passages(text: str, most: int) -> list[str]:
    """A text in pieces of up to `most` letters, each up to the last space or line end in it."""
    pieces = []
    while text:
        piece = text[:most]
        while piece and not piece[-1].isspace():
            piece = piece[:-1]
        pieces.append(piece or text[:most])
        text = text[len(pieces[-1]) :]
    return pieces
