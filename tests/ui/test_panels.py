"""The panels in every state: they draw without a mistake, and show the facts that matter."""

from __future__ import annotations

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.breaking import NO_BREAK
from llmviz_addon.ui import messages, running, state
from llmviz_addon.ui.layout import shortened, wrap
from tests.sorter import TEXT, save_with_words


def said(read: list[str]) -> str:
    return " ".join(read)


def test_the_empty_state_offers_the_demo_and_hides_what_needs_a_model(sidebar):
    read = sidebar()
    assert "operator llmviz.build_demo" in read
    assert "operator llmviz.build Build" in read
    assert "panel Walkthrough" not in read and "panel Render" not in read


def test_the_model_panel_tells_size_and_shape(sidebar):
    read = sidebar()
    assert "85,584 parameters" in read
    assert "3 layers × 3 heads × 48 channels" in read


def test_a_model_without_numbers_says_which_files_it_needs(sidebar, settings):
    settings.model = "gpt2"
    text = said(sidebar())
    for file in ("config.json", "model.safetensors", "tokenizer.json", "vocab.json", "merges.txt"):
        assert file in text
    assert "Shape only" in text and "not a token id" not in text
    settings.model = "gpt3"
    assert "Shape only: its weights were never published" in said(sidebar())


def test_a_shape_has_no_field_for_a_prompt_but_says_what_it_would_take(sidebar, settings):
    assert "property prompt" in sidebar()
    for preset, told in (("gpt2", "with them, up to 1,024 tokens"), ("gpt3", "no prompt is read")):
        settings.model = preset
        read = sidebar()
        assert "property prompt" not in read
        assert told in said(read)
    settings.model = "/no/such/folder"
    assert "property prompt" in sidebar()


def test_the_generate_panel_says_which_tokens_will_be_appended(sidebar, settings):
    read = sidebar()
    for name in ("max_new_tokens", "temperature", "top_k", "seed"):
        assert f"property {name}" in read
    assert "Appends 5 tokens, each the most probable one" in said(read)
    settings.max_new_tokens, settings.temperature, settings.top_k = 9, 0.8, 2
    told = said(sidebar())
    assert "Appends 5 of 9 tokens, where the context ends, each drawn at temperature 0.8" in told
    assert "from the 2 most probable ones" in told


def test_a_model_without_numbers_generates_nothing(sidebar, settings):
    settings.model = "gpt2"
    assert "panel Generate" not in sidebar()


def test_tokens_that_would_be_others_ask_for_a_rebuild(own_model, sidebar, settings):
    settings.seed = 4
    assert "Rebuild to" not in said(sidebar()), "the most probable tokens need no seed"
    for name, value in (("max_new_tokens", 3), ("temperature", 0.8)):
        usual = getattr(settings, name)
        setattr(settings, name, value)
        assert "Rebuild to show the tokens appended as chosen above" in said(sidebar())
        setattr(settings, name, usual)
    settings.temperature = 0.8
    bpy.ops.llmviz.build()
    assert "Rebuild to" not in said(sidebar())


def test_the_prompt_panel_shows_words_ids_and_how_many(sidebar, settings, tmp_path):
    settings.model, settings.prompt = str(save_with_words(tmp_path / "words")), TEXT
    read = sidebar()
    assert "The | ·cat | ·sat" in read
    assert "3 of 11" in read and "0 1 2" in read


def test_ids_are_cut_where_the_line_ends():
    every = shortened(bpy.context, [str(number) for number in range(1000)])
    assert every.startswith("0 1 2 ") and every.endswith(" …")
    assert shortened(bpy.context, ["7", "8"]) == "7 8"
    assert shortened(bpy.context, []) == ""


def test_drawing_the_stills_again_reads_no_file(standing, sidebar, monkeypatch):
    sidebar()
    monkeypatch.setattr(scene_room, "stills", lambda *_: pytest.fail("read again"))
    sidebar()


def test_a_wrong_path_is_explained_under_the_path(sidebar, settings):
    settings.model = "/no/such/folder"
    read = sidebar()
    assert "property checkpoint" in read
    assert "no such file" in said(read)


def test_a_prompt_is_checked_and_its_tokens_are_shown(sidebar, settings):
    assert "2 1 0 1 1 2" in sidebar()
    settings.prompt = "CBAXBC"
    assert "'X'" in said(sidebar())


def test_the_built_state_has_every_panel_and_every_beat(own_model, sidebar, settings):
    read = sidebar()
    assert "operator llmviz.build_demo" not in read
    for panel in ("Model", "Prompt", "Build", "Walkthrough", "Look", "Render", "Film"):
        assert f"panel {panel}" in read
    assert "operator llmviz.build Rebuild" in read
    for chapter in scene_room.chapters(scene_room.roots(bpy.context.scene)[0]):
        places = chapter.beats if len(chapter.beats) > 1 else (chapter,)
        for place in places:
            assert f"operator llmviz.jump {place.title}" in read
    settings.prompt = "ABC"
    assert "Rebuild to show the new prompt" in sidebar()


