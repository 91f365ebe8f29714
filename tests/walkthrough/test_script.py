"""A script is checked strictly, and messages name chapter, beat and key."""

from __future__ import annotations

import copy
import re
import tomllib

import pytest

from llmviz_addon import walkthrough
from llmviz_addon.languages import LanguageError
from llmviz_addon.walkthrough import AuthoringError
from llmviz_addon.walkthrough.loading import FOLDER
from llmviz_addon.walkthrough.parsing import parse

SCRIPT = {
    "chapter": [
        {
            "id": "one",
            "state": "empty",
            "beat": [
                {
                    "id": "first",
                    "duration": 4,
                    "shot": {"show": ["model"], "margins": {"left": 0.1}},
                    "do": [{"process": "embedding", "at": 1, "time": 2}],
                }
            ],
        }
    ]
}
TEXTS = {
    "title": "A Film",
    "one": {"title": "Chapter", "first": {"title": "Beat", "text": "It begins."}},
}


def changed(**paths):
    """Copies of script and texts with values set at dotted paths; None removes."""
    script, texts = copy.deepcopy(SCRIPT), copy.deepcopy(TEXTS)
    for path, value in paths.items():
        root, *steps = path.split("__")
        at = script if root == "script" else texts
        steps = [int(step) if step.isdigit() else step for step in steps]
        for step in steps[:-1]:
            at = at[step]
        if value is None:
            del at[steps[-1]]
        else:
            at[steps[-1]] = value
    return script, texts


BEAT = "script__chapter__0__beat__0__"


def test_a_small_script_is_read():
    (chapter,) = parse(SCRIPT, TEXTS).chapters
    (beat,) = chapter.beats
    assert (chapter.title, beat.title, beat.captions[0].text) == ("Chapter", "Beat", "It begins.")
    assert beat.shot.margins.left == 0.1
    assert beat.gestures[0].subject == "embedding"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({BEAT + "durration": 3}, "'one', beat 'first' has an unknown key 'durration'"),
        ({BEAT + "duration": "long"}, "duration is 'long'; it must be a number"),
        ({BEAT + "duration": -1}, "duration is -1"),
        ({BEAT + "duration": True}, "duration is True"),
        ({BEAT + "id": None}, "lacks 'id'"),
        ({BEAT + "layer": "middle"}, "layer is 'middle'"),
        ({BEAT + "if": ["rainy"]}, "'rainy'; facts are"),
        ({BEAT + "shot": {"show": []}}, "shot: show is empty"),
        ({BEAT + "shot": {"show": "model"}}, "it must be a list of texts"),
        ({BEAT + "shot": {"show": ["model"], "zoom": 2}}, "unknown key 'zoom'"),
        ({BEAT + "shot__margins": {"left": 0.6, "right": 0.6}}, "leave no picture"),
        ({BEAT + "do": [{"at": 1}]}, "do 1 has .*exactly one of .*process"),
        ({BEAT + "do": [{"process": "a", "fade": ["b"]}]}, "exactly one of"),
        ({BEAT + "do": [{"process": 3}]}, "process: process is 3"),
        ({BEAT + "do": [{"process": "a", "speed": 3}]}, "unknown option 'speed'"),
        ({BEAT + "do": [{"process": "a", "at": -3}]}, "must not be negative"),
        ({BEAT + "do": [{"process": "a", "heads": "abreast"}]}, "together or in turn"),
        ({BEAT + "do": [{"fade": "a"}]}, "fade is 'a'"),
        ({"script__chapter__0__state": "half"}, "state is 'half'"),
        ({"script__chapter": {}}, "it must be a list of tables"),
        ({"texts__one__first": None}, "one lacks 'first'"),
        ({"texts__one__first__text": None}, "lacks 'text'"),
        ({"texts__one__second": {}}, "unknown key 'second'"),
        ({"texts__two": {}}, "the script has no such chapter"),
        (
            {"texts__one__first__text": [{"if": ["sorted"], "text": "Sorted."}]},
            "must hold without conditions",
        ),
    ],
)
def test_a_mistake_is_named(change, says):
    with pytest.raises(AuthoringError, match=says):
        parse(*changed(**change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({BEAT + "do": [{"process": "wte"}]}, "one.first: 'wte' are weights"),
        ({BEAT + "do": [{"process": "logits", "to": "tokens"}]}, "computed before"),
        ({BEAT + "do": [{"process": "tokens", "pass": 9}]}, "there is no pass 9"),
        ({BEAT + "do": [{"process": "tokens", "at": 30}]}, "of a beat of"),
        ({BEAT + "do": [{"process": "tokkens"}]}, "Did you mean 'tokens'"),
        ({BEAT + "do": [{"fly": 8}]}, "nothing to carry"),
        (
            {BEAT + "do": [{"highlight": ["wte"], "time": 2}, {"highlight": ["wte"]}]},
            r"one.first: wte.highlight is wanted .* One property has one owner",
        ),
        ({BEAT + "shot": {"show": ["layer{lair}"]}}, "known here are"),
        ({BEAT + "shot": {"show": ["layer7.mlp"]}}, "one.first, shot: .*'layer7.mlp'"),
        ({"texts__one__first__text": "Is {color}?"}, "'color' in braces"),
    ],
)
def test_what_cannot_be_played_is_named(sorter, change, says):
    script = parse(*changed(**change))
    with pytest.raises(AuthoringError, match=says):
        walkthrough.compile(script, *sorter)


def test_missing_files_and_palettes_are_named(sorter):
    with pytest.raises(AuthoringError, match=r"no walkthrough file llama.toml; there are .*gpt2"):
        walkthrough.load("llama")
    with pytest.raises(LanguageError, match="no language 'xx'; there are en, ja"):
        walkthrough.load("gpt2", "xx")
    with pytest.raises(AuthoringError, match="no palette 'sepia'"):
        walkthrough.compile(None, *sorter, palette="sepia")


def test_captions_never_hold_a_number_of_a_model():
    texts = tomllib.loads((FOLDER / "gpt2.en.toml").read_text(encoding="utf-8"))

    def strings(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from strings(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from strings(inner)

    for text in strings(texts):
        written = re.sub(r"\{\w+\}", "", text)
        # 0 and 1 are the mean and deviation of a norm, and the sum of a softmax.
        assert set(re.findall(r"\d+", written)) <= {"0", "1"}, text
        assert not re.search(
            r"\b(two|three|six|eleven)\b(?! linear| tables| kinds)", written.lower()
        ), text
