"""Films of one chapter for tests of gestures, with numbers that are known."""

from __future__ import annotations

from llmviz_addon import walkthrough
from llmviz_addon.walkthrough.parsing import parse


def compiled(anatomy, run, *beats, state="computed", then=(), **options):
    """The film of a chapter of beats, each a list of gestures or a table with them under ``do``.

    `then` are the beats of a second chapter.
    """
    chapters, written = [], {"title": "A Film"}
    for chapter, told in (("one", beats), ("two", then)):
        if not told:
            continue
        tables, texts = [], {"title": "Chapter"}
        for number, beat in enumerate(told):
            table = {"do": beat} if isinstance(beat, list) else dict(beat)
            table.setdefault("shot", {"show": ["model"], "move": 0})
            id_ = f"beat{number}"
            texts[id_] = {"title": "Beat", "text": table.pop("text", "")}
            tables.append({"id": id_, "duration": 4, **table})
        chapters.append({"id": chapter, "state": state, "beat": tables})
        written[chapter] = texts
    return walkthrough.compile(parse({"chapter": chapters}, written), anatomy, run, **options)
