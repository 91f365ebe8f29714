"""Which blocks are drawn as cubes, which as slabs, which as shapes only, within a budget.

Where all fits, all are cubes. Else what the film dwells on comes first, and of the rest the
smallest blocks: they are the ones that are seen from near by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .bundles import MOST_OBJECTS, Bundle
from .pages import extent, fits, padded

if TYPE_CHECKING:
    from ..anatomy import Anatomy

Way = Literal["cubes", "slab", "shape"]

MEGABYTE = 2**20
CUBE_BYTES = 110
"""What a cell drawn as a cube takes in memory, its attributes included, as measured."""

_BASE_BYTES = 3 * MEGABYTE
_OBJECT_BYTES = 9_000


@dataclass(frozen=True)
class Budget:
    """What may be spent on drawing a model.

    Attributes
    ----------
    cubes
        Cells that are drawn as cubes.
    slabs
        Megabytes of slab values, one byte a cell.
    """

    cubes: int = 400_000
    slabs: int = 256

    def __post_init__(self) -> None:
        if self.cubes < 0 or self.slabs < 0:
            raise ValueError("A budget is not negative.")


@dataclass(frozen=True)
class Estimate:
    """What a model will take, before it is built.

    Attributes
    ----------
    cubes, slabs, shapes
        Cells drawn in each way.
    objects
        Blocks and bundles, an object each.
    file_bytes, memory_bytes
        Of the saved file, about; and of memory while building, beside the checkpoint itself.
    """

    cubes: int
    slabs: int
    shapes: int
    objects: int
    file_bytes: int
    memory_bytes: int


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
    # Of equal ones, those with values of their own come first.
    for bundle in sorted(bundles, key=lambda b: (not dwelt(b), b.cells, b.name in shared)):
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


def slab_cells(bundle: Bundle, computed: int) -> int:
    """Texels that a bundle takes as a slab."""
    columns, rows = extent(bundle.first, computed)
    return len(bundle.blocks) * padded(columns) * padded(rows)


def estimate(
    anatomy: Anatomy,
    bundles: Sequence[Bundle],
    ways: dict[str, Way],
    computed: int,
    shared: Iterable[str] = (),
) -> Estimate:
    """What a model takes when it is drawn in these ways."""
    cells: dict[Way, int] = {"cubes": 0, "slab": 0, "shape": 0}
    texels = 0
    free = set(shared)
    for bundle in bundles:
        way = ways[bundle.name]
        cells[way] += bundle.cells
        if way == "slab" and bundle.name not in free:
            texels += slab_cells(bundle, computed)
    many = len(anatomy.blocks) > MOST_OBJECTS
    objects = len(bundles)
    kept = _BASE_BYTES + objects * _OBJECT_BYTES * (1 if many else 4) + texels
    return Estimate(
        cubes=cells["cubes"],
        slabs=cells["slab"],
        shapes=cells["shape"],
        objects=objects,
        file_bytes=kept + 12 * cells["cubes"],
        memory_bytes=2 * kept + CUBE_BYTES * cells["cubes"],
    )
