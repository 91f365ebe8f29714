"""The sidebar's tab: Model, Prompt, Build, Walkthrough, Look, Render, in the order of the work."""

from __future__ import annotations

import bpy

from . import cards, running, state
from .build import LLMVIZ_OT_build, LLMVIZ_OT_build_demo
from .layout import facts, paragraph
from .pictures import LLMVIZ_OT_render_film, LLMVIZ_OT_render_stills, why_no_folder

# Token ids shown of a prompt before it is cut.
_MOST_IDS = 16


class _Panel:
    """Where all panels stand."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "LLM Viz"


class _OnModel(_Panel):
    """Panels that make sense once a model stands in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether it does, completely."""
        return state.root_of(context.scene) is not None


class LLMVIZ_PT_start(_Panel, bpy.types.Panel):
    """The empty state: one button."""

    bl_label = "Start"
    bl_options = {"HIDE_HEADER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Whether there is nothing yet, or what this button began is under way."""
        if running.progress_of(LLMVIZ_OT_build_demo.bl_idname):
            return True
        return running.work is None and state.root_of(context.scene) is None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if _draw_progress(layout, LLMVIZ_OT_build_demo.bl_idname):
            return
        row = layout.row()
        row.scale_y = 1.8
        row.operator(LLMVIZ_OT_build_demo.bl_idname, icon="PLAY")
        paragraph(layout, context, "A model that sorts six letters. Or choose your own below.")


class LLMVIZ_PT_model(_Panel, bpy.types.Panel):
    """Which model, and what it is."""

    bl_label = "Model"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = running.work is None
        settings = context.scene.llmviz
        layout.prop(settings, "picker", text="")
        if settings.model not in cards.preset_ids():
            layout.prop(settings, "checkpoint", text="")
        card = state.card_of(context.scene)
        if card.facts:
            column = layout.column(align=True)
            column.scale_y = 0.85
            for fact in card.facts:
                column.label(text=fact, translate=False)
        if card.problem:
            begun = bool(card.facts) or not settings.model
            icon = "INFO" if begun else "ERROR"
            paragraph(layout, context, card.problem, icon, alert=not begun)


class LLMVIZ_PT_prompt(_Panel, bpy.types.Panel):
    """What the model reads, checked as it is typed."""

    bl_label = "Prompt"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = running.work is None
        settings = context.scene.llmviz
        card = state.card_of(context.scene)
        # What cannot be built reads no prompt; the panel above says why.
        ids, problem = ((), "") if card.problem else card.read(settings.prompt)
        row = layout.row()
        row.alert = bool(problem)
        row.prop(settings, "prompt", text="")
        if problem:
            paragraph(layout, context, problem, "ERROR", alert=True)
        elif ids:
            shown = " ".join(str(token) for token in ids[:_MOST_IDS])
            more = " …" if len(ids) > _MOST_IDS else ""
            facts(
                layout,
                (
                    ("Tokens", f"{len(ids):,} of {card.reader.config.n_ctx:,}"),
                    ("Token Ids", shown + more),
                ),
            )


class LLMVIZ_PT_build(_Panel, bpy.types.Panel):
    """Build, rebuild, remove, and what went wrong."""

    bl_label = "Build"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if _draw_progress(layout, LLMVIZ_OT_build.bl_idname):
            return
        root = state.root_of(context.scene)
        _draw_message(layout, context)
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator(LLMVIZ_OT_build.bl_idname, text="Build" if root is None else "Rebuild")
        if root is None:
            return
        row.operator("llmviz.remove", text="Remove")
        self._draw_built(context, root)

    def _draw_built(self, context: bpy.types.Context, root: bpy.types.Collection) -> None:
        """What stands in the scene, and whether it is what the panels above ask for."""
        from ..scene import recipe_of

        recipe = recipe_of(root)
        settings = context.scene.llmviz
        facts(self.layout, (("Built", root.name), ("Prompt", recipe.prompt)))
        if recipe.model != state.source_of(context.scene):
            paragraph(self.layout, context, "Rebuild to show the model chosen above", "INFO")
        elif recipe.prompt != settings.prompt:
            paragraph(self.layout, context, "Rebuild to show the new prompt", "INFO")


