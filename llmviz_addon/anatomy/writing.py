"""Terms written down: as plain text, as LaTeX and in words, in symbols or with numbers put in.

A `Script` says how each kind of term looks, `Leaves` what its parts are called or how large they
are. Of a sum with numbers only the terms that count most are written, and how many more there are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np

from .. import languages
from ..languages import Language
from .terms import (
    Across,
    Call,
    Constant,
    Divided,
    Minus,
    Named,
    Part,
    Parts,
    Plus,
    Power,
    Setting,
    Settings,
    Term,
    Times,
    children,
    element,
    evaluate,
    first,
)

MOST_WRITTEN = 3
"""Terms of a sum that are written with their numbers."""

# How tightly a term holds together: one that is looser than its surroundings gets brackets.
_SUM, _ACROSS, _PRODUCT, _POWER, _ATOM = range(5)

_GREEK = {"γ": r"\gamma", "β": r"\beta", "ε": r"\epsilon", "π": r"\pi", "σ": r"\sigma"}
_SUPERSCRIPTS = {2: "²", 3: "³"}

# Phrases of the catalog, by exponent and by function.
_POWERS = {2: "square", 3: "cube"}
_CALLS = {"√": "root", "exp": "exp", "tanh": "tanh", "erf": "erf", "σ": "logistic"}


def number(value: float, digits: int = 3) -> str:
    """A number with so many significant digits: ``"−0.83"``, ``"1.52"``, ``"2.41e−07"``."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if -4 <= size < 6:
        written = f"{value:.{max(0, digits - 1 - size)}f}"
    else:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        written = f"{mantissa}e{int(exponent)}"
    return written.replace("-", "−")


@dataclass(frozen=True)
class Leaves:
    """The leaves of a tree as they are written.

    Attributes
    ----------
    symbols
        Each part as it is written, by its name.
    settings
        The constants of the model by their names; they are written by name in symbols, by value
        where there are numbers.
    parts
        The numbers of each part; empty where symbols are written.
    index, bound
        The index that sums run along, and the last one where it does not run along all.
    count
        Terms of a sum; 0 where that is not known.
    noun
        What a sum runs over, in words, such as ``"48 channels"``.
    language
        The language of all words.
    """

    symbols: Mapping[str, str]
    settings: Settings
    parts: Parts = field(default_factory=dict)
    index: str = "i"
    bound: str = ""
    count: int = 0
    noun: str = ""
    language: Language = field(default_factory=languages.load)


