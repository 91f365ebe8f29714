"""Helpers of the scene's tests: a build, a census of the file, a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import bpy

from llmviz_addon import scene as scene_room
from tests.folders import RUN

from . import checkpoints

PROMPT = "CBABBC"

# Pools that Blender itself fills at any time: of windows, of brushes, and of rendered pictures.
_NOT_COUNTED = {
    "all_ids",
    "window_managers",
    "workspaces",
    "screens",
    "brushes",
    "images",
    "libraries",
}


SHORT = "introduction"
"""The chapter that the films of most tests have: half of a build is to compose all ten."""


def recipe(
    prompt: str = PROMPT, model: str = "nano-gpt", chapters: str = SHORT, **options: object
) -> scene_room.Recipe:
    """The recipe of a model whose film is short, unless other chapters are asked for.

    A model without a prompt has no numbers, and but one chapter.
    """
    return scene_room.Recipe(str(model), prompt, chapters=prompt and chapters, **options)


def build(prompt: str = PROMPT, model: str = "nano-gpt", **options: object) -> bpy.types.Collection:
    """Build a model in the current scene, with a short film; see `recipe`."""
    return scene_room.build(bpy.context.scene, recipe(prompt, model, **options))


# Three of the small model's tokens, and twice as many.
FEW, MORE = "0 1 2", "2 1 0 1 1 2"


@cache
def small() -> str:
    """A checkpoint of one layer with two heads, for tests to which it does not matter which.

    Building it takes half of the time that nano-gpt takes.
    """
    shape = {"n_layer": 1, "n_head": 2, "n_embd": 8, "n_positions": 11, "vocab_size": 5}
    return str(checkpoints.save(RUN / "small", **shape))


def build_small(prompt: str = MORE, **options: object) -> bpy.types.Collection:
    """Build the small model in the current scene."""
    return build(prompt, small(), **options)


def open_small(prompt: str = MORE, **options: object) -> bpy.types.Collection:
    """Open a file of the test's own in which the small model was built; see `open_built`."""
    return open_built(prompt, small(), **options)


_built: dict[scene_room.Recipe, Path] = {}


def open_built(
    prompt: str = PROMPT, model: str = "nano-gpt", **options: object
) -> bpy.types.Collection:
    """Open a file of the test's own in which a model was built and nothing else was done.

    It is as after `build` in an empty file, unsaved, and costs a third: each model is built once in
    a run of the tests, saved, and opened from then on. So a checkpoint has to stay as it is.
    """
    wanted = recipe(prompt, model, **options)
    if wanted not in _built:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene_room.build(bpy.context.scene, wanted)
        path = RUN / f"built-{len(_built)}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, compress=False)
        _built[wanted] = path
    # Opened like a person's start-up file, so that the new file has no name and counts as unsaved.
    bpy.ops.wm.read_homefile(filepath=str(_built[wanted]))
    (root,) = scene_room.roots(bpy.context.scene)
    return root


def pools() -> dict[str, bpy.types.bpy_prop_collection]:
    """All collections of datablocks, by their name in `bpy.data`."""
    return {
        prop.identifier: getattr(bpy.data, prop.identifier)
        for prop in bpy.types.BlendData.bl_rna.properties
        if prop.type == "COLLECTION" and prop.identifier not in _NOT_COUNTED
    }


def counts() -> dict[str, int]:
    """Numbers of datablocks by type."""
    return {name: len(pool) for name, pool in pools().items() if len(pool)}


def settings_of(struct: bpy.types.bpy_struct, path: str, found: dict[str, object]) -> None:
    """Note the plain settings of something in Blender, under a path of our own."""
    for prop in struct.bl_rna.properties:
        name = prop.identifier
        if name in {"rna_type", "bl_rna", "is_evaluated"}:
            continue
        if getattr(prop, "is_deprecated", False):
            # It changes nothing any more, and Blender warns whoever reads it.
            continue
        value = getattr(struct, name)
        if prop.type in {"BOOLEAN", "INT", "FLOAT", "STRING", "ENUM"}:
            many = getattr(prop, "is_array", False)
            found[f"{path}.{name}"] = str([*_flat(value)]) if many else value


