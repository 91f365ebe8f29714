"""The settings of a scene, `scene.llmviz`, above all `.model` and `.prompt`."""

from __future__ import annotations

import bpy
from bpy.props import IntProperty, PointerProperty, StringProperty

from . import inspecting, translating
from .look_settings import LookSettings
from .model_settings import ModelSettings
from .picture_settings import PictureSettings


class LLMVIZ_PG_settings(ModelSettings, LookSettings, PictureSettings, bpy.types.PropertyGroup):
    """The settings for building a model in a scene, opening it up and rendering it."""

    cell_block: StringProperty(
        name="Block",
        description="The block to inspect: its name, or words such as head 1 of layer 2, "
        "attention; selecting one in the view chooses it",
        get=inspecting.cell_block,
        set=inspecting.set_cell_block,
        search=inspecting.search_blocks,
    )
    words: StringProperty(
        name="Words",
        description="The words of the active title, label or caption; a rebuild leaves them",
        get=inspecting.words,
        set=inspecting.set_words,
    )
    cell_block_kept: StringProperty(options={"HIDDEN"})
    cell_object_kept: StringProperty(options={"HIDDEN"})
    cell_model_kept: StringProperty(options={"HIDDEN"})
    cell_column: IntProperty(
        name="Column",
        description="The column of the cell to inspect, counted from 0; of attention, the key",
        min=0,
        options=set(),
    )
    cell_row: IntProperty(
        name="Row",
        description="The row of the cell to inspect, counted from 0; of attention, the query",
        min=0,
        options=set(),
    )


_register, _unregister = bpy.utils.register_classes_factory((LLMVIZ_PG_settings,))


def register() -> None:
    """Give every scene its settings."""
    translating.give_context(LLMVIZ_PG_settings)
    _register()
    bpy.types.Scene.llmviz = PointerProperty(
        type=LLMVIZ_PG_settings, override={"LIBRARY_OVERRIDABLE"}
    )


def unregister() -> None:
    """Remove the definition of the settings; the values that files hold stay in the files."""
    del bpy.types.Scene.llmviz
    _unregister()
