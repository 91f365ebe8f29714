"""A block is an object that artists can use: hung, named, animated, overridable, tinted."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room

from . import helpers

CELL = 0.02
ANIMATED = {"progress": (0, 1), "highlight": (0, 1), "opacity": (0, 1)}


@pytest.fixture(scope="module", autouse=True)
def clean_scene(expect):
    """One build for all tests, which put back what they change."""
    helpers.open_built()
    return expect(helpers.PROMPT)


@pytest.fixture
def root() -> bpy.types.Collection:
    (found,) = scene_room.roots(bpy.context.scene)
    return found


def test_the_animated_properties_are_there_with_their_ranges():
    for obj in helpers.block_objects():
        for prop, (low, high) in ANIMATED.items():
            ui = obj.id_properties_ui(prop).as_dict()
            assert (ui["min"], ui["max"]) == (low, high), (obj.name, prop)
            assert low <= obj[prop] <= high
            assert isinstance(obj[prop], float)


def test_the_animated_properties_can_be_overridden_in_a_file_that_links_the_model():
    for obj in helpers.block_objects():
        assert all(obj.is_property_overridable_library(f'["{prop}"]') for prop in ANIMATED)


def test_blocks_stand_where_the_anatomy_says_at_two_centimeters_a_cell(clean_scene):
    for obj in helpers.block_objects():
        block = clean_scene.anatomy.blocks[obj["llmviz_block"]]
        assert tuple(obj.scale) == pytest.approx((CELL,) * 3)
        assert tuple(obj.location) == pytest.approx([c * CELL for c in block.origin], abs=1e-5)
        assert tuple(obj.rotation_euler) == (0, 0, 0)


def test_moving_the_anchor_moves_everything_of_the_model(root):
    (anchor,) = (o for o in root.objects if o.get("llmviz_role") == "anchor")
    bpy.context.view_layer.update()
    # Objects that the film hides are not evaluated, though they hang on the anchor, too.
    seen = [o for o in root.all_objects if o.visible_get() or o is anchor]
    before = {o.name: o.matrix_world.copy() for o in seen}
    anchor.location.x += 5.0
    bpy.context.view_layer.update()
    for obj in root.all_objects:
        while obj.parent is not None:
            obj = obj.parent
        assert obj is anchor
    assert len(seen) > 206
    for obj in seen:
        moved = obj.matrix_world.translation - before[obj.name].translation
        assert tuple(moved) == pytest.approx((5, 0, 0), abs=1e-4), obj.name
    anchor.location.x -= 5.0
    bpy.context.view_layer.update()


def test_collections_follow_the_sections_of_the_network(clean_scene, root):
    names = {c.name for c in root.children_recursive}
    for section in clean_scene.anatomy.root.walk():
        if section is not clean_scene.anatomy.root:
            assert any(n == section.title or n.startswith(f"{section.title}.") for n in names)
    for obj in helpers.block_objects():
        (home,) = obj.users_collection
        assert home in root.children_recursive
        wanted = clean_scene.anatomy.blocks[obj["llmviz_block"]].section
        titles = {s.name: s.title for s in clean_scene.anatomy.root.walk()}
        assert home.name.startswith(titles[wanted]), obj.name


def test_each_block_says_how_it_is_drawn_and_that_its_numbers_are_real():
    for obj in helpers.block_objects():
        assert obj["llmviz_drawn_as"] == "cubes"
        assert obj["llmviz_values"] == "exact"
        assert obj["llmviz_title"]


def test_one_material_and_one_node_group_serve_all_blocks():
    groups = {m.node_group for o in helpers.block_objects() for m in o.modifiers}
    assert len(groups) == 1
    shapes = [o for o in bpy.data.objects if o.get("llmviz_role") in {"shape", "tint"}]
    assert len({m for o in shapes for m in o.data.materials}) == 1


def _tints() -> list[tuple[float, ...]]:
    (palette,) = (c for c in bpy.data.collections if c.get("llmviz_role") == "palette")
    found = []
    for obj in sorted(palette.objects, key=lambda o: o.name):
        layer = obj.data.color_attributes.active_color
        assert layer is not None, f"{obj.name}: Solid mode draws the active color attribute"
        colors = np.empty(len(layer.data) * 4, np.float32)
        layer.data.foreach_get("color", colors)
        assert (np.ptp(colors.reshape(-1, 4), axis=0) == 0).all(), "one color a cube"
        found.append(tuple(colors[:4].tolist()))
    return found


def test_the_viewport_has_36_tints_which_change_with_the_look(root):
    scene = bpy.context.scene
    seen = {}
    # Another palette makes the film anew, since captions name its colors; another look does not.
    for accessible in (False, True):
        for look in scene_room.looks.available():
            scene_room.apply_look(scene, root, look, accessible)
            tints = seen[look, accessible] = _tints()
            assert len(tints) == 36
            for kind in range(3):
                minus, zero, plus, empty = (tints[kind * 12 + i] for i in (0, 5, 10, 11))
                assert len({minus, zero, plus, empty}) == 4, (look, accessible, kind)
            assert len({tints[kind * 12 + 10] for kind in range(3)}) == 3
    assert len(set(map(tuple, seen.values()))) == len(seen)
    scene_room.apply_look(scene, root, "dark", False)


def test_a_look_keeps_what_the_user_changed_in_the_material(root):
    (material,) = (m for m in bpy.data.materials if m.get("llmviz_role") == "cell")
    node = material.node_tree.nodes.new("ShaderNodeValue")
    node.name = "mine"
    scene_room.apply_look(bpy.context.scene, root, "light", False)
    assert "mine" in material.node_tree.nodes
    scene_room.apply_look(bpy.context.scene, root, "dark", False)
    material.node_tree.nodes.remove(material.node_tree.nodes["mine"])


def test_a_look_that_does_not_exist_gets_a_sentence(root):
    before = helpers.census()
    with pytest.raises(scene_room.LookError, match="dark"):
        scene_room.apply_look(bpy.context.scene, root, "neon", False)
    assert not helpers.difference(before, helpers.census())


def test_the_ground_under_a_model_has_faces_that_a_graphics_card_can_draw():
    (ground,) = (o for o in bpy.data.objects if o.get("llmviz_ground"))
    corners = np.array([v.co for v in ground.data.vertices])
    assert np.ptp(corners[:, :2], axis=0).min() > 100_000, "it reaches to the horizon"
    for face in ground.data.polygons:
        box = corners[list(face.vertices)]
        nearest, longest = np.abs(box[:, :2]).max(axis=1).min(), np.ptp(box[:, :2], axis=0).max()
        assert longest <= 8 * max(nearest, 1.0)
