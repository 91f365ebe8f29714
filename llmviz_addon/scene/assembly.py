"""From a model and a prompt to a scene: the steps of a build.

Building is a generator that yields its progress after each step, so that a script can exhaust it,
and an operator can drive it from a timer, show the progress, and stop it. Everything that takes
long is made beside the models that stand; the last step, which cannot be stopped, puts it in place.
Between two steps a person may do anything, even delete a model. No reference to Blender's data is
therefore kept from one step to the next: what a step needs is looked up anew.
"""

from __future__ import annotations

import uuid
from contextlib import closing
from dataclasses import replace

import bpy

from .. import model as model_room
from ..explain import ModelReader
from ..progress import Steps, begun, rescaled, run
from . import axes, names, pins, tables
from .drawn import blocks, reuse, windows
from .drawn.model import Numbers, draw, draw_strips
from .playing import captions, company, film
from .playing.company import Subject
from .playing.voice import Voice
from .removal import clear_away
from .renewal import fits, model_objects, note, promote, renew, settle_names
from .standing import finding, known, tree
from .standing import recipe as recipes
from .standing.errors import StandingError
from .standing.finding import find, find_one
from .standing.keys import MODEL, seal
from .standing.memory import Memory
from .standing.recipe import TELLING, Recipe
from .standing.standing import Standing
from .style import looks
from .style.kit import Kit
from .styling import own_kit, restyle


def compute(recipe: Recipe, model: model_room.Model | None = None) -> Steps[Numbers]:
    """Load the model and run it on the prompt and on the tokens that it appends.

    A `model` that is given is the recipe's, loaded already.

    Raises
    ------
    llmviz_addon.model.ModelError
        If the model cannot be loaded, or does not take the prompt, or tokens cannot be chosen as
        the recipe says.
    """
    sampling = recipe.sampling
    model = model or model_room.load(recipe.source, recipe.activation)
    ids: list[int] = []
    trace = None
    if model.has_weights:
        ids = model.read_prompt(recipe.prompt)
        completing = model.complete_steps(ids, recipe.max_new_tokens, sampling)
        trace = yield from rescaled(completing, 0.0, 0.9)
    planning = recipes.planned(model.config, len(trace.ids) if trace else 0, recipe)
    plan = yield from rescaled(planning, 0.9, 1.0)
    return Numbers(model, plan, ids, trace, sampling, recipe.choice, recipe.language)


def steps(
    scene: bpy.types.Scene,
    recipe: Recipe,
    beside: bool = False,
    notes: list[str] | None = None,
) -> Steps[bpy.types.Collection]:
    """Build `recipe` in `scene`, or renew the model that is there; returns the root collection.

    Until its last step nothing that was there is changed; if it is stopped or fails, the scene is
    as it was.

    Parameters
    ----------
    beside
        True if models that stand stay as they are, and this one is built beside them.
    notes
        Receives a sentence about each change of a person's that could not be kept.

    Raises
    ------
    llmviz_addon.model.ModelError
        As `compute` does, before anything is drawn.
    llmviz_addon.walkthrough.AuthoringError
        If the film cannot be compiled.
    llmviz_addon.scene.LookError
        If there is no such look.
    llmviz_addon.scene.StandingError
        If what stands cannot be changed.
    """
    try:
        return (yield from _Build(scene, recipe, beside, notes).steps())
    except ReferenceError as error:
        raise StandingError(
            "Something that was being built was deleted meanwhile; build the model again"
        ) from error


def build(scene: bpy.types.Scene, recipe: Recipe) -> bpy.types.Collection:
    """Build `recipe` in `scene` in one go; raises what `steps` raises."""
    return run(steps(scene, recipe))


