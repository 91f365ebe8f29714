"""Node trees and attributes: mistakes raise errors, and trees are built whole."""

from __future__ import annotations

import bpy
import numpy as np
import pytest

from llmviz_addon.scene import compat
from llmviz_addon.scene.attributes import read_attribute, write_attribute
from llmviz_addon.scene.style import kit
from llmviz_addon.scene.style.nodes import Graph

from . import helpers


def _mesh(count: int) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new("Mesh")
    mesh.vertices.add(count)
    return mesh


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("FLOAT", (5,)), ("INT", (5,)), ("FLOAT_VECTOR", (5, 3)), ("FLOAT_COLOR", (5, 4))],
)
def test_what_is_written_is_read(kind, shape):
    mesh = _mesh(5)
    values = np.arange(np.prod(shape)).reshape(shape)
    write_attribute(mesh, "a", values, kind)
    np.testing.assert_array_equal(read_attribute(mesh, "a"), values)
    write_attribute(mesh, "a", values + 1, kind)
    np.testing.assert_array_equal(read_attribute(mesh, "a"), values + 1)
    assert len([a for a in mesh.attributes if a.name == "a"]) == 1


def test_any_layout_and_dtype_can_be_written():
    mesh = _mesh(6)
    grid = np.arange(12, dtype=np.float64).reshape(6, 2)[:, 1]
    write_attribute(mesh, "a", grid, "FLOAT")
    np.testing.assert_array_equal(read_attribute(mesh, "a"), grid)


def test_a_wrong_number_of_values_is_an_error_that_says_how_many():
    mesh = _mesh(5)
    with pytest.raises(ValueError, match="5 values"):
        write_attribute(mesh, "a", np.zeros(4), "FLOAT")
    with pytest.raises(ValueError, match="5 values of 3"):
        write_attribute(mesh, "b", np.zeros((5, 2)), "FLOAT_VECTOR")


def test_a_name_that_blender_refuses_is_an_error():
    with pytest.raises((ValueError, RuntimeError)):
        write_attribute(_mesh(5), "", np.zeros(5), "FLOAT")


def test_an_attribute_of_another_type_is_not_written_into_silently():
    mesh = _mesh(5)
    write_attribute(mesh, "a", np.arange(5), "INT")
    with pytest.raises((ValueError, TypeError)):
        write_attribute(mesh, "a", np.full(5, 0.5), "FLOAT")


def test_an_unknown_socket_names_the_real_ones():
    with (
        pytest.raises(KeyError, match="Position"),
        Graph.group("Test", "GeometryNodeTree") as g,
    ):
        g.node("GeometryNodeSetPosition", places=1)


def test_an_unknown_output_names_the_real_ones():
    g = Graph.group("Test", "ShaderNodeTree")
    with pytest.raises(KeyError, match="Color"):
        g.node("ShaderNodeAttribute", out="Fact")


def test_an_unknown_modifier_input_is_an_error():
    obj = bpy.data.objects.new("Thing", _mesh(1))
    modifier = obj.modifiers.new("M", "NODES")
    g = Graph.group("Test", "GeometryNodeTree")
    g.input("NodeSocketFloat", "Size", 1.0)
    modifier.node_group = g.tree
    compat.set_modifier_input(modifier, "Size", 2.5)
    with pytest.raises(KeyError, match="Sice"):
        compat.set_modifier_input(modifier, "Sice", 2.5)


def test_arithmetic_on_sockets_computes():
    obj = bpy.data.objects.new("Thing", _mesh(4))
    bpy.context.scene.collection.objects.link(obj)
    write_attribute(obj.data, "x", np.array([-2.0, -0.5, 1.0, 3.0]), "FLOAT")
    with Graph.group("Test", "GeometryNodeTree") as g:
        points = g.input("NodeSocketGeometry", "Points")
        x = g.node("GeometryNodeInputNamedAttribute", out="Attribute", name="x")
        y = (2 * abs(x) + 1) / 2 - (1 - x) * (x > 0) + (x < 0) * abs(x) ** 2
        stored = g.node("GeometryNodeStoreNamedAttribute", geometry=points, name="y", value=y)
        g.output("NodeSocketGeometry", "Points", stored)
    obj.modifiers.new("M", "NODES").node_group = g.tree
    done = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    x = np.array([-2.0, -0.5, 1.0, 3.0])
    expected = (2 * abs(x) + 1) / 2 - (1 - x) * (x > 0) + (x < 0) * abs(x) ** 2
    np.testing.assert_allclose(helpers.read(done, "y"), expected, 1e-5)


def _kit() -> kit.Kit:
    """A kit with all its parts, of a root that is in no scene."""
    root = bpy.data.collections.get("Root") or bpy.data.collections.new("Root")
    made = kit.Kit([root])
    for part in [name for name, value in vars(kit.Kit).items() if isinstance(value, property)]:
        getattr(made, part)
    return made


def _trees() -> list[bpy.types.NodeTree]:
    _kit()
    trees = [t for t in bpy.data.node_groups if t.get("llmviz")]
    return trees + [m.node_tree for m in bpy.data.materials if m.get("llmviz")]


def test_every_tree_is_whole():
    trees = _trees()
    assert len(trees) >= 6
    for tree in trees:
        assert all(link.is_valid for link in tree.links), tree.name
        outputs = [n for n in tree.nodes if n.bl_idname.endswith(("GroupOutput", "OutputMaterial"))]
        assert len(outputs) == 1
        for node in tree.nodes:
            for socket in node.inputs:
                needed = socket.type in {"GEOMETRY", "SHADER", "MATRIX"} and socket.enabled
                if needed and socket.name not in {"Volume", "Displacement"}:
                    assert socket.is_linked, f"{tree.name}: {node.name}.{socket.name}"
        for socket in outputs[0].inputs:
            if outputs[0].bl_idname == "NodeGroupOutput" and socket.name:
                assert socket.is_linked, f"{tree.name}: {socket.name}"


def test_no_node_is_without_use():
    for tree in _trees():
        ends = [n for n in tree.nodes if n.bl_idname.endswith(("GroupOutput", "OutputMaterial"))]
        reached, waiting = set(), [n.name for n in ends]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += [k.from_node.name for k in tree.links if k.to_node.name == name]
        idle = {n.name for n in tree.nodes if n.bl_idname != "NodeFrame"} - reached
        assert not idle, f"{tree.name}: {idle}"


def test_nodes_do_not_lie_on_each_other():
    for tree in _trees():
        places = [
            tuple(round(c) for c in n.location) for n in tree.nodes if n.bl_idname != "NodeFrame"
        ]
        assert len(set(places)) == len(places), tree.name


def test_the_kit_is_made_once():
    first = _kit()
    counted = helpers.counts()
    assert _kit().cells == first.cells
    assert helpers.counts() == counted


def test_what_blender_calls_things_is_known():
    scene = bpy.context.scene
    scene.render.engine = compat.EEVEE
    assert scene.render.engine == compat.EEVEE
    for kind in ("PNG", "MP4"):
        for path, value in compat.file_settings(kind).items():
            owner, _, name = path.rpartition(".")
            setattr(scene.path_resolve(owner), name, value)
            assert scene.path_resolve(path) == value