def _flat(values: Iterable) -> Iterable[object]:
    for value in values:
        if isinstance(value, Iterable):
            yield from _flat(value)
        else:
            yield value


def census(content: bool = True) -> dict[str, object]:
    """Everything that a build must not leave changed: datablocks, settings of scenes, markers.

    With `content`, the values of the cells of models that stand, too.
    """
    found: dict[str, object] = {}
    for name, pool in pools().items():
        found[name] = sorted((d.name_full, d.session_uid, d.users) for d in pool)
    for scene in bpy.data.scenes:
        parts = ("", "render", "view_settings", "display_settings", "cycles", "eevee")
        for part in (*parts, "render.image_settings", "render.ffmpeg"):
            owner = scene.path_resolve(part) if part else scene
            settings_of(owner, f"{scene.name}.{part}", found)
        found[f"{scene.name} markers"] = sorted((m.name, m.frame) for m in scene.timeline_markers)
        found[f"{scene.name} world"] = scene.world and scene.world.name_full
        found[f"{scene.name} camera"] = scene.camera and scene.camera.name_full
        found[f"{scene.name} custom"] = sorted(scene.keys())
        found[f"{scene.name} objects"] = sorted(o.name_full for o in scene.objects)
    for obj in bpy.data.objects:
        found[f"parent of {obj.name_full}"] = obj.parent and obj.parent.name_full
        found[f"matrix of {obj.name_full}"] = [tuple(row) for row in obj.matrix_basis]
        found[f"hidden {obj.name_full}"] = (obj.hide_render, obj.hide_viewport)
        found[f"properties of {obj.name_full}"] = {
            key: obj[key].to_list() if hasattr(obj[key], "to_list") else obj[key]
            for key in obj.keys()  # noqa: SIM118 (an object iterates over nothing)
            if not hasattr(obj[key], "keys")
        }
    if content:
        cubes = (o for o in block_objects() if o["llmviz_drawn_as"] == "cubes")
        found |= {f"cells of {o.name_full}": values(o.data) for o in cubes}
    return found


def values(mesh: bpy.types.Mesh) -> bytes:
    """The values of a block's cells, to compare."""
    return b"".join(
        bytes(memoryview(bytearray(read(mesh, name).tobytes())))
        for name in ("value", "order", "state", "tint")
    )


def read(mesh: bpy.types.Mesh, name: str):
    """An attribute of a mesh as numpy array, read without the package's own functions."""
    import numpy as np

    attribute = mesh.attributes[name]
    kind = {"FLOAT": np.float32, "INT": np.int32}[attribute.data_type]
    found = np.empty(len(attribute.data), kind)
    attribute.data.foreach_get("value", found)
    return found


def block_objects() -> list[bpy.types.Object]:
    """All objects of the file that are a block."""
    return [o for o in bpy.data.objects if "llmviz_block" in o]


def block(name: str) -> bpy.types.Object:
    """The object of a block; there must be exactly one."""
    (found,) = (o for o in block_objects() if o["llmviz_block"] == name)
    return found


def seen() -> set[str]:
    """The blocks that a viewport shows, by the names of their objects."""
    bpy.context.view_layer.update()
    return {o.name for o in block_objects() if o.visible_get()}


def difference(before: dict[str, object], after: dict[str, object]) -> dict[str, object]:
    """Entries in which two censuses differ; empty where the file is as it was."""
    return {
        key: (before.get(key), after.get(key))
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }


def run_apart(script: Path, *arguments: str | Path) -> str:
    """Run a script in a Blender of its own that has never heard of the extension."""
    if bpy.app.binary_path:
        command = [bpy.app.binary_path, "--background", "--factory-startup", "--python-exit-code"]
        command += ["1", "--python", str(script), "--"]
    else:
        command = [sys.executable, str(script)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [*command, *map(str, arguments)],
        cwd=script.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert "all is well" in done.stdout, done.stdout + done.stderr
    return done.stdout
