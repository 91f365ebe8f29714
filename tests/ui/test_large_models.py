"""Large models in the sidebar: built as shapes, side by side, within memory, and opened up.

A stand-in takes the place of the scene room: these tests are about the calls that it gets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from types import SimpleNamespace

import bpy
import pytest
from mathutils import Vector

from llmviz_addon import anatomy, detail, model
from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem
from llmviz_addon.offer import estimates
from llmviz_addon.scene import names, pointing, views
from llmviz_addon.scene.standing import keys, standing
from llmviz_addon.scene.standing import recipe as recipes
from llmviz_addon.ui import build, inspecting, messages, rays, running, state

SMALL = model.Config(n_layer=2, n_head=2, n_embd=8, n_ctx=6, n_vocab=5)


class Asked(list):
    """The (recipe, beside) that the scene room was asked to build, in order."""

    ended = 0


@pytest.fixture
def asked(monkeypatch) -> Asked:
    """Stand in for the building of models."""
    found = Asked()

    def steps(_scene, recipe, beside=False, notes=None):
        found.append((recipe, beside))
        try:
            yield 0.5, "Drawing"
            yield 1.0, "Done"
        finally:
            found.ended += 1

    monkeypatch.setattr(scene_room, "steps", steps)
    monkeypatch.setattr(views, "prepare", lambda *_: None)
    return found


@pytest.fixture
def stand(monkeypatch) -> Callable[..., bpy.types.Collection]:
    """A function that puts a model of one object into the scene, drawn in a way."""
    monkeypatch.setattr(recipes, "config_of", lambda _root: SMALL)
    budget = detail.Budget(cubes=0)
    plan = detail.plan(SMALL, 6, full_context=True, budget=budget)
    monkeypatch.setattr(standing.Standing, "plan", property(lambda _model: plan))
    monkeypatch.setattr(recipes, "facts_of", lambda _root: frozenset())

    def put(title: str, way: str, block: str = "wte") -> bpy.types.Collection:
        root = bpy.data.collections.new(title)
        root[names.ROLE], root[names.OURS] = names.COMPLETE, True
        root[names.MODEL] = f"the model {title}"
        recipes.write(root, scene_room.Recipe("gpt2", ""))
        bpy.context.scene.collection.children.link(root)
        anchor = bpy.data.objects.new(f"{title} Anchor", None)
        anchor[names.ROLE], anchor.hide_viewport = "anchor", True
        obj = bpy.data.objects.new(title, bpy.data.meshes.new(title))
        obj[names.BLOCK], obj[names.TITLE] = block, f"{title} Embedding"
        obj[names.DRAWN_AS], obj[names.EXACTNESS] = way, "255 levels"
        obj.parent = anchor
        for item in (anchor, obj):
            item[names.OURS] = True
            root.objects.link(item)
        keys.seal(root[names.MODEL], root.objects)
        return root

    return put


@pytest.fixture
def opened(monkeypatch) -> list:
    """The windows that the scene room was asked to open; closing empties the list."""
    found: list = []

    class WindowError(Problem):
        """As the scene room's."""

    def open_window(_scene, block, column, row):
        if block == "nowhere":
            raise WindowError("There is no slab nowhere; choose another block")
        found.append((block, column, row))

    for name, stand_in in (
        ("WindowError", WindowError),
        ("open_window", open_window),
        ("close_windows", lambda _scene: found.clear()),
    ):
        monkeypatch.setattr(scene_room, name, stand_in)
    return found


def activate(root: bpy.types.Collection) -> None:
    bpy.context.view_layer.objects.active = next(o for o in root.objects if o.type == "MESH")


def refused(operator: str, match: str, **arguments: object) -> None:
    with pytest.raises(RuntimeError, match=match):
        getattr(bpy.ops.llmviz, operator)(**arguments)


@pytest.mark.parametrize("preset", ["gpt2", "gpt2-xl", "gpt3"])
def test_models_without_numbers_are_built_from_the_picker(settings, asked, preset):
    settings.picker = preset
    assert bpy.ops.llmviz.build() == {"FINISHED"}
    ((recipe, beside),) = asked
    assert (recipe.model, recipe.prompt, beside) == (preset, "", False)


def test_the_recipe_carries_the_detail_that_was_asked_for(settings, asked):
    settings.full_context, settings.cubes, settings.slabs = True, 5000, 64
    bpy.ops.llmviz.build()
    recipe = asked[0][0]
    assert (recipe.full_context, recipe.cubes, recipe.slabs) == (True, 5000, 64)


def test_the_recipe_carries_the_choice_of_tokens_as_it_was_typed(settings, asked):
    settings.max_new_tokens, settings.temperature = 12, 0.8
    settings.top_k, settings.seed = 40, 2**31 - 1
    bpy.ops.llmviz.build()
    recipe = asked[0][0]
    assert recipe.max_new_tokens == 12
    assert recipe.sampling == model.Sampling(0.8, 40, 2**31 - 1)


