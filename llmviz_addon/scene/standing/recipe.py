"""The recipe of a model in a scene, kept on the model itself.

The scene is the state: recipe, architecture and run are JSON on the root collection, so a file that
is opened elsewhere still knows everything about its models.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

import bpy

from ... import defaults, languages
from ...anatomy import ARRANGEMENTS, Arrangement
from ...bounded import Bounded
from ...detail import Budget, Plan, plan_steps
from ...model import Config, Model, Sampling
from ...progress import Steps
from ...walkthrough import Choice, Run
from ..version import VERSION
from .errors import StandingError

_RECIPE = "llmviz_recipe"
_CONFIG = "llmviz_config"
_TITLE = "llmviz_model_title"
_FACTS = "llmviz_facts"
_COMPUTED = "llmviz_computed"
_PAGES = "llmviz_page_digests"
_RUN = "llmviz_run"
_STILLS = "llmviz_still_frames"
_PINS = "llmviz_pins"

T = TypeVar("T")

FOLLOWED = ("layer", "head", "position", "channel")
"""The fields of a recipe that choose the example which the film follows."""

TELLING = ("language", "script", "chapters", *FOLLOWED)
"""The fields of a recipe that all models of a scene share, for its one film."""

# The latest plans by their inputs, because laying out GPT-3 takes more than a second.
_plans: Bounded[tuple, Plan] = Bounded(4)

# The latest runs by their text, because who asks for cells asks many times a second.
_runs: Bounded[str, Run] = Bounded(8)


@dataclass(frozen=True)
class Recipe:
    """A model to build, and the choices for building it.

    Attributes
    ----------
    model
        A preset's id, or the path of a checkpoint.
    prompt
        The text that the model reads.
    look
        The id of a look.
    accessible
        True if colors are those that people with a color vision deficiency can tell apart.
    captions
        True if the film's captions are shown.
    full_context
        True if a large model's whole context is drawn rather than only the prompt's tokens.
    cubes, slabs
        The budget: cells drawn as cubes, and megabytes of values drawn on slabs.
    arrangement
        A kind of arrangement, one of `anatomy.ARRANGEMENTS`; empty for a model that was drawn
        before there were any.
    columns
        Columns of layers in rows; 0 for one for each layer.
    folded
        True if very long blocks fold into lines.
    activation
        Chosen for a checkpoint whose configuration leaves it open, as `model.load` takes it.
    max_new_tokens
        Tokens that the model appends to the prompt, if its context has room for them.
    temperature, top_k, seed
        The choice of these tokens; see `model.Sampling`.
    language
        The code of the language of all words in the scene.
    script
        The path of a walkthrough of one's own; empty for that of the model's family.
    chapters
        The ids of the chapters that the film has, with commas between; empty for all.
    layer, head, position, channel
        The example that the film's chapters follow; see `walkthrough.Choice`. A position or channel
        of -1 is left to each chapter.
    """

    model: str
    prompt: str
    look: str = "dark"
    accessible: bool = False
    captions: bool = True
    full_context: bool = False
    cubes: int = defaults.CUBES
    slabs: int = defaults.SLABS
    arrangement: str = defaults.ARRANGEMENT
    columns: int = 0
    folded: bool = True
    activation: str = ""
    max_new_tokens: int = defaults.MAX_NEW_TOKENS
    temperature: float = defaults.TEMPERATURE
    top_k: int = defaults.TOP_K
    seed: int = defaults.SEED
    language: str = languages.ENGLISH
    script: str = ""
    chapters: str = ""
    layer: int = defaults.LAYER
    head: int = defaults.HEAD
    position: int = defaults.CHOSEN_BY_CHAPTER
    channel: int = defaults.CHOSEN_BY_CHAPTER
    version: str = VERSION

    @property
    def source(self) -> str:
        """The model to load; a path that is relative to the .blend file is made absolute."""
        return bpy.path.abspath(self.model) if self.model.startswith("//") else self.model

    @property
    def budget(self) -> Budget:
        """The limits for drawing the model."""
        return Budget(self.cubes, self.slabs)

    @property
    def sampling(self) -> Sampling:
        """The choice of the tokens that the model appends.

        Raises
        ------
        llmviz_addon.model.SamplingError
            If there is no such choice.
        """
        return Sampling(self.temperature, self.top_k, self.seed)

    @property
    def choice(self) -> Choice:
        """The example that the film's chapters follow."""
        position, channel = (
            None if chosen == defaults.CHOSEN_BY_CHAPTER else chosen
            for chosen in (self.position, self.channel)
        )
        return Choice(self.layer, self.head, position, channel)

    @property
    def arranged(self) -> Arrangement:
        """The arrangement of the model; the usual one where the recipe knows of none."""
        for kind in ARRANGEMENTS:
            if kind == self.arrangement:
                columns = max(0, self.columns) if kind == "rows" else 0
                return Arrangement(kind, columns, self.folded)
        return Arrangement()


def read(root: bpy.types.Collection, key: str, otherwise: T) -> T:
    """The value that is kept as JSON under `key`; `otherwise` where it cannot be read."""
    try:
        found = json.loads(root[key])
    except (KeyError, TypeError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise


def _must_read(root: bpy.types.Collection, key: str, kind: type[T], **missing: object) -> T:
    """A dataclass that is kept as JSON; fields that only other versions know are ignored.

    `missing` has values for fields that older versions did not know.
    """
    kept = missing | read(root, key, {})
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: value for name, value in kept.items() if name in known})
    except (TypeError, ValueError) as error:
        raise _unreadable(root) from error


