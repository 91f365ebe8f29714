"""The tool Inspect Cell: what is under the pointer, the ways from cell to cell, the card."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Vector

import llmviz_addon
from llmviz_addon import anatomy
from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem
from llmviz_addon.scene import pointing
from llmviz_addon.ui import asking, hover_card, inspect_tool, rays
from llmviz_addon.ui.hovering import Hover
from tests.scene import checkpoints, helpers

WIDTH, HEIGHT = 800, 600


def region_at(place: Vector, distance: float = 1.0) -> SimpleNamespace:
    """A view with perspective that looks at a place from in front and above."""
    turn = Euler((1.2, 0.0, -0.3)).to_matrix().to_4x4()
    stands = Matrix.Translation(place) @ turn @ Matrix.Translation((0, 0, distance))
    near, far = 0.01, 1000.0
    depth = (-(far + near) / (far - near), -2 * far * near / (far - near))
    lens = [[2.0, 0, 0, 0], [0, 2.0 * WIDTH / HEIGHT, 0, 0], [0, 0, *depth], [0, 0, -1, 0]]
    seen = SimpleNamespace(
        view_matrix=stands.inverted(), window_matrix=Matrix(lens), is_perspective=True
    )
    return SimpleNamespace(data=seen, width=WIDTH, height=HEIGHT, x=0, y=0)


def view_of_the_screen() -> bpy.types.SpaceView3D:
    return next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D").spaces.active


@pytest.fixture
def space() -> bpy.types.SpaceView3D:
    return view_of_the_screen()


class Pointer:
    """A hand that points at cells of a model that stands."""

    def __init__(self, space: bpy.types.SpaceView3D):
        self.hover, self._space = Hover(), space
        bpy.context.scene.frame_set(bpy.context.scene.frame_end)

    def at(self, block: str, column: int, row: int, shift: int = 0):
        """The cell shown when the view looks at a cell and the mouse is there."""
        (model, *_) = scene_room.find(bpy.context.scene)
        ground = pointing.Field([model]).grounds[model.id]
        # Blocks may stand before it, so the view comes as near as a few cells.
        place, _ = pointing.middle_of(ground, block, column, row)
        self.region = region_at(Vector(place), 0.06)
        (pixel,), _ = rays.pixels_of(self.region.data, (WIDTH, HEIGHT), np.array([place]))
        return self.still(*(round(float(p)) + shift for p in pixel))

    def still(self, x: int, y: int):
        return self.hover.look(bpy.context.scene, self._space, self.region, x, y)


@pytest.fixture
def pointer(own_model, space) -> Pointer:
    return Pointer(space)


def test_the_cell_under_the_pointer_is_explained_and_nothing_is_changed(pointer):
    before = helpers.census()
    for block, column, row in (("layer0.head1.attention", 1, 3), ("wte", 2, 7), ("logits", 4, 1)):
        shown = pointer.at(block, column, row)
        assert shown.cell[1:] == (block, column, row)
        assert shown.answer.found.cell == (block, column, row)
        assert hover_card.rows_of(shown.answer)[0].text == shown.answer.found.title
    assert not helpers.difference(before, helpers.census())


def test_a_cell_that_was_walked_to_stays_until_the_mouse_is_moved(pointer):
    shown = pointer.at("layer0.mlp", 4, 5)
    there = shown.cell._replace(column=5)
    pointer.hover.go_to(there)
    assert pointer.at("layer0.mlp", 4, 5, shift=2).cell == there
    assert pointer.hover.is_held
    assert pointer.at("layer0.mlp", 4, 5, shift=9).cell != there
    assert not pointer.hover.is_held


def test_a_source_is_followed_step_by_step_and_the_same_way_back(pointer):
    shown = pointer.at("layer0.head1.q", 2, 5)
    seen, mouse = [shown.cell], pointer.hover._mouse
    for _ in range(3):
        to = shown.answer.found.largest_source
        pointer.hover.follow(shown.cell._replace(block=to.block, column=to.column, row=to.row))
        shown = pointer.still(*mouse)
        seen.append(shown.cell)
    assert len(set(seen)) == 4
    for cell in reversed(seen[:-1]):
        assert pointer.hover.back()
        assert pointer.still(*mouse).cell == cell
    assert not pointer.hover.back()


def test_what_changes_in_the_file_is_looked_up_again(pointer):
    model = pointer.at("layer0.mlp", 4, 5).ground.model
    model.blocks["layer0.mlp"].hide_viewport = True
    pointer.hover.forget()
    shown = pointer.at("layer0.mlp", 4, 5)
    assert shown is None or shown.cell.block != "layer0.mlp"


def test_without_a_model_nothing_is_shown_and_the_tool_says_why(space):
    pointer = Pointer(space)
    pointer.region = region_at(Vector((0, 0, 0)))
    assert pointer.still(400, 300) is None
    assert "build one first" in inspect_tool.why_nothing(bpy.context.scene)


@pytest.mark.parametrize(
    ("recipe", "says"),
    [("[]", "does not say any more"), ('{"model": "nano-gpt", "prompt": "A"}', "was built before")],
)
def test_a_model_that_cannot_be_pointed_at_says_why_and_raises_nothing(pointer, recipe, says):
    shown = pointer.at("layer0.mlp", 4, 5)
    shown.ground.model.root["llmviz_recipe"] = recipe
    pointer.hover.forget()
    assert pointer.still(400, 300) is None
    assert says in inspect_tool.why_nothing(bpy.context.scene)


@pytest.mark.usefixtures("clean_scene")
def test_whatever_somebody_writes_into_our_properties_pointing_raises_nothing():
    """They are custom properties, which anybody can edit."""
    helpers.open_small(cubes=300)
    space = view_of_the_screen()
    (model,) = scene_room.find(bpy.context.scene)
    assert set(model.plan.ways.values()) == {"cubes", "slab"}
    ground = pointing.Field([model]).grounds[model.id]
    regions = [
        region_at(Vector(pointing.middle_of(ground, block, 1, 1)[0]), 0.06)
        for block in ("layer0.mlp", "layer0.mlp_weight")
    ]
    ways = {way: name for name, way in model.plan.ways.items()}
    owners = [model.root, model.anchor, *(model.blocks[name] for name in ways.values())]
    tried = 0
    for owner in owners:
        for key in list(owner.keys()):
            kept = owner[key]
            # An array refers to the property, which is about to go.
            kept = kept.to_list() if hasattr(kept, "to_list") else kept
            for junk in ("", -5.5, "{}", [1, 2]):
                del owner[key]
                owner[key] = junk
                for region in regions:
                    shown = Hover().look(bpy.context.scene, space, region, 400, 300)
                    tried += shown is None or bool(hover_card.rows_of(shown.answer))
                inspect_tool.why_nothing(bpy.context.scene)
            del owner[key]
            owner[key] = kept
    assert tried > 100


def test_a_model_whose_run_cannot_be_read_says_so_and_its_panel_draws(pointer):
    shown = pointer.at("layer0.mlp", 4, 5)
    shown.ground.model.root["llmviz_run"] = "{}"
    pointer.hover.forget()
    assert pointer.still(400, 300) is None
    assert "does not say any more" in inspect_tool.why_nothing(bpy.context.scene)
    scene = bpy.context.scene
    scene.llmviz.cell_block = "layer0.mlp"
    assert "does not say any more" in asking.answer(scene).problem


@pytest.mark.usefixtures("clean_scene")
def test_a_prompt_of_hundreds_of_tokens_is_pointed_at_asked_and_pinned(space, tmp_path):
    folder = checkpoints.save(tmp_path / "long", n_layer=1, n_positions=512)
    ids = " ".join(str(7 * place % 300) for place in range(300))
    helpers.build(ids, str(folder), cubes=1000)
    pointer = Pointer(space)
    for cell in (("layer0.head1.attention", 100, 299), ("layer0.head0.output", 299, 3)):
        shown = pointer.at(*cell)
        assert shown.cell[1:] == cell
        assert shown.answer.found.recomputed == pytest.approx(shown.answer.found.value, rel=1e-4)
        assert scene_room.pin(bpy.context.scene, *cell).cell == cell
    (masked,) = [pointer.at("layer0.head1.attention", 299, 100)]
    assert "query 100 does not look at key 299" in masked.answer.found.why
    pins = [o for o in bpy.context.scene.objects if "llmviz_pin_of" in o and o.type == "MESH"]
    assert pins and max(len(pin.data.vertices) for pin in pins) < 20_000
    too_long = " ".join(["1"] * 513)
    with pytest.raises(Problem, match="reads at most 512"):
        helpers.build(too_long, str(folder))


def test_each_kind_of_block_has_its_card(own_model):
    (model,) = scene_room.find(bpy.context.scene)
    blocks = {b.role: b for b in model.plan.anatomy.blocks.values()}
    for block in blocks.values():
        found = scene_room.explain(model, block.name, 0, 0)
        rows = hover_card.rows_of((found, "", ""))
        text = " ".join(f"{row.text} {getattr(row, 'beside', '')}" for row in rows)
        assert found.title in text and str(found.cell) in text
        assert found.value_words.partition(",")[0] in text
        assert (found.formula is None) or found.with_numbers in text
        bars = [row for row in rows if isinstance(row, hover_card.Bar)]
        assert all(abs(bar.share) <= 1 for bar in bars)
        if found.sources:
            assert bool(bars) == (found.contributions is not None and len(found.contributions) > 1)


def test_the_card_of_a_weight_says_what_it_adds_and_where(own_model):
    (model,) = scene_room.find(bpy.context.scene)

    def lines(*cell: str | int) -> list:
        found = scene_room.explain(model, *cell)
        return hover_card.rows_of((found, "", "")), found

    rows, found = lines("layer1.head2.q_weight", 3, 5)
    bars = [row for row in rows if isinstance(row, hover_card.Bar)]
    (use,) = found.uses.groups
    order = np.argsort(-np.abs(use.shares), kind="stable")[:5]
    assert [bar.text for bar in bars] == [str(use.cell(int(index))) for index in order]
    assert bars[0].share == np.sign(use.shares[order[0]])
    rows, found = lines("layer1.head2.q_bias", 0, 5)
    assert rows[-1].text == f"Into each alike: {anatomy.number(found.value)}"
    rows, found = lines("wpe", 2, 5)
    assert rows[-1].text == f"Into embedding[2, 5]: {anatomy.number(found.value)}"
    rows, found = lines("layer0.attention_residual", 2, 5)
    assert rows[-1].text.startswith(f"Most into {found.uses.largest}: ")


def test_a_long_term_is_cut_and_not_what_it_comes_to():
    def measure(text: str, _style: str) -> float:
        return 7.0 * len(text)

    bar = hover_card.Bar(0.5, "vocabulary entry 1, token B", "(1.05 − (−0.213)) / 2.77", "0.358")
    said = hover_card.beside(bar, "words", 140, measure)
    assert said.endswith("… = 0.358") and measure(said, "words") <= 140
    assert hover_card.named(bar, "words", 100, measure) == "token B"
    assert hover_card.named(bar, "words", 300, measure) == bar.text


def test_a_masked_cell_says_so_on_its_card(own_model):
    (model,) = scene_room.find(bpy.context.scene)
    found = scene_room.explain(model, "layer0.head1.attention", 3, 1)
    text = [row.text for row in hover_card.rows_of((found, "", ""))]
    assert "Masked: query 1 does not look at key 3, which comes later" in text


def test_words_on_a_card_fit_its_width_and_say_where_they_were_cut():
    def measure(text: str, _style: str) -> float:
        return 7.0 * len(text)

    long = "q[2, 5] = Σ of " + " + ".join(f"{n} × {n + 1}" for n in range(60))
    lines = hover_card.wrapped(long, "formula", 300, measure)
    assert len(lines) == 3 and all(measure(line, "formula") <= 300 for line in lines)
    assert lines[-1].endswith("…") and long.startswith(lines[0])
    assert hover_card.wrapped("a word", "title", 300, measure) == ["a word"]
    assert measure(hover_card.wrapped("x" * 99, "title", 300, measure)[0], "title") <= 300


def test_the_tool_is_in_the_toolbar_and_is_gone_with_the_extension():
    from bl_ui.space_toolsystem_common import ToolSelectPanelHelper

    bar = ToolSelectPanelHelper._tool_class_from_space_type("VIEW_3D")

    def tools() -> list[str]:
        found = ToolSelectPanelHelper._tools_flatten(bar._tools["OBJECT"])
        return [item.idname for item in found if item is not None]

    def handlers() -> int:
        lists = (getattr(bpy.app.handlers, name) for name in inspect_tool._CHANGES)
        return sum(inspect_tool._forget in found for found in lists)

    def keys() -> int:
        maps = bpy.context.window_manager.keyconfigs.addon.keymaps
        return sum(item.idname.startswith("llmviz.") for m in maps for item in m.keymap_items)

    assert inspect_tool.TOOL in tools() and keys() > 8
    inspect_tool.switch_on()
    assert handlers() == 4
    llmviz_addon.unregister()
    assert inspect_tool.TOOL not in tools() and keys() == 0
    assert inspect_tool._hover is None and handlers() == 0
    llmviz_addon.register()
    assert inspect_tool.TOOL in tools() and keys() > 8
