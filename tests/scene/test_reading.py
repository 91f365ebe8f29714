"""Characters stand in the order and in the forms in which they are read."""

from __future__ import annotations

import pytest

from llmviz_addon.scene.words.reading import as_drawn, is_mark

ORDER = {
    "latin": ("MLP Weights (0.5)", "MLP Weights (0.5)"),
    "hebrew": ("שלום", "םולש"),
    "two words": ("שלום עולם", "םלוע םולש"),
    "a number stays as it is": ("שלום 123", "123 םולש"),
    "a number with its point": ("שלום 1.5", "1.5 םולש"),
    "a share": ("שלום 50%", "50% םולש"),
    "latin among hebrew": ("שלום abc עולם", "םלוע abc םולש"),
    "hebrew among latin": ("a שלום b", "a םולש b"),
    "hebrew at the end of latin": ("token שלום", "token םולש"),
    "a number after latin": ("layer 12 שלום", "layer 12 םולש"),
    "brackets turn their backs": ("(שלום)", "(םולש)"),
    "brackets around latin keep their sides": ("שלום (abc)", "(abc) םולש"),
    "japanese": ("日本語", "日本語"),
    "what is not printed is left out": ("a\u200d\ufe0f\u0007b", "ab"),
    "a mark with its letter is one": ("e\u0301", "é"),
}


@pytest.mark.parametrize("name", ORDER)
def test_words_stand_as_they_are_read(name):
    line, drawn = ORDER[name]
    assert as_drawn(line) == drawn


def test_marks_stay_behind_their_letters_where_words_are_turned_around():
    found = as_drawn("בָּרָא")
    assert [c for c in found if not is_mark(c)] == list("ארב")
    assert found.index("ב") < found.index("\u05b8", found.index("ב"))


ISOLATED, FINAL, INITIAL, MEDIAL = "\ufe8f", "\ufe90", "\ufe91", "\ufe92"


def test_arabic_letters_join():
    assert as_drawn("ب") == ISOLATED
    assert as_drawn("ببب") == FINAL + MEDIAL + INITIAL
    assert as_drawn("بب ب") == f"{ISOLATED} {FINAL}{INITIAL}"
    # Alef joins the letter before it only.
    assert as_drawn("باب") == f"{ISOLATED}\ufe8e{INITIAL}"


def test_marks_do_not_part_arabic_letters():
    assert as_drawn("بَب") == f"{FINAL}{INITIAL}\u064e"


@pytest.mark.parametrize(("letters", "drawn"), [("لا", "\ufefb"), ("بلا", "\ufefc\ufe91")])
def test_lam_and_alef_are_one_letter(letters, drawn):
    assert as_drawn(letters) == drawn


def test_arabic_numbers_run_to_the_right():
    assert as_drawn("١٢٣ ب") == f"{ISOLATED} ١٢٣"


@pytest.mark.parametrize(
    ("word", "drawn"),
    [
        ("कि", "िक"),
        ("हिन्दी", "िहन्दी"),
        ("त्रि", "ित्र"),
        ("का", "का"),
        ("கெ", "ெக"),
    ],
)
def test_vowels_that_are_written_first_stand_first(word, drawn):
    assert as_drawn(word) == drawn