class Script:
    """Plain text, such as ``Σ_i W[i, 15] · ln_1[3, i] + b[15]``; others derive from it.

    Parameters
    ----------
    leaves
        What the leaves are.
    """

    def __init__(self, leaves: Leaves) -> None:
        self.leaves = leaves
        self.numeric = bool(leaves.parts)

    def write(self, term: Term) -> str:
        """A term as text."""
        match term:
            case Part(name):
                return self.part(name)
            case Setting(name):
                value = self.leaves.settings[name]
                return self.constant(value) if self.numeric else self.setting(name)
            case Constant(value, symbol):
                return self.setting(symbol) if symbol else self.constant(value)
            case Plus(terms):
                return self.plus([self.within(each, _SUM) for each in terms])
            case Minus(left, right):
                return self.minus(self.within(left, _SUM), self.within(right, _PRODUCT))
            case Times(left, right):
                return self.times(self.within(left, _PRODUCT), self.within(right, _POWER))
            case Divided(top, bottom):
                return self.divided(top, bottom)
            case Power(base, exponent):
                return self.power(self.within(base, _ATOM), exponent)
            case Call(name, inner):
                return self.call(name, inner)
            case Named(name, inner, _):
                return self.named(name, self.write(inner))
        return self.across_numbers(term) if self.numeric else self.across(term)

    def within(self, term: Term, least: int) -> str:
        """A term as part of another, in brackets where it is looser than that."""
        written = self.write(term)
        return self.brackets(written) if self.rank(term) < least else written

    def rank(self, term: Term) -> int:
        """A number that is larger the more tightly a term holds together."""
        match term:
            case Plus() | Minus():
                return _SUM
            case Across("max") if self.numeric:
                return _ATOM
            case Across("mean") if self.numeric:
                return _PRODUCT
            case Across():
                return _SUM if self.numeric else _ACROSS
            case Times() | Divided():
                return _PRODUCT
            case Power():
                return _POWER
        return _ATOM

    # The kinds of terms

    def part(self, name: str) -> str:
        """A part: its symbol, or its number."""
        if not self.numeric:
            return self.leaves.symbols[name]
        return self.number(float(self.leaves.parts[name][0]))

    def setting(self, name: str) -> str:
        """The name of a constant."""
        return name

    def number(self, value: float) -> str:
        """A number of the model."""
        return number(value)

    def constant(self, value: float) -> str:
        """A number that belongs to the formula."""
        return f"{value:g}".replace("e-0", "e-").replace("-", "−")

    def brackets(self, written: str) -> str:
        """Something in brackets."""
        return f"({written})"

    def plus(self, written: list[str]) -> str:
        """A sum; a negative number is subtracted instead."""
        out = written[0]
        for each in written[1:]:
            out += f" − {each[1:]}" if each.startswith("−") else f" + {each}"
        return out

    def minus(self, left: str, right: str) -> str:
        """A difference."""
        return f"{left} − {self._guarded(right)}"

    def times(self, left: str, right: str) -> str:
        """A product."""
        return f"{left} × {right}" if self.numeric else f"{left} · {right}"

    def divided(self, top: Term, bottom: Term) -> str:
        """A quotient."""
        return f"{self.within(top, _PRODUCT)} / {self.within(bottom, _POWER)}"

    def power(self, base: str, exponent: int) -> str:
        """A power."""
        return f"{self._guarded(base)}{_SUPERSCRIPTS[exponent]}"

    def call(self, name: str, inner: Term) -> str:
        """One of the functions of `terms.FUNCTIONS`."""
        if name == "√":
            return f"√{self.within(inner, _ATOM)}"
        if name == "max0":
            return f"max(0, {self.write(inner)})"
        return f"{name}({self.write(inner)})"

    def named(self, name: str, inner: str) -> str:
        """A function that has a name of its own."""
        return f"{name}({inner})"

    def across(self, term: Across) -> str:
        """A sum, mean or maximum, in symbols."""
        leaves = self.leaves
        index = f"{{{leaves.index}≤{leaves.bound}}}" if leaves.bound else leaves.index
        sign = {"sum": "Σ", "mean": "mean", "max": "max"}[term.over]
        return f"{sign}_{index} {self.within(term.term, _ACROSS)}"

    def across_numbers(self, term: Across) -> str:
        """A sum, mean or maximum, by the numbers that count most."""
        values = evaluate(term.term, self.leaves.parts, self.leaves.settings)
        chosen = first(values if term.over == "max" else np.abs(values), MOST_WRITTEN)
        written = [self._one(index).within(term.term, _SUM) for index in chosen]
        left = len(values) - len(chosen)
        if left:
            rest = float(values.sum() - values[chosen].sum())
            written.append(self.more(left, None if term.over == "max" else rest))
        if term.over == "max":
            return self.maximum(written)
        total = self.plus(written)
        if term.over == "sum":
            return total
        return f"{self.brackets(total)} / {len(values)}"

    def maximum(self, written: list[str]) -> str:
        """The largest of some."""
        return f"max({', '.join(written)})"

    def more(self, count: int, rest: float | None) -> str:
        """The terms that are left out, and what they add up to."""
        language = self.leaves.language
        said = language.integer(count)
        if rest is None:
            return language.tell("formula.more", count=said)
        return language.tell("formula.more_sum", count=said, sum=number(rest))

    def _one(self, index: int) -> Script:
        leaves = self.leaves
        parts = element(leaves.parts, index)
        one = Leaves(leaves.symbols, leaves.settings, parts, language=leaves.language)
        return type(self)(one)

    def _guarded(self, written: str) -> str:
        return self.brackets(written) if written.startswith(("−", "-")) else written


