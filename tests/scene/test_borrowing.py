"""Settings of a scene that a picture borrows are given back as they were, and a person's own
choices for the scene show in the picture.

No model is needed for that.
"""

from __future__ import annotations

import signal
from contextlib import suppress

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import compat, looks
from llmviz_addon.scene.pictures import engines, rendering, taking
from llmviz_addon.scene.style import materials

from . import helpers

SIZE = (64, 36)


def _settings(engine: str = "CYCLES", samples: int | None = 2) -> dict[str, object]:
    return rendering.settings(looks.load("dark"), engine, SIZE, samples)


def _colors(scene: bpy.types.Scene) -> list[object]:
    """A picture's own colors, curves included."""
    image = scene.render.image_settings
    view = image.view_settings
    curves = [[tuple(p.location) for p in c.points] for c in view.curve_mapping.curves]
    return [image.color_management, view.view_transform, view.exposure, view.gamma, curves]


def _a_persons_own(scene: bpy.types.Scene) -> None:
    """Settings that would change the shape, number or name of a picture."""
    render, image = scene.render, scene.render.image_settings
    image.file_format = "OPEN_EXR"
    image.color_mode, image.color_depth, image.use_preview = "RGBA", "32", True
    image.color_management = "OVERRIDE"
    image.view_settings.view_transform = "Standard"
    image.view_settings.exposure, image.view_settings.gamma = 2.5, 1.5
    image.view_settings.use_curve_mapping = True
    image.view_settings.curve_mapping.curves[3].points.new(0.25, 0.75)
    image.view_settings.curve_mapping.update()
    render.use_multiview, image.views_format = True, "STEREO_3D"
    render.pixel_aspect_x, render.pixel_aspect_y = 2.0, 1.0
    render.resolution_x, render.resolution_y, render.resolution_percentage = 333, 222, 50
    render.use_border, render.use_crop_to_border, render.border_max_x = True, True, 0.5
    render.use_stamp, render.film_transparent, render.use_single_layer = True, True, True
    render.use_placeholder, render.use_overwrite = True, False
    scene.frame_step = 7


def test_one_picture_of_the_size_and_colors_that_were_asked_for_whatever_a_person_set():
    scene = bpy.context.scene
    _a_persons_own(scene)
    before, colors = helpers.census(), _colors(scene)
    with rendering.borrowed(scene, _settings()):
        render, image = scene.render, scene.render.image_settings
        assert (render.resolution_x, render.resolution_y, render.resolution_percentage) == (
            *SIZE,
            100,
        )
        assert render.pixel_aspect_x == render.pixel_aspect_y == 1
        assert (image.file_format, image.color_mode, image.color_depth) == ("PNG", "RGB", "8")
        assert image.color_management == "FOLLOW_SCENE" and not image.use_preview
        assert not (render.use_multiview or render.use_border or render.use_stamp)
        assert not (render.use_single_layer or render.use_compositing or render.use_sequencer)
        assert not (render.film_transparent or render.use_placeholder)
        assert render.use_overwrite
    assert not helpers.difference(before, helpers.census())
    assert _colors(scene) == colors and colors[2] == 2.5 and len(colors[4][3]) == 3


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_settings_come_back_whatever_happens(error):
    scene = bpy.context.scene
    _a_persons_own(scene)
    before, colors = helpers.census(), _colors(scene)
    with pytest.raises(error), rendering.borrowed(scene, _settings()):
        raise error
    with pytest.raises(TypeError), rendering.borrowed(scene, _settings() | {"frame_step": "x"}):
        pass
    assert not helpers.difference(before, helpers.census()) and _colors(scene) == colors


@pytest.mark.parametrize("kind", ["FFMPEG", "OPEN_EXR_MULTILAYER", "TIFF", "JPEG"])
def test_every_file_format_comes_back_with_what_belongs_to_it(kind):
    scene = bpy.context.scene
    image = scene.render.image_settings
    if compat.IS_5:
        media = {"FFMPEG": "VIDEO", "OPEN_EXR_MULTILAYER": "MULTI_LAYER_IMAGE"}
        image.media_type = media.get(kind, "IMAGE")
    image.file_format = kind
    image.color_mode = image.color_mode if kind == "OPEN_EXR_MULTILAYER" else "BW"
    before = helpers.census()
    with rendering.borrowed(scene, _settings()):
        assert image.file_format == "PNG"
    assert not helpers.difference(before, helpers.census())


@pytest.mark.parametrize(("look", "mirrors"), [("dark", True), ("light", True), ("paper", False)])
def test_eevee_mirrors_where_the_look_has_reflections(look, mirrors, monkeypatch):
    # Without a graphics card the engine itself is not there.
    monkeypatch.setattr(rendering, "engine_id", lambda _: compat.EEVEE)
    scene = bpy.context.scene
    scene.eevee.use_raytracing = not mirrors
    scene.eevee.ray_tracing_options.trace_max_roughness = 0.75
    before = helpers.census()
    with rendering.borrowed(scene, rendering.settings(looks.load(look), "EEVEE", SIZE, 2)):
        assert scene.render.engine == compat.EEVEE
        assert scene.eevee.use_raytracing is mirrors
        assert scene.eevee.ray_tracing_options.trace_max_roughness == pytest.approx(0.1)
    assert not helpers.difference(before, helpers.census())
    assert scene.eevee.use_raytracing is not mirrors
    assert scene.eevee.ray_tracing_options.trace_max_roughness == 0.75


