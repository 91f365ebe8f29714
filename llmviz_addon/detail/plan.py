"""The plan of a model's drawing: its blocks in space, bundled, and the way of each bundle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from .. import anatomy as anatomy_room
from ..progress import Steps, run
from .budget import EXACTNESS, Budget, Estimate, Way, choose, estimate
from .bundles import Bundle, bundle
from .pages import FULL, WIDTH, Layout, lay_out

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Config

APPENDED = 5
"""How many tokens a model appends to the prompt, context permitting."""


def n_computed(config: Config, n_prompt: int) -> int:
    """Positions that have numbers: the prompt's tokens and those appended; 0 without a prompt."""
    return min(n_prompt + APPENDED, config.n_ctx) if n_prompt else 0


@dataclass(frozen=True)
class Plan:
    """How a model is drawn, before anything is.

    Attributes
    ----------
    anatomy
        Its blocks, for as many positions as are drawn.
    bundles
        What shares an object, in the order of computation.
    ways
        How each bundle is drawn, by its name.
    computed
        Positions that have numbers; 0 where the model has none.
    shared
        Bundles that show the values of another one: a tied head those of the embedding.
    """

    anatomy: Anatomy
    bundles: tuple[Bundle, ...]
    ways: dict[str, Way]
    computed: int
    shared: dict[str, str]

    @property
    def has_numbers(self) -> bool:
        """Whether any cell shows a number."""
        return self.computed > 0

    @property
    def bundled(self) -> bool:
        """Whether blocks share objects."""
        return len(self.bundles) < len(self.anatomy.blocks)

    @property
    def all_cubes(self) -> bool:
        """Whether every cell is a cube of its own."""
        return set(self.ways.values()) == {"cubes"}

    def note(self, bundle: str) -> str:
        """How a bundle is drawn and how true its values are; empty where the whole model is cubes.

        It is for titles: ``"cubes, exact"``, ``"slab, 255 levels"`` or ``"shape only"``.
        """
        if self.all_cubes:
            return ""
        way = self.ways[bundle]
        return "shape only" if way == "shape" else f"{way}, {EXACTNESS[way]}"

    @cached_property
    def layout(self) -> Layout:
        """Where the values of all slabs stand."""
        slabs = [b for b in self.bundles if self.ways[b.name] == "slab"]
        return lay_out(slabs, self.computed, self.shared)

    @cached_property
    def estimate(self) -> Estimate:
        """What it will take."""
        return estimate(self.anatomy, self.bundles, self.ways, self.computed, self.layout)


def plan(
    config: Config, computed: int, *, full_context: bool = False, budget: Budget | None = None
) -> Plan:
    """`plan_steps` in one go."""
    return run(plan_steps(config, computed, full_context=full_context, budget=budget))


def plan_steps(
    config: Config, computed: int, *, full_context: bool = False, budget: Budget | None = None
) -> Steps[Plan]:
    """Plan the drawing of a model.

    Parameters
    ----------
    config
        Its architecture.
    computed
        How many tokens are computed, the prompt's and what is appended; 0 for a model without
        numbers, which is drawn as shapes.
    full_context
        Whether all of the context is drawn, most of it empty, rather than the tokens there are.
        Small models and those without numbers show all of it in any case.
    budget
        What may be spent; the default budget unless given.
    """
    yield 0.0, "Placing the blocks"
    budget = budget or Budget()
    short = computed and not full_context and anatomy_room.n_cells(config) > budget.cubes
    anatomy = anatomy_room.build(config, min(computed, config.n_ctx) if short else None)
    yield 0.7, "Planning what is drawn"
    bundles = bundle(anatomy, WIDTH * FULL if computed else None)
    shared = {"lm_head": "wte"} if config.tied else {}
    ways = choose(bundles, bool(computed), computed, budget, shared)
    shared = {n: other for n, other in shared.items() if ways[n] == ways[other] == "slab"}
    return Plan(anatomy, bundles, ways, computed, shared)
