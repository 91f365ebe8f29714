"""Whatever people are in the habit of doing, what is theirs stays, and what is shown is true."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import bpy
import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    rule,
    run_state_machine_as_test,
)

from llmviz_addon import scene as scene_room
from llmviz_addon import walkthrough
from llmviz_addon.progress import run
from llmviz_addon.scene import live
from llmviz_addon.scene.standing import tree
from llmviz_addon.scene.standing.memory import set_path
from tests import alive

from . import checkpoints, helpers
from .book import KINDS
from .desk import Desk, all_of
from .habits import LOOKS, NUMBER, PART, PLACE, ROOT, Habits, furnish
from .photo import datablocks, plain, uid

# Sequences to play by hand, and from which seed on: LLMVIZ_HABITS=200:7.
BY_HAND, _, SEED = os.environ.get("LLMVIZ_HABITS", "").partition(":")

# A model of 64 blocks that is built in a moment; ids of tokens are its words.
SHAPE = {"n_layer": 1, "n_head": 2, "n_embd": 16, "n_positions": 5, "vocab_size": 5}
PROMPTS = ("1 2", "3", "1 2 3", "4 4 0 1")

# What the film keeps of each chapter: the beats that stills are taken at, and a few others.
KEPT = {
    "introduction": ("number", "embedding", "loop", "result", "end"),
    "shape": ("cell", "layer", "end"),
    "scale": ("own", "larger", "all"),
    "softmax": ("opening",),
}

few = st.integers(0, 11)
kinds = st.sampled_from((*KINDS, "own"))


class Played(Habits, RuleBasedStateMachine):
    """Somebody at a desk with a model, who does one thing after the other."""

    start: Path
    folder: Path
    before: dict[str, object]
    models: tuple[str, ...]
    prompts: tuple[str, ...] = PROMPTS
    sequences = steps = 0

    def __init__(self):
        super().__init__()
        alive.tell()
        type(self).sequences += 1
        bpy.ops.wm.read_homefile(filepath=str(self.start))
        self.desk = Desk(self.folder, self.before)
        self.failed = False

    def _do(self, name):
        """End a step in which a person did something."""
        self.failed = True
        type(self).steps += 1
        self.desk.step(name)
        self.failed = False

    def _ours(self, name, act, **about):
        self.failed = True
        type(self).steps += 1
        done = self.desk.ours(name, act, **about)
        self.failed = False
        return done

    # What a person does with an object

    # Three rules, since each is played as often as one by which something is built.

    @rule(kind=kinds, at=few, act=st.sampled_from(PLACE))
    def place(self, kind, at, act):
        """Something with the place of an object."""
        self._handle(kind, at, act)

    @rule(kind=kinds, at=few, act=st.sampled_from(LOOKS))
    def adorn(self, kind, at, act):
        """Something with what an object looks like, or does."""
        self._handle(kind, at, act)

    @rule(kind=kinds, at=few, act=st.sampled_from(NUMBER))
    def count(self, kind, at, act):
        """Make an object more or less."""
        self._handle(kind, at, act)

    def _handle(self, kind, at, act):
        obj = self.desk.target(kind, at)
        if obj is None or (bpy.context.mode != "OBJECT" and act != "mode"):
            return
        done = getattr(self, f"_{act.replace(' ', '_')}")(obj)
        if done is not False:
            self._do(act)

    @rule(at=few, act=st.sampled_from(PART))
    def tidy(self, at, act):
        """Something with a collection of ours."""
        part = self.desk.part(at)
        if part is None or bpy.context.mode != "OBJECT":
            return
        if getattr(self, f"_part_{act}")(part) is not False:
            if act == "dissolve":
                self.desk.begin_again()
            self._do(f"{act} part")

    @rule(act=st.sampled_from(ROOT), at=few)
    def rearrange(self, act, at):
        """Something with a whole model."""
        standing = self.desk.standing()
        if standing and bpy.context.mode == "OBJECT":
            chosen = standing[at % len(standing)]
            if act in ("dissolve", "delete") and chosen.is_shared:
                return
            getattr(self, f"_root_{act}")(chosen.root)
            if act in ("dissolve", "delete"):
                # Blender does not reliably undo what Python has done to collections.
                self.desk.begin_again()
            self._do(f"{act} root")

    @rule(
        act=st.sampled_from(
            ("end", "rate", "exposure", "frame", "world", "camera", "mark", "move mark", "paint")
        ),
        at=few,
    )
    def direct(self, act, at):
        """Something with the scene and its film."""
        desk, scene = self.desk, self.desk.scene
        own, number = desk.book.own[uid(scene)], desk.number()
        paths = {"end": "frame_end", "rate": "render.fps", "exposure": "view_settings.exposure"}
        if act in paths:
            value = {"end": 4000 + number, "rate": 25 + number, "exposure": 0.25 * number}[act]
            set_path(scene, paths[act], value)
            own[paths[act]] = plain(scene.path_resolve(paths[act]))
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
        self._do(act)

    @rule(act=st.sampled_from(("undo", "undo", "redo", "open")))
    def travel(self, act):
        """Go back or forth in time."""
        self.failed = True
        type(self).steps += 1
        if act == "open":
            others = (scene for scene in bpy.data.scenes if scene != self.desk.scene)
            if not any(live.is_behind(scene) for scene in others):
                self.desk.reopen()
        else:
            self.desk.undo(forth=act == "redo")
        self.failed = False

    @rule(act=st.sampled_from(("LINK_COPY", "FULL_COPY", "EMPTY", "switch", "delete")), at=few)
    def change_scene(self, act, at):
        """Make a scene, go to another, or delete one."""
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
        elif act == "FULL_COPY" and not desk.standing() and desk.book.theirs:
            # Of copies of what is left and copies of its copies, nobody can tell which are which.
            return
        elif len(bpy.data.scenes) < 3:
            was = uid(old)
            before = {uid(d) for d in datablocks()}
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
            made = [d for d in datablocks() if uid(d) not in before]
            known = {uid(d) for s in desk.standing() for d in all_of(s)}
            kinds = bpy.types.Object, bpy.types.Collection
            book.theirs |= {uid(d) for d in made if isinstance(d, kinds)} - known
            if act == "FULL_COPY" and now in book.before:
                # The camera of before was copied, too, and is the one that this scene had.
                had = [o for o in bpy.data.objects if uid(o) == book.before[now]["camera"]]
                names = [tree.plain_name(o) for o in had]
                mine = (o for o in desk.scene.objects if tree.plain_name(o) in names)
                book.before[now]["camera"] = uid(next(mine, None))
            for path in ("world", "camera"):
                if path in book.own[now]:
                    book.own[now][path] = uid(getattr(desk.scene, path))
        self._do(act)

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
            whole=old.id if whole else "",
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
        asked.chapters_kept = recipe.chapters
        (bpy.ops.llmviz.build_beside if beside else bpy.ops.llmviz.build)()

    def _recipe(self, **about):
        standing = self.desk.standing()
        if standing:
            return replace(standing[0].recipe, **about)
        about = {"model": self.models[0], "prompt": self.prompts[0]} | about
        return helpers.recipe(**about)

    @rule(at=few)
    def prompt(self, at):
        """Build what stands from another prompt."""
        self._build(self._recipe(prompt=self.prompts[at % len(self.prompts)]))

    @rule(at=few)
    def write(self, at):
        """Write another prompt where it is shown at every key."""
        standing = self.desk.standing()
        if standing:
            prompt = self.prompts[at % len(self.prompts)]
            recipe = replace(standing[at % len(standing)].recipe, prompt=prompt)
            self._ours(f"write {prompt}", lambda: live.follow(self.desk.scene, recipe))

    @rule()
    def settle(self):
        """Wait until the film has followed."""
        scene = self.desk.scene
        if live.is_behind(scene):
            self._ours("settle", lambda: run(live.catch_up_steps(scene)))
            assert bpy.context.mode != "OBJECT" or not live.is_behind(scene)

    @rule(cubes=st.sampled_from((0, 0, 0, 100, 400, 400_000)))
    def again(self, cubes):
        """Build what stands again, or in more detail, or less."""
        self._build(self._recipe(**{"cubes": cubes} if cubes else {}))

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
        roots = [standing.root for standing in self.desk.standing()]
        if roots:
            self._ours("captions", lambda: scene_room.set_captions(roots[0], visible))

    def teardown(self):
        try:
            if not self.failed:
                self._leave()
        finally:
            # Hypothesis keeps the machines that it has made.
            self.desk.begin_again()

    def _leave(self):
        """Remove all that is ours."""
        if bpy.context.mode != "OBJECT":
            bpy.ops.object.mode_set(mode="OBJECT")
        for scene in list(bpy.data.scenes):
            bpy.context.window.scene = scene
            self.desk.ours("remove", lambda: scene_room.remove(self.desk.scene))
        if not any(scene_room.find(scene) for scene in bpy.data.scenes):
            self.desk.check_gone()


@pytest.fixture(scope="module")
def quick():
    """Building made quick: a short film."""
    with pytest.MonkeyPatch.context() as patch:
        script = walkthrough.load()
        chapters = tuple(
            replace(c, beats=tuple(beat for beat in c.beats if beat.id in KEPT[c.id]))
            for c in script.chapters
            if c.id in KEPT
        )
        patch.setattr(walkthrough, "load", lambda *_: replace(script, chapters=chapters))
        yield


def _play(machine: type[Played], sequences: int, steps: int) -> None:
    """Play sequences of so many steps; in each Blender others, but always the same."""
    full = bool(bpy.app.binary_path)
    begin = seed(int(SEED or 10 * bpy.app.version[0] + bpy.app.version[1] + 1000 * full))
    run_state_machine_as_test(
        begin(machine),
        settings=settings(
            max_examples=int(BY_HAND or sequences),
            stateful_step_count=steps,
            database=None,
            deadline=None,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(f"{machine.sequences} sequences with {machine.steps} steps")


def _beginning(folder: Path, models: tuple[str, ...], prompts: tuple[str, ...]) -> type[Played]:
    """Somebody's file with the first of these models in it, to begin from."""
    before = furnish()
    helpers.build(prompts[0], models[0])
    start = folder / "start.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(start), copy=True, compress=False)
    about = {"start": start, "folder": folder, "before": before}
    return type("Begun", (Played,), about | {"models": models, "prompts": prompts})


def test_whatever_one_does_with_small_models_the_promises_hold(quick, registered, tmp_path):
    one = checkpoints.save(tmp_path / "one", **SHAPE)
    two = checkpoints.save(tmp_path / "two", **SHAPE | {"n_head": 1, "n_embd": 8})
    # Most of them where the whole suite is played once, and not with every Python.
    sequences = 160 if bpy.app.binary_path else 25
    _play(_beginning(tmp_path, (str(one), str(two)), PROMPTS), sequences, 8)


def test_whatever_one_does_with_nano_gpt_the_promises_hold(registered, tmp_path):
    _play(_beginning(tmp_path, ("nano-gpt",), ("CBABBC", "ABC", "CCA")), 3, 6)
