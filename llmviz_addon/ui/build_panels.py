"""The panel Build, with the models that stand, and below it the panel for the amount of detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..offer import estimates, generation
from . import messages, running, state, translating
from .build import LLMVIZ_OT_build, LLMVIZ_OT_build_beside
from .layout import Sidebar, draw_progress, facts, paragraph

if TYPE_CHECKING:
    from ..model import Sampling
    from ..scene import Recipe, Standing


class LLMVIZ_PT_build(Sidebar, bpy.types.Panel):
    """Buttons that build, rebuild and remove, and the message of what went wrong."""

    bl_label = "Build"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if draw_progress(layout, LLMVIZ_OT_build.bl_idname, LLMVIZ_OT_build_beside.bl_idname):
            return
        found = state.models(context.scene)
        _draw_message(layout, context)
        row = layout.row(align=True)
        row.scale_y = 1.3
        said = {"text_ctxt": translating.CONTEXT}
        row.operator(LLMVIZ_OT_build.bl_idname, text="Rebuild" if found else "Build", **said)
        if not found:
            return
        remove = "Remove All" if len(found) > 1 else "Remove"
        row.operator("llmviz.remove", text=remove, **said).name = ""
        layout.operator(LLMVIZ_OT_build_beside.bl_idname, icon="ADD")
        if len(found) > 1:
            _draw_several(layout, found)
        else:
            _draw_one(layout, found[0])
        hint = _why_rebuild(found, state.wanted(context.scene))
        # Where that cannot be built, the message says why.
        if hint and not state.why_no_build(context.scene):
            paragraph(layout, context, hint, "INFO")


class LLMVIZ_PT_detail(Sidebar, bpy.types.Panel):
    """The amount of detail, the ways of drawing, and the memory and time that they take."""

    bl_label = "Detail"
    bl_parent_id = "LLMVIZ_PT_build"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = not running.is_busy()
        _draw_arrangement(layout, context.scene.llmviz)
        found = state.estimate_to_draw(context.scene)
        if found is not None and estimates.only_cubes(found):
            paragraph(layout, context, f"All {found.cubes:,} cells are cubes of their own")
            return
        form = layout.column()
        form.enabled = state.card_of(context.scene).has_numbers
        budget = form.column(align=True)
        for name in ("cubes", "slabs"):
            budget.prop(context.scene.llmviz, name)
        form.prop(context.scene.llmviz, "full_context")
        if found is not None:
            facts(layout, estimates.rows(found))


def _draw_arrangement(layout: bpy.types.UILayout, settings: bpy.types.PropertyGroup) -> None:
    form = layout.column()
    form.prop(settings, "arrangement")
    if settings.arrangement == "rows":
        form.prop(settings, "columns")
    form.prop(settings, "folded")


def _draw_message(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    message = messages.message(context.scene)
    if not message:
        return
    box = layout.box().row()
    paragraph(box, context, message, "ERROR", alert=True, beside=44)
    box.operator("llmviz.dismiss", text="", icon="X", emboss=False)


def _draw_one(layout: bpy.types.UILayout, model: Standing) -> None:
    """Draw the facts of the one model that stands in the scene."""
    recipe, ways = state.recipe_of(model), state.ways_of(model)
    rows = [("Built", model.root.name)]
    if recipe is not None and recipe.prompt:
        rows.append(("Prompt", recipe.prompt))
    if answer := state.answer_of(model):
        rows.append(("Goes On", answer))
    if ways not in ((), ("cubes",)):
        rows.append(("Drawn As", spelled(ways)))
    facts(layout, tuple(rows), translate=False)


def _why_rebuild(found: tuple[Standing, ...], asked: Recipe) -> str:
    """The reason for a rebuild of the model that is asked for; empty where there is none."""
    recipes = filter(None, map(state.recipe_of, found))
    built = [recipe for recipe in recipes if recipe.source == asked.source]
    if not built:
        # Where several models stand, the person may as well want to add one more.
        return "Rebuild to show the model chosen above" if len(found) == 1 else ""
    if built[0].prompt != asked.prompt:
        return "Rebuild to show the new prompt"
    if built[0].prompt and not generation.same(_generation(built[0]), _generation(asked)):
        return "Rebuild to show the tokens appended as chosen above"
    if built[0].arrangement != asked.arrangement or built[0].arranged != asked.arranged:
        return "Rebuild to show the new arrangement"
    if _detail(built[0]) != _detail(asked):
        return "Rebuild to show the new detail"
    return ""


def _draw_several(layout: bpy.types.UILayout, found: tuple[Standing, ...]) -> None:
    """Draw the models that stand side by side, each with a button that removes it."""
    column = layout.column(align=True)
    for model in found:
        row, name = column.row(), model.root.name
        ways = spelled(state.ways_of(model))
        row.label(text=f"{name}: {ways}", translate=False)
        row.operator("llmviz.remove", text="", icon="X", emboss=False).name = name


def spelled(ways: tuple[str, ...]) -> str:
    """Ways of drawing joined into a list for people, like "cubes, slabs and shapes"."""
    language = translating.language()
    *others, last = map(language.say, ways or ("empty",))
    listed = str(language.numbers["comma"]).join(others)
    return language.tell("list.and", first=listed, last=last) if others else last


def _generation(recipe: Recipe) -> tuple[int, Sampling]:
    return recipe.max_new_tokens, recipe.sampling


def _detail(recipe: Recipe) -> tuple[bool, int, int]:
    return recipe.full_context, recipe.cubes, recipe.slabs
