"""The numbers of cells of a model that stands, and what explains them.

They are exact where what was drawn from is at hand, or where the cell is a cube, whose attribute
holds its number. Otherwise they are read from the slab's page, in its 255 levels. Reading changes
nothing in the scene.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from .. import explain as explain_room
from .. import model as model_room
from ..anatomy import Anatomy, Block
from ..bounded import Bounded
from ..detail import Bundle, order_of
from ..detail.levels import LEVELS, STEPS, ZERO, Bytes, to_numbers
from ..explain import Explanation, ModelReader, Reading
from ..progress import Steps, rescaled
from ..walkthrough import Run
from . import names
from .attributes import read_attribute
from .drawn import images, reuse, slabs
from .standing import known, originals, recipe
from .standing.finding import find_one
from .standing.standing import Standing

# Bytes of the pages that are kept, by build and number. Blender copies a packed file whenever it is
# asked for one, up to 128 MB.
_MOST_BYTES = 2**29
_pages: dict[tuple[str, int], Bytes] = {}

# The names of objects, by build and bundle. To look for an object that may have any name takes most
# of the time of an answer, so it is looked for only where that name is not its own any more.
_names: Bounded[tuple[str, str], str] = Bounded(256)

# The relative difference of probabilities up to which two passes are the same but for rounding.
_ROUNDING = 1e-3


class LastingReader(explain_room.CellReader):
    """The numbers of a model that stands, for work in several steps.

    It refers to none of Blender's data, and finds the model anew at each reading; what is not there
    any more has no numbers.

    Parameters
    ----------
    scene, model
        The scene, and the id of the model in it.
    anatomy, run
        The model's blocks, and its run.
    """

    def __init__(self, scene: bpy.types.Scene, model: str, anatomy: Anatomy, run: Run) -> None:
        super().__init__(anatomy, run.model, run.ids, run.n_prompt)
        self._scene, self._model, self._run = scene.name, model, run

    def label(self, token: int) -> str:
        """A token as it is written; empty where the run does not know it."""
        return self._run.labels.get(token, "")

    def read(self, block: Block, columns: np.ndarray, rows: np.ndarray) -> Reading:
        """Numbers of cells, the most exact that there are."""
        scene = bpy.data.scenes.get(self._scene)
        standing = None if scene is None else find_one(scene, self._model)
        if standing is None:
            return explain_room.nothing(len(columns))
        return SceneReader(standing).read(block, columns, rows)


class SceneReader(explain_room.CellReader):
    """The numbers of a model that stands, at the frame that is shown.

    It refers to Blender's data, so it must not be kept beyond one operation. What is costly to read
    is kept apart from it, so that a new one is made at once.

    Parameters
    ----------
    standing
        The model.
    """

    def __init__(self, standing: Standing) -> None:
        run = standing.run
        ids, n_prompt = ((), 0) if run is None else (run.ids, run.n_prompt)
        spoken = standing.language
        super().__init__(standing.plan.anatomy, standing.title, ids, n_prompt, spoken)
        self._standing, self._run, self._plan = standing, run, standing.plan
        self._build = known.build_of(standing.root)
        self._known = known.of(self._build)
        self._exact: ModelReader | None = None
        if self._known is not None and self._known.trace is not None:
            self._exact = ModelReader(
                self._known.model, self._known.trace, self.anatomy, self.n_prompt
            )
        self._attributes: dict[str, tuple[np.ndarray, np.ndarray] | None] = {}

    @property
    def is_exact(self) -> bool:
        """True if what was drawn from is at hand, so that every number is exact."""
        return self._exact is not None or self._plan.all_cubes

    def label(self, token: int) -> str:
        """A token as it is written; empty where neither the run nor a tokenizer knows it."""
        if self._run is not None and token in self._run.labels:
            return self._run.labels[token]
        return "" if self._known is None else self._known.model.tokenizer.label(token)

    def read(self, block: Block, columns: np.ndarray, rows: np.ndarray) -> Reading:
        """Numbers of cells, the most exact that there are."""
        if self.n_tokens == 0:
            return explain_room.nothing(len(columns))
        if self._exact is not None:
            return self._exact.read(block, columns, rows)
        bundle, index = self._plan.by_block[block.name]
        found = None
        obj = self._object(bundle)
        if obj is not None and self._plan.ways[bundle.name] == "cubes":
            found = self._from_cubes(obj, bundle, index, columns, rows)
        elif obj is not None and self._plan.ways[bundle.name] == "slab":
            found = self._from_page(obj, block, index, columns, rows)
        return explain_room.nothing(len(columns)) if found is None else found

    def is_pending(self, block: Block, column: int, row: int) -> bool:
        """True if the film has not computed a cell yet at the frame that is shown."""
        bundle, index = self._plan.by_block[block.name]
        obj = self._object(bundle)
        if self._run is None or obj is None or names.PROGRESS not in obj:
            return False
        run = self._run
        order = order_of(bundle, index, column, row, run.n_prompt, run.n_tokens)
        return order > float(obj[names.PROGRESS])

    def checkpoint_address(self, block: Block, column: int, row: int) -> str:
        """The place of a weight in the checkpoint, where that is at hand."""
        if self._exact is None:
            return ""
        return self._exact.checkpoint_address(block, column, row)

    def _from_cubes(
        self,
        obj: bpy.types.Object,
        bundle: Bundle,
        index: int,
        columns: np.ndarray,
        rows: np.ndarray,
    ) -> Reading | None:
        """Numbers from the attribute of a bundle; None where somebody has edited its mesh."""
        if bundle.name not in self._attributes:
            self._attributes[bundle.name] = _attributes(obj, bundle)
        found = self._attributes[bundle.name]
        if found is None:
            return None
        value, state = found
        block = bundle.first
        place = (index * block.columns + columns) * block.rows + rows
        there = state[place] == names.STATE_NUMBER
        return Reading(np.where(there, value[place], np.float32(np.nan)))

    def _from_page(
        self,
        obj: bpy.types.Object,
        block: Block,
        index: int,
        columns: np.ndarray,
        rows: np.ndarray,
    ) -> Reading | None:
        """Numbers from a slab's page; None where somebody has removed it."""
        place = self._plan.layout.places[block.name]
        page = self._page(obj, place.page)
        if page is None:
            return None
        across, down = block.extent(self._plan.computed)
        there = (columns < across) & (rows < down)
        levels = np.zeros(len(columns), np.uint8)
        levels[there] = page[place.texels(columns[there], rows[there])]
        gain = float(obj[names.PAGE_GAINS][index])
        clipped = (levels == ZERO + STEPS) | (levels == ZERO - STEPS)
        values = to_numbers(levels, gain)
        return Reading(values, f"{LEVELS} levels", clipped, 1.0 / (STEPS * gain))

    def _page(self, obj: bpy.types.Object, number: int) -> Bytes | None:
        key = (self._build, number)
        if self._build and key in _pages:
            return _pages[key]
        data = slabs.page_of(obj)
        if data is None:
            return None
        _pages.pop(key, None)
        while _pages and sum(page.size for page in _pages.values()) + len(data) > _MOST_BYTES:
            del _pages[next(iter(_pages))]
        _pages[key] = images.stored(data)
        return _pages[key]

    def _object(self, bundle: Bundle) -> bpy.types.Object | None:
        """The object that shows a bundle; None if somebody has deleted it."""
        key = self._build, bundle.name
        scene = self._standing.scene
        obj = scene.objects.get(_names.get(key, ""))
        marks = bundle.name, self._standing.id, True
        if obj is None or marks != (
            obj.get(names.BLOCK),
            obj.get(names.MODEL),
            originals.is_original(scene, obj),
        ):
            obj = self._standing.blocks.get(bundle.name)
        if obj is not None:
            _names[key] = obj.name
        return obj