class Latex(Script):
    r"""LaTeX's mathematics, such as ``\sum_{i} W_{i, 15} \, x_{3, i} + b_{15}``."""

    def setting(self, name: str) -> str:
        letter, _, below = name.partition("_")
        return rf"{letter}_{{\mathrm{{{below}}}}}" if below else symbol_latex(name)

    def number(self, value: float) -> str:
        return _latex_number(number(value))

    def constant(self, value: float) -> str:
        return _latex_number(super().constant(value))

    def brackets(self, written: str) -> str:
        return rf"\left( {written} \right)"

    def plus(self, written: list[str]) -> str:
        out = written[0]
        for each in written[1:]:
            out += f" - {each[1:]}" if each.startswith("-") else f" + {each}"
        return out

    def minus(self, left: str, right: str) -> str:
        return f"{left} - {self._guarded(right)}"

    def times(self, left: str, right: str) -> str:
        if not self.numeric:
            return rf"{left} \, {right}"
        return rf"{left} \times {self._guarded(right)}"

    def divided(self, top: Term, bottom: Term) -> str:
        return rf"\frac{{{self.write(top)}}}{{{self.write(bottom)}}}"

    def power(self, base: str, exponent: int) -> str:
        return f"{self._guarded(base)}^{{{exponent}}}"

    def call(self, name: str, inner: Term) -> str:
        written = self.write(inner)
        if name == "√":
            return rf"\sqrt{{{written}}}"
        if name == "exp":
            return rf"e^{{{written}}}"
        if name == "max0":
            return rf"\max\left( 0, {written} \right)"
        known = {"tanh": r"\tanh", "erf": r"\mathrm{erf}", "σ": r"\sigma"}
        return rf"{known[name]}\left( {written} \right)"

    def named(self, name: str, inner: str) -> str:
        return rf"\mathrm{{{name}}}\left( {inner} \right)"

    def across(self, term: Across) -> str:
        leaves = self.leaves
        index = rf"{leaves.index} \leq {leaves.bound}" if leaves.bound else leaves.index
        inner = self.within(term.term, _ACROSS)
        if term.over == "max":
            return rf"\max_{{{index}}} {inner}"
        total = rf"\sum_{{{index}}} {inner}"
        return total if term.over == "sum" else rf"\frac{{1}}{{{leaves.count}}} {total}"

    def across_numbers(self, term: Across) -> str:
        written = super().across_numbers(term)
        if term.over != "mean":
            return written
        total, _, count = written.rpartition(" / ")
        return rf"\frac{{1}}{{{count}}} {total}"

    def maximum(self, written: list[str]) -> str:
        return rf"\max\left( {', '.join(written)} \right)"

    def more(self, count: int, rest: float | None) -> str:
        if rest is None:
            return rf"\ldots \; \mathrm{{{count}\ more}}"
        return rf"\cdots \; (\mathrm{{{count}\ more:}}\ {self.number(rest)})"


class Words(Script):
    """Words, such as ``the sum of Q Weights times Layer Norm over 48 channels, plus Q Bias``."""

    def tell(self, phrase: str, /, **values: str) -> str:
        """A phrase of the catalog for formulas."""
        return self.leaves.language.tell(f"formula.{phrase}", **values)

    def brackets(self, written: str) -> str:
        return self.tell("brackets", term=written)

    def plus(self, written: list[str]) -> str:
        return reduce(lambda left, right: self.tell("plus", left=left, right=right), written)

    def minus(self, left: str, right: str) -> str:
        return self.tell("minus", left=left, right=right)

    def times(self, left: str, right: str, *, long: bool = False) -> str:
        return self.tell("times_long" if long else "times", left=left, right=right)

    def write(self, term: Term) -> str:
        match term:
            case Times(Divided() as left, right):
                return self.times(
                    self.within(left, _PRODUCT), self.within(right, _POWER), long=True
                )
        return super().write(term)

    def divided(self, top: Term, bottom: Term) -> str:
        key = "divided_long" if children(top) else "divided"
        return self.tell(key, top=self.within(top, _ACROSS), bottom=self.within(bottom, _POWER))

    def power(self, base: str, exponent: int) -> str:
        return self.tell(_POWERS[exponent], term=base)

    def call(self, name: str, inner: Term) -> str:
        if name == "max0":
            return self.tell("positive", term=self.write(inner))
        return self.tell(_CALLS[name], term=self.within(inner, _ATOM))

    def named(self, name: str, inner: str) -> str:
        return self.tell("named", name=name, term=inner)

    def across(self, term: Across) -> str:
        written, noun = self.within(term.term, _ACROSS), self.leaves.noun
        if not noun:
            return self.tell(term.over, term=written)
        return self.tell(f"{term.over}_over", term=written, terms=noun)


def symbol_latex(symbol: str) -> str:
    """A symbol of a formula in LaTeX."""
    if len(symbol) == 1:
        return _GREEK.get(symbol, symbol)
    return rf"\mathrm{{{symbol}}}".replace("_", r"\_")


def _latex_number(written: str) -> str:
    mantissa, _, exponent = written.replace("−", "-").replace("∞", r"\infty").partition("e")
    power = f"10^{{{exponent}}}"
    return mantissa if not exponent else power if mantissa == "1" else rf"{mantissa} \cdot {power}"


def subscript(*indices: str) -> str:
    """Indices in brackets, without those of axes that have one cell."""
    return f"[{', '.join(index for index in indices if index)}]"


def subscript_latex(*indices: str) -> str:
    """Indices below the line, without those of axes that have one cell."""
    return f"_{{{', '.join(index for index in indices if index)}}}"
