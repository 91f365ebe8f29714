"""What a model in a scene was made from, read back from the scene itself.

The scene is the state: a recipe is JSON on the root collection, and the numbers of a run stand in
the blocks, so a file that is opened anywhere knows all about itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import bpy

from ..detail import Budget, Plan, plan
from ..model import Config
from ..walkthrough import Run
from . import names, tree
from .attributes import read_attribute
from .version import VERSION

_RECIPE = "llmviz_recipe"
_CONFIG = "llmviz_config"
_COMPUTED = "llmviz_computed"
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


def write_config(root: bpy.types.Collection, config: Config, computed: int) -> None:
    """Keep the architecture, and how many tokens were computed; 0 for a model without numbers."""
    root[_CONFIG] = json.dumps(asdict(config))
    root[_COMPUTED] = computed


def plan_of(root: bpy.types.Collection) -> Plan:
    """How a model is drawn, made again from what it was made from."""
    recipe = recipe_of(root)
    return plan(
        config_of(root),
        root[_COMPUTED],
        full_context=recipe.full_context,
        budget=budget_of(recipe),
    )


def config_of(root: bpy.types.Collection) -> Config:
    """The architecture of a model that is drawn."""
    return Config(**json.loads(root[_CONFIG]))


def write_run(root: bpy.types.Collection, run: Run) -> None:
    """Keep what the cells do not tell of a run: where the prompt ends, how tokens are written."""
    labels = {str(token): label for token, label in run.labels.items()}
    root[_RUN] = json.dumps({"n_prompt": run.n_prompt, "labels": labels, "model": run.model})


def run_of(root: bpy.types.Collection) -> Run:
    """The run that a model shows; its tokens and probabilities are read from the cells."""
    kept = json.loads(root[_RUN])
    drawn = tree.blocks(root)
    tokens = drawn["tokens"].data
    computed = read_attribute(tokens, names.STATE) == names.STATE_NUMBER
    ids = read_attribute(tokens, names.VALUE)[computed].astype(int).tolist()
    probabilities = read_attribute(drawn["probabilities"].data, names.VALUE)
    return Run(
        prompt_ids=ids[: kept["n_prompt"]],
        ids=ids,
        labels={int(token): label for token, label in kept["labels"].items()},
        probabilities=probabilities.reshape(-1, config_of(root).n_vocab)[: len(ids)],
        model=kept["model"],
    )


def write_still_frames(root: bpy.types.Collection, frames: dict[str, int]) -> None:
    """Keep the frame of the film at which each still is taken."""
    root[_STILLS] = json.dumps(frames)


def still_frames(root: bpy.types.Collection) -> dict[str, int]:
    """The frame of the film at which each still is taken, by the still's id."""
    return json.loads(root[_STILLS])
