"""Baselines of bench.py: a film's curves on empties, a model's cells alone, words as text objects.

All are copied from the open file as plain numbers and words, so that a baseline has the same keys,
values and words as its subject, but runs none of the extension's code.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

# By type of attribute, the property that `foreach_set` takes, and the dtype of its numbers.
FIELDS = {"FLOAT": ("value", np.float32), "INT": ("value", np.int32)}

# Fields of an F-curve's key, in the order in which Blender wants them written.
KEY_FIELDS = {
    "co": (np.float32, 2),
    "interpolation": (np.int32, 1),
    "easing": (np.int32, 1),
    "handle_left_type": (np.int32, 1),
    "handle_right_type": (np.int32, 1),
    "handle_left": (np.float32, 2),
    "handle_right": (np.float32, 2),
}
# Properties that an empty has as well as any other object; the rest become custom properties.
ON_EMPTIES = ("location", "rotation_euler", "scale", "hide_viewport", "hide_render", "[")


# The curves of a film


@dataclass(frozen=True)
class Curve:
    """One F-curve as numbers."""

    path: str
    index: int
    extrapolation: str
    keys: dict[str, np.ndarray]


def curves_of(owner: bpy.types.ID) -> list[Curve]:
    """The curves that animate a datablock."""
    data = owner.animation_data
    if data is None or data.action is None:
        return []
    bag = data.action.layers[0].strips[0].channelbag(data.action_slot)
    found = []
    for curve in bag.fcurves if bag else ():
        keys = {}
        for field, (dtype, width) in KEY_FIELDS.items():
            keys[field] = np.empty(len(curve.keyframe_points) * width, dtype)
            curve.keyframe_points.foreach_get(field, keys[field])
        path = curve.data_path if curve.data_path.startswith(ON_EMPTIES) else "other"
        found.append(Curve(path, curve.array_index, curve.extrapolation, keys))
    return found


def animate_empty(scene_: bpy.types.Scene, curves: list[Curve]) -> None:
    """One empty with these curves in an action of its own, as keying by hand would make it."""
    obj = bpy.data.objects.new("Empty", None)
    scene_.collection.objects.link(obj)
    data = obj.animation_data_create()
    data.action = bpy.data.actions.new("Empty")
    data.action_slot = data.action.slots.new("OBJECT", "Empty")
    strip = data.action.layers.new("Layer").strips.new(type="KEYFRAME")
    fcurves = strip.channelbag(data.action_slot, ensure=True).fcurves
    for number, curve in enumerate(curves):
        path = curve.path
        if path == "other":
            path = f'["other {number}"]'
        if path.startswith("["):
            obj[path[2:-2]] = 0.0
        made = fcurves.new(path, index=curve.index)
        made.keyframe_points.add(len(curve.keys["easing"]))
        for field, values in curve.keys.items():
            made.keyframe_points.foreach_set(field, values)
        made.extrapolation = curve.extrapolation
        made.update()


# The cells of a model


@dataclass(frozen=True)
class CellData:
    """The mesh of a block as numbers: positions, and attributes by name with their type."""

    positions: np.ndarray
    attributes: dict[str, tuple[str, np.ndarray]]


def read_cells() -> list[CellData]:
    """The cells of all blocks in the open file."""
    found = []
    for obj in bpy.data.objects:
        if "llmviz_block" not in obj:
            continue
        positions = np.empty(3 * len(obj.data.vertices), np.float32)
        obj.data.vertices.foreach_get("co", positions)
        attributes = {}
        for attribute in obj.data.attributes:
            if attribute.data_type in FIELDS:
                field, dtype = FIELDS[attribute.data_type]
                values = np.empty(len(attribute.data), dtype)
                attribute.data.foreach_get(field, values)
                attributes[attribute.name] = (attribute.data_type, values)
        found.append(CellData(positions, attributes))
    return found


def cell_bytes(cells: list[CellData]) -> int:
    """The bytes of the cells as plain arrays."""
    return sum(
        block.positions.nbytes + sum(values.nbytes for _, values in block.attributes.values())
        for block in cells
    )


def make_bare(cells: list[CellData]) -> list[bpy.types.Mesh]:
    """Meshes and objects with the same cells and nothing else."""
    meshes = []
    for block in cells:
        mesh = bpy.data.meshes.new("Bare")
        mesh.vertices.add(block.positions.size // 3)
        mesh.vertices.foreach_set("co", block.positions)
        for name, (kind, _) in block.attributes.items():
            mesh.attributes.new(name, kind, "POINT")
        bpy.context.scene.collection.objects.link(bpy.data.objects.new("Bare", mesh))
        meshes.append(mesh)
    fill(meshes, cells)
    return meshes


def fill(meshes: list[bpy.types.Mesh], cells: list[CellData]) -> None:
    """Write all attributes of all cells."""
    for mesh, block in zip(meshes, cells, strict=True):
        for name, (kind, values) in block.attributes.items():
            mesh.attributes[name].data.foreach_set(FIELDS[kind][0], values)


def pack(cells: list[CellData], path: Path) -> None:
    """Cells in one file, for a child."""
    arrays: dict[str, np.ndarray] = {"count": np.array(len(cells))}
    for number, block in enumerate(cells):
        arrays[f"{number}/position"] = block.positions
        for name, (kind, values) in block.attributes.items():
            arrays[f"{number}/{kind}/{name}"] = values
    np.savez(path, **arrays)


def unpack(path: Path) -> list[CellData]:
    """The cells in a file that `pack` has written."""
    with np.load(path) as stored:
        blocks = [CellData(stored[f"{n}/position"], {}) for n in range(int(stored["count"]))]
        for key in stored.files:
            owner, _, rest = key.partition("/")
            kind, slash, name = rest.partition("/")
            if slash:
                blocks[int(owner)].attributes[name] = (kind, stored[key])
    return blocks


# The words of a model


@dataclass(frozen=True)
class Words:
    """The words of an object, and how they are set."""

    text: str
    size: float
    align: str
    valign: str


def read_words() -> dict[str, Words]:
    """The words of titles, labels and captions in the open file, by the objects' names."""
    found = {}
    for obj in bpy.data.objects:
        if "llmviz_text" in obj and "llmviz_setting" in obj.data:
            how = obj.data["llmviz_setting"]
            found[obj.name] = Words(obj["llmviz_text"], how["size"], how["align"], how["valign"])
    return found


