"""The sidebar's words in other languages, as Blender gets them."""

from __future__ import annotations

import ast
from pathlib import Path

import bpy
import pytest

from llmviz_addon import languages, model, ui
from llmviz_addon.scene import looks
from llmviz_addon.ui import layout, messages, translating

OTHERS = languages.available()[1:]

SKIPPED = ("rna_type", "name")

# Names that are the same in all languages.
NAMES = ("1080 × 1080", "1080 × 1920", "1920 × 1080", "Object Mode")


def kinds(base):
    """All classes of ours below one of Blender's."""
    for kind in base.__subclasses__():
        yield from kinds(kind)
        if kind.__module__.startswith("llmviz_addon") and hasattr(kind, "bl_label"):
            yield kind


def told(rna, common):
    """Names and tooltips of properties and their items, but for those that all of a kind have."""
    for prop in rna.properties:
        if prop.is_hidden or prop.identifier in (*common, *SKIPPED):
            continue
        yield from (prop.name, prop.description)
        for item in prop.enum_items if prop.type == "ENUM" else ():
            yield from (item.name, item.description)


def written():
    """English words that panels give to Blender to translate."""
    for path in Path(ui.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = {each.arg: each.value for each in node.keywords}
            said = {id(part) for each in given.values() for part in _said(each)}
            if "translate" in given:
                continue
            for name in ("text", "placeholder", "name"):
                for part in ast.walk(given.get(name, ast.Pass())):
                    if id(part) in said or not isinstance(part, ast.Constant):
                        continue
                    if isinstance(part.value, str):
                        yield part.value


def _said(value):
    """The parts of a value that our own translation says."""
    for call in ast.walk(value):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "translating.say":
            yield from ast.walk(call)


def everything():
    """All English labels, tooltips and button texts of the extension."""
    for kind in (*kinds(bpy.types.Panel), *kinds(bpy.types.Operator)):
        yield kind.bl_label
        if issubclass(kind, bpy.types.Operator):
            yield kind.bl_rna.description
            yield from told(kind.bl_rna, bpy.types.Operator.bl_rna.properties.keys())
    for tool in kinds(bpy.types.WorkSpaceTool):
        yield from (tool.bl_label, tool.bl_description)
    yield from (preset.summary for preset in model.presets())
    yield from (looks.load(look).title for look in looks.available())
    settings = bpy.types.Scene.bl_rna.properties["llmviz"].fixed_type
    yield from told(settings, ())
    yield from written()


@pytest.mark.parametrize("code", OTHERS)
def test_every_label_and_tooltip_has_words_in_each_language(registered, code):
    language = languages.load(code)
    known = {**language.titles, **language.interface}
    english = {said for said in everything() if any(map(str.isalpha, said))}
    lacking = {said for said in english if said not in known and said not in NAMES}
    assert len(english) > 150
    assert not lacking, f"{code} lacks {sorted(lacking)}"


def test_labels_are_said_in_our_words_and_not_in_blenders_for_other_things(registered):
    settings = bpy.types.Scene.bl_rna.properties["llmviz"].fixed_type
    ours = [p for p in settings.properties if not p.is_hidden and p.identifier not in SKIPPED]
    assert {prop.translation_context for prop in ours} == {translating.CONTEXT}
    for panel in kinds(bpy.types.Panel):
        assert panel.bl_translation_context == translating.CONTEXT


def test_nothing_is_reported_past_the_languages():
    for path in Path(ui.__file__).parent.glob("*.py"):
        if path.stem != "translating":
            source = path.read_text(encoding="utf-8")
            assert ".report({" not in source and "poll_message_set" not in source, path.name


def test_blender_gets_words_for_labels_and_for_operators():
    words = translating.dictionary()["ja_JP"]
    assert words["*", "Walkthrough"] == "ウォークスルー"
    assert words["Operator", "Export Script"] == "台本を書き出す"
    assert words["LLM Viz", "Layer"] == "層"
    assert not [english for _, english in words if "{}" in english]


@pytest.fixture
def in_japanese(monkeypatch):
    """Blender's interface in Japanese, which its Python module does not have."""
    monkeypatch.setattr(translating, "language", lambda: languages.load("ja"))


@pytest.mark.usefixtures("in_japanese")
def test_sentences_that_are_put_together_are_said_in_blenders_language():
    said = {
        "The prompt has 12 tokens; nano-gpt reads at most 11": (
            "プロンプトは12トークンですが、nano-gptが読めるのは最大11です"
        ),
        "/tmp/a: has 3 models in it, such as those whose tensors begin with x and y; save the one "
        "that is to be seen by itself": (
            "/tmp/a：3個のモデルが入っています（テンソル名がxで始まるものとyで始まるものなど）。"
            "見たいものだけを保存してください"
        ),
        "Cleared 3 pins": "3個のピンを外しました",
        "Appends 6 tokens, each the most probable one": (
            "6トークンを付け足します（毎回、最も確率の高いもの）"
        ),
        "3 layers × 3 heads × 48 channels": "3層 × 3ヘッド × 48チャンネル",
        "Wait for this to finish, or press Esc: Rendering One Number": (
            "終わるのを待つか、Escを押してください：レンダー中：ひとつの数"
        ),
    }
    assert {english: translating.say(english) for english in said} == said


@pytest.mark.usefixtures("in_japanese")
def test_paragraphs_break_between_words(registered, monkeypatch):
    monkeypatch.setattr(layout, "_ruler", lambda *_: lambda text: len(text) <= 14)
    lines = []

    class Column:
        alert, scale_y = False, 1.0

        def column(self, **_):
            return self

        def label(self, text, **_):
            lines.append(text)

    messages.say(bpy.context.scene, "")
    layout.paragraph(Column(), bpy.context, "No model stands in this scene; build one first")
    assert "".join(lines) == "このシーンにはモデルがありません。まず作成してください"
    assert all(len(line) <= 14 for line in lines) and len(lines) > 1
    assert lines == ["このシーンには", "モデルがありません。まず", "作成してください"]
