"""The cell that is picked is the one that is seen: Blender's own rays meet what it draws there."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Euler, Vector

from llmviz_addon import scene as scene_room
from llmviz_addon.scene import Standing
from llmviz_addon.scene.pointing import Field
from tests.scene import checkpoints, helpers

CELL = 0.02  # meters
RAYS = 52


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A checkpoint whose token embedding and head are folded."""
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    return checkpoints.save(folder, n_layer=1, n_embd=32, vocab_size=1500)


def moved(_folder: Path) -> None:
    """All of it turned and scaled, and one of its blocks somewhere else."""
    helpers.open_built()
    (model,) = scene_room.find(bpy.context.scene)
    model.anchor.location, model.anchor.rotation_euler = (300.0, -20.0, 7.0), (0.2, -0.1, 0.8)
    model.anchor.scale = (3.0, 2.0, 1.5)
    block = model.blocks["layer0.mlp"]
    block.location.z += 8.0
    block.rotation_euler.x, block.scale = 0.3, (1.5, 1.0, 0.7)


def folded(folder: Path) -> None:
    """Long blocks fold into lines; some are cubes and others slabs."""
    helpers.open_built("1 2 3 4", str(folder), cubes=30_000)


def opened(folder: Path) -> None:
    """Some cells of two slabs stand as cubes, one of them folded."""
    helpers.open_built("1 2 3 4", str(folder), cubes=500)
    scene_room.open_window(bpy.context.scene, "layer0.mlp_weight", 60, 10)
    scene_room.open_window(bpy.context.scene, "wte", 700, 3)


def shapes(_folder: Path) -> None:
    helpers.open_built("", "gpt2")


STATES = (moved, folded, opened, shapes)


def drawn_at(model: Standing, block: str, column: int, row: int) -> tuple[np.ndarray, np.ndarray]:
    """(4, 4) from cells around a cell's middle, as its object draws it, to the world; and back."""
    bundle, index = model.plan.by_block[block]
    obj, found = model.blocks[bundle.name], model.plan.anatomy.blocks[block]
    to_world = np.array(obj.matrix_world, float)
    within = np.eye(4)
    if model.plan.ways[bundle.name] == "cubes":
        number = (index * found.columns + column) * found.rows + row
        within[:3, 3] = np.array(obj.data.vertices[number].co, float)
    else:
        # A slab's object stands at one of its boxes; in these tests, where it was built.
        to_world = np.array(model.anchor.matrix_basis, float) @ np.diag([CELL, CELL, CELL, 1.0])
        right, up = found.spec.places(np.array([column]), np.array([row]))
        within[:3, 3] = np.array(found.origin) + [right[0], 0.0, up[0]]
    matrix = to_world @ within
    return matrix, np.linalg.inv(matrix)


def some_cells(model: Standing, count: int):
    """Cells of blocks of all roles, of the first layer and of further ones."""
    random = np.random.default_rng(4)
    roles: dict[str, list] = {}
    for block in model.plan.anatomy.blocks.values():
        roles.setdefault(block.role, []).append(block)
    for index in range(count):
        among = roles[list(roles)[index % len(roles)]]
        block = among[int(random.integers(len(among)))]
        yield block, int(random.integers(block.columns)), int(random.integers(block.rows)), random


@pytest.mark.parametrize("state", STATES)
def test_what_is_picked_is_what_blender_draws_there(state, folder):
    state(folder)
    scene = bpy.context.scene
    scene.frame_set(0)
    (model,) = scene_room.find(scene)
    bpy.context.view_layer.update()
    graph, field = bpy.context.evaluated_depsgraph_get(), Field([model])
    met = 0
    for block, column, row, random in some_cells(model, RAYS):
        matrix, _ = drawn_at(model, block.name, column, row)
        aim = Vector((matrix @ [*random.uniform(-0.4, 0.4, 2), 0.0, 1.0])[:3])
        turn = Euler((random.uniform(0.7, 2.0), 0.0, random.uniform(-0.9, 0.9)))
        start = aim + turn.to_matrix() @ Vector((0, 0, float(random.choice([0.05, 0.3, 2.0]))))
        toward = (aim - start).normalized()
        found = field.cell_at(start, toward)
        hit, place, _, _, obj, _ = scene.ray_cast(graph, start, toward)
        assert hit, "the ray leads to a cell"
        if not is_of_a_block(obj):
            continue  # An arrow or a title.
        assert found is not None, (block.name, column, row)
        _, back = drawn_at(model, *found[1:])
        off = np.abs((back @ [*place, 1.0])[:3])
        # A cube is 0.9 cells wide, and what is met between two is either's.
        assert (off <= 0.56).all(), (found, off, obj.name)
        met += 1
    assert met > RAYS / 2


def is_of_a_block(obj: bpy.types.Object) -> bool:
    """True for a block's slab or body, and for a tinted cube, of which each cell is an instance."""
    return "llmviz_block" in obj or "llmviz_window_of" in obj or obj.name.startswith("LLM Tint")