def make_texts(words: Iterable[Words]) -> list[bpy.types.Object]:
    """A text object for each, in Inter, of which the same ones share their data."""
    folder = bpy.utils.system_resource("DATAFILES", path="fonts")
    font = bpy.data.fonts.load(str(Path(folder) / "Inter.woff2"))
    font.pack()
    curves: dict[Words, bpy.types.TextCurve] = {}
    made = []
    for each in words:
        if each not in curves:
            curve = curves[each] = bpy.data.curves.new("Words", "FONT")
            curve.font, curve.body, curve.size, curve.resolution_u = font, each.text, each.size, 3
            curve.align_x, curve.align_y = each.align, each.valign
        made.append(bpy.data.objects.new("Words", curves[each]))
    return made


def texts_then_update(words: Iterable[Words]) -> None:
    """Show words as text objects, and let Blender evaluate them."""
    for obj in make_texts(words):
        bpy.context.scene.collection.objects.link(obj)
    bpy.context.view_layer.update()


def turn_words_to_texts() -> None:
    """Put text objects in place of all meshes of words in the open file."""
    words = read_words()
    texts = dict(zip(words, make_texts(words.values()), strict=True))
    for name, text in texts.items():
        obj = bpy.data.objects[name]
        text.location, text.rotation_euler, text.scale = (
            obj.location,
            obj.rotation_euler,
            obj.scale,
        )
        text.parent = obj.parent
        text.data.materials.clear()
        text.data.materials.append(obj.data.materials[0])
        for key in ("kind", "opacity", "highlight"):
            text[key] = obj.get(key, 0.0)
        if obj.animation_data is not None and obj.animation_data.action is not None:
            data = text.animation_data_create()
            data.action = obj.animation_data.action
            data.action_slot = obj.animation_data.action_slot
        obj.user_remap(text)
    bpy.data.batch_remove([bpy.data.objects[name] for name in words])
    bpy.data.batch_remove([mesh for mesh in bpy.data.meshes if "llmviz_setting" in mesh])
