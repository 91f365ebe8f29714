"""Whatever people are in the habit of doing, what is theirs stays, and what is shown is true."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import bpy
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from llmviz_addon import scene as scene_room
from llmviz_addon import walkthrough
from llmviz_addon.scene.drawn.flat import Easel
from llmviz_addon.scene.style import kit

from . import checkpoints, habits, helpers
from .habits import KINDS, Desk, uid

SEQUENCES = int(os.environ.get("LLMVIZ_HABITS", "0"))

# A model of 64 blocks that is built in a moment; ids of tokens are its words.
SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 5, "vocab_size": 5}
PROMPTS = ("1 2", "3", "1 2 3", "4 4 0 1")

KEPT = ("introduction", "shape", "scale", "softmax")

PARTS = ("rename", "hide", "exclude", "dissolve", "inside")
ROOTS = ("away", "copy", "dissolve", "delete")

few = st.integers(0, 11)


class Habits(RuleBasedStateMachine):
    """Somebody at a desk with a model, who does one thing after the other."""

    start: Path
    folder: Path
    before: dict[str, object]
    models: tuple[str, ...]
    prompts: tuple[str, ...] = PROMPTS

    def __init__(self):
        super().__init__()
        bpy.ops.wm.read_homefile(filepath=str(self.start))
        self.desk = Desk(self.folder, self.before)
        self.failed = False

    def _do(self, name, act):
        self.failed = True
        self.desk.habit(name, act)
        self.failed = False

    def _ours(self, name, act, **about):
        self.failed = True
        done = self.desk.ours(name, act, **about)
        self.failed = False
        return done

    # What a person does with an object

    @rule(
        kind=st.sampled_from((*KINDS, "own")),
        at=few,
        act=st.sampled_from(
            sorted(
                (
                    "move",
                    "rename",
                    "hide",
                    "parent",
                    "unparent",
                    "key",
                    "key film",
                    "gain",
                    "words",
                    "light",
                    "dress",
                    "modify",
                    "delete",
                    "copy",
                    "linked copy",
                    "away",
                    "hang",
                    "mode",
                )
            )
        ),
    )
    def handle(self, kind, at, act):
        desk, obj = self.desk, self.desk.target(kind, at)
        if obj is None or (bpy.context.mode != "OBJECT" and act != "mode"):
            return
        done = getattr(self, f"_{act.replace(' ', '_')}")(obj)
        if done is not False:
            self._do(act, lambda: None)

    def _is_moved(self, obj, path):
        return any(key.startswith(f"curve {path}|") for key in dict(habits.photos._curves(obj)))

    def _move(self, obj):
        if self._is_moved(obj, "location"):
            return False
        obj.location.x += 0.25
        self.desk.touch(obj, "location")

    def _rename(self, obj):
        obj.name = f"Mine {self.desk.number()}"
        self.desk.touch(obj, "name")

    def _hide(self, obj):
        number = self.desk.number()
        if number % 3 == 0:
            obj.hide_render = not obj.hide_render
            self.desk.touch(obj, "hide_render")
        elif number % 3 == 1:
            obj.hide_viewport = not obj.hide_viewport
            self.desk.touch(obj, "hide_viewport")
        elif obj.name in bpy.context.view_layer.objects:
            obj.hide_set(not obj.hide_get())
            layer = bpy.context.view_layer
            self.desk.touch(obj, f"hidden in {bpy.context.scene.name} {layer.name}")

    def _empty(self):
        empty = bpy.data.objects.new(f"Own {self.desk.number()}", None)
        bpy.context.scene.collection.objects.link(empty)
        empty.location = (3, 1, 0)
        self.desk.book.theirs.add(uid(empty))
        bpy.context.view_layer.update()
        return empty

    def _select(self, *objects):
        layer = bpy.context.view_layer
        if any(o.name not in layer.objects or o.hide_get() or o.hide_viewport for o in objects):
            return False
        for obj in layer.objects:
            obj.select_set(False)
        for obj in objects:
            obj.select_set(True)
        layer.objects.active = objects[-1]
        return all(o.select_get() for o in objects)

    def _parent(self, obj):
        empty = self._empty()
        if self._select(obj, empty):
            bpy.ops.object.parent_set(type="OBJECT", keep_transform=True)
        else:
            place = obj.matrix_world.copy()
            obj.parent = empty
            obj.matrix_world = place
        self.desk.touch(obj, "parent", "inverse")
        if not self._is_moved(obj, "location"):
            self.desk.touch(obj, "location")

    def _unparent(self, obj):
        if obj.parent is None or not self._select(obj):
            return False
        bpy.ops.object.parent_clear(type="CLEAR_KEEP_TRANSFORM")
        self.desk.touch(obj, "parent")
        return None

    def _key(self, obj):
        if self._is_moved(obj, "rotation_euler"):
            return False
        obj.keyframe_insert("rotation_euler", frame=self.desk.number())
        self.desk.touch(obj, *(f"curve rotation_euler|{i}" for i in range(3)))

    def _key_film(self, obj):
        if not self._is_moved(obj, '["opacity"]'):
            return False
        obj.keyframe_insert('["opacity"]', frame=self.desk.number())
        self.desk.touch(obj, 'curve ["opacity"]|0')
        return None

    def _gain(self, obj):
        if "gain" not in obj:
            return False
        obj["gain"] = obj["gain"] * 1.5
        self.desk.touch(obj, '["gain"]')
        return None

    def _words(self, obj):
        if obj.type != "FONT":
            return False
        obj.data.body = f"w{self.desk.number()}"
        self.desk.touch(obj, "data.body")
        return None

    def _light(self, obj):
        if obj.type != "LIGHT":
            return False
        obj.data.energy += 1.5
        self.desk.touch(obj, "data.energy")
        return None

    def _dress(self, obj):
        if not obj.material_slots:
            return False
        slot = obj.material_slots[0]
        slot.link = "OBJECT"
        slot.material = bpy.data.materials.new(f"Own {self.desk.number()}")
        self.desk.touch(obj, "materials")
        return None

    def _modify(self, obj):
        if obj.type != "MESH":
            obj.constraints.new("LIMIT_SCALE").name = f"Own {self.desk.number()}"
            self.desk.touch(obj, "constraints")
        else:
            obj.modifiers.new(f"Own {self.desk.number()}", "SUBSURF").show_viewport = False
            self.desk.touch(obj, "modifiers")

    def _is_copied(self, thing):
        """Whether there is a copy, which would be taken for the original when that is gone."""
        marks = thing.get("llmviz_model"), thing.get("llmviz_key")
        every = (*bpy.data.objects, *bpy.data.collections)
        same = [d for d in every if (d.get("llmviz_model"), d.get("llmviz_key")) == marks]
        return marks[0] is not None and len(same) > 1

    def _delete(self, obj):
        desk = self.desk
        if self._is_copied(obj):
            return False
        for scene in bpy.data.scenes:
            for standing in scene_room.find(scene):
                key = str(obj.get("llmviz_key"))
                if standing.objects.get(key) == obj:
                    desk.book.gone.add((uid(scene), standing.id, key))
        desk.book.theirs.discard(uid(obj))
        for child in bpy.data.objects:
            if child.parent == obj:
                desk.book.touched.get(uid(child), set()).difference_update({"parent", "inverse"})
        bpy.data.objects.remove(obj)
        return None

    def _copy(self, obj, linked=False):
        if not self._select(obj):
            return False
        before = {uid(d) for d in habits.datablocks()}
        bpy.ops.object.duplicate(linked=linked)
        made = {uid(d) for d in habits.datablocks()} - before
        self.desk.book.theirs |= made
        return None

    def _linked_copy(self, obj):
        return self._copy(obj, linked=True)

    def _away(self, obj):
        """Move it into a collection of one's own."""
        home = bpy.data.collections.new(f"Own {self.desk.number()}")
        bpy.context.scene.collection.children.link(home)
        for old in list(obj.users_collection):
            old.objects.unlink(obj)
        home.objects.link(obj)
        self.desk.touch(obj, "collections")

    def _hang(self, obj):
        """Hang something of one's own on it, in its collection."""
        empty = self._empty()
        empty.parent = obj
        for home in obj.users_collection[:1]:
            for old in list(empty.users_collection):
                old.objects.unlink(empty)
            home.objects.link(empty)

    def _mode(self, obj):
        if bpy.context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
            return None
        if obj.type not in ("MESH", "FONT") or not self._select(obj):
            return False
        bpy.ops.object.mode_set(mode="EDIT")
        return None

    # What a person does with collections, the scene and time

    @rule(at=few, act=st.sampled_from(PARTS))
    def tidy(self, at, act):
        """Something with a collection of ours."""
        part = self.desk.part(at)
        if part is not None and bpy.context.mode == "OBJECT":
            if getattr(self, f"_part_{act}")(part) is not False:
                if act == "dissolve":
                    self.desk.begin_again()
                self._do(f"{act} part", lambda: None)

    @rule(act=st.sampled_from(ROOTS), at=few)
    def rearrange(self, act, at):
        """Something with a whole model."""
        standing = self.desk.standing()
        if standing and bpy.context.mode == "OBJECT":
            chosen = standing[at % len(standing)]
            if act in ("dissolve", "delete") and (chosen.is_shared or self._is_copied(chosen.root)):
                return
            getattr(self, f"_root_{act}")(chosen.root)
            if act in ("dissolve", "delete"):
                # Blender does not reliably undo what Python has done to collections.
                self.desk.begin_again()
            self._do(f"{act} root", lambda: None)

    def _part_rename(self, part):
        part.name = f"Part {self.desk.number()}"
        self.desk.touch(part, "name")

    def _part_hide(self, part):
        part.hide_render = not part.hide_render
        self.desk.touch(part, "hide_render")

    def _part_exclude(self, part):
        waiting = [bpy.context.view_layer.layer_collection]
        while waiting:
            place = waiting.pop()
            waiting += place.children
            if place.collection == part:
                place.exclude = not place.exclude

    def _part_inside(self, part):
        part.children.link(bpy.data.collections.new(f"Own {self.desk.number()}"))

    def _part_dissolve(self, part):
        if part.get("llmviz_key") == "model":
            return False
        for scene in bpy.data.scenes:
            for standing in scene_room.find(scene):
                key = str(part["llmviz_key"])
                if standing.collections.get(key) == part:
                    self.desk.book.gone.add((uid(scene), standing.id, key))
        habits.dissolve(part)
        return None

    def _root_away(self, root):
        """Put it into a collection of one's own."""
        home = bpy.data.collections.new(f"Own {self.desk.number()}")
        self.desk.scene.collection.children.link(home)
        for parent in habits.parents_of(root):
            parent.children.unlink(root)
        home.children.link(root)

    def _root_dissolve(self, root):
        habits.dissolve(root)

    def _root_delete(self, root):
        """Delete it with all that is in it."""
        objects, parts = list(root.all_objects), [root, *root.children_recursive]
        self.desk.book.theirs -= {uid(o) for o in objects}
        bpy.data.batch_remove([*objects, *parts])

    def _root_copy(self, root):
        """Duplicate it as the Outliner does."""
        before = {uid(d) for d in habits.datablocks()}
        habits.duplicate(root, habits.parents_of(root)[0])
        self.desk.book.theirs |= {uid(d) for d in habits.datablocks()} - before

    @rule(
        act=st.sampled_from(
            ("end", "rate", "exposure", "frame", "world", "camera", "mark", "move mark", "paint")
        ),
        at=few,
    )
    def direct(self, act, at):
        desk, scene = self.desk, self.desk.scene
        own, number = desk.book.own[uid(scene)], desk.number()
        paths = {"end": "frame_end", "rate": "render.fps", "exposure": "view_settings.exposure"}
        if act in paths:
            value = {"end": 4000 + number, "rate": 25 + number, "exposure": 0.25 * number}[act]
            scene_room.standing.memory.set_path(scene, paths[act], value)
            own[paths[act]] = habits.photos._plain(scene.path_resolve(paths[act]))
        elif act == "frame":
            scene.frame_set(2 + number)
            own["frame_current"] = 2 + number
        elif act == "world":
            scene.world = bpy.data.worlds.new(f"Own {number}")
            own["world"] = uid(scene.world)
        elif act == "camera":
            camera = bpy.data.objects.new(f"Own {number}", bpy.data.cameras.new(f"Own {number}"))
            scene.collection.objects.link(camera)
            scene.camera = camera
            own["camera"] = uid(camera)
        elif act == "mark":
            scene.timeline_markers.new(f"Own {number}", frame=number)
            desk.book.markers[uid(scene)].add((f"Own {number}", number))
        elif act == "move mark":
            markers = sorted(scene.timeline_markers, key=lambda m: (m.frame, m.name))
            if not markers:
                return
            marker = markers[at % len(markers)]
            desk.book.markers[uid(scene)].discard((marker.name, marker.frame))
            marker.name = f"Own {number}"
            desk.book.markers[uid(scene)].add((marker.name, marker.frame))
        elif act == "paint":
            found = sorted(
                (m for m in bpy.data.materials if m.get("llmviz") and m.users), key=lambda m: m.name
            )
            if not found:
                return
            material = found[at % len(found)]
            nodes = [n for n in material.node_tree.nodes if n.type == "RGB"]
            if not nodes:
                return
            nodes[0].outputs[0].default_value = (0.1 * number % 1, 0.5, 0.5, 1)
            desk.touch(material, "nodes")
        self._do(act, lambda: None)

    @rule(act=st.sampled_from(("undo", "undo", "redo", "open")))
    def travel(self, act):
        self.failed = True
        if act == "open":
            self.desk.reopen()
        else:
            self.desk.undo(forth=act == "redo")
        self.failed = False

    @rule(act=st.sampled_from(("LINK_COPY", "FULL_COPY", "EMPTY", "switch", "delete")), at=few)
    def change_scene(self, act, at):
        desk, old = self.desk, self.desk.scene
        if bpy.context.mode != "OBJECT":
            return
        book, window = desk.book, bpy.context.window
        if act == "switch":
            window.scene = bpy.data.scenes[at % len(bpy.data.scenes)]
        elif act == "delete":
            if len(bpy.data.scenes) < 2:
                return
            bpy.data.scenes.remove(old)
            desk.forget_unseen()
        elif len(bpy.data.scenes) < 3:
            was = uid(old)
            before = {uid(d) for d in habits.datablocks()}
            bpy.ops.scene.new(type=act)
            now = uid(desk.scene)
            copied = act != "EMPTY"
            # An empty one has the settings of the old one, too, but no markers.
            book.own[now] = dict(book.own[was])
            book.markers[now] = set(book.markers[was]) if copied else set()
            if was in book.before:
                book.before[now] = dict(book.before[was])
            if copied:
                book.gone |= {(now, m, k) for s, m, k in book.gone if s == was}
            made = [d for d in habits.datablocks() if uid(d) not in before]
            known = {uid(d) for s in desk.standing() for d in habits._all_of(s)}
            kinds = bpy.types.Object, bpy.types.Collection
            book.theirs |= {uid(d) for d in made if isinstance(d, kinds)} - known
            for path in ("world", "camera"):
                if path in book.own[now]:
                    book.own[now][path] = uid(getattr(desk.scene, path))
        self._do(act, lambda: None)

    # What ours does

    def _build(self, recipe, beside=False):
        standing = self.desk.standing()
        old = None if beside else next(iter(standing), None)
        whole = old is not None and replace(old.recipe, look="", captions=True) == replace(
            recipe, look="", captions=True
        )
        styled = any(s.recipe.look != recipe.look for s in standing)
        other = old is not None and old.recipe.source != recipe.source
        if self._ours(
            f"build {recipe.prompt}",
            lambda: self._call(recipe, beside),
            whole=whole,
            styled=styled,
            other=other,
        ):
            self.desk.check_built(recipe)

    def _call(self, recipe, beside):
        """Build, by a button or as a script does."""
        scene = self.desk.scene
        if self.desk.number() % 2 or recipe.look != "dark":
            scene_room.run(scene_room.steps(scene, recipe, beside=beside))
            return
        asked = scene.llmviz
        asked.model, asked.prompt, asked.cubes = recipe.model, recipe.prompt, recipe.cubes
        asked.look_kept, asked.accessible_kept = recipe.look, recipe.accessible
        (bpy.ops.llmviz.build_beside if beside else bpy.ops.llmviz.build)()

    def _recipe(self, **about):
        standing = self.desk.standing()
        if standing:
            return replace(standing[0].recipe, **about)
        about = {"model": self.models[0], "prompt": self.prompts[0]} | about
        return scene_room.Recipe(**about)

    @rule(at=few)
    def prompt(self, at):
        self._build(self._recipe(prompt=self.prompts[at % len(self.prompts)]))

    @rule()
    def again(self):
        self._build(self._recipe())

    @rule(cubes=st.sampled_from((100, 400, 400_000)))
    def budget(self, cubes):
        self._build(self._recipe(cubes=cubes))

    @rule(at=few, beside=st.booleans())
    def another(self, at, beside):
        if len(self.desk.standing()) > 1 and beside:
            return
        self._build(self._recipe(model=self.models[at % len(self.models)]), beside=beside)

    @rule(look=st.sampled_from(("dark", "light")), accessible=st.booleans())
    def dress(self, look, accessible):
        standing = self.desk.standing()
        if standing:
            self._ours(
                f"look {look}",
                lambda: scene_room.apply_look(self.desk.scene, standing[0].root, look, accessible),
                styled=True,
            )

    @rule(one=st.booleans(), at=few)
    def remove(self, one, at):
        standing = self.desk.standing()
        root = standing[at % len(standing)].root if one and standing else None
        self._ours("remove", lambda: scene_room.remove(self.desk.scene, root))

    @rule(at=few, close=st.booleans())
    def open_up(self, at, close):
        """Open a slab up, or close what is open."""
        blocks = [b for s in self.desk.standing() for b in sorted(s.blocks)]
        if close or not blocks:
            self._ours("close", lambda: scene_room.close_windows(self.desk.scene))
        else:
            name = blocks[at * 5 % len(blocks)]
            self._ours("open", lambda: scene_room.open_window(self.desk.scene, name, 1, 1))

    @rule(visible=st.booleans())
    def say(self, visible):
        """Switch the captions."""
        for standing in self.desk.standing()[:1]:
            self._ours("captions", lambda: scene_room.set_captions(standing.root, visible))

    def teardown(self):
        if self.failed:
            return
        if bpy.context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        for scene in list(bpy.data.scenes):
            bpy.context.window.scene = scene
            self.desk.ours("remove", lambda: scene_room.remove(self.desk.scene))
        if not any(scene_room.find(scene) for scene in bpy.data.scenes):
            self.desk.check_gone()


