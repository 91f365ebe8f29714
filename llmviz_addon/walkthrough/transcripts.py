"""Transcripts: a film's captions as subtitles, and its script as a text to speak over it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from ..counting import clock
from ..languages import without_breaks
from .storyboard import Caption, Storyboard


def srt(captions: Sequence[Caption], start: float = 0.0, end: float = math.inf) -> str:
    """The captions as SubRip subtitles; of the seconds from `start` to `end`, counted from 0."""
    parts = [
        f"{number}\n{_time(first, ',')} --> {_time(last, ',')}\n{_lines(caption)}\n"
        for number, (caption, first, last) in enumerate(_within(captions, start, end), 1)
    ]
    return "\n".join(parts)


def vtt(captions: Sequence[Caption], start: float = 0.0, end: float = math.inf) -> str:
    """The captions as WebVTT subtitles; of the seconds from `start` to `end`, counted from 0."""
    parts = [
        f"{caption.beat}\n{_time(first, '.')} --> {_time(last, '.')}\n{_lines(caption)}\n"
        for caption, first, last in _within(captions, start, end)
    ]
    return "\n".join(["WEBVTT\n", *parts])


def markdown(board: Storyboard, say: Callable[[str], str] = str) -> str:
    """The script of a film in Markdown: times, captions, and what is seen.

    `say` puts the words of this page itself into a language.
    """
    captions = {caption.beat: caption for caption in board.captions}
    shots = {shot.beat: shot for shot in board.shots}
    titles = {found.beat: found for found in board.titles}
    lines = [f"# {board.title}", "", f"{say('Length')}: {clock(board.duration)}", ""]
    for marker in board.markers:
        span = f"{clock(marker.time)}–{clock(marker.end)}"
        if marker.kind == "chapter":
            lines += [f"## {marker.name} ({span})", ""]
            continue
        lines += [f"### {span} {marker.name}", ""]
        if caption := captions.get(marker.id):
            lines += [f"> {without_breaks(caption.text)}", ""]
        seen = []
        if shot := shots.get(marker.id):
            seen.append(f"{say('In view')}: {', '.join(f'`{name}`' for name in shot.show)}")
        if found := titles.get(marker.id):
            words = dict.fromkeys(word.text for word in found.lettering.words)
            seen.append(f"{say('Titles')}: {', '.join(words)}")
        computed = _computed(board, marker.time, marker.end)
        if computed:
            seen.append(f"{say('Computed')}: {', '.join(f'`{name}`' for name in computed)}")
        lines += [*(f"- {each}" for each in seen), *([""] if seen else [])]
    return "\n".join(lines).rstrip() + "\n"


_MOST_NAMED = 8


def _computed(board: Storyboard, start: float, end: float) -> list[str]:
    """The blocks whose cells come in these seconds; of many, the first ones and an ellipsis."""
    found = [
        channel.target
        for channel in board.channels
        if channel.property == "progress" and channel.at(end - 1e-3) > channel.at(start + 1e-3)
    ]
    return [*found[:_MOST_NAMED], "…"] if len(found) > _MOST_NAMED else found


def _within(
    captions: Sequence[Caption], start: float, end: float
) -> list[tuple[Caption, float, float]]:
    """The captions of a part of a film, each with the seconds of the part at which it is seen."""
    return [
        (caption, max(caption.start, start) - start, min(caption.end, end) - start)
        for caption in captions
        if caption.start < end and caption.end > start
    ]


def _lines(caption: Caption) -> str:
    return "\n".join(without_breaks(line) for line in caption.lines())


def _time(seconds: float, point: str) -> str:
    """Hours, minutes, seconds and milliseconds, with the sign that stands before these."""
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest // 1000:02}{point}{rest % 1000:03}"
