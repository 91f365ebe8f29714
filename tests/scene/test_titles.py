"""Titles beside blocks: their names and, where there is room, the precision of their values."""

from __future__ import annotations

import bpy

from llmviz_addon import scene as scene_room

from . import helpers


def _titles(root: bpy.types.Collection) -> dict[str, str]:
    """The titles of blocks, by the blocks' names."""
    titles = (o for o in root.all_objects if o.name.endswith(" title"))
    return {o["llmviz_label_of"]: o["llmviz_text"] for o in titles}


def test_titles_of_wide_blocks_say_how_they_are_drawn_and_how_true_their_values_are():
    titles = _titles(helpers.build(cubes=20_000))
    assert titles["layer0.mlp_weight"] == "MLP Weights (slab, 255 levels)"
    assert titles["layer0.ln_1.weight"] == "γ", "there is no room"
    said = {name: title for name, title in titles.items() if "(" in title}
    for name, title in said.items():
        block = helpers.block(name)
        assert title.endswith(f"({block['llmviz_drawn_as']}, {block['llmviz_values']})")
    assert len({title.partition("(")[2] for title in said.values()}) == 2, "cubes and slabs"


def test_titles_of_a_model_that_is_all_cubes_are_names_only(standing):
    assert not any("(" in title for title in _titles(standing).values())


def test_titles_of_shapes_say_that_they_are_no_more():
    titles = _titles(helpers.build("", "gpt2"))
    assert titles["layer0.mlp_weight"] == "MLP Weights (shape only)"
    assert titles["embedding"] == "Input Embedding", "beside it something else stands"


def test_views_that_show_the_film_have_its_ground_its_shades_and_its_titles():
    root = helpers.build_small()
    scene = bpy.context.scene

    def seen(mark: str) -> set[bool]:
        return {not o.hide_viewport for o in root.all_objects if mark in o}

    def titled() -> set[bool]:
        return {not c.hide_viewport for c in root.children_recursive if c.name.startswith("Titles")}

    marks = ("llmviz_ground", "llmviz_shade_of", "llmviz_backdrop")
    assert all(seen(mark) == {False} for mark in marks) and titled() == {False}
    scene_room.stage_views(scene, of_film=True)
    assert all(seen(mark) == {True} for mark in marks) and titled() == {True}
    # Another film, of another prompt, is staged, too.
    helpers.build_small(helpers.FEW)
    assert all(seen(mark) == {True} for mark in marks) and titled() == {True}
    scene_room.stage_views(scene, of_film=False)
    assert all(seen(mark) == {False} for mark in marks) and titled() == {False}
