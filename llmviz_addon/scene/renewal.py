"""The last step of a build: the drawn parts become a model, or renew one that stands."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import bpy

from ..detail import Bundle
from . import names
from .drawn import blocks, slabs, windows
from .drawn.model import Numbers
from .standing import ledger, tree, wording
from .standing import recipe as recipes
from .standing.errors import StandingError
from .standing.graft import Graft
from .standing.keys import COLLECTIONS, FILM, MODEL, STRIPS, seal, seal_collections
from .standing.recipe import Recipe
from .standing.standing import Standing
from .style.materials import PAGE_IMAGES, is_page
from .version import DRAWING, VERSION


def model_objects(root: bpy.types.Collection) -> list[bpy.types.Object]:
    """The objects of a model that was just drawn, except its strips."""
    apart = {o for c in root.children if c.get(names.KEY) in (STRIPS, FILM) for o in c.all_objects}
    return [obj for obj in root.all_objects if obj not in apart]


def _model_collections(root: bpy.types.Collection) -> list[bpy.types.Collection]:
    """The collections of a model, parents first, except those of its strips and its film."""
    found: list[bpy.types.Collection] = []
    for child in root.children:
        if child.get(names.KEY) not in (STRIPS, FILM):
            found += [child, *child.children_recursive]
    return found


def promote(
    scene: bpy.types.Scene, staged: bpy.types.Collection, shared: Standing | None
) -> Standing:
    """Make a model of the drawn parts; `shared`, which other scenes show, too, is left to them."""
    if shared is not None:
        leave_to_others(shared)
    staged[names.ROLE], staged[names.VERSION] = names.COMPLETE, VERSION
    staged[names.DRAWING] = DRAWING
    model = str(staged[names.MODEL])
    made = {MODEL: seal(model, model_objects(staged))}
    strips = next((c for c in staged.children if c.get(names.KEY) == STRIPS), None)
    made[STRIPS] = seal(model, strips.objects if strips else ())
    collections = [*_model_collections(staged), *([strips] if strips else [])]
    standing = Standing(scene, staged)
    standing.note_made(COLLECTIONS, seal_collections(model, collections))
    seal_collections(model, [staged])
    for group, keys in made.items():
        standing.note_made(group, keys)
    standing.note_originals()
    return standing


def note(root: bpy.types.Collection, recipe: Recipe, numbers: Numbers) -> None:
    """Keep recipe, architecture and run on a model's root collection."""
    recipes.write(root, recipe)
    recipes.write_model(root, numbers.model, numbers.plan.computed)
    recipes.write_run(root, numbers.run)


def fits(old: Standing, numbers: Numbers) -> bool:
    """True if a model that stands can show these numbers: all blocks are cubes, as many as here."""
    wanted = {bundle.name: bundle for bundle in numbers.plan.bundles}
    drawn = old.blocks
    return (
        not old.is_shared
        and old.is_current
        and old.is_arranged
        and numbers.plan.all_cubes
        and old.title == numbers.model.title
        and old.config == numbers.model.config
        and old.anchor is not None
        and drawn.keys() <= wanted.keys()
        and all(o[names.DRAWN_AS] == "cubes" for o in drawn.values())
        and all(names.GROUP_CELLS in o.modifiers for o in drawn.values())
        and all(len(o.data.vertices) == wanted[name].cells for name, o in drawn.items())
    )


def recolor(
    standing: Standing,
    bundles: Iterable[Bundle],
    cells: Iterable[blocks.Cells],
    values_only: bool = False,
) -> None:
    """Write new numbers into blocks that stand; none of their objects is made or removed.

    With `values_only`, as many tokens are read and appended as before.
    """
    for bundle, found in zip(bundles, cells, strict=True):
        obj = standing.blocks.get(bundle.name)
        if obj is None:
            # A person has deleted it.
            continue
        gain = float(obj[names.GAIN])
        if ledger.rewrite_gain(obj, partial(blocks.write, obj, bundle, found, values_only)):
            blocks.set_gain(obj, gain)


def respell(standing: Standing) -> None:
    """Set the words that a person has written in place of ours."""
    for obj in standing.objects.values():
        if names.TEXT in obj and obj[names.TEXT] != obj.data.get(names.TEXT):
            wording.rewrite(obj)


def renew(
    standing: Standing,
    staged: bpy.types.Collection,
    numbers: Numbers,
    cells: list[blocks.Cells] | None,
    whole: bool,
) -> None:
    """Put the drawn parts in place of those that stand, or `cells` into blocks that can stay."""
    if cells is not None:
        recolor(standing, numbers.plan.bundles, cells)
        respell(standing)
    else:
        _redraw(standing, staged, numbers, whole)
    _renew_strips(standing, staged, whole)


def _redraw(
    standing: Standing, staged: bpy.types.Collection, numbers: Numbers, whole: bool
) -> None:
    """Put a model that was drawn anew in place of the one that stands."""
    other = standing.config != numbers.model.config
    windows.forget(standing)
    graft = Graft(standing, MODEL, model_objects(staged), whole=whole, other=other)
    graft.put(_model_collections(staged))
    root = standing.root
    root[names.VERSION], root[names.DRAWING] = VERSION, DRAWING
    root[names.PARAMETERS] = staged[names.PARAMETERS]
    recipes.write_pages(root, recipes.pages_of(staged))
    if ledger.is_named_as_made(root) and root.name != tree.plain_name(staged):
        # The staged collection may have the very name that the model is to get: free it first.
        wanted, staged.name = tree.plain_name(staged), "LLM Viz Staging"
        root.name = wanted
        ledger.note_name(root)


def _renew_strips(standing: Standing, staged: bpy.types.Collection, whole: bool) -> None:
    """Put new strips in place of those that stand."""
    found = [c for c in staged.children if c.get(names.KEY) == STRIPS]
    drawn = [obj for collection in found for obj in collection.objects]
    Graft(standing, STRIPS, drawn, whole=whole).put(found)


def settle_names(standing: Standing) -> None:
    """Drop the numbers that Blender appended to names while the old drawing had them."""
    objects = standing.objects.values()
    pages = [m for m in slabs.materials_of(objects) if names.PAGE in m]
    images = [m.node_tree.nodes[name].image for m in pages if is_page(m) for name in PAGE_IMAGES]
    data = [obj.data for obj in objects if obj.data is not None and obj.data.get(names.OURS)]
    tree.settle_names([*filter(None, images), *data])


def leave_to_others(shared: Standing) -> None:
    """Take a model out of this scene and leave it to the other scenes that show it."""
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