class LLMVIZ_PT_walkthrough(_OnModel, bpy.types.Panel):
    """Chapters and beats to jump to, play, captions."""

    bl_label = "Walkthrough"

    def draw(self, context: bpy.types.Context) -> None:
        from ..scene import chapters

        layout = self.layout
        layout.enabled = running.work is None
        scene = context.scene
        self._draw_transport(layout, context)
        layout.operator("llmviz.view_film", icon="CAMERA_DATA")
        row = layout.row()
        row.use_property_split = True
        row.use_property_decorate = False
        row.prop(scene.llmviz, "captions")
        found = chapters(state.root_of(scene))
        begun = [p for c in found for p in (c, *c.beats) if p.frame <= scene.frame_current]
        current = {begun[-1].id} if begun else set()
        column = layout.column(align=True)
        for index, chapter in enumerate(found):
            if len(chapter.beats) < 2:
                # A chapter of one beat is one place to go to.
                current |= {chapter.id} & {name.partition(".")[0] for name in current}
                _draw_place(column, scene, chapter, current)
                continue
            name = f"LLMVIZ_chapter_{chapter.id}"
            header, body = layout.panel(name, default_closed=index > 0)
            header.label(text=chapter.title, translate=False)
            if body is not None:
                beats = body.column(align=True)
                for beat in chapter.beats:
                    _draw_place(beats, scene, beat, current)
            column = layout.column(align=True)

    def _draw_transport(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        playing = context.screen is not None and context.screen.is_animation_playing
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("screen.frame_jump", text="", icon="REW").end = False
        row.operator("screen.marker_jump", text="", icon="PREV_KEYFRAME").next = False
        row.operator(
            "llmviz.play",
            text="Pause" if playing else "Play",
            icon="PAUSE" if playing else "PLAY",
        )
        row.operator("screen.marker_jump", text="", icon="NEXT_KEYFRAME").next = True


class LLMVIZ_PT_look(_Panel, bpy.types.Panel):
    """Colors, light and background."""

    bl_label = "Look"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = running.work is None
        settings = context.scene.llmviz
        layout.prop(settings, "look")
        layout.prop(settings, "accessible")


class LLMVIZ_PT_render(_OnModel, bpy.types.Panel):
    """Which pictures, how large, by what, and where to."""

    bl_label = "Render"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        from ..scene import stills

        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.llmviz
        form = layout.column()
        form.enabled = running.work is None
        for name in ("size", "engine", "samples", "folder"):
            form.prop(settings, name)
        if reason := why_no_folder(context.scene):
            paragraph(form, context, reason, "INFO")
        column = form.column(heading="Stills", align=True)
        for index, (_, title) in enumerate(stills()):
            column.prop(settings, "stills_ticked", index=index, text=title)
        if _draw_progress(layout, LLMVIZ_OT_render_stills.bl_idname):
            return
        row = layout.row()
        row.scale_y = 1.3
        count = len(settings.stills)
        row.operator(
            LLMVIZ_OT_render_stills.bl_idname,
            text=f"Render {count} Still{'s' * (count != 1)}",
            icon="RENDER_STILL",
        )


class LLMVIZ_PT_film(_OnModel, bpy.types.Panel):
    """The walkthrough as a film."""

    bl_label = "Film"
    bl_parent_id = "LLMVIZ_PT_render"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        scene = context.scene
        layout.prop(scene.llmviz, "film_format")
        column = layout.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        if _draw_progress(layout, LLMVIZ_OT_render_film.bl_idname):
            return
        row = layout.row()
        row.scale_y = 1.3
        row.operator(LLMVIZ_OT_render_film.bl_idname, icon="RENDER_ANIMATION")


def _draw_progress(layout: bpy.types.UILayout, operator: str) -> bool:
    """How far the work of `operator` is, if it runs."""
    work = running.progress_of(operator)
    if work is None:
        return False
    column = layout.column(align=True)
    column.progress(factor=work.fraction, text=work.label)
    column.label(text="Press Esc to stop")
    return True


def _draw_message(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    message = state.message(context.scene)
    if not message:
        return
    box = layout.box().row()
    paragraph(box, context, message, "ERROR", alert=True, beside=44)
    box.operator("llmviz.dismiss", text="", icon="X", emboss=False)


def _draw_place(layout: bpy.types.UILayout, scene: bpy.types.Scene, place, current: set) -> None:
    """A chapter or a beat to jump to, with its time."""
    seconds = (place.frame - scene.frame_start) * scene.render.fps_base / scene.render.fps
    row = layout.row(align=True)
    row.operator(
        "llmviz.jump", text=place.title, depress=place.id in current, translate=False
    ).to = place.id
    time = row.row()
    time.ui_units_x = 2.4
    time.alignment = "RIGHT"
    time.label(text=f"{int(seconds // 60)}:{int(seconds % 60):02}", translate=False)


register, unregister = bpy.utils.register_classes_factory(
    (
        LLMVIZ_PT_start,
        LLMVIZ_PT_model,
        LLMVIZ_PT_prompt,
        LLMVIZ_PT_build,
        LLMVIZ_PT_walkthrough,
        LLMVIZ_PT_look,
        LLMVIZ_PT_render,
        LLMVIZ_PT_film,
    )
)
