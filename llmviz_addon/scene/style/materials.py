"""The materials of cells, slabs, labels, arrows and tiles, and the values that looks set there."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ...detail.levels import STEPS, ZERO
from .. import names
from .groups.cell_color import body as body_colors
from .groups.cell_color import from_instance, look_color, look_value
from .looks import Look, Palette
from .nodes import Graph, Socket


def _new(name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material[names.OURS] = True
    # Dithered transparency needs no sorting, so cells that fade and shells that are not there yet
    # draw correctly.
    material.surface_render_method = "DITHERED"
    light_nothing(material)
    return material


def light_nothing(material: bpy.types.Material) -> None:
    """Have what glows in a material be seen without being a lamp to other things.

    Cycles would look for light in each of its faces, and with a hundred thousand cells that was
    half the time of a frame.
    """
    # Cycles is an add-on, and can be switched off.
    if hasattr(material, "cycles"):
        material.cycles.emission_sampling = "NONE"


def _finish(g: Graph, surface: Socket) -> None:
    out = g.tree.nodes.new("ShaderNodeOutputMaterial")
    g.tree.links.new(surface.socket, out.inputs["Surface"])


def cell(group: bpy.types.ShaderNodeTree) -> bpy.types.Material:
    """The one material of all cubes."""
    material = _new(names.MATERIAL_CELL)
    with Graph.material(material) as g:
        traits = from_instance(g, names.TRAITS, out="Vector")
        gain = g.node("ShaderNodeSeparateXYZ", out="Z", vector=traits)
        scaled = from_instance(g, names.VALUE) * gain
        column = abs(from_instance(g, names.COLUMN) - from_instance(g, names.FOCUS_COLUMN))
        color = g.call(
            group,
            number=g.node("ShaderNodeClamp", value=scaled, min=-1.0, max=1.0),
            lead=from_instance(g, names.PROGRESS) + 1e-5 - from_instance(g, names.ORDER),
            in_focus=column < 0.5,
            position=g.node(
                "ShaderNodeAttribute",
                out="Vector",
                attribute_type="GEOMETRY",
                attribute_name=names.CELL_CO,
            ),
            traits=traits,
        )
        _finish(g, _surface(g, color, color))
    return material


def body() -> bpy.types.Material:
    """The material of the bodies that fill the gaps between cubes."""
    material = _new(names.MATERIAL_BODY)
    with Graph.material(material) as g:
        traits = from_instance(g, names.TRAITS, out="Vector")
        kind = g.node("ShaderNodeSeparateXYZ", out="X", vector=traits)
        color, hue, glow = body_colors(g, kind)
        light = _add(
            g,
            g.node("ShaderNodeBsdfDiffuse", color=color),
            g.node("ShaderNodeEmission", color=hue, strength=glow),
        )
        clear = g.node("ShaderNodeBsdfTransparent")
        _finish(g, _mix(g, from_instance(g, names.OPACITY), clear, light))
    return material


def _add(g: Graph, one: Socket, other: Socket) -> Socket:
    both = g.tree.nodes.new("ShaderNodeAddShader")
    for socket, value in zip(both.inputs, (one, other), strict=True):
        g.tree.links.new(value.socket, socket)
    return Socket(g, both.outputs[0])


def _mix(g: Graph, factor: Socket, one: Socket, other: Socket) -> Socket:
    """A mix of shaders: `one` where `factor` is 0, `other` where it is 1.

    Cycles computes only the one that is seen.
    """
    mixed = g.tree.nodes.new("ShaderNodeMixShader")
    for socket, value in zip(mixed.inputs, (factor, one, other), strict=True):
        g.tree.links.new(value.socket, socket)
    return Socket(g, mixed.outputs[0])


def bars(group: bpy.types.ShaderNodeTree) -> bpy.types.Material:
    """The material of bars, whose levels in each of their states are attributes of their mesh."""
    material = _new(names.MATERIAL_BARS)
    with Graph.material(material) as g:

        def of_mesh(name: str, out: str = "Factor") -> Socket:
            return g.node(
                "ShaderNodeAttribute", out=out, attribute_type="GEOMETRY", attribute_name=name
            )

        traits = from_instance(g, names.TRAITS, out="Vector")
        step = from_instance(g, names.STEP)
        levels = []
        for index, name in enumerate(names.LEVELS):
            three = of_mesh(name, out="Vector")
            for place, axis in enumerate("XYZ"):
                level = g.node("ShaderNodeSeparateXYZ", out=axis, vector=three)
                # All of it in its own state, nothing of it in the next.
                near = g.node("ShaderNodeClamp", value=1.0 - abs(step - (3.0 * index + place)))
                levels.append(near * level)
        color = g.call(
            group,
            number=sum(levels[1:], levels[0]),
            lead=1.0,
            in_focus=0.0,
            position=of_mesh(names.CELL_CO, out="Vector"),
            traits=traits,
        )
        _finish(g, _surface(g, color, color))
    return material


def slab(
    color_group: bpy.types.ShaderNodeTree,
    cells_group: bpy.types.ShaderNodeTree,
    page: Page | None = None,
) -> bpy.types.Material:
    """The material of the slabs of one page, or of shapes, which have no numbers."""
    material = _new(names.MATERIAL_SLAB)
    with Graph.material(material) as g:
        place = g.call(
            cells_group,
            page_height=float(page.height) if page else 1.0,
            pixel=look_value(g, PIXEL),
            prompt=float(page.n_prompt) if page else 1.0,
            tokens=float(page.n_tokens) if page else 1.0,
        )
        place.socket.node.name = names.GROUP_SLAB_CELLS
        common = {
            "lead": g.outputs(place, "Lead"),
            "in_focus": g.outputs(place, "In Focus"),
            "traits": from_instance(g, names.TRAITS, out="Vector"),
            "shape": g.outputs(place, "Shape"),
            "flat": 1.0,
        }
        one: dict[str, Socket] = {}
        many: dict[str, Socket] = {}
        if page is not None:
            level = _texture(g, page.values, VALUES, place) * 255.0
            one["number"] = (level - float(ZERO)) / float(STEPS)
            many["patch"] = _texture(g, page.patches, PATCHES, place)
            many["frame_light"] = g.outputs(many["patch"], "Alpha")
        strength = look_value(g, "line")
        line = g.outputs(place, "Line") * strength
        far = g.call(color_group, far=1.0, **many, **common)
        if page is None:
            between = g.outputs(place, "Cell Line") * strength
            _finish(g, _shape(g, far, place, g.math("MAXIMUM", line, between)))
            return material
        position, gap = g.outputs(place, "Position"), g.outputs(place, "Gap")
        near = g.call(color_group, position=position, gap=gap, **one, **common)
        near = _surface(g, near, _ruled(g, near, line), line, g.outputs(place, "Normal"))
        # What is seen in a mirror is never sharp.
        straight = g.node("ShaderNodeLightPath", out="Is Camera Ray")
        blurred = g.math("MAXIMUM", g.outputs(place, "Far"), g.math("SUBTRACT", 1.0, straight))
        # Blocks that are small in the picture are told apart by a line of light around each.
        rim = g.outputs(place, "Rim") * look_value(g, "rim") * g.outputs(far, "Alpha")
        shown = _mix(g, blurred, near, _far_surface(g, far, line))
        edge = g.node("ShaderNodeEmission", color=g.outputs(far, "Glow Color"), strength=rim)
        _finish(g, _add(g, shown, edge))
    return material


@dataclass(frozen=True)
class Page:
    """The page of a material: its images, its height in lines, and the tokens of the run."""

    values: bpy.types.Image
    patches: bpy.types.Image
    height: int
    n_prompt: int
    n_tokens: int


# Name of the node with the width of a pixel at one cell's distance, in cells.
PIXEL = "pixel"


# Names of the nodes with a page's images.
PAGE_IMAGES = VALUES, PATCHES = "values", "patches"


def _texture(g: Graph, image: bpy.types.Image, name: str, place: Socket) -> Socket:
    color = g.node("ShaderNodeTexImage", image=image, interpolation="Closest", vector=place)
    color.socket.node.name = color.socket.node.label = name
    return color


def _ruled(g: Graph, color: Socket, line: Socket) -> Socket:
    """A color with grid lines drawn over it."""
    return g.mix(line, color, look_color(g, "grid"))


def _shape(g: Graph, color: Socket, place: Socket, line: Socket) -> Socket:
    """The surface of a block without numbers: a ruled pane, outlined, brighter toward its top.

    Nothing on it could be taken for a number: its cells are alike, and its lines are even.
    """
    edge, fall = g.outputs(place, "Edge"), g.outputs(place, "Fall")
    hue = g.outputs(color, "Glow Color")
    pane = g.mix(fall * 0.45, color, look_color(g, "gap"))
    ruled = g.mix(line * 0.7, pane, look_color(g, "grid"))
    light = g.math("SUBTRACT", 1.0, fall * 0.6) * g.outputs(color, "Glow")
    light = light + edge * look_value(g, "shape edge")
    shown = _add(
        g,
        g.node("ShaderNodeBsdfDiffuse", color=g.mix(edge, ruled, hue)),
        g.node("ShaderNodeEmission", color=hue, strength=light),
    )
    clear = g.node("ShaderNodeBsdfTransparent")
    return _mix(g, g.outputs(color, "Alpha"), clear, shown)


def _far_surface(g: Graph, color: Socket, line: Socket) -> Socket:
    """The surface of many cells, of which no bevel or gloss can be told any more."""
    glow = g.outputs(color, "Glow") * g.math("SUBTRACT", 1.0, line)
    light = _add(
        g,
        g.node("ShaderNodeBsdfDiffuse", color=_ruled(g, color, line)),
        g.node("ShaderNodeEmission", color=g.outputs(color, "Glow Color"), strength=glow),
    )
    clear = g.node("ShaderNodeBsdfTransparent")
    return _mix(g, g.outputs(color, "Alpha"), clear, light)


def _surface(
    g: Graph,
    color: Socket,
    base: Socket,
    line: Socket | None = None,
    normal: Socket | None = None,
) -> Socket:
    gloss = g.outputs(color, "Gloss")
    glow = g.outputs(color, "Glow")
    bent = {} if normal is None else {"normal": normal, "coat_normal": normal}
    return g.node(
        "ShaderNodeBsdfPrincipled",
        out="BSDF",
        base_color=base,
        roughness=look_value(g, "roughness"),
        specular_ior_level=gloss * 0.5,
        coat_weight=gloss * look_value(g, "coat"),
        coat_roughness=0.25,
        emission_color=g.outputs(color, "Glow Color"),
        emission_strength=glow if line is None else glow * g.math("SUBTRACT", 1.0, line),
        alpha=g.outputs(color, "Alpha"),
        **bent,
    )


# Cells from one bead of light on an arrow to the next, half the length of one, and the number of
# beads that pass while its block is computed.
BEADS, BEAD, PASSING = 9.0, 1.6, 30.0


def _beads(g: Graph, progress: Socket) -> tuple[Socket, Socket]:
    """Masks of a ribbon: 1 in the middle of a bead of light, and 1 along its middle line."""
    g.frame("Light that runs along")
    along = g.node(
        "ShaderNodeAttribute", out="Vector", attribute_type="GEOMETRY", attribute_name=names.FLOW
    )
    along = g.node("ShaderNodeSeparateXYZ", out="X", vector=along)
    across = g.outputs(along, "Y")
    place = along / BEADS - progress * PASSING
    away = abs(g.math("FRACT", place) - 0.5) * (BEADS / BEAD)
    round_ = g.math("SUBTRACT", 1.0, across * across)
    g.frame("")
    return g.math("SUBTRACT", 1.0, away * away, clamp=True) * round_, round_


def flat(name: str, colors: tuple[str, ...], flowing: bool = False) -> bpy.types.Material:
    """A material without shading: the object's kind chooses the color, its opacity applies.

    With `flowing`, light runs along it, and mirrors show it.

    `colors` are the look's names for the kinds, counted from 0. Text, arrows and tiles use it,
    since they have to be legible in any light.
    """
    material = _new(name)
    with Graph.material(material) as g:

        def own(prop: str) -> Socket:
            # Where a title is instanced, this reads the property of the object that instances it.
            return from_instance(g, prop)

        def of_mesh(name: str) -> Socket:
            return g.node(
                "ShaderNodeAttribute",
                out="Factor",
                attribute_type="GEOMETRY",
                attribute_name=name,
            )

        kind = own(names.KIND) + of_mesh(names.TONE)
        color = look_color(g, colors[0])
        for index, key in enumerate(colors[1:], start=1):
            color = g.mix(kind > index - 0.5, color, look_color(g, key))
        highlight = own(names.HIGHLIGHT)
        lit = look_value(g, "strength") * (highlight + 1.0)
        if flowing:
            bead, middle = _beads(g, own(names.PROGRESS))
            lit = lit * (middle * 0.35 + 0.75 + bead * highlight * 3.0)
            color = g.mix(bead * highlight * 0.6, color, (1.0, 1.0, 1.0, 1.0))
        light = g.node("ShaderNodeEmission", color=color, strength=lit)
        # Text must not light the cubes beside it.
        seen = g.node("ShaderNodeLightPath", out="Is Camera Ray")
        if flowing:
            seen = seen + g.outputs(seen, "Is Glossy Ray")
        shade = g.math("SUBTRACT", 1.0, of_mesh(names.CLEAR))
        alpha = own(names.OPACITY) * look_value(g, "opacity") * seen * shade
        clear = g.node("ShaderNodeBsdfTransparent")
        _finish(g, _mix(g, alpha, clear, light))
    return material


def turn_page(shown: bpy.types.Material, drawn: bpy.types.Material) -> None:
    """Have the material of a page show the page of another one; everything else of it stays."""
    for name in PAGE_IMAGES:
        image = _node(drawn, name).image
        _node(shown, name).image = image
    groups = [_node(material, names.GROUP_SLAB_CELLS) for material in (shown, drawn)]
    for socket, wanted in zip(*(group.inputs for group in groups), strict=True):
        if not socket.is_linked and hasattr(socket, "default_value"):
            socket.default_value = wanted.default_value


def is_page(material: bpy.types.Material) -> bool:
    """True if a material is a page's and still has the nodes that show it."""
    nodes = material.node_tree.nodes if material.node_tree else {}
    wanted = (*PAGE_IMAGES, names.GROUP_SLAB_CELLS)
    return names.PAGE in material and all(name in nodes for name in wanted)


