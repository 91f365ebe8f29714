"""The choice, within a budget, between cubes, slabs and shapes for each bundle of blocks.

Where everything fits, everything is cubes. Otherwise the blocks that the film dwells on come first,
and then the smallest ones, because those are seen from nearby.
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
from .pages import WIDTH, Layout, fits, padded

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Config

Way = Literal["cubes", "slab", "shape"]

EXACTNESS: dict[Way, str] = {"cubes": "exact", "slab": f"{LEVELS} levels", "shape": "none"}
"""The precision of the values that each way shows."""

MEGABYTE = 2**20
CUBE_BYTES = 110
"""Bytes of memory for a cell drawn as a cube, its attributes included, as measured."""

CUBE_RENDER_BYTES, TEXEL_RENDER_BYTES = 5_000, 5
"""Bytes that Cycles takes for a cube, which is an instance of its own, and for a byte of a page, as
measured."""

_BASE_BYTES = 3 * MEGABYTE
_OBJECT_BYTES = 9_000

_SCENE_BYTES, _BLOCK_BYTES = 70 * MEGABYTE, 900
"""Bytes of memory for words, arrows and film, and for a block in the anatomy, as measured."""


class BudgetError(Problem):
    """A budget of less than nothing."""


@dataclass(frozen=True)
class Budget:
    """The limits on drawing a model.

    Attributes
    ----------
    cubes
        Cells that may be drawn as cubes.
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
    """The size of a model's drawing, before it is built.

    Attributes
    ----------
    cubes, slabs, shapes
        Cells drawn in each way.
    objects
        Blocks and bundles, an object each.
    file_bytes
        Size of the saved file, roughly.
    trace_bytes, drawn_bytes, scene_bytes
        Memory while building: for the numbers that the model computes, for its cells, and for
        everything else in the scene. The checkpoint's files are not counted, since the system reads
        and drops their pages as it sees fit.
    render_bytes
        Memory that Cycles takes to render it.
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
        """Memory while building, roughly."""
        return self.trace_bytes + self.drawn_bytes + self.scene_bytes


def dwelt(bundle: Bundle) -> bool:
    """True if the film dwells on it: a block outside the layers, or of the first layer and, where
    it belongs to a head, the first head.
    """
    return bundle.single and not bundle.first.layer and not bundle.first.head


def choose(
    bundles: Sequence[Bundle],
    has_numbers: bool,
    computed: int,
    budget: Budget,
    shared: Mapping[str, str] | None = None,
) -> dict[str, Way]:
    """The way in which each bundle is drawn, by its name.

    Parameters
    ----------
    has_numbers
        True if the model has weights; without them everything is a shape.
    computed
        Positions that have numbers.
    shared
        Bundles that show the values of another one, by name: they cost nothing where both are
        slabs.
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
        # Bundles that were cut apart to fit a page count as large as they are together, so that
        # cutting does not move them forward; among themselves they come layer by layer. Of equal
        # bundles, those with values of their own come first.
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
    """The name of the bundle that a part of it was cut from to fit a page; its own if it is whole.

    Later layers share one bundle for each role unless it is cut, so the role names them all.
    """
    return bundle.role if bundle.first.layer else bundle.name


def slab_cells(bundle: Bundle, computed: int) -> int:
    """Texels that a bundle takes as a slab."""
    columns, rows = bundle.first.extent(computed)
    return len(bundle.blocks) * padded(columns) * padded(rows)


def estimate(
    anatomy: Anatomy,
    bundles: Sequence[Bundle],
    ways: dict[str, Way],
    computed: int,
    layout: Layout,
) -> Estimate:
    """The size of a drawing in these ways, whose values stand as `layout` says."""
    cells: dict[Way, int] = {"cubes": 0, "slab": 0, "shape": 0}
    for bundle in bundles:
        cells[ways[bundle.name]] += bundle.cells
    texels = WIDTH * sum(layout.heights)
    # Packing a page into the file makes copies of it, one page at a time.
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
    """Bytes of all intermediate numbers of a forward pass, as float32.

    A layer keeps eleven vectors of each token's channels (norm, query, key, value, head outputs,
    projection, both residuals, norm, MLP result and its input), two of its MLP's neurons, and
    scores and attention of every head.
    """
    channels, neurons = 11 * config.n_embd, 2 * config.d_ff
    layer = n_tokens * (channels + neurons) + 2 * config.n_head * n_tokens**2
    return 4 * (config.n_layer * layer + 2 * n_tokens * config.n_vocab)
