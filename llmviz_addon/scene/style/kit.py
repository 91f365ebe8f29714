"""The kit: parts that the models of a scene share, such as node groups and materials.

A scene has one kit, since it has one look, and no two scenes share any of it. The root collection
of each model refers to the parts. So they are found again whatever they are called, are saved and
appended with the model, and disappear with the last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bmesh
import bpy
import numpy as np

from ...walkthrough.framing import SENSOR
from .. import names
from ..attributes import write_attribute
from ..version import DRAWING, VERSION
from ..words import typesetting
from ..words.typesetting import Setting
from . import materials
from .groups import cell_color as cell_color_group
from .groups import cells as cells_group
from .groups import counter as counter_group
from .groups import repeats as repeats_group
from .groups import slab_cells as slab_cells_group
from .groups import slabs as slabs_group
from .looks import Look, Palette, linear

# Meters along a cell: the size of a small bead, so that lenses and apertures behave as in a
# photograph of small objects.
CELL = 0.02

CELL_SIZE = 0.9
BEVEL = 0.065
# The small plate that is left of a cell which is not computed yet; its body is a little less deep.
INNER_SIZE, INNER_DEPTH = 0.42, 0.77

# Steps of the number in the viewport's tints, from -1 to 1; one more stands for an empty cell.
TINT_STEPS = 11
TINTS_PER_KIND = TINT_STEPS + 1

# Light on the upper and the lower edges of a box in Solid mode.
_ABOVE_AND_BELOW = (1.5, 0.55)

# Property of a part of the kit to which a look has given its colors.
_PAINTED = "llmviz_painted"


class Kit:
    """The parts that are shared, each made when it is first asked for.

    Parameters
    ----------
    roots
        Root collections of the models of one scene. New parts are noted on all of them; but while
        the last one is still being drawn only on that one, so that the others stay unchanged.
        `hand_on` notes them on all once it is drawn.
    """

    def __init__(self, roots: Iterable[bpy.types.Collection]):
        self._roots = list(roots)

    def prepare(self) -> None:
        """Make the parts that slabs need, even where a model has none."""
        for part in (self.slabs, self.slab_cells):
            part[names.OURS] = True

    @property
    def cells(self) -> bpy.types.GeometryNodeTree:
        """The group that stands cubes on the cells of a block."""
        return self._part(
            "cells", lambda: cells_group.build(self._shape, self.palette, self._boxes), since=3
        )

    @property
    def cell_color(self) -> bpy.types.ShaderNodeTree:
        """The group that gives a cell its color, light and presence."""
        return self._part("cell color", cell_color_group.build, since=3)

    @property
    def cell(self) -> bpy.types.Material:
        """The material of cubes."""
        return self._part("cell", lambda: materials.cell(self.cell_color), since=3)

    @property
    def body(self) -> bpy.types.Material:
        """The material of the bodies behind cubes."""
        return self._part("body", materials.body)

    @property
    def bars(self) -> bpy.types.Material:
        """The material of bars."""
        return self._part("bars", lambda: materials.bars(self.cell_color))

    @property
    def counter(self) -> bpy.types.GeometryNodeTree:
        """The group that writes a number in digits."""
        return self._part(
            "counter", lambda: counter_group.build(self._part("digits", self._digits))
        )

    def _digits(self) -> bpy.types.Collection:
        """The glyphs of numbers, sorted by name: ten digits, the minus, the point."""
        digits = bpy.data.collections.new("LLM Digits")
        for index, character in enumerate("0123456789−."):
            mesh = typesetting.mesh(f"LLM Digit {index:02d}", character, Setting(1.0, "CENTER"))
            mesh.materials.append(self.label)
            digit = bpy.data.objects.new(mesh.name, mesh)
            _mark(digit, "digit")
            _mark(mesh, "digit mesh")
            digits.objects.link(digit)
        return digits

    @property
    def label(self) -> bpy.types.Material:
        """The material of words."""
        return self._flat("label", names.MATERIAL_LABEL, "title", "section", "dimension", "paper")

    @property
    def arrow(self) -> bpy.types.Material:
        """The material of arrows."""
        return self._part(
            "arrow",
            lambda: materials.flat(names.MATERIAL_ARROW, ("weight", "activation"), flowing=True),
            since=3,
        )

    @property
    def tile(self) -> bpy.types.Material:
        """The material of tiles and gauges."""
        return self._flat("tile", names.MATERIAL_TILE, "face", "glow")

    @property
    def pin(self) -> bpy.types.Material:
        """The material of frames, lights and lines of pinned cells."""
        return self._flat("pin", names.MATERIAL_PIN, "target", "source")

    @property
    def palette(self) -> bpy.types.Collection:
        """A plain cube for each tint of the viewport."""
        return self._part("palette", lambda: _palette(self.cell), since=3)

    @property
    def slabs(self) -> bpy.types.GeometryNodeTree:
        """The group that stands boxes on the bricks of slabs and shapes."""
        return self._part("slabs", lambda: slabs_group.build(self._boxes))

    @property
    def slab_cells(self) -> bpy.types.ShaderNodeTree:
        """The group that finds the cells of a slab."""
        return self._part("slab cells", slab_cells_group.build, since=3)

    @property
    def _boxes(self) -> bpy.types.Collection:
        return self._part("boxes", _boxes)

    @property
    def shape(self) -> bpy.types.Material:
        """The material of blocks without numbers."""
        return self._part(
            "shape material", lambda: materials.slab(self.cell_color, self.slab_cells), since=3
        )

    @property
    def repeats(self) -> bpy.types.GeometryNodeTree:
        """The group that shows one object at many places."""
        return self._part("repeats", repeats_group.build)

    @property
    def _shape(self) -> bpy.types.Object:
        return self._part("shape", lambda: _cell_object(self.cell), since=3)

    def _flat(self, role: str, name: str, *colors: str) -> bpy.types.Material:
        # Those of the first way of drawing knew one color for each object only.
        return self._part(role, lambda: materials.flat(name, colors), since=2)

    def _part(self, role: str, make: Callable[[], bpy.types.ID | None], since: int = 1):
        """The part with this role, made where it is missing, e.g. because it was purged.

        `since` is the way of drawing, as in `version.DRAWING`, for which it was last changed.
        """
        found = self.get(role)
        if found is not None and found.get(names.DRAWING, 1) < since:
            found = None
        if found is None:
            found = make()
            if found is not None:
                _mark(found, role)
                last = self._roots[-1]
                last[_key(role)] = found
                if last.get(names.ROLE) != names.UNFINISHED:
                    self.hand_on()
        return found

    def get(self, role: str) -> bpy.types.ID | None:
        """The part with this role; None if it has not been made."""
        for root in self._roots:
            found = root.get(_key(role))
            if found is not None and found.get(names.VERSION) == VERSION:
                return found
        return None

    def hand_on(self) -> None:
        """Have all root collections refer to the parts that one of them has."""
        for root in self._roots:
            # Earlier versions drew words as text objects, and kept their typeface.
            root.pop(_key("font"), None)
            for key in [k for k in root.keys() if k.startswith(f"{names.KIT}_")]:  # noqa: SIM118
                for other in self._roots:
                    if other.get(key) is None and root[key] is not None:
                        other[key] = root[key]

    def paint(
        self,
        look: Look,
        palette: Palette,
        pages: Iterable[bpy.types.Material],
        *,
        insist: bool = False,
    ) -> None:
        """Give the kit, and the materials of pages, the colors of a look.

        Parts that have their colors already are left alone, since a person may have changed them.
        With `insist`, which is for a look that was just chosen, they are painted, too.
        """

        def due(part: bpy.types.ID) -> bool:
            if part.get(_PAINTED) and not insist:
                return False
            part[_PAINTED] = True
            return True

        values = materials.cell_values(look, palette)
        shape = self.get("shape material")
        if due(self.cell_color):
            materials.set_values(self.cell_color, values)
        further = [part for part in (shape, self.get("bars")) if part is not None]
        for material in filter(due, (self.cell, self.body, *pages, *further)):
            materials.set_values(material.node_tree, values)
        for material, table in (
            (self.label, look.label),
            (self.arrow, look.arrow),
            (self.tile, look.tile),
            (self.get("pin"), look.pin),
        ):
            if material is not None and due(material):
                materials.set_values(material.node_tree, _flat_values(table))
        if due(self.palette):
            for index, tint in enumerate(sorted(self.palette.objects, key=lambda o: o.name)):
                _tint(tint.data, _tint_color(index, palette))
        boxes = self.get("boxes")
        if boxes and due(boxes):
            for kind, box in enumerate(sorted(boxes.objects, key=lambda o: o.name)):
                # Solid mode shows no single cells of a slab, so its box gets a color halfway
                # between zero and full, and light from above, so that blocks are bodies.
                middle = kind * TINTS_PER_KIND + TINT_STEPS * 3 // 4
                _shade(box.data, _tint_color(middle, palette))


def _key(role: str) -> str:
    return f"{names.KIT}_{role.replace(' ', '_')}"


def tints(number: np.ndarray, kind: int, empty: np.ndarray) -> np.ndarray:
    """Index of the viewport's tint for numbers in -1 to 1 of a block of the given kind."""
    step = np.rint((np.clip(number, -1, 1) + 1) / 2 * (TINT_STEPS - 1)).astype(np.int32)
    return np.where(empty, TINT_STEPS, step).astype(np.int32) + kind * TINTS_PER_KIND


