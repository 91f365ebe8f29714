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
from llmviz_addon.scene import pointing
from llmviz_addon.ui import hover_card, inspect_tool, rays
from llmviz_addon.ui.hovering import Hover
from tests.scene import helpers

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


@pytest.fixture
def space() -> bpy.types.SpaceView3D:
    return next(a for a in bpy.context.screen.areas if a.type == "VIEW_3D").spaces.active


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
