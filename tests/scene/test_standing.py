"""The files that tests share: one that nobody changes unnoticed, and others as if just built."""

from __future__ import annotations

from collections.abc import Callable

import bpy
import pytest

from llmviz_addon import scene as scene_room
from tests.standing import Shared, everything

from . import helpers


def _without_ids(census: dict[str, object]) -> dict[str, object]:
    """A census of names and users only: other datablocks, and another model, have other ids."""
    found = {name: value for name, value in census.items() if not name.endswith("session_uid")}
    for name in helpers.pools():
        found[name] = [(full_name, users) for full_name, _, users in found[name]]
    for name, value in found.items():
        if name.startswith("properties of "):
            found[name] = {key: value[key] for key in value if key != "llmviz_model"}
    return found


def test_an_opened_model_is_as_if_it_were_just_built():
    helpers.open_small(look="light", cubes=300)
    opened = _without_ids(everything())
    bpy.ops.wm.read_factory_settings(use_empty=True)
    helpers.build_small(look="light", cubes=300)
    assert not helpers.difference(_without_ids(everything()), opened)
    assert not bpy.data.filepath


def test_files_that_are_opened_know_nothing_of_each_other():
    helpers.open_built()
    scene_room.remove(bpy.context.scene)
    assert len(helpers.open_built().all_objects) > 206
    assert len(helpers.block_objects()) == 206


def test_a_model_that_all_look_at_may_be_left_at_another_frame():
    shared = Shared()
    root = shared.root()
    before = bpy.context.scene.frame_current
    bpy.context.scene.frame_set(900, subframe=0.5)
    assert not shared.changes()
    assert shared.root() == root
    assert bpy.context.scene.frame_current == before


def _move() -> None:
    helpers.block("wte").location.x += 1


def _write() -> None:
    helpers.block("wte").data.attributes["value"].data[0].value += 1


def _mark() -> None:
    bpy.context.scene.timeline_markers[0].name = "Mine"


def _type() -> None:
    next(o for o in bpy.data.objects if "llmviz_text" in o)["llmviz_text"] += "!"


def _hide() -> None:
    bpy.context.view_layer.layer_collection.children[0].children[0].hide_viewport = True


def _select() -> None:
    bpy.context.view_layer.objects.active = helpers.block("wte")


def _bend() -> None:
    helpers.block("layer0.mlp").data.vertices[0].co.x += 1


def _rewire() -> None:
    tree = next(t for t in bpy.data.node_groups if t.get("llmviz"))
    tree.links.remove(tree.links[0])


def _play() -> None:
    helpers.block("wte").animation_data_clear()


def _turn() -> None:
    for area in bpy.context.screen.areas:
        if area.type == "VIEW_3D":
            area.spaces.active.region_3d.view_distance += 1


def _dress() -> None:
    scene = bpy.context.scene
    scene_room.apply_look(scene, scene_room.roots(scene)[0], "light", False)


def _leave() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)


def test_whatever_is_changed_in_the_file_that_all_look_at_is_noticed():
    helpers.open_built()
    before = everything()
    for change in (
        *(_move, _write, _mark, _type, _hide, _select),
        *(_bend, _rewire, _play, _turn, _dress),
    ):
        change()
        after = everything()
        assert helpers.difference(before, after), change.__name__
        before = after


@pytest.mark.parametrize("change", [_move, _leave])
def test_after_a_change_the_next_test_looks_at_another_file(change: Callable[[], None]):
    shared = Shared()
    shared.root()
    change()
    assert shared.changes()
    place = helpers.open_built().session_uid
    assert shared.root().session_uid != place
    assert not shared.changes()
