"""A person's memory of what they have done to a file, and the numbers that blocks must show."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import bpy
import numpy as np

from llmviz_addon import anatomy, model

APPENDED = 5
KINDS = ("block", "label", "strip", "anchor", "camera", "hud", "light", "caption", "actor", "arrow")


@cache
def truth(source: str, prompt: str) -> dict[str, np.ndarray]:
    """All blocks of a model for a prompt, cell by cell, computed token by token."""
    network = model.load(source)
    ids = network.read_prompt(prompt)
    for _ in range(min(APPENDED, network.config.n_ctx - len(ids))):
        ids = [*ids, int(np.argmax(network.forward(ids).logits[-1]))]
    trace = network.forward(ids)
    blocks = anatomy.build(network.config).blocks
    return {name: np.asarray(b.cells(trace), np.float32) for name, b in blocks.items()}


@dataclass
class Book:
    """All that a person has done, by the numbers of what they did it to."""

    # Aspects that were changed of what is ours.
    touched: dict[int, set[str]] = field(default_factory=dict)
    # What is a person's, though it may look like ours: copies, too.
    theirs: set[int] = field(default_factory=set)
    # Linked copies: what a film does to the action that they share, it does to them.
    linked: set[int] = field(default_factory=set)
    # What was deleted: scene, model, key.
    gone: set[tuple[int, str, str]] = field(default_factory=set)
    # Of each scene: its settings before there was a model, what was set since, one's own markers.
    before: dict[int, dict[str, object]] = field(default_factory=dict)
    own: dict[int, dict[str, object]] = field(default_factory=dict)
    markers: dict[int, set[tuple[str, int]]] = field(default_factory=dict)

    def renumbered(self, now: dict[int, int]) -> Book:
        """The same after the file was opened anew."""

        def settings(found: dict[str, object]) -> dict[str, object]:
            return found | {k: now.get(found[k]) for k in ("world", "camera") if k in found}

        return Book(
            {now[u]: aspects for u, aspects in self.touched.items() if u in now},
            {now[u] for u in self.theirs if u in now},
            {now[u] for u in self.linked if u in now},
            {(now[s], m, k) for s, m, k in self.gone if s in now},
            {now[s]: settings(found) for s, found in self.before.items() if s in now},
            {now[s]: settings(found) for s, found in self.own.items() if s in now},
            {now[s]: found for s, found in self.markers.items() if s in now},
        )


def kind_of(obj: bpy.types.Object) -> str:
    """The kind of an object of ours, in a word."""
    role, actor = obj.get("llmviz_role"), obj.get("llmviz_actor")
    if role == "anchor":
        return "anchor"
    if actor in ("camera", "captions"):
        return "camera" if actor == "camera" else "hud"
    marks = {
        "block": "block",
        "caption_of": "caption",
        "actor": "actor",
        "strip": "strip",
        "label_of": "label",
        "arrows_of": "arrow",
    }
    found = (kind for mark, kind in marks.items() if f"llmviz_{mark}" in obj)
    return next(found, "light" if obj.type == "LIGHT" else "other")
