"""Words are meshes: shaped as Blender's own text, in any script, and found by their words."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import compat
from llmviz_addon.scene.standing import ledger, tree
from llmviz_addon.scene.words import typesetting
from llmviz_addon.scene.words.typesetting import COARSE, FINE, Setting

from . import checkpoints, helpers, people

INTER = Path(bpy.utils.system_resource("DATAFILES", path="fonts")) / "Inter.woff2"

SCRIPTS = {
    "japanese": "日本語の文",
    "chinese": "机器学习",
    "korean": "한국어문",
    "hebrew": "אבגד",
    "arabic": "حسعم",
    "thai": "กขคง",
    "devanagari": "कखगघ",
    "tamil": "கஙசஞ",
    "cyrillic": "Жяфд",
    "greek": "Ωλψδ",
    "emoji": "😀🚀🎉🐍",
    "symbols": "∑√∞⏎",
}


def _mesh(words: str, error: float = FINE, **how: str) -> bpy.types.Mesh:
    return typesetting.mesh("Words", words, Setting(1.0, error=error, **how))


def _points(mesh: bpy.types.Mesh) -> np.ndarray:
    found = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", found)
    return found.reshape(-1, 3).astype(float)


def _area(mesh: bpy.types.Mesh) -> float:
    return sum(face.area for face in mesh.polygons)


class _Text:
    """The same words as a text object of Blender's, to compare with."""

    def __init__(self, words: str, font: bpy.types.VectorFont | None, **how: object):
        self._curve = bpy.data.curves.new("Reference", "FONT")
        if font is not None:
            self._curve.font = font
        self._curve.body = words
        for name, value in how.items():
            setattr(self._curve, name, value)
        self._object = bpy.data.objects.new("Reference", self._curve)

    def __enter__(self) -> bpy.types.Mesh:
        return self._object.to_mesh()

    def __exit__(self, *_: object) -> None:
        self._object.to_mesh_clear()
        bpy.data.objects.remove(self._object)
        bpy.data.curves.remove(self._curve)


@pytest.fixture
def inter():
    """The typeface of Blender's interface, as a person would load it."""
    font = bpy.data.fonts.load(str(INTER))
    yield font
    bpy.data.fonts.remove(font)


@pytest.mark.parametrize("align", ["LEFT", "CENTER", "RIGHT"])
@pytest.mark.parametrize("valign", ["BOTTOM_BASELINE", "CENTER", "TOP"])
@pytest.mark.parametrize("words", ["MLP Weights (slab, 255 levels)", "γ, β", "−0.71", "one\ntwo"])
def test_words_stand_where_text_of_blenders_own_would(inter, words, align, valign):
    found = _points(_mesh(words, align=align, valign=valign))
    with _Text(words, inter, align_x=align, align_y=valign) as text:
        expected = _points(text)
    for end in (np.min, np.max):
        np.testing.assert_allclose(end(found, axis=0), end(expected, axis=0), atol=0.004)


@pytest.mark.parametrize("error", [FINE, COARSE])
def test_letters_cover_all_around_which_their_curves_wind(inter, error):
    # Not compared with Blender's own filling: on 4.5 it leaves half of an e empty, whose curves
    # cross.
    for letter in "aBe&@Qt8i":
        with _Text(letter, inter, resolution_u=24, fill_mode="NONE") as text:
            expected = _wound_around(text)
        assert _area(_mesh(letter, error)) == pytest.approx(expected, rel=0.02), letter


def _wound_around(outline: bpy.types.Mesh, side: int = 400) -> float:
    """The area around which curves wind, by counting places on a fine grid."""
    points = _points(outline)[:, :2]
    # Points follow each other along a curve; the edge that closes it leads back.
    ends = np.array([tuple(edge.vertices) for edge in outline.edges])
    back = np.abs(ends[:, 0] - ends[:, 1]) > 1
    ends[~back], ends[back] = np.sort(ends[~back]), np.sort(ends[back])[:, ::-1]
    (low, high), half = (points.min(axis=0), points.max(axis=0)), 0.5 / side
    shares = np.linspace(half, 1 - half, side)
    across, up = (low[k] + shares * (high[k] - low[k]) for k in range(2))
    windings = np.zeros((side, side), int)
    for (x0, y0), (x1, y1) in points[ends]:
        crossed = (np.minimum(y0, y1) <= up) & (up < np.maximum(y0, y1))
        at = x0 + (up[crossed] - y0) / (y1 - y0 or 1.0) * (x1 - x0)
        windings[crossed] += np.sign(y1 - y0).astype(int) * (across < at[:, None])
    return float(np.count_nonzero(windings) / side**2 * np.prod(high - low))