def _unreadable(root: bpy.types.Collection) -> StandingError:
    return StandingError(
        f"{root.name} does not say any more what it was made from; remove it and build it again"
    )


def write(root: bpy.types.Collection, recipe: Recipe) -> None:
    """Keep a recipe on a model's root collection."""
    root[_RECIPE] = json.dumps(asdict(recipe))


def recipe_of(root: bpy.types.Collection) -> Recipe:
    """The recipe that a model's root collection carries.

    Raises
    ------
    StandingError
        If it cannot be read.
    """
    return _must_read(root, _RECIPE, Recipe, arrangement="")


def is_arranged(root: bpy.types.Collection) -> bool:
    """False for a model that was drawn before there were arrangements."""
    return bool(read(root, _RECIPE, {"arrangement": defaults.ARRANGEMENT}).get("arrangement"))


def write_model(root: bpy.types.Collection, model: Model, computed: int) -> None:
    """Keep a model's title and architecture, and how many tokens were computed; 0 for a model
    without numbers.
    """
    root[_TITLE] = model.title
    root[_CONFIG] = json.dumps(asdict(model.config))
    root[_COMPUTED] = computed


def write_pages(root: bpy.types.Collection, digests: list[str]) -> None:
    """Keep digests of the numbers on a model's pages; see `reuse.digest_steps`."""
    root[_PAGES] = json.dumps(digests)


def pages_of(root: bpy.types.Collection) -> list[str]:
    """The digests that `write_pages` kept; empty for a model without pages."""
    return read(root, _PAGES, [])


def title_of(root: bpy.types.Collection) -> str:
    """The title of a model that is drawn."""
    return str(root.get(_TITLE, root.name))


def plan_steps_of(root: bpy.types.Collection) -> Steps[Plan]:
    """The plan by which a model is drawn."""
    recipe, config = recipe_of(root), config_of(root)
    return (yield from planned(config, computed_of(root, config), recipe))


def computed_of(root: bpy.types.Collection, config: Config) -> int:
    """The number of tokens that were computed; raises what `recipe_of` raises."""
    found = root.get(_COMPUTED, 0)
    if not isinstance(found, int) or not 0 <= found <= config.n_ctx:
        raise _unreadable(root)
    return found


def planned(config: Config, computed: int, recipe: Recipe) -> Steps[Plan]:
    """The plan for a recipe; the latest plans are kept, so that asking again costs nothing."""
    arrangement = recipe.arranged
    made_from = config, computed, recipe.full_context, recipe.budget, arrangement
    if made_from not in _plans:
        _plans[made_from] = yield from plan_steps(
            config,
            computed,
            full_context=recipe.full_context,
            budget=recipe.budget,
            arrangement=arrangement,
        )
    return _plans[made_from]


def config_of(root: bpy.types.Collection) -> Config:
    """The architecture of a model that is drawn; raises what `recipe_of` raises."""
    return _must_read(root, _CONFIG, Config)


def write_run(root: bpy.types.Collection, run: Run | None) -> None:
    """Keep the run that the film shows; None for a model without numbers."""
    root[_RUN] = "" if run is None else run.to_json()


def run_of(root: bpy.types.Collection) -> Run | None:
    """The run that a model shows; None for a model without numbers.

    Raises
    ------
    StandingError
        If it cannot be read.
    """
    kept = root.get(_RUN)
    if not kept:
        return None
    try:
        if kept not in _runs:
            _runs[kept] = Run.from_json(kept)
        return _runs[kept]
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise _unreadable(root) from error


def check(root: bpy.types.Collection) -> None:
    """Read all that is kept of what a model was made from.

    Raises
    ------
    StandingError
        If some of it cannot be read.
    """
    recipe_of(root)
    computed_of(root, config_of(root))
    run_of(root)


def digest_of_run(root: bpy.types.Collection) -> str:
    """A digest of the run that a model shows."""
    return hashlib.blake2b(str(root.get(_RUN, "")).encode(), digest_size=8).hexdigest()


def write_still_frames(root: bpy.types.Collection, frames: dict[str, int]) -> None:
    """Keep the frame of the film at which each still is taken."""
    root[_STILLS] = json.dumps(frames)


def still_frames(root: bpy.types.Collection) -> dict[str, int]:
    """The frame of the film at which each still is taken, by the still's id."""
    return read(root, _STILLS, {})


def write_pins(root: bpy.types.Collection, cells: list[str]) -> None:
    """Keep the cells that are pinned in a model, as they are written, in order."""
    root[_PINS] = json.dumps(cells)


def pins_of(root: bpy.types.Collection) -> list[str]:
    """The cells that are pinned in a model."""
    return [cell for cell in read(root, _PINS, []) if isinstance(cell, str)]


def write_facts(root: bpy.types.Collection, facts: frozenset[str]) -> None:
    """Keep the facts that are true of a model's film; see `walkthrough.FACTS`."""
    root[_FACTS] = json.dumps(sorted(facts))


def facts_of(root: bpy.types.Collection) -> frozenset[str]:
    """The facts that are true of a model's film; see `walkthrough.FACTS`."""
    return frozenset(read(root, _FACTS, []))
