"""Making block specs and formulas from short descriptions, for the families to use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from .block import BlockSpec, FormulaSpec, Kind, OperandSpec, TimeAxis
from .label import Side, Tag
from .picks import Pick
from .space import Space

if TYPE_CHECKING:
    from ..model import Config

Axes = tuple[Pick, Pick]
"""The columns and the rows of an operand's grid that a cell needs."""


def told(operand: OperandSpec) -> OperandSpec:
    """An operand without an arrow, because other arrows tell its way already."""
    return replace(operand, arrow=False)


@dataclass(frozen=True, slots=True)
class SpecMaker:
    """Makes specs and formulas from short descriptions.

    Dimensions are written as two letters, columns and rows: ``"TC"`` is one column for each
    position and one row for each channel, ``"1C"`` a post. ``"P"`` is every position that the
    context has room for, of which ``"T"`` are drawn.

    Attributes
    ----------
    config
        The architecture.
    n_tokens
        Positions that are drawn: the columns of the activations.
    size
        Length of each dimension by its letter.
    space
        The geometry, for the sizes of titles.
    """

    config: Config
    n_tokens: int
    size: dict[str, int] = field(init=False)
    space: Space = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "space", Space.of(self.config, self.n_tokens))
        object.__setattr__(self, "size", {**self.space.sizes, "1": 1})

    def linear(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        bias: str | None = None,
        transposed: bool = False,
        fraction: float | None = None,
    ) -> list[BlockSpec]:
        """The weights and, where the model has it, the bias of a linear map."""
        found = [
            self.weight(
                f"{name}_weight",
                f"{title} Weights",
                dims,
                section,
                transposed=transposed,
                fraction=fraction,
            )
        ]
        if self.config.bias:
            bias = bias or f"1{dims[1]}"
            side: Side = "left" if bias[1] == "1" else "below"
            found.append(self.weight(f"{name}_bias", f"{title} Bias", bias, section, side, "Bias"))
        return found

    def weight(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        side: Side = "above",
        short_title: str | None = None,
        transposed: bool = False,
        fraction: float | None = None,
    ) -> BlockSpec:
        """A block of weights; see :meth:`spec`."""
        return self.spec(
            name,
            title,
            dims,
            section,
            "weight",
            short_title,
            side,
            transposed=transposed,
            fraction=fraction,
        )

    def aggregate(
        self, name: str, title: str, short_title: str, dims: str, section: str, formula: FormulaSpec
    ) -> BlockSpec:
        """A block of one number for each position; see :meth:`spec`."""
        side: Side = "left" if dims[1] == "1" else "below"
        return self.spec(name, title, dims, section, "aggregate", short_title, side, formula)

    def spec(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        kind: Kind = "activation",
        short_title: str | None = None,
        side: Side = "above",
        formula: FormulaSpec | None = None,
        transposed: bool = False,
        fraction: float | None = None,
    ) -> BlockSpec:
        """A block.

        Parameters
        ----------
        name
            Its name with ``{layer}`` and ``{head}`` for the prefixes.
        title, short_title
            Its title; where there is a short one, that is what its name tag says.
        dims
            Columns and rows.
        section
            Path of its section, with ``{i}`` and ``{j}`` for the numbers of layer and head.
        kind, formula
            Its kind, and the formula of its cells.
        side, fraction
            The place of its name tag; see `Tag`.
        transposed
            True if the first axis of the trace's array runs along the rows.
        """
        time: TimeAxis = None
        if kind != "weight" and "T" in dims:
            along = (dims[0] == "T", dims[1] == "T")
            time = "both" if all(along) else "columns" if along[0] else "rows"
        lift = self.space.header if side == "header" else 0.0
        size = self.space.title_size * (0.8 if "1" in dims else 1.0)
        return BlockSpec(
            role=name.removeprefix("{layer}").removeprefix("{head}"),
            title=title,
            short_title=short_title or title,
            kind=kind,
            dims=(dims[0], dims[1]),
            columns=self.size[dims[0]],
            rows=self.size[dims[1]],
            section=section,
            tag=Tag(side, size, lift, short=short_title is not None, fraction=fraction),
            config=self.config,
            n_tokens=self.n_tokens,
            time_axis=time,
            causal=dims == "TT",
            transposed=transposed or dims == "TT",
            formula=formula,
        )

    def operand(self, part: str, block: str, dims: str, axes: Axes, symbol: str) -> OperandSpec:
        """An operand: its part in the operation, the block, its cells, and its symbol."""
        shape = (self.size[dims[0]], self.size[dims[1]])
        return OperandSpec(part, block, axes[0], axes[1], shape, symbol)

    def dot(self, symbol: str, *operands: OperandSpec) -> FormulaSpec:
        """A dot product, plus a bias where the model has biases."""
        kept = [o for o in operands if o.part != "bias" or self.config.bias]
        return self.formula("dot", symbol, *kept)

    def formula(
        self, name: str, symbol: str, *operands: OperandSpec, around: OperandSpec | None = None
    ) -> FormulaSpec:
        """A formula by the name of its operation; `around` is highlighted, but no operand."""
        return FormulaSpec(name, symbol, operands, () if around is None else (around,))