def test_the_usual_choice_of_tokens_is_that_of_a_recipe(settings):
    usual = scene_room.Recipe("nano-gpt", "ABC")
    assert settings.max_new_tokens == usual.max_new_tokens == 5
    assert state.sampling_of(bpy.context.scene) == usual.sampling == model.GREEDY


def test_the_recipe_carries_the_arrangement_that_was_asked_for(settings, asked):
    usual = scene_room.Recipe("nano-gpt", "ABC")
    chosen = settings.arrangement, settings.columns, settings.folded
    assert chosen == (usual.arrangement, usual.columns, usual.folded)
    settings.arrangement, settings.columns, settings.folded = "rows", 2, False
    bpy.ops.llmviz.build()
    recipe = asked[0][0]
    assert (recipe.arrangement, recipe.columns, recipe.folded) == ("rows", 2, False)
    assert recipe.arranged == anatomy.Arrangement("rows", 2, False)


def test_columns_are_asked_for_where_there_are_rows(sidebar, settings):
    assert {"property arrangement", "property folded"} <= set(sidebar())
    assert "property columns" not in sidebar()
    settings.arrangement = "rows"
    assert "property columns" in sidebar()


def test_the_usual_detail_is_that_of_the_scene_and_of_the_budget(settings):
    usual = scene_room.Recipe("nano-gpt", "ABC")
    assert dataclasses.astuple(detail.Budget()) == (usual.cubes, usual.slabs)
    assert (settings.full_context, settings.cubes, settings.slabs) == (
        usual.full_context,
        usual.cubes,
        usual.slabs,
    )


def test_the_prompt_of_a_model_without_numbers_is_explained(settings, sidebar):
    settings.picker = "gpt3"
    assert "Without numbers, no prompt is read" in " ".join(sidebar())


def test_a_small_models_detail_is_one_line(sidebar, settings):
    read = sidebar()
    assert "All 117,925 cells are cubes of their own" in read
    assert "property cubes" not in read
    settings.cubes = 10_000
    assert "property cubes" in sidebar()


def test_a_large_models_detail_tells_cells_file_and_memory(sidebar, settings):
    settings.model = "gpt2"
    read = sidebar()
    for text in ("property cubes", "property slabs", "property full_context"):
        assert text in read
    assert "739,744,768 cells" in read
    assert {"Shape Only", "File", "Memory"} <= set(read)


def test_drawing_the_panels_again_plans_nothing(sidebar, settings, monkeypatch):
    settings.model = "gpt2-xl"
    sidebar()
    monkeypatch.setattr(detail, "plan", lambda *_, **__: pytest.fail("planned again"))
    sidebar()


def test_a_slow_estimate_is_not_made_while_a_panel_draws(monkeypatch):
    monkeypatch.setattr(estimates, "_found", {})
    large = model.Config(n_layer=96, n_head=96, n_embd=96, n_ctx=6, n_vocab=5)
    for config, slow in ((SMALL, False), (large, True)):
        question = config, 0, 5, False, 400_000, 256
        assert estimates.is_slow(*question) == slow
        estimates.estimate(*question)
        assert not estimates.is_slow(*question)


def test_too_little_memory_is_said_before_anything_is_built(settings, asked, monkeypatch):
    monkeypatch.setattr(estimates, "available_memory", lambda: 10_000)
    settings.prompt = "ABC"
    refused("build", "nano-gpt needs about 10. MB of memory")
    assert not asked
    assert "close other programs" in messages.message(bpy.context.scene)


def test_a_model_is_refused_for_what_it_takes_beside_its_files(
    settings, asked, monkeypatch, checkpoint
):
    settings.model, settings.prompt = str(checkpoint()), "0 1 2"
    needed = state.estimate_of(bpy.context.scene).memory_bytes
    monkeypatch.setattr(estimates, "available_memory", lambda: needed - 1)
    refused("build", "memory")
    monkeypatch.setattr(estimates, "available_memory", lambda: needed)
    assert bpy.ops.llmviz.build() == {"FINISHED"}


def test_a_model_is_added_beside_those_that_stand(settings, asked, stand):
    refused("build_beside", "no model in this scene")
    stand("GPT-2", "slab")
    settings.model = "gpt3"
    assert bpy.ops.llmviz.build_beside() == {"FINISHED"}
    assert [(recipe.model, beside) for recipe, beside in asked] == [("gpt3", True)]


