"""A script of one's own, as docs/walkthroughs.md has it, plays from its file and names mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from llmviz_addon import walkthrough
from llmviz_addon.walkthrough import AuthoringError

GUIDE = Path(__file__).parents[2] / "docs" / "walkthroughs.md"


@pytest.fixture(scope="module")
def example():
    """The first script of the guide."""
    return re.search(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]


@pytest.fixture
def file(tmp_path, example):
    path = tmp_path / "tour.toml"
    path.write_text(example, encoding="utf-8")
    return path


def test_the_guides_example_plays_as_it_stands(file, told):
    body, run, reader, _ = told
    script = walkthrough.load_file(file)
    film = walkthrough.compile(script, body, run, reader=reader)
    assert script.own and film.partial
    assert film.title == "A Short Tour, nano-gpt"
    assert [marker.name for marker in film.markers] == ["Attention", "Scores"]
    assert [caption.text for caption in film.captions] == ["C compares its query with 6 keys."]


def test_texts_of_another_language_stand_in_a_file_beside_it(file, told):
    body, run, reader, _ = told
    file.with_suffix(".ja.toml").write_text(
        '[attention.scores]\ntext = "{token}は|{keys}個の|キーと|比べます。"\n', encoding="utf-8"
    )
    script = walkthrough.load_file(file, "ja")
    film = walkthrough.compile(script, body, run, reader=reader)
    assert film.captions[0].lines() == ["Cは6個のキーと比べます。"]
    # What is not said there is said as in the script.
    assert film.markers[0].name == "Attention"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("heads = ", "speed = 3, heads = ", "chapter 'attention', beat 'scores'.*option 'speed'"),
        ('state = "prompt"', 'state = "promt"', "chapter 'attention': state is 'promt'"),
        ("text = ", "txt = ", "attention, scores lacks 'text'"),
        ("[[chapter.beat]]", "[[chapter.beat", "is not TOML"),
    ],
)
def test_a_mistake_names_the_file_and_the_place(file, example, old, new, says):
    file.write_text(example.replace(old, new), encoding="utf-8")
    with pytest.raises(AuthoringError, match=f"^tour.toml: .*{says}|tour.toml.*{says}"):
        walkthrough.load_file(file)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(AuthoringError, match=r"none\.toml cannot be read"):
        walkthrough.load_file(tmp_path / "none.toml")


def test_the_guide_shows_every_gesture():
    guide = GUIDE.read_text(encoding="utf-8")
    missing = [verb for verb in walkthrough.gestures.VERBS if f"{{ {verb} = " not in guide]
    assert not missing
