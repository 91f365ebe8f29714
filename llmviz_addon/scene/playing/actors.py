"""Actors in the scene: an object for each thing that exists only for the film."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import singledispatchmethod

import bpy
import numpy as np

from ...anatomy import Anatomy
from ...detail import Plan
from ...walkthrough import Storyboard, targets
from ...walkthrough import actors as kinds
from .. import names
from ..drawn import bars, blocks, counters, parts, strips
from ..drawn.flat import FACING_VIEWER, Easel
from ..drawn.labels import PAPER
from ..drawn.lines import labels, plate, prisms
from ..standing import tree
from ..standing.standing import Standing
from ..style.kit import CELL, Kit
from .frames import DISTANCE, Frame

ACTORS = "actors"
"""The key of the collection that holds a film's actors."""


def draw(standing: Standing, film: bpy.types.Collection, board: Storyboard, kit: Kit) -> None:
    """Make the actors of a film, in a collection below that of the film."""
    hud = next((obj for obj in film.objects if obj.get(names.ACTOR) == targets.CAPTIONS), None)
    render = standing.scene.render
    lens = board.value_at(targets.CAMERA, targets.LENS, 0.0)
    frame = Frame.of(lens, render.resolution_x / render.resolution_y)
    painter = _Painter(
        standing, standing.plan, tree.new("Actors", film, ACTORS), kit, hud, frame, {}, set()
    )
    painter.counting = {c.target for c in board.channels if c.property == targets.COUNT}
    for actor in board.actors:
        obj = painter.draw(actor)
        if obj is not None:
            painter.place(actor, obj)