def test_bends_keep_to_the_curve_with_as_few_points_as_that_takes(inter):
    with _Text("O", inter, resolution_u=32, fill_mode="NONE") as text:
        curve = _points(text)
    for error in (FINE, COARSE):
        mesh = _mesh("O", error)
        border = [e.vertices for e in mesh.edges if _sides(mesh)[e.index] == 1]
        ends = _points(mesh)[np.array([tuple(pair) for pair in border])]
        assert _distance(curve, ends).max() <= 1.5 * error
    assert len(_mesh("O", COARSE).vertices) < len(_mesh("O", FINE).vertices) < 110


def _sides(mesh: bpy.types.Mesh) -> np.ndarray:
    """The polygons at each edge."""
    found = np.zeros(len(mesh.edges), int)
    for loop in mesh.loops:
        found[loop.edge_index] += 1
    return found


def _distance(points: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """(N,) the distance of each point from the nearest of straight pieces (M, 2, 3)."""
    start, along = ends[:, 0], ends[:, 1] - ends[:, 0]
    share = np.einsum("nmk,mk->nm", points[:, None] - start, along) / (along**2).sum(axis=1)
    near = start + np.clip(share, 0, 1)[..., None] * along
    return np.linalg.norm(points[:, None] - near, axis=-1).min(axis=1)


@pytest.mark.parametrize("words", ["Attention 0.25", "8&@%", "日本", "😀", "क्षि", "ب\u0651"])
def test_a_mesh_of_words_is_sound(words):
    mesh = _mesh(words)
    assert len(mesh.polygons) and not mesh.validate(verbose=True)
    assert all(face.normal.z > 0.99 for face in mesh.polygons), "it faces the reader"
    assert (_sides(mesh) >= 1).all()


def test_crossing_curves_of_a_letter_cover_each_place_once(inter):
    # The bars of Inter's A and t overlap their stems.
    for letter in "At":
        with _Text(letter, inter, fill_mode="NONE") as text:
            height = np.ptp(_points(text)[:, 1])
        mesh = _mesh(letter)
        assert 0 < _area(mesh) < height * np.ptp(_points(mesh)[:, 0])
        assert (_sides(mesh) <= 2).all()
        corners = sum(len(face.vertices) - 2 for face in mesh.polygons)
        holes = 1 if letter == "A" else 0
        # Euler's formula for one area with so many holes, cut into triangles.
        assert corners == len(mesh.vertices) - 2 + 2 * holes


def _shape(character: str) -> tuple:
    return tuple(np.round(_points(_mesh(character)), 4).reshape(-1))


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_character_of_a_script_has_a_shape_of_its_own(script):
    # A character that no font has is a box, or, on 4.5, a box that says its script.
    missing = {_shape("\U0010fffe"), _shape("\ue9ff")}
    shapes = {_shape(character) for character in SCRIPTS[script]}
    assert len(shapes) == len(SCRIPTS[script])
    assert not shapes & missing


@pytest.mark.parametrize("script", ["japanese", "hebrew", "thai", "emoji"])
def test_other_fonts_are_as_large_as_the_first(inter, script):
    words = SCRIPTS[script]
    found = np.ptp(_points(_mesh(words)), axis=0)[:2]
    with _Text(words, None) as text:
        expected = np.ptp(_points(text), axis=0)[:2]
    # Blender scales its fonts so that each is one unit high; here all have one size of letter.
    with _Text("→", inter) as own, _Text("→", None) as borrowed:
        scale = np.ptp(_points(own)[:, 0]) / np.ptp(_points(borrowed)[:, 0])
    np.testing.assert_allclose(found, expected * scale, rtol=0.01)


def test_hebrew_is_read_from_the_right():
    first, second = _points(_mesh("אב")), _points(_mesh("א"))
    assert first[:, 0].max() > second[:, 0].max()
    right = first[first[:, 0] > first[:, 0].max() - np.ptp(second[:, 0]) - 1e-3]
    np.testing.assert_allclose(np.ptp(right, axis=0), np.ptp(second, axis=0), atol=1e-3)


def test_marks_stand_over_their_letters_and_apart_from_each_other():
    letter, one, two = (_points(_mesh(f"x{marks}")) for marks in ("", "\u0302", "\u0302\u0306"))
    np.testing.assert_allclose(np.ptp(one, axis=0)[0], np.ptp(letter, axis=0)[0], atol=0.05)
    heights = [points[:, 1].max() for points in (letter, one, two)]
    assert heights == sorted(heights) and len(set(heights)) == 3


def test_asking_the_fonts_leaves_nothing_in_the_file():
    before = helpers.census()
    made = _mesh("ẞǅ ᾠ ઠ")
    assert len(made.vertices)
    bpy.data.meshes.remove(made)
    assert not helpers.difference(before, helpers.census())


def test_a_scene_has_no_text_objects_and_no_fonts(standing):
    assert not [o.name for o in bpy.data.objects if o.type == "FONT"]
    assert not bpy.data.fonts and not bpy.data.curves


def test_words_are_kept_on_objects_and_the_same_words_share_their_mesh(standing):
    words = [o for o in bpy.data.objects if "llmviz_text" in o]
    assert any("llmviz_strip" in o for o in words)
    said = [o for o in words if "llmviz_text" in o.data]
    assert all(o["llmviz_text"] == o.data["llmviz_text"] for o in said)
    by_words: dict[tuple, set] = {}
    for obj in said:
        key = obj["llmviz_text"], str(obj.data["llmviz_setting"].to_dict())
        by_words.setdefault(key, set()).add(obj.data)
    assert len(said) > 200 and len(said) > 2 * len(by_words)
    titles = [o.data for o in said if o["llmviz_text"] == "Q Weights"]
    assert len(titles) == 9 and len(set(titles)) == 1


def test_words_take_less_room_in_a_file_than_all_else(own_model, tmp_path):
    whole, rest = tmp_path / "whole.blend", tmp_path / "rest.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(whole), copy=True, compress=True)
    for mesh in bpy.data.meshes:
        if "llmviz_text" in mesh:
            mesh.clear_geometry()
    bpy.ops.wm.save_as_mainfile(filepath=str(rest), copy=True, compress=True)
    assert whole.stat().st_size < 2 * rest.stat().st_size


# What a person does with words


@pytest.fixture
def model(own_model):
    """nano-gpt, in a file of the test's own."""
    return people.only()


def _title(model, block: str = "layer1.mlp") -> bpy.types.Object:
    found = (o for o in model.objects.values() if o.get("llmviz_label_of") == block)
    return next(o for o in found if o.name.startswith(f"{block} title"))


def test_words_that_a_person_wrote_are_drawn_at_the_next_build(model):
    title, others = _title(model), _title(model, "layer2.mlp")
    title["llmviz_text"] = "What it knows"
    for prompt in ("ABC", "CBABBC"):
        helpers.build(prompt)
        title = _title(people.only())
        assert title["llmviz_text"] == title.data["llmviz_text"] == "What it knows"
        assert np.ptp(_points(title.data)[:, 0]) > 2 * np.ptp(_points(others.data)[:, 0])
        assert others["llmviz_text"] == others.data["llmviz_text"] == "MLP"
        assert list(title.data.materials) == list(others.data.materials)


def test_words_that_a_person_wrote_stay_in_a_model_that_is_drawn_anew():
    helpers.open_built(cubes=20_000)
    _title(people.only())["llmviz_text"] = "What it knows"
    helpers.build("ABC", cubes=20_000)
    assert _title(people.only()).data["llmviz_text"] == "What it knows"


def test_letters_that_a_person_bent_stay_bent(model):
    title = _title(model)
    title.data = title.data.copy()
    title.data.vertices[0].co.y += 1
    bent = _points(title.data)
    model.root["llmviz_drawing"] = 1
    helpers.build("ABC")
    np.testing.assert_array_equal(_points(_title(people.only()).data), bent)


def test_what_a_person_put_in_place_of_words_stays(model):
    mine = bpy.data.meshes.new("Mine")
    mine.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    _title(model).data = mine
    model.root["llmviz_drawing"] = 1
    helpers.build("ABC")
    assert _title(people.only()).data == mine


# Models of earlier versions, in which words are text objects


def _as_text(obj: bpy.types.Object) -> bpy.types.Object:
    """A text object in place of a mesh of words, as earlier versions made it."""
    setting = obj.data["llmviz_setting"]
    curve = bpy.data.curves.new(obj.data.name, "FONT")
    curve["llmviz"] = True
    curve.body, curve.size = obj["llmviz_text"], setting["size"]
    curve.align_x, curve.align_y = setting["align"], setting["valign"]
    curve.resolution_u = 3
    curve.materials.append(obj.data.materials[0])
    name = obj.name
    obj.name = "Gone"
    text = bpy.data.objects.new(name, curve)
    for key in obj.keys():  # noqa: SIM118  (an object iterates over nothing)
        if key != "llmviz_text":
            text[key] = obj[key]
    text.location, text.rotation_euler, text.scale = obj.location, obj.rotation_euler, obj.scale
    text.parent, text.visible_shadow = obj.parent, False
    for home in obj.users_collection:
        home.objects.link(text)
    if obj.animation_data is not None:
        moved = text.animation_data_create()
        moved.action = obj.animation_data.action
        moved.action_slot = obj.animation_data.action_slot
    bpy.data.objects.remove(obj)
    ledger.note(text)
    return text


def _as_pieces(obj: bpy.types.Object) -> None:
    """An object that shows a collection in place of a sheet, as earlier versions made it."""
    pieces = bpy.data.collections.new(obj.name)
    group = bpy.data.node_groups.new("LLM Pieces", "GeometryNodeTree")
    group.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    group.interface.new_socket("Collection", in_out="INPUT", socket_type="NodeSocketCollection")
    for datablock in (pieces, group):
        datablock["llmviz"] = True
    modifier = obj.modifiers.new("LLM Pieces", "NODES")
    modifier.node_group = group
    compat.set_modifier_input(modifier, "Collection", pieces)
    obj.data.clear_geometry()
    del obj["llmviz_text"]
    ledger.note(obj)


SHAPE = {"n_layer": 3, "n_head": 1, "n_embd": 8, "n_positions": 11, "vocab_size": 5}


@pytest.fixture(scope="module")
def layers(tmp_path_factory) -> str:
    """A small checkpoint with three layers."""
    return str(checkpoints.save(tmp_path_factory.mktemp("checkpoint") / "layers", **SHAPE))


@pytest.fixture
def before(clean_scene, layers, tmp_path):
    """A file with a small model of three layers as earlier versions drew it."""
    helpers.open_built(helpers.MORE, layers)
    model = people.only()
    for obj in list(model.objects.values()):
        if "llmviz_strip" in obj:
            _as_pieces(obj)
        elif "llmviz_text" in obj and "llmviz_setting" in obj.data:
            _as_text(obj)
    del model.root["llmviz_drawing"]
    font = bpy.data.fonts.load(str(INTER))
    font["llmviz"] = True
    font.user_clear()
    model.root["llmviz_kit_font"] = font
    tree.sweep()
    path = tmp_path / "earlier.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
    return people.only()


@pytest.mark.parametrize("prompt", [helpers.MORE, helpers.FEW])
def test_text_objects_become_meshes_at_the_next_build(before, layers, prompt):
    helpers.build(prompt, layers)
    after = people.only()
    assert not [o for o in bpy.data.objects if o.type == "FONT"]
    assert not bpy.data.curves and not bpy.data.fonts
    assert not [key for key in after.root.keys() if "font" in key]  # noqa: SIM118
    said = [o for o in after.objects.values() if "llmviz_text" in o]
    assert all(o.data["llmviz_text"] for o in said if "llmviz_setting" in o.data)
    tiles = after.marked("llmviz_strip").values()
    assert not [tile.name for tile in tiles if tile.modifiers]
    assert "LLM Pieces" not in bpy.data.node_groups
    fresh = {key: _where(obj) for key, obj in after.objects.items() if "llmviz_text" in obj}
    helpers.open_built(prompt, layers)
    built = people.only().objects
    assert fresh == {key: _where(built[key]) for key in fresh}


def _where(obj: bpy.types.Object) -> tuple:
    home = sorted(c["llmviz_key"] for c in obj.users_collection)
    place = [round(v, 5) + 0.0 for v in (*obj.location, *obj.rotation_euler)]
    return obj["llmviz_text"], obj.parent["llmviz_key"], home, place, obj.visible_shadow


def test_what_a_person_did_to_a_text_object_stays(before, layers):
    scene, layer = bpy.context.scene, bpy.context.view_layer
    title, other, deep = (_title(before, f"layer{i}.mlp") for i in range(3))
    home, red = bpy.data.collections.new("Mine"), bpy.data.materials.new("Red")
    scene.collection.children.link(home)
    title.data.body = "What it knows"
    title.location.x += 0.3
    title.keyframe_insert("rotation_euler", frame=9)
    title.constraints.new("LIMIT_LOCATION")
    child = bpy.data.objects.new("Child", None)
    child.parent = title
    home.objects.link(child)
    other.name, other.hide_render = "My Title", True
    other.material_slots[0].link, other.material_slots[0].material = "OBJECT", red
    for collection in list(other.users_collection):
        collection.objects.unlink(other)
    home.objects.link(other)
    layer.update()
    other.hide_set(True)
    deep.data.extrude = 0.01
    place = title.location.copy()
    for prompt in (helpers.FEW, "1 0 1"):
        helpers.build(prompt, layers)
        title, other, deep = (_title_of(i) for i in range(3))
        assert title.type == "MESH" and title.data["llmviz_text"] == "What it knows"
        assert title.location == place and len(title.constraints) == 1 and child.parent == title
        assert {c.data_path for c in people.curves_of(title)} >= {"rotation_euler"}
        assert (other.type, other.name, other.hide_render) == ("MESH", "My Title", True)
        assert other.hide_get() and list(home.objects) == [child, other]
        assert other.material_slots[0].material == red
        assert deep.type == "FONT" and deep.data.extrude == pytest.approx(0.01), "a text of theirs"
    scene_room.remove(scene)
    assert [o.name for o in bpy.data.objects] == ["Child"]
    assert not bpy.data.fonts


def _title_of(layer: int) -> bpy.types.Object:
    key = f"layer{layer}.mlp:layer{layer}.mlp title"
    return people.only().objects[key]
