"""What all models in a file share: the cell's shape, the tints of the viewport, groups, materials.

The kit is made once a file and found again by mark and version, never by the name alone, since a
user's own datablock may have the same name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import bmesh
import bpy
import numpy as np

from ...walkthrough.framing import SENSOR
from .. import names
from ..attributes import write_attribute
from ..version import VERSION
from . import materials
from .groups import cell_color as cell_color_group
from .groups import cells as cells_group
from .groups import pieces as pieces_group
from .groups import repeats as repeats_group
from .groups import slab_cells as slab_cells_group
from .groups import slabs as slabs_group
from .looks import Look, Palette, linear

# Metres a cell: the size of a small bead, so that lenses and apertures behave as in a photograph
# of small objects.
CELL = 0.02

CELL_SIZE = 0.9
BEVEL = 0.065
INNER_SIZE = 0.42

# Steps of the number in the viewport's tints, from -1 to 1; one more stands for an empty cell.
TINT_STEPS = 11
TINTS_PER_KIND = TINT_STEPS + 1


@dataclass(frozen=True)
class Kit:
    """The shared datablocks."""

    cells: bpy.types.GeometryNodeTree
    cell_color: bpy.types.ShaderNodeTree
    cell: bpy.types.Material
    label: bpy.types.Material
    arrow: bpy.types.Material
    tile: bpy.types.Material
    palette: bpy.types.Collection
    font: bpy.types.VectorFont | None


def tints(number: np.ndarray, kind: int, empty: np.ndarray) -> np.ndarray:
    """Index of the viewport's tint for numbers in -1 to 1 of a block of the given kind."""
    step = np.rint((np.clip(number, -1, 1) + 1) / 2 * (TINT_STEPS - 1)).astype(np.int32)
    return np.where(empty, TINT_STEPS, step).astype(np.int32) + kind * TINTS_PER_KIND


def _mark(datablock: bpy.types.ID, role: str, optional: bool = False) -> None:
    datablock[names.OURS] = True
    datablock[names.ROLE] = role
    datablock[names.VERSION] = VERSION
    if optional:
        datablock[names.OPTIONAL] = True


def _marked(pool: bpy.types.bpy_prop_collection, role: str) -> bpy.types.ID | None:
    for datablock in pool:
        if (
            datablock.library is None
            and datablock.get(names.ROLE) == role
            and datablock.get(names.VERSION) == VERSION
        ):
            return datablock
    return None


