"""From a model and a prompt to a scene: build, recolor, restyle, remove.

Building is a generator of steps that yields how far it is, so that a script can exhaust it and an
operator can drive it from a timer, show progress, and stop. All that takes long is made beside what
stands; the last step, which nothing stops, puts it in place. Between two steps a person may do
anything, so no reference to what stands is held across one: it is found anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import bpy

from .. import model as model_room
from ..detail import APPENDED
from ..progress import Steps, rescaled, run
from . import names
from .drawn import blocks, slabs, windows
from .drawn.model import Numbers, draw, draw_strips
from .playing import captions, company, film
from .playing.company import Subject
from .standing import ledger, tree
from .standing import recipe as recipes
from .standing import standing as stands
from .standing.errors import StandingError
from .standing.graft import Graft
from .standing.memory import Memory
from .standing.recipe import Recipe
from .standing.standing import FILM, LIGHTS, MODEL, STRIPS, Standing, find, find_one
from .style import looks, studio
from .style.kit import Kit
from .version import VERSION


def compute(recipe: Recipe) -> Steps[Numbers]:
    """Load the model and run it on the prompt and on what it appends.

    Raises
    ------
    llmviz_addon.model.ModelError
        If the model cannot be loaded, or does not take the prompt.
    """
    model = model_room.load(recipe.source)
    ids: list[int] = []
    trace = None
    if model.has_weights:
        ids = model.read_prompt(recipe.prompt)
        trace = yield from rescaled(model.complete_steps(ids, APPENDED), 0.0, 0.9)
    planning = recipes.planned(model.config, len(trace.ids) if trace else 0, recipe)
    plan = yield from rescaled(planning, 0.9, 1.0)
    return Numbers(model, plan, ids, trace)


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
        Whether models that stand stay as they are, and this one is built beside them.
    notes
        Where sentences go about changes of a person's that could not stay.

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
    """One build: ids of what stands, which is found anew after each step, and what it has made."""

    def __init__(
        self, scene: bpy.types.Scene, recipe: Recipe, beside: bool, notes: list[str] | None
    ):
        self._scene, self._recipe, self._beside = scene, recipe, beside
        self._notes = [] if notes is None else notes

    def steps(self) -> Steps[bpy.types.Collection]:
        """The work; see the function of this name."""
        scene, recipe = self._scene, self._recipe
        looks.load(recipe.look)
        self._check()
        yield 0.0, "Computing the model"
        numbers = yield from rescaled(compute(recipe), 0.0, 0.3)
        subject = Subject(numbers.plan, numbers.run, numbers.model.title)
        old = self._replaced()
        self._old = None if old is None else old.id
        board = None
        if len(find(scene)) <= (old is not None):
            # Whatever is wrong with the film is found before anything is drawn.
            composing = company.compose(scene, [], subject, accessible=recipe.accessible)
            board = yield from rescaled(composing, 0.3, 0.35)
        # Drawn apart, and hidden, so that viewports are quick and what it replaces is seen.
        staged = tree.new(numbers.model.title, scene.collection, MODEL)
        staged[names.ROLE], staged[names.MODEL] = names.UNFINISHED, uuid.uuid4().hex[:12]
        tree.hide(scene, staged)
        try:
            in_place = old is not None and self._fits(old, numbers)
            drawing = self._draw(staged, numbers, old, in_place)
            del old
            cells = yield from rescaled(drawing, 0.35, 0.8)
            if board is None:
                known = subject if self._is_first(numbers) else None
                composing = company.compose(
                    scene, self._in_company(staged), known, accessible=recipe.accessible
                )
                board = yield from rescaled(composing, 0.8, 0.9)
            anchor = Standing(scene, staged).anchor
            preparing = film.prepare(scene, staged, anchor, board, self._kit(staged))
            reel = yield from rescaled(preparing, 0.9, 0.95)
            # From here on nothing stops it.
            self._check()
            root = self._put(staged, numbers, cells, reel)
        except BaseException:
            with suppress(ReferenceError):
                tree.delete(staged)
            raise
        yield 1.0, "Done"
        return root

    def _check(self) -> None:
        for standing in find(self._scene):
            standing.check()

    def _replaced(self) -> Standing | None:
        """The model in whose place the new one comes: of the same source, else the film's own."""
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
        """The scene's kit; that of a model which another scene shows, too, is that scene's."""
        return Kit([*(s.root for s in find(self._scene) if not s.is_shared), *roots])

    def _fits(self, old: Standing, numbers: Numbers) -> bool:
        """Whether only numbers change: all is cubes, as many as before, and nothing returns."""
        wanted = {bundle.name: bundle for bundle in numbers.plan.bundles}
        drawn = old.blocks
        return (
            not old.is_shared
            and old.is_current
            and numbers.plan.all_cubes
            and old.title == numbers.model.title
            and old.config == numbers.model.config
            and old.anchor is not None
            and not (self._is_whole(old) and old.missing)
            and drawn.keys() <= wanted.keys()
            and all(o[names.DRAWN_AS] == "cubes" for o in drawn.values())
            and all(len(o.data.vertices) == wanted[name].cells for name, o in drawn.items())
        )

    def _is_whole(self, old: Standing) -> bool:
        """Whether the model is asked for just as it stands, which makes it whole again."""
        return replace(old.recipe, look="", captions=True) == replace(
            self._recipe, look="", captions=True
        )

    def _draw(
        self,
        staged: bpy.types.Collection,
        numbers: Numbers,
        old: Standing | None,
        in_place: bool,
    ) -> Steps[list[blocks.Cells] | None]:
        """Draw what is new in `staged`; returns the numbers of the blocks that can stay."""
        scene, kit = self._scene, self._kit(staged)
        if in_place:
            drawing = draw_strips(staged, None, numbers, kit)
            yield from rescaled(tree.evaluating(scene, drawing), 0.0, 0.3)
            return (yield from rescaled(_gather(numbers), 0.3, 1.0))
        others = find(scene) if self._beside else []
        drawing = draw(scene, staged, numbers, kit, old=old, others=others)
        del old, others
        yield from drawing
        stands.seal(staged[names.MODEL], _model_objects(staged))
        _note(staged, self._recipe, numbers)
        return None

    def _is_first(self, numbers: Numbers) -> bool:
        """Whether the film is that of the new model."""
        size = float(numbers.plan.anatomy.config.n_parameters)
        return all(size <= s.size for s in find(self._scene) if s.id != self._old)

    def _in_company(self, staged: bpy.types.Collection) -> list[Standing]:
        """All models that will stand, in order, the new one where it is drawn or will be."""
        found = find(self._scene)
        old = next((s for s in found if s.id == self._old), None)
        others = [s for s in found if s.id != self._old]
        drawn = Standing(self._scene, staged)
        return stands.in_order([*others, drawn if drawn.anchor or old is None else old])

    def _put(
        self,
        staged: bpy.types.Collection,
        numbers: Numbers,
        cells: list[blocks.Cells] | None,
        reel: film.Reel,
    ) -> bpy.types.Collection:
        """Put what was drawn in place."""
        scene, memory = self._scene, Memory(self._scene)
        tree.remove(stands.leftovers(scene), scene.collection)
        old = find_one(scene, self._old) if self._old else None
        if old is None and cells is not None:
            raise StandingError("The model was deleted while it was renewed; build it again")
        kit = self._kit(staged)
        kit.hand_on()
        styled = {(s.recipe.look, s.recipe.accessible) for s in find(scene)}
        restyled = styled != {(self._recipe.look, self._recipe.accessible)}
        captioned = old is None or old.recipe.captions != self._recipe.captions
        whole = old is not None and self._is_whole(old)
        if old is None or old.is_shared:
            standing = _promote(scene, staged)
            if old is not None:
                _leave_to_others(old)
        else:
            standing = old
            standing.disown_copies()
            opened = windows.opened(standing)
            if cells is not None:
                _recolor(standing, numbers, cells)
            else:
                _renew(standing, staged, numbers, whole)
            _renew_strips(standing, staged, whole)
        _note(standing.root, self._recipe, numbers)
        memory.add_model(standing.id)
        found = find(scene)
        for each in found:
            recipe = replace(each.recipe, look=self._recipe.look)
            recipes.write(each.root, replace(recipe, accessible=self._recipe.accessible))
        found = find(scene)
        first = found[0]
        self._notes += company.show_film(found, reel, memory, kit, whole=whole)
        if captioned:
            captions.show(first, self._recipe.captions)
        if old is not None and not old.is_shared:
            self._notes += windows.open_again(standing, opened)
        _restyle(found, self._recipe, memory, kit, insist=restyled, relight=cells is None)
        memory.keep()
        with suppress(ReferenceError):
            if staged != standing.root:
                tree.delete(staged)
        if old is None:
            tree.show(scene, standing.root)
        tree.sweep()
        return standing.root


