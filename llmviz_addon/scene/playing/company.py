"""The film of a scene with several models.

It is the film of the smallest model. The others are there in full from its beginning to its end,
and its last chapters may show them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import bpy

from ... import walkthrough
from ...detail import Plan
from ...explain import CellReader
from ...progress import Steps, rescaled
from ..cells import LastingReader
from ..standing import known, place, tree
from ..standing.finding import find
from ..standing.memory import Memory
from ..standing.standing import Standing
from ..style.kit import Kit
from . import film
from .voice import Voice


@dataclass(frozen=True)
class Subject:
    """The subject of a film.

    Attributes
    ----------
    plan, title
        The model as it is drawn, and its title.
    run, reader
        Its run, and who knows the numbers of its cells; None for a model without numbers.
    choice
        The example that the chapters of a model without numbers follow; a run brings its own.
    """

    plan: Plan
    run: walkthrough.Run | None
    title: str
    reader: CellReader | None = None
    choice: walkthrough.Choice = field(default_factory=walkthrough.Choice)

    @classmethod
    def of(cls, standing: Standing) -> Steps[Subject]:
        """The subject that a model that stands provides."""
        title, choice = standing.title, standing.recipe.choice
        run = _following(standing, choice)
        scene, model = standing.scene, standing.id
        plan = yield from standing.plan_steps()
        reader = None if run is None else LastingReader(scene, model, plan.anatomy, run)
        return cls(plan, run, title, reader, choice)


def _following(standing: Standing, choice: walkthrough.Choice) -> walkthrough.Run | None:
    """The run of a model that stands, followed where its recipe says now."""
    run = standing.run
    if run is None:
        return None
    choice = choice.within(standing.config, run.n_prompt)
    if choice == run.choice:
        return run
    numbers = known.of(known.build_of(standing.root))
    if numbers is None or numbers.trace is None:
        # Captions then quote no numbers of the position that is followed.
        return replace(run, choice=choice, measures={})
    return run.following(choice, standing.config, numbers.trace)


def compose(
    scene: bpy.types.Scene,
    found: Sequence[Standing],
    subject: Subject | None = None,
    *,
    voice: Voice,
) -> Steps[walkthrough.Storyboard]:
    """Compose the film of these models, which is that of the first; nothing is changed.

    `subject` replaces that of the first model while its new state is not in the scene yet. Where
    `found` is empty, it is the subject of a model that will stand alone.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        If the script cannot be compiled for this model.
    """
    companions = place.companions(found)
    if subject is None:
        subject = yield from rescaled(Subject.of(found[0]), 0.0, 0.2)
    del found
    composing = film.compose(
        scene,
        subject.plan,
        subject.run,
        voice=voice,
        model=subject.title,
        companions=companions,
        reader=subject.reader,
        choice=subject.choice.within(subject.plan.anatomy.config, 0),
    )
    return (yield from rescaled(composing, 0.2, 1.0))


def show_film(
    found: Sequence[Standing], reel: film.Reel, memory: Memory, kit: Kit, *, whole: bool = False
) -> list[str]:
    """Show the film of the first of these models, and remove that of any other.

    Films of models that another scene shows, too, are left to that scene.

    Returns the same as `film.show`.
    """
    first, *others = found
    for other in others:
        if other.made(film.FILM) and not other.is_shared:
            film.clear(other, memory)
    if first.is_shared:
        tree.discard(reel.collection)
        return []
    return film.show(first, reel, memory, kit, whole=whole)


def renew_steps(scene: bpy.types.Scene, memory: Memory | None = None) -> Steps[list[str]]:
    """Make the film of the models that stand anew, with its captions and markers, and show it.

    Until the last step nothing is changed. The frame stays the current one.

    Parameters
    ----------
    scene
        The scene whose film it is.
    memory
        Its memory, if this is part of an operation, which has checked what it changes and keeps the
        memory itself.

    Returns
    -------
    list of str
        A sentence about each change of a person's that could not be kept.

    Raises
    ------
    llmviz_addon.walkthrough.AuthoringError
        As `compose` does.
    StandingError
        If a model cannot be changed.
    """
    found = find(scene)
    if not found:
        return []
    composing = compose(scene, found, voice=Voice.of(found[0].recipe))
    del found
    board = yield from rescaled(composing, 0.0, 0.6)
    found = find(scene)
    if not found:
        return []
    first = found[0]
    model = first.id
    preparing = film.prepare(scene, first.root, first.anchor, board, Kit([first.root]))
    del found, first
    reel = yield from rescaled(preparing, 0.6, 1.0)
    found = find(scene)
    if not found or found[0].id != model:
        # Another model was built or removed meanwhile, with a film of its own.
        tree.discard(reel.collection)
        return []
    kit = Kit([standing.root for standing in found])
    try:
        if memory is not None:
            return show_film(found, reel, memory, kit)
        for standing in found:
            standing.check()
        memory = Memory(scene)
        notes = show_film(found, reel, memory, kit)
        memory.keep()
    except BaseException:
        tree.discard(reel.collection)
        raise
    tree.sweep()
    return notes