def _node(material: bpy.types.Material, name: str) -> bpy.types.Node:
    return material.node_tree.nodes[name]


def set_values(tree: bpy.types.NodeTree, values: dict[str, object]) -> None:
    """Set the look's nodes of `tree`, by name; names that it does not have are passed over."""
    for key, value in values.items():
        node = tree.nodes.get(key)
        if node is not None:
            node.outputs[0].default_value = value


def values_of(tree: bpy.types.NodeTree) -> dict[str, object]:
    """The values of the nodes of `tree` that looks set, by name."""
    return {
        node.name: value if isinstance(value, float) else tuple(value)
        for node in tree.nodes
        if node.bl_idname in ("ShaderNodeRGB", "ShaderNodeValue")
        for value in (node.outputs[0].default_value,)
    }


def cell_values(look: Look, palette: Palette) -> dict[str, object]:
    """The values that a look sets for cells and slabs, by node name."""
    values: dict[str, object] = {
        key.replace("_", " "): float(value) for key, value in {**look.cell, **look.slab}.items()
    }
    values |= {"zero": palette.zero, "hollow": palette.hollow, "empty": palette.empty}
    values |= {"gap": look.gap, "grid": look.grid}
    for index, kind in enumerate(names.KINDS):
        values[f"positive {kind}"] = palette.positive[index]
        values[f"negative {kind}"] = palette.negative[index]
    return values