def _mark(datablock: bpy.types.ID, role: str) -> None:
    datablock[names.OURS] = True
    datablock[names.ROLE] = role
    datablock[names.VERSION], datablock[names.DRAWING] = VERSION, DRAWING


def _cell_mesh(material: bpy.types.Material, bevel: bool) -> bpy.types.Mesh:
    """The shell of a cell and the small plate inside it, which shows while the cell is empty."""
    shape = bmesh.new()
    bmesh.ops.create_cube(shape, size=CELL_SIZE)
    if bevel:
        bmesh.ops.bevel(
            shape, geom=shape.edges[:], offset=BEVEL, segments=2, profile=0.5, affect="EDGES"
        )
    plate = bmesh.ops.create_cube(shape, size=1.0)["verts"]
    bmesh.ops.scale(shape, vec=(INNER_SIZE, INNER_DEPTH, INNER_SIZE), verts=plate)
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
    """Give a mesh that is instanced the color attribute that Solid mode shows."""
    mesh.attributes.new(names.CELL_COLOR, "FLOAT_COLOR", "POINT")
    mesh.attributes.active_color_name = names.CELL_COLOR
    mesh.attributes.default_color_name = names.CELL_COLOR


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
        _mark(box, "slab box")
        _mark(mesh, "slab box mesh")
        boxes.objects.link(box)
    return boxes


