"""The settings that a scene had before we changed them, and those that we set.

A film needs some of the scene's own settings: its frame range and rate, camera, world, view
transform, markers. They belong to the scene and not to a model, so the scene remembers them: they
outlive a model that a person deletes by hand, and do not travel with one that is appended
elsewhere. Settings that a person has changed since are left alone; when the last model is removed,
the scene gets back all the others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import bpy

from .. import names

_KEPT = "llmviz_memory"
_DATABLOCKS = ("world", "camera")
_NOTHING: dict[str, Any] = {"before": {}, "ours": {}, "markers": [], "theirs": [], "models": []}


class Memory:
    """The memory of one scene, for one operation; `keep` writes it back."""

    def __init__(self, scene: bpy.types.Scene):
        self._scene = scene
        try:
            found = json.loads(scene.get(_KEPT, "{}"))
        except (TypeError, ValueError):
            found = {}
        self._all = {key: found.get(key, type(empty)()) for key, empty in _NOTHING.items()}

    def __bool__(self) -> bool:
        """True if there is anything to give back."""
        return _KEPT in self._scene

    @property
    def models(self) -> frozenset[str]:
        """Ids of the models that were built in this scene."""
        return frozenset(self._all["models"])

    def add_model(self, model: str) -> None:
        """Remember that a model was built here."""
        self._all["models"] = sorted({*self._all["models"], model})

    def set(self, path: str, value: object, *, insist: bool = False) -> None:
        """Set a property by its path from the scene, unless a person has set it after we did.

        With `insist` it is set in any case, because a person has just asked for it.
        """
        before, ours = self._all["before"], self._all["ours"]
        now = self._scene.path_resolve(path)
        before.setdefault(path, now)
        if insist or path not in ours or now == ours[path]:
            with suppress(TypeError):
                # A custom color configuration may have no view transform of this name.
                set_path(self._scene, path, value)
            # Blender may have rounded or clamped the value, so keep the one that is to be compared
            # with later.
            ours[path] = self._scene.path_resolve(path)

    def is_set(self, path: str) -> bool:
        """True if we have ever set a property in this scene."""
        return path in self._all["ours"]

    def is_put(self, path: str) -> bool:
        """True if we have ever set the scene's world or camera."""
        return path in self._all["before"]

    def put(self, path: str, datablock: bpy.types.ID | None) -> None:
        """Make `datablock` the scene's world or camera, unless a person has chosen another."""
        now = getattr(self._scene, path)
        if path not in self._all["before"]:
            self._all["before"][path] = None
            self._scene[f"{_KEPT}_{path}"] = now
        elif now is not None and not now.get(names.OURS):
            return
        setattr(self._scene, path, datablock)

    def mark(self, wanted: Iterable[tuple[str, str, int]]) -> None:
        """Put markers (id, name, frame) in place of those that we put before.

        One that a person has moved, renamed, bound to a camera or deleted is theirs from then on:
        it stays as it is, and no other comes in its place.
        """
        self._take_markers_away()
        theirs, made = set(self._all["theirs"]), []
        for marker, name, frame in wanted:
            if marker not in theirs:
                self._scene.timeline_markers.new(name, frame=frame)
                made.append([marker, name, frame])
        self._all["markers"] = made

    def _take_markers_away(self) -> None:
        ours = Counter((name, frame) for _, name, frame in self._all["markers"])
        # From the last to the first: a marker that was there before ours may have the same name and
        # frame, and it comes earlier in the list.
        for marker in reversed(list(self._scene.timeline_markers)):
            key = (marker.name, marker.frame)
            if ours[key] > 0 and marker.camera is None:
                ours[key] -= 1
                self._scene.timeline_markers.remove(marker)
        for marker, name, frame in self._all["markers"]:
            if ours[name, frame] > 0:
                ours[name, frame] -= 1
                self._all["theirs"].append(marker)
        self._all["markers"] = []

    def keep(self) -> None:
        """Write the memory onto the scene."""
        self._scene[_KEPT] = json.dumps(self._all)

    def give_back(self) -> None:
        """Restore all settings that a person has not changed since, and forget everything."""
        self._take_markers_away()
        # Setting one may change another, as a view transform does the look.
        unchanged = {
            path
            for path, ours in self._all["ours"].items()
            if self._scene.path_resolve(path) == ours
        }
        for path, value in self._all["before"].items():
            if path in _DATABLOCKS:
                now = getattr(self._scene, path)
                if now is None or now.get(names.OURS):
                    setattr(self._scene, path, self._scene.get(f"{_KEPT}_{path}"))
            elif path in unchanged:
                with suppress(TypeError):
                    set_path(self._scene, path, value)
        for key in (_KEPT, *(f"{_KEPT}_{path}" for path in _DATABLOCKS)):
            if key in self._scene:
                del self._scene[key]


def set_path(scene: bpy.types.Scene, path: str, value: Any) -> None:
    """Set a property by its path from the scene, the way `path_resolve` reads it."""
    owner, _, attribute = path.rpartition(".")
    setattr(scene.path_resolve(owner) if owner else scene, attribute, value)