def test_a_message_stays_until_it_is_dismissed(sidebar):
    messages.say(bpy.context.scene, "The tensor is broken")
    assert "The tensor is broken" in said(sidebar())
    bpy.ops.llmviz.dismiss()
    assert "The tensor is broken" not in said(sidebar())


def test_work_shows_how_far_it_is_where_it_was_begun(sidebar):
    def steps():
        yield 0.25, "Drawing the MLP"

    for operator, builds in (("llmviz.build_demo", True), ("llmviz.build", True)):
        running.work = running.Work(operator, bpy.context.scene, steps(), builds)
        running.work.advance()
        read = sidebar()
        running.stop()
        assert read.count("25% Drawing the MLP") == 1
        assert "Press Esc to stop" in read


def test_an_opened_file_shows_its_model(own_model, sidebar, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "built.blend"))
    bpy.ops.wm.read_homefile(use_empty=True)
    assert "panel Walkthrough" not in sidebar()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "built.blend"))
    assert "panel Walkthrough" in sidebar()


def link_a_model(path: str) -> bpy.types.Collection:
    """Save a model that stands, and link it into a new file."""
    name = scene_room.roots(bpy.context.scene)[0].name
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.read_homefile(use_empty=True)
    with bpy.data.libraries.load(path, link=True) as (_, wanted):
        wanted.collections = [name]
    bpy.context.scene.collection.children.link(wanted.collections[0])
    return wanted.collections[0]


def test_a_linked_model_is_not_ours_to_remove(own_model, tmp_path, sidebar):
    link_a_model(str(tmp_path / "built.blend"))
    assert not bpy.ops.llmviz.remove.poll()
    assert "operator llmviz.build Build" in sidebar()


def test_an_overridden_model_is_left_alone_and_the_reason_is_given(own_model, tmp_path, sidebar):
    linked = link_a_model(str(tmp_path / "built.blend"))
    linked.override_hierarchy_create(bpy.context.scene, bpy.context.view_layer)
    assert "override" in state.why_locked(bpy.context.scene)
    assert not bpy.ops.llmviz.build.poll() and not bpy.ops.llmviz.remove.poll()
    assert "panel Walkthrough" in sidebar()


def test_wrapped_text_keeps_every_letter_and_fits():
    text = "one two three averyverylongword x"
    lines = wrap(text, lambda line: len(line) <= 8)
    assert all(len(line) <= 8 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_no_line_breaks_at_a_space_that_holds():
    assert wrap(f"a{NO_BREAK}b c", lambda line: len(line) <= 4) == [f"a{NO_BREAK}b", "c"]


def test_the_words_of_a_title_are_written_in_the_sidebar(own_model, sidebar, settings):
    layer = bpy.context.view_layer
    layer.objects.active = next(o for o in bpy.data.objects if "llmviz_block" in o)
    assert "panel Words" not in sidebar()
    title = bpy.data.objects["layer1.mlp title"]
    layer.objects.active = title
    assert "property words" in sidebar() and settings.words == "MLP"
    narrow = title.dimensions.x
    settings.words = "What it knows"
    layer.update()
    assert title["llmviz_text"] == title.data["llmviz_text"] == "What it knows"
    assert title.dimensions.x > 2 * narrow
    assert bpy.data.objects["layer2.mlp title"].data["llmviz_text"] == "MLP"
    own_model["llmviz_drawing"] = 1
    bpy.ops.llmviz.build()
    assert bpy.data.objects["layer1.mlp title"].data["llmviz_text"] == "What it knows"


def test_more_chapters_than_have_ticks_are_listed_and_play(own_model, sidebar, tmp_path):
    beat = "[[chapter.beat]]\nid = 'a'\ntext = 'Look.'\nshot = { show = ['model'], move = 0 }\n"
    chapters = [
        f"[[chapter]]\nid = 'c{i}'\ntitle = 'Part {i}.'\nstate = 'any'\n{beat}" for i in range(35)
    ]
    path = tmp_path / "long.toml"
    path.write_text("title = 'Long'\n" + "".join(chapters))
    settings = bpy.context.scene.llmviz
    settings.script = str(path)
    assert "Part 34." in said(sidebar())
    ticks = list(settings.chapters_ticked)
    settings.chapters_ticked = [False, *ticks[1:]]
    (standing,) = scene_room.find(bpy.context.scene)
    assert standing.recipe.chapters.split(",") == [f"c{i}" for i in range(1, 35)]
    assert "Part 34." in said(sidebar())