def test_a_shape_really_stands_beside_a_small_model_and_views_reach_it(settings, sidebar):
    (area,) = (a for a in bpy.context.screen.areas if a.type == "VIEW_3D")
    space = area.spaces.active
    before = space.clip_start, space.clip_end
    bpy.ops.llmviz.build()
    assert space.clip_start == before[0]
    settings.picker = "gpt2"
    assert bpy.ops.llmviz.build_beside() == {"FINISHED"}
    ways = {m.root.name: state.ways_of(m) for m in state.models(bpy.context.scene)}
    assert ways == {"nano-gpt": ("cubes",), "GPT-2": ("shapes",)}
    assert "panel Inspect" in sidebar()
    # The embedding alone is 50,257 cells of two centimeters long.
    assert space.clip_end > 50_257 * 0.02
    assert space.clip_end / space.clip_start <= 1.001e6
    assert bpy.ops.llmviz.remove(name="GPT-2") == {"FINISHED"}
    assert [root.name for root in scene_room.roots(bpy.context.scene)] == ["nano-gpt"]
    assert bpy.ops.llmviz.remove() == {"FINISHED"}
    assert (space.clip_start, space.clip_end) == before


def test_adding_shows_how_far_it_is_in_the_build_panel(sidebar, stand):
    def steps():
        yield 0.25, "Drawing the MLP"

    stand("GPT-2", "slab")
    work = running.Work("llmviz.build_beside", bpy.context.scene, steps(), True)
    running.work = work
    work.advance()
    read = sidebar()
    running.stop()
    assert read.count("25% Drawing the MLP") == 1


def test_several_models_are_listed_with_their_ways_and_removed_one_by_one(
    sidebar, stand, monkeypatch
):
    first, second = stand("GPT-2", "slab"), stand("GPT-3", "shape")
    removed = []
    monkeypatch.setattr(scene_room, "remove", lambda _scene, root=None: removed.append(root))
    read = sidebar()
    assert "GPT-2: slabs" in read and "GPT-3: shapes" in read
    assert "operator llmviz.remove Remove All" in read
    assert read.count("operator llmviz.remove") == 2
    assert bpy.ops.llmviz.remove(name="GPT-3") == {"FINISHED"}
    assert bpy.ops.llmviz.remove() == {"FINISHED"}
    assert removed == [second, None]
    refused("remove", "no model 'GPT-4'", name="GPT-4")
    assert first.name == "GPT-2"


def test_a_rebuild_is_proposed_for_the_one_of_several_that_is_asked_for(sidebar, stand, settings):
    small, large = stand("nano-gpt", "cubes"), stand("GPT-2", "slab")
    recipes.write(small, scene_room.Recipe("nano-gpt", "CBABBC"))
    recipes.write(large, scene_room.Recipe("gpt2", ""))
    settings.prompt = "ABC"
    assert "Rebuild to show the new prompt" in sidebar()
    settings.prompt = "ABZ"
    assert "Rebuild to show the new prompt" not in sidebar(), "it could not be built"
    settings.model = "gpt2"
    assert "Rebuild" not in " ".join(text for text in sidebar() if not text.startswith("op"))
    settings.model = "gpt3"
    assert "Rebuild to show the model chosen above" not in sidebar()


def test_one_model_tells_how_its_prompt_goes_on(sidebar, stand, monkeypatch):
    stand("rhyme-gpt", "cubes")
    assert "Goes On" not in sidebar()
    run = SimpleNamespace(answer=" shoe")
    monkeypatch.setattr("llmviz_addon.scene.standing.standing.Standing.run", run)
    read = sidebar()
    assert read[read.index("Goes On") + 1] == " shoe"


def test_one_model_tells_its_ways_where_not_all_is_cubes(sidebar, stand, settings):
    root = stand("GPT-2", "slab")
    settings.model = "gpt2"
    read = sidebar()
    assert "Drawn As" in read and "slabs" in read
    assert "operator llmviz.remove Remove" in read
    settings.slabs = 32
    assert "Rebuild to show the new detail" in sidebar()
    recipes.write(root, scene_room.Recipe("gpt2", "", slabs=32))
    assert "Rebuild to show the new detail" not in sidebar()


@pytest.mark.parametrize("way", ["slab", "shape"])
def test_blocks_of_large_models_say_how_they_are_drawn_and_slabs_can_be_opened(sidebar, stand, way):
    activate(stand("GPT-2", way))
    read = sidebar()
    assert "panel Inspect" in read
    assert ("operator llmviz.open_window" in read) == (way == "slab")
    for text in ("GPT-2 Embedding", way, "255 levels"):
        assert text in read


def test_inspect_says_what_to_do_while_no_block_is_active(sidebar, stand):
    root = stand("GPT-2", "shape")
    bpy.context.view_layer.objects.active = None
    assert "or select a block in the view" in " ".join(sidebar())
    activate(root)
    assert "select a block" not in " ".join(sidebar())


