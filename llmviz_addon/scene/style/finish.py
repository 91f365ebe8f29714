"""The finish of a picture: bloom, by the compositor, in the file itself.

The node group is the same in both Blenders; `compat` hangs it into the scene. A scene that composes
its pictures by itself keeps its own nodes. Mute the group's node to switch it off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import bpy

from .. import compat, names
from .looks import Look
from .nodes import Graph


def _group() -> bpy.types.NodeTree:
    with Graph.group(names.GROUP_PICTURE, "CompositorNodeTree") as g:
        image = g.input("NodeSocketColor", "Image", description="The picture as it is rendered.")
        bloom = g.node("CompositorNodeGlare", image=image)
        bloom.socket.node.name = "bloom"
        compat.set_glare(bloom.socket.node, "Bloom")
        g.output("NodeSocketColor", "Image", bloom)
    return g.tree


def node_of(scene: bpy.types.Scene) -> bpy.types.Node | None:
    """Our node in the scene's compositor; None where there is none."""
    tree = compat.compositor(scene)
    for node in tree.nodes if tree is not None else ():
        group = getattr(node, "node_tree", None)
        if group is not None and group.get(names.ROLE) == names.GROUP_PICTURE:
            return node
    return None


def apply(scene: bpy.types.Scene, look: Look) -> None:
    """Finish the pictures of a scene as a look says, unless it composes them by itself."""
    node = node_of(scene)
    if node is None:
        if compat.compositor(scene) is not None or not look.bloom:
            return
        group = _group()
        group[names.OURS], group[names.ROLE] = True, names.GROUP_PICTURE
        compat.compose(scene, group)
        node = node_of(scene)
    node.mute = not look.bloom
    for name in ("threshold", "strength", "size"):
        socket = node.node_tree.nodes["bloom"].inputs[name.capitalize()]
        socket.default_value = float(look.bloom.get(name, 0.0))


def remove(scene: bpy.types.Scene) -> None:
    """Take our nodes out of a scene's compositor."""
    node = node_of(scene)
    if node is not None:
        group = node.node_tree
        compat.decompose(scene)
        if not group.users:
            bpy.data.node_groups.remove(group)


def is_on(scene: bpy.types.Scene) -> bool:
    """True if the scene's pictures are finished."""
    node = node_of(scene)
    return node is not None and not node.mute


def switch(scene: bpy.types.Scene, on: bool) -> None:
    """Switch the finish of a scene's pictures on or off; nothing where its look has none."""
    node = node_of(scene)
    if node is not None:
        node.mute = not on


@contextmanager
def of_layer(scene: bpy.types.Scene, layer: str) -> Iterator[None]:
    """Have the picture of one view layer finished."""
    node = node_of(scene)
    sources = [
        source
        for source in (compat.compositor(scene).nodes if node is not None else ())
        if source.bl_idname == "CompositorNodeRLayers"
    ]
    before = [source.layer for source in sources]
    try:
        for source in sources:
            source.layer = layer
        yield
    finally:
        for source, name in zip(sources, before, strict=True):
            source.layer = name
