"""The differences between Blender's versions 4.5 LTS and 5.2 LTS.

No other module knows the version: everything else is written once, against the parts of Blender
that both have in common, and each difference is a function here.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from . import names

IS_5 = bpy.app.version >= (5, 0, 0)

EEVEE = "BLENDER_EEVEE" if IS_5 else "BLENDER_EEVEE_NEXT"

# Sockets whose visible name changed: the name in 5.2, which we write, and the one in 4.5.
_NAMES_4 = {"Factor": "Fac"}


def socket_names(name: str) -> tuple[str, ...]:
    """Spellings of a socket's visible name; the first one that a node has is meant."""
    old = _NAMES_4.get(name)
    return (name, old) if old else (name,)


def set_modifier_input(modifier: bpy.types.NodesModifier, name: str, value: object) -> None:
    """Set the input socket called `name` of a geometry nodes modifier.

    Raises
    ------
    KeyError
        If the modifier's group has no such input.
    """
    identifier = _input_of(modifier, name)
    if IS_5:
        getattr(modifier.properties.inputs, identifier).value = value
    else:
        modifier[identifier] = value


def modifier_input(modifier: bpy.types.NodesModifier, name: str) -> object:
    """The value of the input socket called `name`; raises what `set_modifier_input` raises."""
    identifier = _input_of(modifier, name)
    return getattr(modifier.properties.inputs, identifier).value if IS_5 else modifier[identifier]


def modifier_path(modifier: bpy.types.NodesModifier, name: str) -> str:
    """The path from an object to the input socket called `name`, as F-curves have it; raises what
    `set_modifier_input` raises.
    """
    identifier = _input_of(modifier, name)
    inside = f".properties.inputs.{identifier}.value" if IS_5 else f'["{identifier}"]'
    return f'modifiers["{modifier.name}"]{inside}'


def modifier_inputs(modifier: bpy.types.NodesModifier) -> list[str]:
    """Names of the input sockets of a geometry nodes modifier, except its geometry."""
    if modifier.node_group is None:
        return []
    return [
        item.name
        for item in modifier.node_group.interface.items_tree
        if item.item_type == "SOCKET"
        and item.in_out == "INPUT"
        and item.socket_type != "NodeSocketGeometry"
    ]


def _input_of(modifier: bpy.types.NodesModifier, name: str) -> str:
    for item in modifier.node_group.interface.items_tree:
        if item.item_type == "SOCKET" and item.in_out == "INPUT" and item.name == name:
            return item.identifier
    raise KeyError(f"{modifier.node_group.name!r} has no input {name!r}")


def use_nodes(owner: bpy.types.Material | bpy.types.World) -> None:
    """Give a material or world its node tree; on 5.2 it always has one."""
    if not IS_5:
        owner.use_nodes = True


def fcurves(
    owner: bpy.types.ID, action: bpy.types.Action
) -> bpy.types.ActionChannelbagFCurves | None:
    """The F-curves of `owner` in its own action, or in `action`, which it gets if it has none.

    None if its action belongs to another file.
    """
    data = owner.animation_data or owner.animation_data_create()
    if data.action is None:
        data.action = action
        data.action_slot = action.slots.new(owner.id_type, owner.name)
    elif data.action_slot is None:
        data.action_slot = data.action.slots.new(owner.id_type, owner.name)
    mine = data.action
    if mine.library is not None:
        return None
    layer = mine.layers[0] if mine.layers else mine.layers.new("Film")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(data.action_slot, ensure=True).fcurves


def fcurves_of(owner: bpy.types.ID) -> bpy.types.ActionChannelbagFCurves | None:
    """The F-curves of `owner`; None if it has none, or they belong to another file."""
    data = owner.animation_data
    if data is None or data.action is None or data.action_slot is None or data.action.library:
        return None
    for layer in data.action.layers:
        for strip in layer.strips:
            bag = strip.channelbag(data.action_slot)
            if bag is not None:
                return bag.fcurves
    return None


def drop_unused_slots(action: bpy.types.Action, owners: Iterable[bpy.types.ID]) -> None:
    """Remove the slots of an action, and their curves, that animate nothing any more."""
    used = {
        owner.animation_data.action_slot_handle
        for owner in owners
        if owner.animation_data is not None and owner.animation_data.action == action
    }
    for slot in [slot for slot in action.slots if slot.handle not in used]:
        if not slot.users():
            action.slots.remove(slot)