def test_a_cell_is_opened_where_the_sidebar_says(settings, stand, opened):
    refused("open_window", "slabs to open up")
    stand("GPT-2", "slab")
    refused("open_window", "Choose a block")
    settings.cell_block, settings.cell_column, settings.cell_row = "wte", 4, 7
    assert bpy.ops.llmviz.open_window() == {"FINISHED"}
    assert bpy.ops.llmviz.open_window(block="wpe", column=0, row=0) == {"FINISHED"}
    assert opened == [("wte", 4, 7), ("wpe", 0, 0)]
    assert (settings.cell_block, settings.cell_column, settings.cell_row) == ("wpe", 0, 0)
    assert bpy.ops.llmviz.close_windows() == {"FINISHED"}
    assert not opened


def test_a_slab_that_is_built_is_opened_and_closed(settings, sidebar):
    settings.cubes = 20_000
    bpy.ops.llmviz.build()
    scene = bpy.context.scene
    (model,) = scene_room.find(scene)
    name = next(n for n in inspecting.slab_blocks(model) if n.endswith("mlp_weight"))
    before = len(scene.objects)
    bpy.context.view_layer.objects.active = slab = bpy.data.objects[name]
    assert bpy.ops.llmviz.open_window() == {"FINISHED"}
    assert len(scene.objects) == before + 1
    assert settings.cell_block == inspecting.block_of(slab) == name
    assert inspecting.any_window(scene)
    assert "255 levels" in sidebar()
    refused("open_window", "no cell at column 9999", column=9999)
    assert bpy.ops.llmviz.close_windows() == {"FINISHED"}
    assert len(scene.objects) == before and not inspecting.any_window(scene)


def test_what_cannot_be_opened_is_refused_with_the_scenes_sentence(settings, stand, opened):
    stand("GPT-2", "slab")
    refused("open_window", "no slab nowhere", block="nowhere")
    assert settings.cell_block == "" and not opened


def test_selecting_a_slab_chooses_its_block_until_another_is_typed(settings, stand):
    stand("nano-gpt", "cubes", "tokens")
    first, second = stand("A", "slab", "wte"), stand("B", "slab", "wpe")
    activate(first)
    assert settings.cell_block == "wte"
    settings.cell_block = "layer0.mlp"
    assert settings.cell_block == "layer0.mlp"
    activate(second)
    assert settings.cell_block == "wpe"


def test_a_block_is_found_by_parts_of_its_name(settings, stand):
    stand("GPT-2", "slab")
    found = inspecting.search_blocks(settings, bpy.context, "LAYER1 mlp_w")
    assert found[0] == "layer1.mlp_weight"
    assert all(name.startswith("layer1.mlp") for name in found)
    assert "wte" in inspecting.search_blocks(settings, bpy.context, "")


@pytest.mark.parametrize("moved", [(0.0, 0.0, 0.0), (3.0, -2.0, 1.5)])
def test_the_cell_under_a_ray_is_found_wherever_the_model_stands(stand, moved):
    anchor = next(o for o in stand("GPT-2", "slab").objects if o.type == "EMPTY")
    anchor.location, anchor.rotation_euler.z, anchor.scale = moved, 0.7, (2.0, 2.0, 2.0)
    block = anatomy.build(SMALL).blocks["wte"]
    cell = Vector(block.origin) + Vector((2, 0, -3))
    to_world = anchor.matrix_basis
    place = to_world @ (cell * 0.02)
    toward = to_world.to_3x3() @ Vector((0, 1, 0))
    hit = pointing.Field(scene_room.find(bpy.context.scene)).cell_at(place - 9 * toward, toward)
    assert (hit.block, hit.column, hit.row) == ("wte", 2, 3)
    assert (
        pointing.Field(scene_room.find(bpy.context.scene)).cell_at(place - 9 * toward, -toward)
        is None
    )


def test_the_sidebar_lies_over_the_view_and_takes_its_clicks():
    region = SimpleNamespace(type="WINDOW", x=0, y=0, width=800, height=600)
    sidebar = SimpleNamespace(type="UI", x=600, y=0, width=200, height=600)
    area = SimpleNamespace(type="VIEW_3D", regions=[region, sidebar])
    screen = SimpleNamespace(areas=[SimpleNamespace(type="OUTLINER"), area])
    assert rays.view_under(screen, 700, 300) is None
    assert rays.view_under(screen, 900, 300) is None


def test_stopping_reaches_the_scene_room_at_once(asked):
    operator = SimpleNamespace(draw_steps=scene_room.steps)
    scene = bpy.context.scene
    steps = build._Builds._refuse_or_build(operator, scene, state.wanted(scene))
    running.work = work = running.Work("llmviz.build", scene, steps, True)
    work.advance()
    work.advance()
    assert work.label == "Drawing" and asked.ended == 0
    running.stop()
    assert asked.ended == 1 and running.work is None