def _cell_mesh(material: bpy.types.Material, bevel: bool) -> bpy.types.Mesh:
    """The shell of a cell and the small cube inside it, which shows while the cell is empty."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=CELL_SIZE)
    if bevel:
        bmesh.ops.bevel(
            shape, geom=shape.edges[:], offset=BEVEL, segments=2, profile=0.5, affect="EDGES"
        )
    bmesh.ops.create_cube(shape, size=INNER_SIZE)
    mesh = bpy.data.meshes.new("LLM Cell")
    shape.to_mesh(mesh)
    shape.free()
    position = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", position)
    write_attribute(mesh, names.CELL_CO, position.reshape(-1, 3), "FLOAT_VECTOR")
    mesh.materials.append(material)
    if bevel:
        mesh.shade_smooth()
        # The large faces stay flat, only the bevel is round.
        mesh.set_sharp_from_angle(angle=0.9)
    else:
        mesh.shade_flat()
    return mesh


def _plain_cube(material: bpy.types.Material) -> bpy.types.Mesh:
    mesh = _cell_mesh(material, bevel=False)
    _color_attribute(mesh)
    return mesh


def _color_attribute(mesh: bpy.types.Mesh) -> None:
    """What Solid mode shows of a mesh that is instanced."""
    mesh.attributes.new(names.CELL_COLOR, "FLOAT_COLOR", "POINT")
    mesh.attributes.active_color_name = names.CELL_COLOR
    mesh.attributes.default_color_name = names.CELL_COLOR


def _part(
    pool: bpy.types.bpy_prop_collection,
    role: str,
    make: Callable[[], bpy.types.ID | None],
    optional: bool = False,
):
    """The part of the kit with this role, made where it is missing, e.g. because it was purged."""
    found = _marked(pool, role)
    if found is None:
        found = make()
        if found is not None:
            _mark(found, role, optional)
    return found


def ensure() -> Kit:
    """The kit of this file, made where it is missing."""
    data = bpy.data
    cell_color = _part(data.node_groups, "cell color", cell_color_group.build)

    def material(role: str, make: Callable[[], bpy.types.Material]) -> bpy.types.Material:
        return _part(data.materials, role, make)

    def flat(role: str, name: str, *colors: str) -> bpy.types.Material:
        return material(role, lambda: materials.flat(name, colors))

    cell = material("cell", lambda: materials.cell(cell_color))
    palette = _part(data.collections, "palette", lambda: _palette(cell))
    return Kit(
        cells=_part(data.node_groups, "cells", lambda: cells_group.build(_shape(cell), palette)),
        cell_color=cell_color,
        cell=cell,
        label=flat("label", names.MATERIAL_LABEL, "title", "section", "dimension", "paper"),
        arrow=flat("arrow", names.MATERIAL_ARROW, "weight", "activation"),
        tile=flat("tile", names.MATERIAL_TILE, "face", "glow"),
        palette=palette,
        font=_part(data.fonts, "font", _font),
    )


def slabs() -> bpy.types.GeometryNodeTree:
    """The group that stands boxes on the tiles of slabs and shapes, made for the first of them."""
    boxes = _part(bpy.data.collections, "boxes", _boxes, optional=True)
    groups = bpy.data.node_groups
    return _part(groups, "slabs", lambda: slabs_group.build(boxes), optional=True)


def slab_cells() -> bpy.types.ShaderNodeTree:
    """The group that finds the cells of a slab."""
    return _part(bpy.data.node_groups, "slab cells", slab_cells_group.build, optional=True)


def shape_material(kit: Kit) -> bpy.types.Material:
    """The material of blocks without numbers."""
    return _part(
        bpy.data.materials,
        "shape material",
        lambda: materials.slab(kit.cell_color, slab_cells()),
        optional=True,
    )


def repeats() -> bpy.types.GeometryNodeTree:
    """The group that shows one object at many places."""
    return _part(bpy.data.node_groups, "repeats", repeats_group.build, optional=True)


def pieces() -> bpy.types.GeometryNodeTree:
    """The group that shows the pieces of a tile as one object."""
    return _part(bpy.data.node_groups, "pieces", pieces_group.build, optional=True)


def _palette(material: bpy.types.Material) -> bpy.types.Collection:
    """A plain cube for each tint of the viewport."""
    palette = bpy.data.collections.new("LLM Cell Tints")
    for index in range(TINTS_PER_KIND * len(names.KINDS)):
        tint = bpy.data.objects.new(f"LLM Tint {index:02d}", _plain_cube(material))
        _mark(tint, "tint")
        _mark(tint.data, "tint mesh")
        palette.objects.link(tint)
    return palette


def _boxes() -> bpy.types.Collection:
    """A box for each kind of block, one cell deep, which slabs and shapes are drawn as."""
    boxes = bpy.data.collections.new("LLM Slab Boxes")
    for index, kind in enumerate(names.KINDS):
        shape = bmesh.new()
        bmesh.ops.create_cube(shape, size=1.0)
        mesh = bpy.data.meshes.new("LLM Slab Box")
        shape.to_mesh(mesh)
        shape.free()
        position = np.empty(len(mesh.vertices) * 3, np.float32)
        mesh.vertices.foreach_get("co", position)
        position = position.reshape(-1, 3) * (1.0, CELL_SIZE, 1.0)
        mesh.vertices.foreach_set("co", position.astype(np.float32).reshape(-1))
        write_attribute(mesh, names.CELL_CO, position, "FLOAT_VECTOR")
        _color_attribute(mesh)
        mesh.shade_flat()
        box = bpy.data.objects.new(f"LLM Slab Box {index} {kind}", mesh)
        _mark(box, "slab box", optional=True)
        _mark(mesh, "slab box mesh", optional=True)
        boxes.objects.link(box)
    return boxes


def _shape(material: bpy.types.Material) -> bpy.types.Object:
    shape = bpy.data.objects.new("LLM Cell", _cell_mesh(material, bevel=True))
    _mark(shape, "shape")
    _mark(shape.data, "shape mesh")
    return shape


def _font() -> bpy.types.VectorFont | None:
    """The typeface of Blender's interface, packed, so that the file is complete in itself."""
    folder = bpy.utils.system_resource("DATAFILES", path="fonts")
    path = Path(folder) / "Inter.woff2"
    if not path.is_file():
        return None
    font = bpy.data.fonts.load(str(path))
    # Loading counts a user that is none, which would keep the font in the file for ever.
    font.user_clear()
    font.pack()
    return font


