"""Pieces of layout that several panels share."""

from __future__ import annotations

import bpy

# Pixels, at scale 1, beside the text of a label in a sidebar: margins, icon, tabs.
_MARGIN = 68
_NARROWEST = 12


def paragraph(
    layout: bpy.types.UILayout,
    context: bpy.types.Context,
    text: str,
    icon: str = "NONE",
    alert: bool = False,
) -> None:
    """A sentence over as many lines as the sidebar's width asks for."""
    column = layout.column(align=True)
    column.alert = alert
    column.scale_y = 0.75
    for index, line in enumerate(wrap(text, _characters(context, icon != "NONE"))):
        shown = icon if index == 0 else "BLANK1"
        column.label(text=line, icon="NONE" if icon == "NONE" else shown, translate=False)


def facts(layout: bpy.types.UILayout, rows: tuple[tuple[str, str], ...]) -> None:
    """Names at the right of their column and values beside them, as properties stand."""
    column = layout.column(align=True)
    column.scale_y = 0.85
    for name, value in rows:
        split = column.split(factor=0.4)
        left = split.row()
        left.alignment = "RIGHT"
        left.label(text=name)
        split.label(text=value, translate=False)


def wrap(text: str, characters: int) -> list[str]:
    """Lines of at most `characters`, broken between words, or within a word that is longer."""
    lines, line = [], ""
    for word in text.split():
        while len(word) > characters:
            if line:
                lines.append(line)
                line = ""
            lines.append(word[:characters])
            word = word[characters:]
        if line and len(line) + 1 + len(word) > characters:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line else lines


def _characters(context: bpy.types.Context, has_icon: bool) -> int:
    """How many characters of the interface's font fit into a line of the region."""
    region = context.region
    width = region.width if region is not None and region.width > 1 else 240
    preferences = context.preferences
    scale = preferences.system.ui_scale
    points = preferences.ui_styles[0].widget.points
    # Letters of the interface's font are 0.52 of its size wide on average.
    room = width / scale - (_MARGIN if has_icon else _MARGIN - 20)
    return max(_NARROWEST, int(room / (0.52 * points)))