@dataclass
class _Painter:
    """Draws actors, each on the group that it hangs on."""

    standing: Standing
    plan: Plan
    part: bpy.types.Collection
    kit: Kit
    hud: bpy.types.Object | None
    frame: Frame
    groups: dict[str, bpy.types.Object]
    before: set[str]
    counting: set[str] = field(default_factory=set)

    @property
    def anatomy(self) -> Anatomy:
        """The blocks in space."""
        return self.plan.anatomy

    def unit(self, actor: kinds.Actor) -> float:
        """Cells in a unit of the actor's places and sizes."""
        return self.frame.width if actor.group in self.before else 1.0

    def place(self, actor: kinds.Actor, obj: bpy.types.Object) -> None:
        """Stand an object where its actor is, on its group."""
        obj[names.OURS] = True
        obj[names.ACTOR] = actor.name
        obj.parent = self.groups.get(actor.group, self.standing.anchor)
        if actor.group == kinds.HUD:
            obj.parent = self.hud
            obj.location = (0.0, 0.0, -DISTANCE)
        else:
            unit = self.unit(actor) * CELL
            x, y, z = (at * unit for at in actor.place)
            # Before the camera, up is y, and what is farther away has a smaller z.
            obj.location = (x, z, -y) if actor.group in self.before else (x, y, z)
        obj.visible_shadow = isinstance(actor, kinds.Cells | kinds.Part | kinds.Bars)
        self.part.objects.link(obj)

    @singledispatchmethod
    def draw(self, actor: kinds.Actor) -> bpy.types.Object | None:
        """The object of an actor, not linked yet; None where it cannot be drawn."""
        raise TypeError(f"There is no way to draw a {type(actor).__name__}")

    @draw.register
    def _(self, actor: kinds.Group) -> bpy.types.Object:
        group = bpy.data.objects.new(actor.name, None)
        group.hide_viewport = group.hide_render = True
        group.scale = (0.0, 0.0, 0.0)
        self.groups[actor.name] = group
        if actor.group == kinds.HUD:
            self.before.add(actor.name)
        return group

    @draw.register
    def _(self, actor: kinds.TokenTile) -> bpy.types.Object:
        sheet = strips.sheet(self.kit)
        strips.tile(sheet, actor.text, actor.index, actor.size)
        mesh = bpy.data.meshes.new(f"Tile {actor.text}")
        mesh[names.OURS] = True
        sheet.write(mesh)
        tile = self._flat(bpy.data.objects.new(mesh.name, mesh), 0)
        tile[names.TEXT] = "\n".join(sheet.said)
        return tile

    @draw.register
    def _(self, actor: kinds.Part) -> bpy.types.Object | None:
        bundle, _ = self.plan.by_block[actor.block]
        whole = self.standing.blocks.get(bundle.name)
        if whole is None:
            return None
        return parts.part(actor.name, actor.block, actor.rects, self.plan, whole, self.kit)

    @draw.register
    def _(self, actor: kinds.Cells) -> bpy.types.Object:
        block, values = self.anatomy.blocks[actor.block], np.array(actor.values)
        gain = self._gain(actor.block, values)
        return parts.cells(
            actor.name, block, values, np.array(actor.offsets), gain, self.kit, lone=actor.lone
        )

    @draw.register
    def _(self, actor: kinds.Bars) -> bpy.types.Object:
        values = np.array(actor.values)
        gains = [
            self._gain(scale, row) if scale else 1.0
            for scale, row in zip(actor.scales, values, strict=True)
        ]
        levels = values * np.array(gains)[:, None]
        obj = bars.create(actor.name, np.array(actor.boxes), levels, self.kit)
        parts.dress(obj, self.anatomy.blocks[actor.block], 1.0)
        return obj

    @draw.register
    def _(self, actor: kinds.Words) -> bpy.types.Object:
        easel = Easel(None, self.part, self.kit.label)
        obj = easel.text(
            actor.name,
            actor.text,
            kinds.NOWHERE,
            actor.size * self.unit(actor),
            kind=actor.tone,
            align=actor.align,
            valign="CENTER",
        )
        self.part.objects.unlink(obj)
        return self._turned(actor, obj)

    @draw.register
    def _(self, actor: kinds.Labels) -> bpy.types.Object:
        unit = self.unit(actor) * CELL
        offsets = np.array(actor.offsets) * unit
        mesh = labels(actor.name, actor.texts, offsets, actor.size * unit)
        mesh.materials.append(self.kit.label)
        obj = bpy.data.objects.new(actor.name, mesh)
        obj[names.TEXT] = "\n".join(actor.texts)
        return self._turned(actor, self._flat(obj, actor.tone))

    @draw.register
    def _(self, actor: kinds.Counter) -> bpy.types.Object:
        if actor.name not in self.counting:
            # A number that stays costs no frame anything.
            text = f"{actor.value:.{actor.decimals}f}".replace("-", "−")
            words = kinds.Words(
                name=actor.name, group=actor.group, text=text, size=actor.size, tone=actor.tone
            )
            return self.draw(words)
        size = actor.size * self.unit(actor) * CELL
        obj = counters.create(actor.name, actor.value, actor.decimals, size, self.kit)
        return self._turned(actor, self._flat(obj, actor.tone))

    @draw.register
    def _(self, actor: kinds.Plate) -> bpy.types.Object:
        unit = self.unit(actor) * CELL
        mesh = plate(actor.name, actor.size, actor.soft, actor.strength, unit)
        mesh.materials.append(self.kit.label)
        obj = self._flat(bpy.data.objects.new(actor.name, mesh), PAPER)
        # Viewports in solid mode would draw it as an opaque plate.
        obj.hide_viewport = obj[names.BACKDROP] = True
        return self._turned(actor, obj)

    @draw.register
    def _(self, actor: kinds.Lines) -> bpy.types.Object:
        mesh = bpy.data.meshes.new(actor.name)
        mesh[names.OURS] = True
        vertices, faces = prisms([np.array(path) for path in actor.paths], actor.width)
        mesh.from_pydata((vertices * self.unit(actor) * CELL).tolist(), [], faces.tolist())
        of_arrows = actor.tone < kinds.LABELS
        mesh.materials.append(self.kit.arrow if of_arrows else self.kit.label)
        tone = actor.tone if of_arrows else actor.tone - kinds.LABELS
        obj = self._flat(bpy.data.objects.new(actor.name, mesh), tone)
        return self._turned(actor, obj, upright=False)

    def _flat(self, obj: bpy.types.Object, tone: int) -> bpy.types.Object:
        obj[names.KIND], obj[names.OPACITY], obj[names.HIGHLIGHT] = float(tone), 1.0, 0.0
        obj.id_properties_ui(names.OPACITY).update(min=0.0, max=1.0)
        return obj

    def _turned(
        self, actor: kinds.Actor, obj: bpy.types.Object, *, upright: bool = True
    ) -> bpy.types.Object:
        """Turn words so that they face the viewer of the model, or the camera on which they hang.

        What is drawn in the model's space, not `upright`, is turned the other way.
        """
        hung = actor.group in self.before
        if upright:
            obj.rotation_euler = (0.0, 0.0, 0.0) if hung else FACING_VIEWER
        else:
            obj.rotation_euler = (-FACING_VIEWER[0], 0.0, 0.0) if hung else (0.0, 0.0, 0.0)
        return obj

    def _gain(self, block: str, values: np.ndarray) -> float:
        """The gain of the block's color scale, as it is drawn."""
        bundle, index = self.plan.by_block[block]
        whole = self.standing.blocks.get(bundle.name)
        if whole is None:
            return blocks.gain(self.anatomy.blocks[block], values[np.isfinite(values)])
        if not bundle.single and names.GAINS in whole:
            return float(whole[names.GAINS][index])
        return float(whole[names.GAIN])
