"""The cell that the sidebar asks for, and the answer, kept so that a panel is drawn at once.

A file that is opened later has the numbers of slabs in levels only. When a cell of it is asked for,
the checkpoint is looked for quietly, while the panel shows the number that is drawn.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import bpy

from ..bounded import Bounded
from ..errors import PROBLEMS, sentence
from . import inspecting, running

if TYPE_CHECKING:
    from ..explain import Explanation
    from ..progress import Steps
    from ..scene import Standing

OPERATOR = "llmviz.recall"


class Asked(NamedTuple):
    """A cell of a model that stands; it refers to Blender's data, so it must not be kept."""

    model: Standing
    block: str
    column: int
    row: int


class Answer(NamedTuple):
    """All that there is to say of the cell, or a sentence that says why there is nothing.

    Attributes
    ----------
    found
        The explanation; None where there is no cell.
    problem
        A sentence in place of it; empty where nothing has been asked.
    note
        A sentence on why a number is not exact, or not there; else empty.
    """

    found: Explanation | None
    problem: str = ""
    note: str = ""


# The latest explanations, by the scene, the build, the cell, and all else that they depend on.
_kept: Bounded[tuple, Explanation] = Bounded(16)

# By scene and build, where the checkpoint was looked for: the reason why it does not serve, or
# empty. A file that is opened again has scenes of other numbers, so it is looked for again.
_recalled: Bounded[tuple[int, str], str] = Bounded(64)


def asked_of(scene: bpy.types.Scene) -> Asked | None:
    """The cell that a scene's settings name; None where no model stands or no block is named.

    Raises
    ------
    llmviz_addon.scene.StandingError
        If a model's recipe cannot be read.
    """
    settings = scene.llmviz
    block = settings.cell_block
    model = inspecting.model_with(scene, block) if block else None
    if model is None:
        return None
    return Asked(model, block, settings.cell_column, settings.cell_row)


def answer(scene: bpy.types.Scene) -> Answer:
    """The answer to what a scene's settings ask for; it never raises."""
    try:
        asked = asked_of(scene)
        return Answer(None) if asked is None else _answer(scene, asked)
    except PROBLEMS as error:
        return Answer(None, sentence(error))


def answer_to(scene: bpy.types.Scene, asked: Asked) -> Answer:
    """The answer to what is asked of a cell of a model in a scene; it never raises."""
    try:
        return _answer(scene, asked)
    except PROBLEMS as error:
        return Answer(None, sentence(error))


def _answer(scene: bpy.types.Scene, asked: Asked) -> Answer:
    from .. import explain
    from ..scene import SceneReader
    from ..scene.standing import known

    model = asked.model
    reader = SceneReader(model)
    block = explain.find(reader.anatomy, asked.block)
    cell = explain.check(block, asked.column, asked.row)
    across, down = block.extent(reader.n_tokens)
    computed = block.time_axis is not None and cell.column < across and cell.row < down
    pending = computed and reader.is_pending(block, cell.column, cell.row)
    build = known.build_of(model.root)
    key = scene.session_uid, model.id, build, *cell, pending, reader.is_exact
    if key not in _kept:
        _kept[key] = explain.explain(reader, block, cell.column, cell.row)
    found, note = _kept[key], ""
    if model.run is not None and not reader.is_exact and found.state in ("number", "absent"):
        _look_for_checkpoint(scene, model, build)
        note = _recalled.get((scene.session_uid, build), "")
        if found.state == "absent":
            shape = f"{block.name} is drawn as its shape only, beyond the budgets under Detail"
            note = f"{shape}; {note}" if note else shape
    return Answer(found, note=note)


def _look_for_checkpoint(scene: bpy.types.Scene, model: Standing, build: str) -> None:
    """Begin to load what a model was drawn from, unless that was tried or something is at work.

    Without a window no timer runs, and a script calls `scene.recall_steps` itself.
    """
    tried = (scene.session_uid, build) in _recalled
    if not tried and not bpy.app.background and running.work is None:
        recall(scene, model)


def recall(scene: bpy.types.Scene, model: Standing) -> None:
    """Load what a model was drawn from, quietly, and draw the panels again once it is there."""
    from ..scene import recall_steps
    from ..scene.standing import known

    key = scene.session_uid, known.build_of(model.root)
    steps = _in_words(recall_steps(model))
    running.do_quietly(OPERATOR, scene, steps, partial(_note, key))


def _note(key: tuple[int, str], why: str) -> None:
    """Note the reason why a build's numbers are not exact; empty where they are now."""
    _recalled[key] = why
    running.redraw(bpy.context.window_manager)


def _in_words(steps: Steps[str]) -> Steps[str]:
    """The same steps, whose result says what went wrong, so that they are not tried again."""
    try:
        return (yield from steps)
    except PROBLEMS as error:
        return sentence(error)