@pytest.fixture(scope="module")
def quick():
    """Building made quick: few chapters, short words, Blender's own typeface."""
    with pytest.MonkeyPatch.context() as patch:
        script = walkthrough.load()
        chapters = tuple(c for c in script.chapters if c.id in KEPT)
        patch.setattr(walkthrough, "load", lambda *_: replace(script, chapters=chapters))
        patch.setattr(kit, "_font", lambda: None)
        text = Easel.text
        patch.setattr(
            Easel, "text", lambda self, name, body, *a, **k: text(self, name, body[:4], *a, **k)
        )
        yield


def _play(machine: type[Habits], sequences: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=SEQUENCES or sequences,
            stateful_step_count=steps,
            derandomize=not SEQUENCES,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def _beginning(folder: Path, models: tuple[str, ...], prompts: tuple[str, ...]) -> type[Habits]:
    """Somebody's file with the first of these models in it, to begin from."""
    before = habits.furnish()
    helpers.build(prompts[0], models[0])
    start = folder / "start.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(start), copy=True, compress=False)
    about = {"start": start, "folder": folder, "before": before}
    return type("Played", (Habits,), about | {"models": models, "prompts": prompts})


def test_whatever_one_does_with_small_models_the_promises_hold(quick, registered, tmp_path):
    one = checkpoints.save(tmp_path / "one", **SHAPE)
    two = checkpoints.save(tmp_path / "two", **SHAPE | {"n_head": 1, "n_embd": 8})
    _play(_beginning(tmp_path, (str(one), str(two)), PROMPTS), 40, 8)


def test_whatever_one_does_with_nano_gpt_the_promises_hold(registered, tmp_path):
    _play(_beginning(tmp_path, ("nano-gpt",), ("CBABBC", "ABC", "CCA")), 3, 6)