def _model_objects(root: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects of a model that was just drawn, but for its strips."""
    apart = {o for c in root.children if c.get(names.KEY) in (STRIPS, FILM) for o in c.all_objects}
    return [obj for obj in root.all_objects if obj not in apart]


def _model_collections(root: bpy.types.Collection) -> list[bpy.types.Collection]:
    """Its collections, parents first, but for those of strips and film."""
    found: list[bpy.types.Collection] = []
    for child in root.children:
        if child.get(names.KEY) not in (STRIPS, FILM):
            found += [child, *child.children_recursive]
    return found


def _promote(scene: bpy.types.Scene, staged: bpy.types.Collection) -> Standing:
    """Make a model of what was drawn."""
    staged[names.ROLE], staged[names.VERSION] = names.COMPLETE, VERSION
    model = str(staged[names.MODEL])
    made = {MODEL: stands.seal(model, _model_objects(staged))}
    strips = next((c for c in staged.children if c.get(names.KEY) == STRIPS), None)
    made[STRIPS] = stands.seal(model, strips.objects if strips else ())
    collections = [*_model_collections(staged), *([strips] if strips else [])]
    standing = Standing(scene, staged)
    standing.note_made(stands.COLLECTIONS, stands.seal_collections(model, collections))
    stands.seal_collections(model, [staged])
    for group, keys in made.items():
        standing.note_made(group, keys)
    return standing


def _leave_to_others(shared: Standing) -> None:
    """Take a model that other scenes show, too, out of this one."""
    elsewhere = {c for s in shared.scenes if s != shared.scene for c in _tree_of(s)}
    holders = [c for c in _tree_of(shared.scene) if tree.holds(c.children, shared.root)]
    for holder in holders:
        if holder in elsewhere:
            raise StandingError(
                f"{shared.root.name} stands in the collection {holder.name}, which another scene "
                "shows, too; move it out of there first"
            )
    for holder in holders:
        holder.children.unlink(shared.root)


def _tree_of(scene: bpy.types.Scene) -> list[bpy.types.Collection]:
    return [scene.collection, *scene.collection.children_recursive]


def _note(root: bpy.types.Collection, recipe: Recipe, numbers: Numbers) -> None:
    """Keep on a model's root collection what it was made from."""
    recipes.write(root, recipe)
    recipes.write_model(root, numbers.model, numbers.plan.computed)
    recipes.write_run(root, numbers.run)


def _gather(numbers: Numbers) -> Steps[list[blocks.Cells]]:
    """The new numbers of all blocks."""
    total, gathered = len(numbers.plan.bundles), []
    for index, bundle in enumerate(numbers.plan.bundles):
        if index % 20 == 0:
            yield index / total, f"Reading {bundle.title}"
        gathered.append(blocks.gather(bundle, numbers.trace, numbers.n_prompt))
    return gathered


def _recolor(standing: Standing, numbers: Numbers, cells: list[blocks.Cells]) -> None:
    """Write new numbers into the blocks that stand; none of their objects is made or removed."""
    for bundle, found in zip(numbers.plan.bundles, cells, strict=True):
        obj = standing.blocks.get(bundle.name)
        if obj is None:
            # A person has taken it away.
            continue
        changed = ledger.changed(obj)
        gain = float(obj[names.GAIN])
        blocks.write(obj, bundle, found)
        if names.GAIN in changed:
            blocks.set_gain(obj, gain)
        ledger.note_again(obj, changed)


def _renew(standing: Standing, staged: bpy.types.Collection, numbers: Numbers, whole: bool) -> None:
    """Put a model that was drawn anew in place of the one that stands."""
    other = standing.config != numbers.model.config
    windows.forget(standing)
    graft = Graft(standing, MODEL, _model_objects(staged), whole=whole, other=other)
    graft.put(_model_collections(staged))
    root = standing.root
    root[names.VERSION] = VERSION
    root[names.PARAMETERS] = staged[names.PARAMETERS]
    if ledger.is_named_as_made(root):
        root.name = tree.plain_name(staged)
        if root.name != tree.plain_name(staged):
            # The staged collection has the name that the model is to have.
            staged.name = "LLM Viz Staging"
            root.name = numbers.model.title
        ledger.note_name(root)


def _renew_strips(standing: Standing, staged: bpy.types.Collection, whole: bool) -> None:
    """Put new strips in place of those that stand."""
    found = [c for c in staged.children if c.get(names.KEY) == STRIPS]
    drawn = [obj for collection in found for obj in collection.objects]
    Graft(standing, STRIPS, drawn, whole=whole).put(found)


# Looks


def apply_look(
    scene: bpy.types.Scene, root: bpy.types.Collection, look_id: str, accessible: bool
) -> None:
    """Give the models of a scene, their light and their background a look.

    Raises
    ------
    LookError
        If there is no such look.
    StandingError
        If what stands cannot be changed.
    """
    look = looks.load(look_id)
    found = find(scene)
    for standing in found:
        standing.check()
    renamed = any(accessible != standing.recipe.accessible for standing in found)
    # A model that is shown by several scenes looks alike in all of them.
    scenes = dict.fromkeys([scene, *(s for standing in found for s in standing.scenes)])
    for each in scenes:
        memory = Memory(each)
        here = find(each)
        kit = Kit([standing.root for standing in here])
        for standing in here:
            wanted = replace(standing.recipe, look=look.id, accessible=accessible)
            recipes.write(standing.root, wanted)
        if renamed:
            # Captions name the colors.
            here = find(each)
            company.renew_film(here, memory, kit, accessible=accessible)
        here = find(each)
        _restyle(here, here[0].recipe, memory, kit, insist=True)
        memory.keep()
    tree.sweep()


def _restyle(
    found: Sequence[Standing],
    recipe: Recipe,
    memory: Memory,
    kit: Kit,
    *,
    insist: bool,
    relight: bool = False,
) -> None:
    """Give models their look.

    With `insist` a person has just chosen it, and it replaces what they changed; otherwise only
    what has no look yet gets one.
    """
    look, scene = looks.load(recipe.look), found[0].scene
    objects = [obj for standing in found for obj in standing.objects.values()]
    pages = [m for m in slabs.materials_of(objects) if names.PAGE in m]
    kit.paint(look, look.colors(recipe.accessible), pages, insist=insist)
    for standing in found:
        shines, wanted = bool(standing.made(LIGHTS)), standing is found[0]
        if insist or relight or shines != wanted:
            _light(standing, look, wanted, insist)
    if insist or not memory.is_put("world"):
        if scene.world is None or not scene.world.get(names.OURS):
            memory.put("world", studio.world())
        if scene.world is not None and scene.world.get(names.OURS):
            studio.paint_world(scene.world, look)
    for path, value in studio.view_settings(look).items():
        memory.set(path, value, insist=insist)


def _light(standing: Standing, look: looks.Look, shine: bool, insist: bool) -> None:
    """Give a model the lights of a look; without `shine` none, since another one has them."""
    if not shine:
        Graft(standing, LIGHTS, ()).put()
        return
    # None where a person has deleted it: then all that hung on it hangs on nothing.
    anchor = standing.anchor
    hung = (obj for obj in standing.objects.values() if obj.parent == anchor)
    behind = max((obj.location.y for obj in hung), default=0.0)
    collection = tree.new("Lights", standing.root, LIGHTS)
    drawn = studio.lights(look, collection, anchor, behind)
    Graft(standing, LIGHTS, drawn, whole=insist, insist=insist).put([collection])


# Removing


def remove(scene: bpy.types.Scene, root: bpy.types.Collection | None = None) -> bool:
    """Remove a model, or all of them; with the last one `scene` gets its settings back.

    Returns False if there is nothing to remove.

    Raises
    ------
    StandingError
        If what stands cannot be changed.
    """
    found, memory = find(scene), Memory(scene)
    chosen = [standing for standing in found if root in (None, standing.root)]
    if not chosen and (found or not memory):
        return False
    for standing in chosen:
        if not standing.is_shared:
            standing.check()
    for standing in chosen:
        _remove(standing, memory)
    left = find(scene)
    if left:
        kit = Kit([standing.root for standing in left])
        company.renew_film(left, memory, kit, accessible=left[0].recipe.accessible)
        _restyle(left, left[0].recipe, memory, kit, insist=False)
        memory.keep()
    else:
        tree.remove(stands.leftovers(scene), scene.collection)
        memory.give_back()
    tree.sweep()
    return True


def _remove(standing: Standing, memory: Memory) -> None:
    if standing.is_shared:
        _leave_to_others(standing)
        memory.mark(())
        return
    standing.disown_copies()
    film.clear(standing, memory)
    tree.delete(standing.root, standing.objects.values())
