"""The sidebar's tab: its panels in the order of the work, from Model to Render."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import bpy

from ..breaking import NO_BREAK
from ..counting import clock, counted, lasting
from ..offer import cards, generation
from . import running, state, translating
from .build import LLMVIZ_OT_build_demo
from .build_panels import LLMVIZ_PT_build, LLMVIZ_PT_detail
from .inspect_panel import LLMVIZ_PT_inspect, LLMVIZ_PT_words
from .layout import OnModel, Sidebar, draw_progress, facts, paragraph, shortened
from .look_settings import MOST_CHAPTERS
from .pictures import (
    LLMVIZ_OT_render_film,
    LLMVIZ_OT_render_part,
    LLMVIZ_OT_render_stills,
    LLMVIZ_OT_time_frame,
    why_no_folder,
)

if TYPE_CHECKING:
    from ..scene import BeatMark, ChapterMark

# Operators whose progress is the film's.
_FILMING = (LLMVIZ_OT_render_film, LLMVIZ_OT_render_part, LLMVIZ_OT_time_frame)

# The most tokens of a prompt that are spelled out.
_MOST_WORDS = 16


class LLMVIZ_PT_start(Sidebar, bpy.types.Panel):
    """The panel of a scene without a model: one button."""

    bl_label = "Start"
    bl_options = {"HIDE_HEADER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is no model yet, or the build that this button began is under way."""
        if running.progress_of(LLMVIZ_OT_build_demo.bl_idname):
            return True
        return not running.is_busy() and state.root_of(context.scene) is None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if draw_progress(layout, LLMVIZ_OT_build_demo.bl_idname):
            return
        row = layout.row()
        row.scale_y = 1.8
        row.operator(LLMVIZ_OT_build_demo.bl_idname, icon="PLAY")
        paragraph(layout, context, "A model that sorts six letters. Or choose your own below.")


class LLMVIZ_PT_model(Sidebar, bpy.types.Panel):
    """The choice of a model, and the facts about it."""

    bl_label = "Model"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = not running.is_busy()
        settings = context.scene.llmviz
        layout.prop(settings, "picker", text="")
        if settings.model not in cards.preset_ids():
            layout.prop(settings, "checkpoint", text="", placeholder="Folder or .safetensors File")
        card = state.card_of(context.scene)
        if card.facts:
            column = layout.column(align=True)
            column.scale_y = 0.85
            for fact in card.facts:
                column.label(text=translating.say(fact), translate=False)
        if card.problem:
            icon = "ERROR" if settings.model else "INFO"
            paragraph(layout, context, card.problem, icon, alert=bool(settings.model))
        if state.asks_activation(context.scene):
            layout.prop(settings, "activation")
        for assumed in card.assumptions:
            paragraph(layout, context, assumed, "INFO")
        if card.note:
            column = layout.column(align=True)
            paragraph(column, context, card.note, "INFO")
            files = column.column(align=True)
            files.scale_y = 0.75
            for file in card.files:
                files.label(text=translating.say(file), icon="DOT", translate=False)


class LLMVIZ_PT_prompt(Sidebar, bpy.types.Panel):
    """The prompt that the model reads, checked as it is typed."""

    bl_label = "Prompt"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.enabled = not running.is_busy()
        settings = context.scene.llmviz
        card = state.card_of(context.scene)
        if reason := card.why_no_prompt():
            paragraph(layout, context, reason, "INFO")
            return
        ids, problem = card.read(settings.prompt)
        row = layout.row()
        row.alert = bool(problem)
        row.prop(settings, "prompt", text="", placeholder="Text to Read")
        if problem:
            paragraph(layout, context, problem, "ERROR", alert=True)
        elif ids:
            _draw_tokens(layout, context, card, ids)


