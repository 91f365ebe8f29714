"""Transcripts of a film as files: subtitles beside it, and its script to read."""

from __future__ import annotations

from pathlib import Path

import bpy

from ... import languages
from ...progress import Steps
from ...walkthrough import transcripts
from ..playing import company, marks
from ..playing.timeline import FIRST_FRAME
from ..playing.voice import Voice
from ..standing.finding import find
from . import files
from .files import RenderError

_FORMS = {".srt": transcripts.srt, ".vtt": transcripts.vtt}


def write_subtitles(
    scene: bpy.types.Scene, path: Path, frames: range, overwrite: bool
) -> list[Path]:
    """Write the captions of these frames beside a film of one file; returns the files.

    A file that is there already stays unless `overwrite` is true.

    Raises
    ------
    RenderError
        If they cannot be written.
    """
    found = find(scene)
    captions = marks.said(found[0].root) if found else ()
    rate = scene.render.fps / scene.render.fps_base
    span = ((frames[0] - FIRST_FRAME) / rate, (frames[-1] + 1 - FIRST_FRAME) / rate)
    made = []
    for suffix, form in _FORMS.items():
        text = form(captions, *span)
        place = path.with_suffix(suffix)
        if "-->" not in text or (place.exists() and not overwrite):
            continue
        with files.telling(place):
            place.write_text(text, encoding="utf-8")
        made.append(place)
    return made


def export_script_steps(scene: bpy.types.Scene, path: str | Path) -> Steps[Path]:
    """Write the script of a scene's film in Markdown: times, captions, and what is seen.

    Where the path ends in ``.srt`` or ``.vtt``, its captions are written as subtitles.

    Raises
    ------
    RenderError
        If there is no model in the scene, or the file cannot be written.
    llmviz_addon.walkthrough.AuthoringError
        If the film cannot be compiled.
    """
    found = find(scene)
    if not found:
        raise RenderError("There is no model in this scene; build one first")
    voice = Voice.of(found[0].recipe)
    board = yield from company.compose(scene, found, voice=voice)
    where = files.located(path)
    if form := _FORMS.get(where.suffix.lower()):
        text = form(board.captions)
    else:
        text = transcripts.markdown(board, languages.load(voice.language).say)
    with files.telling(where):
        where.write_text(text, encoding="utf-8")
    return where
