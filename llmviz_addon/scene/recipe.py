"""What a model in a scene was made from, read back from the scene itself.

The scene is the state: recipe, architecture and run are JSON on the root collection, so a file that
is opened anywhere knows all about itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import bpy

from ..detail import Budget, Plan, plan_steps
from ..model import Config, Model
from ..progress import Steps, run
from ..walkthrough import Run
from .version import VERSION

_RECIPE = "llmviz_recipe"
_CONFIG = "llmviz_config"
_TITLE = "llmviz_model_title"
_FACTS = "llmviz_facts"
_COMPUTED = "llmviz_computed"
_PAGES = "llmviz_page_digests"
_RUN = "llmviz_run"
_STILLS = "llmviz_still_frames"


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
        Whether colours are those that stay apart with a colour vision deficiency.
    captions
        Whether the film's captions are shown.
    full_context
        Whether a large model's whole context is drawn rather than the tokens there are.
    cubes, slabs
        The budget: cells drawn as cubes, and megabytes of values drawn on slabs.
    """

    model: str
    prompt: str
    look: str = "dark"
    accessible: bool = False
    captions: bool = True
    full_context: bool = False
    cubes: int = 400_000
    slabs: int = 256
    version: str = VERSION


def budget_of(recipe: Recipe) -> Budget:
    """What a recipe lets a model cost."""
    return Budget(recipe.cubes, recipe.slabs)


def write(root: bpy.types.Collection, recipe: Recipe) -> None:
    """Keep a recipe on a model's root collection."""
    root[_RECIPE] = json.dumps(asdict(recipe))


def recipe_of(root: bpy.types.Collection) -> Recipe:
    """The recipe that a model's root collection carries."""
    return Recipe(**json.loads(root[_RECIPE]))


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
    return json.loads(root.get(_PAGES, "[]"))


def title_of(root: bpy.types.Collection) -> str:
    """The title of a model that is drawn."""
    return root[_TITLE]


def plan_of(root: bpy.types.Collection) -> Plan:
    """How a model is drawn, made again from what it was made from."""
    return run(plan_steps_of(root))


def plan_steps_of(root: bpy.types.Collection) -> Steps[Plan]:
    """`plan_of` in steps."""
    recipe = recipe_of(root)
    return (
        yield from plan_steps(
            config_of(root),
            root[_COMPUTED],
            full_context=recipe.full_context,
            budget=budget_of(recipe),
        )
    )


def config_of(root: bpy.types.Collection) -> Config:
    """The architecture of a model that is drawn."""
    return Config(**json.loads(root[_CONFIG]))


def write_run(root: bpy.types.Collection, run: Run | None) -> None:
    """Keep what the film tells of; nothing of a model without numbers."""
    root[_RUN] = "" if run is None else run.to_json()


def run_of(root: bpy.types.Collection) -> Run | None:
    """The run that a model shows; None for a model without numbers."""
    kept = root[_RUN]
    return Run.from_json(kept) if kept else None


def write_still_frames(root: bpy.types.Collection, frames: dict[str, int]) -> None:
    """Keep the frame of the film at which each still is taken."""
    root[_STILLS] = json.dumps(frames)


def still_frames(root: bpy.types.Collection) -> dict[str, int]:
    """The frame of the film at which each still is taken, by the still's id."""
    return json.loads(root[_STILLS])


def write_facts(root: bpy.types.Collection, facts: frozenset[str]) -> None:
    """Keep what holds for the film of a model; see `walkthrough.FACTS`."""
    root[_FACTS] = json.dumps(sorted(facts))


def facts_of(root: bpy.types.Collection) -> frozenset[str]:
    """What holds for the film of a model."""
    return frozenset(json.loads(root[_FACTS]))
