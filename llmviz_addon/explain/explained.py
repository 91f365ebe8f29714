"""A loaded model with the numbers of one sequence, any cell of which can be asked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .. import anatomy as anatomy_room
from .. import languages
from .. import model as model_room
from .addresses import cell_at
from .asking import explain
from .explanation import Explanation
from .reading import ModelReader

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Model, Sampling, Trace


class ExplainedModel:
    """A model and the numbers that it computed from a prompt.

    Parameters
    ----------
    model
        A loaded model.
    prompt
        What it reads; a model without numbers reads nothing.
    max_new_tokens, sampling
        Tokens that it appends, and how each is chosen; see `Model.complete`.
    language
        The code of the language in which cells are explained.

    Attributes
    ----------
    model
        The loaded model.
    trace
        Every block's array by name; None for a model that comes without numbers.
    anatomy
        Its blocks, for the whole context.
    reader
        Reads the numbers of cells.
    """

    def __init__(
        self,
        model: Model,
        prompt: str,
        max_new_tokens: int = 0,
        sampling: Sampling = model_room.GREEDY,
        language: str = languages.ENGLISH,
    ) -> None:
        self.model = model
        self.trace: Trace | None = None
        ids: list[int] = []
        if model.has_weights:
            ids = model.read_prompt(prompt)
            self.trace = model.complete(ids, max_new_tokens, sampling)
        self.anatomy: Anatomy = anatomy_room.build(model.config)
        spoken = languages.load(language)
        self.reader = ModelReader(model, self.trace, self.anatomy, len(ids), spoken)

    def explain(self, block: str, column: int | None = None, row: int | None = None) -> Explanation:
        """All that there is to say of one cell.

        Parameters
        ----------
        block
            A block's name; or a cell as it is written, ``"layer0.head1.attention[1, 3]"``.
        column, row
            The cell in the block's grid: of attention, the key and the query. Of a block of one
            row or of one column, one of them is enough.

        Raises
        ------
        CellError
            If there is no such block or cell.
        """
        return explain(self.reader, *cell_at(self.anatomy, block, column, row))


def load(
    source: str | Path,
    prompt: str | None = None,
    max_new_tokens: int = 0,
    activation: str = "",
    language: str = languages.ENGLISH,
) -> ExplainedModel:
    """Load a model and compute everything for a prompt.

    Parameters
    ----------
    source, activation
        As `model.load` takes them.
    prompt
        What the model reads; the preset's own unless given.
    max_new_tokens
        Tokens that it appends, the most probable one each time. What stands in a scene has as many
        as its recipe says.
    language
        The code of the language in which cells are explained.

    Raises
    ------
    llmviz_addon.model.ModelError
        If there is no such model, or it does not take the prompt.
    """
    model = model_room.load(source, activation)
    read = model.prompt if prompt is None else prompt
    return ExplainedModel(model, read, max_new_tokens, language=language)
