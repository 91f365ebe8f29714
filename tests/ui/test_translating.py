"""The sidebar's words in other languages, as Blender gets them."""

from __future__ import annotations

import bpy

from llmviz_addon import languages
from llmviz_addon.ui import translating


def said():
    """The English labels of our panels, operators and settings."""
    kinds = [*bpy.types.Panel.__subclasses__(), *bpy.types.Operator.__subclasses__()]
    for kind in kinds:
        if kind.__module__.startswith("llmviz_addon.ui"):
            yield kind.bl_label
    for prop in bpy.types.Scene.bl_rna.properties["llmviz"].fixed_type.properties:
        if not (prop.is_hidden or prop.is_readonly or prop.identifier == "name"):
            yield prop.name


def test_every_label_of_the_sidebar_has_words_in_each_language():
    for code in languages.available()[1:]:
        language = languages.load(code)
        lacking = {
            label
            for label in said()
            if label and label not in language.interface and label not in language.titles
        }
        assert not lacking, f"{code} lacks {sorted(lacking)}"


def test_blender_gets_words_for_labels_and_for_operators():
    words = translating.dictionary()["ja_JP"]
    assert words["*", "Walkthrough"] == "ウォークスルー"
    assert words["Operator", "Export Script"] == "台本を書き出す"
    assert not [english for _, english in words if "{}" in english]
