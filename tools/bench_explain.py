"""Measure the cost of explaining one cell, of nano-gpt and of a GPT-2 with all its numbers.

    bench_explain.py      print the table for the Blender that this Python has

An explanation has the cell's value, its formula with numbers, its sources and its uses, as text.
The baseline is the least work that its value takes: the same numbers taken from plain arrays,
multiplied and added. A scene is asked as the pointer asks it, the model looked up anew each time;
there the baseline is the explanation from the trace. Medians are printed, measured in turn, as in
bench.py. Nothing here passes or fails.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from bench_blender import empty_file
from bench_checkpoint import N_PARAMETERS, write_checkpoint
from bench_rows import head, say, take_turns, time_row

from llmviz_addon import explain, scene
from llmviz_addon.scene.standing import known

PROMPT = "464 3290 318 257 922 1545 290 673 10408 606"

ROUNDS = 9

# Of each kind of work one cell: a short formula, a sum over channels, one over neurons, the longest
# sum of all, and a cell that goes into thousands of others.
CELLS = {
    "layer1.head1.attention[2, 5]": "softmax",
    "layer1.head1.q[5, 9]": "a sum over channels",
    "layer1.mlp_result[5, 40]": "a sum over neurons",
    "logits_sum[5]": "a sum over the vocabulary",
    "layer1.ln_1[5, 40]": "goes into all heads",
    "ln_f[5, 40]": "goes into all logits",
}


def bare(model: explain.ExplainedModel, cell: str) -> Callable[[], object]:
    """The least work for the value of a cell: a dot product, or the numbers of its row."""
    assert model.trace is not None
    found = explain.parse(model.anatomy, cell)
    formula = model.anatomy.blocks[found.block].formula
    assert formula is not None
    arrays = {operand.block: np.asarray(model.trace[operand.block]) for operand in formula.operands}
    sources = formula.sources(found.column, found.row, model.reader.n_tokens)
    places = {
        block: model.anatomy.blocks[block].address(columns, rows)
        for block, columns, rows in sources
    }

    def compute() -> float:
        numbers = [arrays[block][place] for block, place in places.items()]
        longest = max(map(len, numbers))
        product = np.ones(longest, np.float32)
        for each in numbers:
            product = product * each if len(each) in (1, longest) else product
        return float(product.sum())

    return compute


def measure_model(what: str, model: explain.ExplainedModel) -> None:
    """The rows about a loaded model."""
    for cell, kind in CELLS.items():
        work = take_turns(ROUNDS, lambda cell=cell: str(model.explain(cell)), bare(model, cell))
        time_row(
            f"{what}, {cell.partition('[')[0].removeprefix('layer1.')}",
            f"the value alone: {kind}",
            work,
        )


def ask(cell: explain.Cell) -> str:
    """An explanation of a cell of the only model that stands."""
    (standing,) = scene.find(bpy.context.scene)
    return str(scene.explain(standing, *cell))


def measure_scene(what: str, recipe: scene.Recipe, model: explain.ExplainedModel) -> None:
    """The rows about a model that stands, with and without the numbers that were drawn from."""
    scene.build(empty_file(), recipe)
    cells = [explain.parse(model.anatomy, cell) for cell in CELLS]

    def all_of_them() -> None:
        for cell in cells:
            ask(cell)

    def from_trace() -> None:
        for cell in cells:
            str(model.explain(*cell))

    time_row(
        f"{what} in a scene, all six", "from the trace", take_turns(5, all_of_them, from_trace)
    )
    known._known.clear()
    drawn = take_turns(5, all_of_them, from_trace)
    time_row(f"{what}, as it is drawn", "from the trace", drawn)


def main() -> int:
    """Print the table."""
    say(f"\nBlender {bpy.app.version_string}, GPT-2 of {N_PARAMETERS:,} seeded numbers, medians\n")
    head()
    nano = explain.load("nano-gpt", "CBABBC")
    measure_model("nano-gpt", nano)
    measure_scene("nano-gpt", scene.Recipe("nano-gpt", "CBABBC"), nano)
    with tempfile.TemporaryDirectory(prefix="llmviz-bench-") as name:
        folder = Path(name)
        write_checkpoint(folder)
        gpt2 = explain.load(folder, PROMPT)
        measure_model("GPT-2", gpt2)
        measure_scene("GPT-2", scene.Recipe(str(folder), PROMPT), gpt2)
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main())
