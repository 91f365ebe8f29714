"""Node trees built from Python that reads like the formulas they compute.

A `Graph` wraps one node tree, geometry or shader. Nodes are made with `Graph.node`, whose keywords
are first properties of the node, then input sockets by their visible name in snake case; arithmetic
on the `Socket` values that come back makes math nodes. An unknown name raises with the names that
exist. Nodes are laid out by depth when the graph is finished, since people open these trees to
learn from them.

    with Graph.geometry("LLM Cells") as g:
        cells = g.input("NodeSocketGeometry", "Cells")
        value = g.attribute("value")
        ...
        g.output("NodeSocketGeometry", "Cells", cubes)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy

from .. import compat, names
from ..version import VERSION

# Properties that every node has (name, color, width, ...); sockets of that name come first.
_OF_EVERY_NODE = frozenset(bpy.types.Node.bl_rna.properties.keys())


class Socket:
    """An output socket with arithmetic: `a * b` adds a math node to the tree."""

    def __init__(self, graph: Graph, socket: bpy.types.NodeSocket):
        self.graph = graph
        self.socket = socket

    def __add__(self, other: Any) -> Socket:
        return self.graph.math("ADD", self, other)

    def __sub__(self, other: Any) -> Socket:
        return self.graph.math("SUBTRACT", self, other)

    def __rsub__(self, other: Any) -> Socket:
        return self.graph.math("SUBTRACT", other, self)

    def __mul__(self, other: Any) -> Socket:
        return self.graph.math("MULTIPLY", self, other)

    def __truediv__(self, other: Any) -> Socket:
        return self.graph.math("DIVIDE", self, other)

    def __pow__(self, other: Any) -> Socket:
        return self.graph.math("POWER", self, other)

    def __abs__(self) -> Socket:
        return self.graph.math("ABSOLUTE", self)

    def __gt__(self, other: Any) -> Socket:
        return self.graph.math("GREATER_THAN", self, other)

    def __lt__(self, other: Any) -> Socket:
        return self.graph.math("LESS_THAN", self, other)

    __radd__, __rmul__ = __add__, __mul__


def _label(keyword: str) -> str:
    return " ".join(word.capitalize() for word in keyword.split("_"))


def _find(sockets: Iterable[bpy.types.NodeSocket], keyword: str, node: bpy.types.Node):
    usable = [s for s in sockets if s.enabled and not s.is_unavailable]
    for name in compat.socket_names(_label(keyword)):
        for socket in usable:
            if socket.name.lower() == name.lower():
                return socket
    real = ", ".join(s.name for s in usable)
    raise KeyError(f"{node.bl_idname} has no {keyword!r}; it has: {real}")


class Graph:
    """One node tree under construction; a context manager that lays the nodes out at the end."""

    def __init__(self, tree: bpy.types.NodeTree):
        self.tree = tree
        self._entry: bpy.types.Node | None = None
        self._frame: bpy.types.Node | None = None

    @classmethod
    def group(cls, name: str, kind: str) -> Graph:
        """A new node group; `kind` is "GeometryNodeTree" or "ShaderNodeTree"."""
        tree = bpy.data.node_groups.new(name, kind)
        tree[names.VERSION] = VERSION
        tree[names.OURS] = True
        return cls(tree)

    @classmethod
    def material(cls, material: bpy.types.Material) -> Graph:
        """The tree of `material`, emptied first; for materials that we have just made."""
        compat.use_nodes(material)
        material.node_tree.nodes.clear()
        return cls(material.node_tree)

    def __enter__(self) -> Graph:
        return self

    def __exit__(self, kind: Any, value: Any, traceback: Any) -> None:
        if kind is None:
            arrange(self.tree)

    def input(self, socket_type: str, name: str, default: Any = None, description: str = ""):
        """Add an input to the group's interface; returns its `Socket`."""
        item = self.tree.interface.new_socket(
            name, description=description, in_out="INPUT", socket_type=socket_type
        )
        if default is not None:
            item.default_value = default
        if self._entry is None:
            self._entry = self.tree.nodes.new("NodeGroupInput")
        return Socket(self, next(s for s in self._entry.outputs if s.identifier == item.identifier))

    def output(self, socket_type: str, name: str, value: Socket, description: str = "") -> None:
        """Add an output to the group's interface and feed it with `value`."""
        item = self.tree.interface.new_socket(
            name, description=description, in_out="OUTPUT", socket_type=socket_type
        )
        leave = next((n for n in self.tree.nodes if n.bl_idname == "NodeGroupOutput"), None)
        leave = leave or self.tree.nodes.new("NodeGroupOutput")
        target = next(s for s in leave.inputs if s.identifier == item.identifier)
        self.tree.links.new(value.socket, target)

    def node(self, kind: str, out: str | int = 0, title: str = "", **inputs: Any) -> Socket:
        """Add a node; returns its output `out`, a visible name or an index among the usable ones.

        Raises
        ------
        KeyError
            For a keyword that is neither a property nor a usable input socket of the node.
        """
        node = self.tree.nodes.new(kind)
        node.label = title
        node.parent = self._frame
        sockets = {}
        for keyword, value in inputs.items():
            if keyword in node.bl_rna.properties and keyword not in _OF_EVERY_NODE:
                setattr(node, keyword, value)
            else:
                sockets[keyword] = value
        for keyword, value in sockets.items():
            self._feed(_find(node.inputs, keyword, node), value)
        return self._out(node, out)

    def outputs(self, socket: Socket, out: str) -> Socket:
        """Another output of the node that `socket` belongs to."""
        return self._out(socket.socket.node, out)

    def math(self, operation: str, *operands: Any, clamp: bool = False) -> Socket:
        """A scalar math node on sockets or numbers."""
        node = self.tree.nodes.new("ShaderNodeMath")
        node.parent = self._frame
        # After each property that is set, and each link, Blender goes through the whole tree, so
        # none is set that is so already, and numbers are set at once, which it does not notice.
        if node.operation != operation:
            node.operation = operation
        if clamp:
            node.use_clamp = True
        numbers = [socket.default_value for socket in node.inputs]
        for place, value in enumerate(operands):
            numbers[place] = numbers[place] if isinstance(value, Socket) else value
        node.inputs.foreach_set("default_value", numbers)
        for socket, value in zip(node.inputs, operands, strict=False):
            if isinstance(value, Socket):
                self._feed(socket, value)
        return self._out(node, 0)

    def vectors(self, operation: str, one: Any, other: Any, out: str | int = 0) -> Socket:
        """A vector math node on two vectors, each a socket or three numbers."""
        made = self.node("ShaderNodeVectorMath", out=out, operation=operation, vector=one)
        # Both inputs of the node are called Vector.
        self._feed(made.socket.node.inputs[1], other)
        return made

    def mix(self, factor: Any, a: Any, b: Any, data_type: str = "RGBA", **options: Any) -> Socket:
        """`a` where `factor` is 0, `b` where it is 1."""
        return self.node("ShaderNodeMix", data_type=data_type, factor=factor, a=a, b=b, **options)

    def smoothstep(self, value: Any, low: float, high: float) -> Socket:
        """0 below `low`, 1 above `high`, smooth in between."""
        return self.node(
            "ShaderNodeMapRange",
            interpolation_type="SMOOTHSTEP",
            value=value,
            from_min=low,
            from_max=high,
        )

    def call(self, group: bpy.types.NodeTree, **inputs: Any) -> Socket:
        """An instance of another node group; `outputs` gives those after the first."""
        geometry = self.tree.bl_idname == "GeometryNodeTree"
        kind = "GeometryNodeGroup" if geometry else "ShaderNodeGroup"
        node = self.tree.nodes.new(kind)
        node.node_tree = group
        node.parent = self._frame
        node.label = group.name
        for keyword, value in inputs.items():
            self._feed(_find(node.inputs, keyword, node), value)
        return self._out(node, 0)

    def frame(self, label: str) -> None:
        """Put the nodes that follow into a frame with this label; "" ends it."""
        self._frame = None
        if label:
            self._frame = self.tree.nodes.new("NodeFrame")
            self._frame.label = label

    def _out(self, node: bpy.types.Node, out: str | int) -> Socket:
        if isinstance(out, str):
            return Socket(self, _find(node.outputs, out, node))
        return Socket(self, [s for s in node.outputs if s.enabled and not s.is_unavailable][out])

    def _feed(self, socket: bpy.types.NodeSocket, value: Any) -> None:
        if isinstance(value, Socket):
            self.tree.links.new(value.socket, socket)
        else:
            socket.default_value = value


