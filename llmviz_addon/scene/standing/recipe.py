"""What a model in a scene was made from, read back from the scene itself.

The scene is the state: recipe, architecture and run are JSON on the root collection, so a file that
is opened anywhere knows all about itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TypeVar

import bpy

from ... import defaults
from ...bounded import Bounded
from ...detail import Budget, Plan, plan_steps
from ...model import Config, Model
from ...progress import Steps, run
from ...walkthrough import Run
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

T = TypeVar("T")

# The latest plans, by what they were made from: to lay out GPT-3 anew takes a second and more.
_plans: Bounded[tuple, Plan] = Bounded(4)


@dataclass(frozen=True)
class Recipe:
    """What to build.

    Attributes
    ----------
    model
        A preset's id, or the path of a checkpoint.
    prompt
        What the model reads.
    look
        The id of a look.
    accessible
        Whether colors are those that stay apart with a color vision deficiency.
    captions
        Whether the film's captions are shown.
    full_context
        Whether a large model's whole context is drawn rather than the tokens there are.
    cubes, slabs
        The budget: cells drawn as cubes, and megabytes of values drawn on slabs.
    activation
        Chosen for a checkpoint whose configuration leaves it open, as `model.load` takes it.
    """

    model: str
    prompt: str
    look: str = "dark"
    accessible: bool = False
    captions: bool = True
    full_context: bool = False
    cubes: int = defaults.CUBES
    slabs: int = defaults.SLABS
    activation: str = ""
    version: str = VERSION

    @property
    def source(self) -> str:
        """What to load: a path that is relative to the file made absolute."""
        return bpy.path.abspath(self.model) if self.model.startswith("//") else self.model

    @property
    def budget(self) -> Budget:
        """What the model may cost."""
        return Budget(self.cubes, self.slabs)


def read(root: bpy.types.Collection, key: str, otherwise: T) -> T:
    """What is kept as JSON under `key`; `otherwise` where there is nothing that can be read."""
    try:
        found = json.loads(root[key])
    except (KeyError, TypeError, ValueError):
        return otherwise
    return found if isinstance(found, type(otherwise)) else otherwise


def _must_read(root: bpy.types.Collection, key: str, kind: type[T]) -> T:
    """A dataclass that is kept as JSON; what other versions kept beside is passed over."""
    kept = read(root, key, {})
    known = {field.name for field in fields(kind)}
    try:
        return kind(**{name: value for name, value in kept.items() if name in known})
    except (TypeError, ValueError) as error:
        raise StandingError(
            f"{root.name} does not say any more what it was made from; remove it and build it again"
        ) from error


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
    return _must_read(root, _RECIPE, Recipe)


def write_model(root: bpy.types.Collection, model: Model, computed: int) -> None:
    """Keep a model's title and architecture, and how many tokens were computed; 0 for a model
    without numbers.
    """
    root[_TITLE] = model.title
    root[_CONFIG] = json.dumps(asdict(model.config))
    root[_COMPUTED] = computed


def write_pages(root: bpy.types.Collection, digests: list[str]) -> None:
    """Keep whose numbers stand on a model's pages: see `reuse.digest_steps`."""
    root[_PAGES] = json.dumps(digests)


def pages_of(root: bpy.types.Collection) -> list[str]:
    """What `write_pages` kept; nothing where a model has no pages."""
    return read(root, _PAGES, [])


def title_of(root: bpy.types.Collection) -> str:
    """The title of a model that is drawn."""
    return str(root.get(_TITLE, root.name))


def plan_of(root: bpy.types.Collection) -> Plan:
    """How a model is drawn."""
    return run(plan_steps_of(root))


def plan_steps_of(root: bpy.types.Collection) -> Steps[Plan]:
    """`plan_of` in steps."""
    recipe, config = recipe_of(root), config_of(root)
    return (yield from planned(config, int(root.get(_COMPUTED, 0)), recipe))


def planned(config: Config, computed: int, recipe: Recipe) -> Steps[Plan]:
    """The plan for a recipe, made once for as long as it is asked for."""
    made_from = config, computed, recipe.full_context, recipe.cubes, recipe.slabs
    if made_from not in _plans:
        _plans[made_from] = yield from plan_steps(
            config, computed, full_context=recipe.full_context, budget=recipe.budget
        )
    return _plans[made_from]


def config_of(root: bpy.types.Collection) -> Config:
    """The architecture of a model that is drawn; raises what `recipe_of` raises."""
    return _must_read(root, _CONFIG, Config)


def write_run(root: bpy.types.Collection, run: Run | None) -> None:
    """Keep what the film tells of; nothing of a model without numbers."""
    root[_RUN] = "" if run is None else run.to_json()


def run_of(root: bpy.types.Collection) -> Run | None:
    """The run that a model shows; None for a model without numbers."""
    kept = root.get(_RUN)
    return Run.from_json(kept) if kept else None


def write_still_frames(root: bpy.types.Collection, frames: dict[str, int]) -> None:
    """Keep the frame of the film at which each still is taken."""
    root[_STILLS] = json.dumps(frames)


def still_frames(root: bpy.types.Collection) -> dict[str, int]:
    """The frame of the film at which each still is taken, by the still's id."""
    return read(root, _STILLS, {})


def write_facts(root: bpy.types.Collection, facts: frozenset[str]) -> None:
    """Keep what holds for the film of a model; see `walkthrough.FACTS`."""
    root[_FACTS] = json.dumps(sorted(facts))


def facts_of(root: bpy.types.Collection) -> frozenset[str]:
    """What holds for the film of a model."""
    return frozenset(read(root, _FACTS, []))