def _cell_object(material: bpy.types.Material) -> bpy.types.Object:
    shape = bpy.data.objects.new("LLM Cell", _cell_mesh(material, bevel=True))
    _mark(shape, "shape")
    _mark(shape.data, "shape mesh")
    return shape


def set_pixel(shown: Iterable[bpy.types.Material], lens: float, longer: int) -> None:
    """Set the width of a picture's pixels in the materials of slabs.

    Parameters
    ----------
    shown
        Materials of pages and shapes.
    lens
        Focal length in millimeters.
    longer
        Pixels along the picture's longer side.
    """
    width = SENSOR / lens / longer / CELL
    for material in shown:
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
        # A plain cube has one color and cannot show a frame around a hollow face. A color halfway
        # between the two still tells minus from plus.
        end = (end + np.array(palette.hollow)) / 2
    return np.array(palette.zero) * (1 - abs(number)) + end * abs(number)


def _tint(mesh: bpy.types.Mesh, color: np.ndarray) -> None:
    layer = mesh.attributes[names.CELL_COLOR]
    layer.data.foreach_set("color", np.tile(color.astype(np.float32), len(mesh.vertices)))
    mesh.update_tag()


def _shade(mesh: bpy.types.Mesh, color: np.ndarray) -> None:
    """Tint a box as if lit from above; its front as its back, which from afar are one."""
    position = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", position)
    light = np.where(position.reshape(-1, 3)[:, 2] > 0, *_ABOVE_AND_BELOW)
    lit = np.minimum(color[None] * light[:, None], 1.0).astype(np.float32)
    lit[:, 3] = 1.0
    mesh.attributes[names.CELL_COLOR].data.foreach_set("color", lit.reshape(-1))
    mesh.update_tag()
