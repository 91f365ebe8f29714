"""A pinned cell is a part of the scene: drawn, filmed, saved, brought up to date, cleared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import bpy
import numpy as np
import pytest

from llmviz_addon import explain, languages
from llmviz_addon import scene as scene_room
from llmviz_addon.scene import live, names, pins
from llmviz_addon.scene.drawn import pin_cards
from llmviz_addon.scene.style.kit import CELL
from llmviz_addon.walkthrough import lettering

from . import helpers

ATTENTION, PRODUCT = "layer0.head1.attention[1, 3]", "layer0.head1.q[2, 5]"


def objects(cell: str) -> dict[str, bpy.types.Object]:
    """The objects of a pin, by their part in it."""
    found = [o for o in bpy.context.scene.objects if o.get("llmviz_pin_of") == cell]
    return {o["llmviz_key"].removeprefix(f"pin:{cell}").strip(): o for o in found}


def said(cell: str) -> str:
    return " ".join(objects(cell)["card"]["llmviz_words"].split())


def model() -> scene_room.Standing:
    return scene_room.find(bpy.context.scene)[0]


def evaluated(obj: bpy.types.Object) -> np.ndarray:
    graph = bpy.context.evaluated_depsgraph_get()
    return np.array(obj.evaluated_get(graph).matrix_world, float)


def test_a_pin_frames_its_cell_and_its_card_says_what_the_explanation_says(own_model):
    found = scene_room.pin(bpy.context.scene, ATTENTION)
    assert found.cell == explain.Cell("layer0.head1.attention", 1, 3)
    parts = objects(ATTENTION)
    assert parts.keys() == {"", "lines", "place", "card", "leader"}
    for part in (found.title, found.place, found.value_words.split(",")[0], found.with_numbers):
        assert " ".join(part.split()) in said(ATTENTION)
    block = model().plan.anatomy.blocks["layer0.head1.attention"]
    wanted = np.array(block.origin) + [1, 0, -3]
    np.testing.assert_allclose(np.array(parts[""].location) / CELL, wanted, atol=1e-4)
    (part,) = {c.name for o in parts.values() for c in o.users_collection}
    assert part == "Pins"


def test_a_card_follows_the_language_of_the_model(own_model):
    scene_room.pin(bpy.context.scene, ATTENTION)
    scene_room.tell(bpy.context.scene, language="ja")
    written = said(ATTENTION).replace(" ", "")
    assert "注意の重み（第0層ヘッド1）" in written
    assert "クエリ3（トークンB）がキー1（トークンB）に向ける注意" in written
    assert "0.32577" in written and "正確な値" in written
    again = scene_room.explain(model(), "layer0.head1.attention", 1, 3)
    assert again.language.id == "ja" and again.title in written.replace("層", "層 ", 1)


@pytest.mark.parametrize("code", languages.available())
def test_the_lines_of_a_card_fit_it_in_every_language(code):
    explained = explain.load("nano-gpt", "CBABBC", language=code)
    room = pin_cards._WIDTH - 2 * pin_cards._MARGIN - pin_cards._STRIPE
    for block in explained.anatomy.blocks.values():
        found = explained.explain(block.name, block.columns - 1, 0)
        for row in pin_cards._said(found):
            capital = pin_cards._ROWS[row.style][0]
            if not row.beside:
                assert lettering.width(row.text) * capital <= room + 1e-6, row.text
            else:
                assert lettering.width(row.beside) * pin_cards._ROWS["place"][0] < 0.6 * room


def test_the_stronger_a_source_the_brighter_its_light(own_model):
    found = scene_room.pin(bpy.context.scene, PRODUCT)
    mesh = objects(PRODUCT)[""].data
    clear = helpers.read(mesh, names.CLEAR)
    place = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", place)
    place = place.reshape(-1, 3) + np.array(objects(PRODUCT)[""].location)
    block = model().plan.anatomy.blocks["layer0.ln_1"]
    of = next(i for i, s in enumerate(found.sources) if s.cells.block == "layer0.ln_1")
    strengths = found.strengths[of]
    for channel in (int(strengths.argmax()), int(strengths.argmin())):
        middle = (np.array(block.origin) + [2, -0.475, -channel]) * CELL
        near = np.abs(place - middle).max(1) < 0.46 * CELL
        light = clear[near & (np.abs(place[:, 1] - middle[1]) < 1e-5)]
        assert light == pytest.approx(0.9 - 0.62 * strengths[channel], abs=1e-4)


def test_a_card_is_in_the_films_picture_wherever_the_camera_looks(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, ATTENTION)
    camera, card = scene.camera, objects(ATTENTION)["card"]
    aspect = scene.render.resolution_x / scene.render.resolution_y
    for frame in range(scene.frame_start, scene.frame_end, 450):
        scene.frame_set(frame)
        place = np.linalg.inv(evaluated(camera)) @ evaluated(card)
        corners = np.array(card.bound_box) @ place[:3, :3].T + place[:3, 3]
        seen = corners[:, :2] / -corners[:, 2:] * camera.data.lens / 36 * 2
        assert (corners[:, 2] < 0).all()
        assert (np.abs(seen) <= [1.0, 1.0 / aspect]).all(), frame
        # Two lines of a caption stand below it, with a chapter's title: see `captioning`.
        below = (seen[:, 1] + 1.0 / aspect) * aspect / 2 * 1080
        assert (below >= 52 + 58 + 28 + 34 + 40).all(), frame
        # It faces the camera: its letters stand upright in the picture.
        np.testing.assert_allclose(
            place[:3, 0] / np.linalg.norm(place[:3, 0]), [1, 0, 0], atol=1e-4
        )


def test_a_card_hangs_beside_the_place_at_which_its_cell_is_seen(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, ATTENTION)
    parts, camera = objects(ATTENTION), scene.camera
    scene.frame_set(scene.frame_end)
    back = np.linalg.inv(evaluated(camera))
    seen = [(back @ evaluated(parts[part]))[:3, 3] for part in ("", "place")]
    ways = [place[:2] / -place[2] for place in seen]
    np.testing.assert_allclose(ways[0], ways[1], rtol=1e-3, atol=1e-4)
    assert np.linalg.norm(seen[1]) < 0.1


def test_a_card_hangs_where_a_far_camera_sees_it(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, ATTENTION)
    eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
    eye.data.clip_start = 3.0
    eye.location, eye.rotation_euler = (0.0, -3000.0, 2.0), (np.pi / 2, 0.0, 0.0)
    scene.collection.objects.link(eye)
    card = objects(ATTENTION)["card"]
    with pins.before(scene, eye, 16 / 9, 0.0):
        place = np.linalg.inv(evaluated(eye)) @ evaluated(card)
        assert (-(np.array(card.bound_box) @ place[:3, :3].T + place[:3, 3])[:, 2] > 3.0).all()
    place = np.linalg.inv(evaluated(scene.camera)) @ evaluated(card)
    assert -place[2, 3] < 3.0, "it hangs before the film's camera again"


def test_another_prompt_brings_pins_up_to_date_at_once_and_when_it_is_built(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, PRODUCT)
    before, stood = said(PRODUCT), set(objects(PRODUCT).values())
    recipe = scene_room.recipe_of(own_model)
    assert live.follow(scene, replace(recipe, prompt="AABBCC"))
    typed = said(PRODUCT)
    assert typed != before and set(objects(PRODUCT).values()) == stood
    value = scene_room.explain(model(), "layer0.head1.q", 2, 5).value_words
    assert value.split(",")[0] in typed
    scene_room.build(scene, recipe)
    assert said(PRODUCT) == before and set(objects(PRODUCT).values()) == stood


def test_pins_are_named_in_the_file_and_survive_without_the_extension(own_model, tmp_path):
    scene_room.pin(bpy.context.scene, ATTENTION)
    scene_room.pin(bpy.context.scene, PRODUCT)
    assert scene_room.pinned(bpy.context.scene) == [ATTENTION, PRODUCT]
    path = tmp_path / "pinned.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert scene_room.pinned(bpy.context.scene) == [ATTENTION, PRODUCT]
    assert objects(PRODUCT).keys() == objects(ATTENTION).keys() != set()
    drivers = [o for o in bpy.data.objects if o.animation_data and o.animation_data.drivers]
    assert not drivers


def test_clearing_leaves_nothing_of_pins(own_model):
    before = helpers.counts()
    scene_room.pin(bpy.context.scene, ATTENTION)
    scene_room.pin(bpy.context.scene, PRODUCT)
    kept = helpers.counts()["materials"]
    assert scene_room.clear_pins(bpy.context.scene) == 2
    after = helpers.counts()
    assert scene_room.pinned(bpy.context.scene) == [] and not objects(ATTENTION)
    # The material stays with the model's other ones.
    assert after == before | {"materials": kept}


def test_what_a_person_did_to_a_pin_stays_when_it_is_drawn_anew(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, PRODUCT)
    parts = objects(PRODUCT)
    parts["lines"]["opacity"] = 0.25
    parts["lines"].keyframe_insert('["opacity"]', frame=3)
    bpy.data.objects.remove(parts["leader"])
    scene_room.pin(scene, ATTENTION)
    after = objects(PRODUCT)
    assert after["lines"]["opacity"] == 0.25 and after["lines"].animation_data.action
    assert "leader" not in after


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("layer0.head1.attention[99, 3]", "there is no cell at column 99"),
        ("layer0.heat1.attention[1, 3]", "did you mean"),
        ("attention", "is no cell; write"),
    ],
)
def test_a_cell_that_is_not_there_is_refused_and_nothing_is_changed(own_model, cell, says):
    before = helpers.census()
    with pytest.raises(explain.CellError, match=says):
        scene_room.pin(bpy.context.scene, cell)
    assert not helpers.difference(before, helpers.census())


def test_without_a_model_there_is_nothing_to_pin():
    with pytest.raises(explain.CellError, match="No model stands"):
        scene_room.pin(bpy.context.scene, ATTENTION)


def test_a_pin_whose_cell_another_model_does_not_have_goes_with_a_sentence(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, "layer2.mlp[3, 1]")
    scene_room.pin(scene, "wte[1, 1]")
    notes: list[str] = []
    scene_room.run(scene_room.steps(scene, helpers.recipe("0 1", helpers.small()), notes=notes))
    assert scene_room.pinned(scene) == ["wte[1, 1]"]
    assert any("layer2.mlp[3, 1] is not pinned any more" in note for note in notes)


def test_pins_of_a_picture_are_there_only_while_it_is_taken(own_model):
    scene = bpy.context.scene
    scene_room.pin(scene, ATTENTION)
    before = helpers.census()
    with pins.meanwhile(model(), [explain.Cell("layer0.mlp", 4, 7)]):
        assert objects("layer0.mlp[4, 7]") and not objects(ATTENTION)
    assert not objects("layer0.mlp[4, 7]") and objects(ATTENTION)
    assert scene_room.pinned(scene) == [ATTENTION]
    changed = helpers.difference(before, helpers.census())
    assert not [key for key in changed if "properties" in key and ATTENTION not in key]


def test_a_card_stands_where_it_hides_least_and_within_the_picture():
    nothing, middle, size = np.zeros((0, 2)), np.zeros(2), np.array([580.0, 300.0])
    best = partial(pin_cards.best_offset, aspect=16 / 9, high=300.0)
    assert (best(nothing, middle) > 0).all(), "above the cell, to its right"
    crowd = np.random.default_rng(1).normal(size=(50, 2)) * 40
    assert (best(crowd + [200, 150], middle) < 0).any()
    corner = np.array([900.0, 500.0])
    assert (best(nothing, corner) + size)[1] < 0, "below a cell in an upper corner"


def test_a_card_rather_hangs_far_from_its_cell_than_before_its_block():
    block = np.stack(np.meshgrid(np.linspace(-900, 100, 9), np.linspace(-540, 540, 9)), -1)
    offset = pin_cards.best_offset(
        np.zeros((0, 2)), np.array([-700.0, 0.0]), 16 / 9, 300.0, block.reshape(-1, 2)
    )
    assert -700 + offset[0] > 100, "to the right of the block, though the cell is at its left"
