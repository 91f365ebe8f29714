"""A desk: a file in which somebody works, and what has to be true of it after every step.

Whoever plays on it calls a habit or an operation of ours at a time. Every one of them is followed
by a look at the whole file, and by one undo step.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np

from llmviz_addon import scene as scene_room
from llmviz_addon.errors import Problem

from . import photo as photos
from .book import Book, kind_of, truth
from .photo import SETTINGS, Aspects, Photo, changes, datablocks, difference, photo, uid

VIEW = tuple(path for path in SETTINGS if path.startswith(("view_settings", "eevee")))
_PLACE = {"parent", "inverse", "location", "rotation_euler", "scale"}


class Desk:
    """The open file and its history."""

    def __init__(self, folder: Path, before: dict[str, object]):
        self.folder, self.book, self.counted = folder, Book(), 0
        scene = uid(self.scene)
        named = {photos.name(d): uid(d) for d in datablocks()}
        self.book.before[scene] = {k: named.get(v, v) for k, v in before.items()}
        self.book.own[scene] = {}
        self.book.markers[scene] = {("Own", 9)}
        # What was photographed of each step, and what was in the book.
        self.history: list[tuple[Photo | None, Book]] = []
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
        self.check()
        bpy.ops.ed.undo_push(message=name)
        del self.history[self.at + 1 :]
        self.history.append((now, copy.deepcopy(self.book)))
        self.at += 1

    def photographed(self) -> Photo:
        """The file as the last step left it; photographed only now, since few steps need it."""
        now, book = self.history[self.at]
        if now is None:
            now = photo()
            self.history[self.at] = now, book
        return now

    def begin_again(self) -> None:
        """Undo goes no further back than to the next step."""
        self.history.clear()
        self.at = -1

    def undo(self, forth: bool = False) -> None:
        """Go a step back, or forth."""
        at = self.at + (1 if forth else -1)
        if not 0 <= at < len(self.history):
            return
        done = bpy.ops.ed.redo() if forth else bpy.ops.ed.undo()
        assert done == {"FINISHED"}
        self.at = at
        was, book = self.history[at]
        self.history[at] = None, book
        if was is not None:
            # Blender itself forgets which collections were excluded, where others went meanwhile.
            found = {
                what: wrong
                for what, wrong in difference(was, self.photographed()).items()
                if isinstance(wrong, str)
                or any(not k.startswith(("layer ", "hidden ")) for k in wrong)
            }
            assert not found, f"{'redo' if forth else 'undo'} is not as it was: {found}"
        self.book = copy.deepcopy(book)
        self.check()

    def reopen(self) -> None:
        """Save the file and open it."""
        if self.scene.objects and bpy.context.mode != "OBJECT":
            return
        path = self.folder / "habits.blend"
        self.ours("save", lambda: bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False))
        before = photo(photos.name)
        named = {photos.name(d): uid(d) for d in datablocks()}
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
        whole: str = "",
        styled: bool = False,
        other: bool = False,
    ) -> bool:
        """An operation of ours in the scene; returns whether it was done.

        Parameters
        ----------
        whole
            The id of a model of which what was deleted is asked for again.
        styled
            True if a look is chosen.
        other
            True if another model takes the place of one.
        """
        scene, before = self.scene, self.photographed()
        here, remembered = uid(scene), bool(scene_room.Memory(scene))
        models = {s.id: s for s in self.standing()}
        times = {s.id: s.root.get("llmviz_times") for s in models.values()}
        at_home = {uid(d) for s in models.values() for d in all_of(s)}
        shared = any(s.is_shared for s in models.values())
        if refused := _refusal(act):
            found = difference(before, photo())
            assert not found, f"{name} failed ({refused}) and changed {found}"
            return False
        bpy.context.view_layer.update()
        after = photo()
        now = {s.id: s for s in self.standing()}
        if now and not models:
            # The first model borrows what the scene has, or would have had back.
            was = {k: before[here][k] for k in (*SETTINGS, "world", "camera")}
            kept = self.book.before.get(here, {}) if remembered else {}
            self.book.before[here] = was | kept | self.book.own[here]
            self.book.own[here] = {}
        if styled:
            for path in VIEW:
                self.book.own[here].pop(path, None)
        self._forget(here, now, whole, styled)
        if other:
            self._forget_what_came_back(here, now)
        retimed = {m for m, s in now.items() if times.get(m) != s.root.get("llmviz_times")}
        loose = {uid(o) for m in retimed for o in now[m].objects.values()}
        loose |= at_home if other else set()
        about = now, at_home, loose, shared, styled, other
        for key in before:
            if key != here:
                self._same_part(name, key, before, after, *about)
        self._scene_as_expected(here, before[here], after[here], before, after)
        if name == "remove" and not now:
            self._scene_as_before(here, after[here], after)
        self.step(name, after)
        return True

    def _same_part(
        self,
        name: str,
        key: int,
        before: Photo,
        after: Photo,
        now: dict,
        at_home: set[int],
        loose: set[int],
        shared: bool,
        styled: bool,
        other: bool,
    ) -> None:
        """Check one datablock after an operation of ours."""
        then = before[key]
        if then.get("kind") == "scene":
            # A model that several scenes show looks alike in all of them.
            wrong = {} if shared and styled else changes(then, after[key])
            if name == "remove" and not now:
                # What was left to this scene alone, from which it had been removed before, is gone.
                wrong = {path: v for path, v in wrong.items() if not path.startswith("layer ")}
            assert not wrong, f"{name} changed the scene {then['name']}: {wrong}"
        elif key in self.book.theirs or not then["ours"]:
            self._same_of_theirs(key, then, after.get(key), after, before)
        elif key in self.book.touched:
            self._same_of_touched(key, then, after.get(key), now, loose, styled, other)
        elif then.get("kind") in ("object", "collection") and key not in at_home and not shared:
            # What a curve moves follows the frame of whichever scene was looked at last.
            wrong = {
                path: values
                for path, values in changes(then, after.get(key, then)).items()
                if f"curve {path}|0" not in then
                if not (name == "remove" and self._is_of_leaving(path, values))
            }
            assert not wrong, f"{name} changed {then['name']} of another scene: {wrong}"

    def _is_of_leaving(self, path: str, values: tuple[object, object]) -> bool:
        """True for a change that comes of being taken out of this scene, and left to another."""
        was, now = values
        if path == "collections":
            return set(now or ()) < set(was or ())
        return now is None and path.startswith(f"hidden in {self.scene.name} ")

    def _forget(self, here: int, now: dict, whole: str, styled: bool) -> None:
        """Forget what was deleted and is to be there again, or can never be."""
        lights = {(m, key) for m, s in now.items() for key in ("lights", *s.made("lights"))}
        if whole:
            self.book.gone = {
                (s, m, k)
                for s, m, k in self.book.gone
                if (s, m) != (here, whole) or (m, k) in lights
            }
        if styled:
            self.book.gone = {
                (s, m, k) for s, m, k in self.book.gone if s != here or (m, k) not in lights
            }
        self.book.gone = {(s, m, k) for s, m, k in self.book.gone if s != here or m in now}

    def _forget_what_came_back(self, here: int, now: dict) -> None:
        """Another model has parts that were deleted of the one in whose place it is."""
        self.book.gone = {
            (s, m, k)
            for s, m, k in self.book.gone
            if s != here or (k not in now[m].objects and k not in now[m].collections)
        }

    def _same_of_theirs(
        self, key: int, then: Aspects, now: Aspects | None, after: Photo, before: Photo
    ) -> None:
        """Check that a person's own is as it was, but for what hung on ours or lay in it."""
        if now is None and then["ours"] and then.get("users") == 0:
            # The mesh or the action of a copy that they deleted is nobody's any more.
            return
        assert now is not None, f"{then['name']}, a person's, is gone"
        passed = {"ours", *(k for k in then.keys() | now.keys() if k.startswith('["llmviz'))}
        if then.get("kind") == "object":
            if then["parent"] is not None and then["parent"] not in after:
                passed |= _PLACE
            if any(int(c) not in after for c in then["collections"]):
                assert now["collections"], f"{then['name']} lies in no collection"
                passed.add("collections")
                # Out of a collection that was excluded, it is in the layer now.
                passed |= {k for k in now if k.startswith("hidden in ")} - set(then)
            if then["data"] in before and (before[then["data"]]["ours"] or then["ours"]):
                passed |= {"cells"}
            linked = {k for k in then.keys() | now.keys() if "curve " in k}
            # What a copy's own curves move is as the frame has it.
            passed |= {k.removeprefix("curve ").partition("|")[0] for k in linked}
            shared = then.get("ours") or key in self.book.linked
            passed |= linked if shared else set()
            passed |= {k for k in then if k.startswith("hidden in ")} - set(now)
        if then.get("kind") == "collection":
            for part in ("objects", "children"):
                left = {u for u in then[part] if int(u) in after}
                assert left <= set(now[part]), f"{then['name']} has lost some of its {part}"
            passed |= {"objects", "children"}
        wrong = {k: v for k, v in changes(then, now).items() if k not in passed}
        assert not wrong, f"{then['name']}, a person's, is changed: {wrong}"

    def _same_of_touched(
        self,
        key: int,
        then: Aspects,
        now: Aspects | None,
        models: dict,
        loose: set[int],
        styled: bool,
        other: bool,
    ) -> None:
        """Check that what a person has changed of ours is as they left it."""
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
            if "data.energy" in then:
                # A look that is chosen sets its lights, and where they stand.
                aspects -= _PLACE
        if key in loose:
            aspects -= {a for a in aspects if "curve " in a}
        if other:
            aspects -= {"location"}
        if then.get("parent") is None or then.get("parent") not in self.photographed():
            aspects -= {"parent", "inverse"}
        wrong = {k: v for k, v in changes(then, now).items() if k in aspects}
        assert not wrong, f"{then['name']} was changed, and is not any more: {wrong}"

    def _scene_as_expected(
        self,
        here: int,
        then: Aspects,
        now: Aspects,
        before: Photo,
        after: Photo,
    ) -> None:
        """Check that a scene's settings are as a person set them."""
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

    def _scene_as_before(self, here: int, now: Aspects, after: Photo) -> None:
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
        """Check that what was asked for stands, hangs together, and is what the film tells of."""
        found = self.standing()
        built = [
            s for s in found if (s.recipe.model, s.recipe.prompt) == (recipe.model, recipe.prompt)
        ]
        assert built
        first = found[0]
        camera, hud = first.acting("camera"), first.acting("captions")
        assert len(camera) == len(hud) == 1
        own = self.book.own[uid(self.scene)].get("camera")
        film = own is None and self.scene.camera == camera[0]
        assert film or uid(self.scene.camera) == own, f"{self.scene.camera} is the camera"
        assert scene_room.chapters(first.root)
        for standing in found:
            if standing.anchor is None and any(s.anchor is not None for s in built):
                # Somebody deleted it; the model has it again when it is itself built.
                continue
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


def _refusal(act: Callable[[], object]) -> Exception | None:
    """Why an operation was not done; None where it was."""
    try:
        act()
    except (Problem, RuntimeError) as error:
        # What an operator says comes as a RuntimeError; what it did not expect, with a trace.
        if not isinstance(error, Problem) and "Traceback" in str(error):
            raise
        return error
    return None


def all_of(standing: scene_room.Standing) -> Iterator[bpy.types.ID]:
    """All that a model consists of, and what a person has put into its collections."""
    yield from standing.objects.values()
    yield from standing.collections.values()
    yield from standing.root.all_objects
