"""Which blocks are drawn as cubes, which as slabs, which as shapes only, within a budget.

Where all fits, all are cubes. Else what the film dwells on comes first, and of the rest the
smallest blocks: they are the ones that are seen from near by.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .. import defaults
from ..errors import Problem
from .bundles import MOST_OBJECTS, Bundle
from .levels import LEVELS
from .pages import WIDTH, Layout, extent, fits, padded

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Config

Way = Literal["cubes", "slab", "shape"]

EXACTNESS: dict[Way, str] = {"cubes": "exact", "slab": f"{LEVELS} levels", "shape": "none"}
"""How true the values are that are shown in each way."""

MEGABYTE = 2**20
CUBE_BYTES = 110
"""What a cell drawn as a cube takes in memory, its attributes included, as measured."""

CUBE_RENDER_BYTES, TEXEL_RENDER_BYTES = 5_000, 5
"""What Cycles takes for a cube, an instance of its own, and for a byte of a page, as measured."""

_BASE_BYTES = 3 * MEGABYTE
_OBJECT_BYTES = 9_000

_SCENE_BYTES, _BLOCK_BYTES = 70 * MEGABYTE, 900
"""What words, arrows and film take in memory, and what the anatomy takes for a block, as
measured.
"""


class BudgetError(Problem):
    """A budget that nothing can be drawn within."""


@dataclass(frozen=True)
class Budget:
    """What may be spent on drawing a model.

    Attributes
    ----------
    cubes
        Cells that are drawn as cubes.
    slabs
        Megabytes of slab values, one byte a cell.

    Raises
    ------
    BudgetError
        If either is negative.
    """

    cubes: int = defaults.CUBES
    slabs: int = defaults.SLABS

    def __post_init__(self) -> None:
        if self.cubes < 0 or self.slabs < 0:
            raise BudgetError(
                f"A budget of {self.cubes:,} cubes and {self.slabs:,} MB of slabs is below zero; "
                "give 0 or more of each"
            )


@dataclass(frozen=True)
class Estimate:
    """What a model will take, before it is built.

    Attributes
    ----------
    cubes, slabs, shapes
        Cells drawn in each way.
    objects
        Blocks and bundles, an object each.
    file_bytes
        Of the saved file, about.
    trace_bytes, drawn_bytes, scene_bytes
        Of memory while building, beside the checkpoint's files, which the system reads and drops as
        it sees fit: what the model computes, what is drawn of it, and what there is in any case.
    render_bytes
        Of memory that Cycles takes to render it.
    """

    cubes: int
    slabs: int
    shapes: int
    objects: int
    file_bytes: int
    trace_bytes: int
    drawn_bytes: int
    scene_bytes: int
    render_bytes: int

    @property
    def memory_bytes(self) -> int:
        """Of memory while building, about."""
        return self.trace_bytes + self.drawn_bytes + self.scene_bytes


def dwelt(bundle: Bundle) -> bool:
    """Whether the film dwells on it: what belongs to no layer, or to the first one's first head."""
    return bundle.single and not bundle.first.layer and not bundle.first.head


def choose(
    bundles: Sequence[Bundle],
    has_numbers: bool,
    computed: int,
    budget: Budget,
    shared: Mapping[str, str] | None = None,
) -> dict[str, Way]:
    """How each bundle is drawn, by its name.

    Parameters
    ----------
    has_numbers
        Whether the model has weights; without them everything is a shape.
    computed
        Positions that have numbers.
    shared
        Bundles that show the values of another one: they cost none where both are slabs.
    """
    shared = shared or {}
    if not has_numbers:
        return {bundle.name: "shape" for bundle in bundles}
    ways: dict[str, Way] = {}
    cubes, slabs = budget.cubes, budget.slabs * MEGABYTE
    cut: dict[str, int] = defaultdict(int)
    for bundle in bundles:
        cut[_whole(bundle)] += bundle.cells

    def turn(bundle: Bundle) -> tuple[bool, int, int, bool]:
        # What the later layers were cut into is as large as it was, and comes layer by layer. Of
        # equal ones, those with values of their own come first.
        layer = bundle.first.layer or 0
        return not dwelt(bundle), cut[_whole(bundle)], layer, bundle.name in shared

    for bundle in sorted(bundles, key=turn):
        free = ways.get(shared.get(bundle.name, "")) == "slab"
        cost = 0 if free else slab_cells(bundle, computed)
        if bundle.cells <= cubes:
            ways[bundle.name] = "cubes"
            cubes -= bundle.cells
        elif cost <= slabs and (free or fits(bundle, computed)):
            ways[bundle.name] = "slab"
            slabs -= cost
        else:
            ways[bundle.name] = "shape"
    return ways


def _whole(bundle: Bundle) -> str:
    """What later layers would share if it were not cut to fit a page; else the bundle itself."""
    return bundle.role if bundle.first.layer else bundle.name


def slab_cells(bundle: Bundle, computed: int) -> int:
    """Texels that a bundle takes as a slab."""
    columns, rows = extent(bundle.first, computed)
    return len(bundle.blocks) * padded(columns) * padded(rows)


def estimate(
    anatomy: Anatomy,
    bundles: Sequence[Bundle],
    ways: dict[str, Way],
    computed: int,
    layout: Layout,
) -> Estimate:
    """What a model takes when it is drawn in these ways, its values standing as `layout` says."""
    cells: dict[Way, int] = {"cubes": 0, "slab": 0, "shape": 0}
    for bundle in bundles:
        cells[ways[bundle.name]] += bundle.cells
    texels = WIDTH * sum(layout.heights)
    # A page is packed from a copy of it.
    largest = WIDTH * max(layout.heights, default=0)
    many = len(anatomy.blocks) > MOST_OBJECTS
    base = _BASE_BYTES + len(bundles) * _OBJECT_BYTES * (1 if many else 4)
    return Estimate(
        cubes=cells["cubes"],
        slabs=cells["slab"],
        shapes=cells["shape"],
        objects=len(bundles),
        file_bytes=base + texels + 12 * cells["cubes"],
        trace_bytes=trace_bytes(anatomy.config, computed),
        drawn_bytes=2 * base + texels + 2 * largest + CUBE_BYTES * cells["cubes"],
        scene_bytes=_SCENE_BYTES + _BLOCK_BYTES * len(anatomy.blocks),
        render_bytes=CUBE_RENDER_BYTES * cells["cubes"] + TEXEL_RENDER_BYTES * texels,
    )


def trace_bytes(config: Config, n_tokens: int) -> int:
    """What all intermediates of a pass take as float32.

    A layer keeps eleven vectors of each token's channels (norm, query, key, value, head outputs,
    projection, both residuals, norm, MLP result and its input), two of its MLP's neurons, and
    scores and attention of every head.
    """
    channels, neurons = 11 * config.n_embd, 2 * config.d_ff
    layer = n_tokens * (channels + neurons) + 2 * config.n_head * n_tokens**2
    return 4 * (config.n_layer * layer + 2 * n_tokens * config.n_vocab)
