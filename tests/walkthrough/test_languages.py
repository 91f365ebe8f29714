"""Every language says all that English says, by its own rules, and what it says fits."""

from __future__ import annotations

import re
import string

import pytest

from llmviz_addon import anatomy, languages, model, walkthrough
from llmviz_addon.breaking import BREAK
from llmviz_addon.languages import Language
from llmviz_addon.walkthrough import stills, transcripts
from llmviz_addon.walkthrough.companions import rounded
from llmviz_addon.walkthrough.loading import read_preset
from llmviz_addon.walkthrough.wording import FACTS

OTHERS = [code for code in languages.available() if code != languages.ENGLISH]
# Particles and endings that no Japanese line begins with, and signs that do not begin a line.
CLINGING = "はがをにでともへのやか。、）」：んっょゅゃー"


def leaves(values, path=()):
    """Paths and texts of a table; of conditional texts with their conditions."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        elif isinstance(value, list):
            for each in value:
                yield (*path, key, *each.get("if", ())), each["text"]
        else:
            yield (*path, key), value


@pytest.mark.parametrize("code", OTHERS)
def test_each_text_of_the_walkthrough_has_its_own_words(code):
    english = dict(leaves(read_preset("gpt2.en.toml")))
    own = dict(leaves(read_preset(f"gpt2.{code}.toml")))
    assert own.keys() == english.keys()


@pytest.mark.parametrize("code", OTHERS)
def test_texts_quote_only_what_there_is_to_quote(code):
    english = dict(leaves(read_preset("gpt2.en.toml")))
    for path, text in leaves(read_preset(f"gpt2.{code}.toml")):
        known = {name for _, name, _, _ in string.Formatter().parse(english[path]) if name}
        quoted = {name for _, name, _, _ in string.Formatter().parse(text) if name}
        extra = {"model", "token", "head", "n_embd", "layers"}
        assert quoted <= known | extra, path
        written = re.sub(r"\{\w+\}", "", text)
        assert set(re.findall(r"\d+", written)) <= {"0", "1"}, text


def titles():
    """All English words that stand in the scene of a model."""
    for preset in ("nano-gpt", "gpt2"):
        body = anatomy.build(model.load(preset).config, 4)
        for block in body.blocks.values():
            yield from (block.title, block.short_title)
        yield from (section.title for section in body.root.walk())
        yield from walkthrough.wording.heading(body.config, "")[1].split(" · ")
        yield from walkthrough.wording.heading(body.config, "")[2].split(" · ")
    yield from (still.title for still in stills(frozenset(FACTS)))


@pytest.mark.parametrize("code", OTHERS)
def test_each_title_has_its_own_words(code):
    language = languages.load(code)
    known = language.titles
    for title in titles():
        pattern = re.sub(r"\d[\d,.]*\d|\d", "{}", title)
        assert title in known or pattern in known or language.say(title) != title, title


@pytest.mark.parametrize("code", languages.available())
@pytest.mark.parametrize("aspect", [16 / 9, 1.0, 9 / 16])
def test_captions_fit(code, aspect, sorter):
    film = walkthrough.compile(None, *sorter, aspect=aspect, language=code)
    for caption in film.captions:
        lines = caption.lines(aspect)
        assert len(lines) <= (2 if aspect > 1 else 5), (caption.beat, lines)
        assert BREAK not in "".join(lines)
        least = languages.load(code).reading_time(caption.text)
        assert caption.end - caption.start >= least - 1e-6


@pytest.mark.parametrize("aspect", [16 / 9, 1.0, 9 / 16])
def test_no_japanese_line_begins_with_a_particle_or_within_a_word(aspect, sorter):
    film = walkthrough.compile(None, *sorter, aspect=aspect, language="ja")
    for caption in film.captions:
        lines = caption.lines(aspect)
        for line in lines[1:]:
            assert line[0] not in CLINGING or line[:2] in ("とき", "もう", "とり", "やが"), lines
        assert "".join(lines).replace(" ", "") == (
            caption.text.replace(BREAK, "").replace("\u00a0", " ").replace(" ", "")
        )


def test_large_numbers_are_said_as_each_language_says_them():
    said = {code: languages.load(code).numbers for code in ("en", "ja")}
    for number, english, japanese in (
        (999, "999", "999"),
        (12_345, "12,300", "1.23万"),
        (123_456_789, "123 million", "1.23億"),
        (1.746e11, "175 billion", "1,750億"),
        (3.1e12, "3.1 trillion", "3.1兆"),
    ):
        assert rounded(number, said["en"]).replace("\u00a0", " ") == english
        assert rounded(number, said["ja"]) == japanese


def test_what_a_language_lacks_is_said_in_english():
    language = Language("xx", "X", languages.load().numbers, {"Layer {}": "L{}"})
    assert language.say("Layer 12") == "L12"
    assert language.say("Tokens (Layer 3)") == "Tokens (L3)"
    assert language.say("Logits") == "Logits"
    assert languages.merged({"a": {"b": "1"}}, {"a": {"b": "2", "c": "3"}}) == {
        "a": {"b": "1", "c": "3"}
    }
    assert (languages.fitting("ja_JP"), languages.fitting("xx_XX")) == ("ja", "en")


def test_subtitles_say_what_the_captions_say_at_their_times(sorter):
    film = walkthrough.compile(None, *sorter, language="ja")
    written = transcripts.srt(film.captions)
    blocks = written.strip().split("\n\n")
    assert len(blocks) == len(film.captions)
    for number, (block, caption) in enumerate(zip(blocks, film.captions, strict=True), 1):
        index, times, *lines = block.split("\n")
        assert index == str(number)
        assert lines == caption.lines()
        start, end = (seconds(each) for each in times.split(" --> "))
        assert (start, end) == pytest.approx((caption.start, caption.end), abs=1e-3)
    part = transcripts.vtt(film.captions, 10.0, 20.0)
    assert part.startswith("WEBVTT\n")
    assert "00:00:00.000 --> " in part and "--> 00:00:10.000" in part


def seconds(written):
    hours, minutes, rest = written.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


def test_the_script_as_text_has_every_beat_with_its_caption(sorter):
    film = walkthrough.compile(None, *sorter)
    text = transcripts.markdown(film)
    for marker in film.markers:
        assert marker.name in text
    for caption in film.captions:
        assert f"> {languages.without_breaks(caption.text)}" in text