class _Build:
    """One build: the id of the model that it replaces, and what it has made so far."""

    def __init__(
        self, scene: bpy.types.Scene, recipe: Recipe, beside: bool, notes: list[str] | None
    ):
        self._scene, self._recipe, self._beside = scene, recipe, beside
        self._notes = [] if notes is None else notes

    def steps(self) -> Steps[bpy.types.Collection]:
        """The work, step by step; see the function of this name."""
        recipe = self._recipe
        looks.load(recipe.look)
        self._check()
        yield 0.0, "Computing the model"
        numbers = yield from rescaled(compute(recipe), 0.0, 0.3)
        # Threads read the weights while the film is composed and the pages are written.
        digests = begun(reuse.digest_steps(numbers.model, numbers.plan))
        with closing(digests):
            return (yield from self._build(numbers, digests))

    def _build(self, numbers: Numbers, digests: Steps[list[str]]) -> Steps[bpy.types.Collection]:
        """The work from when the numbers are there."""
        scene, recipe = self._scene, self._recipe
        subject = Subject(
            numbers.plan, numbers.run, numbers.model.title, _reader(numbers), recipe.choice
        )
        old = self._replaced()
        self._old = None if old is None else old.id
        board = None
        if len(find(scene)) <= (old is not None):
            # The film needs no other model, so its errors can be found before anything is drawn.
            composing = company.compose(scene, [], subject, voice=Voice.of(recipe))
            board = yield from rescaled(composing, 0.3, 0.35)
        # Drawn in a hidden collection, so that viewports stay quick and go on showing the model
        # that is being replaced.
        staged = tree.new(numbers.model.title, scene.collection, MODEL)
        staged[names.ROLE], staged[names.MODEL] = names.UNFINISHED, uuid.uuid4().hex[:12]
        tree.hide(scene, staged)
        try:
            in_place = old is not None and self._fits(old, numbers)
            drawing = self._draw(staged, numbers, digests, old, in_place)
            del old
            cells = yield from rescaled(drawing, 0.35, 0.8)
            if board is None:
                known = subject if self._is_first(numbers) else None
                composing = company.compose(
                    scene, self._in_company(staged), known, voice=Voice.of(recipe)
                )
                board = yield from rescaled(composing, 0.8, 0.9)
            anchor = Standing(scene, staged).anchor
            preparing = film.prepare(scene, staged, anchor, board, self._kit(staged))
            reel = yield from rescaled(preparing, 0.9, 0.95)
            # From here to the end there is no yield, so the build cannot be stopped half way.
            self._check()
            root = self._put(staged, numbers, cells, reel)
        except BaseException:
            tree.discard(staged)
            raise
        yield 1.0, "Done"
        return root

    def _check(self) -> None:
        for standing in find(self._scene):
            standing.check()
            if self._beside:
                standing.check_arranged()

    def _replaced(self) -> Standing | None:
        """The model that the new one replaces: the only one, or the one of the same source."""
        if self._beside:
            return None
        found = find(self._scene)
        if len(found) < 2:
            return next(iter(found), None)
        for standing in found:
            if self._recipe.source in (standing.recipe.model, standing.recipe.source):
                return standing
        titles = " and ".join(standing.root.name for standing in found)
        raise StandingError(
            f"{titles} stand in this scene, and none of them is the model to build; add it beside "
            "them, or remove them first"
        )

    def _kit(self, *roots: bpy.types.Collection) -> Kit:
        """The kit of the scene; a model that another scene shows, too, keeps that scene's kit."""
        return Kit([*(s.root for s in find(self._scene) if not s.is_shared), *roots])

    def _fits(self, old: Standing, numbers: Numbers) -> bool:
        """True if only numbers change, and nothing is to be restored."""
        return (
            fits(old, numbers)
            and old.recipe.arranged == self._recipe.arranged
            and not (self._is_whole(old) and old.missing)
        )

    def _is_whole(self, old: Standing) -> bool:
        """True if the model is asked for just as it stands, which restores its deleted parts."""
        return replace(old.recipe, look="", captions=True) == replace(
            self._recipe, look="", captions=True
        )

    def _draw(
        self,
        staged: bpy.types.Collection,
        numbers: Numbers,
        digests: Steps[list[str]],
        old: Standing | None,
        in_place: bool,
    ) -> Steps[list[blocks.Cells] | None]:
        """Draw in `staged`; returns new numbers for the blocks if these can stay, else None."""
        scene, kit = self._scene, self._kit(staged)
        if in_place:
            yield from rescaled(draw_strips(staged, None, numbers, kit), 0.0, 0.3)
            return (yield from rescaled(_gather(numbers), 0.3, 1.0))
        others = find(scene) if self._beside else []
        drawing = draw(scene, staged, numbers, kit, digests, old=old, others=others)
        del old, others
        yield from drawing
        seal(staged[names.MODEL], model_objects(staged))
        note(staged, self._recipe, numbers)
        return None

    def _is_first(self, numbers: Numbers) -> bool:
        """True if the new model is the smallest one, whose film the scene shows."""
        size = float(numbers.plan.anatomy.config.n_parameters)
        return all(size <= s.size for s in find(self._scene) if s.id != self._old)

    def _in_company(self, staged: bpy.types.Collection) -> list[Standing]:
        """All models that will stand, in order; the new one as drawn, or the one that it renews."""
        found = find(self._scene)
        old = next((s for s in found if s.id == self._old), None)
        others = [s for s in found if s.id != self._old]
        drawn = Standing(self._scene, staged)
        return finding.in_order([*others, drawn if drawn.anchor or old is None else old])

    def _put(
        self,
        staged: bpy.types.Collection,
        numbers: Numbers,
        cells: list[blocks.Cells] | None,
        reel: film.Reel,
    ) -> bpy.types.Collection:
        """Put the drawn parts in place; returns the model's root collection."""
        scene, recipe = self._scene, self._recipe
        clear_away(scene, but=staged)
        if not find(scene):
            # If models were deleted by hand, the scene first gets back what they had borrowed.
            Memory(scene).give_back()
        memory = Memory(scene)
        old = find_one(scene, self._old) if self._old else None
        if old is None and cells is not None:
            raise StandingError("The model was deleted while it was renewed; build it again")
        self._kit(staged).hand_on()
        styled = {(s.recipe.look, s.recipe.accessible) for s in find(scene)}
        restyled = styled != {(recipe.look, recipe.accessible)}
        told = next(iter(find(scene)), None)
        captioned = told is None or told.recipe.captions != recipe.captions
        teller, hidden = (told.id, captions.hidden(told)) if told else ("", (False, False))
        whole = old is not None and self._is_whole(old)
        if old is None or old.is_shared:
            standing, opened = promote(scene, staged, old), []
        else:
            standing, opened = old, windows.opened(old)
            renew(standing, staged, numbers, cells, whole)
        note(standing.root, recipe, numbers)
        known.keep(known.note(standing.root), numbers.model, numbers.trace)
        memory.add_model(standing.id)
        for each in find(scene):
            shared = {name: getattr(recipe, name) for name in ("look", "accessible", *TELLING)}
            wanted = replace(each.recipe, **shared)
            recipes.write(each.root, wanted)
        # From here on, each model has only one `Standing`, since a second one would not notice what
        # is added or removed through the first.
        found = find(scene)
        standing = next(each for each in found if each.id == standing.id)
        kit = own_kit(found) if restyled else self._kit()
        for each in found:
            # Before the film, with which they fade.
            axes.renew(each, kit, whole)
        self._notes += company.show_film(found, reel, memory, kit, whole=whole)
        if captioned:
            captions.show(found[0], recipe.captions)
        elif found[0].id != teller:
            captions.hide(found[0], hidden)
        self._notes += windows.open_again(standing, opened)
        for each in found:
            self._notes += pins.renew(each, whole)
            tables.renew(each)
        restyle(found, recipe, memory, kit, insist=restyled, relight=cells is None)
        memory.keep()
        root = standing.root
        if staged == root:
            tree.show(scene, root)
        else:
            tree.delete(staged)
        tree.sweep()
        if cells is None:
            settle_names(Standing(scene, root))
        return root


def _reader(numbers: Numbers) -> ModelReader | None:
    """The one who knows the numbers of a model's cells; None for a model without."""
    if numbers.trace is None:
        return None
    return ModelReader(numbers.model, numbers.trace, numbers.anatomy, numbers.n_prompt)


def _gather(numbers: Numbers) -> Steps[list[blocks.Cells]]:
    """The new numbers of all blocks."""
    total, gathered = len(numbers.plan.bundles), []
    for index, bundle in enumerate(numbers.plan.bundles):
        if index % 20 == 0:
            yield index / total, f"Reading {bundle.title}"
        gathered.append(blocks.gather(bundle, numbers.trace, numbers.n_prompt))
    return gathered
