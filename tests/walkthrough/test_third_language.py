"""A third language is data only: its files, put beside the others, are all that it takes."""

from __future__ import annotations

import re
import shutil

import pytest

from llmviz_addon import explain, languages, model, walkthrough
from llmviz_addon.walkthrough import loading, wording
from tests.folders import TESTS


@pytest.fixture
def third(tmp_path, monkeypatch):
    """The code of a language whose files stand beside those that come with the extension."""
    own = TESTS / "languages"
    for module, name, files in (
        (languages, "languages", ("eo.toml", "eo.interface.toml")),
        (loading, "walkthroughs", ("gpt2.eo.toml",)),
    ):
        shutil.copytree(module.FOLDER, tmp_path / name)
        for file in files:
            shutil.copy(own / file, tmp_path / name)
        monkeypatch.setattr(module, "FOLDER", tmp_path / name)
    languages.load.cache_clear()
    yield "eo"
    languages.load.cache_clear()


def test_it_is_offered_and_found_by_blenders_code(third):
    assert third in languages.available()
    assert languages.fitting("eo") == languages.fitting("eo_XX") == third
    assert languages.load(third).name == "Esperanto"


def test_a_film_is_told_in_it_and_in_english_where_it_lacks_words(third, sorter):
    film = walkthrough.compile(None, *sorter, language=third)
    english = walkthrough.compile(None, *sorter)
    titles = {marker.id: marker.name for marker in film.markers}
    assert titles["embedding"].startswith("Enkorpigo")
    assert len(film.captions) == len(english.captions)
    mean = next(c.text for c in film.captions if re.search(r"\d,\d\d", c.text))
    assert not re.search(r"\d\.\d\d\b", mean)


def test_it_counts_and_writes_numbers_by_its_own_rules(third):
    language, config = languages.load(third), model.load("nano-gpt").config
    assert wording.heading(config, "nano-gpt", language.say)[1:] == (
        "85.584 da parametroj",
        "3 tavoloj · 3 heads · 48 channels",
    )
    assert language.noun_in("12 heads in each layer") == "da kapoj po tavolo"
    assert language.say("Layer 3") == "Tavolo 3"
    assert language.say("a/b.json: is missing, and i.json lists it; download it, too") == (
        "a/b.json: mankas, kvankam i.json listigas ĝin. elŝutu ankaŭ ĝin"
    )


def test_cells_are_explained_in_it(third):
    found = explain.load("nano-gpt", "CBABBC", language=third).explain("layer0.ln_1", 2, 5)
    assert found.title == "Tavola Normigo en tavolo 0"
    assert found.place == "kanalo 5 ĉe pozicio 2 de ĵetono A"
    assert found.source_words == "From 5 cells"