def test_what_a_person_chose_for_the_look_of_a_scene_stays():
    borrowed = _settings()
    for kept in (
        *("use_motion_blur", "use_simplify", "use_freestyle", "dither_intensity", "filter_size"),
        *("fps", "fps_base", "use_persistent_data", "use_lock_interface", "threads"),
    ):
        assert hasattr(bpy.context.scene.render, kept) and f"render.{kept}" not in borrowed


def test_a_marker_of_a_persons_own_does_not_switch_the_camera():
    scene = bpy.context.scene
    ours, theirs = (bpy.data.objects.new(n, bpy.data.cameras.new(n)) for n in ("Ours", "Theirs"))
    for camera in (ours, theirs):
        scene.collection.objects.link(camera)
    marker = scene.timeline_markers.new("Cut", frame=5)
    marker.camera = theirs
    scene.camera = None
    with taking._through(scene, ours):
        scene.frame_set(10)
        assert scene.camera == ours
    assert scene.camera is None and marker.camera == theirs


def test_the_first_view_layer_that_is_rendered_and_has_the_model_is_the_picture():
    scene = bpy.context.scene
    root = bpy.data.collections.new("Model")
    scene.collection.children.link(root)
    layers = [scene.view_layers[0], scene.view_layers.new("B"), scene.view_layers.new("C")]

    def chosen(*used: bool, without: tuple[int, ...] = ()) -> str:
        for number, layer in enumerate(layers):
            layer.use = used[number]
            layer.layer_collection.children["Model"].exclude = number in without
        with taking._one_layer(scene, root):
            (name,) = (layer.name for layer in layers if layer.use)
        assert [layer.use for layer in layers] == list(used)
        return name

    first = layers[0].name
    assert chosen(True, True, True) == first
    assert chosen(False, True, True) == "B"
    assert chosen(True, False, True, without=(0, 1)) == "C"
    assert chosen(False, False, False) == first
    assert chosen(True, False, False, without=(0,)) == "B"
    assert chosen(False, True, True, without=(0, 1, 2)) == "B"


def test_slabs_are_as_fine_as_the_picture_and_then_as_they_were():
    material = bpy.data.materials.new("Page")
    compat.use_nodes(material)
    node = material.node_tree.nodes.new("ShaderNodeValue")
    node.name = materials.PIXEL
    node.outputs[0].default_value = before = 0.125
    with taking._fine([material], 50.0, 1920):
        fine = node.outputs[0].default_value
    with taking._fine([material], 50.0, 960):
        assert node.outputs[0].default_value == pytest.approx(2 * fine)
    assert node.outputs[0].default_value == before


def test_ctrl_c_during_a_picture_counts_although_the_engine_swallows_it():
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        pytest.skip("the full Blender heeds Ctrl-C itself")
    with (
        pytest.raises(KeyboardInterrupt),
        taking._heeding_interrupts(),
        suppress(KeyboardInterrupt),
    ):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with taking._heeding_interrupts():
        pass


def test_an_engine_that_is_not_there_gets_a_sentence(monkeypatch):
    monkeypatch.setattr(engines, "has_cycles", lambda: False)
    monkeypatch.setattr(engines, "has_gpu", lambda: False)
    with pytest.raises(scene_room.RenderError, match="Add-ons"):
        _settings("CYCLES")
    monkeypatch.setattr(engines, "has_graphics", lambda: False)
    with pytest.raises(scene_room.RenderError, match="choose Cycles"):
        _settings("EEVEE")
    with pytest.raises(scene_room.RenderError, match="'MAGIC'"):
        _settings("MAGIC")


def test_automatic_is_an_engine_that_is_there(monkeypatch):
    for cycles, graphics, gpu, expected in (
        (True, True, True, compat.EEVEE),
        (True, True, False, "CYCLES"),
        (True, False, True, "CYCLES"),
        (False, True, False, compat.EEVEE),
    ):
        monkeypatch.setattr(engines, "has_cycles", lambda there=cycles: there)
        monkeypatch.setattr(engines, "has_graphics", lambda there=graphics: there)
        monkeypatch.setattr(engines, "has_gpu", lambda there=gpu: there)
        assert engines.engine_id("AUTO") == expected


def test_pictures_of_eevee_ask_nothing_of_cycles(monkeypatch):
    monkeypatch.setattr(engines, "has_graphics", lambda: True)
    assert not [path for path in _settings("EEVEE") if path.startswith("cycles")]
