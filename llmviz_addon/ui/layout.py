"""Pieces of layout that several panels share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import blf
import bpy

from ..breaking import NO_BREAK, pieces
from . import running, state, translating

# The fraction of a row that a value takes.
_VALUE = 0.6

# Pixels, at scale 1, that are taken beside the text of a label in a sidebar: by margins and tabs,
# and by an icon.
_MARGIN, _ICON = 60, 26

# The number by which `blf` knows the interface's font.
_FONT = 0


class Sidebar:
    """The place of all panels: our tab in the sidebar of 3D views."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "LLM Viz"
    bl_translation_context = translating.CONTEXT


class OnModel(Sidebar):
    """Panels that make sense once a model stands in the scene."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if a complete model stands in the scene."""
        return state.root_of(context.scene) is not None


def draw_progress(layout: bpy.types.UILayout, *operators: str) -> bool:
    """Draw the progress of the work of one of the operators; True if there is any."""
    work = running.progress_of(*operators)
    if work is None:
        return False
    column = layout.column(align=True)
    column.progress(factor=work.fraction, text=translating.say(work.label))
    column.label(text="Press Esc to stop", text_ctxt=translating.CONTEXT)
    return True


def paragraph(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: str = "NONE",
    alert: bool = False,
    beside: float = 0.0,
    translate: bool = True,
) -> None:
    """Draw a sentence in as many lines as it needs; `beside` is taken by other things.

    With `translate`, it is an English one of the sidebar, which is said in Blender's language.
    """
    said = translating.say(text) if translate else text
    column = layout.column(align=True)
    column.alert = alert
    column.scale_y = 0.75
    for index, line in enumerate(
        wrap(said, _ruler(context, beside + (_ICON if icon != "NONE" else 0)))
    ):
        shown = icon if index == 0 else "BLANK1"
        words = line.replace(NO_BREAK, " ")
        column.label(text=words, icon="NONE" if icon == "NONE" else shown, translate=False)


def shortened(context: bpy.types.Context, words: Sequence[str]) -> str:
    """As many words as fit beside a name in `facts`, with a sign that there are more."""
    fits = _ruler(context, 0, _VALUE)
    text = "".join(words[:1])
    for count in range(2, len(words) + 1):
        longer = f"{text} {words[count - 1]}"
        if not fits(longer if count == len(words) else f"{longer} …"):
            return f"{text} …"
        text = longer
    return text


def facts(
    layout: bpy.types.UILayout, rows: tuple[tuple[str, str], ...], translate: bool = True
) -> None:
    """Draw names at the right of their column, values beside them, as Blender draws properties.

    Names are English, and said in Blender's language; with `translate`, values are so, too.
    """
    column = layout.column(align=True)
    column.scale_y = 0.85
    for name, value in rows:
        split = column.split(factor=1 - _VALUE)
        left = split.row()
        left.alignment = "RIGHT"
        left.label(text=name, text_ctxt=translating.CONTEXT)
        text = translating.say(value) if translate else value
        split.label(text=text, translate=False)


def wrap(text: str, fits: Callable[[str], bool]) -> list[str]:
    """The lines of a text, broken where they may end, or within a word too long by itself."""
    lines, line = [], ""
    for gap, word in pieces(text):
        if not word:
            continue
        longer = f"{line}{gap}{word}".strip(" ")
        if fits(longer):
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while len(line) > 1 and not fits(line):
            cut = next(n for n in range(len(line) - 1, 0, -1) if n == 1 or fits(line[:n]))
            lines.append(line[:cut])
            line = line[cut:]
    return [*lines, line] if line else lines


def _ruler(context: bpy.types.Context, beside: float, share: float = 1.0) -> Callable[[str], bool]:
    """A function that is true of texts that fit into a share of a line, in the interface's font."""
    region, preferences = context.region, context.preferences
    # Without a window, Blender has not computed the scale, which is then 0.
    scale = preferences.system.ui_scale or 1.0
    width = region.width if region is not None and region.width > 1 else 280 * scale
    room = share * (width - scale * (_MARGIN + beside))
    points = preferences.ui_styles[0].widget.points

    def fits(text: str) -> bool:
        blf.size(_FONT, points * scale)
        return blf.dimensions(_FONT, text)[0] <= room

    return fits