def paint(kit: Kit, look: Look, palette: Palette) -> None:
    """Give the kit the colours of a look."""
    values = materials.cell_values(look, palette)
    materials.set_values(kit.cell_color, values)
    for material in (kit.cell, *slab_materials()):
        materials.set_values(material.node_tree, values)
    for material, table in (
        (kit.label, look.label),
        (kit.arrow, look.arrow),
        (kit.tile, look.tile),
    ):
        materials.set_values(material.node_tree, _flat_values(table))
    for index, tint in enumerate(sorted(kit.palette.objects, key=lambda o: o.name)):
        _tint(tint.data, _tint_color(index, palette))
    boxes = _marked(bpy.data.collections, "boxes")
    for kind, box in enumerate(sorted(boxes.objects, key=lambda o: o.name) if boxes else ()):
        # Halfway between nothing and the full colour: Solid mode shows no single cells of a slab.
        middle = kind * TINTS_PER_KIND + TINT_STEPS * 3 // 4
        _tint(box.data, _tint_color(middle, palette))


def slab_materials() -> list[bpy.types.Material]:
    """The materials of all pages in this file, and that of shapes."""
    roles = ("page", "shape material")
    return [m for m in bpy.data.materials if m.get(names.ROLE) in roles and m.library is None]


def set_pixel(lens: float, longer: int) -> None:
    """Tell slabs how fine a picture is: `longer` pixels along its longer side, `lens` in mm."""
    width = SENSOR / lens / longer / CELL
    for material in slab_materials():
        materials.set_values(material.node_tree, {materials.PIXEL: width})


def _flat_values(table: dict[str, object]) -> dict[str, object]:
    values = {
        key: linear(value) if isinstance(value, str) else float(value)
        for key, value in table.items()
    }
    values.setdefault("strength", 1.0)
    values.setdefault("opacity", 1.0)
    return values


def _tint_color(index: int, palette: Palette) -> np.ndarray:
    kind, step = divmod(index, TINTS_PER_KIND)
    if step == TINT_STEPS:
        return np.array(palette.empty)
    number = step / (TINT_STEPS - 1) * 2 - 1
    end = np.array((palette.positive if number > 0 else palette.negative)[kind])
    if number < 0:
        # A hollow face cannot be drawn with one colour: halfway to it tells minus from plus.
        end = (end + np.array(palette.hollow)) / 2
    return np.array(palette.zero) * (1 - abs(number)) + end * abs(number)


def _tint(mesh: bpy.types.Mesh, color: np.ndarray) -> None:
    layer = mesh.attributes[names.CELL_COLOR]
    layer.data.foreach_set("color", np.tile(color.astype(np.float32), len(mesh.vertices)))
    mesh.update_tag()
