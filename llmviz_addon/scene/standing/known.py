"""The numbers behind what is drawn, as long as they are at hand: a loaded model and its trace.

Each build has an id, noted on the model's root, and what was drawn from is kept by that id. So the
numbers belong to what is drawn also after an undo, and not to a checkpoint that has changed since.
Only plain data is kept, nothing of Blender's, and only of the latest builds.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import bpy
import numpy as np

from ...bounded import Bounded
from ...model import Model, Trace
from .. import names

# Builds whose numbers are kept at most, and bytes of all their traces. A prompt that is shown while
# it is typed makes one for each letter, and shall not drive out those of other models.
_MOST, _MOST_BYTES = 64, 2**28


@dataclass(frozen=True)
class Known:
    """The model that was drawn; the trace is None where there is none, or a very large one."""

    model: Model
    trace: Trace | None

    @property
    def n_bytes(self) -> int:
        """Bytes that the trace takes."""
        return 0 if self.trace is None else _bytes(self.trace, self.model)

    @property
    def is_at_hand(self) -> bool:
        """True if the checkpoint is still the one that was drawn from."""
        return self.model.weights is None or self.model.weights.are_unchanged


_known: Bounded[str, Known] = Bounded(_MOST)


def note(root: bpy.types.Collection) -> str:
    """Note on a model's root that a new build wrote its numbers; returns the build's id."""
    root[names.BUILD] = uuid.uuid4().hex
    return root[names.BUILD]


def build_of(root: bpy.types.Collection) -> str:
    """The id of the build that wrote a model's numbers; empty where none is noted."""
    return str(root.get(names.BUILD, ""))


def keep(build: str, model: Model, trace: Trace | None) -> None:
    """Keep what a build drew from."""
    if trace is not None and _bytes(trace, model) > _MOST_BYTES:
        trace = None
    _known.pop(build, None)
    _known[build] = Known(model, trace)
    while sum(each.n_bytes for each in _known.values()) > _MOST_BYTES:
        del _known[next(iter(_known))]


def of(build: str) -> Known | None:
    """The numbers that a build drew; None where they are not at hand, or have changed since."""
    found = _known.get(build)
    return found if found is not None and found.is_at_hand else None


def _bytes(trace: Trace, model: Model) -> int:
    """Bytes of what a trace has computed."""
    config, n = model.config, trace.n_tokens
    per_layer = 13 * config.n_embd + 2 * config.d_ff + 2 * config.n_head * n
    per_token = config.n_layer * per_layer + 2 * config.n_vocab
    return n * per_token * np.dtype(np.float32).itemsize
