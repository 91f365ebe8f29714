"""A desk: a file in which somebody works, what they know that they have done, and what they expect.

Whoever plays on it calls a habit or an operation of ours at a time. Every one of them is followed
by a look at the whole file, and by one undo step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import bpy
import numpy as np

from llmviz_addon import anatomy, model
from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem

from . import photo as photos
from .photo import SETTINGS, Photo, photo, uid

APPENDED = 5
KINDS = ("block", "label", "strip", "anchor", "camera", "hud", "light", "caption", "actor", "arrow")
STRUCTURE = ("anchor", "camera", "captions")
VIEW = tuple(path for path in SETTINGS if path.startswith("view_settings"))
_PLACE = {"parent", "inverse", "location", "rotation_euler", "scale"}


@cache
def truth(source: str, prompt: str) -> dict[str, np.ndarray]:
    """All blocks of a model for a prompt, cell by cell, computed token by token."""
    network = model.load(source)
    ids = network.read_prompt(prompt)
    for _ in range(min(APPENDED, network.config.n_ctx - len(ids))):
        ids = [*ids, int(np.argmax(network.forward(ids).logits[-1]))]
    trace = network.forward(ids)
    blocks = anatomy.build(network.config).blocks
    return {name: np.asarray(b.cells(trace), np.float32) for name, b in blocks.items()}


@dataclass
class Book:
    """What a person knows that they have done, by the numbers of what they did it to."""

    # Aspects that were changed of what is ours.
    touched: dict[int, set[str]] = field(default_factory=dict)
    # What is a person's, though it may look like ours: copies, and of these, those that share data.
    theirs: set[int] = field(default_factory=set)
    linked: set[int] = field(default_factory=set)
    # What was deleted: scene, model, key.
    gone: set[tuple[int, str, str]] = field(default_factory=set)
    # Of each scene: its settings before there was a model, what was set since, markers of one's
    # own, and what each model was made from.
    before: dict[int, dict[str, object]] = field(default_factory=dict)
    own: dict[int, dict[str, object]] = field(default_factory=dict)
    markers: dict[int, set[tuple[str, int]]] = field(default_factory=dict)

    def renumbered(self, now: dict[int, int]) -> Book:
        """The same after the file was opened anew."""
        return Book(
            {now[u]: aspects for u, aspects in self.touched.items() if u in now},
            {now[u] for u in self.theirs if u in now},
            {now[u] for u in self.linked if u in now},
            {(now[s], m, k) for s, m, k in self.gone if s in now},
            {now[s]: found for s, found in self.before.items() if s in now},
            {now[s]: found for s, found in self.own.items() if s in now},
            {now[s]: found for s, found in self.markers.items() if s in now},
        )


def kind_of(obj: bpy.types.Object) -> str:
    """What an object of ours is, in a word."""
    role, actor = obj.get("llmviz_role"), obj.get("llmviz_actor")
    if role == "anchor":
        return "anchor"
    if actor in ("camera", "captions"):
        return "camera" if actor == "camera" else "hud"
    marks = {
        "block": "block",
        "caption_of": "caption",
        "actor": "actor",
        "strip": "strip",
        "label_of": "label",
        "arrows_of": "arrow",
    }
    found = (kind for mark, kind in marks.items() if f"llmviz_{mark}" in obj)
    return next(found, "light" if obj.type == "LIGHT" else "other")


class Desk:
    """The open file and its history."""

    def __init__(self, folder: Path, before: dict[str, object]):
        self.folder, self.book, self.counted = folder, Book(), 0
        scene = uid(self.scene)
        named = {photos.name(d): uid(d) for d in datablocks()}
        self.book.before[scene] = {k: named.get(v, v) for k, v in before.items()}
        self.book.own[scene] = {}
        self.book.markers[scene] = {("Own", 9)}
        self.history: list[tuple[Photo, Book]] = []
        self.at = -1
        self.step("Begin")

    # What stands

    @property
    def scene(self) -> bpy.types.Scene:
        """The scene that the window shows."""
        return bpy.context.scene

    def standing(self) -> list[scene_room.Standing]:
        """The models of the scene."""
        return scene_room.find(self.scene)

    def target(self, kind: str, at: int) -> bpy.types.Object | None:
        """One of the objects of a kind, of any model of the scene."""
        if kind == "own":
            found = [o for o in self.scene.objects if uid(o) in self.book.theirs]
            found += [o for o in self.scene.objects if not photos.is_ours(o)]
            found = list(dict.fromkeys(found))
        else:
            found = [
                obj
                for standing in self.standing()
                for _, obj in sorted(standing.objects.items())
                if kind_of(obj) == kind
            ]
        return found[at % len(found)] if found else None

    def part(self, at: int) -> bpy.types.Collection | None:
        """One of the collections of the models."""
        found = [c for s in self.standing() for _, c in sorted(s.collections.items())]
        return found[at % len(found)] if found else None

    def number(self) -> int:
        """A number that was not used before."""
        self.counted += 1
        return self.counted

    def touch(self, datablock: bpy.types.ID, *aspects: str) -> None:
        """Note that these aspects are as a person wants them."""
        self.book.touched.setdefault(uid(datablock), set()).update(aspects)

    def forget_unseen(self) -> None:
        """Forget what is in no scene any more: Blender throws it away when it pleases."""
        seen = {uid(o) for scene in bpy.data.scenes for o in scene.objects}
        lost = {uid(o) for o in bpy.data.objects} - seen
        self.book.theirs -= lost
        for key in lost:
            self.book.touched.pop(key, None)

    # One step

    def step(self, name: str, now: Photo | None = None) -> None:
        """End a step: nothing may be wrong, and undo comes back here."""
        if now is None:
            bpy.context.view_layer.update()
            now = photo()
        self.check()
        bpy.ops.ed.undo_push(message=name)
        del self.history[self.at + 1 :]
        self.history.append((now, copy.deepcopy(self.book)))
        self.at += 1

    def begin_again(self) -> None:
        """Undo goes no further back than to the next step."""
        self.history.clear()
        self.at = -1

    def habit(self, name: str, act: Callable[[], object]) -> None:
        """Something that a person does with Blender's own means."""
        act()
        self.step(name)

    def undo(self, forth: bool = False) -> None:
        """Go a step back, or forth."""
        at = self.at + (1 if forth else -1)
        if not 0 <= at < len(self.history):
            return
        done = bpy.ops.ed.redo() if forth else bpy.ops.ed.undo()
        assert done == {"FINISHED"}
        self.at = at
        was, book = self.history[at]
        now = photo()
        # Blender itself forgets which collections were excluded, where others went meanwhile.
        found = {
            what: wrong
            for what, wrong in difference(was, now).items()
            if isinstance(wrong, str) or any(not k.startswith(("layer ", "hidden ")) for k in wrong)
        }
        assert not found, f"{'redo' if forth else 'undo'} is not as it was: {found}"
        self.history[at] = now, book
        self.book = copy.deepcopy(book)
        self.check()

    def reopen(self) -> None:
        """Save the file and open it."""
        if self.scene.objects and bpy.context.mode != "OBJECT":
            return
        path = self.folder / "habits.blend"
        before = photo(photos.name)
        named = {photos.name(d): uid(d) for d in datablocks()}
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False)
        now = {photos.name(d): uid(d) for d in datablocks()}
        after = photo(photos.name)
        # What nothing uses is not written.
        lost = {key for key in before if key not in after}
        assert not [k for k in lost if before[k].get("kind") == "object" and not before[k]["ours"]]
        kept = {key: found for key, found in before.items() if key not in lost}
        found = difference(kept, after)
        assert not found, f"opening changed {found}"
        self.book = self.book.renumbered({named[k]: now[k] for k in named if k in now})
        self.begin_again()
        self.step("Open")

    # Operations of ours

    def ours(
        self,
        name: str,
        act: Callable[[], object],
        *,
        whole: bool = False,
        styled: bool = False,
        other: bool = False,
    ) -> bool:
        """An operation of ours in the scene; returns whether it was done.

        Parameters
        ----------
        whole
            Whether what was deleted is asked for again.
        styled
            Whether a look is chosen.
        other
            Whether another model takes the place of one.
        """
        scene, before = self.scene, self.history[self.at][0]
        here = uid(scene)
        remembered = bool(scene_room.Memory(scene))
        models = {s.id: s for s in self.standing()}
        times = {s.id: s.root.get("llmviz_times") for s in models.values()}
        at_home = {uid(d) for s in models.values() for d in _all_of(s)}
        shared = any(s.is_shared for s in models.values())
        try:
            act()
        except (Problem, RuntimeError) as error:
            refused = error
        else:
            refused = None
        if refused is not None:
            # What an operator says comes as a RuntimeError; what it did not expect, with a trace.
            assert isinstance(refused, Problem) or "Traceback" not in str(refused), str(refused)
            assert str(refused).strip()
            found = difference(before, photo())
            assert not found, f"{name} failed ({refused}) and changed {found}"
            return False
        bpy.context.view_layer.update()
        after = photo()
        now = {s.id: s for s in self.standing()}
        if not models and now:
            # The first model borrows what the scene has, or would have had back.
            was = {k: before[here][k] for k in (*SETTINGS, "world", "camera")}
            kept = self.book.before.get(here, {}) if remembered else {}
            self.book.before[here] = was | kept | self.book.own[here]
            self.book.own[here] = {}
        if styled:
            for path in VIEW:
                self.book.own[here].pop(path, None)
        self._forget(here, models, now, whole, styled)
        kept_times = {m for m, s in now.items() if times.get(m) == s.root.get("llmviz_times")}
        loose = (set(at_home) if other else set()) | {
            uid(o) for m, s in now.items() if m not in kept_times for o in s.objects.values()
        }
        for key, then in before.items():
            if key == here:
                continue
            if then.get("kind") == "scene":
                # A model that several scenes show looks alike in all of them.
                wrong = {} if shared and styled else _changes(then, after[key])
                assert not wrong, f"{name} changed the scene {then['name']}: {wrong}"
            elif key in self.book.theirs or not (then.get("ours") or then.get('["llmviz"]')):
                self._same_of_theirs(then, after.get(key), after, before)
            elif key in self.book.touched:
                self._same_of_touched(key, then, after.get(key), now, loose, styled, other)
            elif then.get("kind") in ("object", "collection") and key not in at_home and not shared:
                wrong = _changes(then, after.get(key, then))
                assert not wrong, f"{name} changed {then['name']} of another scene: {wrong}"
        self._scene_as_expected(here, before[here], after[here], before, after)
        if name == "remove" and not now:
            self._scene_as_before(here, after[here], after)
        self.step(name, after)
        return True

    def _forget(self, here: int, models: dict, now: dict, whole: bool, styled: bool) -> None:
        """Forget what was deleted and is to be there again, or can never be."""
        lights = {(m, key) for m, s in now.items() for key in ("lights", *s.made("lights"))}
        if whole:
            self.book.gone = {
                (s, m, k) for s, m, k in self.book.gone if s != here or (m, k) in lights
            }
        if styled:
            self.book.gone = {
                (s, m, k) for s, m, k in self.book.gone if s != here or (m, k) not in lights
            }
        self.book.gone = {(s, m, k) for s, m, k in self.book.gone if s != here or m in now}

    def _same_of_theirs(
        self, then: photos.Aspects, now: photos.Aspects | None, after: Photo, before: Photo
    ) -> None:
        """What is a person's is as it was, but for what hung on ours or lay in it."""
        assert now is not None, f"{then['name']}, a person's, is gone"
        passed = {"ours", *(k for k in then.keys() | now.keys() if k.startswith('["llmviz'))}
        if then.get("kind") == "object":
            if then["parent"] is not None and then["parent"] not in after:
                passed |= _PLACE
            if any(int(c) not in after for c in then["collections"]):
                assert now["collections"], f"{then['name']} lies in no collection"
                passed.add("collections")
            if then["data"] in before and (
                before[then["data"]].get('["llmviz"]') or then.get("ours")
            ):
                passed |= {"cells"}
            linked = {k for k in then.keys() | now.keys() if "curve " in k}
            passed |= linked if then.get("ours") else set()
            passed |= {k for k in then if k.startswith("hidden in ")} - set(now)
        if then.get("kind") == "collection":
            for part in ("objects", "children"):
                left = {u for u in then[part] if int(u) in after}
                assert left <= set(now[part]), f"{then['name']} has lost some of its {part}"
            passed |= {"objects", "children"}
        wrong = {k: v for k, v in _changes(then, now).items() if k not in passed}
        assert not wrong, f"{then['name']}, a person's, is changed: {wrong}"

    def _same_of_touched(
        self,
        key: int,
        then: photos.Aspects,
        now: photos.Aspects | None,
        models: dict,
        loose: set[int],
        styled: bool,
        other: bool,
    ) -> None:
        """What a person has changed of ours is as they left it."""
        aspects = set(self.book.touched[key])
        if now is None:
            mark, made = then.get('["llmviz_key"]'), set()
            standing = models.get(then.get('["llmviz_model"]'))
            if standing is not None:
                made = {k for g in ("model", "strips", "film", "lights") for k in standing.made(g)}
            assert key in loose or mark not in made, f"{then['name']} was changed and is gone"
            del self.book.touched[key]
            return
        if styled:
            aspects -= {a for a in aspects if a.startswith(("data.energy", "nodes", "materials"))}
        if key in loose:
            aspects -= {a for a in aspects if "curve " in a}
        if other:
            aspects -= {"location"}
        if then.get("parent") is None or then.get("parent") not in self.history[self.at][0]:
            aspects -= {"parent", "inverse"}
        wrong = {k: v for k, v in _changes(then, now).items() if k in aspects}
        assert not wrong, f"{then['name']} was changed, and is not any more: {wrong}"

    def _scene_as_expected(
        self,
        here: int,
        then: photos.Aspects,
        now: photos.Aspects,
        before: Photo,
        after: Photo,
    ) -> None:
        """What a person set in a scene is so."""
        own = self.book.own[here]
        for path, value in own.items():
            assert now[path] == value, f"{path} was set to {value}, and is {now[path]}"
        markers = self.book.markers[here]
        lost = markers - set(now["markers"])
        assert not lost, f"markers are gone: {lost}"
        layers = {k: v for k, v in then.items() if k.startswith("layer ") and k in now}
        wrong = {k: (v, now[k]) for k, v in layers.items() if now[k] != v}
        assert not wrong, f"collections are shown or hidden anew: {wrong}"
        mine = {u for u in then["objects"] if int(u) in after and not before[int(u)]["ours"]}
        assert mine <= set(now["objects"]), "objects have left the scene"

    def _scene_as_before(self, here: int, now: photos.Aspects, after: Photo) -> None:
        """A scene has back what was borrowed of it."""
        own, was = self.book.own[here], self.book.before.get(here, {})
        markers = self.book.markers[here]
        for path, value in was.items():
            expected = own.get(path, value)
            if path in ("world", "camera") and expected not in after:
                expected = None
            assert now[path] == expected, f"{path} was {expected} and is {now[path]}"
        assert set(now["markers"]) == markers, "markers of ours are left, or a person's gone"
        assert not [k for k in now if k.startswith("memory ")], (
            "the scene remembers more than it should"
        )
        self.book.before.pop(here, None)
        self.book.own[here] = {}

    # What has to be true at any time

    def check(self) -> None:
        """Blocks tell the truth, nothing is half done, and nothing is gone that nobody deleted."""
        assert not [c for c in bpy.data.collections if c.get("llmviz_role") == "unfinished model"]
        for scene in bpy.data.scenes:
            for standing in scene_room.find(scene):
                self._check(standing)

    def _check(self, standing: scene_room.Standing) -> None:
        recipe, here = standing.recipe, uid(standing.scene)
        gone = {k for s, m, k in self.book.gone if (s, m) == (here, standing.id)}
        lost = set(standing.missing) - gone
        assert not lost, f"{lost} of {standing.root.name} is gone, and nobody deleted it"
        back = {k for k in gone if k in standing.objects or k in standing.collections}
        assert not back, f"{back} of {standing.root.name} was deleted, and is there again"
        told = truth(recipe.source, recipe.prompt)
        for name, obj in standing.blocks.items():
            if obj.mode != "OBJECT":
                continue
            cells = told[name].reshape(-1)
            if obj["llmviz_drawn_as"] != "cubes":
                continue
            found = np.empty(len(obj.data.vertices), np.float32)
            obj.data.attributes["value"].data.foreach_get("value", found)
            assert len(found) == len(cells), f"{name} has {len(found)} cells of {len(cells)}"
            expected = np.where(np.isfinite(cells), cells, 0)
            assert np.allclose(found, expected, 1e-4, 1e-5), f"{name} shows other numbers"

    def check_built(self, recipe: scene_room.Recipe) -> None:
        """What was asked for stands, hangs together, and is what the scene's film tells of."""
        found = self.standing()
        assert (recipe.model, recipe.prompt) in [(s.recipe.model, s.recipe.prompt) for s in found]
        first = found[0]
        camera, hud = first.acting("camera"), first.acting("captions")
        assert len(camera) == len(hud) == 1
        own = self.book.own[uid(self.scene)].get("camera")
        film = own is None and self.scene.camera == camera[0]
        assert film or uid(self.scene.camera) == own, f"{self.scene.camera} is the camera"
        assert scene_room.chapters(first.root)
        for standing in found:
            for obj in standing.objects.values():
                touched = self.book.touched.get(uid(obj), ())
                if "parent" not in touched and obj != standing.anchor:
                    assert obj.parent is not None, f"{obj.name} hangs on nothing"
                    if obj == hud[0]:
                        assert obj.parent == camera[0], "captions are not before the camera"
                    elif kind_of(obj) in ("block", "camera", "strip", "light"):
                        assert obj.parent == standing.anchor, f"{obj.name} hangs elsewhere"

    def check_gone(self) -> None:
        """Nothing of ours is in the file, but for what copies need."""
        left = [
            d.name_full
            for s in bpy.data.scenes
            for d in (*s.objects, *s.collection.children_recursive)
            if photos.is_ours(d) and uid(d) not in self.book.theirs
        ]
        used_by_copies = bool(self.book.theirs)
        if not used_by_copies:
            left += [
                d.name_full
                for d in datablocks()
                if d.get("llmviz") and d.library is None and not isinstance(d, bpy.types.Scene)
            ]
        assert not left, f"{left} are left"


