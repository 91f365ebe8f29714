"""Words take the room that was planned for them before they were drawn."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from llmviz_addon.scene.words import typesetting
from llmviz_addon.scene.words.typesetting import Setting
from llmviz_addon.walkthrough import lettering

from . import helpers


@pytest.mark.parametrize(
    "words", ["MLP Projection Weights", "85,584 parameters · γ (β)", "Self-Attention"]
)
def test_widths_and_heights_are_those_of_the_font(words):
    points = typesetting.shape(words, Setting(1.0)).points * lettering.FONT_SIZE
    assert points[:, 0].max() == pytest.approx(lettering.width(words), rel=0.03)
    capital = typesetting.shape("H", Setting(1.0)).points[:, 1].max() * lettering.FONT_SIZE
    assert capital == pytest.approx(1.0, rel=0.01)


def test_titles_of_a_shot_are_where_they_were_composed(expect):
    root = helpers.build(chapters="")
    scene = bpy.context.scene
    aspect = scene.render.resolution_x / scene.render.resolution_y
    board = expect(helpers.PROMPT).board(aspect)
    drawn = {o["llmviz_titles_of"]: o for o in root.all_objects if "llmviz_titles_of" in o}
    assert set(drawn) == {titles.beat for titles in board.titles}
    (part,) = [c for c in root.children_recursive if c.name.startswith("Titles")]
    part.hide_viewport = False
    for titles in board.titles[::5]:
        scene.frame_set(round(1 + 24 * (titles.start + 0.4)))
        bpy.context.view_layer.update()
        obj, picture = drawn[titles.beat], titles.lettering.picture
        assert obj.scale.x == 1 and obj["opacity"] > 0.9
        assert [o for o in drawn.values() if any(o.scale)] == [obj], "others have no size at all"
        camera = scene.camera.matrix_world
        assert np.allclose(camera.translation, obj.matrix_world.translation, atol=0.05)
        at = [
            world_to_camera_view(scene, scene.camera, obj.matrix_world @ Vector(vertex.co))
            for vertex in obj.data.vertices
        ]
        across = np.array([place.x for place in at]) * picture.width
        up = np.array([place.y for place in at]) * picture.height
        rects = np.array([words.rect for words in titles.lettering.words])
        plates = np.array([plate.rect for plate in titles.lettering.plates] or rects)
        wanted = np.concatenate([rects, plates])
        assert across.min() == pytest.approx(wanted[:, 0].min(), abs=30)
        assert across.max() == pytest.approx(wanted[:, 2].max(), abs=30)
        assert up.max() == pytest.approx(wanted[:, 3].max(), abs=30)


def test_titles_beside_blocks_are_not_in_pictures(standing):
    labels = [c for c in standing.children_recursive if c.name.startswith("Labels")]
    assert labels and all(collection.hide_render for collection in labels)
