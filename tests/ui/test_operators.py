"""The operators as a script calls them: they return when all is done, or refuse in a sentence."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import llmviz_addon
from llmviz_addon import scene as scene_room
from llmviz_addon.scene import views
from llmviz_addon.ui import messages, running
from tests.scene import helpers


def blocks() -> int:
    return sum("llmviz_block" in item for item in bpy.context.scene.objects)


def view() -> bpy.types.SpaceView3D:
    return next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D").spaces.active


@pytest.fixture
def small(settings: bpy.types.PropertyGroup) -> bpy.types.PropertyGroup:
    """The settings, which ask for the small model, since it does not matter for which."""
    settings.model, settings.prompt = helpers.small(), helpers.MORE
    return settings


def refused(operator: str, match: str) -> None:
    with pytest.raises(RuntimeError, match=match):
        getattr(bpy.ops.llmviz, operator)()


def test_build_has_finished_when_it_returns(settings):
    settings.prompt = "ABC"
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    assert blocks() == 206
    assert scene_room.recipe_of(scene_room.roots(bpy.context.scene)[0]).prompt == "ABC"
    assert running.work is None


def test_the_demo_is_nano_gpt_whatever_was_asked_before(settings):
    settings.model, settings.prompt = "gpt2", "1 2"
    assert bpy.ops.llmviz.build_demo() == {"FINISHED"}
    assert (settings.model, settings.prompt) == ("nano-gpt", "CBABBC")
    assert blocks() == 206


def test_remove_leaves_none_of_our_objects(own_model):
    assert bpy.ops.llmviz.remove() == {"FINISHED"}
    assert not bpy.data.objects
    refused("remove", "no model")


def test_a_build_is_one_undo_step(settings):
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.llmviz.build("EXEC_DEFAULT", True)
    assert blocks() == 206
    bpy.ops.ed.undo()
    assert blocks() == 0
    bpy.ops.ed.redo()
    assert blocks() == 206


def test_undo_of_a_rebuild_brings_the_former_prompt_back(small):
    bpy.ops.llmviz.build("EXEC_DEFAULT", True)
    bpy.context.scene.llmviz.prompt = helpers.FEW
    bpy.ops.ed.undo_push(message="Prompt")
    bpy.ops.llmviz.build("EXEC_DEFAULT", True)
    bpy.ops.ed.undo()
    root = scene_room.roots(bpy.context.scene)[0]
    assert scene_room.recipe_of(root).prompt == helpers.MORE


@pytest.mark.parametrize(
    ("model", "prompt", "match"),
    [
        ("/no/such/folder", "ABC", "no such file"),
        ("//tiny", "ABC", "save the file first"),
        ("", "ABC", "Choose a checkpoint"),
        ("nano-gpt", "ABX", "'X'"),
        ("nano-gpt", "", "empty"),
        ("nano-gpt", "ABCABCABCABC", "at most 11"),
    ],
)
def test_what_cannot_be_built_is_refused_with_the_reason(settings, model, prompt, match):
    settings.model, settings.prompt = model, prompt
    refused("build", match)
    assert blocks() == 0


def test_a_failing_build_says_why_and_leaves_the_scene_as_it_was(settings, checkpoint):
    settings.model, settings.prompt = str(checkpoint("wte")), "0 1 2"
    before = len(bpy.data.objects), len(bpy.data.collections), bpy.context.scene.world
    refused("build", "wte")
    assert (len(bpy.data.objects), len(bpy.data.collections), bpy.context.scene.world) == before
    assert "wte" in messages.message(bpy.context.scene)
    settings.prompt = "0 1"
    assert messages.message(bpy.context.scene) == ""


def test_a_checkpoint_beside_the_file_is_found_by_a_relative_path(settings, checkpoint):
    folder = checkpoint()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder.parent / "here.blend"))
    settings = bpy.context.scene.llmviz
    settings.model, settings.prompt = "//sorter", "0 1 2"
    assert bpy.ops.llmviz.build() == {"FINISHED"}


def test_a_stopped_build_takes_back_what_it_made():
    scene = bpy.context.scene
    recipe = scene_room.Recipe(helpers.small(), helpers.FEW)
    running.work = work = running.Work("llmviz.build", scene, scene_room.steps(scene, recipe), True)
    while work.fraction < 0.5:
        work.advance()
    assert running.is_building(scene)
    refused("build", "press Esc")
    running.stop()
    assert blocks() == 0 and not scene_room.roots(scene)


def test_jumping_goes_to_the_frame_of_a_chapter_or_beat(standing):
    scene = bpy.context.scene
    chapter = scene_room.chapters(scene_room.roots(scene)[0])[0]
    for place in (chapter.beats[2], chapter):
        assert bpy.ops.llmviz.jump(to=place.id) == {"FINISHED"}
        assert scene.frame_current == place.frame
    with pytest.raises(RuntimeError, match="'nowhere'"):
        bpy.ops.llmviz.jump(to="nowhere")


def test_stills_need_a_model_a_folder_and_a_choice(small):
    refused("render_stills", "build one first")
    bpy.ops.llmviz.build()
    refused("render_stills", "save the file")
    small.folder = "/tmp"
    small.stills = set()
    refused("render_stills", "at least one")


def test_stills_are_written_to_the_folder(own_model, settings, tmp_path: Path):
    settings.folder, settings.engine, settings.samples = str(tmp_path / "made"), "CYCLES", 1
    settings.stills = {"cells"}
    settings.size = "SCENE"
    bpy.context.scene.render.resolution_x, bpy.context.scene.render.resolution_y = 64, 36
    assert bpy.ops.llmviz.render_stills() == {"FINISHED"}
    (picture,) = (tmp_path / "made").iterdir()
    assert picture.name == "nano-gpt_CBABBC_dark_cells_64x36.png"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_build_shows_values_and_the_whole_model_and_remove_gives_the_view_back(small):
    space = view()
    space.shading.type, space.shading.color_type = "SOLID", "OBJECT"
    space.region_3d.view_perspective = "ORTHO"
    space.region_3d.view_distance = 7.0
    bpy.ops.llmviz.build()
    assert space.shading.type == "SOLID"
    assert space.shading.color_type == "VERTEX"
    assert space.region_3d.view_perspective == "PERSP"
    assert space.region_3d.view_distance != pytest.approx(7.0)
    bpy.ops.llmviz.build()
    bpy.ops.llmviz.remove()
    assert space.shading.color_type == "OBJECT"
    assert space.shading.light == "STUDIO" and space.shading.show_object_outline
    assert space.region_3d.view_perspective == "ORTHO"
    assert space.region_3d.view_distance == pytest.approx(7.0)


def test_building_another_model_turns_and_a_new_prompt_does_not(monkeypatch, small):
    turned = []
    prepared = views.prepare
    monkeypatch.setattr(
        views,
        "prepare",
        lambda screens, roots, turn: (turned.append(turn), prepared(screens, roots, False)),
    )
    bpy.ops.llmviz.build()
    small.prompt = helpers.FEW
    bpy.ops.llmviz.build()
    bpy.ops.llmviz.build_beside()
    bpy.ops.llmviz.remove()
    bpy.ops.llmviz.build()
    assert turned == [True, False, True, True]


def test_remove_keeps_what_was_changed_in_the_view_since(small):
    space = view()
    bpy.ops.llmviz.build()
    space.shading.color_type = "RANDOM"
    bpy.ops.llmviz.remove()
    assert space.shading.color_type == "RANDOM"


def test_registering_again_leaves_no_residue():
    llmviz_addon.unregister()
    assert not hasattr(bpy.types.Scene, "llmviz")
    left = [name for name in dir(bpy.types) if name.startswith("LLMVIZ")]
    assert not left
    assert "build" not in dir(bpy.ops.llmviz)
    llmviz_addon.register()
    assert bpy.ops.llmviz.build_demo() == {"FINISHED"}


def test_operators_and_panels_follow_blenders_rules_for_text():
    from llmviz_addon.ui import build, films, panels, pictures, windows

    for module in (build, films, pictures, windows):
        for name in dir(module):
            if name.startswith("LLMVIZ_OT_"):
                operator = getattr(module, name)
                assert operator.__doc__ and not operator.__doc__.endswith(".")
                words = operator.bl_label.replace(" to ", " ").split()
                assert all(word[0].isupper() for word in words)
    for prop in bpy.context.scene.llmviz.bl_rna.properties:
        assert not prop.description.endswith(".")
    for name in dir(panels):
        if name.startswith("LLMVIZ_PT_"):
            assert getattr(panels, name).bl_category == "LLM Viz"