def arrange(tree: bpy.types.NodeTree, step: tuple[int, int] = (220, 210)) -> None:
    """Place nodes in columns by their distance from the tree's inputs, each frame in a band.

    Bands stand one below the other in the order in which the frames were made, so a tree reads
    like the code that built it: paragraphs downward, steps to the right.
    """
    depth, places = _depths(tree), {}
    bands: dict[bpy.types.Node | None, list[bpy.types.Node]] = {None: []}
    for node in tree.nodes:
        if node.bl_idname == "NodeFrame":
            bands.setdefault(node, [])
        else:
            bands.setdefault(node.parent, []).append(node)
    top = 0
    for nodes in bands.values():
        filled: dict[int, int] = {}
        for node in nodes:
            column = depth[node]
            row = filled.get(column, 0)
            filled[column] = row + 1
            places[node] = (column * step[0], top - row * step[1])
            node.select = False
        top -= max(filled.values(), default=0) * step[1] + 80
    # All at once, since Blender goes through the whole tree for each that is set by itself.
    tree.nodes.foreach_set(
        "location", [at for node in tree.nodes for at in places.get(node, (0, 0))]
    )


def _depths(tree: bpy.types.NodeTree) -> dict[bpy.types.Node, int]:
    """The number of links on the longest way from an input to each node."""
    feeds: dict[bpy.types.Node, list[bpy.types.Node]] = {}
    for link in tree.links:
        feeds.setdefault(link.to_node, []).append(link.from_node)
    depth: dict[bpy.types.Node, int] = {}

    def measure(node: bpy.types.Node) -> int:
        if node not in depth:
            depth[node] = 1 + max((measure(n) for n in feeds.get(node, ())), default=-1)
        return depth[node]

    for node in tree.nodes:
        measure(node)
    return depth
