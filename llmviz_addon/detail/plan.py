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
    from ..anatomy import Anatomy, Arrangement
    from ..model import Config


def n_computed(config: Config, n_prompt: int, max_new_tokens: int) -> int:
    """Positions that have numbers: the prompt's tokens and those appended; 0 without a prompt."""
    return min(n_prompt + max_new_tokens, config.n_ctx) if n_prompt else 0


@dataclass(frozen=True)
class Plan:
    """A model's drawing, decided before anything is drawn.

    Attributes
    ----------
    anatomy
        Its blocks, for as many positions as are drawn.
    bundles
        The blocks that share an object, in the order of computation.
    ways
        The way in which each bundle is drawn, by its name.
    computed
        Positions that have numbers; 0 where the model has none.
    shared
        Bundles that show the values of another one, by name: a tied output head shows those of the
        token embedding.
    """

    anatomy: Anatomy
    bundles: tuple[Bundle, ...]
    ways: dict[str, Way]
    computed: int
    shared: dict[str, str]

    @property
    def has_numbers(self) -> bool:
        """True if any cell shows a number."""
        return self.computed > 0

    @property
    def bundled(self) -> bool:
        """True if blocks share objects."""
        return len(self.bundles) < len(self.anatomy.blocks)

    @property
    def all_cubes(self) -> bool:
        """True if every cell is a cube of its own."""
        return set(self.ways.values()) == {"cubes"}

    @cached_property
    def by_block(self) -> dict[str, tuple[Bundle, int]]:
        """Each block's bundle and its place among the bundle's blocks, by the block's name."""
        return {b.name: (bundle, i) for bundle in self.bundles for i, b in enumerate(bundle.blocks)}

    def note(self, bundle: str) -> str:
        """A bundle's way and the precision of its values; empty where the whole model is cubes.

        Titles end with it: ``"cubes, exact"``, ``"slab, 255 levels"`` or ``"shape only"``.
        """
        if self.all_cubes:
            return ""
        way = self.ways[bundle]
        return "shape only" if way == "shape" else f"{way}, {EXACTNESS[way]}"

    @cached_property
    def layout(self) -> Layout:
        """The places of the values of all slabs."""
        slabs = [b for b in self.bundles if self.ways[b.name] == "slab"]
        return lay_out(slabs, self.computed, self.shared)

    @cached_property
    def estimate(self) -> Estimate:
        """The size of the drawing: cells, file and memory."""
        return estimate(self.anatomy, self.bundles, self.ways, self.computed, self.layout)


def plan(
    config: Config,
    computed: int,
    *,
    full_context: bool = False,
    budget: Budget | None = None,
    arrangement: Arrangement | None = None,
) -> Plan:
    """The plan of a model's drawing in one go; takes what `plan_steps` does."""
    steps = plan_steps(
        config, computed, full_context=full_context, budget=budget, arrangement=arrangement
    )
    return run(steps)


def plan_steps(
    config: Config,
    computed: int,
    *,
    full_context: bool = False,
    budget: Budget | None = None,
    arrangement: Arrangement | None = None,
) -> Steps[Plan]:
    """Plan the drawing of a model.

    Parameters
    ----------
    config
        Its architecture.
    computed
        Positions that are computed, the prompt's and the appended ones; 0 for a model without
        numbers, which is drawn as shapes.
    full_context
        True to draw all of the context, most of it empty, rather than the computed positions only.
        Small models and those without numbers show all of it in any case.
    budget
        The limits; the default budget unless given.
    arrangement
        How the layers stand, as `anatomy.build` takes it.
    """
    yield 0.0, "Placing the blocks"
    budget = budget or Budget()
    short = computed and not full_context and anatomy_room.n_cells(config) > budget.cubes
    drawn = min(computed, config.n_ctx) if short else None
    anatomy = anatomy_room.build(config, drawn, arrangement)
    yield 0.7, "Planning what is drawn"
    bundles = bundle(anatomy, WIDTH * FULL if computed else None)
    shared = {"lm_head": "wte"} if config.tied else {}
    ways = choose(bundles, bool(computed), computed, budget, shared)
    shared = {n: other for n, other in shared.items() if ways[n] == ways[other] == "slab"}
    return Plan(anatomy, bundles, ways, computed, shared)
