"""rhyme-gpt in the scene: all of it cubes, its letters on the strips, live while one types."""

from __future__ import annotations

from dataclasses import replace

import bpy
import pytest

from llmviz_addon import model
from llmviz_addon.progress import run
from llmviz_addon.scene import live

from . import helpers, people


@pytest.fixture
def rhymes() -> model.Model:
    """The model; its own prompt is built in a file of the test's own."""
    network = model.load("rhyme-gpt")
    helpers.open_built(network.prompt, network.id)
    return network


def _read(strip: str, line: int, count: int) -> str:
    """A line of each of the first tiles of a strip, as one text."""
    tiles = people.only().marked("llmviz_strip")
    said = (tiles[f"strip:{strip}:{i}"]["llmviz_text"].split("\n") for i in range(count))
    return "".join(lines[line] for lines in said)


def test_every_number_is_a_cube_and_every_letter_a_tile(rhymes):
    standing = people.only()
    people.check_shows(standing, rhymes.prompt)
    assert {block["llmviz_values"] for block in standing.blocks.values()} == {"exact"}
    assert _read("input", 0, 27) == "twinkle·twinkle·little·star"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Monday Tuesday Wed", "monday·tuesday·wednesda"),
        ("an apple a day keeps the doctor", "an·apple·a·day·keeps·the·doctor·away"),
        ("いろはに", "いろはにほへと"),
    ],
)
def test_another_prompt_is_seen_while_it_is_typed_and_the_film_follows(rhymes, typed, read):
    scene = bpy.context.scene
    assert live.follow(scene, replace(people.only().recipe, prompt=typed))
    people.check_shows(people.only(), typed)
    assert _read("input", 0, len(read)) == read
    run(live.catch_up_steps(scene))
    captions = {o["llmviz_caption_of"]: o["llmviz_text"] for o in scene.objects if _tells(o)}
    assert typed.lower()[:20] in " ".join(captions["introduction.input"].split())


def _tells(obj: bpy.types.Object) -> bool:
    return "llmviz_caption_of" in obj
