"""Terms: a cell's formula as a tree, which computes the cell and is also what is written of it.

The leaves are the parts of an operation, each a vector of numbers: one, or one for each index that
is summed over. `evaluate` computes a tree in float64, `addends` takes it apart into what adds up to
it, and `writing` writes it. A tree knows nothing of blocks or positions; `formula` binds the parts
to cells.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Numbers: TypeAlias = NDArray[np.float64]
Parts: TypeAlias = Mapping[str, Numbers]
"""The name of a part to its numbers: (1,), or (n,) for n terms of a sum."""

Settings: TypeAlias = Mapping[str, float]
"""The name of a constant of the model to its value."""

Over: TypeAlias = Literal["sum", "mean", "max"]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the operation; one that is `optional` may be left out of a sum, like a bias."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A constant of the model, such as the size of its heads."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, and how it is written where its digits say nothing."""

    value: float
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Plus:
    """A sum of a few terms."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Minus:
    """A difference."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Times:
    """A product."""

    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Divided:
    """A quotient."""

    top: Term
    bottom: Term


@dataclass(frozen=True, slots=True)
class Power:
    """A whole power."""

    base: Term
    exponent: int


@dataclass(frozen=True, slots=True)
class Call:
    """One of `FUNCTIONS`, by its name, of a term."""

    name: str
    term: Term


@dataclass(frozen=True, slots=True)
class Named:
    """A function that has a name of its own, and the tree that it stands for."""

    name: str
    term: Term
    body: Term


@dataclass(frozen=True, slots=True)
class Across:
    """A sum, mean or maximum of a term over the index that its parts run along."""

    over: Over
    term: Term


Term: TypeAlias = (
    Part | Setting | Constant | Plus | Minus | Times | Divided | Power | Call | Named | Across
)


def _sigmoid(x: Numbers) -> Numbers:
    # Without the exponential of a large positive number, which would overflow.
    small = np.exp(-np.abs(x))
    return np.where(x > 0, 1.0, small) / (1.0 + small)


def _erf(x: Numbers) -> Numbers:
    return np.array([math.erf(each) for each in x.tolist()])


FUNCTIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "√": np.sqrt,
    "exp": np.exp,
    "tanh": np.tanh,
    "erf": _erf,
    "σ": _sigmoid,
    "max0": lambda x: np.maximum(x, 0.0),
}

_OVER: dict[Over, Callable[[Numbers], Any]] = {"sum": np.sum, "mean": np.mean, "max": np.max}


def children(term: Term) -> tuple[Term, ...]:
    """The terms right below one."""
    match term:
        case Plus(terms):
            return terms
        case Minus(left, right) | Times(left, right) | Divided(left, right):
            return (left, right)
        case Power(base, _):
            return (base,)
        case Call(_, inner) | Named(_, inner, _) | Across(_, inner):
            return (inner,)
    return ()


def walk(term: Term) -> Iterator[Term]:
    """A term and all terms below it."""
    yield term
    for child in children(term):
        yield from walk(child)


def parts_of(term: Term) -> frozenset[str]:
    """The names of the parts of a tree."""
    return frozenset(each.name for each in walk(term) if isinstance(each, Part))


def given(term: Term, parts: frozenset[str]) -> Term:
    """A tree without the optional terms whose part there is not."""
    match term:
        case Plus(terms):
            left = [
                given(each, parts)
                for each in terms
                if not (isinstance(each, Part) and each.optional and each.name not in parts)
            ]
            return left[0] if len(left) == 1 else Plus(tuple(left))
        case Minus() | Times():
            return replace(term, left=given(term.left, parts), right=given(term.right, parts))
    return term


def evaluate(term: Term, parts: Parts, settings: Settings) -> Numbers:
    """The value of a tree: (1,), or (n,) where it is a term of a sum."""
    match term:
        case Part(name):
            return parts[name]
        case Setting(name):
            return np.array([settings[name]])
        case Constant(value):
            return np.array([value])
        case Named(_, _, body):
            return evaluate(body, parts, settings)
        case Call(name, inner):
            return FUNCTIONS[name](evaluate(inner, parts, settings))
        case Power(base, exponent):
            return np.asarray(evaluate(base, parts, settings) ** exponent)
        case Across(over, inner):
            return np.asarray(_OVER[over](evaluate(inner, parts, settings)), np.float64).reshape(1)
        case Plus(terms):
            return reduce(np.add, (evaluate(each, parts, settings) for each in terms))
    left, right = (evaluate(each, parts, settings) for each in children(term))
    match term:
        case Minus():
            return left - right
        case Times():
            return left * right
    return left / right


def first(values: Numbers, most: int) -> list[int]:
    """The places of the largest of some numbers, the largest first."""
    if len(values) > most:
        found = np.argpartition(values, -most)[-most:]
        return found[np.argsort(-values[found], kind="stable")].tolist()
    return np.argsort(-values, kind="stable").tolist()


def element(parts: Parts, index: int) -> dict[str, Numbers]:
    """The parts of one term of a sum."""
    return {name: numbers[[index if len(numbers) > 1 else 0]] for name, numbers in parts.items()}


@dataclass(frozen=True, slots=True)
class Addends:
    """The terms that make up the value of a tree.

    Attributes
    ----------
    over
        ``"sum"`` where the values of all terms add up to it, ``"max"`` where the largest is it.
    function
        The function of that sum which is the value: ``"√"`` of a standard deviation; else empty.
    terms
        Each has one value, or one for each index that is summed over.
    """

    over: Literal["sum", "max"]
    function: str
    terms: tuple[Term, ...]


def addends(term: Term, count: int) -> Addends:
    """The terms that make up the value of a tree; itself where it is no sum.

    Parameters
    ----------
    count
        Terms of a sum, which a mean is divided by.
    """
    match term:
        case Call("√", inner):
            found = addends(inner, count)
            return replace(found, function="√") if found.over == "sum" else found
        case Across("max", inner):
            return Addends("max", "", (inner,))
    return Addends("sum", "", tuple(_added(term, count)))


def _added(term: Term, count: int) -> Iterator[Term]:
    match term:
        case Plus(terms):
            for each in terms:
                yield from _added(each, count)
        case Across("sum", inner):
            yield inner
        case Across("mean", inner):
            yield Divided(inner, Constant(float(count)))
        case Divided(Across("sum") as top, bottom):
            yield from (Divided(each, bottom) for each in _added(top, count))
        case _:
            yield term