def _attributes(obj: bpy.types.Object, bundle: Bundle) -> tuple[np.ndarray, np.ndarray] | None:
    """The values and states of all cells of a bundle of cubes; None where cells are missing."""
    mesh = obj.data
    if len(mesh.vertices) != bundle.cells:
        return None
    if names.VALUE not in mesh.attributes or names.STATE not in mesh.attributes:
        return None
    return read_attribute(mesh, names.VALUE), read_attribute(mesh, names.STATE)


def explain(standing: Standing, block: str, column: int, row: int) -> Explanation:
    """All that there is to say of a cell of a model that stands, at the frame that is shown.

    Raises
    ------
    llmviz_addon.explain.CellError
        If there is no such block or cell.
    """
    return explain_room.explain(SceneReader(standing), block, column, row)


def recall_steps(standing: Standing) -> Steps[str]:
    """Load what a model was drawn from and compute its trace again, so that numbers are exact.

    It makes sure that the checkpoint holds the weights that are drawn, and computes the
    probabilities that the model shows. Nothing in the scene is changed.

    Yields
    ------
    fraction, label

    Returns
    -------
    str
        Empty where exact numbers are at hand now; else a sentence that says why they are not.
    """
    # Nothing of Blender's is referred to after the first step.
    build, title, asked = known.build_of(standing.root), standing.title, standing.recipe
    config, run, plan = standing.config, standing.run, standing.plan
    drawn = recipe.pages_of(standing.root)
    del standing
    if run is None:
        return f"{title} was built without numbers"
    if not build:
        return f"{title} was made by another version of the extension; build it again"
    if known.of(build) is not None:
        return ""
    yield 0.0, f"Opening {title}"
    try:
        model = model_room.load(asked.source, asked.activation)
        if model.config != config or not model.has_weights:
            return f"{asked.source} holds another model than the one that is drawn"
        digests = yield from rescaled(reuse.digest_steps(model, plan), 0.0, 0.4)
        if digests != drawn[: len(digests)]:
            return f"{asked.source} holds other numbers than those that are drawn"
        trace = yield from rescaled(model.complete_steps(run.ids, 0), 0.4, 1.0)
    except model_room.ModelError as error:
        return str(error)
    if not _agrees(run, trace["probabilities"]):
        return f"{asked.source} computes other numbers than those that are drawn"
    known.keep(build, model, trace)
    return ""


def _agrees(run: Run, probabilities: np.ndarray) -> bool:
    """True if a pass has the probabilities that a run shows."""
    shown: Sequence[tuple[int, int, float]] = [
        (position, candidate.token, candidate.probability)
        for position, best in enumerate(run.candidates)
        for candidate in best
    ]
    positions, tokens, expected = (np.array(each) for each in zip(*shown, strict=True))
    found = probabilities[positions, tokens]
    return bool(np.allclose(found, expected, rtol=_ROUNDING, atol=_ROUNDING))
