"""Several models side by side in one scene."""

from __future__ import annotations

import itertools

import bpy

from llmviz_addon import scene as scene_room

from . import helpers


def _beside(name: str) -> bpy.types.Collection:
    steps = scene_room.steps(bpy.context.scene, helpers.recipe("", name), beside=True)
    return scene_room.run(steps)


def _anchor(root: bpy.types.Collection) -> bpy.types.Object:
    return next(o for o in root.objects if o.get("llmviz_role") == "anchor")


def test_a_model_beside_leaves_the_first_one_where_and_as_it_is():
    first = helpers.open_small()
    place = tuple(_anchor(first).location)
    cells = {o.name: helpers.values(o.data) for o in helpers.block_objects()}
    second = _beside("gpt2")
    assert scene_room.roots(bpy.context.scene) == [first, second]
    assert tuple(_anchor(first).location) == place
    assert all(helpers.values(bpy.data.objects[name].data) == kept for name, kept in cells.items())


def test_models_stand_on_one_ground_in_the_order_of_their_size_without_overlap():
    helpers.open_small()
    for name in ("gpt2", "gpt2-xl"):
        _beside(name)
    edges = []
    for root in scene_room.roots(bpy.context.scene):
        anchor = _anchor(root)
        low, high = list(anchor["llmviz_box"])[:3], list(anchor["llmviz_box"])[3:]
        assert abs(anchor.location.z + low[2]) < 1e-3
        edges.append((anchor.location.x + low[0], anchor.location.x + high[0]))
    assert all(a[1] < b[0] for a, b in itertools.pairwise(edges))


def test_a_cell_is_the_same_size_in_every_model():
    helpers.open_small()
    _beside("gpt3")
    scales = {round(s, 6) for o in helpers.block_objects() for s in o.scale}
    assert scales == {0.02}


def test_the_film_is_the_smallest_models_and_gains_the_chapter_scale():
    first = helpers.open_small()
    assert "scale" not in [chapter.id for chapter in scene_room.chapters(first)]
    _beside("gpt2")
    assert "scale" in [chapter.id for chapter in scene_room.chapters(first)]
    assert "scale" in dict(scene_room.stills(bpy.context.scene))
    cameras = [o for o in bpy.context.scene.objects if o.type == "CAMERA"]
    assert len(cameras) == 1 and bpy.context.scene.camera == cameras[0]


def test_removing_one_leaves_the_other_with_its_film_and_removing_all_leaves_nothing():
    before = helpers.census()
    first = helpers.build_small()
    second = _beside("gpt2")
    scene_room.remove(bpy.context.scene, first)
    assert scene_room.roots(bpy.context.scene) == [second]
    assert scene_room.chapters(second)
    scene_room.remove(bpy.context.scene)
    assert not helpers.difference(before, helpers.census())


def test_a_large_model_that_is_stopped_beside_a_small_one_leaves_nothing():
    helpers.open_small()
    before = helpers.census()
    steps = scene_room.steps(bpy.context.scene, helpers.recipe("", "gpt2"), beside=True)
    next(told for told in steps if told[1] == "Showing the film")
    steps.close()
    assert not helpers.difference(before, helpers.census())


def test_models_out_of_view_are_seen_again_but_for_those_that_somebody_hid():
    first, second = helpers.open_small(), _beside("gpt2")
    bpy.context.view_layer.layer_collection.children[second.name].hide_viewport = True
    shown = {o.name for o in helpers.block_objects() if o.name in first.all_objects}
    assert helpers.seen() == shown
    with scene_room.out_of_view(bpy.context.scene):
        assert not helpers.seen()
    assert helpers.seen() == shown


def test_a_still_of_scale_shows_the_first_model_twice_and_leaves_nothing(tmp_path):
    helpers.open_small()
    _beside("gpt2")
    scene = bpy.context.scene
    before, copies = helpers.census(), []
    (ground,) = (o for o in bpy.data.objects if "llmviz_ground" in o)
    haze = ground.data.materials[0].node_tree.nodes["haze"].outputs[0]
    far = haze.default_value

    def look(rendered: bpy.types.Scene, *_: object) -> None:
        holder = bpy.data.objects["LLM Near"]
        copies.append({child.data.name for child in holder.children})
        assert haze.default_value > far

    bpy.app.handlers.render_pre.append(look)
    try:
        for still in ("scale", "towers"):
            steps = scene_room.still_steps(scene, [still], tmp_path, (32, 18), "CYCLES", 1)
            scene_room.run(steps)
    finally:
        bpy.app.handlers.render_pre.remove(look)
    assert len(copies) == 2 and all(copies)
    assert not helpers.difference(before, helpers.census())
    assert haze.default_value == far
