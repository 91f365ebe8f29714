"""Running sums: a cell's formula taken apart into terms that are added one after the other.

Any formula that is a sum of terms, with a few further steps around it, becomes a `Running`: the
terms with the cells that they come from, the sum after each of them, and the steps that make the
cell's value of the sum. All of it follows from the formula's tree; no role of a block is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..anatomy.operations import settings
from ..anatomy.terms import (
    Across,
    Call,
    Divided,
    Part,
    Plus,
    Term,
    Times,
    evaluate,
    walk,
)
from .errors import AuthoringError

if TYPE_CHECKING:
    from ..anatomy import Formula
    from .selection import CellRange
    from .stage import Stage

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Factor:
    """The cells that bring one factor of each term.

    Attributes
    ----------
    blocks, columns, rows
        (n,) where each cell is.
    values
        (n,) their numbers.
    """

    blocks: tuple[str, ...]
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    values: Floats

    def picked(self, order: Sequence[int]) -> Factor:
        """Some of the cells, in an order."""
        return Factor(
            tuple(self.blocks[i] for i in order),
            tuple(self.columns[i] for i in order),
            tuple(self.rows[i] for i in order),
            self.values[list(order)],
        )


@dataclass(frozen=True)
class Step:
    """A step after the sum: a sign, its number, the cell that brings it, and what comes out.

    Attributes
    ----------
    sign
        ``"+"``, ``"÷"`` or ``"√"``.
    value
        The number that it takes; None for a root.
    factor
        The cell of that number; None for a constant.
    after
        What comes out.
    """

    sign: str
    value: float | None
    factor: Factor | None
    after: float


@dataclass(frozen=True)
class Running:
    """A cell's value as a running sum.

    Attributes
    ----------
    factors
        One, or two that are multiplied in pairs.
    terms
        (n,) the terms.
    sums
        (n,) the sum after each of them; of a maximum, the largest so far.
    steps
        What is done with the sum.
    value
        The cell's own number.
    """

    factors: tuple[Factor, ...]
    terms: Floats
    sums: Floats
    steps: tuple[Step, ...]
    value: float

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def paired(self) -> bool:
        """True if its terms are products of two cells."""
        return len(self.factors) == 2


def running(stage: Stage, cells: CellRange) -> Running | None:
    """The running sum of one cell; None where its numbers are not known.

    Raises
    ------
    AuthoringError
        If there are several cells, or the cell is no sum, or does not exist.
    """
    if len(cells) != 1:
        raise AuthoringError(f"{cells.block} is asked for {len(cells)} cells; choose one.")
    column, row = cells.columns.start, cells.rows.start
    block = stage.anatomy.blocks[cells.block]
    formula = block.formula
    if formula is None:
        raise AuthoringError(f"{cells.block} is given, and no sum.")
    if not formula.exists(column, row):
        raise AuthoringError(f"{cells.block} has no number at column {column}, row {row}.")
    factors = _factors(stage, formula, column, row)
    values = np.concatenate([factor.values for factor in factors.values()])
    (value,) = stage.numbers(cells.block, [column], [row])
    if not (np.isfinite(values).all() and np.isfinite(value)):
        return None
    return _taken_apart(formula, factors, float(value))


def _factors(stage: Stage, formula: Formula, column: int, row: int) -> dict[str, Factor]:
    """The cells of each part of a formula."""

    def read(name: str, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return stage.numbers(name, columns.tolist(), rows.tolist())

    found: dict[str, list[Factor]] = {}
    sources = formula.sources(column, row, stage.run.n_tokens, read)
    for operand, (name, columns, rows) in zip(formula.operands, sources, strict=True):
        factor = Factor(
            (name,) * len(columns),
            tuple(columns.tolist()),
            tuple(rows.tolist()),
            read(name, columns, rows),
        )
        found.setdefault(operand.part, []).append(factor)
    return {part: _joined(factors) for part, factors in found.items()}


def _joined(factors: list[Factor]) -> Factor:
    return Factor(
        tuple(block for factor in factors for block in factor.blocks),
        tuple(column for factor in factors for column in factor.columns),
        tuple(row for factor in factors for row in factor.rows),
        np.concatenate([factor.values for factor in factors]),
    )


def _taken_apart(formula: Formula, factors: dict[str, Factor], value: float) -> Running:
    parts = {part: factor.values for part, factor in factors.items()}
    constants = settings(formula.config)

    def number(term: Term) -> float:
        return float(evaluate(term, parts, constants)[0])

    around: list[tuple[str, Term | None]] = []
    core = formula.term
    while not isinstance(core, Across):
        found = _outermost(core)
        if found is None:
            break
        core, further = found
        around += further
    largest = False
    if isinstance(core, Across):
        inner = core.term
        terms = np.asarray(evaluate(inner, parts, constants), np.float64)
        largest = core.over == "max"
        names = [each.name for each in walk(inner) if isinstance(each, Part)]
        chosen = [name for name in dict.fromkeys(names) if len(parts[name]) == len(terms)]
        if not isinstance(inner, Times):
            chosen = chosen[:1]
        cells = tuple(factors[name] for name in chosen)
        if core.over == "mean":
            around.append(("mean", None))
    elif isinstance(core, Plus) and all(isinstance(each, Part) for each in core.terms):
        names = [each.name for each in core.terms if isinstance(each, Part)]
        cells = (_joined([factors[name] for name in names]),)
        terms = cells[0].values
    else:
        raise AuthoringError(f"{formula.target} is no sum of terms.")
    sums = np.maximum.accumulate(terms) if largest else np.cumsum(terms)
    steps, after = [], float(sums[-1])
    for sign, term in reversed(around):
        given = None if term is None else number(term)
        if sign == "mean":
            sign, given = "÷", float(len(terms))
        after = _after(sign, after, given)
        cell = factors[term.name] if isinstance(term, Part) else None
        steps.append(Step(sign, given, cell, after))
    return Running(cells, terms, sums, tuple(steps), value)


def _outermost(term: Term) -> tuple[Term, list[tuple[str, Term | None]]] | None:
    """The term inside the outermost step, and that step; None where there is none."""
    match term:
        case Plus(terms) if any(_is_sum(each) for each in terms):
            (inner,) = (each for each in terms if _is_sum(each))
            # In the order in which they are added, the last one first.
            return inner, [("+", each) for each in reversed(terms) if each is not inner]
        case Divided(top, bottom) if _is_sum(top):
            return top, [("÷", bottom)]
        case Call("√", inner) if _is_sum(inner):
            return inner, [("√", None)]
    return None


def _is_sum(term: Term) -> bool:
    return any(isinstance(each, Across) for each in walk(term))


def _after(sign: str, before: float, value: float | None) -> float:
    if sign == "√":
        return float(np.sqrt(before))
    assert value is not None
    return before + value if sign == "+" else before / value


def decimals(values: Floats, digits: int = 3) -> int:
    """Digits after the point by which the largest of some numbers has so many digits in all."""
    most = float(np.abs(values).max(initial=0.0))
    if not most:
        return digits - 1
    return int(np.clip(digits - 1 - np.floor(np.log10(most)), 0, 6))
