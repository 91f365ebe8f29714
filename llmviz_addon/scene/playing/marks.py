"""Chapters and beats of a film: markers on the timeline, and what is noted of them on its model."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass

import bpy

from ...walkthrough import Storyboard
from ...walkthrough.storyboard import Caption
from ..standing import recipe
from ..standing.memory import Memory
from .timeline import frame_of

CHAPTERS = "llmviz_chapters"
_OFFERED = "llmviz_chapters_offered"
_SAID = "llmviz_captions_said"


@dataclass(frozen=True)
class BeatMark:
    """A beat of a film: its id ("chapter.beat"), its title, and its first and last frame.

    Files of earlier versions do not tell the last one, which is then 0.
    """

    id: str
    title: str
    frame: int
    last: int = 0


@dataclass(frozen=True)
class ChapterMark:
    """A chapter of a film, as a beat is told, and its beats."""

    id: str
    title: str
    frame: int
    beats: tuple[BeatMark, ...]
    last: int = 0


def write(root: bpy.types.Collection, memory: Memory, board: Storyboard) -> None:
    """Put a film's markers on the timeline, and note the frames of chapters and beats."""
    chapters: list[dict] = []
    wanted = []
    begun: dict[str, dict] = {}
    for marker in board.markers:
        frame = round(frame_of(marker.time, board.fps))
        entry = {"id": marker.id, "title": marker.name, "frame": frame}
        if marker.kind == "chapter":
            entry["beats"] = []
            chapters.append(entry)
            _end(begun.values(), frame - 1)
            begun = {"chapter": entry}
        else:
            chapters[-1]["beats"].append(entry)
            _end([begun[kind] for kind in begun if kind == "beat"], frame - 1)
            begun["beat"] = entry
        wanted.append((f"{marker.kind} {marker.id}", marker.name, frame))
    _end(begun.values(), round(frame_of(board.duration, board.fps)))
    root[CHAPTERS] = json.dumps(chapters)
    root[_OFFERED] = json.dumps(board.offered)
    root[_SAID] = json.dumps([astuple(caption) for caption in board.captions])
    memory.mark(wanted)


def _end(begun: Iterable[dict], last: int) -> None:
    for entry in begun:
        entry["last"] = max(last, entry["frame"])


def clear(root: bpy.types.Collection, memory: Memory) -> None:
    """Take a film's markers away, and what was noted of it."""
    for key in (CHAPTERS, _OFFERED, _SAID):
        if key in root:
            del root[key]
    memory.mark(())


def said(root: bpy.types.Collection) -> tuple[Caption, ...]:
    """The captions of the film that was written for a model."""
    return tuple(Caption(*each) for each in recipe.read(root, _SAID, []))


def offered(root: bpy.types.Collection) -> tuple[tuple[str, str], ...]:
    """The ids and titles of all chapters that could play for a model, chosen or not."""
    return tuple((str(id_), str(title)) for id_, title in recipe.read(root, _OFFERED, []))


def chapters(root: bpy.types.Collection) -> tuple[ChapterMark, ...]:
    """The chapters of the film that was written for a model."""
    return tuple(
        ChapterMark(**c | {"beats": tuple(BeatMark(**b) for b in c["beats"])})
        for c in recipe.read(root, CHAPTERS, [])
    )


def part(root: bpy.types.Collection, part_id: str) -> ChapterMark | BeatMark | None:
    """The chapter or beat of this id in a model's film; None if there is none."""
    places = (place for c in chapters(root) for place in (c, *c.beats))
    return next((place for place in places if place.id == part_id), None)
