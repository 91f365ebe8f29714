"""Helpers for tests of what people do to a scene in which a model stands."""

from __future__ import annotations

import bpy
import numpy as np

from llmviz_addon import scene as scene_room

from . import helpers
from .book import truth


def only() -> scene_room.Standing:
    """The one model that stands in the scene."""
    (found,) = scene_room.find(bpy.context.scene)
    return found


def check_shows(model: scene_room.Standing, prompt: str) -> None:
    """Check that every block of a model that is all cubes shows the numbers of a prompt."""
    assert model.recipe.prompt == prompt
    expected = truth(model.recipe.source, prompt)
    for name, obj in model.blocks.items():
        cells = expected[name]
        wanted = np.where(np.isfinite(cells), cells, np.float32(0)).reshape(-1)
        # A small sum of large terms is as inexact as these are.
        near = 1e-5 * max(1.0, float(np.abs(wanted).max()))
        np.testing.assert_allclose(helpers.read(obj.data, "value"), wanted, 1e-4, near, name)


def delete(objects: list[bpy.types.Object]) -> None:
    """Delete objects as a person does, with X."""
    with bpy.context.temp_override(selected_objects=objects, object=objects[0]):
        bpy.ops.object.delete()


def delete_hierarchy(collection: bpy.types.Collection) -> None:
    """Delete a collection as the outliner's Delete Hierarchy does."""
    doomed = [*collection.all_objects, *collection.children_recursive, collection]
    bpy.data.batch_remove(doomed)


def curves_of(obj: bpy.types.Object) -> list[bpy.types.FCurve]:
    """The curves of an object's action."""
    data = obj.animation_data
    bags = data.action.layers[0].strips[0].channelbags
    return next(list(b.fcurves) for b in bags if b.slot == data.action_slot)