class LLMVIZ_PT_generate(Sidebar, bpy.types.Panel):
    """The tokens that the model appends to the prompt: how many, and the choice of each."""

    bl_label = "Generate"
    bl_parent_id = "LLMVIZ_PT_prompt"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the model has numbers, or may have: then it reads a prompt."""
        return not state.card_of(context.scene).why_no_prompt()

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = not running.is_busy()
        settings, sampling = context.scene.llmviz, state.sampling_of(context.scene)
        column = layout.column(align=True)
        column.prop(settings, "max_new_tokens")
        column.prop(settings, "temperature")
        for name, used in (("top_k", sampling.temperature > 0), ("seed", not sampling.is_greedy)):
            row = column.row(align=True)
            row.active = used
            row.prop(settings, name)
        card = state.card_of(context.scene)
        ids, _ = card.read(settings.prompt)
        if card.reader is not None and ids:
            new, config = settings.max_new_tokens, card.reader.config
            paragraph(layout, context, generation.sentence(config, len(ids), new, sampling))


def _draw_tokens(
    layout: bpy.types.UILayout, context: bpy.types.Context, card: cards.Card, ids: Sequence[int]
) -> None:
    """Draw the number of a prompt's tokens and the tokens, and explain signs that need it."""
    facts(
        layout,
        (
            ("Tokens", f"{len(ids):,} of {card.reader.config.n_ctx:,}"),
            ("Token Ids", shortened(context, [str(token) for token in ids])),
        ),
    )
    if words := card.words(ids[:_MOST_WORDS]):
        more = " …" if len(ids) > _MOST_WORDS else ""
        # The space before a bar does not break, so a line can only break after a bar.
        paragraph(layout, context, f"{NO_BREAK}| ".join(words) + more)
    new = min(context.scene.llmviz.max_new_tokens, card.reader.config.n_ctx - len(ids))
    if max(len(ids), new) > cards.FILMED:
        most = cards.FILMED
        hint = f"The walkthrough is made for prompts of up to {most} tokens and as many new ones"
        paragraph(layout, context, hint, "INFO")