def _all_of(standing: scene_room.Standing) -> Iterator[bpy.types.ID]:
    yield from standing.objects.values()
    yield from standing.collections.values()
    yield from standing.root.all_objects


def furnish() -> dict[str, object]:
    """Put things of a person's own into an empty scene; returns what the scene is like then."""
    scene = bpy.context.scene
    bpy.ops.mesh.primitive_cube_add()
    scene.camera = bpy.data.objects.new("Own Camera", bpy.data.cameras.new("Own Camera"))
    scene.collection.objects.link(scene.camera)
    scene.world = bpy.data.worlds.new("Own World")
    scene.frame_start, scene.frame_end, scene.render.fps = 7, 77, 30
    scene.frame_set(20)
    scene.view_settings.exposure = 0.5
    scene.timeline_markers.new("Own", frame=9)
    found = photo(photos.name)[photos.name(scene)]
    return {path: found[path] for path in (*SETTINGS, "world", "camera")}


def parents_of(part: bpy.types.Collection) -> list[bpy.types.Collection]:
    """The collections that a collection lies in."""
    every = (*bpy.data.collections, *(s.collection for s in bpy.data.scenes))
    return [c for c in every if part.name in c.children]


def dissolve(part: bpy.types.Collection) -> None:
    """Delete a collection as the Outliner does, which leaves what is in it to its parent."""
    for parent in parents_of(part):
        for things, home in ((part.objects, parent.objects), (part.children, parent.children)):
            for thing in things:
                if thing.name not in home:
                    home.link(thing)
    bpy.data.collections.remove(part)


