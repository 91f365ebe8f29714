"""Every language says all that English says, with the same names in it, and counts by its rules."""

from __future__ import annotations

import re
import string

import pytest

from llmviz_addon import anatomy, languages, model
from llmviz_addon.anatomy.operations import OPERATIONS
from llmviz_addon.anatomy.terms import Call, Power, walk
from llmviz_addon.breaking import BREAK, pieces
from llmviz_addon.languages import Language
from llmviz_addon.sentences import HOLE, Sentences
from tests.said import sentences

OTHERS = languages.available()[1:]


def own(code):
    """The phrases and counts of a language's own file, without what English adds."""
    english = languages.load()
    spoken = languages.load(code)
    return {
        kind: {
            key: value
            for key, value in getattr(spoken, kind).items()
            if value is not getattr(english, kind).get(key)
        }
        for kind in ("phrases", "counts")
    }


def names(text):
    """The names in braces of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", OTHERS)
def test_each_phrase_has_its_own_words_and_nothing_that_is_not_told(code):
    english, spoken = languages.load(), own(code)
    assert spoken["phrases"].keys() == english.phrases.keys()
    for key, text in spoken["phrases"].items():
        assert names(text) <= names(english.phrases[key]), key


@pytest.mark.parametrize("code", languages.available())
def test_each_noun_has_a_form_for_every_number(code):
    language, spoken = languages.load(code), own(code)
    if code in OTHERS:
        assert spoken["counts"].keys() == languages.load().counts.keys()
    for noun, forms in language.counts.items():
        assert len(forms) == 1 + max(map(language._plural, range(200))), noun
        assert all(names(form) == {""} for form in forms)


@pytest.mark.parametrize("code", languages.available())
@pytest.mark.parametrize("kind", ["titles", "interface"])
def test_translations_fill_the_same_holes(code, kind):
    for english, words in getattr(languages.load(code), kind).items():
        filled = [name for _, name, _, _ in string.Formatter().parse(words) if name is not None]
        assert all(filled) or not any(filled), words
        places = {int(name) if name else place for place, name in enumerate(filled)}
        assert places <= set(range(english.count(HOLE))), words


@pytest.mark.parametrize("code", languages.available())
def test_there_is_a_phrase_for_everything_that_a_formula_may_have(code):
    phrases = languages.load(code).phrases
    body = anatomy.build(model.load("nano-gpt").config, 4)
    formulas = [block.formula for block in body.blocks.values() if block.formula is not None]
    for operand in {operand.part for formula in formulas for operand in formula.operands}:
        assert f"part.{operand}" in phrases
    for tree in OPERATIONS.values():
        for term in walk(tree):
            if isinstance(term, Call):
                assert term.name in anatomy.writing._CALLS or term.name == "max0"
            if isinstance(term, Power):
                assert term.exponent in anatomy.writing._POWERS


POLISH = Language(
    "pl",
    "polski",
    {
        "plural": "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
        "thousands": " ",
        "decimal": ",",
    },
    titles={"Layer {}": "Warstwa {}", "Tokens": "Tokeny"},
    interface={
        "There is no block {}; this model has {}": "Ten model ma {1}; bloku {0} nie ma",
        "{}: is missing": "{}: brak",
        "{}: is missing, and {} lists it": "{}: brak, a wymienia to {}",
    },
    counts={"layer": ["{} warstwa", "{} warstwy", "{} warstw"]},
)


@pytest.mark.parametrize(
    ("english", "own"),
    [
        ("1 layer", "1 warstwa"),
        ("3 layers", "3 warstwy"),
        ("12 layers", "12 warstw"),
        ("12,345 layers", "12 345 warstw"),
        ("Layer 12", "Warstwa 12"),
        ("Tokens (Layer 3)", "Tokeny (Warstwa 3)"),
        (
            "There is no block 'q'; this model has 2 layers",
            "Ten model ma 2 warstwy; bloku 'q' nie ma",
        ),
        ("a/b.json: is missing", "a/b.json: brak"),
        ("a/b: is missing, and i.json lists it", "a/b: brak, a wymienia to i.json"),
        ("1,234.5", "1 234,5"),
        ("Logits", "Logits"),
    ],
)
def test_a_sentence_is_said_by_the_rules_of_the_language(english, own):
    assert POLISH.say(english) == own


def test_a_noun_stands_alone_beside_its_number():
    said = [POLISH.noun_in(f"{number:,} layers") for number in (1, 3, 12)]
    assert said == ["warstwa", "warstwy", "warstw"]
    assert languages.load().noun_in("1 layer") == "layer"
    assert languages.load("ja").noun_in("12 heads in each layer") == "ヘッド（各層）"


def test_the_sentence_with_most_words_of_its_own_is_found():
    known = Sentences(["{} {}", "{} cells of {}", "{} cells"])
    assert known.find("12 cells of mlp") == ("{} cells of {}", ("12", "mlp"))
    assert known.find("12 cells") == ("{} cells", ("12",))
    assert known.find("nothing") is None


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("the sum of all", ["the", "sum", "of", "all"]),
        ("モデルを隣に作ります。", ["モデルを", "隣に", "作ります。"]),
        ("重み（Q）は「鍵」です", ["重み", "（Q）は", "「鍵」です"]),
        ("数は 3.1 です", ["数は", "3.1", "です"]),
        (f"とり{BREAK}わけ大切", ["とり", "わけ大切"]),
        ("模型，有三层。", ["模", "型，", "有", "三", "层。"]),
    ],
)
def test_lines_end_between_words(text, lines):
    assert [piece for _, piece in pieces(text)] == lines
    assert "".join(gap + piece for gap, piece in pieces(text)) == text.replace(BREAK, "")


# Parts of sentences, and what becomes of them: a name that nobody reads (empty), or the sentences
# that they are joined into.
PARTS: dict[str, tuple[str, ...]] = {
    "A (head size)": (),
    "second half": (),
    "large weights": (),
    "small weights": (),
    "later layers": (),
    "further heads": (),
    "◇further heads": (),
    "◇later layers": (),
    "pin hud": (),
    "Film of Pictures": (),
    "top left": (),
    "top right": (),
    "sum in ◇": (),
    "parts of ◇": (),
    "left and right": (),
    "top and bottom": (),
    "The origin of a ray": (),
    "The quick brown fox": (),
    "vocab.json, merges.txt": (),
    "invalid offset for tensor": (),
    "Error while deserializing": (),
    "at line": (),
    "%s: not needed: %s": (),
    "this model has ◇, ◇": (
        "There is no block 'x'; this model has 3 layers, layer0 to layer2",
        "There is no block 'x'; this model has 1 layer, layer0",
        "There is no block 'x'; this model has 3 heads, head0 to head2 in each layer",
        "There is no block 'x'; this model has 1 head, head0 in each layer",
    ),
    "◇ in each layer": ("1 head in each layer", "12 heads in each layer"),
    "tokens of context": ("1,024 tokens of context",),
    "tokens of vocabulary": ("3 tokens of vocabulary",),
    "◇, or not whole; download it again": ("◇: is not a safetensors file, or not whole",),
    "has its weights only as ◇, ◇": (
        "◇: has its weights only as ◇, a pickle, which could run code and is never opened; ◇",
    ),
    ", or choose the checkpoint that it was exported from": (
        "download ◇, too, or choose the checkpoint that it was exported from",
    ),
    "◇: says in ◇ that the model is quantized◇◇, and such numbers are not read; ◇": tuple(
        f"◇: says in ◇ that the model is quantized{how}, and such numbers are not read; ◇"
        for how in ("", " with ◇", " to ◇ bits", " with ◇ to ◇ bits")
    ),
    "of type ◇": ("a normalizer of type ◇", "a pre_tokenizer of type ◇"),
    "other than GPT-2's": ("a normalizer other than GPT-2's", "a pre_tokenizer other than GPT-2's"),
    ": ◇ bytes, and at most ◇ are accepted": (
        "the header is too large: ◇ bytes, and at most ◇ are accepted",
    ),
    "; did you mean ◇?": (),
    "use a shorter prompt": (
        "close other programs or use a shorter prompt",
        "close other programs or use a shorter prompt or lower Cubes and Slab Memory under Detail",
    ),
    "lower Cubes and Slab Memory under Detail": (
        "close other programs or lower Cubes and Slab Memory under Detail",
    ),
    "Appends ◇ of ◇ tokens, where the context ends◇": tuple(
        f"Appends 2 of 6 tokens, where the context ends, {how}"
        for how in (
            "the most probable one",
            "each the most probable one",
            "each drawn at temperature 0.8",
            "drawn at temperature 0.8 from the 5 most probable ones",
        )
    ),
    "drawn at temperature ◇": (
        "Appends 1 token, drawn at temperature 0.8",
        "Appends 6 tokens, each drawn at temperature 0.8",
    ),
    "the most probable one": (
        "Appends 1 token, the most probable one",
        "Appends 6 tokens, each the most probable one",
    ),
    "◇ from the ◇ most probable ones": (
        "Appends 6 tokens, each drawn at temperature 0.8 from the 5 most probable ones",
    ),
    "formula: it is given, not computed": ("This cell has no formula: it is given, not computed",),
    "This cell has no ◇": ("This cell has no number", "This cell has no place"),
}

# English that stays in a translation: names of programs and what is typed.
KEPT = (
    "git lfs pull",
    "accelerate merge-weights",
    "state_dict_type FULL_STATE_DICT",
    "head 1 of layer 2",
    "layer 2, attention",
)

ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}")


def left_in_english(language, english):
    """The part of a sentence that another language says in English."""
    said = min((language.say(english), language.say(english.rstrip("."))), key=_english)
    for kept in KEPT:
        said = said.replace(kept, "")
    return _english(said)


def _english(said):
    return "; ".join(ENGLISH.findall(said))


@pytest.mark.parametrize("code", OTHERS)
def test_each_sentence_that_the_code_says_has_its_own_words(code):
    language, lacking = languages.load(code), {}
    for place, english in sentences():
        for said in PARTS.get(english.strip(), (english.strip(),)):
            if left_in_english(language, said):
                lacking[said] = place
    assert not lacking, "\n".join(f"{place}: {said}" for said, place in lacking.items())