def let_go(owner: bpy.types.ID) -> None:
    """Take its action, and the slot, from an owner that has no curves left in it."""
    data = owner.animation_data
    curves = fcurves_of(owner)
    if data is None or data.action is None or data.action_slot is None or curves:
        return
    action, slot = data.action, data.action_slot
    data.action = None
    if not slot.users():
        action.slots.remove(slot)
    if not data.drivers and not data.nla_tracks:
        owner.animation_data_clear()


def file_settings(kind: str) -> dict[str, object]:
    """Scene settings, by path from the scene, that make renders PNG pictures or one MP4 film, or
    an OpenEXR file of all layers.

    The order matters: 5.2 offers file formats by the medium that is set first.
    """
    image = "render.image_settings"
    # 5.2 has a switch that turns the writing of renders off.
    switch = {"render.save_output": True} if "save_output" in _render_settings() else {}
    plain = {
        f"{image}.color_mode": "RGB",
        f"{image}.color_depth": "8",
        # With other values the file gets other colors than the scene shows, or a preview is
        # written beside it.
        f"{image}.color_management": "FOLLOW_SCENE",
        f"{image}.use_preview": False,
    }
    if kind == "EXR":
        media = {f"{image}.media_type": "MULTI_LAYER_IMAGE"} if IS_5 else {}
        return media | {
            f"{image}.file_format": "OPEN_EXR_MULTILAYER",
            f"{image}.color_depth": "32",
            f"{image}.exr_codec": "ZIP",
        }
    if kind == "PNG":
        media = {f"{image}.media_type": "IMAGE"} if IS_5 else {}
        return media | {f"{image}.file_format": "PNG"} | plain | switch
    media = {f"{image}.media_type": "VIDEO"} if IS_5 else {}
    return (
        media
        | {f"{image}.file_format": "FFMPEG"}
        | plain
        | switch
        | {
            "render.ffmpeg.format": "MPEG4",
            "render.ffmpeg.codec": "H264",
            "render.ffmpeg.constant_rate_factor": "HIGH",
            "render.ffmpeg.use_lossless_output": False,
            "render.ffmpeg.use_autosplit": False,
            "render.ffmpeg.audio_codec": "NONE",
        }
    )


def _render_settings() -> bpy.types.bpy_prop_collection:
    return bpy.types.RenderSettings.bl_rna.properties


def compositor(scene: bpy.types.Scene) -> bpy.types.NodeTree | None:
    """The nodes that compose a scene's pictures; None where there are none."""
    if IS_5:
        return scene.compositing_node_group
    return scene.node_tree if scene.use_nodes else None


def compose(scene: bpy.types.Scene, group: bpy.types.NodeTree) -> None:
    """Have a scene's pictures go through a group with an input and an output for the image."""
    if IS_5:
        tree = bpy.data.node_groups.new(group.name, "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        tree[names.OURS] = True
        scene.compositing_node_group = tree
        last = tree.nodes.new("NodeGroupOutput")
    else:
        scene.use_nodes = True
        tree = scene.node_tree
        tree.nodes.clear()
        last = tree.nodes.new("CompositorNodeComposite")
    source = tree.nodes.new("CompositorNodeRLayers")
    source.scene = scene
    node = tree.nodes.new("CompositorNodeGroup")
    node.node_tree, node.label = group, group.name
    for place, each in enumerate((source, node, last)):
        each.location = (place * 340.0, 0.0)
    tree.links.new(source.outputs["Image"], node.inputs["Image"])
    tree.links.new(node.outputs["Image"], last.inputs["Image"])


def decompose(scene: bpy.types.Scene) -> None:
    """Take all nodes that compose a scene's pictures away."""
    tree = compositor(scene)
    if IS_5:
        scene.compositing_node_group = None
        if tree is not None and not tree.users:
            bpy.data.node_groups.remove(tree)
    elif tree is not None:
        tree.nodes.clear()
        scene.use_nodes = False


def set_glare(node: bpy.types.Node, kind: str) -> None:
    """Set the kind of a glare node, by its label."""
    if IS_5:
        node.inputs["Type"].default_value = kind
    else:
        node.glare_type = kind.upper().replace(" ", "_")