def duplicate(part: bpy.types.Collection, home: bpy.types.Collection) -> bpy.types.Collection:
    """Duplicate a collection with all that is in it, as the Outliner does."""
    copies: dict[bpy.types.Object, bpy.types.Object] = {}
    made = _duplicate(part, home, copies)
    actions = {}
    for original, mine in copies.items():
        mine.parent = copies.get(original.parent, original.parent)
        for was, owner in ((original, mine), (original.data, mine.data)):
            if was is not None and was.animation_data and was.animation_data.action:
                action, slot = was.animation_data.action, was.animation_data.action_slot
                if action not in actions:
                    actions[action] = action.copy()
                owner.animation_data.action = actions[action]
                owner.animation_data.action_slot = actions[action].slots[slot.identifier]
    return made


def _duplicate(part, home, copies) -> bpy.types.Collection:
    made = part.copy()
    for things in (made.objects, made.children):
        for thing in list(things):
            things.unlink(thing)
    home.children.link(made)
    for obj in part.objects:
        copies[obj] = obj.copy()
        if obj.data is not None:
            copies[obj].data = obj.data.copy()
        made.objects.link(copies[obj])
    for child in part.children:
        _duplicate(child, made, copies)
    return made


def datablocks() -> Iterator[bpy.types.ID]:
    """All datablocks of the kinds that a photo shows."""
    for pool in (
        *(bpy.data.collections, bpy.data.objects, bpy.data.scenes, bpy.data.materials),
        *(bpy.data.node_groups, bpy.data.worlds, bpy.data.meshes, bpy.data.actions),
        *(bpy.data.curves, bpy.data.lights, bpy.data.cameras),
    ):
        yield from pool


def _changes(then: photos.Aspects, now: photos.Aspects) -> dict[str, tuple[object, object]]:
    return {
        k: (then.get(k), now.get(k)) for k in then.keys() | now.keys() if then.get(k) != now.get(k)
    }


def difference(then: Photo, now: Photo) -> dict[object, object]:
    """What two photos do not have in common."""
    found: dict[object, object] = {}
    for key in then.keys() | now.keys():
        if key not in now or key not in then:
            which = then if key in then else now
            found[which[key]["name"]] = "is gone" if key in then else "is new"
        elif wrong := _changes(then[key], now[key]):
            found[then[key]["name"]] = wrong
    return found
