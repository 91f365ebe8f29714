"""The materials, one each for cells, labels, arrows and tiles, and how a look sets their values."""

from __future__ import annotations

import bpy

from . import names
from .groups.cell_color import look_color, look_value
from .looks import Look, Palette
from .nodes import Graph, Socket


def _new(name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material[names.OURS] = True
    # Dithered needs no sorting, so cells that dissolve and shells that are absent draw correctly.
    material.surface_render_method = "DITHERED"
    return material


def _finish(g: Graph, surface: Socket) -> None:
    out = g.tree.nodes.new("ShaderNodeOutputMaterial")
    g.tree.links.new(surface.socket, out.inputs["Surface"])


def cell(group: bpy.types.ShaderNodeTree) -> bpy.types.Material:
    """The one material of every block."""
    material = _new(names.MATERIAL_CELL)
    with Graph.material(material) as g:
        color = g.call(group)
        gloss = g.outputs(color, "Gloss")
        surface = g.node(
            "ShaderNodeBsdfPrincipled",
            out="BSDF",
            base_color=color,
            roughness=look_value(g, "roughness"),
            specular_ior_level=gloss * 0.5,
            coat_weight=gloss * look_value(g, "coat"),
            coat_roughness=0.25,
            emission_color=g.outputs(color, "Glow Color"),
            emission_strength=g.outputs(color, "Glow"),
            alpha=g.outputs(color, "Alpha"),
        )
        _finish(g, surface)
    return material


def flat(name: str, colors: tuple[str, ...]) -> bpy.types.Material:
    """A material without shading: the colour that the object asks for, at its own opacity.

    `colors` are the look's names for what the object's `kind` property counts from 0. It is used
    for what has to be read or followed: text, arrows, tiles.
    """
    material = _new(name)
    with Graph.material(material) as g:

        def own(prop: str) -> Socket:
            return g.node(
                "ShaderNodeAttribute",
                out="Factor",
                title=prop,
                attribute_type="OBJECT",
                attribute_name=prop,
            )

        kind = own(names.KIND)
        color = look_color(g, colors[0])
        for index, key in enumerate(colors[1:], start=1):
            color = g.mix(kind > index - 0.5, color, look_color(g, key))
        lit = look_value(g, "strength") * (own(names.HIGHLIGHT) + 1.0)
        light = g.node("ShaderNodeEmission", color=color, strength=lit)
        # Only the camera sees it: text must not light the cubes beside it.
        seen = g.node("ShaderNodeLightPath", out="Is Camera Ray")
        clear_here = g.node(
            "ShaderNodeAttribute",
            out="Factor",
            attribute_type="GEOMETRY",
            attribute_name=names.CLEAR,
        )
        shade = g.math("SUBTRACT", 1.0, clear_here)
        alpha = own(names.OPACITY) * look_value(g, "opacity") * seen * shade
        clear = g.node("ShaderNodeBsdfTransparent")
        mix = g.tree.nodes.new("ShaderNodeMixShader")
        for socket, value in zip(mix.inputs, (alpha, clear, light), strict=True):
            g.tree.links.new(value.socket, socket)
        _finish(g, Socket(g, mix.outputs[0]))
    return material


def set_values(tree: bpy.types.NodeTree, values: dict[str, object]) -> None:
    """Set the look's nodes of `tree`, addressed by node name; names it has not are passed over."""
    for key, value in values.items():
        node = tree.nodes.get(key)
        if node is not None:
            node.outputs[0].default_value = value


def cell_values(look: Look, palette: Palette) -> dict[str, object]:
    """What a look says about cells, by node name."""
    values: dict[str, object] = {
        key.replace("_", " "): float(value) for key, value in look.cell.items()
    }
    values |= {"zero": palette.zero, "hollow": palette.hollow, "empty": palette.empty}
    for index, kind in enumerate(names.KINDS):
        values[f"positive {kind}"] = palette.positive[index]
        values[f"negative {kind}"] = palette.negative[index]
    return values