class LLMVIZ_PT_walkthrough(OnModel, bpy.types.Panel):
    """Chapters and beats to jump to, play, captions."""

    bl_label = "Walkthrough"

    def draw(self, context: bpy.types.Context) -> None:
        from ..scene import chapters, views

        layout = self.layout
        layout.enabled = not running.is_busy()
        scene = context.scene
        self._draw_transport(layout, context)
        space = context.space_data
        watched = space is not None and space.type == "VIEW_3D" and views.shows_film(space)
        layout.operator("llmviz.view_film", icon="CAMERA_DATA", depress=watched)
        row = layout.row()
        row.use_property_split = True
        row.use_property_decorate = False
        row.prop(scene.llmviz, "captions")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(scene.llmviz, "language")
        column.prop(scene.llmviz, "script")
        example = layout.column(align=True)
        example.use_property_split = True
        example.use_property_decorate = False
        for name in ("layer", "head", "position", "channel"):
            example.prop(scene.llmviz, name)
        found = chapters(state.root_of(scene))
        begins = found[0].frame if found else 0
        current = set(state.playing(scene))
        playing = {chapter.id: chapter for chapter in found}
        offered = state.offered_of(state.root_of(scene)) or [(c.id, c.title) for c in found]
        for index, (id_, title) in enumerate(offered):
            chapter = playing.get(id_)
            name = f"LLMVIZ_chapter_{id_}"
            header, body = layout.panel(name, default_closed=index > 0 or chapter is None)
            if len(offered) > 1 and index < MOST_CHAPTERS:
                header.prop(scene.llmviz, "chapters_ticked", index=index, text="")
            header.label(text=title, translate=False)
            if body is not None and chapter is not None:
                beats = body.column(align=True)
                for beat in chapter.beats:
                    _draw_place(beats, scene, beat, current, begins)
        layout.operator("llmviz.export_script", icon="TEXT")

    def _draw_transport(self, layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
        playing = context.screen is not None and context.screen.is_animation_playing
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("screen.frame_jump", text="", icon="REW").end = False
        row.operator("screen.marker_jump", text="", icon="PREV_KEYFRAME").next = False
        row.operator(
            "llmviz.play",
            text="Pause" if playing else "Play",
            text_ctxt=translating.CONTEXT,
            icon="PAUSE" if playing else "PLAY",
        )
        row.operator("screen.marker_jump", text="", icon="NEXT_KEYFRAME").next = True


class LLMVIZ_PT_look(Sidebar, bpy.types.Panel):
    """Colors, light and background."""

    bl_label = "Look"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = not running.is_busy()
        settings = context.scene.llmviz
        layout.prop(settings, "look")
        layout.prop(settings, "accessible")
        row = layout.row()
        row.enabled = state.has_bloom(context.scene)
        row.prop(settings, "bloom")


class LLMVIZ_PT_render(OnModel, bpy.types.Panel):
    """The stills to render, their size, engine and folder."""

    bl_label = "Render"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        settings = context.scene.llmviz
        form = layout.column()
        form.enabled = not running.is_busy()
        for name in ("size", "quality", "engine", "samples", "folder", "overwrite"):
            form.prop(settings, name)
        form.prop(settings, "transparent")
        form.row().prop(settings, "passes")
        if reason := why_no_folder(context.scene):
            paragraph(form, context, reason, "INFO")
        # Titles are long, so they get the whole width.
        column = form.column(align=True)
        column.use_property_split = False
        column.label(text="Stills", text_ctxt=translating.CONTEXT)
        for index, (_, title) in enumerate(state.stills_of(context.scene)):
            column.prop(settings, "stills_ticked", index=index, text=title)
        if draw_progress(layout, LLMVIZ_OT_render_stills.bl_idname):
            return
        row = layout.row()
        row.scale_y = 1.3
        count = len(settings.stills)
        row.operator(
            LLMVIZ_OT_render_stills.bl_idname,
            text=translating.say(f"Render {counted(count, 'Still')}"),
            icon="RENDER_STILL",
        )


class LLMVIZ_PT_film(OnModel, bpy.types.Panel):
    """The walkthrough as a film, or a part of it, and the time that it takes."""

    bl_label = "Film"
    bl_parent_id = "LLMVIZ_PT_render"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        scene = context.scene
        form = layout.column()
        form.enabled = not running.is_busy()
        form.prop(scene.llmviz, "film_format")
        column = form.column(align=True)
        column.prop(scene, "frame_start", text="Frame Start")
        column.prop(scene, "frame_end", text="End")
        if draw_progress(layout, *(kind.bl_idname for kind in _FILMING)):
            return
        parts = [state.part_of(scene, part) for part in state.playing(scene)]
        _draw_times(layout, scene, parts)
        row = layout.row()
        row.scale_y = 1.3
        row.operator(LLMVIZ_OT_render_film.bl_idname, icon="RENDER_ANIMATION")
        column = layout.column(align=True)
        for place, text in zip(parts, ("Render This Chapter", "Render This Beat"), strict=True):
            if place is not None:
                column.operator(LLMVIZ_OT_render_part.bl_idname, text=text).part = place.id


def _draw_times(
    layout: bpy.types.UILayout,
    scene: bpy.types.Scene,
    parts: Sequence[ChapterMark | BeatMark | None],
) -> None:
    """Draw the times of a frame, the film, and its parts, or a button that measures them."""
    from ..scene.pictures.filming import Filming

    seconds = Filming(scene, **scene.llmviz.how()).seconds()
    if seconds is None:
        layout.operator(LLMVIZ_OT_time_frame.bl_idname, icon="TIME")
        return
    spans = [("Film", scene.frame_end - scene.frame_start + 1)]
    names = ("This Chapter", "This Beat")
    spans += [(n, p.last - p.frame + 1) for n, p in zip(names, parts, strict=True) if p]
    rows = [(name, f"about {lasting(seconds * frames)}") for name, frames in spans]
    facts(layout, (("One Frame", lasting(seconds)), *rows))


def _draw_place(
    layout: bpy.types.UILayout, scene: bpy.types.Scene, place, current: set, begins: int
) -> None:
    """Draw a chapter or beat to jump to, with its time in a film that begins at `begins`."""
    seconds = (place.frame - begins) * scene.render.fps_base / scene.render.fps
    row = layout.row(align=True)
    row.operator(
        "llmviz.jump", text=place.title, depress=place.id in current, translate=False
    ).to = place.id
    time = row.row()
    time.ui_units_x = 2.4
    time.alignment = "RIGHT"
    time.label(text=clock(seconds), translate=False)


register, unregister = bpy.utils.register_classes_factory(
    (
        LLMVIZ_PT_start,
        LLMVIZ_PT_model,
        LLMVIZ_PT_prompt,
        LLMVIZ_PT_generate,
        LLMVIZ_PT_build,
        LLMVIZ_PT_detail,
        LLMVIZ_PT_walkthrough,
        LLMVIZ_PT_inspect,
        LLMVIZ_PT_words,
        LLMVIZ_PT_look,
        LLMVIZ_PT_render,
        LLMVIZ_PT_film,
    )
)
