"""Things that gestures bring onto the stage play from keys alone, and their digits are right."""

from __future__ import annotations

import time
from collections import defaultdict

import bpy
import numpy as np
import pytest

from llmviz_addon import model, walkthrough
from llmviz_addon import scene as scene_room
from llmviz_addon.scene import compat
from llmviz_addon.walkthrough.parsing import parse
from llmviz_addon.walkthrough.properties import PROPERTIES

from . import helpers

CELL, FPS = 0.02, 24
BEATS = [
    [{"dot_product": "layer0.head1.q[3, 5]"}],
    [
        {"open": ["embedding"], "column": 3},
        {"isolate": ["wpe"], "columns": 3},
        {"slide": ["layer0.ln_1"], "by": [-6.0, -3.0, 2.0]},
        {"stack": ["layer0.head*.output"], "at": 1},
    ],
    [
        {"normalize": "layer1.ln_1[3]"},
        {"copy": "wte[1]", "to": "embedding[3]", "offset": [0, -4, 0]},
        {"graph": "layer0.mlp_activation[0:5, 3]"},
        {"card": "layer0.head1.q[3, 5]"},
    ],
]


def _script():
    texts = {"title": "Chapter"}
    tables = []
    for number, gestures in enumerate(BEATS):
        texts[f"beat{number}"] = {"title": "Beat", "text": ""}
        shot = {"show": ["model"], "move": 0}
        tables.append({"id": f"beat{number}", "duration": 4, "do": gestures, "shot": shot})
    chapter = {"id": "one", "state": "computed", "beat": tables}
    return parse({"chapter": [chapter]}, {"title": "A Film", "one": texts})


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """One build of nano-gpt with a film of gestures, for tests that only scrub."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    script, boards = _script(), []
    patch = pytest.MonkeyPatch()
    compose = walkthrough.compile_steps

    def composed(_, *args, **options):
        board = yield from compose(script, *args, **options)
        boards.append(board)
        return board

    patch.setattr(walkthrough, "compile_steps", composed)
    patch.setattr(walkthrough, "stills", lambda *_: ())
    try:
        root = helpers.build()
    finally:
        patch.undo()
    return root, boards[-1]


def _go(seconds: float) -> None:
    frame = 1 + seconds * FPS
    bpy.context.scene.frame_set(int(frame), subframe=frame - int(frame))


def _actors(root):
    found = defaultdict(list)
    for obj in root.all_objects:
        for mark in ("llmviz_block", "llmviz_actor"):
            if mark in obj:
                found[obj[mark]].append(obj)
    return found


def _digits(counter: bpy.types.Object) -> str:
    """The number that a counter shows, read from the glyphs that it evaluates to."""
    graph = bpy.context.evaluated_depsgraph_get()
    found = []
    for each in graph.object_instances:
        if each.is_instance and each.parent and each.parent.original == counter:
            place = each.parent.matrix_world.inverted() @ each.matrix_world.translation
            found.append((place.x, each.object.name))
    glyphs = "0123456789-."
    return "".join(glyphs[int(name.rpartition(" ")[2])] for _, name in sorted(found))


def _prefix(film, kind, count):
    names = [a.name for a in film.actors if type(a).__name__ == kind]
    return next(name for name in names if name.rpartition(":")[2].rstrip("0123456789") == count)


def test_the_digits_of_a_dot_product_are_numpys_at_ten_moments(clean_scene):
    root, board = clean_scene
    network = model.load("nano-gpt")
    trace = network.forward([2, 1, 0, 1, 1, 2])
    terms = trace["layer0.head1.q_weight"][:, 5].astype(float) * trace["layer0.ln_1"][3]
    bias = float(trace["layer0.head1.q_bias"][5])
    actors = _actors(root)
    (total,), (count,) = (actors[_prefix(board, "Counter", name)] for name in ("sum", "count"))
    decimals = len(_digits(total).partition(".")[2])
    assert decimals >= 3
    seen = set()
    for moment in np.linspace(7.3, 13.0, 8).tolist() + [14.9, 15.4]:
        _go(moment)
        shown = int(_digits(count))
        seen.add(shown)
        wanted = terms[:shown].sum()
        if moment > 14.8:
            wanted += bias
        assert float(_digits(total)) == pytest.approx(wanted, abs=0.51 * 10**-decimals), moment
    assert len(seen) > 6


@pytest.mark.parametrize("number", [0.0, 0.004, -0.037, 7.25, -12.5, 308.004, -0.0004, 0.9996])
def test_a_counter_writes_numbers_as_people_do(number):
    from llmviz_addon.scene.drawn import counters
    from llmviz_addon.scene.style.kit import Kit

    (root,) = scene_room.roots(bpy.context.scene)
    counter = counters.create("A Counter", number, 3, 0.02, Kit([root]))
    bpy.context.scene.collection.objects.link(counter)
    try:
        bpy.context.view_layer.update()
        wanted = f"{number:.3f}"
        assert _digits(counter) == ("0.000" if float(wanted) == 0 else wanted)
    finally:
        bpy.data.objects.remove(counter)


def test_actors_and_blocks_play_what_the_storyboard_says(clean_scene):
    root, board = clean_scene
    actors = _actors(root)
    checked = set()
    for moment in (0.0, 2.0, 9.0, 3.0, 18.5, 17.0, 21.0, 26.0, board.duration - 0.1):
        _go(moment)
        for channel in board.channels:
            row = PROPERTIES[channel.property]
            if row.owner == "data" or channel.target in ("camera", "captions"):
                continue
            for obj in actors.get(channel.target, []):
                expected, scale = channel.at(moment), CELL if row.in_cells else 1.0
                if obj.hide_viewport and obj.type != "EMPTY":
                    # Viewports do not evaluate it.
                    continue
                if row.owner == "counter":
                    shown = obj.path_resolve(compat.modifier_path(obj.modifiers[0], "Value"))
                elif row.owner == "keys":
                    shown = obj.data.shape_keys.path_resolve(row.path)
                else:
                    shown = obj.path_resolve(row.path)
                if hasattr(shown, "__len__"):
                    shown = shown[channel.index]
                assert shown / scale == pytest.approx(expected, abs=2e-3, rel=1e-3), (
                    f"{channel.target}.{channel.property} at {moment}"
                )
                checked.add(channel.property)
    assert {"location", "scale", "offset", "presence", "count", "value", "step", "form"} <= checked


def test_what_stands_in_for_a_block_shows_the_blocks_own_cells(clean_scene):
    root, _ = clean_scene
    _go(18.0)
    whole = helpers.block("embedding")
    parts = [obj for obj in root.all_objects if obj.get("llmviz_part_of") == "embedding"]
    values = np.concatenate([helpers.read(part.data, "value") for part in parts])
    assert sorted(values.tolist()) == sorted(helpers.read(whole.data, "value").tolist())
    assert max(abs(s) for s in whole.matrix_world.to_scale()) < 1e-6
    assert all(abs(part.matrix_world.to_scale().x - CELL) < 1e-6 for part in parts)


def test_nothing_of_a_gesture_is_there_outside_its_time(clean_scene):
    root, _ = clean_scene
    _go(19.0)
    for obj in root.all_objects:
        if obj.get("llmviz_actor", "").startswith("one:dot_product") and not obj.hide_viewport:
            assert max(abs(s) for s in obj.matrix_world.to_scale()) < 1e-6, obj.name


def test_a_slid_block_takes_its_title_with_it(clean_scene):
    root, _ = clean_scene
    _go(16.3)
    hung = [o for o in root.all_objects if o.get("llmviz_label_of") == "layer0.ln_1"]
    before = {obj.name: obj.matrix_world.translation.copy() for obj in hung}
    assert before
    _go(19.5)
    for obj in hung:
        way = (obj.matrix_world.translation - before[obj.name]) / CELL
        assert tuple(way) == pytest.approx((-6, -3, 2), abs=1e-3)


def test_a_frame_costs_three_times_the_same_curves_on_empties_and_little_more_at_most(
    clean_scene,
):
    root, _ = clean_scene
    scene = bpy.context.scene

    def cost(count=25):
        # Processors' time, since others may work on this machine, too.
        scene.frame_set(2)
        start = time.process_time()
        for index in range(count):
            scene.frame_set(2 + (index * 37) % (scene.frame_end - 2))
        return (time.process_time() - start) / count

    # The least of several, since other work on this machine makes each frame dearer.
    ours = min(cost() for _ in range(3))
    owners = [obj for obj in root.all_objects if compat.fcurves_of(obj)]
    bare = bpy.data.scenes.new("Empties")
    action = bpy.data.actions.new("Empties")
    for obj in owners:
        empty = bpy.data.objects.new("Empty", None)
        bare.collection.objects.link(empty)
        for key in ("progress", "highlight", "opacity", "focus_column", "value"):
            empty[key] = 0.0
        curves = compat.fcurves(empty, action)
        for curve in compat.fcurves_of(obj):
            path = curve.data_path if "modifiers" not in curve.data_path else '["value"]'
            if path.startswith(("lens", "dof")) or curves.find(path, index=curve.array_index):
                continue
            copy = curves.new(path, index=curve.array_index)
            for key in curve.keyframe_points:
                copy.keyframe_points.insert(*key.co)
    window = scene
    bare.frame_end = scene.frame_end
    bpy.context.window.scene = scene = bare
    try:
        theirs = min(cost() for _ in range(3))
    finally:
        bpy.context.window.scene = scene = window
        for obj in list(bare.collection.objects):
            bpy.data.objects.remove(obj)
        bpy.data.scenes.remove(bare)
        bpy.data.actions.remove(action)
    print(f"a frame: {ours * 1000:.1f} ms, the same curves on empties: {theirs * 1000:.1f} ms")
    # Counters are evaluated at every frame of the film, which is most of what these milliseconds
    # are for; on a busy machine they are twice as long.
    assert ours <= 3 * theirs + 8e-3


def test_a_film_is_removed_with_all_that_it_brought(clean_scene):
    assert clean_scene
    scene_room.remove(bpy.context.scene)
    assert not [obj for obj in bpy.data.objects if "llmviz_actor" in obj]
    assert not bpy.data.shape_keys
